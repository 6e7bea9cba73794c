"""The programs that match detections to ground truth and accumulate precision and recall.

Both take the same arrays and return the same figures; neither is imported before it is used.
"""

import contextlib
import importlib
import io
import itertools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...utils.errors import InputError, MissingPackageError

__all__ = ['ENGINES', 'OksProblem', 'require_engine']

INSTALL = {
    'hotcoco': 'pip install hotcoco',
    # its wheels stop at NumPy 1, so it is compiled here
    'xtcocotools': 'pip install cython numpy setuptools wheel && '
    'pip install --no-build-isolation --no-binary xtcocotools xtcocotools',
}
MAX_DETECTIONS = 20  # of an image, the best ones


@dataclass(frozen=True)
class OksProblem:
    """One evaluation, with all decisions about ignoring and areas made: what an engine is given.

    Attributes:
        num_images, num_categories: images are numbered from 1 to ``num_images``, categories likewise.
        gt_image, gt_category: (G,) from 1; sorted by image.
        gt_keypoints: (G, K, 3) x, y in pixels, label v.
        gt_bbox: (G, 4) left, top, width, height.
        gt_area: (G,) square pixels, as OKS divides by.
        gt_crowd: (G,) boolean.
        gt_ignore: (G,) boolean, without the crowd regions.
        dt_image, dt_category: (N,) from 1; sorted by image.
        dt_xy: (N, K, 2).
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
    dt_xy: np.ndarray
    dt_scores: np.ndarray
    dt_areas: np.ndarray | None
    sigmas: np.ndarray

    def blocks(self, chosen: np.ndarray | None = None) -> Iterator[tuple[list[dict], list[dict], list[dict]]]:
        """Images, ground truth and detections of a few hundred images at a time, which keeps the memory small.

        Args:
            chosen: image numbers, sorted; all by default.
        """
        if chosen is None:
            chosen = np.arange(1, self.num_images + 1)
        size = max(1, 100_000 // (MAX_DETECTIONS * len(self.sigmas)))
        for start in range(0, len(chosen), size):
            numbers = chosen[start : start + size]
            yield (
                [dict(id=i, width=1, height=1, file_name='') for i in numbers.tolist()],
                self.gt_list(_rows_of(self.gt_image, numbers)),
                self.dt_list(_rows_of(self.dt_image, numbers)),
            )

    def gt_list(self, rows: np.ndarray) -> list[dict]:
        """Some of the ground truth as COCO annotations."""
        visible = (self.gt_keypoints[rows, :, 2] > 0).sum(1)
        columns = zip(
            (rows + 1).tolist(),
            self.gt_image[rows].tolist(),
            self.gt_category[rows].tolist(),
            self.gt_keypoints[rows].reshape(len(visible), 3 * len(self.sigmas)).tolist(),
            self.gt_bbox[rows].tolist(),
            self.gt_area[rows].tolist(),
            self.gt_crowd[rows].astype(int).tolist(),
            np.where(self.gt_ignore[rows], 0, np.maximum(1, visible)).tolist(),
            strict=True,
        )
        return [
            dict(id=n, image_id=i, category_id=c, keypoints=k, bbox=b, area=a, iscrowd=w, num_keypoints=v)
            for n, i, c, k, b, a, w, v in columns
        ]

    def dt_list(self, rows: np.ndarray) -> list[dict]:
        """Some of the detections as COCO results, with a box of the given area where areas are given.

        Loaders take the area from the box, where there is one. The third number of a keypoint is not used.
        """
        xy = self.dt_xy[rows]
        flat = np.ones((*xy.shape[:2], 3))
        flat[..., :2] = xy
        columns = zip(
            self.dt_image[rows].tolist(),
            self.dt_category[rows].tolist(),
            flat.reshape(len(flat), 3 * len(self.sigmas)).tolist(),
            self.dt_scores[rows].tolist(),
            strict=True,
        )
        found = [dict(image_id=i, category_id=c, keypoints=k, score=s) for i, c, k, s in columns]
        if self.dt_areas is not None:
            for row, area in zip(found, self.dt_areas[rows].tolist(), strict=True):
                row['bbox'] = [0.0, 0.0, area, 1.0]
        return found

    def categories(self) -> list[dict]:
        """All categories as COCO categories."""
        return [dict(id=c, name=str(c)) for c in range(1, self.num_categories + 1)]


def _rows_of(images: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Rows, in order, whose image is among ``wanted``; both sorted."""
    start, stop = np.searchsorted(images, [wanted[0], wanted[-1] + 1])
    rows = np.arange(start, stop)
    return rows if wanted[-1] - wanted[0] + 1 == len(wanted) else rows[np.isin(images[rows], wanted)]


# a function of (image numbers or None for all) -> precision (T, R, C, A) and recall (T, C, A), -1: no ground truth;
# T thresholds, R recalls, C categories, A areas: all, medium (32^2 to 96^2 square pixels), large
Evaluate = Callable[[np.ndarray | None], tuple[np.ndarray, np.ndarray]]


def require_engine(name: str) -> Any:
    """Import and return the engine's modules.

    Raises:
        ImportError: it does not import; the message says how to install it.
        ValueError: no engine of that name.
    """
    if name not in ENGINES:
        raise InputError(f'engine {name!r} is unknown; use one of {", ".join(ENGINES)}')
    try:
        if name == 'hotcoco':
            return importlib.import_module('hotcoco')
        return importlib.import_module('xtcocotools.coco'), importlib.import_module('xtcocotools.cocoeval')
    except (ImportError, ValueError, AttributeError) as err:  # the last two: built for another NumPy
        other = next(n for n in ENGINES if n != name)
        raise MissingPackageError(
            f'engine={name!r} needs the package {name}, which did not import ({err}). Install it with {INSTALL[name]}, '
            f'or use engine={other!r}, which gives the same figures'
        ) from err


def _hotcoco(problem: OksProblem) -> Evaluate:
    hotcoco = require_engine('hotcoco')
    params = hotcoco.Params('keypoints')
    params.kpt_oks_sigmas = problem.sigmas.tolist()

    def evaluate(chosen: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        with warnings.catch_warnings():
            # it says so whenever the sigmas are not COCO's, which is what other data sets need
            warnings.filterwarnings('ignore', message='hotcoco: kpt_oks_sigmas differ from the COCO defaults')
            stream = hotcoco.StreamingEval(problem.categories(), 'keypoints', params=params)
            for images, gt, dt in problem.blocks(chosen):
                stream.update(images, gt, dt)
            run = stream.finalize()
            run.accumulate()
        return np.asarray(run.eval['precision'])[..., 0], np.asarray(run.eval['recall'])[..., 0]

    return evaluate


def _xtcocotools(problem: OksProblem) -> Evaluate:
    coco, cocoeval = require_engine('xtcocotools')
    gt = coco.COCO()
    gt.anno_file = []
    blocks = [([], [], []), *problem.blocks()]
    images, annotations, results = (list(itertools.chain(*part)) for part in zip(*blocks, strict=True))
    gt.dataset = dict(images=images, categories=problem.categories(), annotations=annotations)
    with contextlib.redirect_stdout(io.StringIO()):
        gt.createIndex()
        dt = gt.loadRes(results)

    def evaluate(images: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        with contextlib.redirect_stdout(io.StringIO()):
            # 'keypoints_crowd' ignores by num_keypoints, which holds what was decided before
            run = cocoeval.COCOeval(gt, dt, 'keypoints_crowd', problem.sigmas)
            if images is not None:
                run.params.imgIds = images.tolist()
            run.evaluate()
            run.accumulate()
        return run.eval['precision'][..., 0], run.eval['recall'][..., 0]

    return evaluate


ENGINES: dict[str, Callable[[OksProblem], Evaluate]] = {'hotcoco': _hotcoco, 'xtcocotools': _xtcocotools}
