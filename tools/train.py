#!/usr/bin/env python
"""Train a network from a config."""

import os.path as osp
import sys

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))

from mmpose_dark.cli.errors import user_errors
from mmpose_dark.cli.train import main

if __name__ == '__main__':
    with user_errors('train.py'):
        sys.exit(main())
