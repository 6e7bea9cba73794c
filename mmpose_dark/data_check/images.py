"""Whether the images open, and are of the size and orientation that the annotations are about."""

from collections.abc import Mapping, Sequence

import numpy as np

from .image_files import SIDEWAYS, ImageFile
from .people import ImageRecord
from .report import Finding, found

__all__ = ['check_image_files']


def check_image_files(
    records: Mapping[object, ImageRecord],
    image_files: Mapping[str, ImageFile],
    *,
    file: str,
    folder: str = '',
    ignore_orientation: bool = False,
) -> list[Finding]:
    """Compare the images that were read with what the annotations say of them.

    Args:
        records: the annotation file's, by id.
        image_files: by path; those that were not read are passed over.
        file: annotation file, for messages.
        folder: of the images, for messages.
        ignore_orientation: whether the pipeline reads pixels as stored (LoadImage's color_ignore_orientation).
    """
    seen = [(r, image_files[r.path]) for r in records.values() if r.path in image_files]
    rows = [(r, f, f.stored_wh if ignore_orientation else f.size_wh) for r, f in seen if not f.problem]
    turned, other, unsure = [], [], []
    for row in rows:
        record, image_file, size_wh = row
        if _known(record) and (record.width, record.height) != size_wh:
            lies = image_file.orientation in SIDEWAYS and (record.height, record.width) == size_wh
            (turned if lies else other).append(row)
        elif image_file.orientation != 1:
            unsure.append(row)
    out = _unreadable(seen, folder)
    if turned:
        how = "'color'" if ignore_orientation else "'color_ignore_orientation'"
        message = (
            '{n} images lie on their side: the annotations are about the other orientation than the one they are '
            f'read in (EXIF); let the pipeline begin with LoadImage(color_type={how}), or write the images upright'
        )
        out.append(found('error', 'image-orientation', message, file=file, rows=turned, label=_size_label))
    if other:
        message = (
            f'{{n}} of {len(rows)} images are not of the size that the annotations say: they were scaled, or the '
            'annotations belong to other images'
        )
        out.append(found('error', 'image-size', message, file=file, rows=other, label=_size_label))
    if unsure:
        message = (
            '{n} images have an EXIF orientation; '
            + ('it is not applied' if ignore_orientation else 'it is applied when they are read')
            + ': look with browse_dataset.py whether the keypoints fit'
        )
        out.append(found('note', 'image-orientation', message, file=file, rows=unsure, label=_size_label))
    return out


def _unreadable(seen: Sequence[tuple[ImageRecord, ImageFile]], folder: str) -> list[Finding]:
    broken = [(r, f) for r, f in seen if f.problem]
    if not broken:
        return []
    remedy = 'get them anew, or remove them from the annotations'
    if len(broken) == len(seen) and all(f.missing for _, f in broken):
        remedy = f'is data_prefix=dict(img=...) right? Images are looked for in {folder or "the working directory"}'
    return [
        found(
            'error',
            'image-unreadable',
            f'{{n}} of {len(seen)} images cannot be read; {remedy}',
            file=folder,
            rows=broken,
            label=lambda row: f'{row[0].path}: {row[1].problem}',
        )
    ]


def _known(record: ImageRecord) -> bool:
    return all(v is not None and np.isfinite(v) for v in (record.width, record.height))


def _size_label(row: tuple[ImageRecord, ImageFile, tuple[int, int]]) -> str:
    record, image_file, (width, height) = row
    said = f', annotated {record.width:g}x{record.height:g}' if _known(record) else ''
    turn = f', EXIF orientation {image_file.orientation}' if image_file.orientation != 1 else ''
    return f'{record.name}: {width}x{height}{said}{turn}'
