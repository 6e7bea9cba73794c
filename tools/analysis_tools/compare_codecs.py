#!/usr/bin/env python
"""Compare codecs without a network: a known point of the image goes to a heatmap, with noise, and back to the image.

Each codec has its own crop: UDP counts sizes from pixel centre to pixel centre, the others whole pixels. The error is
in pixels of the crop, whatever the codec.
"""

import argparse
import json
import os.path as osp
import sys
import time
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.utils.output_paths import check_outputs

if TYPE_CHECKING:
    import torch

    from mmpose_dark.codecs import BaseKeypointCodec

SIZES = {'128x96': ((96, 128), 1.0, 7), '256x192': ((192, 256), 2.0, 11), '384x288': ((288, 384), 3.0, 17)}
"""Input -> width and height, sigma, blur of DARK, as in the zoo."""
NOISE = (0.0, 0.02, 0.05)
"""Standard deviations of white noise in the heatmaps, whose peaks are 1."""


def codecs_of(size: tuple[int, int], sigma: float, blur: int) -> 'dict[str, BaseKeypointCodec]':
    """Return the codecs by name."""
    from mmpose_dark.codecs import MSRAHeatmap, UDPHeatmap

    maps = tuple(side // 4 for side in size)
    return {
        'quarter-pixel': MSRAHeatmap(size, maps, sigma=sigma),
        'DARK': MSRAHeatmap(size, maps, sigma=sigma, unbiased=True, blur_kernel_size=blur),
        'UDP': UDPHeatmap(size, maps, sigma=sigma, blur_kernel_size=blur),
        'UDP, combined': UDPHeatmap(size, maps, sigma=sigma, heatmap_type='combined', blur_kernel_size=blur),
    }


def errors(codec: 'BaseKeypointCodec', *, noise: float, count: int, seed: int) -> 'tuple[torch.Tensor, float]':
    """Send points through a codec.

    Returns:
        Errors (count, 2) in pixels of the crop, and microseconds that decoding a heatmap took.
    """
    import numpy as np
    import torch

    from mmpose_dark.structures.bbox import get_warp_matrix
    from mmpose_dark.structures.crop import crop_to_image
    from mmpose_dark.structures.udp_warp import get_udp_warp_matrix

    rng = np.random.default_rng(seed)
    size = np.array(codec.input_size, np.float64)
    scale, center = size * 1.37, np.array([311.3, 208.9])  # of the box in the image
    # away from the border by as much as the blur of the largest codec reaches
    points = center + (rng.uniform(0.15, 0.85, (count, 2)) - 0.5) * scale
    warp = get_udp_warp_matrix if codec.use_udp else get_warp_matrix
    matrix = warp(center, scale, 0.0, tuple(codec.input_size))
    crop = torch.from_numpy(points @ matrix[:, :2].T + matrix[:, 2])[:, None]
    maps, _ = codec.batch_encode(crop, torch.ones(count, 1))
    maps = maps + noise * torch.from_numpy(rng.standard_normal(maps.shape)).to(maps.dtype)
    start = time.perf_counter()
    decoded, _ = codec.batch_decode(maps)
    took = 1e6 * (time.perf_counter() - start) / count
    back = crop_to_image(decoded[:, 0].double().numpy(), input_size=size, input_center=center, input_scale=scale)
    return torch.from_numpy((back - points) * size / scale), took


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('--count', type=int, default=4000, help='points for each row (default: 4000)')
    parser.add_argument('--seed', type=int, default=0, help='of points and noise (default: 0)')
    parser.add_argument('--out', help='write the rows to this json file')
    return parser.parse_args()


def main() -> int:
    """Print a table, and return the exit status."""
    args = parse_args()
    check_outputs([args.out] if args.out else [])
    rows = []
    print('| input | noise | codec | mean x, y | mean distance | 95 % within | decoding |')
    print('| --- | ---: | --- | --- | ---: | ---: | ---: |')
    for name, settings in SIZES.items():
        for noise in NOISE:
            for title, codec in codecs_of(*settings).items():
                off, took = errors(codec, noise=noise, count=args.count, seed=args.seed)
                far = off.norm(dim=-1)
                row = dict(
                    input=name, noise=noise, codec=title, bias=off.mean(0).tolist(), mean=far.mean().item(),
                    p95=far.quantile(0.95).item(), microseconds=took,
                )  # fmt: skip
                rows.append(row)
                x, y = row['bias']
                print(
                    f'| {name} | {noise:g} | {title} | {x:+.3f}, {y:+.3f} | {row["mean"]:.3f} px | {row["p95"]:.3f} px '
                    f'| {took:.1f} us |'
                )
    if args.out:
        from mmpose_dark.utils.atomic_file import write_atomic

        write_atomic(args.out, json.dumps(rows, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    with user_errors('compare_codecs.py'):
        sys.exit(main())
