"""Look at the models of the zoo: list and search them, or show all that is known of one."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .arguments import make_parser
from .status import OK

__all__ = ['main', 'parse_args']

EPILOG = """
examples:
  {prog} list
  {prog} list 'mmpose-*_dark' '*wholebody*'
  {prog} show mmpose-hrnet_w32_coco_256x192_dark
"""


def parse_args(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> args = parse_args(['list', 'mmpose-*'])
    >>> args.action, args.patterns
    ('list', ['mmpose-*'])
    """
    parser = make_parser(__doc__, prog=prog, epilog=EPILOG.format(prog=prog or 'models'))
    parser.add_argument('--zoo', type=Path, help="file of the published rows (default: the package's)")
    actions = parser.add_subparsers(dest='action', required=True, metavar='ACTION')
    listing = actions.add_parser('list', help='one line a model')
    listing.add_argument('patterns', nargs='*', metavar='PATTERN', help="ids, or patterns as 'mmpose-*_dark' (all)")
    show = actions.add_parser('show', help='all that is known of a model')
    show.add_argument('id', help='as list gives it')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Print rows of the zoo, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.

    >>> main(['list', 'mmpose-hrnet_w32_coco_256x192_dark'])
    mmpose-hrnet_w32_coco_256x192_dark coco-val AP 75.7, not measured here; weights: URL
    0
    """
    args = parse_args(arguments, prog=prog)
    from ..zoo import describe_row, list_rows, read_zoo, zoo_file

    zoo = read_zoo(args.zoo or zoo_file())
    if args.action == 'list':
        _print(list_rows(zoo, zoo.choose(args.patterns)))
    else:
        _print('\n\n'.join(describe_row(zoo, row) for row in zoo.choose([args.id])))
    return OK


def _print(text: str) -> None:
    """Print, also for a reader such as ``head`` that stops reading."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is written at the end
