"""Export a network with its decoding: an ONNX file, or an archive of torch.export."""

import argparse
from collections.abc import Sequence

from .arguments import check_least, make_parser
from .network_arguments import add_network_arguments
from .status import OK

__all__ = ['main', 'parse_args']

_TARGETS = ('keypoints', 'heatmaps', 'image', 'network')
EPILOG = """
--to keypoints  crops (B, H, W, 3) uint8 BGR -> keypoints (B, K, 2) in input pixels, scores (B, K), covariances; of a
                calibrated network also probabilities (B, K), and the covariances are those of the errors
--to heatmaps   the same crops -> the network's outputs
--to image      one image (H, W, 3) of any size and boxes (N, 4) -> the same in image pixels, the crop inside
--to network    normalised images (B, 3, H, W) -> the network's outputs: a checkpoint for test and predict
--precision int8 quantises the network on --calibration-images; --checkpoint may be an .onnx file then (--to network).
exit status: 3 where it was written, but some calibration images could not be read (they are named).
docs/deploy.md has a program of thirty lines that runs such a file without torch and this package.
"""


def parse_args(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> args = parse_args(['--model', 'demo', 'pose.onnx'])
    >>> args.out, args.to
    ('pose.onnx', 'keypoints')
    """
    parser = make_parser(__doc__, prog=prog, epilog=EPILOG)
    parser.add_argument('out', help='file to write, .onnx or .pt2')
    parser.add_argument('--to', choices=_TARGETS, default='keypoints', help='what it gives (default: %(default)s)')
    parser.add_argument('--flip-test', action='store_true', help='average with the mirrored image inside')
    parser.add_argument('--opset', type=int, default=18, help='of ONNX (%(default)s)')
    parser.add_argument('--no-check', action='store_true', help='do not run the file and compare it with PyTorch')
    add_network_arguments(parser, calibration=True)
    _add_precision(parser)
    args = parser.parse_args(arguments)
    if (args.precision == 'int8') != bool(args.calibration_images):
        parser.error('--precision int8 and --calibration-images FOLDER go together')
    if args.precision == 'int8' and not args.out.endswith('.onnx'):
        parser.error(f'--precision int8 writes .onnx, not {args.out}')
    check_least(parser, args, calibration_count=1)
    if args.annotations and not args.calibration_images:
        parser.error('--annotations are of --calibration-images FOLDER')
    return args


def _add_precision(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('int8')
    group.add_argument('--precision', choices=('float32', 'int8'), default='float32', help='(default: %(default)s)')
    group.add_argument(
        '--calibration-images',
        metavar='FOLDER',
        help='images like those it will see, which give the ranges; each is one person, unless --annotations are given',
    )
    group.add_argument(
        '--annotations',
        metavar='FILE',
        help='COCO annotations of these images: their boxes are cut out, AP is measured',
    )
    group.add_argument('--calibration-count', type=int, default=128, metavar='N', help='people at most (%(default)s)')
    group.add_argument('--allow-loss', action='store_true', help='write it although it loses more than is allowed')


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Export, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.
    """
    args = parse_args(arguments, prog=prog)
    from ..deploy.export import check_target, export_model
    from ..utils.output_paths import check_outputs
    from .network_arguments import choose_network, load_network

    args.device = 'cpu'
    network = choose_network(args)
    check_target(args.out, args.to)
    check_outputs([args.out], inputs=[network.config, network.checkpoint, *filter(None, [args.annotations])])
    if args.precision == 'int8':
        from .quantizing import check_int8

        check_int8(args, network)
    model = load_network(args, network)
    if model.calibration is not None and model.calibration.network.get('flip_test') != args.flip_test:
        told = 'with' if model.calibration.network.get('flip_test') else 'without'
        print(f'note: the calibration was measured {told} the flip test, and the file is not')
    if args.precision == 'int8':
        from .quantizing import export_int8

        return export_int8(args, network, model)
    print('tracing and writing: some seconds, for large networks a minute', flush=True)
    found = export_model(
        model, args.out, to=args.to, flip_test=args.flip_test, opset=args.opset, source=network.checkpoint,
        check=not args.no_check,
    )  # fmt: skip
    told = ', '.join(f'{name} {value:.1e}' for name, value in found.items())
    print(f'{args.out}: written' + (f'; differences from PyTorch: {told}' if told else ', not compared with PyTorch'))
    return OK
