#!/usr/bin/env python
"""Score smoothers on drawn video, whose truth is known: how far off, how restless and how late keypoints are.

Keypoints are found as `mmpose_dark.synthetic.observe` imitates it; only those in sight count. Sizes of people are the
square roots of the areas of their boxes.
"""

import argparse
import functools
import json
import os.path as osp
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.annotations.areas import AREA_OF_BOX
from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.utils.choices import SMOOTHERS

if TYPE_CHECKING:
    import numpy as np

    from mmpose_dark.structures.poses import Poses

RAW = 'raw'
CONDITIONS = {  # frames a second, noise (1: as annotators of COCO differ)
    '25 fps': (25.0, 0.5),
    '25 fps, little noise': (25.0, 0.2),
    '25 fps, much noise': (25.0, 1.0),
    '10 fps': (10.0, 0.5),
    '50 fps': (50.0, 0.5),
}
TRUE_COVARIANCES = {name: dict(covariance_scale=1.0) for name in ('kalman', 'two-pass')}  # those of `observe` are


def smoothed(name: str, poses: 'list[Poses]', times: list[float], settings: dict[str, float]) -> 'list[Poses]':
    """Return the frames as a smoother gives them."""
    from mmpose_dark.inference.smoothing import BaseTrackSmoother, make_smoother

    if name == RAW:
        return poses
    smoother = make_smoother(name, {**TRUE_COVARIANCES.get(name, {}), **settings})
    if isinstance(smoother, BaseTrackSmoother):
        return smoother.smooth(poses, times)
    return [smoother(people, time=time) for people, time in zip(poses, times, strict=True)]


def track(frames: 'list[Poses]', truths: list, number: int) -> 'tuple[np.ndarray, np.ndarray, np.ndarray]':
    """Follow one person.

    Returns:
        Errors (T, 17, 2) and true places (T, 17, 2) in pixels, NaN where nothing counts, and sizes (T, 1, 1): roots of
        the areas of boxes that the image's edges do not cut.
    """
    import numpy as np

    error, place = (np.full((len(frames), 17, 2), np.nan) for _ in range(2))
    sizes = np.full((len(frames), 1, 1), np.nan)
    for t, (people, truth) in enumerate(zip(frames, truths, strict=True)):
        found, true = np.flatnonzero(people.track_ids == number), np.flatnonzero(truth.ids == number)
        if not len(true):
            continue
        sizes[t] = np.sqrt(truth.areas[true[0]] / AREA_OF_BOX)
        seen = truth.visible[true[0]] == 2
        place[t][seen] = truth.keypoints[true[0]][seen]
        if len(found) and not (people.filled is not None and people.filled[found[0]]):
            error[t][seen] = (people.keypoints[found[0]] - truth.keypoints[true[0]])[seen]
    return error, place, sizes


def score_frames(frames: 'list[Poses]', truths: list, fps: float) -> 'dict[str, np.ndarray]':
    """Return what scores are made of: squares of errors and of their second derivatives, and two sums for the lag.

    The lag is that time by which the truth must be shifted along its own velocity to explain the errors best.
    """
    import numpy as np

    square, restless, late = [], [], np.zeros(2)
    for number in sorted({int(i) for t in truths for i in t.ids}):
        error, place, sizes = track(frames, truths, number)
        square.append(((error / sizes) ** 2).sum(-1).ravel())
        restless.append(((np.diff(error, 2, axis=0) * fps**2 / sizes[1:-1]) ** 2).sum(-1).ravel())
        velocity = np.gradient(place, 1 / fps, axis=0) / sizes
        both = np.isfinite(velocity).all(-1) & np.isfinite(error).all(-1)
        late += -((error / sizes)[both] * velocity[both]).sum(), (velocity[both] ** 2).sum()
    return dict(square=np.concatenate(square), restless=np.concatenate(restless), late=late)


def score(
    name: str, fps: float, noise: float, seeds: list[int], seconds: float, settings: dict[str, float]
) -> dict[str, float]:
    """Return the scores of a smoother: error in thousandths of a size, jitter in sizes a second squared, lag in ms."""
    import numpy as np

    parts = []
    for seed in seeds:
        truths, found = watched(seed, fps, noise, seconds)
        parts.append(score_frames(smoothed(name, found, [t.time for t in truths], settings), truths, fps))
    square, restless = (np.concatenate([part[key] for part in parts]) for key in ('square', 'restless'))
    delay, speed = sum(part['late'] for part in parts)
    return dict(
        error=float(1e3 * np.sqrt(np.nanmean(square))),
        jitter=float(np.sqrt(np.nanmean(restless))),
        lag=float(1e3 * delay / speed),
    )


@functools.cache
def watched(seed: int, fps: float, noise: float, seconds: float) -> 'tuple[list, list[Poses]]':
    """Return the truth of a drawn video's frames, and what is found in them."""
    from mmpose_dark.synthetic import VideoSettings, observe, truth_of_video

    truths = list(truth_of_video(VideoSettings(frames=round(seconds * fps), fps=fps), seed))
    return truths, [observe(t, seed=seed, noise=noise, false_people=0) for t in truths]


def main() -> None:
    """Print the table, and write it."""
    parser = make_parser(__doc__)
    parser.add_argument('--smoothers', nargs='+', choices=(RAW, *SMOOTHERS), default=[RAW, *SMOOTHERS])
    parser.add_argument('--conditions', nargs='+', choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument('--seeds', type=int, nargs='+', default=[100, 101, 102])
    parser.add_argument('--seconds', type=float, default=8.0)
    parser.add_argument('--settings', type=json.loads, default={}, metavar='JSON', help='of the smoothers, by name')
    parser.add_argument('--out', type=Path, help='write the scores to this .json file')
    parser.add_argument('--plot', type=Path, help='draw one wrist, raw and smoothed, into this .png file')
    args = parser.parse_args()
    from mmpose_dark.utils.output_paths import check_outputs

    check_outputs(filter(None, (args.out, args.plot)))
    rows = {}
    print(f'{"":<22}{"smoother":<10}{"error":>8}{"jitter":>8}{"lag ms":>8}')
    for condition in args.conditions:
        fps, noise = CONDITIONS[condition]
        for name in args.smoothers:
            found = score(name, fps, noise, args.seeds, args.seconds, args.settings.get(name, {}))
            rows[f'{condition} | {name}'] = found
            print(
                f'{condition:<22}{name:<10}{found["error"]:8.1f}{found["jitter"]:8.1f}{found["lag"]:8.1f}', flush=True
            )
    if args.out:
        from mmpose_dark.utils.atomic_file import write_atomic

        write_atomic(args.out, json.dumps(rows, indent=2) + '\n')
    if args.plot:
        plot(args)


def plot(args: argparse.Namespace) -> None:
    """Draw the height of one wrist over time: the truth, what was found, and what each smoother makes of it."""
    import matplotlib

    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    import numpy as np

    from mmpose_dark.synthetic import VideoSettings, observe, truth_of_video
    from mmpose_dark.utils.atomic_file import atomic_path

    wrist, fps, seed = 9, 25.0, args.seeds[0]
    truths = list(truth_of_video(VideoSettings(frames=100, fps=fps), seed))
    poses, times = (
        [observe(t, seed=seed, noise=1.0, false_people=0, miss=0.0) for t in truths],
        [t.time for t in truths],
    )
    seen = {
        i: np.mean([(t.visible[t.ids == i, wrist] == 2).any() for t in truths])
        for i in {int(i) for t in truths for i in t.ids}
    }
    number = max(seen, key=seen.get)

    def heights(frames: 'list[Poses]') -> np.ndarray:
        return np.array(
            [
                p.keypoints[p.track_ids == number, wrist, 1].mean() if (p.track_ids == number).any() else np.nan
                for p in frames
            ]
        )

    figure, axes = plt.subplots(len(SMOOTHERS), 1, figsize=(8, 7), sharex=True, sharey=True, layout='constrained')
    truth = [t.keypoints[t.ids == number, wrist, 1].mean() if (t.ids == number).any() else np.nan for t in truths]
    for axis, name in zip(axes, SMOOTHERS, strict=True):
        axis.plot(times, truth, color='black', linewidth=1, label='truth')
        axis.plot(times, heights(poses), '.', color='#999999', markersize=4, label='found')
        axis.plot(
            times,
            heights(smoothed(name, poses, times, args.settings.get(name, {}))),
            color='#0072b2',
            linewidth=1.8,
            label=name,
        )
        axis.set_ylabel('y of a wrist, pixels')
        axis.legend(loc='upper right', ncols=3, frameon=False)
    axes[-1].set_xlabel('seconds')
    axes[0].invert_yaxis()
    with atomic_path(args.plot, keep_suffix=True) as temporary:
        figure.savefig(temporary, dpi=110)


if __name__ == '__main__':
    with user_errors('score_smoothers.py'):
        main()
