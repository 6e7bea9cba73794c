"""What the page asks for: the people of an image, with heatmaps and two ways of decoding; the people of a video."""

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from ..codecs import MSRAHeatmap
from ..datasets.transforms.decoding import decode_image
from ..datasets.transforms.image_header import image_size
from ..drawing.files import write_image
from ..inference import BoxSource, Inferencer
from ..inference.detectors import BaseDetector
from ..inference.frames import SourceInfo
from ..inference.labelling import smoothed_results, write_results
from ..inference.results import NOT_FINITE, ImageResult
from ..inference.sinks import BaseSink, Look, make_sinks
from ..inference.sinks.json_lines import frame_record
from ..inference.smoothing import make_smoother
from ..inference.sources import VideoFile
from ..inference.tracking import make_tracker
from ..structures.crop import crop_to_image, crops_of
from ..structures.poses import Poses
from ..utils.errors import InputError
from ..utils.interrupts import Interrupts
from .jobs import Job
from .limits import Limits

if TYPE_CHECKING:
    from ..models.pose_estimators import BasePoseEstimator

__all__ = ['PoseService']

FORMATS = {
    'json': ('jsonl', '.jsonl', 'application/x-ndjson'),
    'csv': ('csv', '.csv', 'text/csv'),
    'coco': ('coco-annotations', '.json', 'application/json'),
    'drawn': ('images', '.jpg', 'image/jpeg'),
    'video': ('video', '.mp4', 'video/mp4'),
}
"""Downloads -> format of the sink, ending of the file, media type."""
_BEGIN = 1 << 20


class PoseService:
    """Finds people for the page. One call at a time.

    Args:
        model: of `init_model`.
        detector: says where people are where nobody drew boxes; None: each image is one person.
        limits: of images and videos.
        title: of the network, for the page.
    """

    def __init__(
        self,
        model: 'BasePoseEstimator',
        detector: BaseDetector | BoxSource | None,
        limits: Limits,
        *,
        title: str = '',
    ) -> None:
        self.model, self.detector, self.limits, self.title = model, detector, limits, title
        self._quarter = _quarter_pixel(model)
        self._lock = threading.Lock()

    def about(self) -> dict[str, object]:
        """Return what the page needs to know before the first image."""
        poses = Poses.empty(0 if self._meta is None else int(self._meta['num_keypoints']), self._meta)
        sides = [_side(name) for name in poses.keypoint_names]
        return dict(
            title=self.title,
            keypoint_names=poses.keypoint_names,
            skeleton=[list(link) for link in poses.skeleton],
            sides=sides,
            has_detector=self.detector is not None,
            has_quarter_pixel=self._quarter is not None,
            limits=asdict(self.limits),
        )

    @property
    def _meta(self) -> dict[str, object] | None:
        return self.model.dataset_meta

    def label(self, job: Job, path: Path, boxes: Sequence[Sequence[float]] | None) -> dict[str, object]:
        """Find the people of an upload, an image or a video, and write its downloads.

        Args:
            job: is told how far it is.
            path: of the upload.
            boxes: (N, 4) left, top, right, bottom in an image; None asks the detector.

        Returns:
            What the page shows, plain types.

        Raises:
            InputError: neither image nor video, too large, too long.
        """
        with open(path, 'rb') as file:
            begin = file.read(_BEGIN)
        if _is_image(begin):
            return self._image(job, path, boxes)
        return self._video(job, path)

    def frame(self, content: bytes) -> dict[str, object]:
        """Find the people of one image of a camera, without heatmaps and files.

        Args:
            content: of a JPEG or PNG file.
        """
        image = decode_image(content, 'the camera image', max_pixels=self.limits.max_pixels)
        with self._lock:
            (result,) = Inferencer(self.model, num_workers=0, detector=self.detector)([image])
        return dict(kind='frame', width=image.shape[1], height=image.shape[0], **frame_record(_checked(result)))

    def heatmap(self, job: Job, person: int, keypoint: int) -> bytes:
        """Return one heatmap of a job's image as PNG: its values from 0 to its largest as grey levels.

        Raises:
            InputError: there is no such heatmap.
        """
        maps = (job.result or {}).get('_heatmaps')
        if maps is None or not (0 <= person < len(maps) and 0 <= keypoint < len(maps[person])):
            raise InputError(f'there is no heatmap of person {person} and keypoint {keypoint}')
        values = maps[person][keypoint]
        grey = np.clip(values / max(float(values.max()), 1e-9), 0, 1) * 255
        return cv2.imencode('.png', np.rint(grey).astype(np.uint8))[1].tobytes()

    def _image(self, job: Job, path: Path, boxes: Sequence[Sequence[float]] | None) -> dict[str, object]:
        image = decode_image(path.read_bytes(), job.name, max_pixels=self.limits.max_pixels, strict=True)
        job.step(0, 1)
        with self._lock:
            before = self.model.test_cfg.get('output_heatmaps', False)
            self.model.test_cfg['output_heatmaps'] = True
            try:
                given = None if boxes is None else [list(boxes)]
                (result,) = Inferencer(self.model, num_workers=0, detector=self.detector)([image], given)
            finally:
                self.model.test_cfg['output_heatmaps'] = before
        result = _checked(result)
        info = SourceInfo(job.name, 'result', 'images', size=(image.shape[1], image.shape[0]), num_frames=1)
        self._write(job, [result], info, ('json', 'csv', 'coco', 'drawn'))
        job.step(1, 1)
        record = frame_record(result)
        maps = [m.float().cpu().numpy() for m in result.heatmaps]
        for i, person in enumerate(record['people']):
            person['heatmap_max'] = [round(float(m.max()), 4) for m in maps[i]] if maps else []
            person['heatmap_to_image'] = _map_to_image(result, i, self.model.head.decoder) if maps else None
            person['quarter_pixel'] = self._by_quarter_pixel(result, i, maps[i]) if maps else None
        size = dict(width=image.shape[1], height=image.shape[0])
        return dict(kind='image', **size, **record, downloads=['json', 'csv', 'coco', 'drawn'], _heatmaps=maps)

    def _by_quarter_pixel(self, result: ImageResult, person: int, maps: np.ndarray) -> list[list[float]] | None:
        """Return the keypoints of the same heatmaps by a quarter-pixel step, in image pixels."""
        if self._quarter is None:
            return None
        keypoints = self._quarter.batch_decode(torch.from_numpy(maps[None]))[0].numpy()
        place = crops_of([result.crops[person].metainfo])
        return crop_to_image(keypoints, **place)[0].round(2).tolist()

    def _video(self, job: Job, path: Path) -> dict[str, object]:
        source = VideoFile(path, name=job.name, stem='result')
        info = source.info
        if info.size[0] * info.size[1] > self.limits.max_pixels:
            raise InputError(f'its frames have {info.size[0]} x {info.size[1]} pixels, more than --max-pixels')
        if info.num_frames and info.fps and info.num_frames / info.fps > self.limits.max_seconds:
            raise InputError(
                f'it is {info.num_frames / info.fps:.0f} s long, this server takes {self.limits.max_seconds:g} s'
            )
        inferencer = Inferencer(self.model, num_workers=0, detector=self.detector, tracker=make_tracker('kalman'))
        kept: list[ImageResult] = []
        with self._lock:
            for result in inferencer(source):
                if result.time is not None and result.time > self.limits.max_seconds:
                    raise InputError(f'it is longer than the {self.limits.max_seconds:g} s that this server takes')
                kept.append(replace(result, image=None, crops=()))
                job.step(len(kept), info.num_frames)
        frames: list[dict[str, object]] = []

        def written(result: ImageResult) -> None:
            frames.append(frame_record(result))
            job.step(len(frames), len(kept))

        again = smoothed_results(kept, make_smoother('two-pass'), source, inferencer.steps.read)
        sinks = self._sinks(job, ('json', 'csv', 'coco', 'video'))
        write_results(again, sinks, info, self._meta, interrupts=Interrupts(), on_result=written)
        size = dict(width=info.size[0], height=info.size[1])
        return dict(kind='video', fps=info.fps, **size, frames=frames, downloads=['json', 'csv', 'coco', 'video'])

    def _sinks(self, job: Job, downloads: Sequence[str]) -> list[BaseSink]:
        return make_sinks([FORMATS[name][0] for name in downloads if name != 'drawn'], job.folder, 'result')

    def _write(self, job: Job, results: Sequence[ImageResult], info: SourceInfo, downloads: Sequence[str]) -> None:
        named = iter([replace(result, path=job.name) for result in results])
        write_results(named, self._sinks(job, downloads), info, self._meta, interrupts=Interrupts())
        if 'drawn' in downloads:
            drawn = Look(draw_bbox=True, draw_covariance=True).on(results[0])
            write_image(job.folder / 'result_drawn.jpg', drawn[..., ::-1])


def download_path(job: Job, name: str) -> Path | None:
    """Return the file of a download, None where there is none."""
    files = {
        'json': 'result.jsonl',
        'csv': 'result.csv',
        'coco': 'result_annotations.json',
        'drawn': 'result_drawn.jpg',
        'video': 'result_poses.mp4',
    }
    path = job.folder / files[name] if name in files else None
    return path if path is not None and path.is_file() else None


def _checked(result: ImageResult) -> ImageResult:
    if result.error is not None:
        raise InputError(result.error)
    if not result.poses.is_finite:
        raise InputError(NOT_FINITE)
    return result


def _is_image(begin: bytes) -> bool:
    try:
        return image_size(begin) is not None
    except (ValueError, IndexError):
        return False


def _quarter_pixel(model: 'BasePoseEstimator') -> MSRAHeatmap | None:
    """Return the model's codec with a quarter-pixel step in place of DARK's; None where it has none."""
    codec = getattr(model.head, 'decoder', None)
    if not isinstance(codec, MSRAHeatmap) or not codec.unbiased:
        return None
    return MSRAHeatmap(codec.input_size, codec.heatmap_size, sigma=codec.sigma, unbiased=False)


def _map_to_image(result: ImageResult, person: int, codec: object) -> list[float]:
    """Return a, b, c, d, e, f of a canvas's transform: from pixels of the heatmap to pixels of the image."""
    (width, height), (columns, rows) = codec.input_size, codec.heatmap_size
    corners = np.array([[0, 0], [width / columns, 0], [0, height / rows]])
    origin, right, down = crop_to_image(corners[None], **crops_of([result.crops[person].metainfo]))[0]
    values = [*(right - origin), *(down - origin), *origin]
    return [round(float(v), 5) for v in values]


def _side(name: str) -> str:
    """Return which side a keypoint is of, for its colour."""
    return next((side for side in ('left', 'right') if side in name), 'middle')


def result_json(job: Job) -> str:
    """Return a job's result for the page, without what stays on the server."""
    public = {key: value for key, value in (job.result or {}).items() if not key.startswith('_')}
    return json.dumps(public, allow_nan=False)
