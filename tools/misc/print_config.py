#!/usr/bin/env python
"""Print a config with everything it is based on, checked."""

import argparse
import os.path as osp
import sys

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import add_cfg_options, check_suffix, make_parser
from mmpose_dark.cli.errors import user_errors


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument('config', help='config file')
    add_cfg_options(parser)
    parser.add_argument('--save-path', help='write to this file (.py, .json or .yaml) instead')
    parser.add_argument('--no-check', action='store_true', help='do not look components and arguments up (quicker)')
    args = parser.parse_args()
    check_suffix(parser, args, save_path=('.py', '.json', '.yaml', '.yml'))
    return args


def main() -> None:
    """Print or write the config."""
    args = _parse_args()
    from mmpose_dark.config import load_config, validate_config
    from mmpose_dark.utils.atomic_file import atomic_path
    from mmpose_dark.utils.output_paths import check_outputs

    if args.save_path:
        check_outputs([args.save_path], inputs=[args.config])
    cfg = load_config(args.config, args.cfg_options)
    if not args.save_path:
        print(cfg.pretty_text, end='')
    if not args.no_check:
        validate_config(cfg)
    if args.save_path:
        with atomic_path(args.save_path, keep_suffix=True) as temporary:
            cfg.dump(str(temporary))


if __name__ == '__main__':
    with user_errors('print_config.py'):
        main()
