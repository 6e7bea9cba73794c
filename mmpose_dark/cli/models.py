"""Look at the models of the zoo: list and search them, show all that is known of one, download it, check addresses."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import make_parser
from .status import OK, SOME_UNUSABLE

if TYPE_CHECKING:
    from ..zoo import Row, Zoo

__all__ = ['main', 'parse_args']

EPILOG = """
examples:
  {prog} list
  {prog} list 'mmpose-*_dark' '*wholebody*'
  {prog} search hrnet wholebody
  {prog} show hrnet_w32_coco_256x192_dark
  {prog} download hrnet_w32_coco_256x192_dark
  {prog} check 'mmpose-*_dark'
"""
_MODEL = 'id as list gives it, or the name of a config'


def parse_args(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> args = parse_args(['list', 'mmpose-*'])
    >>> args.action, args.patterns
    ('list', ['mmpose-*'])
    """
    parser = make_parser(__doc__, prog=prog, epilog=EPILOG.format(prog=prog or 'models'))
    parser.add_argument('--zoo', type=Path, help="file of the published rows (default: the package's)")
    parser.add_argument('--check', action='store_true', help='the same as the action check, for all')
    actions = parser.add_subparsers(dest='action', metavar='ACTION')
    listing = actions.add_parser('list', help='one line a model')
    listing.add_argument('patterns', nargs='*', metavar='PATTERN', help="ids, or patterns as 'mmpose-*_dark' (all)")
    search = actions.add_parser('search', help='the models that speak of all of the words')
    search.add_argument('words', nargs='+', metavar='WORD', help='part of a network, dataset, method or size')
    show = actions.add_parser('show', help='all that is known of a model')
    show.add_argument('id', help=_MODEL)
    download = actions.add_parser('download', help='fetch the weights of a model, and say where they are')
    download.add_argument('id', help=_MODEL)
    download.add_argument('--out', type=Path, metavar='FILE', help='put a copy there (default: the cache only)')
    check = actions.add_parser('check', help='ask all addresses of weights and detectors, without fetching anything')
    check.add_argument('patterns', nargs='*', metavar='PATTERN', help="ids, or patterns as 'mmpose-*_dark' (all)")
    args = parser.parse_args(arguments)
    if args.check and args.action is None:
        args.action, args.patterns = 'check', []
    if args.action is None:
        parser.error('an ACTION is needed: list, search, show, download or check')
    return args


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
    from ..zoo import describe_row, find_row, list_rows, read_zoo, zoo_file

    zoo = read_zoo(args.zoo or zoo_file())
    if args.action in ('list', 'search'):
        rows = zoo.choose(args.patterns) if args.action == 'list' else zoo.search(args.words)
        _print(list_rows(zoo, rows))
    elif args.action == 'show':
        _print(describe_row(zoo, find_row(zoo, args.id)))
    elif args.action == 'check':
        return _check(zoo, args.patterns)
    else:
        _download(zoo, find_row(zoo, args.id), args.out)
    return OK


def _download(zoo: 'Zoo', row: 'Row', out: Path | None) -> None:
    """Fetch the weights of a row, and print what they are and where."""
    from ..utils.output_paths import check_outputs
    from ..zoo import ZooError, describe_row

    if out is not None:
        check_outputs([out])
    _print(describe_row(zoo, row))
    if row.url is None:
        raise ZooError(
            f'{row.id}: its weights cannot be fetched by a program; '
            + (f'a browser gets them at {row.checkpoint}' if row.checkpoint else 'none were published')
        )
    from ..checkpoint.mirrors import download_first
    from ..utils.atomic_file import atomic_path

    path = download_first(row.addresses)
    if out is not None:
        with atomic_path(out) as temporary:
            shutil.copyfile(path, temporary)
        path = out
    size = path.stat().st_size / 1e6
    print(f'  {"downloaded":<11} {path}, {size:.1f} MB')
    print(f'use it with: mmpose-dark predict SOURCE --config {row.config} --checkpoint {path}')


def _check(zoo: 'Zoo', patterns: Sequence[str]) -> int:
    """Ask the addresses of rows, and of the detectors where no row was named; return the exit status."""
    from ..inference.detectors import list_detectors
    from ..utils.progress import show_progress
    from ..zoo.address_check import Answer, ask_addresses

    rows = zoo.choose(patterns)
    addresses = {row.id: row.addresses or (row.checkpoint,) for row in rows if row.checkpoint}
    by_hand = [row.checkpoint for row in rows if row.checkpoint and not row.addresses]
    if not patterns:
        addresses |= {f'detector {detector.name}': detector.urls for detector in list_detectors()}
    total, answers = sum(map(len, addresses.values())), list[Answer]()
    with show_progress('asking', total, 'addresses') as report:
        for answer in ask_addresses(addresses, by_hand=by_hand):
            answers.append(answer)
            report(len(answers), total)
    for answer in answers:
        size = f'{answer.size / 1e6:.1f} MB' if answer.size else 'there, of a size that it does not say'
        _print(f'{answer.name}: {answer.url}: {"by hand, not asked" if answer.by_hand else answer.error or size}')
    served = {answer.name for answer in answers if not answer.error and not answer.by_hand}
    lost = [name for name in addresses if name not in served and not set(addresses[name]) <= set(by_hand)]
    print(f'{len(served)} files are served, {len(by_hand)} are for browsers, {len(lost)} cannot be had')
    return SOME_UNUSABLE if lost else OK


def _print(text: str) -> None:
    """Print, also for a reader such as ``head`` that stops reading."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is written at the end
