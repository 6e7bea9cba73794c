"""Small networks and samples that tests share."""

import numpy as np
import torch
from mmengine.structures import InstanceData

from mmpose_dark.inference import init_model
from mmpose_dark.registry import MODELS
from mmpose_dark.structures import PoseDataSample

# Networks sum in another order in batches of other sizes, on other processors and with other numbers of threads; the
# nearly flat heatmaps of random weights turn 1e-6 of that into up to 0.002 input pixels (seen on Intel and AMD).
SAME_POINT = 0.02

CODEC = dict(type='MSRAHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=1, unbiased=True)
FLIP_INDICES = [0, 2, 1, 3]


def hrnet_extra(width, *, blocks=4, modules=(1, 4, 3), stem_blocks=4, stem_channels=64):
    """The published layout of HRNet at any width."""
    stages = dict(
        stage1=dict(
            num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(stem_blocks,), num_channels=(stem_channels,)
        )
    )
    for i, count in enumerate(modules, start=2):
        channels = tuple(width * 2**j for j in range(i))
        stages[f'stage{i}'] = dict(
            num_modules=count, num_branches=i, block='BASIC', num_blocks=(blocks,) * i, num_channels=channels
        )
    return stages


def tiny_hrnet(**kwargs):
    extra = hrnet_extra(8, blocks=1, modules=(1, 1, 1), stem_blocks=1, stem_channels=16)
    return dict(type='HRNet', extra=extra, **kwargs)


def tiny_topdown(*, seed=0, head=None, **kwargs):
    """A model of four keypoints with weights that give positive heatmaps of some contrast."""
    torch.manual_seed(seed)
    head = dict(
        type='HeatmapHead', in_channels=8, out_channels=4, deconv_out_channels=None, decoder=CODEC, **(head or {})
    )
    model = MODELS.build(dict(type='TopDown', backbone=tiny_hrnet(), head=head, **kwargs))
    model.head.final_layer.bias.data.fill_(5.0)
    return model


def sample(rng, *, size=(48, 64), keypoints=4, flip_indices=FLIP_INDICES):
    """A sample as a pipeline without GenerateTarget makes it."""
    made = PoseDataSample(
        metainfo=dict(
            input_size=size,
            input_center=rng.uniform(50, 200, 2).astype(np.float32),
            input_scale=rng.uniform(80, 300, 2).astype(np.float32),
            flip_indices=flip_indices,
        )
    )
    made.gt_instances = InstanceData(
        bboxes=rng.uniform(0, 100, (1, 4)).astype(np.float32),
        bbox_scores=np.ones(1, np.float32),
        keypoints=rng.uniform(0, 100, (1, keypoints, 2)).astype(np.float32),
        transformed_keypoints=rng.uniform(4, 44, (1, keypoints, 2)).astype(np.float32),
        keypoints_visible=(rng.random((1, keypoints)) > 0.3).astype(np.float32),
    )
    return made


def batch(seed, count, **kwargs):
    """Normalised images and their samples."""
    rng = np.random.default_rng(seed)
    images = torch.from_numpy(rng.standard_normal((count, 3, 64, 48)).astype(np.float32))
    return images, [sample(rng, **kwargs) for _ in range(count)]


def save_random_weights(config, folder):
    """Write weights of a config's network that are large enough for peaks, and return the file."""
    torch.manual_seed(0)
    model = init_model(config)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
    path = folder / 'tiny.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return str(path)
