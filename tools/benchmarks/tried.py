"""What was tried in place of what is used, both timed in one run.

    python tools/benchmarks/tried.py
    python tools/benchmarks/tried.py --only "peaks" --repeat 50

Each row has the same result from both within rounding, or the program ends with an error. 64 people of 17 keypoints at
256x192 unless the row says otherwise; one torch thread unless ``--threads`` says otherwise.
"""

import argparse
import functools
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import check_out, make_parser, measure, report


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, repeat=21)
    parser.add_argument('--only', default='', help='rows that contain this')
    parser.add_argument('--threads', type=int, default=1, help='torch threads (default: 1)')
    return parser.parse_args()


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import numpy as np
import torch
import torch.nn.functional as F
from decode import make_heatmaps
from torch import Tensor

from mmpose_dark.codecs import (
    MSRAHeatmap,
    blur_around_peaks,
    gaussian_kernel,
    heatmap_peaks,
    unbiased_gaussian_heatmaps,
)
from mmpose_dark.codecs.mirrored_blur import blur_maps
from mmpose_dark.codecs.peak_blur import _from_windows

KERNEL = 11
SIZE = dict(input_size=(192, 256), heatmap_size=(48, 64), sigma=2.0)


def band(length: int) -> Tensor:
    """Matrix (length, length) that blurs a line of pixels, zeros outside it.

    >>> matrix = band(20)
    >>> matrix.shape, bool((matrix[10, :4] == 0).all()), round(float(matrix[10].sum()), 4)
    (torch.Size([20, 20]), True, 1.0)
    """
    line = torch.arange(length)
    offset = line - line[:, None] + KERNEL // 2
    weights = torch.tensor(gaussian_kernel(KERNEL))[offset.clamp(0, KERNEL - 1)]
    return weights * ((offset >= 0) & (offset < KERNEL))


def blur_whole_maps(maps: Tensor, peaks: Tensor, *, down: Tensor, across: Tensor) -> Tensor:
    """Two matrix products over every map, then the 5x5 around each peak: (N, K, 5, 5)."""
    n, k, height, width = maps.shape
    blurred = (down @ (maps.view(-1, width) @ across).view(n * k, height, width)).unfold(1, 5, 1).unfold(2, 5, 1)
    x, y = peaks.view(-1, 2).unbind(-1)
    return blurred[torch.arange(n * k), y - 2, x - 2].view(n, k, 5, 5)


def torch_peaks(maps: Tensor) -> tuple[Tensor, Tensor]:
    """``heatmap_peaks`` by ``Tensor.max``: places (N, K, 2) and values (N, K) of maps (N, K, H, W).

    >>> place, value = torch_peaks(torch.tensor([[[[0, 1.0], [0, 0]]]]))
    >>> place.tolist(), value.tolist()
    ([[[1, 0]]], [[1.0]])
    """
    values, index = maps.flatten(-2).max(-1)
    width = maps.shape[-1]
    return torch.stack((index % width, index // width), -1), values


def convolve_whole_maps(maps: Tensor, kernel_size: int) -> Tensor:
    """``blur_maps`` of maps (N, K, H, W) by two convolutions.

    >>> convolve_whole_maps(torch.ones(1, 1, 4, 4), 3)[0, 0, 0].tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    kernel, half = torch.tensor(gaussian_kernel(kernel_size)), kernel_size // 2
    padded = F.pad(maps.flatten(0, 1)[:, None], (half,) * 4, mode='reflect')
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1)).view(maps.shape)


def exponential_everywhere(xy: Tensor, size: tuple[int, int], sigma: float) -> Tensor:
    """Unbiased targets (N, K, H, W) of keypoints (N, K, 2) with an exponential for each pixel of each map.

    >>> exponential_everywhere(torch.tensor([[[1.0, 0.0]]]), (3, 1), 1.0)[0, 0, 0, 1].item()
    1.0
    """
    x, y = torch.arange(size[0]), torch.arange(size[1])[:, None]
    squared = (x - xy[..., 0, None, None]) ** 2 + (y - xy[..., 1, None, None]) ** 2
    return torch.exp(-squared / (2 * sigma * sigma))


def cases() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """What is used and what was tried instead, by name."""
    maps = torch.from_numpy(make_heatmaps(64, 17, 48, 64, sigma=2.0, seed=0))
    # Away from the border, where the blur of whole maps has no 5x5.
    peaks = heatmap_peaks(maps)[0].clamp(torch.tensor([2, 2]), torch.tensor([45, 61]))
    bands = band(64), band(48)
    rng = np.random.default_rng(0)
    xy = torch.from_numpy(rng.uniform(0, (48, 64), (64, 17, 2)).astype(np.float32))
    body = torch.from_numpy(rng.uniform(0, (72, 96), (16, 133, 2)).astype(np.float32))
    ones = torch.ones(16, 133)
    large = dict(heatmap_size=(72, 96), sigma=3.0)
    codec = MSRAHeatmap(**SIZE, unbiased=True, blur_kernel_size=KERNEL)

    @functools.cache
    def compiled() -> Callable:
        return torch.compile(codec.batch_decode, fullgraph=True)

    def used_encode() -> Tensor:
        """(64, 17, 64, 48)."""
        return unbiased_gaussian_heatmaps(xy, torch.ones(64, 17), heatmap_size=(48, 64), sigma=2.0)[0]

    def in_new_memory() -> Tensor:
        """(16, 133, 96, 72)."""
        across, down = (
            torch.exp(-((torch.arange(length) - body[..., axis, None]) ** 2 / 18).clamp_max(43))
            for axis, length in enumerate((72, 96))
        )
        return down[..., :, None] * across[..., None, :]

    found: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        'decode: blur the whole maps, by matrix products': (
            lambda: blur_around_peaks(maps, peaks, kernel_size=KERNEL),
            lambda: blur_whole_maps(maps, peaks, down=bands[0], across=bands[1]),
        ),
        "decode: gather each peak's window, then blur it (what a GPU runs)": (
            lambda: blur_around_peaks(maps, peaks, kernel_size=KERNEL),
            lambda: _from_windows(maps, peaks, KERNEL),
        ),
        "decode: peaks by torch's maximum instead of NumPy's": (
            lambda: heatmap_peaks(maps)[0],
            lambda: torch_peaks(maps)[0],
        ),
        "decode: UDP's discs blurred by two convolutions": (
            lambda: blur_maps(maps, kernel_size=2 * KERNEL + 1),
            lambda: convolve_whole_maps(maps, 2 * KERNEL + 1),
        ),
        'encode: an exponential for each pixel': (used_encode, lambda: exponential_everywhere(xy, (48, 64), 2.0)),
        "encode: the C library's memory instead of huge pages, 16 whole bodies at 384x288": (
            lambda: unbiased_gaussian_heatmaps(body, ones, **large)[0],
            in_new_memory,
        ),
    }
    if shutil.which('g++') or shutil.which('clang++'):
        found['decode: torch.compile on the CPU (compiling not counted)'] = (
            lambda: codec.batch_decode(maps)[0],
            lambda: compiled()(maps)[0],
        )
    return found


def main(args: argparse.Namespace) -> None:
    """Measure and report."""
    check_out(args.out)
    torch.set_num_threads(args.threads)
    rows = []
    for name, (used, tried) in cases().items():
        if args.only not in name:
            continue
        difference = (used().to(torch.float64) - tried().to(torch.float64)).abs().max().item()
        if difference > 1e-3:
            sys.exit(f'{name}: the results differ by {difference:g}')
        ours, other = (measure(function, repeats=args.repeat) for function in (used, tried))
        rows.append(
            {'tried instead': name, 'used': ours, 'tried': other, 'speedup': round(other.median / ours.median, 1)}
        )
    if not rows:
        sys.exit(f'--only {args.only!r}: no row of that name')
    report(rows, device='cpu', out=args.out)


if __name__ == '__main__':
    main(ARGS)
