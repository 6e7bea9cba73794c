"""``python -m mmpose_dark``: the command ``mmpose-dark``."""

import sys

from mmpose_dark.cli.main import main

if __name__ == '__main__':
    sys.exit(main())
