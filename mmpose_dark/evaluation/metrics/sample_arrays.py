"""Reading many data samples into arrays, with messages that name the sample."""

from typing import Any

import numpy as np

__all__ = ['describe', 'field', 'stack', 'to_numpy']


def to_numpy(value: Any) -> np.ndarray:
    """Return an array of a tensor on any device, an array or numbers."""
    return value.detach().cpu().numpy() if hasattr(value, 'detach') else np.asarray(value)


def describe(sample: dict) -> str:
    """Name a sample in a message.

    >>> describe(dict(id=3, img_id=7))
    'sample (id 3, img_id 7)'
    """
    parts = [f'{k} {sample[k]!r}' for k in ('id', 'img_id', 'img_path') if k in sample]
    return f'sample ({", ".join(parts)})' if parts else 'a sample without id'


def field(samples: list[dict], owner: str, name: str) -> list[Any]:
    """``sample[owner][name]`` of each sample.

    Raises:
        ValueError: a sample does not have it.
    """
    try:
        return [s[owner][name] for s in samples]
    except (KeyError, TypeError) as err:
        for s in samples:
            held = s.get(owner)
            if not isinstance(held, dict) or name not in held:
                has = f'has {", ".join(sorted(held))}' if isinstance(held, dict) else 'is not there'
                raise ValueError(f'{describe(s)}: no {name!r} in {owner!r}, which {has}') from err
        raise


def stack(
    samples: list[dict], values: list[Any], *, shape: tuple[int | None, ...], what: str
) -> tuple[np.ndarray, np.ndarray]:
    """Concatenate one array a sample along its first axis, the instances.

    Args:
        samples: for messages.
        values: arrays or tensors of shape (n, *shape).
        shape: sizes of the other axes, None for any size that is the same in all.
        what: name of the value, for messages.

    Returns:
        The joined array and (len(samples),) the number of instances of each sample.

    Raises:
        ValueError: an array of another shape.
    """
    if not all(type(v) is np.ndarray for v in values):
        values = [to_numpy(v) for v in values]
    shapes = {v.shape for v in values}
    expected = tuple(values[0].shape[1:])
    if len(expected) != len(shape) or any(w not in (None, e) for w, e in zip(shape, expected, strict=True)):
        expected = shape
    for wrong in shapes:
        if len(wrong) == 0 or wrong[1:] != expected:
            sample = next(s for s, v in zip(samples, values, strict=True) if v.shape == wrong)
            wanted = ', '.join('any' if e is None else str(e) for e in ('instances', *expected))
            raise ValueError(f'{describe(sample)}: {what} has shape {wrong}, expected ({wanted})')
    counts = np.array([len(v) for v in values]) if len(shapes) > 1 else np.full(len(values), next(iter(shapes))[0])
    return np.concatenate(values), counts
