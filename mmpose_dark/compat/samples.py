"""One training step and one test step of a config, on a folder of samples laid out as mmpose's test data are."""

import copy
from pathlib import Path
from typing import TYPE_CHECKING

from mmengine.config import Config

from ..config.tree import datasets_of, evaluators_of
from ..utils.choices import PHASES
from ..utils.errors import InputError

if TYPE_CHECKING:
    from ..engine import PoseRunner

__all__ = ['on_samples', 'step']

# Dataset -> its annotation file and image folder among the samples.
_SAMPLES = {
    'CocoDataset': ('coco/test_coco.json', 'coco/'),
    'CocoWholeBodyDataset': ('coco/test_coco_wholebody.json', 'coco/'),
    'MpiiDataset': ('mpii/test_mpii.json', 'mpii/'),
    'AicDataset': ('aic/test_aic.json', 'aic/'),
    'CrowdPoseDataset': ('crowdpose/test_crowdpose.json', 'crowdpose/'),
    'PoseTrack18Dataset': ('posetrack18/annotations/test_posetrack18_val.json', 'posetrack18/'),
}


def on_samples(cfg: Config, data: Path) -> Config:
    """Return a config with its data replaced by samples, and all that takes long left out.

    Args:
        cfg: not modified.
        data: folder of the samples.

    Raises:
        InputError: a dataset without samples.
    """
    cfg = copy.deepcopy(cfg)
    for phase in PHASES:
        for part in datasets_of(cfg, phase):
            kind = part.config['type']
            if kind not in _SAMPLES:
                raise InputError(f'{part.place}: there are no samples of {kind}; known: {", ".join(_SAMPLES)}')
            ann_file, folder = _SAMPLES[kind]
            part.config.update(data_root='', ann_file=str(data / ann_file), data_prefix=dict(img=f'{data / folder}/'))
            for key in ('bbox_file', 'headbox_file'):  # of the whole dataset
                part.config.pop(key, None)
        cfg[f'{phase}_dataloader'].update(
            batch_size=2, num_workers=0, persistent_workers=False, num_batch_per_epoch=1, drop_last=False
        )
    for evaluator in evaluators_of(cfg, 'test'):
        if evaluator['type'] == 'MpiiPCKAccuracy':  # needs the file of head boxes
            evaluator['type'] = 'PCKAccuracy'
        elif 'ann_file' in evaluator:
            evaluator['ann_file'] = cfg.test_dataloader.dataset.ann_file
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.train_cfg = dict(by_epoch=True, max_epochs=1)
    cfg.default_hooks.checkpoint = None
    cfg.load_from = None  # no downloads
    for part in (cfg.model, cfg.model.backbone):
        part['init_cfg'] = None
    return cfg


def step(cfg: Config, work_dir: Path) -> 'PoseRunner':
    """Train on one batch and test on one.

    Args:
        cfg: of `on_samples`.
        work_dir: for logs.
    """
    from ..engine import PoseRunner

    cfg = copy.deepcopy(cfg)
    cfg.work_dir = str(work_dir)
    cfg.log_level = 'WARNING'
    runner = PoseRunner.from_cfg(cfg)
    runner.train()
    runner.test()
    return runner
