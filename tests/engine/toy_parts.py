"""A dataset, a network and a metric that are small enough to train many times in a test."""

import os
import signal
import time

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from torch import nn
from torch.utils.data import Dataset

from mmpose_dark.datasets.sample_key import SampleKey
from mmpose_dark.registry import DATASETS, FUNCTIONS, HOOKS, METRICS, MODELS


@DATASETS.register_module(force=True)
class ToyDataset(Dataset):
    """Noisy points on a plane; the noise is drawn from the key, as augmentation is."""

    def __init__(self, size=24, noise=0.1, bad=()):
        rng = np.random.default_rng(1)
        self.x = rng.normal(size=(size, 3, 4, 4)).astype(np.float32)
        self.y = self.x.mean((1, 2, 3))
        self.noise = noise
        self.bad = set(bad)
        self.metainfo = dict(dataset_name='toy', sigmas=np.array([0.1, 0.2]))

    def __len__(self):
        return len(self.x)

    def __getitem__(self, key):
        key = key if isinstance(key, SampleKey) else SampleKey(key, 0, 0)
        if key.index in self.bad:
            return dict(bad_samples=_Bad(f'toy_{key.index}.png', 'cut off'))
        noise = np.random.default_rng((key.seed, key.epoch, key.index)).normal(size=self.x[0].shape) * self.noise
        x = torch.from_numpy(self.x[key.index] + noise.astype(np.float32))
        return dict(inputs=x, data_samples=dict(y=float(self.y[key.index]), id=key.index))


class _Bad:
    def __init__(self, path, reason):
        self.path, self.reason, self.id, self.img_id = path, reason, 0, 0


@FUNCTIONS.register_module(force=True)
def toy_collate(batch):
    good = [item for item in batch if 'inputs' in item]
    return dict(
        inputs=[item['inputs'] for item in good],
        data_samples=[item['data_samples'] for item in good],
        bad_samples=[item['bad_samples'] for item in batch if 'bad_samples' in item],
    )


@MODELS.register_module(force=True)
class ToyModel(BaseModel):
    """Two convolutions, with dropout so that the global generator matters."""

    def __init__(self, width=4, dropout=0.3, norm=True):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1)
        self.bn = nn.BatchNorm2d(width) if norm else nn.Identity()
        self.drop = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        x = torch.stack(list(inputs)).to(self.conv1.weight.device)
        out = self.conv2(self.drop(self.bn(self.conv1(x)).relu())).mean((1, 2, 3))
        if mode == 'tensor':
            return out
        if mode == 'predict':
            return [dict(id=s['id'], error=abs(float(o) - s['y'])) for o, s in zip(out, data_samples, strict=True)]
        return dict(loss=(out - torch.tensor([s['y'] for s in data_samples], device=out.device)).square().mean())


@METRICS.register_module(force=True)
class ToyMetric(BaseMetric):
    """Mean error, the number of samples, and their order as a number."""

    default_prefix = 'toy'

    def process(self, data_batch, data_samples):
        self.results += [(s['id'], s['error']) for s in data_samples]

    def compute_metrics(self, results):
        ids = [i for i, _ in results]
        in_order = float(ids == sorted(ids))
        return dict(error=float(np.mean([e for _, e in results])), count=len(ids), unique=len(set(ids)), order=in_order)


@HOOKS.register_module(force=True)
class KillHook(Hook):
    """End the process as the environment says: KILL_AT=<iteration>, KILL_WITH=<signal number>."""

    priority = 'LOWEST'

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter + 1 == int(os.environ.get('KILL_AT', -1)):
            os.kill(os.getpid(), int(os.environ.get('KILL_WITH', signal.SIGKILL)))
            time.sleep(1)
