"""The files of a report, and reading it back."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...utils.errors import InputError, MissingFileError

__all__ = ['PREDICTIONS', 'REPORT', 'REPORT_PAGE', 'SCHEMA', 'read_report', 'report_files', 'report_folder']

REPORT, REPORT_PAGE, PREDICTIONS = 'report.json', 'report.html', 'predictions.json'
SCHEMA = 1
"""Of ``report.json``; it grows when a reader of the old form could not read the new one."""


def report_files(folder: str | os.PathLike) -> list[Path]:
    """Return the files that a report consists of.

    >>> [path.name for path in report_files('report')]
    ['report.json', 'report.html', 'predictions.json']
    """
    return [Path(folder) / name for name in (REPORT, REPORT_PAGE, PREDICTIONS)]


def report_folder(path: str | os.PathLike) -> Path:
    """Return the folder of a report that is named by its folder or by its ``report.json``.

    >>> report_folder('runs/a/report.json').name
    'a'
    """
    return Path(path).parent if Path(path).name == REPORT else Path(path)


def read_report(path: str | os.PathLike) -> dict[str, Any]:
    """Read a report.

    Args:
        path: of its folder, or of its ``report.json``.

    Raises:
        MissingFileError: there is none.
        InputError: the file is no report, or one of another version.
    """
    file = report_folder(path) / REPORT
    if not file.is_file():
        raise MissingFileError(f'{path}: there is no {REPORT}; make it with: mmpose-dark test CONFIG CHECKPOINT '
                               f'--report {path}')  # fmt: skip
    try:
        report = json.loads(file.read_text(encoding='utf-8'))
        json.dumps(report, ensure_ascii=False).encode()  # halves of characters, which could not be written again
    except (OSError, ValueError, RecursionError) as err:
        raise InputError(f'{file}: cannot be read as JSON ({err}); it is cut off, or another file') from err
    if not isinstance(report, dict) or report.get('schema') != SCHEMA:
        schema = report.get('schema') if isinstance(report, dict) else None
        raise InputError(
            f'{file}: is no report of a test that this version of mmpose_dark reads (schema {SCHEMA}, there it is '
            f'{str(schema)[:40]}); test again with --report'
        )
    wrong = next((place for place, fits in _FORM.items() if not fits(_at(report, place))), None)
    if wrong:
        raise InputError(f'{file}: {wrong} is missing or not what it should be; the file was changed: test again')
    return report


def _at(report: Mapping, place: str) -> object:
    for name in place.split('.'):
        report = report.get(name) if isinstance(report, Mapping) else None
    return report


def _is_metrics(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(metric, dict) and _is_number(metric.get('value')) and _is_interval(metric.get('interval'))
        for metric in value.values()
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_interval(value: object) -> bool:
    return value is None or (isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)))


def _is_file_name(value: object) -> bool:
    """Whether it names a file beside the report, and no other."""
    return value is None or (isinstance(value, str) and value not in ('', '.', '..') and not set(value) & set('/\\\0'))


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(part, dict) for part in value)


_FORM: dict[str, Callable[[object], bool]] = {
    'name': lambda value: isinstance(value, str),
    'created': lambda value: isinstance(value, str),
    'metrics': _is_metrics,
    'predictions': _is_file_name,
    'protocol': lambda value: isinstance(value, dict),
    'protocol.data': _are_objects,
    'protocol.evaluators': _are_objects,
    'protocol.weights': lambda value: isinstance(value, dict),
    'protocol.weights.source': lambda value: value is None or isinstance(value, str),
}
