"""The files of a report, and reading it back."""

import json
import os
from pathlib import Path
from typing import Any

from ...utils.errors import InputError, MissingFileError

__all__ = ['PREDICTIONS', 'REPORT', 'REPORT_PAGE', 'SCHEMA', 'read_report', 'report_files']

REPORT, REPORT_PAGE, PREDICTIONS = 'report.json', 'report.html', 'predictions.json'
SCHEMA = 1
"""Of ``report.json``; it grows when a reader of the old form could not read the new one."""
_PARTS = ('name', 'created', 'metrics', 'protocol')


def report_files(folder: str | os.PathLike) -> list[Path]:
    """Return the files that a report consists of.

    >>> [path.name for path in report_files('report')]
    ['report.json', 'report.html', 'predictions.json']
    """
    return [Path(folder) / name for name in (REPORT, REPORT_PAGE, PREDICTIONS)]


def read_report(path: str | os.PathLike) -> dict[str, Any]:
    """Read a report.

    Args:
        path: of its folder, or of its ``report.json``.

    Raises:
        MissingFileError: there is none.
        InputError: the file is no report, or one of another version.
    """
    file = Path(path) / REPORT if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise MissingFileError(f'{path}: there is no {REPORT}; make it with: mmpose-dark test CONFIG CHECKPOINT '
                               f'--report {path}')  # fmt: skip
    try:
        report = json.loads(file.read_text())
    except (ValueError, RecursionError) as err:
        raise InputError(f'{file}: is no JSON ({err}); it is cut off, or another file') from err
    lacking = [part for part in _PARTS if not isinstance(report, dict) or part not in report]
    if lacking:
        raise InputError(f'{file}: is no report of a test, it has no {", ".join(lacking)}')
    if report.get('schema') != SCHEMA:
        raise InputError(
            f'{file}: has schema {report.get("schema")!r}, this version of mmpose_dark reads {SCHEMA}; test again'
        )
    return report
