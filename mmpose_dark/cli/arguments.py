"""The arguments that commands share, without importing what they set: a help text must not wait for torch."""

import argparse

from ..deploy.backends import BACKENDS
from ..utils.choices import AMP_CHOICES
from .dict_action import DictAction

__all__ = [
    'acceleration_options',
    'add_acceleration_arguments',
    'add_cfg_options',
    'add_common_arguments',
    'add_device_argument',
    'add_precision_arguments',
    'check_least',
    'check_suffix',
    'make_parser',
]


def make_parser(
    description: str | None, *, prog: str | None = None, epilog: str | None = None
) -> argparse.ArgumentParser:
    """Return a parser that prints description and epilog as they are written.

    Args:
        description: what the program is for, its docstring.
        prog: its name, by default that of the file which was started.
        epilog: below the arguments.
    """
    return argparse.ArgumentParser(
        prog=prog,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that training and testing share.

    >>> parser = make_parser('Train.')
    >>> add_common_arguments(parser)
    >>> args = parser.parse_args(['config.py', '--amp', '--cfg-options', 'model.backbone.depth=18'])
    >>> args.amp, args.device, args.cfg_options
    ('auto', 'auto', {'model.backbone.depth': 18})
    """
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder for logs and checkpoints (default: work_dirs/<config name>)')
    add_device_argument(parser)
    add_precision_arguments(parser)
    add_cfg_options(parser)
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'), default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def add_device_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument('--device', default='auto', help='auto (cuda, mps or cpu, the first there is), cpu, cuda, mps')


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options``.

    >>> parser = make_parser('Print a config.')
    >>> add_cfg_options(parser)
    >>> parser.parse_args(['--cfg-options', 'a.b=[1,2]', 'c=x']).cfg_options
    {'a.b': [1, 2], 'c': 'x'}
    """
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='settings of the config to change, as a.b=value c.0.d="[1,2]"',
    )


def add_precision_arguments(parser: argparse.ArgumentParser) -> None:
    """Add precision and memory layout."""
    parser.add_argument(
        '--amp',
        nargs='?',
        const='auto',
        choices=AMP_CHOICES,
        help='half precision: auto is float16 on CUDA and bfloat16 on the CPU',
    )
    parser.add_argument('--channels-last', action='store_true', help='memory layout that convolutions are faster in')


def add_acceleration_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what makes a trained network faster; docs/inference.md says what each brings and costs."""
    parser.add_argument(
        '--backend',
        choices=BACKENDS,
        default='torch',
        help='what runs the network: torch; on the CPU OpenVINO, in float32 or in bfloat16, or ONNX Runtime; auto: the '
        'fastest that changes no result, measured once (default: %(default)s)',
    )
    parser.add_argument('--compile', action='store_true', help='torch.compile: the first batch takes a minute or more')
    parser.add_argument('--fuse-conv-bn', action='store_true', help='fold batch normalisation into the convolutions')


def acceleration_options(args: argparse.Namespace) -> dict[str, str | bool | None]:
    """Return the arguments of `Acceleration` from a command line.

    >>> parser = make_parser('Test.')
    >>> add_precision_arguments(parser)
    >>> add_acceleration_arguments(parser)
    >>> acceleration_options(parser.parse_args(['--fuse-conv-bn']))['fuse_conv_bn']
    True
    """
    return {name: getattr(args, name) for name in ('backend', 'amp', 'compile', 'fuse_conv_bn', 'channels_last')}


def check_least(parser: argparse.ArgumentParser, args: argparse.Namespace, **least: int) -> None:
    """End the program if a number is below the least that makes sense.

    Args:
        parser: of the arguments.
        args: what it read; None passes.
        **least: name of an argument -> its least value.

    >>> check_least(make_parser('Draw.'), argparse.Namespace(max_items=3, repeat=None), max_items=1, repeat=1)
    """
    for name, minimum in least.items():
        value = getattr(args, name)
        if value is not None and value < minimum:
            parser.error(f'--{name.replace("_", "-")} {value}: at least {minimum} is needed')


def check_suffix(parser: argparse.ArgumentParser, args: argparse.Namespace, **suffixes: tuple[str, ...]) -> None:
    """End the program if a file to write has another suffix than those that can be written.

    Args:
        parser: of the arguments.
        args: what it read; None passes.
        **suffixes: name of an argument -> what the file name may end with.

    >>> check_suffix(make_parser('Test.'), argparse.Namespace(out='metrics.json'), out=('.json',))
    """
    for name, endings in suffixes.items():
        value = getattr(args, name)
        if value and not value.endswith(endings):
            parser.error(f'--{name.replace("_", "-")} writes {" or ".join(endings)}, not {value}')
