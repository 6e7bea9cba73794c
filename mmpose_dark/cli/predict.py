"""Find the poses of people in images; writes drawings and json."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..utils.choices import BOX_FORMATS
from .arguments import (
    acceleration_options,
    add_acceleration_arguments,
    add_cfg_options,
    add_device_argument,
    add_precision_arguments,
    make_parser,
)
from .status import OK, SOME_UNUSABLE

if TYPE_CHECKING:
    from ..inference import ImageResult

__all__ = ['main', 'parse_args']

EPILOG = """
boxes: without --bbox and --bboxes the whole image is one person's box. A json file holds one of
  [[x, y, w, h], ...]                                  boxes for every image
  {"name.jpg": [[x, y, w, h], ...], ...}               boxes by image; a fifth number is a score
  [{"image_id": 785, "bbox": [x, y, w, h], "score": 0.9, "category_id": 1}, ...]  COCO detections
  {"images": [...], "annotations": [...]}              COCO annotations

exit status: 0 all images done, 2 wrong arguments, 3 some images could not be used (they are named at the end).
What is written is described in demo/README.md.
"""


def parse_args(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> args = parse_args(['image.jpg', 'config.py', 'weights.pth', '--bbox', '10', '20', '110', '220'])
    >>> args.bbox, args.out_dir
    ([[10.0, 20.0, 110.0, 220.0]], 'demo/output')
    """
    parser = make_parser(__doc__, prog=prog, epilog=EPILOG)
    parser.add_argument('input', help='image, folder, or glob in quotes')
    parser.add_argument('config', help='config file, or the name of one that came with the package')
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    parser.add_argument('--out-dir', default='demo/output', help='folder to write to (default: %(default)s)')
    boxes = parser.add_mutually_exclusive_group()
    boxes.add_argument('--bboxes', metavar='JSON', help='file with the boxes of the people, see below')
    boxes.add_argument(
        '--bbox', nargs=4, type=float, action='append', metavar='N', help='box of a person in every image; repeatable'
    )
    parser.add_argument(
        '--bbox-format',
        choices=BOX_FORMATS,
        help='left top right bottom, or left top width height (default: xyxy for --bbox, xywh for --bboxes)',
    )
    parser.add_argument('--bbox-thr', type=float, default=0.3, help='leave out boxes scored below (%(default)s)')
    parser.add_argument('--kpt-thr', type=float, default=0.3, help='draw keypoints scored above (%(default)s)')
    parser.add_argument('--draw-heatmap', action='store_true', help='write images of the heatmaps as well')
    parser.add_argument('--draw-bbox', action='store_true', help='draw the boxes as well')
    parser.add_argument('--coco-results', metavar='JSON', help="write all people to this file in COCO's results format")
    parser.add_argument('--batch-size', type=int, help='people a batch (default: 32, on the CPU 16)')
    parser.add_argument('--show', action='store_true', help='show each drawing in a window; space goes on')
    add_device_argument(parser)
    add_precision_arguments(parser)
    add_acceleration_arguments(parser)
    add_cfg_options(parser)
    return parser.parse_args(arguments)


def _boxes_of(args: argparse.Namespace, images: Sequence[Path]) -> Callable[[str], list | None]:
    """Return a function from an image's path to its boxes.

    Raises:
        BoxError: a box file that speaks of none of the images.
    """
    from ..inference import BoxError, read_boxes

    if args.bbox:
        return lambda path: args.bbox
    if not args.bboxes:
        return lambda path: None
    file = read_boxes(args.bboxes, score_thr=args.bbox_thr)
    known = sum(file.boxes_for(image) is not None for image in images)
    if not known:
        raise BoxError(f'{args.bboxes} has no boxes for any of the {len(images)} images, such as {images[0].name}')
    if known < len(images):
        print(f'{args.bboxes} does not speak of {len(images) - known} of {len(images)} images: no people there')
    return lambda path: file.boxes_for(path) or []


def _results_of(args: argparse.Namespace, images: Sequence[Path]) -> 'Iterator[ImageResult]':
    """Yield the results of the images, in order."""
    from ..inference import Inferencer, init_model

    boxes = _boxes_of(args, images)
    options = dict(args.cfg_options or {})
    if args.draw_heatmap:
        options['model.test_cfg.output_heatmaps'] = True
    model = init_model(args.config, args.checkpoint, args.device, options, acceleration=acceleration_options(args))
    box_format = args.bbox_format or ('xywh' if args.bboxes else 'xyxy')
    yield from Inferencer(model, batch_size=args.batch_size)(images, boxes, box_format)


def _show(result: 'ImageResult', *, kpt_thr: float, draw_bbox: bool) -> None:
    """Show a drawing in a window until it is closed, or until the space bar is pressed."""
    from ..visualization import PoseLocalVisualizer

    drawn = result.draw(kpt_thr=kpt_thr, draw_bbox=draw_bbox)[..., ::-1]
    PoseLocalVisualizer().show(drawn, win_name=result.path)


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Find poses, write them, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.
    """
    args = parse_args(arguments, prog=prog)
    from ..inference import coco_results, find_images
    from ..inference.writers import unique_stems, write_result
    from ..utils.atomic_file import write_atomic
    from ..utils.progress import track

    images = find_images(args.input)
    out_dir, quiet = Path(args.out_dir), len(images) > 1 and sys.stdout.isatty()
    bad, coco, people = [], [], 0
    results = _results_of(args, images)
    if quiet:
        results = track(results, len(images))
    for number, (stem, result) in enumerate(zip(unique_stems(images), results, strict=True), 1):
        if result.error:
            bad.append(f'  {result.path}: {result.error}')
            continue
        looks = dict(kpt_thr=args.kpt_thr, draw_bbox=args.draw_bbox)
        write_result(result, out_dir / stem, draw_heatmap=args.draw_heatmap, **looks)
        if args.show:
            _show(result, **looks)
        name = Path(result.path).stem
        coco += coco_results(result, image_id=int(name) if name.isdigit() else number)
        people += len(result.poses)
        if not quiet:
            print(f'[{number}/{len(images)}] {result.path}: {len(result.poses)} people', flush=True)
    if args.coco_results:
        write_atomic(args.coco_results, json.dumps(coco))
    print(f'{people} people in {len(images) - len(bad)} images, written to {out_dir}')
    if bad:
        print(f'{len(bad)} of {len(images)} images could not be used:', *bad, sep='\n', file=sys.stderr)
    return SOME_UNUSABLE if bad else OK
