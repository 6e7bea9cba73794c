"""Whether training has seen the images that it is tested on."""

import os
from collections.abc import Mapping, Sequence

from .image_files import ImageFile
from .report import Finding, found

__all__ = ['check_splits']


def check_splits(
    train_paths: Sequence[str], eval_paths: Sequence[str], image_files: Mapping[str, ImageFile], *, phase: str = 'val'
) -> list[Finding]:
    """Look for images that are both trained and tested on.

    Args:
        train_paths: of the images trained on.
        eval_paths: of the images tested on.
        image_files: those that were read, by path; equal bytes under two names are found among them.
        phase: name of the test, for messages.

    >>> [f.check for f in check_splits(['a.jpg', 'b.jpg'], ['c/../a.jpg'], {})]
    ['split-overlap']
    """
    trained = {os.path.normpath(path) for path in train_paths}
    shared = [path for path in dict.fromkeys(eval_paths) if os.path.normpath(path) in trained]
    out = []
    if shared:
        total = len(set(eval_paths))
        message = (
            f'{{n}} of {total} images of {phase} are trained on too: the values would say nothing about new images'
        )
        out.append(found('error', 'split-overlap', message, rows=shared))
    digests = {image_files[p].digest: p for p in train_paths if p in image_files and not image_files[p].problem}
    twins = [
        (path, digests[image_files[path].digest])
        for path in dict.fromkeys(eval_paths)
        if path in image_files
        and not image_files[path].problem
        and image_files[path].digest in digests
        and os.path.normpath(path) not in trained
    ]
    if twins:
        message = f'{{n}} images of {phase} are, byte by byte, training images under other names'
        out.append(found('warning', 'split-twins', message, rows=twins, label='{0[0]} = {0[1]}'.format))
    return out
