#!/usr/bin/env python
"""Estimate the sigmas of a keypoint set from people who were labelled twice, in the form of a definition file."""

import argparse
import json
import os.path as osp
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import check_suffix, make_parser
from mmpose_dark.cli.errors import user_errors

if TYPE_CHECKING:
    import numpy as np

    from mmpose_dark.annotations.coco_file import CocoContent

EPILOG = """
Images are matched by their names, people of an image by the overlap of their boxes (or by their annotation ids).
The formula is COCO's, sigma^2 = E[d^2 / area] of one annotator from the truth; two who both err count half. Gross
mistakes do not count: the mean is taken from the 75 % quantile, as of a Gaussian (--plain: the mean itself).
"""


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__, epilog=EPILOG)
    parser.add_argument('first', help='annotation file, COCO-style; areas are taken from it')
    parser.add_argument('second', help='the same people, labelled again')
    parser.add_argument('--match', choices=('iou', 'ids'), default='iou', help='how people are matched (%(default)s)')
    parser.add_argument('--least-iou', type=float, default=0.5, help='overlap of one person at the least (%(default)s)')
    parser.add_argument('--truth', action='store_true', help='the second file is exact: only the first one errs')
    parser.add_argument('--plain', action='store_true', help='plain mean, which gross mistakes dominate')
    parser.add_argument('--seed', type=int, default=0, help='of the intervals (%(default)s)')
    parser.add_argument('--out', help='write sigmas, intervals and counts to this .json file')
    args = parser.parse_args()
    check_suffix(parser, args, out=('.json',))
    return args


def squared_distances(first: 'CocoContent', second: 'CocoContent', args: argparse.Namespace) -> 'np.ndarray':
    """Return ``d^2 / area`` (N, K) of the people who are in both files, NaN where a keypoint is not in both.

    Raises:
        InputError: the files have other keypoints, or nobody in common.
    """
    import numpy as np

    from mmpose_dark.utils.errors import InputError

    others = {_name(image): _people(second, image['id']) for image in second.images}
    rows = []
    for image in first.images:
        ours, theirs = _people(first, image['id']), others.get(_name(image), [])
        for i, j in _pairs(ours, theirs, args):
            a, b = (np.reshape(person['keypoints'], (-1, 3)).astype(float) for person in (ours[i], theirs[j]))
            if len(a) != len(b):
                raise InputError(f'{args.first} has {len(a)} keypoints a person, {args.second} has {len(b)}')
            both = (a[:, 2] > 0) & (b[:, 2] > 0)
            area = float(ours[i].get('area') or np.prod(ours[i]['bbox'][2:]))
            rows.append(np.where(both, ((a - b)[:, :2] ** 2).sum(1), np.nan) / max(area, 1.0))
    if len({len(row) for row in rows}) > 1:
        raise InputError(f'{args.first}: people have different numbers of keypoints; give files of one keypoint set')
    if not rows:
        raise InputError(
            f'{args.first} and {args.second} have nobody in common; images are matched by file_name, people by '
            f'--match {args.match}'
        )
    return np.stack(rows)


def _name(image: Mapping[str, object]) -> str:
    return osp.basename(str(image['file_name']))


def _people(content: 'CocoContent', image_id: object) -> list[dict]:
    return [
        person
        for person in content.annotations
        if person['image_id'] == image_id and person.get('keypoints') and person.get('bbox') and not person['iscrowd']
    ]


def _pairs(ours: Sequence[dict], theirs: Sequence[dict], args: argparse.Namespace) -> Sequence[tuple[int, int]]:
    import numpy as np

    from mmpose_dark.evaluation.functional.sigma_estimation import pair_people
    from mmpose_dark.structures import bbox_xywh2xyxy

    if args.match == 'ids':
        places = {person['id']: j for j, person in enumerate(theirs)}
        return [(i, places[person['id']]) for i, person in enumerate(ours) if person['id'] in places]
    boxes = [bbox_xywh2xyxy(np.array([p['bbox'] for p in part], float).reshape(-1, 4)) for part in (ours, theirs)]
    return pair_people(*boxes, least_iou=args.least_iou)


def main() -> None:
    """Estimate, print, and write what was asked for."""
    args = _parse_args()
    import numpy as np

    from mmpose_dark.annotations.coco_file import read_coco
    from mmpose_dark.evaluation.functional.sigma_estimation import LEAST_PAIRS, estimate_sigmas, sigma_intervals
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.errors import InputError
    from mmpose_dark.utils.output_paths import check_outputs

    if args.out:
        check_outputs([args.out], inputs=[args.first, args.second])
    first, second = read_coco(args.first), read_coco(args.second)
    squared = squared_distances(first, second, args)
    counts = np.isfinite(squared).sum(0)
    names = next((c['keypoints'] for c in first.categories if c.get('keypoints')), None)
    names = names if names and len(names) == len(counts) else [f'keypoint_{k}' for k in range(len(counts))]
    few = [f'{name} ({count})' for name, count in zip(names, counts.tolist(), strict=True) if count < LEAST_PAIRS]
    if len(few) == len(counts):
        raise InputError(f'no keypoint was labelled twice in {LEAST_PAIRS} people or more: {", ".join(few[:5])}')
    settings = dict(robust=not args.plain, both_err=not args.truth)
    sigmas = estimate_sigmas(squared, **settings)
    ends = sigma_intervals(squared, seed=args.seed, **settings)
    print(f'{len(squared)} people labelled twice')
    for name, sigma, (low, high), count in zip(names, sigmas, ends, counts, strict=True):
        print(f'  {name:20} {sigma:.4f}  (95 %: {low:.4f} to {high:.4f})  {count} pairs')
    if few:
        print(f'too few pairs to rely on: {", ".join(few)}')
    print(f'sigmas=[{", ".join("None" if np.isnan(sigma) else f"{sigma:.4f}" for sigma in sigmas)}],')
    if args.out:
        plain = [[None if np.isnan(v) else float(v) for v in part] for part in (sigmas, ends[:, 0], ends[:, 1])]
        record = dict(names=names, sigmas=plain[0], low=plain[1], high=plain[2], pairs=counts.tolist(), **settings)
        write_atomic(args.out, json.dumps(record, indent=1, allow_nan=False) + '\n')


if __name__ == '__main__':
    with user_errors('estimate_sigmas.py'):
        main()
