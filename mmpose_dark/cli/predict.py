"""Find the poses of people in images, videos and streams; writes drawings, tables and standard files."""

import argparse
from collections.abc import Sequence

from ..utils.choices import SINK_FORMATS, SMOOTHERS, TRACKERS
from .arguments import check_least, make_parser
from .box_arguments import BOX_FILES, add_box_arguments
from .detector_arguments import DEFAULT_DETECTOR
from .network_arguments import add_network_arguments
from .status import OK

__all__ = ['main', 'parse_args']

NONE = 'none'
EPILOG = """
sources: images, folders, globs in quotes, URLs, videos, image sequences (frame_%04d.png), 0 for the first camera,
  rtsp:// and http:// streams, - for standard input. All images together are one source, each video is one.
people: --bboxes, --bbox, --whole-image or --detector say where they are; by default the detector {detector}.
{box_files}
in videos people are tracked and smoothed, unless --track none or --smooth none says otherwise.

exit status: 0 all done, 2 wrong arguments, 3 some images or frames could not be used (they are named at the end),
130 interrupted (what was finished is written). docs/predict.md has examples.
"""


def parse_args(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> args = parse_args(['clip.mp4', '--model', 'demo', '--track', '--save', 'video', 'csv'])
    >>> args.source, args.track, args.smooth, args.save
    (['clip.mp4'], 'kalman', None, ['video', 'csv'])
    """
    parser = make_parser(__doc__, prog=prog, epilog=EPILOG.format(detector=DEFAULT_DETECTOR, box_files=BOX_FILES))
    parser.add_argument('source', nargs='+', metavar='SOURCE', help='what to look at, see below')
    parser.add_argument('--out-dir', default='poses', help='folder to write to (default: %(default)s)')
    parser.add_argument(
        '--save',
        nargs='+',
        choices=SINK_FORMATS,
        metavar='FORMAT',
        help=f'any of {", ".join(SINK_FORMATS)} (default: images csv, for videos video csv); see docs/formats.md',
    )
    add_network_arguments(parser, calibration=True)
    _add_people_arguments(parser)
    _add_video_arguments(parser)
    _add_drawing_arguments(parser)
    _add_bulk_arguments(parser)
    args = parser.parse_args(arguments)
    _check(parser, args)
    return args


def _add_people_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('people')
    where = group.add_mutually_exclusive_group()
    where.add_argument('--detector', metavar='NAME', help='name, file or URL of a person detector in ONNX')
    where.add_argument('--whole-image', action='store_true', help='each image is one person, who fills it')
    add_box_arguments(where, group, bbox_thr=0.4)
    group.add_argument('--max-people', type=int, metavar='N', help='the N people of an image with the highest scores')
    group.add_argument(
        '--region',
        nargs='+',
        type=float,
        metavar='N',
        help='people whose box has its centre in it: left top right bottom, or x y of three or more corners',
    )
    group.add_argument(
        '--nms-thr',
        type=float,
        default=0.9,
        metavar='OKS',
        help='two poses that are more alike than this are one person (%(default)s; 1: keep both)',
    )
    group.add_argument(
        '--batch-size',
        type=_batch_size,
        metavar='N',
        help='people a batch, or auto to try which is fastest (default: 32, on the CPU 16)',
    )
    group.add_argument('--num-workers', type=int, metavar='N', help='threads that read and crop (default: 2, CPU 0)')


def _add_video_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('videos')
    group.add_argument(
        '--track', nargs='?', const='kalman', choices=(*TRACKERS, NONE), help='who is who (default: kalman)'
    )
    group.add_argument(
        '--smooth',
        nargs='?',
        const='default',
        choices=(*SMOOTHERS, 'default', NONE),
        help='one-euro and kalman know the frames before, two-pass knows the whole video and fills gaps '
        '(default: two-pass, for streams kalman)',
    )
    group.add_argument(
        '--detect-every',
        type=int,
        default=1,
        metavar='N',
        help='look for people in every Nth frame, and take the boxes of the others from the last poses (%(default)s)',
    )
    group.add_argument('--fps', type=float, help='frames a second of an image sequence: makes it a video')


def _add_drawing_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('drawing')
    group.add_argument('--kpt-thr', type=float, default=0.3, help='draw keypoints scored above (%(default)s)')
    group.add_argument('--draw-bbox', action='store_true', help='draw the boxes as well')
    group.add_argument('--draw-covariance', action='store_true', help='draw how sure each keypoint is, as an ellipse')


def _add_bulk_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('bulk prediction, docs/scale.md')
    group.add_argument('--engine', choices=('single', 'ray'), default='single', help='what runs it (%(default)s)')
    group.add_argument('--workers', type=int, metavar='N', help='copies of the network (1)')
    group.add_argument('--shard-size', type=int, metavar='M', help='images a shard (1000)')
    group.add_argument('--address', help='of a Ray cluster, or auto (default: one on this machine for this run)')
    group.add_argument('--gpus-per-worker', type=float, metavar='F', help='may be a fraction (0)')
    group.add_argument(
        '--detector-workers', type=int, metavar='N', help='copies of the detector, on the CPU (half of --workers)'
    )
    group.add_argument(
        '--bytes-column', metavar='NAME', help='of Parquet files: images (bytes, image_bytes, image ...)'
    )
    group.add_argument('--id-column', metavar='NAME', help='of Parquet files: ids of the images (path and row)')


def _batch_size(text: str) -> int | str:
    """Return a number, or 'auto'."""
    return text if text == 'auto' else int(text)


def _check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    if args.batch_size != 'auto':
        check_least(parser, args, batch_size=1)
    check_least(parser, args, max_people=1, num_workers=0, detect_every=1, workers=1, shard_size=1, gpus_per_worker=0)
    check_least(parser, args, detector_workers=1)
    _check_engine(parser, args)
    if args.smooth not in (None, NONE) and args.track == NONE:
        parser.error(f'--smooth {args.smooth} follows the people by their track numbers, and --track is none')
    if args.fps is not None and not 0 < args.fps < float('inf'):
        parser.error(f'--fps {args.fps:g}: a number above 0 is needed')
    if args.region and (len(args.region) < 4 or len(args.region) % 2):
        parser.error(f'--region has {len(args.region)} numbers: give left top right bottom, or x y of each corner')


def _check_engine(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Refuse options that the other engine alone reads, and fill in what was left out."""
    bulk = dict(workers=1, shard_size=1000, address=None, gpus_per_worker=0.0, detector_workers=None)
    bulk |= dict(bytes_column=None, id_column=None)
    others = bulk if args.engine == 'single' else ('track', 'smooth', 'fps', 'draw_bbox', 'draw_covariance')
    given = [name for name in others if getattr(args, name) not in (None, False, NONE)]
    given += ['detect_every'] if args.engine == 'ray' and args.detect_every != 1 else []
    if given:
        option = f'--{given[0].replace("_", "-")}'
        why = 'is for --engine ray' if args.engine == 'single' else 'is for --engine single: images are labelled alone'
        parser.error(f'{option} {why}; leave it out')
    for name, value in bulk.items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    if args.gpus_per_worker > 1 and args.gpus_per_worker % 1:
        parser.error(f'--gpus-per-worker {args.gpus_per_worker:g}: a part of one GPU, or a whole number')
    given_boxes = args.bboxes or args.bbox or args.whole_image
    if args.detector_workers and given_boxes:
        parser.error('--detector-workers: the boxes are given, and no detector runs; leave it out')
    args.detector_workers = args.detector_workers or max(1, args.workers // 2)


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Find poses, write them, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.
    """
    args = parse_args(arguments, prog=prog)
    if args.engine == 'ray':
        from .bulk_predicting import predict_lake

        return predict_lake(args)
    from .predicting import predict

    return predict(args) or OK
