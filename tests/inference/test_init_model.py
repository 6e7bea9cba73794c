"""init_model: configs and weights found and loaded, mistakes named."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmpose_dark.apis import dataset_meta_from_config, init_model
from mmpose_dark.checkpoint import CheckpointError
from mmpose_dark.config.reading import ConfigError


def test_model_is_ready_to_use_and_nothing_was_downloaded(tiny_config: str, tiny_checkpoint: str) -> None:
    model = init_model(tiny_config, tiny_checkpoint)
    saved = torch.load(tiny_checkpoint, weights_only=True)['state_dict']
    own = model.state_dict()
    assert set(own) == set(saved)
    assert all(torch.equal(own[k], saved[k]) for k in saved)
    assert not model.training
    assert model.cfg.model.backbone.init_cfg is None  # the config names a URL that does not exist
    assert model.dataset_meta['dataset_name'] == 'coco'
    assert model.dataset_meta['keypoint_id2name'][16] == 'right_ankle'


def test_config_object_is_not_modified(tiny_config: str) -> None:
    cfg = Config.fromfile(tiny_config)
    before = cfg.to_dict()
    model = init_model(cfg, cfg_options={'model.test_cfg.flip_test': True})
    assert cfg.to_dict() == before
    assert model.test_cfg['flip_test'] is True


def test_name_of_the_zoo_works_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = init_model('hrnet_small_lspet_128x96_dark')
    assert model.dataset_meta['num_keypoints'] == 14
    assert sum(p.numel() for p in model.parameters()) < 2_000_000


def test_typo_in_config_is_named_before_anything_is_built(tiny_config: str) -> None:
    with pytest.raises(ConfigError, match=r'model\.backbone.*depht.*did you mean'):
        init_model(tiny_config, cfg_options={'model.backbone.depht': 34})


def test_checkpoint_of_another_network(tiny_config: str, tiny_checkpoint: str) -> None:
    with pytest.raises(CheckpointError, match='final_layer'):
        init_model(tiny_config, tiny_checkpoint, cfg_options={'model.head.out_channels': 14})


def test_missing_checkpoint(tiny_config: str) -> None:
    with pytest.raises(CheckpointError, match=r'nothing_here\.pth'):
        init_model(tiny_config, 'nothing_here.pth')


def test_device_that_is_not_there(tiny_config: str) -> None:
    with pytest.raises(ValueError, match='device'):
        init_model(tiny_config, device='cuda:99')


def test_neither_path_nor_config() -> None:
    with pytest.raises(TypeError, match='config must be'):
        init_model(3)


def test_definition_saved_in_the_checkpoint_goes_first(tiny_config: str, tiny_checkpoint: str, tmp_path: Path) -> None:
    saved = torch.load(tiny_checkpoint, weights_only=True)
    meta = dataset_meta_from_config(Config.fromfile(tiny_config))
    names = {i: f'point_{i}' for i in range(17)}
    saved['meta'] = dict(dataset_meta=dict(keypoint_id2name=names, keypoint_colors=[[1, 2, 3]] * 17))
    torch.save(saved, tmp_path / 'named.pth')
    found = init_model(tiny_config, tmp_path / 'named.pth').dataset_meta
    assert found['keypoint_id2name'][3] == 'point_3'
    assert found['keypoint_colors'].dtype == np.uint8
    assert found['keypoint_colors'].shape == (17, 3)
    assert found['skeleton_links'] == meta['skeleton_links']  # what the checkpoint leaves out


@pytest.mark.parametrize(
    ('dataset', 'count'),
    [
        (dict(type='AicDataset'), 14),
        (dict(type='CocoDataset', metainfo=dict(from_file='crowdpose')), 14),
        (dict(type='Wrapper', dataset=dict(type='CocoDataset')), 17),
        (dict(type='Wrapper', datasets=[dict(type='AicDataset'), dict(type='CocoDataset')]), 14),
    ],
)
def test_definition_from_the_config(dataset: dict, count: int) -> None:
    assert dataset_meta_from_config(dict(val_dataloader=dict(dataset=dataset)))['num_keypoints'] == count


def test_no_dataset_in_the_config_means_no_definition() -> None:
    assert dataset_meta_from_config(dict(model=dict(type='TopDown'))) is None
