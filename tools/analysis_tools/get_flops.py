#!/usr/bin/env python
"""Print parameters and GFLOPs of a config's network, part by part."""

import argparse
import os.path as osp
import sys
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import add_cfg_options, make_parser
from mmpose_dark.cli.errors import user_errors

if TYPE_CHECKING:
    from mmpose_dark.models.complexity import Complexity


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('--shape', nargs=2, type=int, metavar=('H', 'W'), help="input (default: the codec's)")
    parser.add_argument('--depth', type=int, default=2, help='how deep the names of parts go (default: 2)')
    add_cfg_options(parser)
    return parser.parse_args()


def _table(cost: 'Complexity') -> str:
    """Return the parts and their sum as text."""
    rows = [('part', 'parameters', 'GFLOPs')]
    rows += [(p.name or '(model)', f'{p.parameters:,}', f'{p.macs / 2**30:.3f}') for p in cost.parts]
    rows.append(('total', f'{cost.parameters:,}', f'{cost.gflops:.3f}'))
    first, second, third = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = [f'{a:<{first}}  {b:>{second}}  {c:>{third}}' for a, b, c in rows]
    rule = '-' * len(lines[0])
    return '\n'.join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def main() -> None:
    """Count and print."""
    args = _parse_args()
    import torch

    from mmpose_dark.config import ConfigError, load_config
    from mmpose_dark.models.complexity import model_complexity
    from mmpose_dark.registry import MODELS

    cfg = load_config(args.config, args.cfg_options)
    if args.shape is None:
        if cfg.get('codec') is None:
            raise ConfigError(f'{args.config} has no codec that says the input size; give --shape HEIGHT WIDTH')
        args.shape = tuple(reversed(cfg.codec.input_size))
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    cost = model_complexity(model, tuple(args.shape), depth=args.depth)
    height, width = args.shape
    print(f'{args.config}: one image of {height}x{width} (height x width)\n\n{_table(cost)}\n')
    print(f'Parameters: {cost.parameters / 1e6:.2f} M')
    print(f'GFLOPs:     {cost.gflops:.2f} (multiply-accumulates of convolution and linear layers / 2^30)')
    print(f'GMACs:      {cost.gmacs:.2f} (the same / 10^9)')


if __name__ == '__main__':
    with user_errors('get_flops.py'):
        main()
