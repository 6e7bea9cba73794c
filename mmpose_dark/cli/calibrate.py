"""Fit what a network's scores and covariances mean, on labelled people, and say how well it holds on others."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import check_least, check_suffix, make_parser
from .network_arguments import Network, add_network_arguments
from .status import OK, SOME_UNUSABLE

if TYPE_CHECKING:
    from ..structures.calibration import Calibration

__all__ = ['main', 'parse_args']

EPILOG = f"""
The data is that of the config's val_dataloader, with the annotated boxes. The file is written beside the checkpoint,
where predict and export find it; test never uses it, so AP stays that of the raw scores. docs/calibration.md says more.

exit status: 0 done, 2 wrong arguments or data, {SOME_UNUSABLE} some images could not be read (the others were used).
"""


def parse_args(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> args = parse_args(['--config', 'config.py', '--checkpoint', 'weights.pth', '--within', 'box', '0.1'])
    >>> args.within, args.folds
    (['box', '0.1'], 5)
    """
    parser = make_parser(__doc__, prog=prog, epilog=EPILOG)
    add_network_arguments(parser)
    parser.add_argument('--out', help='file to write (default: beside the checkpoint, STEM.calibration.json)')
    parser.add_argument(
        '--within',
        nargs=2,
        default=['oks', '0.5'],
        metavar=('KIND', 'BOUND'),
        help='what the probability is of: oks 0.5, that the similarity of the keypoint is at least 0.5, or box 0.05, '
        "that it is off by at most 0.05 of the square root of the box's area (default: oks 0.5)",
    )
    parser.add_argument('--phase', choices=('val', 'test'), default='val', help='data to fit on (%(default)s)')
    parser.add_argument('--folds', type=int, default=5, help='parts that are held out in turn (%(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the parts and of the intervals (%(default)s)')
    parser.add_argument('--plot', metavar='FILE', help='draw reliability and coverage into this .svg file')
    args = parser.parse_args(arguments)
    check_least(parser, args, folds=2, seed=0)
    check_suffix(parser, args, out=('.json',), plot=('.svg',))
    kind, bound = args.within
    if kind not in ('oks', 'box'):
        parser.error(f'--within {kind}: oks or box is needed')
    try:
        args.bound = float(bound)
    except ValueError:
        parser.error(f'--within {kind} {bound}: a number between 0 and 1 is needed')
    if not 0 < args.bound < 1:
        parser.error(f'--within {kind} {bound}: a number between 0 and 1 is needed')
    return args


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Calibrate, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.
    """
    args = parse_args(arguments, prog=prog)
    from dataclasses import replace

    from ..checkpoint.calibration_file import calibration_beside, write_calibration
    from ..checkpoint.urls import is_url
    from ..utils.atomic_file import write_atomic
    from ..utils.errors import InputError
    from ..utils.output_paths import check_outputs
    from ..utils.progress import track
    from .inputs import files_of_config
    from .network_arguments import choose_network, load_network

    network = choose_network(args)
    if not args.out and is_url(network.checkpoint):
        raise InputError(f'{network.checkpoint} is no file, so nothing can stand beside it: give --out FILE')
    out = Path(args.out or calibration_beside(network.checkpoint))
    check_outputs([out, *([args.plot] if args.plot else [])], inputs=[network.config, network.checkpoint])
    model = load_network(args, network)
    check_outputs([out, *([args.plot] if args.plot else [])], inputs=files_of_config(model.cfg))
    from ..inference.calibrating import calibrate
    from ..inference.observations import observe
    from ..visualization.calibration_plots import calibration_svg

    seen = observe(model, args.phase, track=track)
    print(f'{len(seen)} people in annotated boxes, in {len(set(seen.images.tolist()))} images; fitting', flush=True)
    found = calibrate(seen, kind=args.within[0], bound=args.bound, folds=args.folds, seed=args.seed)
    found = replace(found, network=_about_network(model, network), about=found.about | dict(phase=args.phase))
    write_calibration(out, found)
    if args.plot:
        write_atomic(args.plot, calibration_svg(found.evaluation))
    print(_text(found))
    print(f'{out}: written' + (f', and {args.plot}' if args.plot else ''))
    if seen.unreadable:
        print(f'{len(seen.unreadable)} images could not be read: {", ".join(seen.unreadable[:5])}')
    return SOME_UNUSABLE if seen.unreadable else OK


def _about_network(model: object, network: Network) -> dict[str, object]:
    from ..checkpoint.download import sha256_of
    from ..version import __version__

    codec, meta = model.output_head().decoder, model.dataset_meta or {}
    names = meta.get('keypoint_id2name', {})
    is_file = Path(network.checkpoint).is_file()
    return dict(
        config=network.config,
        checkpoint=Path(network.checkpoint).name,
        checkpoint_sha256=sha256_of(network.checkpoint) if is_file else None,
        keypoint_names=[names[i] for i in range(len(names))],
        input_size=[int(v) for v in codec.input_size],
        codec=type(codec).__name__,
        flip_test=bool(model.test_cfg.get('flip_test', False)),
        program=f'mmpose_dark {__version__}',
    )


def _text(found: 'Calibration') -> str:
    """Return what was measured, for people."""
    e = found.evaluation
    lines = [
        f'probability of {found.within[0]} {found.within[1]:g}: {found.about["form"]}; on people that were not fitted:',
        f'  calibration error {e["ece_before"]:.3f} -> {e["ece_after"]:.3f}, Brier score {e["brier_before"]:.3f} -> '
        f'{e["brier_after"]:.3f}, log loss {e["log_loss_before"]:.3f} -> {e["log_loss_after"]:.3f}',
    ]
    if 'coverage_after' in e:
        told = ', '.join(
            f'{float(level):.0%} {e["coverage_before"][level]:.1%} -> {share:.1%}'
            for level, share in e['coverage_after'].items()
        )
        lines.append(f'  ellipses hold: {told}')
    else:
        lines.append('  the codec knows no covariances (an unbiased one does): only scores are calibrated')
    lines += [f'  {_VISIBILITY[name]}: {_auc(part)}' for name, part in e['visibility'].items()]
    return '\n'.join(lines)


_VISIBILITY = dict(in_sight='in sight or hidden', labelled='labelled or not')


def _auc(part: Mapping) -> str:
    low, high = part['interval']
    return f'area under the ROC {part["auc"]:.3f} ({low:.3f} to {high:.3f})'
