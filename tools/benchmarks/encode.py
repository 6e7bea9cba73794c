"""How fast keypoints become target heatmaps, against the plain loop over keypoints.

    python tools/benchmarks/encode.py
    python tools/benchmarks/encode.py --sweep --out encode.json
    python tools/benchmarks/encode.py --device cuda --repeat 50 --out encode.json

The loops draw one keypoint after the other with NumPy, as the reference toolboxes do: "loop" the whole map of an
unbiased Gaussian, "patch_loop" the small patch of a biased one. "floor" is the time to write memory of the maps' size
once. ``--sweep`` also varies the number of people, of keypoints and the input size, one at a time.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import Timing, check_out, make_parser, measure, report, sweep_points


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, repeat=21, device=True, threads=True)
    parser.add_argument('--sweep', action='store_true', help='also vary people, keypoints and input size')
    parser.add_argument('--cases', type=int, help='only the first so many cases of the table')
    return parser.parse_args()


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import numpy as np
import torch

from mmpose_dark.codecs import MSRAHeatmap

# people, keypoints, heatmap width and height, sigma
CASES = [(1, 17, 48, 64, 2.0), (32, 17, 48, 64, 2.0), (64, 17, 72, 96, 3.0), (16, 133, 72, 96, 3.0)]


def loop(xy: np.ndarray, width: int, height: int, *, sigma: float) -> list[np.ndarray]:
    """Unbiased targets one keypoint at a time; ``xy`` (N, K, 2) in heatmap pixels. One (K, H, W) for each of N.

    >>> loop(np.array([[[1.0, 0.0]]]), 3, 1, sigma=1.0)[0][0, 0].round(2).tolist()
    [0.6100000143051147, 1.0, 0.6100000143051147]
    """
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    targets = []
    for person in xy:
        maps = np.zeros((len(person), height, width), np.float32)
        for j, (mx, my) in enumerate(person):
            maps[j] = np.exp(-((x - mx) ** 2 + (y - my) ** 2) / (2 * sigma * sigma))
        targets.append(maps)
    return targets


def patch_loop(xy: np.ndarray, width: int, height: int, *, sigma: float) -> list[np.ndarray]:
    """Biased targets one keypoint at a time: a patch of three sigma to each side of the rounded centre.

    As :func:`loop`: ``xy`` is (N, K, 2), the result one (K, H, W) for each of N.

    >>> patch_loop(np.array([[[1.2, 0.0]]]), 3, 1, sigma=1.0)[0][0, 0, 1].item()
    1.0
    """
    radius = round(3 * sigma)
    offset = np.arange(-radius, radius + 1, dtype=np.float32)
    patch = np.exp(-(offset**2 + offset[:, None] ** 2) / (2 * sigma * sigma))
    targets = []
    for person in xy:
        maps = np.zeros((len(person), height, width), np.float32)
        for j, (mx, my) in enumerate(np.floor(person + 0.5).astype(int)):
            left, top = mx - radius, my - radius
            x0, y0 = max(0, left), max(0, top)
            x1, y1 = min(width, mx + radius + 1), min(height, my + radius + 1)
            if x0 < x1 and y0 < y1:
                maps[j, y0:y1, x0:x1] = patch[y0 - top : y1 - top, x0 - left : x1 - left]
        targets.append(maps)
    return targets


def time_case(case: tuple, args: argparse.Namespace) -> tuple[dict[str, Timing], float]:
    """Time floor, both encodings and both loops of one case; also the largest difference of a heatmap's value."""
    people, keypoints, width, height, sigma = case
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, (4 * width, 4 * height), (people, keypoints, 2)).astype(np.float32)
    tensor, visible = torch.from_numpy(xy).to(args.device), torch.ones(people, keypoints, device=args.device)
    memory = tensor.new_empty(people, keypoints, height, width)
    timings = dict(floor=measure(lambda: memory.fill_(1), repeats=args.repeat, device=args.device))
    few, size, differences = min(args.repeat, max(3, args.repeat // 4)), (4 * width, 4 * height), []
    for name, plain in (('biased', patch_loop), ('unbiased', loop)):
        codec = MSRAHeatmap(size, (width, height), sigma, unbiased=name == 'unbiased')
        timings[name] = measure(
            lambda c=codec: c.batch_encode(tensor, visible), repeats=args.repeat, device=args.device
        )
        timings[plain.__name__] = measure(lambda f=plain: f(xy / 4, width, height, sigma=sigma), repeats=few, warm_up=1)
        expected = torch.from_numpy(np.stack(plain(xy / 4, width, height, sigma=sigma)))
        differences.append((codec.batch_encode(tensor, visible)[0].cpu() - expected).abs().max().item())
    return timings, max(differences)


def sweep(args: argparse.Namespace) -> list[dict]:
    """One factor varied at a time around 32 people of 17 keypoints at 256x192."""
    rows = []
    for factor, value, people, keypoints, (width, height), amount in sweep_points(base_people=32):
        timings, _ = time_case((people, keypoints, width // 4, height // 4, height / 128), args)
        rows.append(dict(factor=factor, value=value, amount=amount, **timings))
    return rows


def main(args: argparse.Namespace) -> None:
    """Parse the arguments, measure every case, print and write the table."""
    check_out(args.out)
    if args.threads:
        torch.set_num_threads(args.threads)

    rows = []
    for case in CASES[: args.cases]:
        timings, difference = time_case(case, args)
        people, keypoints, width, height, _ = case
        rows.append(
            dict(
                heatmaps=f'{people}x{keypoints}x{height}x{width}',
                **timings,
                speedup_biased=round(timings['patch_loop'].median / timings['biased'].median, 1),
                speedup=round(timings['loop'].median / timings['unbiased'].median, 1),
                difference=f'{difference:.1e}',
            )
        )
    report(rows, device=args.device, out=args.out, sweep=sweep(args) if args.sweep else ())


if __name__ == '__main__':
    main(ARGS)
