"""The programs that match detections to ground truth and accumulate precision and recall.

Both take the same arrays and return the same figures; neither is imported before it is used.
"""

import contextlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ['ENGINES', 'OksProblem']

AREA_RANGES = ('all', 'medium', 'large')  # square pixels: everything, 32^2 to 96^2, above
MAX_DETECTIONS = 20  # of an image, the best ones


@dataclass(frozen=True)
class OksProblem:
    """One evaluation, with all decisions about ignoring and areas made: what an engine is given.

    Attributes:
        num_images, num_categories: images are numbered from 1 to ``num_images``, categories likewise.
        gt_image, gt_category: (G,) from 1.
        gt_keypoints: (G, K, 3) x, y in pixels, label v.
        gt_bbox: (G, 4) left, top, width, height.
        gt_area: (G,) square pixels, as OKS divides by.
        gt_crowd: (G,) boolean.
        gt_ignore: (G,) boolean, without the crowd regions.
        dt_image, dt_category: (N,) from 1.
        dt_keypoints: (N, K, 3).
        dt_scores: (N,).
        dt_areas: (N,) square pixels, or None for the keypoints' extent.
        sigmas: (K,).
    """

    num_images: int
    num_categories: int
    gt_image: np.ndarray
    gt_category: np.ndarray
    gt_keypoints: np.ndarray
    gt_bbox: np.ndarray
    gt_area: np.ndarray
    gt_crowd: np.ndarray
    gt_ignore: np.ndarray
    dt_image: np.ndarray
    dt_category: np.ndarray
    dt_keypoints: np.ndarray
    dt_scores: np.ndarray
    dt_areas: np.ndarray | None
    sigmas: np.ndarray

    def gt_dict(self) -> dict:
        """The ground truth as a COCO dict."""
        keypoints = self.gt_keypoints.reshape(len(self.gt_image), -1).tolist()
        counted = np.where(self.gt_ignore, 0, np.maximum(1, (self.gt_keypoints[..., 2] > 0).sum(1)))
        columns = zip(
            self.gt_image.tolist(),
            self.gt_category.tolist(),
            keypoints,
            self.gt_bbox.tolist(),
            self.gt_area.tolist(),
            self.gt_crowd.astype(int).tolist(),
            counted.tolist(),
            strict=True,
        )
        return dict(
            images=[dict(id=i, width=1, height=1, file_name='') for i in range(1, self.num_images + 1)],
            categories=[dict(id=c, name=str(c)) for c in range(1, self.num_categories + 1)],
            annotations=[
                dict(id=n, image_id=i, category_id=c, keypoints=k, bbox=b, area=a, iscrowd=w, num_keypoints=v)
                for n, (i, c, k, b, a, w, v) in enumerate(columns, 1)
            ],
        )

    def dt_list(self) -> list[dict]:
        """The detections as a COCO results list."""
        columns = zip(
            self.dt_image.tolist(),
            self.dt_category.tolist(),
            self.dt_keypoints.reshape(len(self.dt_image), -1).tolist(),
            self.dt_scores.tolist(),
            strict=True,
        )
        rows = [dict(image_id=i, category_id=c, keypoints=k, score=s) for i, c, k, s in columns]
        if self.dt_areas is not None:  # the loaders take the area from a box, where there is one
            for row, area in zip(rows, self.dt_areas.tolist(), strict=True):
                row['bbox'] = [0.0, 0.0, area, 1.0]
        return rows


# a function of (image numbers or None for all) -> precision (T, R, C, A) and recall (T, C, A), -1: no ground truth
Evaluate = Callable[[np.ndarray | None], tuple[np.ndarray, np.ndarray]]


def _hotcoco(problem: OksProblem) -> Evaluate:
    import hotcoco

    gt = hotcoco.COCO(problem.gt_dict())
    dt = gt.load_res(problem.dt_list())

    def evaluate(images: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        run = hotcoco.COCOeval(gt, dt, 'keypoints')
        run.params.kpt_oks_sigmas = problem.sigmas.tolist()
        if images is not None:
            run.params.img_ids = images.tolist()
        with warnings.catch_warnings():
            # it says so whenever the sigmas are not COCO's, which is what other data sets need
            warnings.filterwarnings('ignore', message='hotcoco: kpt_oks_sigmas differ from the COCO defaults')
            run.evaluate()
            run.accumulate()
        return np.asarray(run.eval['precision'])[..., 0], np.asarray(run.eval['recall'])[..., 0]

    return evaluate


def _xtcocotools(problem: OksProblem) -> Evaluate:
    try:
        from xtcocotools.coco import COCO
        from xtcocotools.cocoeval import COCOeval
    except ImportError as err:
        raise ImportError(
            "engine='xtcocotools' needs the package xtcocotools, which did not import "
            f"({err}); install the extra with pip install 'mmpose_dark[xtcocotools]', or use engine='hotcoco', "
            'which gives the same figures'
        ) from err
    gt = COCO()
    gt.anno_file = []
    gt.dataset = problem.gt_dict()
    with contextlib.redirect_stdout(io.StringIO()):
        gt.createIndex()
        dt = gt.loadRes(problem.dt_list())

    def evaluate(images: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        with contextlib.redirect_stdout(io.StringIO()):
            # 'keypoints_crowd' ignores by num_keypoints, which holds what was decided before
            run = COCOeval(gt, dt, 'keypoints_crowd', problem.sigmas)
            if images is not None:
                run.params.imgIds = images.tolist()
            run.evaluate()
            run.accumulate()
        return run.eval['precision'][..., 0], run.eval['recall'][..., 0]

    return evaluate


ENGINES: dict[str, Callable[[OksProblem], Any]] = {'hotcoco': _hotcoco, 'xtcocotools': _xtcocotools}
