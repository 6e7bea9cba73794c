"""Find the poses of people in images; writes drawings and json."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import (
    acceleration_options,
    add_acceleration_arguments,
    add_cfg_options,
    add_device_argument,
    add_precision_arguments,
    make_parser,
)
from .box_arguments import BOX_FILES, add_box_arguments, box_file, box_format
from .status import OK, SOME_UNUSABLE

if TYPE_CHECKING:
    from ..inference import BoxFile, ImageResult

__all__ = ['main', 'parse_args']

EPILOG = f"""
boxes: without --bbox and --bboxes the whole image is one person's box. {BOX_FILES}

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
    add_box_arguments(boxes, parser, bbox_thr=0.3)
    parser.add_argument('--kpt-thr', type=float, default=0.3, help='draw keypoints scored above (%(default)s)')
    parser.add_argument('--draw-heatmap', action='store_true', help='write images of the heatmaps as well')
    parser.add_argument('--draw-bbox', action='store_true', help='draw the boxes as well')
    parser.add_argument(
        '--coco-results',
        metavar='JSON',
        help="write all people to this file in COCO's results format, with the image ids of the --bboxes file",
    )
    parser.add_argument('--batch-size', type=int, help='people a batch (default: 32, on the CPU 16)')
    parser.add_argument('--show', action='store_true', help='show each drawing in a window; space goes on')
    add_device_argument(parser)
    add_precision_arguments(parser)
    add_acceleration_arguments(parser)
    add_cfg_options(parser)
    return parser.parse_args(arguments)


def _results_of(args: argparse.Namespace, images: Sequence[Path], file: 'BoxFile | None') -> 'Iterator[ImageResult]':
    """Yield the results of the images, in order."""
    from ..inference import Inferencer, init_model

    boxes: Callable[[str], list | None] | None = None
    if file is not None:
        boxes = lambda path: file.boxes_for(path) or []  # noqa: E731
    elif args.bbox:
        boxes = lambda path: args.bbox  # noqa: E731
    options = dict(args.cfg_options or {})
    if args.draw_heatmap:
        options['model.test_cfg.output_heatmaps'] = True
    model = init_model(args.config, args.checkpoint, args.device, options, acceleration=acceleration_options(args))
    yield from Inferencer(model, batch_size=args.batch_size)(images, boxes, box_format(args))


def _show(result: 'ImageResult', *, kpt_thr: float, draw_bbox: bool) -> None:
    """Show a drawing in a window until it is closed, or until the space bar is pressed."""
    from ..visualization import PoseLocalVisualizer

    drawn = result.draw(kpt_thr=kpt_thr, draw_bbox=draw_bbox)[..., ::-1]
    PoseLocalVisualizer().show(drawn, win_name=result.path)


@dataclass
class _Done:
    """How far it is.

    Attributes:
        total: images there are.
        with_bar: a bar shows it, so nothing is printed for each image.
        images: that are written.
        people: in these.
        bad: what could not be used, and why.
    """

    total: int
    with_bar: bool
    images: int = 0
    people: int = 0
    bad: list[str] = field(default_factory=list)


def _write(result: 'ImageResult', stem: str, args: argparse.Namespace, done: _Done) -> bool:
    """Write what was found in an image, and say it; False if the image could not be used."""
    from ..inference.results import NOT_FINITE
    from ..inference.writers import write_result

    error = result.error
    if error is None and not result.poses.is_finite:
        error = NOT_FINITE
    if error is not None:
        done.bad.append(f'  {result.path}: {error}')
        return False
    looks = dict(kpt_thr=args.kpt_thr, draw_bbox=args.draw_bbox)
    write_result(result, Path(args.out_dir, stem), draw_heatmap=args.draw_heatmap, **looks)
    if args.show:
        _show(result, **looks)
    done.images += 1
    done.people += len(result.poses)
    if not done.with_bar:
        number = done.images + len(done.bad)
        print(f'[{number}/{done.total}] {result.path}: {len(result.poses)} people', flush=True)
    return True


def _unfinished(done: _Done, args: argparse.Namespace) -> str:
    told = f'{done.images} of {done.total} images are done and kept, in {args.out_dir}; the others are missing'
    return told + (f', and so is {args.coco_results}' if args.coco_results else '')


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Find poses, write them, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.
    """
    args = parse_args(arguments, prog=prog)
    from ..inference import coco_results, find_images, passed_over
    from ..inference.coco_file import CocoResultsFile
    from ..inference.image_ids import image_ids
    from ..inference.stems import unique_stems
    from ..inference.writers import check_targets
    from ..utils.errors import OutputError
    from ..utils.output_paths import check_outputs
    from ..utils.progress import track

    images = find_images(args.input)
    if left_out := passed_over(args.input):
        print(left_out)
    inputs = [*images, *filter(None, (args.bboxes, args.config, args.checkpoint))]
    stems = unique_stems(images)
    check_targets(Path(args.out_dir), stems, inputs, draw_heatmap=args.draw_heatmap)
    check_outputs(filter(None, [args.coco_results]), inputs=inputs)
    file = box_file(args, images)
    ids = image_ids(images, file)
    results = _results_of(args, images, file)
    with_bar = len(images) > 1 and sys.stdout.isatty()
    if with_bar:
        results = track(results, len(images))
    done = _Done(len(images), with_bar)
    category = 1 if file is None else file.category
    try:
        with CocoResultsFile(args.coco_results) if args.coco_results else nullcontext() as coco:
            for stem, image_id, result in zip(stems, ids.ids, results, strict=True):
                if _write(result, stem, args, done) and coco is not None and image_id is not None:
                    coco.add(coco_results(result, image_id=image_id, category_id=category))
    except OutputError as err:
        raise OutputError(f'{err} {_unfinished(done, args)}') from err
    print(f'{done.people} people in {done.images} images, written to {args.out_dir}')
    if args.coco_results and ids.note:
        print(f'{args.coco_results}: {ids.note}')
    if done.bad:
        print(f'{len(done.bad)} of {len(images)} images could not be used:', *done.bad, sep='\n', file=sys.stderr)
    return SOME_UNUSABLE if done.bad else OK
