"""Compare two tests by their reports: settings that differ, and where the difference in AP comes from."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from .arguments import make_parser
from .status import OK

__all__ = ['main', 'parse_args']

EPILOG = """
example:
  mmpose-dark test CONFIG WEIGHTS --report a
  mmpose-dark test CONFIG OTHER_WEIGHTS --report b
  mmpose-dark compare a b --out a_and_b
"""


def parse_args(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> args = parse_args(['a', 'b', '--out', 'c'])
    >>> args.first, args.second, args.out
    ('a', 'b', 'c')
    """
    parser = make_parser(__doc__, prog=prog, epilog=EPILOG)
    parser.add_argument('first', help='report of a test: the folder that --report named')
    parser.add_argument('second', help='report of another test')
    parser.add_argument('--out', metavar='DIR', help='write comparison.json and comparison.html')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Compare, print, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.
    """
    args = parse_args(arguments, prog=prog)
    from ..evaluation.reports.comparison import compare_reports, comparison_page, comparison_text
    from ..evaluation.reports.files import read_report, report_files
    from ..utils.atomic_file import write_atomic
    from ..utils.output_paths import check_outputs

    outputs = [Path(args.out) / name for name in ('comparison.json', 'comparison.html')] if args.out else []
    inputs = [file for folder in (args.first, args.second) for file in report_files(folder)]
    check_outputs(outputs, inputs=inputs)
    comparison = compare_reports(read_report(args.first), read_report(args.second))
    print(comparison_text(comparison))
    if outputs:
        data, shown = outputs
        write_atomic(data, json.dumps(comparison, indent=1) + '\n')
        write_atomic(shown, comparison_page(comparison))
        print(f'\n{shown}')
    return OK
