"""``MMPoseInferencer`` and ``Pose2DInferencer``: mmpose 1.x's way to call the inferencer here."""

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import cv2
import numpy as np
from mmengine.config import Config

from ..config.lookup import find_config
from ..drawing.files import write_image
from ..inference import BoxSource, ImageResult, Inferencer, init_model
from ..structures import PoseDataSample, merge_data_samples
from ..utils.atomic_file import write_atomic
from ..utils.errors import InputError
from ..zoo import read_zoo, zoo_file
from .structures import split_instances

__all__ = ['MMPoseInferencer', 'Pose2DInferencer', 'Results', 'get_model_aliases']

# mmpose's names of a kind of model -> the config here that is meant: the best that weights are published of.
_ALIASES = {
    'human': 'hrnet_w48_coco_384x288_dark',
    'body': 'hrnet_w48_coco_384x288_dark',
    'wholebody': 'hrnet_w48_coco_wholebody_384x288_dark_plus',
}
# Arguments of a call, with the values at which they ask for nothing that is not here.
_OPTIONS: dict[str, tuple] = dict(
    bboxes=(), return_vis=(), vis_out_dir=(), pred_out_dir=(), kpt_thr=(), draw_bbox=(), radius=(), thickness=(),
    show=(), wait_time=(), return_datasample=(), black_background=(), bbox_thr=(),
    nms_thr=(None, 0.3), skeleton_style=('mmpose',), draw_heatmap=(False,), num_instances=(-1, 1),
    pose_based_nms=(False,), merge_results=(True,), use_oks_tracking=(False,), tracking_thr=(0.3,),
    disable_norm_pose_2d=(False,), disable_rebase_keypoint=(False,),
)  # fmt: skip


class Results(TypedDict):
    """What a call yields for each batch: for each of its images the people, and the drawing."""

    predictions: list
    visualization: list[np.ndarray] | None


def get_model_aliases(scope: str = 'mmpose_dark') -> dict[str, str]:
    """Return short names of models and the names of their configs.

    >>> get_model_aliases()['human']
    'hrnet_w48_coco_384x288_dark'
    """
    return dict(_ALIASES)


class Pose2DInferencer:
    """Find the people's keypoints in images.

    There is no detector here: without boxes an image is one person, unless ``det_model`` is a function that gives
    boxes. Videos and webcams are not read; give their frames.

    Args:
        model: a config: its file, its name, a short name of `get_model_aliases`, or the config itself.
        weights: checkpoint; by default the published one of the config, which is downloaded.
        device: by default the first there is.
        scope: not used.
        det_model: None or ``'whole_image'``, or a function from an image (H, W, 3) BGR and its path to boxes (N, 4) or
            (N, 5).
        det_weights: None.
        det_cat_ids: not used.
        show_progress: show how far it is.

    Raises:
        InputError: a detector by name, or no weights.

    Example: ``for result in Pose2DInferencer('human')('images/'): print(result['predictions'])``
    """

    def __init__(
        self,
        model: str | Path | Config,
        weights: str | None = None,
        device: str | None = None,
        scope: str | None = 'mmpose_dark',
        det_model: str | BoxSource | None = None,
        det_weights: str | None = None,
        det_cat_ids: int | Sequence[int] | None = None,
        show_progress: bool = False,
    ) -> None:
        if det_weights is not None or not (det_model in (None, 'whole_image') or callable(det_model)):
            raise InputError(
                f'det_model={det_model!r}: there is no detector here; give a function from an image and its path to '
                "boxes, or the boxes of each image with bboxes=, or 'whole_image'"
            )
        config = _ALIASES.get(model, model) if isinstance(model, str) else model
        if weights is None:
            weights = _published(config)
        self.model = init_model(config, weights, device or 'auto')
        self.cfg, self.show_progress = self.model.cfg, show_progress
        self.detector = det_model if callable(det_model) else None

    def __call__(
        self,
        inputs: str | np.ndarray | Iterable[str | np.ndarray],
        return_datasamples: bool = False,
        batch_size: int = 1,
        out_dir: str | None = None,
        **kwargs: object,
    ) -> Iterator[Results]:
        """Yield the results of ``batch_size`` images at a time.

        Args:
            inputs: a file, folder or glob; an image (H, W, 3) BGR uint8; or several of these, without end if need be.
            return_datasamples: give people as data samples, one an image, not as dictionaries.
            batch_size: images at a time; the network sees as many people.
            out_dir: folder for ``visualizations/`` and ``predictions/``.
            **kwargs: mmpose's: ``bboxes`` (of each image), ``return_vis``, ``vis_out_dir``, ``pred_out_dir``,
                ``kpt_thr``, ``draw_bbox``, ``radius``, ``thickness``, ``black_background``, ``show``, ``wait_time``.

        Raises:
            InputError: an argument that is not known, or not served here.
        """
        options = _checked(kwargs)
        if out_dir is not None:
            options.setdefault('vis_out_dir', os.path.join(out_dir, 'visualizations'))
            options.setdefault('pred_out_dir', os.path.join(out_dir, 'predictions'))
        if isinstance(inputs, str) and inputs.startswith('webcam'):
            raise InputError(f'inputs={inputs!r}: webcams are not read here; give the frames as arrays')
        return_datasamples = bool(options.pop('return_datasample', False) or return_datasamples)
        return self._batches(inputs, batch_size, options, return_datasamples=return_datasamples)

    def _batches(
        self, inputs: object, batch_size: int, options: dict, *, return_datasamples: bool
    ) -> Iterator[Results]:
        found = Inferencer(self.model, batch_size=batch_size, detector=self.detector)(inputs, options.get('bboxes'))
        if self.show_progress:
            from ..utils.progress import track

            found = track(found)
        draws = options.get('return_vis') or options.get('show') or options.get('vis_out_dir')
        number = itertools.count()
        while batch := list(itertools.islice(found, batch_size)):
            names = [Path(result.path).stem or f'{next(number):08d}' for result in batch]
            samples = [_sample(result) for result in batch]
            drawn = [_drawn(r, n, options) for r, n in zip(batch, names, strict=True)] if draws else []
            people = [split_instances(sample.get('pred_instances', None)) for sample in samples]
            if options.get('pred_out_dir'):
                for name, persons in zip(names, people, strict=True):
                    write_atomic(Path(options['pred_out_dir'], f'{name}.json'), json.dumps(persons, default=float))
            yield Results(
                predictions=samples if return_datasamples else people,
                visualization=drawn if options.get('return_vis') else None,
            )


class MMPoseInferencer(Pose2DInferencer):
    """`Pose2DInferencer` by another name, with mmpose's arguments for several kinds of models.

    Args:
        pose2d: as ``model`` of `Pose2DInferencer`.
        pose2d_weights: as ``weights``.
        pose3d: None; 3-D poses are not here.
        pose3d_weights: None.
        device: as of `Pose2DInferencer`, and so are the rest.
        scope: not used.
        det_model: where people are.
        det_weights: None.
        det_cat_ids: not used.
        show_progress: show how far it is.

    Raises:
        InputError: no 2-D model, or a 3-D one.
    """

    def __init__(
        self,
        pose2d: str | Path | Config | None = None,
        pose2d_weights: str | None = None,
        pose3d: str | None = None,
        pose3d_weights: str | None = None,
        device: str | None = None,
        scope: str = 'mmpose_dark',
        det_model: str | BoxSource | None = None,
        det_weights: str | None = None,
        det_cat_ids: int | Sequence[int] | None = None,
        show_progress: bool = False,
    ) -> None:
        if pose3d is not None or pose3d_weights is not None or pose2d is None:
            raise InputError('MMPoseInferencer needs pose2d, a config of this project; 3-D poses are not here')
        super().__init__(pose2d, pose2d_weights, device, scope, det_model, det_weights, det_cat_ids, show_progress)


def _published(config: str | Path | Config) -> str:
    """Return the URL of a config's published weights."""
    file = find_config(config).stem if isinstance(config, str | Path) else None
    urls = [row.url for row in read_zoo(zoo_file()).rows.values() if Path(row.config).stem == file and row.url]
    if not urls:
        raise InputError(f'no weights are published of {file or "this config"}; give them (pose2d_weights, weights)')
    return urls[0]


def _checked(options: Mapping[str, object]) -> dict[str, object]:
    """Refuse arguments that are not known, or that ask for what is not here."""
    for name, value in options.items():
        if name not in _OPTIONS:
            raise InputError(f'unexpected argument {name!r}; known: {", ".join(_OPTIONS)}')
        allowed = _OPTIONS[name]
        if allowed and value not in allowed:
            raise InputError(f'{name}={value!r} is not served here; leave it at {allowed[0]!r}')
    return dict(options)


def _sample(result: ImageResult) -> PoseDataSample:
    """Join the people of an image into one sample."""
    merged = merge_data_samples(result.samples) if len(result.samples) else PoseDataSample()
    merged.set_metainfo(dict(img_path=result.path))
    return merged


def _drawn(result: ImageResult, name: str, options: Mapping[str, object]) -> np.ndarray:
    """Draw an image's people; show and write the drawing if that is asked for.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    from ..drawing import draw_poses

    image = np.zeros((1, 1, 3), np.uint8) if result.image is None else result.image[..., ::-1]
    if options.get('black_background'):
        image = np.zeros_like(image)
    drawn = draw_poses(
        np.ascontiguousarray(image),
        result.poses,
        kpt_thr=options.get('kpt_thr', 0.3),
        draw_bbox=options.get('draw_bbox', False),
        radius=options.get('radius'),
        line_width=options.get('thickness'),
    )
    if options.get('vis_out_dir'):
        write_image(Path(options['vis_out_dir'], f'{name}{Path(result.path).suffix or ".jpg"}'), drawn)
    if options.get('show'):
        cv2.imshow(name, np.ascontiguousarray(drawn[..., ::-1]))
        cv2.waitKey(int(1000 * options.get('wait_time', 0)) or 0)
    return drawn
