"""Whether sigmas and the sizes of people leave AP a meaning."""

import numpy as np

from .people import People
from .report import Finding, found

__all__ = ['check_sigmas']

_ROUNDING = 0.408  # pixels: root mean square distance of a point from the nearest whole pixel, sqrt(2 / 12)
_STRICT, _LOOSE = 0.95, 0.95
_SHIFT = 0.1  # of the person's size
_ENOUGH = 20  # people before their median size is judged


def check_sigmas(people: People, sigmas: np.ndarray | None) -> list[Finding]:
    """Look for sigmas with which AP says nothing about these people.

    AP counts similarities ``exp(-d^2 / (2 area (2 sigma)^2))`` from .5 to .95. Judged at the median person:

    - too small: labels that are rounded to whole pixels, and nothing else, cost more than .95 allows; a perfect network
      could not reach AP's last threshold;
    - too large: all keypoints shifted by a tenth of the square root of the area, which anybody sees, still score above
      .95, so that AP is near 1 whatever the network does. With COCO's sigmas such a shift scores .65;
    - zero: the exponent divides by them; equal: all joints count as equally exact, where eyes and hips differ fourfold
      in COCO's measurement (a note).

    Args:
        people: the annotations.
        sigmas: (K,) of the definition; None where it has none.

    >>> nobody = np.zeros((0, 2, 3))
    >>> check_sigmas(People('a.json', {}, [], [], [], nobody[:, 0], nobody, nobody[:, 0, 0], [], [], []), None)
    []
    """
    if sigmas is None or not len(sigmas):
        return []
    sigmas = np.asarray(sigmas, np.float64)
    if (sigmas <= 0).any():
        rows = np.flatnonzero(sigmas <= 0).tolist()
        message = 'sigmas of {n} keypoints are 0 or less: object keypoint similarity divides by them'
        return [found('error', 'sigmas-meaning', message, file=people.file, rows=rows, label='keypoint {}'.format)]
    out = []
    if len(sigmas) > 2 and np.ptp(sigmas) < 1e-9:
        message = (
            f'all sigmas are {sigmas[0]:g}: every keypoint counts as equally exact, and AP compares with no other '
            "dataset's; tools/analysis_tools/estimate_sigmas.py measures them on people labelled twice"
        )
        out.append(found('note', 'sigmas-meaning', message, file=people.file))
    areas = people.area[people.valid & (np.nan_to_num(people.area) > 0)]
    if len(areas) < _ENOUGH:
        return out
    area = float(np.median(areas))
    rounded, shifted = (float(np.mean(_similarity(d, area, sigmas))) for d in (_ROUNDING, _SHIFT * np.sqrt(area)))
    if rounded < _STRICT:
        message = (
            f'with sigmas of about {np.median(sigmas):g} and people of {np.sqrt(area):.0f} pixels (square root of the '
            f'median area), labels rounded to whole pixels score {rounded:.2f}: even a perfect network fails AP at '
            '.95; larger sigmas are needed, or images of higher resolution'
        )
        out.append(found('warning', 'sigmas-meaning', message, file=people.file))
    if shifted > _LOOSE:
        message = (
            f'with sigmas of about {np.median(sigmas):g}, all keypoints off by a tenth of the person score '
            f"{shifted:.2f}: AP is near 1 for bad predictions too (COCO's sigmas give .65); measure them on people "
            'labelled twice, tools/analysis_tools/estimate_sigmas.py'
        )
        out.append(found('warning', 'sigmas-meaning', message, file=people.file))
    return out


def _similarity(distance: float, area: float, sigmas: np.ndarray) -> np.ndarray:
    return np.exp(-(distance**2) / (2 * area * (2 * sigmas) ** 2))
