#!/usr/bin/env python
"""Score trackers on drawn video, whose truth is known, under conditions that make tracking hard.

People are found as `mmpose_dark.synthetic.observe` imitates it, so no network is needed; the flow tracker looks at the
drawn images. The scores of each condition are over all seeds together.
"""

import argparse
import json
import os.path as osp
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.inference.tracking.names import TRACKERS, make_tracker

if TYPE_CHECKING:
    from mmpose_dark.inference.tracking import BaseTracker

_Setting = int | float | str
# what differs from 4 people, 25 frames a second, who do a bit of everything before a camera that stands still
CONDITIONS: dict[str, tuple[dict[str, _Setting], dict[str, _Setting]]] = {
    'mixed': ({}, {}),
    'crossing': (dict(plot='cross', people=6), {}),
    'occlusion': (dict(plot='cross', occluders=3), {}),
    'leaving': (dict(plot='leave'), {}),
    '8 frames a second': (dict(fps=8.0), {}),
    '4 frames a second': (dict(fps=4.0), {}),
    'a third missed': ({}, dict(miss=0.33)),
    'false people': ({}, dict(false_people=1.0, noise=1.0)),
    'camera pans': (dict(camera='pan'), {}),
    'camera shakes': (dict(camera='shake'), {}),
    'crowd of 12': (dict(people=12), {}),
}
BASELINE = 'boxes'


def baseline(min_iou: float = 0.3) -> 'BaseTracker':
    """Return what most scripts do: greedy pairs of boxes of this frame and the last one, by their overlap."""
    import numpy as np

    from mmpose_dark.evaluation.functional.box_iou import box_iou
    from mmpose_dark.inference.tracking import BaseTracker
    from mmpose_dark.structures.poses import Poses

    class GreedyBoxes(BaseTracker):
        """Pairs of boxes, the largest overlap first; who has none is new."""

        def __init__(self) -> None:
            self.reset()

        def reset(self) -> None:
            """Forget everybody."""
            self.last, self.count = Poses.empty(), 0

        def __call__(self, poses: Poses, *, time: float, image: np.ndarray | None = None) -> Poses:
            """Return the people with ``track_ids``; the image (H, W, 3) is not looked at."""
            overlap = box_iou(self.last.boxes, poses.boxes)
            ids = np.full(len(poses), -1)
            while overlap.size and overlap.max() >= min_iou:
                before, now = np.unravel_index(overlap.argmax(), overlap.shape)
                ids[now] = self.last.track_ids[before]
                overlap[before], overlap[:, now] = 0, 0
            new = ids < 0
            ids[new] = self.count + 1 + np.arange(new.sum())
            self.count += int(new.sum())
            self.last = Poses(poses.keypoints, poses.keypoint_scores, poses.boxes, track_ids=ids)
            return self.last

    return GreedyBoxes()


def score_condition(
    condition: str, tracker: 'BaseTracker', *, seeds: list[int], seconds: float, width: int, height: int
) -> dict[str, float]:
    """Track the videos of a condition and return the scores of `TrackScores`, and the milliseconds a frame."""
    import numpy as np

    from mmpose_dark.evaluation.functional.identity import TrackScores, pose_similarity
    from mmpose_dark.evaluation.functional.oks import COCO_SIGMAS
    from mmpose_dark.synthetic import DrawnVideo, VideoSettings, observe

    video_settings, found_settings = CONDITIONS[condition]
    fps = float(video_settings.get('fps', 25.0))
    settings = VideoSettings(frames=round(seconds * fps), width=width, height=height, **video_settings)
    scores, spent = TrackScores(), 0.0
    for seed in seeds:
        tracker.reset()
        video = DrawnVideo(settings, seed)
        for index in range(len(video)):
            truth = video.truth(index)
            poses = observe(truth, seed=seed, **found_settings)
            image = video.image(index) if tracker.needs_images else None
            begin = time.perf_counter()
            found = tracker(poses, time=truth.time, image=image)
            spent += time.perf_counter() - begin
            could = truth.share_in_sight > 0.2
            similarity = pose_similarity(
                found,
                truth.keypoints[could],
                visible=truth.visible[could] == 2,
                areas=truth.areas[could],
                sigmas=np.array(COCO_SIGMAS),
            )
            scores.update(truth.ids[could], found.track_ids, similarity, sequence=seed)
    return scores.compute() | {'ms a frame': 1e3 * spent / (len(seeds) * settings.frames)}


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument(
        '--trackers', nargs='+', default=[BASELINE, *TRACKERS], choices=[BASELINE, *TRACKERS], metavar='NAME',
        help=f'of {", ".join([BASELINE, *TRACKERS])} (default: all)',
    )  # fmt: skip
    parser.add_argument('--conditions', nargs='+', default=list(CONDITIONS), choices=list(CONDITIONS), metavar='NAME',
                        help=f'of {", ".join(map(repr, CONDITIONS))} (default: all)')  # fmt: skip
    parser.add_argument('--seeds', type=int, nargs='+', default=[100, 101, 102, 103], help='one video each')
    parser.add_argument('--seconds', type=float, default=12.0, help='of each video (default: 12)')
    parser.add_argument('--size', type=int, nargs=2, default=[320, 240], metavar=('WIDTH', 'HEIGHT'))
    parser.add_argument('--settings', type=json.loads, default={}, help='settings of the tracker, as json')
    parser.add_argument('--out', help='write the scores to this json file')
    return parser.parse_args()


def main() -> None:
    """Score and print a table."""
    args = _parse_args()
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.output_paths import check_outputs

    check_outputs([args.out] if args.out else [])
    makers: Mapping[str, Callable[[], BaseTracker]] = {
        name: baseline if name == BASELINE else lambda name=name: make_tracker(name, args.settings)
        for name in args.trackers
    }
    columns = ('MOTA', 'IDF1', 'switches', 'fragmentations', 'misses', 'false_positives', 'objects', 'ms a frame')
    print('| condition | tracker | ' + ' | '.join(columns) + ' |')
    print('|---|---|' + '---:|' * len(columns))
    table: dict[str, dict[str, dict[str, float]]] = {}
    for condition in args.conditions:
        for name, make in makers.items():
            found = score_condition(
                condition, make(), seeds=args.seeds, seconds=args.seconds, width=args.size[0], height=args.size[1]
            )
            table.setdefault(condition, {})[name] = found
            cells = [f'{found[c]:.1f}' if c in ('MOTA', 'IDF1', 'ms a frame') else f'{found[c]:.0f}' for c in columns]
            print(f'| {condition} | {name} | ' + ' | '.join(cells) + ' |', flush=True)
    if args.out:
        write_atomic(args.out, json.dumps(table, indent=2))


if __name__ == '__main__':
    with user_errors('score_trackers.py'):
        main()
