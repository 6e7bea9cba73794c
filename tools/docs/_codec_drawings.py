"""The figures of docs/codecs.md, drawn by ``codec_figures.py``."""

from pathlib import Path

import matplotlib as mpl

mpl.use('Agg')

import matplotlib.pyplot as plt
import numpy as np
import torch

from mmpose_dark.codecs import (
    dark_refine,
    gaussian_heatmaps,
    gaussian_kernel,
    heatmap_peaks,
    quarter_pixel_refine,
    unbiased_gaussian_heatmaps,
)
from mmpose_dark.utils.atomic_file import atomic_path
from mmpose_dark.utils.errors import InputError

DECODERS = ('argmax', 'quarter-pixel', 'DARK')
COLORS = dict(zip(DECODERS, ('#8c8c8c', '#d1702e', '#1f6fb2'), strict=True))
MARKERS = dict(zip(DECODERS, 'so^', strict=True))


def decode(heatmaps: torch.Tensor, kernel_size: int) -> dict[str, np.ndarray]:
    """Decode (N, K, H, W) heatmaps in the three ways: name to (N, K, 2) x and y in heatmap pixels."""
    peaks, _ = heatmap_peaks(heatmaps)
    ways = (
        peaks.float(),
        quarter_pixel_refine(heatmaps, peaks),
        dark_refine(heatmaps, peaks, blur_kernel_size=kernel_size),
    )
    return {name: way.numpy() for name, way in zip(DECODERS, ways, strict=True)}


def draw_encoding(path: Path) -> None:
    """The biased and the unbiased target of one sub-pixel keypoint, and what lies between them."""
    x, y, size, sigma = 6.4, 5.65, 13, 2.0
    one, visible = torch.tensor([[x, y]]), torch.ones(1)
    biased = gaussian_heatmaps(one, visible, heatmap_size=(size, size), sigma=sigma)[0][0]
    unbiased = unbiased_gaussian_heatmaps(one, visible, heatmap_size=(size, size), sigma=sigma)[0][0]
    figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.3), layout='constrained')
    panels = (
        ('biased: centre rounded', biased, 'viridis', (0, 1)),
        ('unbiased: centre kept', unbiased, 'viridis', (0, 1)),
        ('unbiased - biased', unbiased - biased, 'RdBu_r', (-0.2, 0.2)),
    )
    for axis, (title, image, colors, limits) in zip(axes, panels, strict=True):
        shown = axis.imshow(image, cmap=colors, vmin=limits[0], vmax=limits[1])
        axis.plot(x, y, '+', color='#e4002b', markersize=12, markeredgewidth=2, label='keypoint (6.4, 5.65)')
        axis.set_title(title, fontsize=10)
        axis.set_xticks(range(0, size, 3))
        axis.set_yticks(range(0, size, 3))
        figure.colorbar(shown, ax=axis, shrink=0.8)
    axes[0].plot(*np.floor([x + 0.5, y + 0.5]), 'wx', markersize=8, markeredgewidth=2, label='centre drawn (6, 6)')
    axes[1].plot(x, y, 'wx', markersize=8, markeredgewidth=2)
    axes[0].legend(loc='lower left', fontsize=7, framealpha=0.85)
    with atomic_path(path, keep_suffix=True) as temporary:
        figure.savefig(temporary, dpi=110)
    plt.close(figure)


def draw_decode_error(path: Path) -> None:
    """Error of the three decoders over the keypoint's place within a pixel, on clean and on noisy maps."""
    places, rows, sigma, kernel_size = np.linspace(-0.5, 0.5, 61), 40, 2.0, 11
    rng = np.random.default_rng(0)
    # Many places in y for each place in x, so that the mean is not that of one lucky row.
    x = np.repeat(24 + places, rows)
    y = 32 + rng.uniform(-0.5, 0.5, x.size)
    xy = torch.from_numpy(np.stack([x, y], -1)[:, None].astype(np.float32))
    clean = unbiased_gaussian_heatmaps(xy, torch.ones(len(xy), 1), heatmap_size=(48, 64), sigma=sigma)[0]
    noisy = clean + torch.from_numpy(rng.normal(0, 0.02, clean.shape).astype(np.float32))
    figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.4), sharey=True, layout='constrained')
    for axis, maps, title in ((axes[0], clean, 'clean heatmaps'), (axes[1], noisy, 'noise of 2 % of the peak')):
        for name, found in decode(maps, kernel_size).items():
            error = np.abs(found[:, 0, 0] - x).reshape(-1, rows).mean(1)
            axis.plot(places, error, color=COLORS[name], linewidth=2, label=f'{name} (mean {error.mean():.2g})')
        axis.set_title(title, fontsize=10)
        axis.set_xlabel('keypoint within its pixel (0 is the centre)')
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8, loc='upper center')
    axes[0].set_ylabel('mean |error| in x, heatmap pixels')
    axes[0].set_ylim(-0.01, 0.72)
    with atomic_path(path, keep_suffix=True) as temporary:
        figure.savefig(temporary, dpi=110)
    plt.close(figure)


def blurred_log(heatmap: np.ndarray, kernel_size: int) -> np.ndarray:
    """Logarithm of the whole map (H, W) after the blur and the floor that DARK uses."""
    kernel = np.array(gaussian_kernel(kernel_size))
    smooth = np.apply_along_axis(np.convolve, 0, np.pad(heatmap, kernel_size // 2), kernel, mode='valid')
    smooth = np.apply_along_axis(np.convolve, 1, smooth, kernel, mode='valid')
    return np.log(np.maximum(smooth * (heatmap.max() / smooth.max()), 1e-10))


def draw_real_heatmap(path: Path, heatmap: np.ndarray, *, kernel_size: int, truth: tuple[float, float] | None) -> None:
    """A network's heatmap (H, W), its blurred logarithm, and where each decoder puts the keypoint."""
    tensor = torch.from_numpy(np.ascontiguousarray(heatmap, dtype=np.float32))[None, None]
    found = {name: way[0, 0] for name, way in decode(tensor, kernel_size).items()}
    log = blurred_log(heatmap, kernel_size)
    centre, half = found['argmax'].astype(int), 4
    figure, axes = plt.subplots(1, 3, figsize=(10.2, 3.4), layout='constrained')
    panels = (
        ('heatmap', heatmap, None),
        ('around its peak', heatmap, half),
        ('logarithm of the blurred map', log, half),
    )
    for axis, (title, image, window) in zip(axes, panels, strict=True):
        floor = None
        if window and image is log:  # the tails would use up the colours
            floor = log[max(0, centre[1] - 5) : centre[1] + 6, max(0, centre[0] - 5) : centre[0] + 6].min()
        shown = axis.imshow(image, cmap='viridis', vmin=floor)
        figure.colorbar(shown, ax=axis, shrink=0.8)
        axis.set_title(title, fontsize=10)
        if not window:
            corner = centre - half - 0.5
            axis.add_patch(plt.Rectangle(corner, 2 * half + 1, 2 * half + 1, fill=False, color='white', linewidth=1))
            continue
        axis.set_xlim(centre[0] - window - 0.5, centre[0] + window + 0.5)
        axis.set_ylim(centre[1] + window + 0.5, centre[1] - window - 0.5)
        for name, (x, y) in found.items():
            axis.plot(x, y, MARKERS[name], color=COLORS[name], markeredgecolor='white', markersize=9, label=name)
        if truth is not None:
            axis.plot(*truth, '+', color='#e4002b', markersize=12, markeredgewidth=2, label='annotation')
    axes[2].contour(
        log, levels=np.linspace(log.max() - 1, log.max(), 8), colors='white', linewidths=0.6, linestyles='solid'
    )
    axes[1].legend(fontsize=7, loc='lower left', framealpha=0.85)
    with atomic_path(path, keep_suffix=True) as temporary:
        figure.savefig(temporary, dpi=110)
    plt.close(figure)


def pick(heatmaps: np.ndarray, *, person: int, joint: int) -> np.ndarray:
    """One map (H, W) of an array with up to two leading axes.

    Raises:
        InputError: no map of that number, or not an array of maps.

    >>> pick(np.arange(12).reshape(3, 2, 2), person=0, joint=2).tolist()
    [[8, 9], [10, 11]]
    """
    if not 2 <= heatmaps.ndim <= 4:
        raise InputError(f'--heatmap: expected (H, W), (K, H, W) or (N, K, H, W), got {heatmaps.shape}')
    maps = heatmaps.reshape((1,) * (4 - heatmaps.ndim) + heatmaps.shape)
    if not (0 <= person < len(maps) and 0 <= joint < maps.shape[1]):
        raise InputError(f'--person {person} --joint {joint}: the file has {len(maps)} people, {maps.shape[1]} joints')
    return maps[person, joint]
