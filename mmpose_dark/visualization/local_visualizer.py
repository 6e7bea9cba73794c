"""The visualizer of configs and runners: settings around the drawing functions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.dist import master_only
from mmengine.structures import InstanceData
from mmengine.visualization import Visualizer

from ..registry import VISUALIZERS
from ..utils.errors import InputError, OutputError
from .boxes import draw_bboxes
from .heatmaps import heatmaps_to_image, overlay_heatmap
from .keypoints import draw_poses
from .sheets import side_by_side

__all__ = ['PoseLocalVisualizer', 'sample_heatmaps', 'write_image']


@VISUALIZERS.register_module()
class PoseLocalVisualizer(Visualizer):
    """Draws samples with their people, boxes and heatmaps, and hands them to the backends.

    Arguments are mmpose 1.x's. Colours and skeleton come from ``dataset_meta`` unless they are given
    here. ``radius`` and ``line_width`` fit each person's size unless they are given. Drawing is
    OpenCV's; matplotlib is imported only when one of mmengine's own drawing methods is called.

    Args:
        name: of the visualizer.
        image: (H, W, 3) uint8 RGB to draw on with mmengine's methods.
        vis_backends: where pictures and scalars go: LocalVisBackend, TensorboardVisBackend ...
        save_dir: folder of the backends.
        bbox_color: a name, '#rrggbb' or (r, g, b).
        kpt_color: one colour or one a keypoint.
        link_color: one colour or one a skeleton link.
        text_color: of labels.
        skeleton: pairs of keypoint numbers.
        line_width: of links in pixels.
        radius: of keypoints in pixels.
        show_keypoint_weight: let keypoints fade with their scores.
        backend: only 'opencv'.
        alpha: opacity, 0..1.

    Raises:
        ValueError: another ``backend``.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        image: np.ndarray | None = None,
        vis_backends: Sequence[dict] | dict | None = None,
        save_dir: str | None = None,
        bbox_color: str | Sequence[int] | None = 'green',
        kpt_color: str | Sequence | None = None,
        link_color: str | Sequence | None = None,
        text_color: str | Sequence[int] = (255, 255, 255),
        skeleton: Sequence[Sequence[int]] | None = None,
        line_width: float | None = None,
        radius: float | None = None,
        show_keypoint_weight: bool = False,
        backend: str = 'opencv',
        alpha: float = 1.0,
    ) -> None:
        if backend != 'opencv':
            raise InputError(f"PoseLocalVisualizer: backend {backend!r} is not supported; use 'opencv'")
        self._pending: np.ndarray | None = None
        self._figure: tuple | None = (None, _NoFigure(), None)
        super().__init__(name, image=image, vis_backends=vis_backends, save_dir=save_dir)
        self._figure = None
        self.bbox_color, self.text_color = bbox_color, text_color
        self.kpt_color, self.link_color, self.skeleton = kpt_color, link_color, skeleton
        self.line_width, self.radius, self.alpha = line_width, radius, alpha
        self.show_keypoint_weight = show_keypoint_weight

    # --- mmengine's matplotlib figure, made when first needed ---------------------------------------

    def _initialize_fig(self, fig_cfg: dict) -> tuple:
        return self._figure  # called by the base's constructor only

    def _open_figure(self, part: int) -> Any:
        if self._figure is None:
            self._figure = super()._initialize_fig(self.fig_save_cfg)  # imports matplotlib
            self.dpi = self._figure[1].get_dpi()
        if self._pending is not None and self._figure[0] is not None:
            image, self._pending = self._pending, None
            super().set_image(image)
        return self._figure[part]

    fig_save_canvas = property(lambda self: self._open_figure(0), lambda self, _: None)
    fig_save = property(lambda self: self._open_figure(1), lambda self, _: None)
    ax_save = property(lambda self: self._open_figure(2), lambda self, _: None)

    def set_image(self, image: np.ndarray) -> None:
        """Take a picture (H, W, 3) RGB to draw on."""
        self._image = self._pending = np.asarray(image).astype(np.uint8)
        self.height, self.width = self._image.shape[:2]
        self._default_font_size = max(np.sqrt(self.height * self.width) // 90, 10)

    def get_image(self) -> np.ndarray:
        """Return the picture as drawn, (H, W, 3) uint8 RGB."""
        return self._pending if self._pending is not None else super().get_image()

    # --- poses --------------------------------------------------------------------------------------

    def set_dataset_meta(self, dataset_meta: Mapping[str, Any] | None, skeleton_style: str = 'mmpose') -> None:
        """Take the definition of the keypoints: names, colours, skeleton.

        Raises:
            ValueError: a ``skeleton_style`` other than 'mmpose'.
        """
        if skeleton_style != 'mmpose':
            raise InputError(f"skeleton_style {skeleton_style!r} is not supported; use 'mmpose'")
        self.dataset_meta = None if dataset_meta is None else dict(dataset_meta)

    def draw_instances(
        self, image: np.ndarray, instances: InstanceData, *, kpt_thr: float = 0.3, draw_bbox: bool = False,
        show_kpt_idx: bool = False,
    ) -> np.ndarray:  # fmt: skip
        """Draw people.

        Args:
            image: (H, W, 3) uint8 RGB; not modified.
            instances: ``keypoints`` (N, K, 2) image pixels, ``keypoint_scores`` or
                ``keypoints_visible`` (N, K), ``bboxes`` (N, 4) xyxy, ``bbox_scores`` (N,).
            kpt_thr: a keypoint is drawn when its score is above this.
            draw_bbox: draw the boxes, with their scores where these are not all one.
            show_kpt_idx: write each keypoint's number beside it.

        Returns:
            (H, W, 3) uint8 RGB, a new picture.
        """
        meta = self.dataset_meta or {}
        drawn = image
        if draw_bbox and 'bboxes' in instances:
            drawn = draw_bboxes(
                drawn, _array(instances.bboxes), colors=self.bbox_color, alpha=self.alpha, labels=_labels(instances),
                text_color='black' if self.bbox_color == 'green' else self.text_color,
            )  # fmt: skip
        if 'keypoints' not in instances:
            return drawn
        scores = next((instances.get(k) for k in ('keypoint_scores', 'keypoints_visible') if k in instances), None)
        if scores is not None:
            scores = _array(scores)
            scores = scores[..., 0] if scores.ndim == 3 else scores
        keypoints = _array(instances.keypoints)
        return draw_poses(
            drawn,
            keypoints,
            scores=scores,
            links=_first(self.skeleton, _fitting(meta, keypoints.shape[1], 'skeleton_links'), ()),
            kpt_colors=_first(self.kpt_color, _fitting(meta, keypoints.shape[1], 'keypoint_colors')),
            link_colors=_first(
                self.link_color,
                None if self.skeleton is not None else _fitting(meta, keypoints.shape[1], 'skeleton_link_colors'),
            ),
            kpt_thr=kpt_thr,
            radius=self.radius,
            line_width=self.line_width,
            alpha=self.alpha,
            show_keypoint_weight=self.show_keypoint_weight,
            show_kpt_idx=show_kpt_idx,
        )

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: Any,
        draw_gt: bool = True,
        draw_pred: bool = True,
        draw_heatmap: bool = False,
        draw_bbox: bool = False,
        show_kpt_idx: bool = False,
        skeleton_style: str = 'mmpose',
        show: bool = False,
        wait_time: float = 0,
        out_file: str | Path | None = None,
        kpt_thr: float = 0.3,
        step: int = 0,
    ) -> np.ndarray:
        """Draw a sample: ground truth left, prediction right, heatmaps underneath.

        Args:
            name: of the window, and of the picture in the backends.
            image: (H, W, 3) uint8 RGB, the full picture; not modified.
            data_sample: PoseDataSample, or a list of those of one picture.
            draw_gt: draw ``gt_instances``.
            draw_pred: draw ``pred_instances``.
            draw_heatmap: lay ``gt_fields`` and ``pred_fields`` on the picture, where their crop is.
            draw_bbox: draw the boxes.
            show_kpt_idx: write each keypoint's number beside it.
            skeleton_style: only 'mmpose'.
            show: open a window.
            wait_time: seconds that the window stays, 0 until it is closed.
            out_file: write the picture to this file and not to the backends; its folder is made.
            kpt_thr: a predicted keypoint is drawn when its score is above this, an annotated one
                when it is labelled.
            step: number of the picture in the backends.

        Returns:
            (height, width, 3) uint8 RGB: what was drawn. `get_image` returns it again.

        Raises:
            OSError: ``out_file`` cannot be written.
        """
        samples = data_sample if isinstance(data_sample, list | tuple) else [data_sample]
        if skeleton_style != 'mmpose':
            raise InputError(f"skeleton_style {skeleton_style!r} is not supported; use 'mmpose'")
        wanted = [('gt', 0.0)] * draw_gt + [('pred', kpt_thr)] * draw_pred
        columns = []
        for kind, threshold in wanted:
            people = _merged([s.get(f'{kind}_instances') for s in samples if f'{kind}_instances' in s])
            if people is None:
                continue
            drawn = self.draw_instances(
                image, people, kpt_thr=threshold, draw_bbox=draw_bbox, show_kpt_idx=show_kpt_idx
            )
            heat = sample_heatmaps(samples, f'{kind}_fields', image.shape[:2]) if draw_heatmap else None
            if heat is not None:
                drawn = np.concatenate([drawn, overlay_heatmap((image * 0.6).astype(np.uint8), heat, vmax=1.0)])
            columns.append(drawn)
        drawn = side_by_side(*columns) if columns else np.array(image)
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            write_image(out_file, drawn)
        else:
            self.add_image(name, drawn, step)
        return drawn


class _NoFigure:
    """Stands for the figure while mmengine's constructor asks for its resolution."""

    @staticmethod
    def get_dpi() -> float:
        return 100.0


def write_image(path: str | Path, image: np.ndarray) -> None:
    """Write a picture, making its folder.

    Args:
        path: file; its suffix decides the format.
        image: (H, W, 3) uint8 RGB.

    Raises:
        OSError: the folder cannot be made or the file not written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = cv2.imwrite(str(path), np.ascontiguousarray(image[..., ::-1]))
    except cv2.error as err:
        raise OutputError(f'cannot write picture {path}: {err.err}; use a name ending in .jpg or .png') from err
    if not written:
        raise OutputError(f'cannot write picture {path}; is there space, and may you write there?')


def sample_heatmaps(samples: Sequence[Any], field: str, image_hw: tuple[int, int]) -> np.ndarray | None:
    """Bring the heatmaps of one picture's samples to where their crops are, merged by the maximum.

    Args:
        samples: PoseDataSamples with the metainfo ``input_center`` and ``input_scale``; without
            these, the heatmaps are taken to cover the picture.
        field: 'gt_fields' or 'pred_fields'.
        image_hw: height and width of the picture.

    Returns:
        (1, H, W) float32: the largest value over people and keypoints; None if no sample has heatmaps.
    """
    merged = None
    for sample in samples:
        maps = sample.get(field, {}).get('heatmaps', None)
        if maps is None:
            continue
        maps = _array(maps).astype(np.float32).max(axis=0, keepdims=True)
        height, width = image_hw
        center = sample.metainfo.get('input_center', (width / 2, height / 2))
        scale = sample.metainfo.get('input_scale', (width, height))
        placed = heatmaps_to_image(maps, center, input_scale=scale, image_hw=image_hw)
        merged = placed if merged is None else np.maximum(merged, placed)
    return merged


def _merged(instances: Sequence[InstanceData]) -> InstanceData | None:
    """Put the people of several samples together, as far as all samples say the same things of them."""
    if not instances:
        return None
    names = ('keypoints', 'keypoint_scores', 'keypoints_visible', 'bboxes', 'bbox_scores')
    return InstanceData(
        **{k: np.concatenate([_array(i.get(k)) for i in instances]) for k in names if all(k in i for i in instances)}
    )


def _array(value: Any) -> np.ndarray:
    return value.detach().float().cpu().numpy() if hasattr(value, 'detach') else np.asarray(value)


def _first(*values: Any) -> Any:
    return next((v for v in values if v is not None), None)


def _fitting(meta: Mapping[str, Any], num_keypoints: int, key: str) -> Any:
    """Return ``meta[key]`` unless the definition is of another number of keypoints (a chosen part of them)."""
    known = meta.get('num_keypoints', num_keypoints)
    return meta.get(key) if known == num_keypoints else None


def _labels(instances: InstanceData) -> list[str] | None:
    if 'bbox_scores' not in instances:
        return None
    scores = _array(instances.bbox_scores).reshape(-1)
    return None if (scores == 1).all() else [f'{s:.2f}' for s in scores]
