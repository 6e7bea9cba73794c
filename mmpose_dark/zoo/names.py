"""A row of the zoo by a short name."""

from pathlib import PurePath

from ..utils.nearest import nearest
from .rows import Row, Zoo, ZooError

__all__ = ['find_row']

_FIRST = 'mmpose'  # of several sources with the same network: the one whose hosts serve programs


def find_row(zoo: Zoo, name: str) -> Row:
    """Return the row of an id, or of the name of a config.

    Where several rows have the config, it is the one whose weights a program can download; of several of these, that
    of mmpose's zoo.

    Args:
        zoo: of `read_zoo`.
        name: as ``mmpose-hrnet_w32_coco_256x192_dark`` or ``hrnet_w32_coco_256x192_dark``.

    Raises:
        ZooError: there is no such row (the message has the nearest names), or several are meant equally well.

    >>> from mmpose_dark.zoo import read_zoo, zoo_file
    >>> find_row(read_zoo(zoo_file()), 'hrnet_w32_coco_256x192_dark').id
    'mmpose-hrnet_w32_coco_256x192_dark'
    """
    if name in zoo.rows:
        return zoo.rows[name]
    rows = [row for row in zoo.rows.values() if PurePath(row.config).stem == name]
    for is_better in (
        lambda row: row.url is not None,
        lambda row: row.source.startswith(_FIRST),
        lambda row: not row.weights_of,  # the same weights under another measure
    ):
        rows = [row for row in rows if is_better(row)] or rows
    if len(rows) == 1:
        return rows[0]
    if rows:
        raise ZooError(f'model {name!r} is one of {", ".join(row.id for row in rows)}: give one of these ids')
    known = [*zoo.rows, *{PurePath(row.config).stem for row in zoo.rows.values()}]
    hint = nearest(name, known) or '.'
    raise ZooError(f'no model {name!r} in {zoo.path}{hint} `mmpose-dark models list` shows all')
