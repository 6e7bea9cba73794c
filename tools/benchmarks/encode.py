"""How fast keypoints become target heatmaps, against the plain loop over keypoints.

    python tools/benchmarks/encode.py
    python tools/benchmarks/encode.py --device cuda --repeat 50 --out encode.json

The loop draws the unbiased Gaussian of one keypoint after the other with NumPy, as the reference toolboxes do.
"memory" is the time to take the maps' memory and fill it once.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import Timing, measure, report

from mmpose_dark.codecs import MSRAHeatmap

# people, keypoints, heatmap width and height, sigma
CASES = [(1, 17, 48, 64, 2.0), (32, 17, 48, 64, 2.0), (64, 17, 72, 96, 3.0), (16, 133, 72, 96, 3.0)]


def loop(xy: np.ndarray, width: int, height: int, *, sigma: float) -> list[np.ndarray]:
    """Unbiased targets one keypoint at a time; ``xy`` (N, K, 2) in heatmap pixels. One (K, H, W) for each of N."""
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    targets = []
    for person in xy:
        maps = np.zeros((len(person), height, width), np.float32)
        for j, (mx, my) in enumerate(person):
            maps[j] = np.exp(-((x - mx) ** 2 + (y - my) ** 2) / (2 * sigma * sigma))
        targets.append(maps)
    return targets


def main() -> None:
    """Parse the arguments, measure every case, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--device', default='cpu', help='cpu, cuda, cuda:1, mps (default: cpu)')
    parser.add_argument('--repeat', type=int, default=21, help='measured calls (default: 21)')
    parser.add_argument('--threads', type=int, help='torch threads (default: torch decides)')
    parser.add_argument('--out', help='write the figures and the machine to this json file')
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)

    rows = []
    for people, keypoints, width, height, sigma in CASES:
        rng = np.random.default_rng(0)
        xy = rng.uniform(0, (4 * width, 4 * height), (people, keypoints, 2)).astype(np.float32)
        tensor, visible = torch.from_numpy(xy).to(args.device), torch.ones(people, keypoints, device=args.device)
        timings: dict[str, Timing] = {}
        for name in ('biased', 'unbiased'):
            codec = MSRAHeatmap((4 * width, 4 * height), (width, height), sigma, unbiased=name == 'unbiased')
            timings[name] = measure(
                lambda c=codec, p=tensor, v=visible: c.batch_encode(p, v), repeats=args.repeat, device=args.device
            )
        expected = np.stack(loop(xy / 4, width, height, sigma=sigma))
        difference = np.abs(codec.batch_encode(tensor, visible)[0].cpu().numpy() - expected).max()
        memory = measure(lambda t=tensor, s=expected.shape: t.new_ones(s), repeats=args.repeat, device=args.device)
        plain = measure(
            lambda p=xy / 4, w=width, h=height, s=sigma: loop(p, w, h, sigma=s), repeats=max(3, args.repeat // 4)
        )
        rows.append(
            dict(
                heatmaps=f'{people}x{keypoints}x{height}x{width}',
                memory=memory,
                biased=timings['biased'],
                unbiased=timings['unbiased'],
                loop=plain,
                speedup=round(plain.median / timings['unbiased'].median, 1),
                difference=f'{difference:.1e}',
            )
        )
    report(rows, device=args.device, out=args.out)


if __name__ == '__main__':
    main()
