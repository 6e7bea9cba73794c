"""The stages of `mmpose-dark predict --engine ray`, each made in its workers from the command's arguments."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .box_arguments import box_format
from .detector_arguments import make_detector
from .network_arguments import Network, load_network

if TYPE_CHECKING:
    from ..inference.bulk.stages import Made, Stage
    from ..inference.people_choice import PeopleChoice

__all__ = ['bulk_stages']


def bulk_stages(args: argparse.Namespace, network: Network, folder: Path) -> 'list[Stage]':
    """Return the detector, where boxes are not given, and the network.

    Args:
        args: of the command's parser.
        network: of `choose_network`.
        folder: of the output.

    Raises:
        InputError: people are chosen by values that are not in their range.
    """
    from ..inference.bulk.stages import Stage
    from ..inference.people_choice import PeopleChoice

    choice = PeopleChoice(max_people=args.max_people, region=args.region, nms_thr=args.nms_thr)
    looks = not (args.bboxes or args.bbox or args.whole_image)
    people = partial(_make_keypoints, args, network, folder, choice)
    stages = [Stage('keypoints', people, args.workers, args.gpus_per_worker)]
    if looks:
        stages.insert(0, Stage('detector', partial(_make_boxes, args, network, choice), args.detector_workers))
    return stages


def _make_boxes(args: argparse.Namespace, network: Network, choice: 'PeopleChoice') -> Callable:
    """Return what finds the boxes of a shard; called in each worker."""
    from ..config.lookup import find_config
    from ..config.reading import load_config
    from ..inference.bulk.detecting import find_boxes
    from ..inference.bulk.stages import Made
    from ..inference.crops import ReadStage, build_test_pipeline

    cfg = load_config(find_config(network.config), {**network.options, **(args.cfg_options or {})})
    read = ReadStage(build_test_pipeline(cfg))
    detector = make_detector(args.detector, score_thr=args.bbox_thr)

    def work(shard: tuple, carried: object) -> 'Made':
        looked = find_boxes(shard[2], read, detector, choice, threads=args.num_workers or 0)
        return Made(len(looked), sum(len(boxes) for boxes, _ in looked), looked)

    return work


def _make_keypoints(args: argparse.Namespace, network: Network, folder: Path, choice: 'PeopleChoice') -> Callable:
    """Return what finds the keypoints of a shard and writes it; called in each worker."""
    from ..inference import Inferencer, WholeImage, read_boxes
    from ..inference.bulk.shards import label_shard, write_shard
    from ..inference.bulk.stages import Made

    file = read_boxes(args.bboxes, score_thr=args.bbox_thr) if args.bboxes else None
    model = load_network(args, network)
    inferencer = Inferencer(
        model, batch_size=args.batch_size, num_workers=args.num_workers, detector=WholeImage(), choice=choice
    )

    def work(shard: tuple, carried: object) -> 'Made':
        looked, kind = carried, 'xyxy'
        if carried is None and not args.whole_image:
            kind = box_format(args)
            looked = [((file.boxes_for(item.box_name) or []) if file else args.bbox, '') for item in shard[2]]
        results = label_shard(shard, inferencer, looked, box_format=kind)
        write_shard(folder, shard, results, model.dataset_meta)
        return Made(len(results), sum(len(result.poses) for result in results))

    return work
