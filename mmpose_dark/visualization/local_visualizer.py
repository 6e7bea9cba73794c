"""The visualizer of configs and runners: settings around the drawing functions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mmengine.dist import master_only
from mmengine.structures import BaseDataElement, InstanceData
from mmengine.visualization import Visualizer

from ..drawing.boxes import draw_bboxes
from ..drawing.canvas import as_canvas
from ..drawing.files import write_image
from ..drawing.keypoints import draw_people
from ..drawing.poses import score_labels, skeleton_look
from ..registry import VISUALIZERS
from ..utils.errors import InputError, InputTypeError
from .heatmaps import overlay_heatmap
from .samples import joined_people, sample_heatmaps, to_array
from .sheets import side_by_side

if TYPE_CHECKING:
    from ..structures import PoseDataSample

__all__ = ['PoseLocalVisualizer']


@VISUALIZERS.register_module()
class PoseLocalVisualizer(Visualizer):
    """Draws samples with their people, boxes and heatmaps, and hands them to the backends.

    Arguments are mmpose 1.x's. Colours and skeleton come from ``dataset_meta`` unless they are given
    here. ``radius`` and ``line_width`` fit each person's size unless they are given. Drawing is
    OpenCV's; matplotlib is imported only when one of mmengine's own drawing methods is called.

    Args:
        name: of the visualizer.
        image: (H, W, 3) uint8 RGB to draw on with mmengine's methods.
        vis_backends: where images and scalars go: LocalVisBackend, TensorboardVisBackend ...
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
        InputError: another ``backend``.
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
        """Take an image (H, W, 3) RGB to draw on."""
        self._image = self._pending = np.asarray(image).astype(np.uint8)
        self.height, self.width = self._image.shape[:2]
        self._default_font_size = max(np.sqrt(self.height * self.width) // 90, 10)

    def get_image(self) -> np.ndarray:
        """Return the image as drawn, (H, W, 3) uint8 RGB."""
        return self._pending if self._pending is not None else super().get_image()

    # --- poses --------------------------------------------------------------------------------------

    def set_dataset_meta(self, dataset_meta: Mapping[str, Any] | None, skeleton_style: str = 'mmpose') -> None:
        """Take the definition of the keypoints: names, colours, skeleton.

        Raises:
            InputError: a ``skeleton_style`` other than 'mmpose'.
        """
        _check_style(skeleton_style)
        self.dataset_meta = None if dataset_meta is None else dict(dataset_meta)

    def draw_instances(
        self,
        image: np.ndarray,
        instances: InstanceData | Mapping[str, np.ndarray],
        *,
        kpt_thr: float = 0.3,
        draw_bbox: bool = False,
        show_kpt_idx: bool = False,
    ) -> np.ndarray:
        """Draw people.

        Args:
            image: (H, W, 3) uint8 RGB; not modified.
            instances: ``keypoints`` (N, K, 2) image pixels, ``keypoint_scores`` or
                ``keypoints_visible`` (N, K), ``bboxes`` (N, 4) xyxy, ``bbox_scores`` (N,).
            kpt_thr: a keypoint is drawn when its score is above this.
            draw_bbox: draw the boxes, with their scores where these are not all one.
            show_kpt_idx: write each keypoint's number beside it.

        Returns:
            (H, W, 3) uint8 RGB, a new image.

        >>> person = dict(keypoints=np.array([[[4.0, 4.0]]]))
        >>> PoseLocalVisualizer().draw_instances(np.zeros((9, 9, 3), np.uint8), person)[4, 4].tolist()
        [255, 0, 0]
        """
        drawn = as_canvas(image)
        if draw_bbox and 'bboxes' in instances:
            scores = instances.get('bbox_scores', None)
            drawn = draw_bboxes(
                drawn, to_array(instances.get('bboxes')), colors=self.bbox_color, alpha=self.alpha,
                labels=None if scores is None else score_labels(to_array(scores)),
                text_color='black' if self.bbox_color == 'green' else self.text_color,
            )  # fmt: skip
        if 'keypoints' not in instances:
            return drawn
        scores = next((instances.get(k) for k in ('keypoint_scores', 'keypoints_visible') if k in instances), None)
        if scores is not None:
            scores = to_array(scores)
            scores = scores[..., 0] if scores.ndim == 3 else scores
        return draw_people(
            drawn, to_array(instances.get('keypoints')), scores=scores, kpt_thr=kpt_thr, show_kpt_idx=show_kpt_idx,
            **self._look(instances.get('keypoints').shape[1]), radius=self.radius, line_width=self.line_width,
            alpha=self.alpha, show_keypoint_weight=self.show_keypoint_weight,
        )  # fmt: skip

    def _look(self, num_keypoints: int) -> dict[str, Any]:
        """Links and colours: what was given to the constructor, else what the keypoint set has."""
        look = skeleton_look(self.dataset_meta, num_keypoints)
        if self.skeleton is not None:
            look = look._replace(links=self.skeleton, link_colors=None)
        if self.kpt_color is not None:
            look = look._replace(kpt_colors=self.kpt_color)
        if self.link_color is not None:
            look = look._replace(link_colors=self.link_color)
        return look._asdict()

    @master_only
    def add_datasample(
        self, name: str, image: np.ndarray, data_sample: 'PoseDataSample | Sequence[PoseDataSample]',
        draw_gt: bool = True, draw_pred: bool = True, draw_heatmap: bool = False, draw_bbox: bool = False,
        show_kpt_idx: bool = False, skeleton_style: str = 'mmpose', show: bool = False, wait_time: float = 0,
        out_file: str | Path | None = None, kpt_thr: float = 0.3, step: int = 0,
    ) -> np.ndarray:  # fmt: skip
        """Draw a sample: ground truth left, prediction right, heatmaps underneath.

        Args:
            name: of the window, and of the image in the backends.
            image: (H, W, 3) uint8 RGB, the full image; not modified.
            data_sample: PoseDataSample, or a list of those of one image.
            draw_gt: draw ``gt_instances``.
            draw_pred: draw ``pred_instances``.
            draw_heatmap: lay ``gt_fields`` and ``pred_fields`` on the image, where their crop is.
            draw_bbox: draw the boxes.
            show_kpt_idx: write each keypoint's number beside it.
            skeleton_style: only 'mmpose'.
            show: open a window.
            wait_time: seconds that the window stays, 0 until it is closed.
            out_file: write the image to this file and not to the backends; its folder is made.
            kpt_thr: a predicted keypoint is drawn when its score is above this, an annotated one
                when it is labelled.
            step: number of the image in the backends.

        Returns:
            (height, width, 3) uint8 RGB: what was drawn. `get_image` returns it again.

        Raises:
            OutputError: ``out_file`` cannot be written.

        >>> from mmpose_dark.structures import PoseDataSample
        >>> PoseLocalVisualizer().add_datasample('none', np.zeros((4, 6, 3), np.uint8), PoseDataSample()).shape
        (4, 6, 3)
        """
        samples = _checked_samples(data_sample)
        image = as_canvas(image)
        _check_style(skeleton_style)
        drawings = [
            self._draw_kind(image, samples, kind, kpt_thr=threshold, draw_bbox=draw_bbox, draw_heatmap=draw_heatmap,
                            show_kpt_idx=show_kpt_idx)
            for kind, threshold in [('gt', 0.0)] * draw_gt + [('pred', kpt_thr)] * draw_pred
        ]  # fmt: skip
        columns = [drawing for drawing in drawings if drawing is not None]
        drawn = side_by_side(*columns) if columns else image
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            write_image(out_file, drawn)
        else:
            self.add_image(name, drawn, step)
        return drawn

    def _draw_kind(
        self,
        image: np.ndarray,
        samples: 'Sequence[PoseDataSample]',
        kind: str,
        *,
        draw_heatmap: bool,
        **settings: float,
    ) -> np.ndarray | None:
        """Draw the people of one kind, 'gt' or 'pred', and their heatmaps below; None where no sample has any."""
        people = joined_people([s.get(f'{kind}_instances') for s in samples if f'{kind}_instances' in s])
        if people is None:
            return None
        drawn = self.draw_instances(image, people, **settings)
        heat = sample_heatmaps(samples, f'{kind}_fields', image.shape[:2]) if draw_heatmap else None
        if heat is None:
            return drawn
        return np.concatenate([drawn, overlay_heatmap((image * 0.6).astype(np.uint8), heat, vmax=1.0)])


def _checked_samples(given: object) -> 'Sequence[PoseDataSample]':
    samples = given if isinstance(given, list | tuple) else [given]
    others = [type(sample).__name__ for sample in samples if not isinstance(sample, BaseDataElement)]
    if others:
        raise InputTypeError(f'data_sample must be a PoseDataSample, or a list of these, got {others[0]}')
    return samples


def _check_style(skeleton_style: str) -> None:
    if skeleton_style != 'mmpose':
        raise InputError(f"skeleton_style {skeleton_style!r} is not supported; use 'mmpose'")


class _NoFigure:
    """Stands for the figure while mmengine's constructor asks for its resolution."""

    @staticmethod
    def get_dpi() -> float:
        return 100.0
