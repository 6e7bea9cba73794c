"""Whether training has seen the pictures that it is tested on."""

import os
from collections.abc import Mapping, Sequence

from .pictures import Picture
from .report import Finding, found

__all__ = ['check_splits']


def check_splits(
    train_paths: Sequence[str], eval_paths: Sequence[str], pictures: Mapping[str, Picture], *, phase: str = 'val'
) -> list[Finding]:
    """Look for pictures that are both trained and tested on.

    Args:
        train_paths: of the pictures trained on.
        eval_paths: of the pictures tested on.
        pictures: those that were read, by path; equal bytes under two names are found among them.
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
            f'{{n}} of {total} images of {phase} are trained on too: the figures would say nothing about new pictures'
        )
        out.append(found('error', 'split-overlap', message, rows=shared))
    digests = {pictures[p].digest: p for p in train_paths if p in pictures and not pictures[p].problem}
    twins = [
        (path, digests[pictures[path].digest])
        for path in dict.fromkeys(eval_paths)
        if path in pictures
        and not pictures[path].problem
        and pictures[path].digest in digests
        and os.path.normpath(path) not in trained
    ]
    if twins:
        message = f'{{n}} images of {phase} are, byte by byte, training images under other names'
        out.append(found('warning', 'split-twins', message, rows=twins, label='{0[0]} = {0[1]}'.format))
    return out
