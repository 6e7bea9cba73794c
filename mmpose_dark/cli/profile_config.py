"""What of a config is left when one step of it is profiled, on its own data or on drawn people."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config

from .. import synthetic
from ..config.errors import ConfigError
from ..config.tree import evaluators_of
from ..keypoint_sets import parse_pose_metainfo
from ..registry import DATASETS, METRICS
from ..utils.choices import PHASES
from ..utils.errors import InputError
from ..utils.pose_registry import accepted_arguments
from .apply import apply_common_arguments, read_config

__all__ = ['forget_weights', 'profile_config']

_IMAGES = 16
# Metrics that need no more of the ground truth than boxes and keypoints while they take predictions in.
_PLAIN_METRICS = ('CocoMetric', 'PCKAccuracy', 'AUC', 'EPE', 'NME')


def profile_config(args: argparse.Namespace, folder: str) -> Config:
    """Read the config and leave of it what the mode needs.

    Args:
        args: of ``profile_step.py``.
        folder: takes what the run writes.

    Raises:
        ConfigError: the config has nothing for the mode.
    """
    cfg = read_config(args)
    apply_common_arguments(cfg, args)
    needed = ('train_dataloader', 'optim_wrapper') if args.mode == 'train' else ('test_dataloader', 'test_evaluator')
    missing = [name for name in needed if cfg.get(name) is None]
    if missing:
        raise ConfigError(f'{args.config}: nothing to profile with --mode {args.mode}: it has no {missing[0]}')
    for phase in set(PHASES) - {args.mode}:
        for name in (f'{phase}_cfg', f'{phase}_dataloader', f'{phase}_evaluator'):
            cfg[name] = None
    if args.mode == 'train':
        limit = 'max_iters' if 'max_iters' in cfg.train_cfg else 'max_epochs'
        cfg.train_cfg[limit] = max(cfg.train_cfg.get(limit) or 0, args.warm_up + 2 * args.steps)
    else:
        cfg.optim_wrapper = cfg.param_scheduler = None
    loader = cfg[f'{args.mode}_dataloader']
    for name in ('batch_size', 'num_workers'):
        if getattr(args, name) is not None:
            loader[name] = getattr(args, name)
    cfg.default_hooks = {**(cfg.get('default_hooks') or {}), 'checkpoint': None}
    cfg.custom_hooks = [hook for hook in cfg.custom_hooks if hook['type'] != 'ProgressBarHook']
    cfg.work_dir, cfg.log_level = args.work_dir or f'{folder}/work', 'WARNING'
    cfg.load_from, cfg.resume = None, False
    forget_weights(cfg.model)
    if cfg.get('compile'):
        print('The step is profiled without torch.compile, which would not see the borders of the phases.')
        cfg.compile = None
    if args.synthetic:
        _use_drawn_people(cfg, args, Path(folder, 'people'))
    return cfg


def forget_weights(part: object) -> None:
    """Initialise at random what a config would read from a file or a URL; the config is changed.

    >>> model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='a.pth')))
    >>> forget_weights(model)
    >>> model
    {'backbone': {'init_cfg': None}}
    """
    for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        forget_weights(value)
    if isinstance(part, dict) and 'checkpoint' in (part.get('init_cfg') or {}):
        part['init_cfg'] = None


def _use_drawn_people(cfg: Config, args: argparse.Namespace, root: Path) -> None:
    """Draw people into ``root`` and let the datasets and metrics of ``cfg`` read them instead."""
    images = dict(train=_IMAGES, val=1) if args.mode == 'train' else dict(train=1, val=_IMAGES)
    synthetic.prepare_dataset(root, synthetic.PeopleSettings(**images, width=640, height=480))
    loader = cfg[f'{args.mode}_dataloader']
    samples = (args.warm_up + 3 * args.steps) * loader.batch_size
    annotations = root / 'annotations' / ('train.json' if args.mode == 'train' else 'val.json')
    loader.dataset = _on_drawn_people(loader.dataset, annotations, samples)
    if args.mode == 'test':
        leaf = loader.dataset
        while leaf.get('datasets'):
            leaf = leaf['datasets'][-1]
        cfg.test_evaluator = [
            _metric_of_drawn_people(metric, leaf['ann_file']) for metric in evaluators_of(cfg, 'test')
        ]


def _on_drawn_people(dataset: Mapping, annotations: Path, samples: int) -> dict:
    """Return a dataset's config with its pipeline and keypoints, but the drawn people."""
    if dataset.get('datasets'):
        parts = [_on_drawn_people(part, annotations, samples) for part in dataset['datasets']]
        return {**dataset, 'datasets': parts}
    metainfo = dataset.get('metainfo') or getattr(DATASETS.get(dataset['type']), 'METAINFO', None)
    if not metainfo:
        raise InputError(
            f'{dataset["type"]} has no definition of keypoints to draw people for: give metainfo=dict(from_file=...), '
            'or profile it on its own data, without --synthetic'
        )
    name = parse_pose_metainfo(metainfo)['dataset_name']
    ann_file = str(annotations.with_name(f'{annotations.stem}_{name}.json'))
    people = synthetic.write_as_keypoint_set(annotations, metainfo, ann_file)
    kept = {name: dataset[name] for name in ('pipeline', 'test_mode') if name in dataset}
    return dict(
        kept,
        type='CocoDataset',
        metainfo=metainfo,
        ann_file=ann_file,
        data_prefix=dict(img=str(annotations.parents[1] / 'images')),
        indices=[i % people for i in range(samples)],  # long epochs of few images
    )


def _metric_of_drawn_people(metric: Mapping, ann_file: str) -> dict:
    """Let a metric read the drawn people, or take CocoMetric for one that needs more of its dataset."""
    if metric['type'] not in _PLAIN_METRICS:
        print(f'{metric["type"]} needs its own dataset: CocoMetric stands for it with --synthetic.')
        metric = dict(type='CocoMetric')
    reads_annotations = 'ann_file' in accepted_arguments(METRICS.find(metric['type']))[0]
    return {**metric, 'ann_file': ann_file} if reads_annotations else dict(metric)
