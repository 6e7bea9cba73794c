"""Compare two tests by their reports: settings that differ, and where the difference in AP comes from."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from .arguments import check_least, make_parser
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
    parser.add_argument('--resamples', type=int, default=1000, help='draws of the paired test (default: 1000)')
    parser.add_argument('--seed', type=int, default=0, help='of the draws (default: 0)')
    parser.add_argument('--out', metavar='DIR', help='write comparison.json and comparison.html')
    args = parser.parse_args(arguments)
    check_least(parser, args, resamples=1, seed=0)
    return args


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Compare, print, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.
    """
    args = parse_args(arguments, prog=prog)
    from ..evaluation.reports.comparison import (
        compare_predictions,
        compare_reports,
        comparison_page,
        comparison_text,
    )
    from ..evaluation.reports.files import read_report, report_files, report_folder
    from ..evaluation.reports.predictions import case_of, keypoint_names
    from ..utils.atomic_file import write_atomic
    from ..utils.errors import UserError
    from ..utils.output_paths import check_outputs

    outputs = [Path(args.out) / name for name in ('comparison.json', 'comparison.html')] if args.out else []
    inputs = [file for folder in (args.first, args.second) for file in report_files(folder)]
    check_outputs(outputs, inputs=inputs)
    first, second = read_report(args.first), read_report(args.second)
    comparison = compare_reports(first, second)
    try:
        cases = case_of(first, report_folder(args.first)), case_of(second, report_folder(args.second))
        names = keypoint_names(first)
        comparison['ap'] = compare_predictions(*cases, names, resamples=args.resamples, seed=args.seed)
    except UserError as err:  # the rest is worth having
        comparison['why_not'] = str(err)
    print(comparison_text(comparison))
    if outputs:
        data, shown = outputs
        write_atomic(data, json.dumps(comparison, indent=1) + '\n')
        write_atomic(shown, comparison_page(comparison))
        print(f'\n{shown}')
    return OK
