"""How fast a video becomes poses, against one frame after the other.

    python tools/analysis_tools/time_video.py clip.mp4 --config CONFIG --network pose.onnx --detector detector.onnx

The baseline does what a script of fifty lines does: read a frame with OpenCV, run the detector on it in ONNX Runtime,
cut each person out, run the network on one person at a time in ONNX Runtime, and decode by the DARK paper's loop over
keypoints. Ours is `Inferencer` on the same files, one time with nothing behind it, one time as ``predict`` runs it:
tracked, smoothed in two passes and written as a table, with the detector in every third frame, with a labelled video.
No flip test anywhere. Networks are built before, as for a long video that does not count. Both run the same two
networks, so that their time is a floor. Needs files that are not part of the project.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / 'tools' / 'benchmarks')]  # the benchmarks' own helpers

from _bench import Timing, check_out, make_parser, report, timing_of


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, repeat=3, repeated='passes through the video')
    parser.add_argument('video')
    parser.add_argument('--config', required=True, help='of the network')
    parser.add_argument('--network', required=True, help='heatmap network in .onnx')
    parser.add_argument('--detector', required=True, help='person detector in .onnx')
    parser.add_argument('--score-thr', type=float, default=0.4, help='of the detector (%(default)s)')
    return parser.parse_args()


ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import cv2
import numpy as np
from decode import loop

from mmpose_dark.inference import Inferencer, init_model
from mmpose_dark.inference.detectors import OnnxDetector
from mmpose_dark.inference.labelling import label_source
from mmpose_dark.inference.people_choice import PeopleChoice
from mmpose_dark.inference.sinks import make_sinks
from mmpose_dark.inference.smoothing import make_smoother
from mmpose_dark.inference.sources import VideoFile
from mmpose_dark.inference.tracking import make_tracker
from mmpose_dark.structures.bbox import bbox_xyxy2cs, fix_aspect_ratio, get_warp_matrix

_MEAN, _STD = np.array([123.675, 116.28, 103.53], np.float32), np.array([58.395, 57.12, 57.375], np.float32)


class OneAfterTheOther:
    """What a plain script does, with its networks built."""

    def __init__(self, args: argparse.Namespace) -> None:
        import onnxruntime

        self.video = args.video
        self.network = onnxruntime.InferenceSession(args.network, providers=['CPUExecutionProvider'])
        self.detector = OnnxDetector(args.detector, args.score_thr, backend='onnxruntime')

    def __call__(self) -> list[np.ndarray]:
        """Return the keypoints (N, K, 2) of each frame."""
        network, detector = self.network, self.detector
        feed = network.get_inputs()[0]
        height, width = feed.shape[2:]
        capture, found = cv2.VideoCapture(self.video), []
        while True:
            read, image = capture.read()
            if not read:
                return found
            people = []
            for box in detector([image])[0]:
                centre, scale = bbox_xyxy2cs(box[:4], padding=1.25)
                scale = fix_aspect_ratio(scale[None], width / height)[0]
                matrix = get_warp_matrix(centre, scale, 0, (width, height))
                crop = cv2.warpAffine(image, matrix, (width, height))[..., ::-1]
                inputs = ((crop - _MEAN) / _STD).transpose(2, 0, 1)[None].astype(np.float32)
                heatmaps = network.run(None, {feed.name: inputs})[0]
                points = loop(heatmaps, 11)[0] * (width / heatmaps.shape[3])
                people.append(
                    points @ cv2.invertAffineTransform(matrix)[:, :2].T + cv2.invertAffineTransform(matrix)[:, 2]
                )
            found.append(np.array(people))


class Ours:
    """`Inferencer` on the same files, with its networks built."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.video = args.video
        options = {'model.test_cfg.flip_test': False}  # as the baseline
        self.model = init_model(args.config, args.network, 'cpu', options)
        self.detector = OnnxDetector(args.detector, args.score_thr)

    def __call__(self, formats: list[str], *, detect_every: int = 1) -> int:
        """Return how many people were found; with ``formats`` they are tracked, smoothed and written."""
        source = VideoFile(self.video)
        if not formats:
            return sum(len(result.poses) for result in Inferencer(self.model, detector=self.detector)(source))
        choice = PeopleChoice(detect_every=detect_every)
        inferencer = Inferencer(self.model, detector=self.detector, choice=choice, tracker=make_tracker('kalman'))
        with tempfile.TemporaryDirectory() as folder:
            sinks = make_sinks(formats, Path(folder), 'clip')
            return label_source(source, inferencer, sinks, whole=make_smoother('two-pass')).people


def main(args: argparse.Namespace) -> None:
    """Run every way in turn, and print frames a second."""
    check_out(args.out)
    frames = sum(1 for _ in VideoFile(args.video))
    plain, ours = OneAfterTheOther(args), Ours(args)
    ways = {
        'one frame after the other (baseline)': plain,
        'ours': lambda: ours([]),
        'ours, tracked, smoothed, a table': lambda: ours(['csv']),
        'the same, the detector in every 3rd frame': lambda: ours(['csv'], detect_every=3),
        'the same and a labelled video': lambda: ours(['csv', 'video'], detect_every=3),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(args.repeat):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name].append(1e3 * (time.perf_counter() - start))
    timings: dict[str, Timing] = {name: timing_of(values) for name, values in times.items()}
    base = timings['one frame after the other (baseline)'].median
    rows = [
        dict(way=name, time=t, frames_per_second=round(1e3 * frames / t.median, 1), speedup=round(base / t.median, 2))
        for name, t in timings.items()
    ]
    report(rows, device='cpu', out=args.out, notes=[f'{frames} frames of {Path(args.video).name}.'])


if __name__ == '__main__':
    main(ARGS)
