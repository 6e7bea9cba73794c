#!/usr/bin/env python
"""Draw the figures of docs/codecs.md.

    python tools/docs/codec_figures.py
    python tools/docs/codec_figures.py --heatmap heatmaps.npy --joint 9

The first form draws what needs no network: the two targets of one keypoint, and the error of the three decoders.
The second also draws a network's heatmap, ``--heatmap`` being an array (H, W), (K, H, W) or (N, K, H, W).
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.utils.output_paths import check_outputs

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Parse the arguments and draw."""
    parser = make_parser(__doc__)
    parser.add_argument('--out-dir', type=Path, default=ROOT / 'docs' / 'figures', help='default: docs/figures')
    parser.add_argument('--heatmap', type=Path, help="a network's heatmaps as .npy")
    parser.add_argument('--person', type=int, default=0, help='which of N (default: 0)')
    parser.add_argument('--joint', type=int, default=0, help='which of K (default: 0)')
    parser.add_argument('--kernel-size', type=int, default=11, help="of DARK's blur (default: 11)")
    parser.add_argument('--truth', type=float, nargs=2, metavar=('X', 'Y'), help='annotated place in heatmap pixels')
    args = parser.parse_args()
    import _codec_drawings as drawings
    import numpy as np

    check_outputs([args.out_dir / 'codec_encoding.png'])
    drawings.draw_encoding(args.out_dir / 'codec_encoding.png')
    drawings.draw_decode_error(args.out_dir / 'codec_decode_error.png')
    names = ['codec_encoding.png', 'codec_decode_error.png']
    if args.heatmap:
        heatmap = drawings.pick(np.load(args.heatmap), person=args.person, joint=args.joint)
        drawings.draw_real_heatmap(
            args.out_dir / 'codec_real_heatmap.png', heatmap, kernel_size=args.kernel_size, truth=args.truth
        )
        names.append('codec_real_heatmap.png')
    for name in names:
        print(f'{args.out_dir / name}: {(args.out_dir / name).stat().st_size / 1024:.0f} KB')


if __name__ == '__main__':
    with user_errors('codec_figures.py'):
        main()
