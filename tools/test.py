#!/usr/bin/env python
"""Test a network: metrics, predictions and drawings."""

import os.path as osp
import sys

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))

from mmpose_dark.cli.errors import user_errors
from mmpose_dark.cli.test import main

if __name__ == '__main__':
    with user_errors('test.py'):
        sys.exit(main())
