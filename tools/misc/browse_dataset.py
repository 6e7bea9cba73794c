#!/usr/bin/env python
"""Draw what a network is fed: images, augmented crops, keypoints and target heatmaps."""

import argparse
import os.path as osp
import sys
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import add_cfg_options, check_least, make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.cli.status import OK, SOME_UNUSABLE
from mmpose_dark.utils.choices import PHASES

EPILOG = """
modes:
  transformed  contact sheets of the network's inputs: each crop with its keypoints, and its target heatmaps
  pipeline     one drawing a sample: original, crop, keypoints, target, and each keypoint's heatmap
  original     one drawing an image: all people with their boxes and keypoints, as annotated
"""


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__, epilog=EPILOG)
    parser.add_argument('config', help='config file, or the name of one that came with the package')
    parser.add_argument('--output-dir', help='folder to write to (default: work_dirs/browse/<config name>)')
    parser.add_argument('--phase', default='train', choices=PHASES)
    parser.add_argument('--mode', default='transformed', choices=('original', 'transformed', 'pipeline'))
    parser.add_argument('--max-items', type=int, default=48, help='samples (or images) to draw (%(default)s)')
    parser.add_argument('--repeat', type=int, default=1, help='draw each sample as in so many epochs (%(default)s)')
    parser.add_argument('--per-sheet', type=int, default=24, help='crops on a contact sheet (%(default)s)')
    parser.add_argument('--shuffle', action='store_true', help='draw samples in random order instead of from the first')
    parser.add_argument('--show', action='store_true', help='open a window for each drawing as well')
    parser.add_argument('--not-show', action='store_true', help='accepted for scripts of mmpose; it is the default')
    parser.add_argument('--show-interval', type=float, default=0, help='seconds that a window stays, 0 until closed')
    add_cfg_options(parser)
    args = parser.parse_args()
    check_least(parser, args, max_items=1, repeat=1, per_sheet=1)
    return args


def _done(count: int) -> str:
    return f'{count} drawings are done and kept; the others are missing'


def main() -> int:
    """Draw, and return the exit status."""
    args = _parse_args()
    from mmpose_dark.cli.browse_drawings import Browser
    from mmpose_dark.config import find_config, load_config, validate_config
    from mmpose_dark.utils.errors import OutputError
    from mmpose_dark.utils.output_paths import check_outputs, path_inside
    from mmpose_dark.visualization import PoseLocalVisualizer, write_image

    file = find_config(args.config)
    out_dir = Path(args.output_dir or Path('work_dirs') / 'browse' / file.stem)
    check_outputs(folders=[out_dir])
    cfg = load_config(file, args.cfg_options)
    validate_config(cfg)
    browser = Browser.of_config(cfg, args)
    count = 0
    for name, image in browser.drawings():
        count += 1
        path = path_inside(out_dir, f'{args.phase}_{name}.jpg')
        if path.exists() and browser.is_input(path):
            raise OutputError(f'{path} is an image of the dataset: choose another --output-dir. {_done(count - 1)}')
        try:
            write_image(path, image)
        except OutputError as err:
            raise OutputError(f'{err} {_done(count - 1)}') from err
        print(f'{path} ({image.shape[1]}x{image.shape[0]})', flush=True)
        if args.show:
            PoseLocalVisualizer('window').show(image, win_name=name, wait_time=args.show_interval)
    print(f'{count} drawings of {args.phase} ({len(browser.dataset)} samples) in {out_dir}')
    if browser.bad:
        lines = (f'  {path}: {reason}' for path, reason in browser.bad.items())
        print(f'{len(browser.bad)} images could not be read:', *lines, sep='\n', file=sys.stderr)
    return SOME_UNUSABLE if browser.bad else OK


if __name__ == '__main__':
    with user_errors('browse_dataset.py'):
        sys.exit(main())
