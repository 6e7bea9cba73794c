"""Person detectors by name: where they lie, what they are, and their licence."""

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmengine.logging import print_log

from ...checkpoint.mirrors import download_first
from ...checkpoint.urls import is_url
from ...deploy.onnx_session import is_onnx
from ...utils.atomic_file import write_atomic
from ...utils.errors import InputError, UnknownNameError
from ...utils.nearest import nearest
from .base import BaseDetector
from .onnx_detector import OnnxDetector

__all__ = ['NamedDetector', 'find_detector', 'list_detectors']

_TABLE = Path(__file__).with_name('table.json')
_LARGEST = 1 << 30  # bytes of a detector in a zip


@dataclass(frozen=True)
class NamedDetector:
    """A detector that others publish.

    Attributes:
        name: here.
        form: of its outputs, see `FORMS`.
        input_size: (width, height).
        licence: of its weights, as their publisher says.
        urls: where it lies, to be tried in this order.
        sha256: of the file; None where nobody published it.
        inside_zip: name of the file, where a URL is of a zip.
    """

    name: str
    form: str
    input_size: tuple[int, int]
    licence: str
    urls: tuple[str, ...]
    sha256: str | None = None
    inside_zip: str = ''


def list_detectors() -> list[NamedDetector]:
    """Return the detectors that have names.

    >>> [detector.name for detector in list_detectors()][-2:]
    ['yolox-s', 'nanodet-plus-m']
    """
    rows: Mapping[str, dict] = json.loads(_TABLE.read_text(encoding='utf-8'))
    return [
        NamedDetector(name, **{key: tuple(v) if isinstance(v, list) else v for key, v in row.items()})
        for name, row in rows.items()
    ]


def find_detector(name: str | os.PathLike, *, score_thr: float = 0.4, **options: object) -> BaseDetector:
    """Return a detector by its name, its file or its URL.

    Args:
        name: one of `list_detectors`, which is downloaded when it is not in the cache, or an ``.onnx`` file or URL.
        score_thr: boxes with lower scores are left out.
        **options: of `OnnxDetector`.

    Raises:
        UnknownNameError: no such name or file.
        CheckpointError: it cannot be downloaded.
        InputError: see `OnnxDetector`.
    """
    text = os.fspath(name)
    rows = {row.name: row for row in list_detectors()}
    if text in rows:
        row = rows[text]
        given = dict(form=row.form, input_size=row.input_size) | options
        return OnnxDetector(_fetched(row), score_thr, **given)
    if is_url(text) or Path(text).expanduser().is_file() or is_onnx(text):
        return OnnxDetector(text, score_thr, **options)
    hint = nearest(text, list(rows)) or '.'
    raise UnknownNameError(
        f'no detector {text!r}{hint} Names are {", ".join(rows)}; an ONNX file is given by its path or URL'
    )


def _fetched(row: NamedDetector) -> Path:
    if row.sha256 is None:
        print_log(f'{row.name}: no hash of this file is published, so what was downloaded is not checked', 'current')
    path = download_first(row.urls, sha256=row.sha256)
    return _out_of_zip(path, row.inside_zip) if zipfile.is_zipfile(path) else path


def _out_of_zip(path: Path, member: str) -> Path:
    """Unpack one file beside the zip; done once."""
    target = path.with_suffix('.onnx')
    if target.is_file():
        return target
    with zipfile.ZipFile(path) as archive:
        found = [info for info in archive.infolist() if Path(info.filename).name == member]
        if len(found) != 1 or found[0].file_size > _LARGEST:
            raise InputError(
                f'{path}: should hold one {member} of less than {_LARGEST >> 20} MB, holds '
                f'{", ".join(archive.namelist()[:5])}'
            )
        write_atomic(target, archive.read(found[0]))
    return target
