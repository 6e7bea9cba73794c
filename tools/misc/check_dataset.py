#!/usr/bin/env python
"""Check the data of a config before a night is spent on it: images, annotations, boxes, detections, evaluator."""

import os.path as osp
import sys

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.check import main
from mmpose_dark.cli.errors import user_errors

if __name__ == '__main__':
    with user_errors('check_dataset.py'):
        sys.exit(main())
