#!/usr/bin/env python
r"""Say what kinds of error a result file has, and what each costs in AP.

  python tools/analysis_tools/analyze_errors.py data/coco/annotations/person_keypoints_val2017.json results.json \
      --definition coco --out errors

``results.json`` is in COCO's results format, as `predictions.json` of a report or ``outfile_prefix`` of the metric
gives it. docs/reports.md says what the kinds are.
"""

import argparse
import json
import os.path as osp
import sys
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('annotations', help='annotation file in the form of COCO')
    parser.add_argument('results', help="file in COCO's results format")
    parser.add_argument('--definition', default='coco', help='keypoint set: a name or a file (default: coco)')
    parser.add_argument('--box-area', action='store_true', help='0.53 of the box as area, as CrowdPose and AIC have it')
    parser.add_argument('--out', metavar='DIR', help='write errors.json and errors.html')
    return parser.parse_args()


def main() -> None:
    """Read, diagnose, print and write."""
    args = parse_args()
    import numpy as np

    from mmpose_dark.evaluation.functional.error_costs import diagnose
    from mmpose_dark.evaluation.functional.oks_eval import oks_problem
    from mmpose_dark.evaluation.functional.oks_ground_truth import OksGroundTruth
    from mmpose_dark.evaluation.reports.errors import error_sections, error_summary, error_text
    from mmpose_dark.evaluation.reports.page import make_page
    from mmpose_dark.keypoint_sets import numbers_of, parse_pose_metainfo
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.output_paths import check_outputs

    outputs = [Path(args.out) / name for name in ('errors.json', 'errors.html')] if args.out else []
    check_outputs(outputs, inputs=[args.annotations, args.results])
    meta = parse_pose_metainfo(dict(from_file=args.definition))
    sigmas = np.asarray(numbers_of(meta, 'sigmas', 'analyze_errors.py (OKS)'), np.float64)
    wholebody = meta['num_keypoints'] == 133
    truth = OksGroundTruth.read(args.annotations, wholebody=wholebody)
    kind = 'keypoints_wholebody' if wholebody else 'keypoints'
    problem = oks_problem(truth, args.results, iou_type=kind, sigmas=sigmas, use_area=not args.box_area)
    names = list(meta['keypoint_id2name'].values())
    summary = error_summary(diagnose(problem, meta['flip_pairs']), names, truth.img_sizes)
    print(error_text(summary))
    if outputs:
        write_atomic(outputs[0], json.dumps(summary, indent=1) + '\n')
        write_atomic(outputs[1], make_page('Kinds of error', args.results, error_sections(summary)))
        print(f'\n{outputs[1]}')


if __name__ == '__main__':
    with user_errors('analyze_errors.py'):
        main()
