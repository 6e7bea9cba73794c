#!/usr/bin/env python
"""Decode one network's heatmaps in several ways and compare the metrics: the network runs once.

The ways are the quarter-pixel step and DARK with each blur kernel of ``--kernels``; everything else
(flip test, boxes, metrics) is the config's test setting.
"""

import argparse
import json
import os.path as osp
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import add_common_arguments, make_parser
from mmpose_dark.cli.errors import user_errors

if TYPE_CHECKING:
    import torch
    from mmengine.config import Config

    from mmpose_dark.codecs.base import BaseKeypointCodec


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    add_common_arguments(parser)
    parser.add_argument('checkpoint', help='path or URL')
    parser.add_argument('--kernels', type=int, nargs='+', default=[11], help='blur kernels of DARK (default: 11)')
    parser.add_argument('--out', help='write the metrics to this json file')
    parser.add_argument('--heatmaps', help='write the heatmaps of the first batch, (B, K, H, W), to this .npy file')
    return parser.parse_args()


def _decoders(codec: dict, kernels: Sequence[int]) -> dict[str, 'BaseKeypointCodec']:
    """Build the quarter-pixel decoder and a DARK decoder for each kernel."""
    from mmpose_dark.registry import KEYPOINT_CODECS

    ways = {'quarter-pixel': dict(codec, unbiased=False)}
    ways.update({f'DARK, kernel {k}': dict(codec, unbiased=True, blur_kernel_size=k) for k in kernels})
    return {name: KEYPOINT_CODECS.build(way) for name, way in ways.items()}


def _compare(
    cfg: 'Config', checkpoint: str, kernels: Sequence[int], heatmaps_file: str | None
) -> dict[str, dict[str, float]]:
    """Run the network over the test set and return the metrics of each way of decoding."""
    from mmpose_dark.apis import init_model
    from mmpose_dark.engine import PoseRunner
    from mmpose_dark.engine.decoder_comparison import evaluate_decoders
    from mmpose_dark.utils import register_all_modules

    model = init_model(cfg, checkpoint, cfg.device)
    register_all_modules()  # the loader is built by mmengine, in its default scope
    loader = PoseRunner.build_dataloader(cfg.test_dataloader)
    ways = _decoders(cfg.model.head.decoder, kernels)
    first = _FirstHeatmaps(heatmaps_file) if heatmaps_file else None
    return evaluate_decoders(model, loader, cfg.test_evaluator, ways, watch=first)[0]


class _FirstHeatmaps:
    """Writes the heatmaps (B, K, H, W) of the first batch it is given."""

    def __init__(self, path: str) -> None:
        self._path: str | None = path

    def __call__(self, heatmaps: 'torch.Tensor') -> None:
        import numpy as np

        from mmpose_dark.utils.atomic_file import atomic_path

        if self._path is None:
            return
        with atomic_path(self._path) as temporary, open(temporary, 'wb') as file:
            np.save(file, heatmaps.cpu().numpy())
        self._path = None


def main() -> None:
    """Compare and print a table."""
    args = _parse_args()
    from mmpose_dark.cli import apply
    from mmpose_dark.cli.inputs import files_of_config
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.output_paths import check_outputs

    cfg = apply.read_config(args)
    outputs = [path for path in (args.out, args.heatmaps) if path]
    check_outputs(outputs, inputs=[args.config, args.checkpoint, *files_of_config(cfg)])
    apply.apply_common_arguments(cfg, args)
    rows = _compare(cfg, args.checkpoint, args.kernels, args.heatmaps)
    names = [n for n in next(iter(rows.values())) if '(' not in n]
    width = max(map(len, names))
    print(f'{"":<{width}}' + ''.join(f'{way:>18}' for way in rows))
    for name in names:
        print(f'{name:<{width}}' + ''.join(f'{row[name]:18.4f}' for row in rows.values()))
    if args.out:
        metrics = {way: {k: float(v) for k, v in row.items()} for way, row in rows.items()}
        write_atomic(args.out, json.dumps(metrics, indent=2))


if __name__ == '__main__':
    with user_errors('compare_decoders.py'):
        main()
