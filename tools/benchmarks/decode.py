"""How fast heatmaps become keypoints, against the plain loop over keypoints.

    python tools/benchmarks/decode.py
    python tools/benchmarks/decode.py --sweep --out decode.json
    python tools/benchmarks/decode.py --device cuda --dtype float16 --repeat 50 --out decode.json

The loop is the DARK paper's post-processing with OpenCV on one core, as the reference toolboxes run it. "floor" is
the time to read the maps once (their maximum), below which no decoding can go. UDP's combined target, three maps a
keypoint, is measured beside its reference, which blurs each map with OpenCV. The largest difference between a loop's
keypoints and ours is printed in input pixels. ``--sweep`` also varies the number of people, of keypoints and
the input size, one at a time.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import Timing, check_out, make_parser, measure, report, sweep_points


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, repeat=21, device=True, threads=True)
    parser.add_argument('--dtype', default='float32', choices=['float32', 'float16', 'bfloat16'], help='of the maps')
    parser.add_argument('--compile', action='store_true', help='decode through torch.compile')
    parser.add_argument('--sweep', action='store_true', help='also vary people, keypoints and input size')
    parser.add_argument('--cases', type=int, help='only the first so many cases of the table')
    return parser.parse_args()


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import cv2
import numpy as np
import torch

from mmpose_dark.codecs import MSRAHeatmap, UDPHeatmap

# people, keypoints, heatmap width and height, sigma, blur kernel
CASES = [
    (1, 17, 48, 64, 2.0, 11),
    (64, 17, 48, 64, 2.0, 11),
    (64, 17, 72, 96, 3.0, 17),
    (32, 133, 72, 96, 3.0, 17),
]


def make_heatmaps(people: int, keypoints: int, width: int, height: int, *, sigma: float, seed: int) -> np.ndarray:
    """Gaussians of different heights at random places, with a little noise: (N, K, H, W) float32.

    >>> make_heatmaps(2, 3, 12, 16, sigma=2.0, seed=0).shape
    (2, 3, 16, 12)
    """
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0, (width, height), (people, keypoints, 2))
    x, y = np.arange(width), np.arange(height)[:, None]
    squared = (x - centre[..., 0, None, None]) ** 2 + (y - centre[..., 1, None, None]) ** 2
    maps = rng.uniform(0.2, 1, (people, keypoints, 1, 1)) * np.exp(-squared / (2 * sigma**2))
    return (maps + rng.normal(0, 0.01, maps.shape)).astype(np.float32)


def loop(heatmaps: np.ndarray, kernel_size: int) -> np.ndarray:
    """DARK one keypoint at a time, unguarded: (N, K, 2) in heatmap pixels of heatmaps (N, K, H, W).

    >>> y, x = np.indices((16, 12), np.float32)
    >>> gaussian = np.exp(-((x - 5.25) ** 2 + (y - 8) ** 2) / 8)
    >>> loop(gaussian[None, None], 3).round(2).tolist()
    [[[5.25, 8.0]]]
    """
    people, keypoints, height, width = heatmaps.shape
    border = kernel_size // 2
    result = np.zeros((people, keypoints, 2), np.float32)
    for i, j in np.ndindex(people, keypoints):
        raw = heatmaps[i, j]
        y, x = divmod(int(raw.argmax()), width)
        result[i, j] = x, y
        padded = np.zeros((height + 2 * border, width + 2 * border), np.float32)
        padded[border : border + height, border : border + width] = raw
        blurred = cv2.GaussianBlur(padded, (kernel_size, kernel_size), 0)
        blurred = blurred[border : border + height, border : border + width]
        g = np.log(np.maximum(blurred * (raw.max() / blurred.max()), 1e-10))
        if not (1 < x < width - 2 and 1 < y < height - 2):
            continue
        dx, dy = (g[y, x + 1] - g[y, x - 1]) / 2, (g[y + 1, x] - g[y - 1, x]) / 2
        dxx = (g[y, x + 2] - 2 * g[y, x] + g[y, x - 2]) / 4
        dyy = (g[y + 2, x] - 2 * g[y, x] + g[y - 2, x]) / 4
        dxy = (g[y + 1, x + 1] - g[y - 1, x + 1] - g[y + 1, x - 1] + g[y - 1, x - 1]) / 4
        if dxx * dyy - dxy**2 != 0:
            result[i, j] -= np.linalg.inv(np.array([[dxx, dxy], [dxy, dyy]])) @ np.array([dx, dy])
    return result


def combined_loop(maps: np.ndarray, kernel_size: int, radius: float) -> np.ndarray:
    """UDP's combined target one map at a time: (N, K, 2) in heatmap pixels of maps (N, 3 K, H, W).

    >>> maps = np.zeros((1, 3, 16, 12), np.float32)
    >>> maps[0, 0, 8, 5] = 1
    >>> maps[0, 1] = 0.5
    >>> combined_loop(maps, 3, 2.0).tolist()
    [[[6.0, 8.0]]]
    """
    people, channels, height, width = maps.shape
    result = np.zeros((people, channels // 3, 2), np.float32)
    for i, j in np.ndindex(people, channels // 3):
        sizes = (2 * kernel_size + 1, kernel_size, kernel_size)
        disc, *ways = (cv2.GaussianBlur(maps[i, 3 * j + part], (size, size), 0) for part, size in enumerate(sizes))
        y, x = divmod(int(disc.argmax()), width)
        result[i, j] = x + radius * ways[0][y, x], y + radius * ways[1][y, x]
    return result.clip(0, (width - 1, height - 1))


def time_case(case: tuple, args: argparse.Namespace) -> tuple[dict[str, Timing], float]:
    """Time floor, codecs and loops of one case; also the largest difference from the loops in input pixels."""
    people, keypoints, width, height, sigma, kernel_size = case
    maps = make_heatmaps(people, keypoints, width, height, sigma=sigma, seed=0)
    tensor = torch.from_numpy(maps).to(args.device, getattr(torch, args.dtype))
    read = tensor.float().cpu().numpy()  # what the loop gets: the same values
    settings = dict(input_size=(4 * width, 4 * height), heatmap_size=(width, height), sigma=sigma)
    timings = dict(floor=measure(lambda: tensor.amax((2, 3)), repeats=args.repeat, device=args.device))
    for name in ('quarter_pixel', 'dark'):
        codec = MSRAHeatmap(**settings, unbiased=name == 'dark', blur_kernel_size=kernel_size)
        decode = torch.compile(codec.batch_decode, fullgraph=True) if args.compile else codec.batch_decode
        timings[name] = measure(lambda f=decode: f(tensor), repeats=args.repeat, device=args.device)
    difference = np.abs(decode(tensor)[0].cpu().numpy() - 4 * loop(read, kernel_size)).max()
    few = min(args.repeat, max(3, args.repeat // 7))
    timings['loop'] = measure(lambda: loop(read, kernel_size), repeats=few, warm_up=0)  # called once above
    combined, its_difference = time_combined(case, args, few)
    return timings | combined, max(float(difference), its_difference)


def time_combined(case: tuple, args: argparse.Namespace, few: int) -> tuple[dict[str, Timing], float]:
    """The same of UDP's combined target."""
    people, keypoints, width, height, _, kernel_size = case
    sizes = dict(input_size=(4 * width, 4 * height), heatmap_size=(width, height))
    codec = UDPHeatmap(**sizes, heatmap_type='combined', blur_kernel_size=kernel_size)
    rng = np.random.default_rng(0)
    xy = torch.from_numpy(rng.uniform(0, (4 * width - 4, 4 * height - 4), (people, keypoints, 2)).astype(np.float32))
    maps = codec.batch_encode(xy)[0]
    maps += torch.from_numpy(rng.normal(0, 0.01, maps.shape).astype(np.float32))
    tensor = maps.to(args.device, getattr(torch, args.dtype))
    read, radius = tensor.float().cpu().numpy(), codec.radius_factor * max(codec.heatmap_size)
    decode = torch.compile(codec.batch_decode, fullgraph=True) if args.compile else codec.batch_decode
    timings = dict(combined=measure(lambda: decode(tensor), repeats=args.repeat, device=args.device))
    factor = 4 * np.array([width, height]) / (width - 1, height - 1)
    difference = np.abs(decode(tensor)[0].cpu().numpy() - factor * combined_loop(read, kernel_size, radius)).max()
    timings['combined_loop'] = measure(lambda: combined_loop(read, kernel_size, radius), repeats=few, warm_up=0)
    return timings, float(difference)


def sweep(args: argparse.Namespace) -> list[dict]:
    """One factor varied at a time around 64 people of 17 keypoints at 256x192."""
    rows = []
    for factor, value, people, keypoints, (width, height), amount in sweep_points(base_people=64):
        case = (people, keypoints, width // 4, height // 4, height / 128, 17 if height > 256 else 11)
        timings, _ = time_case(case, args)
        rows.append(dict(factor=factor, value=value, amount=amount, **timings))
    return rows


def main(args: argparse.Namespace) -> None:
    """Parse the arguments, measure every case, print and write the table."""
    check_out(args.out)
    cv2.setNumThreads(1)
    if args.threads:
        torch.set_num_threads(args.threads)

    rows = []
    for case in CASES[: args.cases]:
        timings, difference = time_case(case, args)
        people, keypoints, width, height, _, kernel_size = case
        rows.append(
            dict(
                heatmaps=f'{people}x{keypoints}x{height}x{width}',
                kernel=kernel_size,
                **timings,
                speedup=round(timings['loop'].median / timings['dark'].median, 1),
                speedup_combined=round(timings['combined_loop'].median / timings['combined'].median, 1),
                difference_px=f'{difference:.1e}',
            )
        )
    report(rows, device=args.device, out=args.out, sweep=sweep(args) if args.sweep else ())


if __name__ == '__main__':
    main(ARGS)
