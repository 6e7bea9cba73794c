"""Drawing as mmpose 1.x's functions do it, by the functions here."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from mmengine.structures import InstanceData

from ..datasets.transforms.load_image import LoadImage
from ..drawing import draw_people
from ..keypoint_sets import parse_pose_metainfo
from ..structures import PoseDataSample
from ..visualization.local_visualizer import PoseLocalVisualizer

if TYPE_CHECKING:
    from ..structures import Poses

__all__ = ['FastVisualizer', 'visualize']


def visualize(
    img: np.ndarray | str | Path,
    keypoints: np.ndarray,
    keypoint_score: np.ndarray | None = None,
    metainfo: str | Mapping | None = None,
    visualizer: PoseLocalVisualizer | None = None,
    show_kpt_idx: bool = False,
    skeleton_style: str = 'mmpose',
    show: bool = False,
    kpt_thr: float = 0.3,
) -> np.ndarray:
    """Draw keypoints on an image.

    Args:
        img: a file, or (H, W, 3) uint8 BGR; not modified.
        keypoints: (N, K, 2) in image pixels.
        keypoint_score: (N, K), one everywhere by default.
        metainfo: definition of the keypoints, or the name of one.
        visualizer: with settings to draw by.
        show_kpt_idx: write the number of each keypoint beside it.
        skeleton_style: ``'mmpose'``.
        show: open a window.
        kpt_thr: a keypoint is drawn when its score is above this.

    Returns:
        (H, W, 3) uint8 RGB.

    >>> visualize(np.zeros((9, 9, 3), np.uint8), np.array([[[4.0, 4.0]]]))[4, 4].tolist()
    [255, 0, 0]
    """
    visualizer = PoseLocalVisualizer() if visualizer is None else visualizer
    if metainfo is not None:
        definition = dict(from_file=metainfo) if isinstance(metainfo, str) else metainfo
        visualizer.set_dataset_meta(parse_pose_metainfo(definition), skeleton_style=skeleton_style)
    if not isinstance(img, np.ndarray):
        img = LoadImage()(dict(img_path=str(img)))['img']
    scores = np.ones(np.shape(keypoints)[:2]) if keypoint_score is None else keypoint_score
    sample = PoseDataSample(pred_instances=InstanceData(keypoints=keypoints, keypoint_scores=scores))
    return visualizer.add_datasample(
        'visualization', np.ascontiguousarray(img[..., ::-1]), sample, draw_gt=False, show_kpt_idx=show_kpt_idx,
        skeleton_style=skeleton_style, show=show, kpt_thr=kpt_thr,
    )  # fmt: skip


class FastVisualizer:
    """Draws people into an image, with sizes in pixels.

    Args:
        metainfo: parsed definition of the keypoints.
        radius: of keypoints.
        line_width: of links.
        kpt_thr: a keypoint is drawn when its score is above this.
    """

    def __init__(self, metainfo: Mapping, radius: int = 6, line_width: int = 3, kpt_thr: float = 0.3) -> None:
        self.metainfo, self.radius, self.line_width, self.kpt_thr = metainfo, radius, line_width, kpt_thr

    def draw_pose(self, img: np.ndarray, instances: 'InstanceData | Poses | None') -> None:
        """Draw links and keypoints.

        Args:
            img: (H, W, 3) uint8; changed in place.
            instances: with ``keypoints`` (N, K, 2) and ``keypoint_scores`` (N, K); None draws nothing.

        >>> image = np.zeros((9, 9, 3), np.uint8)
        >>> person = InstanceData(keypoints=np.array([[[4.0, 4.0]]]), keypoint_scores=np.ones((1, 1)))
        >>> FastVisualizer(dict(keypoint_colors=np.array([[1, 2, 3]])), radius=1).draw_pose(image, person)
        >>> image[4, 4].tolist()
        [1, 2, 3]
        """
        self._draw(img, instances, links=True)

    def draw_points(self, img: np.ndarray, instances: 'InstanceData | Poses | None') -> None:
        """Draw keypoints alone.

        Args:
            img: (H, W, 3) uint8; changed in place.
            instances: with ``keypoints`` (N, K, 2) and ``keypoint_scores`` (N, K); None draws nothing.
        """
        self._draw(img, instances, links=False)

    def _draw(self, img: np.ndarray, instances: 'InstanceData | Poses | None', *, links: bool) -> None:
        if instances is None or not len(instances.keypoints):
            return
        shown = self.metainfo if links else {**self.metainfo, 'skeleton_links': None}
        img[:] = draw_people(
            img, np.asarray(instances.keypoints), scores=np.asarray(instances.keypoint_scores),
            links=shown.get('skeleton_links') or (), link_colors=shown.get('skeleton_link_colors'),
            kpt_colors=shown.get('keypoint_colors'), kpt_thr=self.kpt_thr, radius=self.radius,
            line_width=self.line_width,
        )  # fmt: skip
