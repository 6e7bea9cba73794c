#!/usr/bin/env python
"""Print a config with everything it is based on, checked."""

import argparse
import os.path as osp
import sys

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmengine.config import DictAction

from mmpose_dark.cli.errors import user_errors
from mmpose_dark.config.reading import load_config


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='settings to change, as a.b=value')
    parser.add_argument('--save-path', help='write to this file (.py, .json or .yaml) instead')
    parser.add_argument('--no-check', action='store_true', help='do not look components and arguments up (quicker)')
    args = parser.parse_args()
    if args.save_path and not args.save_path.endswith(('.py', '.json', '.yaml', '.yml')):
        parser.error(f'--save-path writes .py, .json or .yaml, not {args.save_path}')
    return args


def main() -> None:
    """Print or write the config."""
    args = parse_args()
    cfg = load_config(args.config, args.cfg_options)
    if args.save_path:
        cfg.dump(args.save_path)
    else:
        print(cfg.pretty_text, end='')
    if not args.no_check:
        from mmpose_dark.config import validate_config

        validate_config(cfg)


if __name__ == '__main__':
    with user_errors('print_config.py'):
        main()
