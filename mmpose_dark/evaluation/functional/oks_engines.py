"""The programs that match detections to ground truth and accumulate precision and recall.

All take the same arrays and return the same values. ``numpy`` is the matching of this package; the others are packages
that are not imported before they are used.
"""

import contextlib
import importlib
import io
import itertools
import warnings
from collections.abc import Callable
from types import ModuleType

import numpy as np

from ...utils.errors import InputError, MissingPackageError
from .oks_matching import match_people
from .oks_problem import OksProblem
from .weighted_ap import ap_table, weighted_precision

__all__ = ['ENGINES', 'Evaluate', 'require_engine']

INSTALL = {
    'hotcoco': 'pip install hotcoco',
    # its wheels stop at NumPy 1, so it is compiled here
    'xtcocotools': 'pip install cython numpy setuptools wheel && '
    'pip install --no-build-isolation --no-binary xtcocotools xtcocotools',
}

# a function of (image numbers or None for all) -> precision (T, R, C, A) and recall (T, C, A), -1: no ground truth;
# T thresholds, R recalls, C categories, A areas: all, medium (32^2 to 96^2 square pixels), large
Evaluate = Callable[[np.ndarray | None], tuple[np.ndarray, np.ndarray]]


def require_engine(name: str) -> tuple[ModuleType, ...]:
    """Import and return the engine's modules; none where it is this package.

    Raises:
        ImportError: it does not import; the message says how to install it.
        ValueError: no engine of that name.
    """
    if name not in ENGINES:
        raise InputError(f'engine {name!r} is unknown; use one of {", ".join(ENGINES)}')
    if name == 'numpy':
        return ()
    try:
        if name == 'hotcoco':
            return (importlib.import_module('hotcoco'),)
        return importlib.import_module('xtcocotools.coco'), importlib.import_module('xtcocotools.cocoeval')
    except (ImportError, ValueError, AttributeError) as err:  # the last two: built for another NumPy
        raise MissingPackageError(
            f'engine={name!r} needs the package {name}, which did not import ({err}). Install it with {INSTALL[name]}, '
            "or use engine='numpy', which gives the same values"
        ) from err


def _numpy(problem: OksProblem) -> Evaluate:
    matches = match_people(problem)
    tables = [ap_table(matches, category) for category in range(1, problem.num_categories + 1)]

    def evaluate(chosen: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        weights = np.ones(problem.num_images)
        if chosen is not None:
            weights[:] = 0
            weights[chosen - 1] = 1
        found = [weighted_precision(table, weights) for table in tables]
        return np.stack([precision for precision, _ in found], 2), np.stack([recall for _, recall in found], 1)

    return evaluate


def _hotcoco(problem: OksProblem) -> Evaluate:
    (hotcoco,) = require_engine('hotcoco')
    params = hotcoco.Params('keypoints')
    params.kpt_oks_sigmas = problem.sigmas.tolist()

    def evaluate(chosen: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        with warnings.catch_warnings():
            # it says so whenever the sigmas are not COCO's, which is what other datasets need
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


ENGINES: dict[str, Callable[[OksProblem], Evaluate]] = {
    'numpy': _numpy,
    'hotcoco': _hotcoco,
    'xtcocotools': _xtcocotools,
}
