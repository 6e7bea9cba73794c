"""The command ``mmpose-dark``: ``mmpose-dark COMMAND ...``, each command a file of this folder.

A command's file has ``main(arguments, prog=...)``, which reads its part of the command line and returns the exit
status. It is imported when it is called for: the list of commands costs nothing.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple

from ..version import __version__
from .arguments import make_parser
from .errors import user_errors

__all__ = ['COMMANDS', 'PROGRAM', 'Command', 'main']

PROGRAM = 'mmpose-dark'


class Command(NamedTuple):
    """Where a command is, and what it is for."""

    module: str
    help: str


# A new command is a new file and a line here.
COMMANDS = dict(
    predict=Command('predict', 'find the poses of people in images, videos and streams'),
    train=Command('train', 'train a network from a config'),
    test=Command('test', 'test a network: metrics, predictions, drawings'),
    compare=Command('compare', 'compare two tests: settings that differ, and where the difference comes from'),
    models=Command('models', 'list, search, show and download the models of the zoo'),
    calibrate=Command('calibrate', 'fit what scores and covariances mean, on labelled people'),
    check=Command('check', 'check the data of a config before it is used'),
    export=Command('export', 'export a network with its decoding, as ONNX'),
    serve=Command('serve', 'serve a local page that shows poses'),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Call a command, and return its exit status.

    Args:
        arguments: words of the command line, by default those of this process.

    >>> main(['models', 'list', 'mmpose-hrnet_w32_coco_256x192_dark'])
    mmpose-hrnet_w32_coco_256x192_dark coco-val AP 75.7, not measured here; weights: URL
    0
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    args = _parse_args(words[:1])
    program = f'{PROGRAM} {args.command}'
    with user_errors(program):
        module = importlib.import_module(f'{__package__}.{COMMANDS[args.command].module}')
        return module.main(words[1:], prog=program)


def _parse_args(words: Sequence[str]) -> argparse.Namespace:
    width = max(map(len, COMMANDS))
    table = '\n'.join(f'  {name:<{width}}  {command.help}' for name, command in COMMANDS.items())
    parser = make_parser(
        '2-D poses of people with the distribution-aware codec (DARK).',
        prog=PROGRAM,
        epilog=f'commands:\n{table}\n\n{PROGRAM} COMMAND --help says more of each.',
    )
    parser.add_argument('--version', action='version', version=f'{PROGRAM} {__version__}')
    parser.add_argument('command', choices=COMMANDS, metavar='COMMAND', help='what to do, see below')
    return parser.parse_args(words)
