"""Pages that a program writes, and ``--check``, which tells whether they are current."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmpose_dark.utils.atomic_file import write_atomic

__all__ = ['make_parser', 'report', 'stale_files']


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with ``--check``.

    >>> make_parser('Text.').parse_args(['--check']).check
    True
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='write nothing; exit 1 if something is out of date')
    return parser


def stale_files(texts: Mapping[Path, str], *, check: bool) -> list[str]:
    """Return the names of the files that do not hold their text; write these unless ``check``.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = {Path(folder, 'page.md'): 'text'}
    ...     stale_files(page, check=True), stale_files(page, check=False), stale_files(page, check=True)
    (['page.md'], ['page.md'], [])
    """
    stale = [path for path, text in texts.items() if not path.is_file() or path.read_text(encoding='utf-8') != text]
    if not check:
        for path in stale:
            write_atomic(path, texts[path])
    return [path.name for path in stale]


def report(stale: Sequence[str], what: str, command: str, *, check: bool) -> int:
    """Say what was written, or with ``check`` what is out of date; return the exit status.

    Args:
        stale: names of files that were not current.
        what: what the files were made of.
        command: that writes them.
        check: nothing was written.

    >>> report([], '3 rows', 'python write.py', check=True)
    3 rows; everything is up to date
    0
    """
    if check and stale:
        print(f'out of date: {", ".join(stale)}; run {command}', file=sys.stderr)
        return 1
    print(f'{what}; {"written: " + ", ".join(stale) if stale else "everything is up to date"}')
    return 0
