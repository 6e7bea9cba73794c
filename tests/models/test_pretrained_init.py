import pytest
import torch
from pose_nets import tiny_hrnet, tiny_topdown

from mmpose_dark.models.base_module import split_pretrained
from mmpose_dark.registry import MODELS


@pytest.mark.parametrize('prefix', [None, 'backbone.'])
def test_backbone_reads_the_backbone_of_a_pose_network(tmp_path, prefix):
    source = tiny_topdown(seed=1)
    torch.save(dict(state_dict=source.state_dict()), tmp_path / 'pose.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'pose.pth'), prefix=prefix)
    model = MODELS.build(
        dict(
            type='TopDown',
            backbone=tiny_hrnet(init_cfg=init_cfg),
            head=dict(type='HeatmapHead', in_channels=8, out_channels=4, deconv_out_channels=None),
        )
    )
    model.init_weights()
    for name, value in source.backbone.state_dict().items():
        assert torch.equal(model.backbone.state_dict()[name], value), name
    assert model.head.final_layer.weight.std() < 2e-3
    assert model.backbone.init_cfg == init_cfg


def test_whole_model_is_read_as_far_as_it_fits(tmp_path):
    source = tiny_topdown(seed=1)
    weights = source.state_dict()
    weights['head.final_layer.weight'] = torch.ones(9, 8, 1, 1)
    torch.save(dict(state_dict=weights), tmp_path / 'pose.pth')
    model = tiny_topdown(init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'pose.pth')))
    model.init_weights()
    assert torch.equal(model.backbone.conv1.weight, source.backbone.conv1.weight)
    assert model.head.final_layer.weight.shape == (4, 8, 1, 1)
    assert model.head.final_layer.weight.std() < 2e-3


def test_zero_initialisation_spares_pretrained_weights(tmp_path):
    source = MODELS.build(dict(type='ResNet', depth=18))
    torch.save(source.state_dict(), tmp_path / 'r18.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'r18.pth'))
    model = MODELS.build(dict(type='ResNet', depth=18, init_cfg=init_cfg))
    model.init_weights()
    assert model.layer1[0].bn2.weight.unique().tolist() == [1.0]
    assert torch.equal(model.conv1.weight, source.conv1.weight)


@pytest.mark.parametrize('init_cfg', [dict(type='Pretrained'), [dict(type='Pretrained', checkpoint='a')] * 2])
def test_wrong_entries_are_named(init_cfg):
    with pytest.raises(ValueError, match='init_cfg needs one'):
        split_pretrained(init_cfg)
