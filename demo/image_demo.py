#!/usr/bin/env python
"""Find the poses of people in images; writes drawings and json."""

import os.path as osp
import sys

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))

from mmpose_dark.cli.errors import user_errors
from mmpose_dark.cli.image_demo import main

if __name__ == '__main__':
    with user_errors('image_demo.py'):
        sys.exit(main())
