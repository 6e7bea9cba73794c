"""Whether definition, dataset, network and evaluator of a config are about the same keypoints and files."""

import copy
import os
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmengine.registry import DefaultScope

from ..annotations import AnnotationError, read_json, read_mat
from ..evaluation.metrics import CocoMetric, MpiiPCKAccuracy, PoseTrack18Metric
from ..keypoint_sets.sides import other_side, side_of
from ..registry import METRICS, MODELS
from ..utils.errors import UserError
from .kinds import class_of, is_subclass
from .people import People
from .report import Finding, found

__all__ = [
    'check_build',
    'check_definition',
    'check_evaluators',
    'check_head_boxes',
    'check_metrics',
    'check_network',
    'needs_area',
]

_USUAL_SIGMAS = (0.005, 0.5)
_SAME_JOINT = 0.5  # pixels by which MPII's two files may differ


def needs_area(evaluators: Sequence[Mapping]) -> bool:
    """Tell whether one of the evaluators divides by the annotated area.

    >>> needs_area([dict(type='CocoMetric', use_area=False)]), needs_area([dict(type='CocoMetric')])
    (False, True)
    """
    return any(
        is_subclass(e, METRICS, CocoMetric)
        and not is_subclass(e, METRICS, PoseTrack18Metric)  # measures in head sizes
        and e.get('use_area', True)
        and not e.get('format_only', False)
        for e in evaluators
    )


def check_definition(metainfo: Mapping[str, object]) -> list[Finding]:
    """Look for keypoints of one side that swap with nothing, and sigmas of another kind.

    Args:
        metainfo: parsed definition; its counts agree, as parsing made sure.
    """
    out = []
    names, flip = metainfo['keypoint_id2name'], metainfo['flip_indices']
    listed = list(names.values())
    # a letter alone may count something, so it is a side only where the other side is there too
    partner = {i: other_side(name, listed) for i, name in names.items()}
    alone = [i for i in names if flip[i] == i and (partner[i] or names[i].lower().startswith(('left', 'right')))]
    where = f'definition {metainfo["dataset_name"]!r}'
    if alone:
        message = '{n} keypoints are named after a side and swap with none: flipped images would be taught wrongly'
        labels = [f'{names[i]}' + (f" (swap='{partner[i]}'?)" if partner[i] else '') for i in alone]
        out.append(found('warning', 'flip-pairs', message, file=where, rows=labels))
    same_side = [
        (names[i], names[j])
        for i, j in metainfo['flip_pairs']
        if side_of(names[i]) and side_of(names[i]) == side_of(names[j])
    ]
    if same_side:
        message = '{n} keypoints swap with one of the same side: flipped images would be taught wrongly'
        out.append(found('error', 'flip-pairs', message, file=where, rows=same_side, label='{0[0]} with {0[1]}'.format))
    sigmas, (low, high) = metainfo['sigmas'], _USUAL_SIGMAS
    if sigmas is None:
        message = 'it has no sigmas, one for each keypoint; metrics of object keypoint similarity (AP) refuse it'
        out.append(found('note', 'sigmas', message, file=where))
    elif not low <= float(np.median(sigmas)) <= high:
        message = (
            f'sigmas are about {np.median(sigmas):g}; usual are {low} to {high} (COCO: .025 eyes to .107 hips), and '
            'AP is near 0 with small and near 1 with large ones'
        )
        out.append(found('warning', 'sigmas', message, file=where))
    return out


def check_build(model: Mapping[str, object] | None) -> list[Finding]:
    """Build the network without values, as training will with them: its sizes have to fit those of the codec.

    Args:
        model: of the config.

    >>> [f.check for f in check_build(dict(type='TopDown', backbone=dict(type='ResNet', depth=51)))]
    ['network']
    """
    if not (model or {}).get('type'):
        return []  # said by the check of components
    try:
        with torch.device('meta'), DefaultScope.overwrite_default_scope('mmpose_dark'):
            MODELS.build(copy.deepcopy(dict(model)))
    except UserError as err:
        return [found('error', 'network', f'it cannot be built: {err}')]
    return []


def check_network(model: Mapping[str, object] | None, num_keypoints: int) -> list[Finding]:
    """Compare the network's outputs with the keypoints of the definition.

    Args:
        model: of the config.
        num_keypoints: of the definition.

    >>> [f.check for f in check_network(dict(head=dict(out_channels=16)), 17)]
    ['out-channels']
    """
    channels = ((model or {}).get('head') or {}).get('out_channels')
    if channels is None or channels == num_keypoints:
        return []
    message = f'model.head.out_channels is {channels}, the definition has {num_keypoints} keypoints: make them equal'
    return [found('error', 'out-channels', message)]


def check_metrics(evaluators: Sequence[Mapping], dataset: object) -> list[Finding]:
    """Build metrics and let them look at the dataset, as a run does before it begins.

    Args:
        evaluators: configs.
        dataset: built, with ``metainfo``.
    """
    out = []
    for evaluator in evaluators:
        try:
            metric = METRICS.build(dict(evaluator))
            metric.dataset_meta = getattr(dataset, 'metainfo', None)
        except (ValueError, OSError, KeyError, TypeError, ImportError) as err:
            out.append(found('error', 'evaluator', f'{evaluator.get("type")} refuses this dataset: {err}'))
    return out


def check_evaluators(
    evaluators: Sequence[Mapping], people: People, *, headbox_file: str | None = None
) -> list[Finding]:
    """Compare the files that evaluators read with the one that the samples come from.

    Args:
        evaluators: configs.
        people: of the dataset's annotation file.
        headbox_file: of an MPII dataset.
    """
    out = []
    for evaluator in evaluators:
        kind = class_of(evaluator, METRICS)
        name = str(evaluator.get('type')) if kind is None else kind.__name__
        if kind is not None and issubclass(kind, MpiiPCKAccuracy):
            if headbox_file:
                out += check_head_boxes(people, headbox_file)
            else:
                message = f'{name} needs head sizes: give the dataset headbox_file (gt_valid.mat)'
                out.append(found('error', 'evaluator-file', message))
        lacking = [i for i, image in people.images.items() if image.crowd_index is None]
        if evaluator.get('iou_type') == 'keypoints_crowd' and lacking:
            message = f"{{n}} images have no crowdIndex, which {name} with iou_type='keypoints_crowd' needs"
            out.append(found('error', 'crowd-index', message, file=people.file, rows=lacking, label='image {}'.format))
        path = evaluator.get('ann_file')
        if path and not evaluator.get('format_only') and '://' not in path:
            out += _check_evaluator_file(name, path, people)
    return out


def _check_evaluator_file(name: str, path: str, people: People) -> list[Finding]:
    if not os.path.exists(path):
        message = f'the ann_file of {name} does not exist (looked from {os.getcwd()})'
        return [found('error', 'evaluator-file', message, file=path)]
    if os.path.isdir(path) or (os.path.exists(people.file) and os.path.samefile(path, people.file)):
        return []
    return _compare_files(name, path, people)


def check_head_boxes(people: People, path: str) -> list[Finding]:
    """Compare MPII's annotations with gt_valid.mat, which has the head sizes of the same people in the same order.

    Args:
        people: of the json file.
        path: of the MATLAB file; what is wrong with the file as a whole is the dataset's to say.
    """
    try:
        truth = read_mat(path, 'pos_gt_src', 'jnt_missing')
        joints, missing = truth['pos_gt_src'].transpose(2, 0, 1), truth['jnt_missing'].T > 0
    except ValueError:  # AnnotationError, or an array of other axes
        return []
    if joints.shape != people.keypoints[..., :2].shape or missing.shape != joints.shape[:2]:
        message = f'it is for {len(joints)} people, {people.file} has {len(people)}'
        return [found('error', 'head-boxes', message, file=path)]
    shared = people.labelled & ~missing
    away = np.abs(people.keypoints[..., :2] + 1 - joints).max(-1) > _SAME_JOINT
    rows = np.flatnonzero((shared & away).any(1) | (people.labelled.any(1) & ~shared.any(1)))
    if not len(rows):
        return []
    message = (
        f'{{n}} of {len(people)} people are others than in {people.file}, or in another order: they would be measured '
        "by somebody else's head; the two files must belong together"
    )
    return [found('error', 'head-boxes', message, file=path, rows=rows, label=people.label)]


def _compare_files(kind: str, path: str, people: People) -> list[Finding]:

    try:
        content = read_json(path)
    except AnnotationError as err:
        return [found('error', 'evaluator-file', str(err), file=path)]
    images = content.get('images') if isinstance(content, dict) else None
    known = {str(image.get('id')) for image in images or () if isinstance(image, dict)}
    lost = [image_id for image_id in people.images if str(image_id) not in known]
    if lost:
        message = f'{kind} reads another file than the dataset, and {{n}} images of the dataset are not in it'
        return [found('error', 'evaluator-file', message, file=path, rows=lost, label='image {}'.format)]
    message = f'{kind} reads another file than the dataset ({people.file}); it has all its images'
    if len(known) > len(people.images):
        message += f', and {len(known) - len(people.images)} more, whose people count as missed'
        return [found('error', 'evaluator-file', message, file=path)]
    return [found('warning', 'evaluator-file', message, file=path)]
