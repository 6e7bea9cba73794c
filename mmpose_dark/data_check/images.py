"""Whether the images open, and are of the size and orientation that the annotations are about."""

from collections.abc import Mapping

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
    broken = [(r, p) for r, p in seen if p.problem]
    out = []
    if broken:
        missing = all(p.problem.startswith('no such file') for _, p in broken)
        remedy = 'get them anew, or remove them from the annotations'
        if missing and len(broken) == len(seen):
            remedy = f'is data_prefix=dict(img=...) right? Images are looked for in {folder or "the working directory"}'
        out.append(
            found(
                'error',
                'image-unreadable',
                f'{{n}} of {len(seen)} images cannot be read; {remedy}',
                file=folder,
                rows=broken,
                label=lambda row: f'{row[0].path}: {row[1].problem}',
            )
        )
    sizes = [(r, p, p.stored_wh if ignore_orientation else p.size_wh) for r, p in seen if not p.problem]
    other = [(r, p, s) for r, p, s in sizes if _known(r) and (r.width, r.height) != s]
    turned = [row for row in other if row[1].orientation in SIDEWAYS and (row[0].height, row[0].width) == row[2]]
    if turned:
        how = "'color'" if ignore_orientation else "'color_ignore_orientation'"
        out.append(
            found(
                'error',
                'image-orientation',
                '{n} images lie on their side: the annotations are about the other orientation than the one they are '
                f'read in (EXIF); let the pipeline begin with LoadImage(color_type={how}), or write the images upright',
                file=file,
                rows=turned,
                label=_size_label,
            )
        )
    other = [row for row in other if row not in turned]
    if other:
        out.append(
            found(
                'error',
                'image-size',
                f'{{n}} of {len(sizes)} images are not of the size that the annotations say: they were scaled, or the '
                'annotations belong to other images',
                file=file,
                rows=other,
                label=_size_label,
            )
        )
    unsure = [row for row in sizes if row[1].orientation != 1 and row not in turned and row not in other]
    if unsure:
        message = (
            '{n} images have an EXIF orientation; '
            + ('it is not applied' if ignore_orientation else 'it is applied when they are read')
            + ': look with browse_dataset.py whether the keypoints fit'
        )
        out.append(found('note', 'image-orientation', message, file=file, rows=unsure, label=_size_label))
    return out


def _known(record: ImageRecord) -> bool:
    return all(v is not None and np.isfinite(v) for v in (record.width, record.height))


def _size_label(row: tuple[ImageRecord, ImageFile, tuple[int, int]]) -> str:
    record, image_file, (width, height) = row
    said = f', annotated {record.width:g}x{record.height:g}' if _known(record) else ''
    turn = f', EXIF orientation {image_file.orientation}' if image_file.orientation != 1 else ''
    return f'{record.name}: {width}x{height}{said}{turn}'
