"""Numbers that are not finite: told with the place they came from, and never written over a good checkpoint."""

from collections.abc import Mapping

import torch

from ..utils.errors import StateError

__all__ = ['NonFiniteError', 'image_names', 'non_finite_weights']

_SHOWN = 4


class NonFiniteError(StateError):
    """A loss or a weight that is NaN or infinite."""


def non_finite_weights(weights: Mapping[str, object]) -> list[str]:
    """Return the names of the tensors that hold a NaN or an infinite value.

    Args:
        weights: tensors of any shape by name, on any device; it is asked once for all of them.

    >>> non_finite_weights({'a': torch.ones(2), 'b': torch.tensor([1.0, float('nan')]), 'n': torch.tensor(3)})
    ['b']
    """
    floating = {
        name: value.detach()
        for name, value in weights.items()
        if isinstance(value, torch.Tensor) and value.is_floating_point() and value.numel() and value.element_size() > 1
    }
    if not floating:
        return []
    ends = [torch.stack(torch.aminmax(value)).float().isfinite().all() for value in floating.values()]
    good = torch.stack([end.to(ends[0].device) for end in ends]).tolist()
    return [name for name, is_good in zip(floating, good, strict=True) if not is_good]


def image_names(data_batch: object) -> str:
    """Return the images of a batch in words, for messages.

    >>> image_names(dict(inputs=[1], data_samples=[dict(img_path='a.jpg')]))
    'a.jpg'
    """
    samples = data_batch.get('data_samples') or [] if isinstance(data_batch, dict) else []
    names: dict[str, None] = {}
    for sample in samples:
        name = sample.get('img_path') if hasattr(sample, 'get') else None
        name = name or (sample.get('id') if hasattr(sample, 'get') else None)
        if name is not None:
            names[str(name)] = None
    more = f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''
    return ', '.join(list(names)[:_SHOWN]) + more
