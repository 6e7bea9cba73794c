"""Colours by name, as the configs write them."""

from collections.abc import Sequence

import numpy as np

from ..utils.errors import InputError

__all__ = ['COLOR_NAMES', 'Colors', 'color_table', 'to_color']

Colors = str | Sequence | np.ndarray | None
"""One colour, or one for each thing; None is the default of whoever draws."""

COLOR_NAMES = {
    'red': (255, 0, 0),
    'green': (0, 255, 0),
    'blue': (0, 0, 255),
    'cyan': (0, 255, 255),
    'yellow': (255, 255, 0),
    'magenta': (255, 0, 255),
    'orange': (255, 128, 0),
    'white': (255, 255, 255),
    'gray': (128, 128, 128),
    'black': (0, 0, 0),
}


def to_color(color: str | Sequence[int] | np.ndarray) -> tuple[int, int, int]:
    """Return a colour as three integers.

    Args:
        color: one of `COLOR_NAMES`, ``'#rrggbb'``, or three numbers (3,) in 0..255, red first.

    Raises:
        InputError: not a colour; the message lists the known names.

    >>> to_color('orange'), to_color('#0a0b0c'), to_color([1, 2, 3])
    ((255, 128, 0), (10, 11, 12), (1, 2, 3))
    """
    if isinstance(color, str):
        if color in COLOR_NAMES:
            return COLOR_NAMES[color]
        if len(color) == 7 and color[0] == '#':
            try:
                return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
            except ValueError:
                pass
        raise InputError(
            f"color {color!r} is not known; give three numbers in 0..255, '#rrggbb' or one of {', '.join(COLOR_NAMES)}"
        )
    values = np.asarray(color)
    if values.shape != (3,) or not np.all((values >= 0) & (values <= 255)):
        raise InputError(f'color {color!r} must be three numbers in 0..255, red first')
    return tuple(int(v) for v in values)


def color_table(colors: Colors, count: int, *, default: str = 'red') -> np.ndarray:
    """Return one colour for each of ``count`` things.

    Args:
        colors: a single colour (see `to_color`), or one for each thing; None is ``default``.
        count: number of rows of the result.
        default: colour where none is given.

    Returns:
        (count, 3) int, red first.

    Raises:
        InputError: a table with another number of rows than ``count``, or something that is no colour.

    >>> color_table('blue', 2).tolist()
    [[0, 0, 255], [0, 0, 255]]
    """
    if colors is None:
        colors = default
    single = isinstance(colors, str) or (len(colors) == 3 and not any(isinstance(c, str) or np.ndim(c) for c in colors))
    rows = [to_color(colors)] * count if single else [to_color(c) for c in colors]
    if len(rows) != count:
        raise InputError(f'{len(rows)} colors given for {count} things; give one colour, or one for each')
    return np.array(rows, dtype=int).reshape(count, 3)
