"""Where each heatmap is highest."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

__all__ = ['heatmap_peaks']

_PIXELS_A_THREAD = 1 << 22  # 16 MB: reading fewer takes no longer than starting a thread


@torch.no_grad()
def heatmap_peaks(heatmaps: Tensor) -> tuple[Tensor, Tensor]:
    """Find the highest pixel of each heatmap, the first one in reading order if several are equal.

    Args:
        heatmaps: (..., H, W), any float type.

    Returns:
        peaks (..., 2) int64, x in [0, W) and y in [0, H), and their values (...) in the type of
        ``heatmaps``. A map that holds NaN gives the place of one and NaN as its value.

    >>> heatmap_peaks(torch.tensor([[0.0, 0.2], [0.9, 0.1]]))
    (tensor([0, 1]), tensor(0.9000))
    """
    width = heatmaps.shape[-1]
    flat = heatmaps.flatten(-2)
    if is_eager_cpu(flat):
        # NumPy's argmax is vectorised, torch's is not: ten times faster on a CPU (torch 2.13).
        readable = flat if flat.dtype in (torch.float32, torch.float64) else flat.to(torch.float32)
        first = _argmax(readable.detach().numpy())
        values = flat.gather(-1, torch.from_numpy(first[..., None]))[..., 0]
        return torch.from_numpy(np.stack((first % width, first // width), -1)), values
    values, index = flat.max(-1)
    y = torch.div(index, width, rounding_mode='floor')
    return torch.stack([index - y * width, y], -1), values


def _argmax(flat: np.ndarray) -> np.ndarray:
    """Index of the first maximum along the last axis (..., P): (...), by as many threads as torch may use.

    NumPy's runs on one and lets others run meanwhile. Many maps are bound by one read of memory, of which two threads
    get more than one.
    """
    threads = min(torch.get_num_threads(), flat.size // _PIXELS_A_THREAD, flat[..., 0].size)
    if threads < 2:
        return np.asarray(flat.argmax(-1))
    maps = flat.reshape(-1, flat.shape[-1])
    first = np.empty(len(maps), np.intp)
    ends = [len(maps) * i // threads for i in range(threads + 1)]

    def search(part: slice) -> None:
        maps[part].argmax(-1, out=first[part])

    # threads of their own and no pool that stays: a process that forks has none of its threads
    with ThreadPoolExecutor(threads - 1) as pool:
        others = [pool.submit(search, slice(*pair)) for pair in itertools.pairwise(ends[1:])]
        search(slice(*ends[:2]))
        for other in others:
            other.result()
    return first.reshape(flat.shape[:-1])


def is_eager_cpu(tensor: Tensor) -> bool:
    """Return whether ``tensor`` is in CPU memory and operations run as they are called (not traced)."""
    plain = type(tensor) in (Tensor, torch.nn.Parameter) and tensor.device.type == 'cpu'
    return plain and not torch.compiler.is_compiling() and not torch.jit.is_tracing()
