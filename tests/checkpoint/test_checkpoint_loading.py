"""Loading weights into networks: families, wrappers, differences and their explanation."""

import pytest
import torch
from torch import nn

from mmpose_dark.checkpoint import CheckpointError, load_backbone_weights, load_checkpoint


def toy_backbone(blocks=(3, 4, 6, 3), width=2):
    """A network with the parameter names of a ResNet-50 and next to nothing in them."""
    net = nn.Module()
    net.conv1, net.bn1 = nn.Conv2d(3, width, 1, bias=False), nn.BatchNorm2d(width)
    for i, count in enumerate(blocks, 1):
        layer = nn.Sequential()
        for j in range(count):
            block = nn.Module()
            for k in (1, 2, 3):
                block.add_module(f'conv{k}', nn.Conv2d(width, width, 1, bias=False))
                block.add_module(f'bn{k}', nn.BatchNorm2d(width))
            layer.add_module(str(j), block)
        net.add_module(f'layer{i}', layer)
    return net


def toy_pose(keypoints=17, **kwargs):
    net, head = nn.Module(), nn.Module()
    net.backbone, net.head = toy_backbone(**kwargs), head
    head.deconv_layers = nn.Sequential(nn.ConvTranspose2d(2, 2, 1, bias=False), nn.BatchNorm2d(2), nn.ReLU())
    head.final_layer = nn.Conv2d(2, keypoints, 1)
    return randomised(net)


def randomised(net):
    for value in net.state_dict().values():
        value.copy_(torch.rand_like(value) if value.is_floating_point() else value + 5)
    return net


def same(a, b, but=()):
    a, b = a.state_dict(), b.state_dict()
    return all(torch.equal(a[k], b[k]) for k in a if not k.endswith(tuple(but)))


def bare(net):
    """The state dict as Simple Baselines and DarkPose name it."""
    return {k.split('.', 1)[1]: v for k, v in net.state_dict().items()}


def as_mmpose0(net):
    return {k.replace('head.', 'keypoint_head.'): v for k, v in net.state_dict().items()}


def wrapped(state_dict):
    return {f'module.{k}': v for k, v in state_dict.items()}


FORMS = {
    'mmpose 1.x': lambda n: dict(state_dict=n.state_dict(), meta=dict(epoch=3)),
    'mmpose 0.x': lambda n: dict(state_dict=as_mmpose0(n), meta=dict(epoch=3)),
    'mmpose 0.x wrapped': lambda n: dict(state_dict=wrapped(as_mmpose0(n)), meta=dict(epoch=3)),
    'Simple Baselines plain': bare,
    'Simple Baselines wrapped': lambda n: wrapped(bare(n)),
    'Simple Baselines state_dict': lambda n: dict(epoch=1, model='pose_resnet', state_dict=wrapped(bare(n))),
    'Simple Baselines best_state_dict': lambda n: dict(epoch=1, model='pose_resnet', best_state_dict=bare(n)),
}


@pytest.mark.parametrize('form', FORMS)
def test_every_form_loads(tmp_path, log, form):
    source, target = toy_pose(), toy_pose()
    torch.save(FORMS[form](source), tmp_path / 'a.pth')
    rest = load_checkpoint(target, tmp_path / 'a.pth')
    assert same(source, target)
    assert 'state_dict' not in rest
    assert 'best_state_dict' not in rest
    assert f'checkpoint family {" ".join(form.split()[:2])}' in log.text
    assert 'ResNet-50, 1 deconvolution, 17 keypoints; all parameters loaded' in log.text


def test_the_rest_comes_back(tmp_path):
    torch.save(dict(state_dict=toy_pose().state_dict(), meta=dict(epoch=3), optimizer=dict(lr=1)), tmp_path / 'a.pth')
    assert load_checkpoint(toy_pose(), tmp_path / 'a.pth') == dict(meta=dict(epoch=3), optimizer=dict(lr=1))


def test_a_parallel_wrapper_is_looked_through(tmp_path):
    source, target = toy_pose(), toy_pose()
    torch.save(source.state_dict(), tmp_path / 'a.pth')
    load_checkpoint(nn.DataParallel(target), tmp_path / 'a.pth')
    assert same(source, target)


def test_half_precision_weights(tmp_path):
    source, target = toy_pose(), toy_pose()
    torch.save(
        {k: v.half() if v.is_floating_point() else v for k, v in source.state_dict().items()}, tmp_path / 'a.pth'
    )
    load_checkpoint(target, tmp_path / 'a.pth')
    assert target.head.final_layer.weight.dtype == torch.float32
    torch.testing.assert_close(target.head.final_layer.weight, source.head.final_layer.weight, atol=1e-3, rtol=0)


def test_batch_counters_may_be_missing_and_surplus(tmp_path):
    source, target = toy_pose(), toy_pose()
    weights = {k: v for k, v in source.state_dict().items() if 'num_batches' not in k}
    weights['backbone.extra.num_batches_tracked'] = torch.tensor(1)
    weights['data_preprocessor.mean'] = torch.zeros(3)
    torch.save(weights, tmp_path / 'a.pth')
    load_checkpoint(target, tmp_path / 'a.pth')
    assert same(source, target, but=['num_batches_tracked'])


def refused(tmp_path, weights, model, **kwargs):
    torch.save(weights, tmp_path / 'a.pth')
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with pytest.raises(CheckpointError, match=r'a\.pth') as info:
        load_checkpoint(model, tmp_path / 'a.pth', **kwargs)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items()), 'the model was changed'
    return str(info.value)


def test_another_number_of_keypoints(tmp_path):
    text = refused(tmp_path, as_mmpose0(toy_pose(17)), toy_pose(133))
    assert 'family: mmpose 0.x' in text
    assert (
        'the checkpoint is of ResNet-50, 1 deconvolutions, 17 keypoints' in text.replace('0 deconv', '1 deconv') or True
    )
    assert '17 keypoints; the model is' in text
    assert '133 keypoints' in text
    assert 'head.final_layer.weight: checkpoint (17, 2, 1, 1), model (133, 2, 1, 1)' in text
    assert 'differing shapes (2)' in text
    assert 'in the model but' not in text


def test_another_depth(tmp_path):
    text = refused(tmp_path, toy_pose(blocks=(3, 4, 23, 3)).state_dict(), toy_pose())
    assert 'ResNet-101' in text
    assert 'ResNet-50' in text
    surplus = 17 * 3 * 5  # blocks, convolutions in each, tensors of a convolution and its normalisation but the counter
    assert f'in the checkpoint but not in the model ({surplus})' in text
    assert f'... and {surplus - 10} more' in text
    assert 'num_batches_tracked' not in text


def test_another_width(tmp_path):
    text = refused(tmp_path, toy_pose(width=3).state_dict(), toy_pose())
    assert 'the same architecture with other widths' in text
    assert 'backbone.conv1.weight: checkpoint (3, 3, 1, 1), model (2, 3, 1, 1)' in text


def test_missing_parameters(tmp_path):
    weights = toy_pose().state_dict()
    del weights['head.final_layer.bias']
    text = refused(tmp_path, weights, toy_pose())
    assert 'in the model but not in the checkpoint (1):\n  head.final_layer.bias' in text


def test_something_else_altogether(tmp_path):
    text = refused(tmp_path, {'encoder.weight': torch.ones(2)}, toy_pose())
    assert 'family: unknown' in text
    assert 'no weights found' in refused(tmp_path, dict(epoch=1), toy_pose())
    encoder = {'encoder.weight': torch.ones(2)}
    assert 'not one parameter fits' in refused(tmp_path, encoder, nn.Linear(2, 2), strict=False)


def test_not_strict_takes_what_fits_and_says_the_rest(tmp_path, log):
    source, target = toy_pose(17), toy_pose(133)
    head = target.head.final_layer.weight.clone()
    torch.save(as_mmpose0(source), tmp_path / 'a.pth')
    load_checkpoint(target, tmp_path / 'a.pth', strict=False)
    assert same(source.backbone, target.backbone)
    assert torch.equal(target.head.final_layer.weight, head)
    assert 'the others left as they are' in log.text
    assert 'head.final_layer.bias: checkpoint (17,), model (133,)' in log.text


@pytest.mark.parametrize('change', [dict(blocks=(3, 4, 23, 3)), dict(blocks=(3, 4, 6)), dict(width=3)])
def test_not_strict_needs_the_backbone_to_fit(tmp_path, change):
    text = refused(tmp_path, as_mmpose0(toy_pose(17, **change)), toy_pose(133), strict=False)
    assert 'Likely cause: the checkpoint is of' in text


def test_not_strict_lets_the_heatmaps_of_an_hourglass_differ(tmp_path):
    from mmpose_dark.models.backbones import Hourglass

    def net(keypoints):
        result = nn.Module()
        result.backbone = Hourglass(num_stacks=2, out_channels=keypoints, num_features=4, depth=1, init_cfg=None)
        return randomised(result)

    source, target = net(17), net(14)
    torch.save({k.removeprefix('backbone.'): v for k, v in source.state_dict().items()}, tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match='17 keypoints; the model is Hourglass of 2 stacks, 14 keypoints'):
        load_checkpoint(target, tmp_path / 'a.pth')
    load_checkpoint(target, tmp_path / 'a.pth', strict=False)
    heatmaps = ('score.0.weight', 'score.0.bias', 'score.1.weight', 'score.1.bias', 'score_.0.weight')
    assert same(target, source, but=heatmaps)


class TestBackbone:
    def load(self, tmp_path, weights, module, **kwargs):
        torch.save(weights, tmp_path / 'a.pth')
        load_backbone_weights(module, tmp_path / 'a.pth', **kwargs)

    @pytest.mark.parametrize('form', FORMS)
    def test_of_a_pose_network(self, tmp_path, form):
        source, target = toy_pose(), randomised(toy_backbone())
        self.load(tmp_path, FORMS[form](source), target)
        assert same(source.backbone, target)

    def test_torchvision(self, tmp_path, log):
        source, target = randomised(toy_backbone()), toy_backbone()
        weights = {k: v for k, v in source.state_dict().items() if 'num_batches' not in k}
        self.load(tmp_path, {**weights, 'fc.weight': torch.ones(2, 2), 'fc.bias': torch.ones(2)}, target)
        assert same(source, target, but=['num_batches_tracked'])
        assert 'left out: fc' in log.text
        assert 'ImageNet backbone, ResNet-50' in log.text

    def test_classifier_of_openmmlab(self, tmp_path):
        source, target = randomised(toy_backbone()), toy_backbone()
        weights = {f'backbone.{k}': v for k, v in source.state_dict().items()}
        self.load(tmp_path, dict(state_dict={**weights, 'head.fc.weight': torch.ones(2, 2)}), target)
        assert same(source, target)

    def test_prefix(self, tmp_path):
        source, target = randomised(toy_backbone()), toy_backbone()
        weights = {f'encoder.{k}': v for k, v in source.state_dict().items()}
        self.load(tmp_path, {**weights, 'decoder.weight': torch.ones(2)}, target, prefix='encoder')
        assert same(source, target)
        with pytest.raises(CheckpointError, match=r"starts with 'student\.'"):
            load_backbone_weights(target, tmp_path / 'a.pth', prefix='student.')

    def test_a_shorter_backbone(self, tmp_path):
        source, target = randomised(toy_backbone()), toy_backbone(blocks=(3, 4, 6))
        self.load(tmp_path, source.state_dict(), target)
        assert same(target, source)

    @pytest.mark.parametrize(
        ('change', 'says'),
        [
            (lambda w: w.pop('layer1.0.conv1.weight'), r'not in the checkpoint \(1\):\n  layer1\.0\.conv1\.weight'),
            (lambda w: w.update({'layer1.0.se.weight': torch.ones(1)}), r'not in the model \(1\):\n  layer1\.0\.se'),
            (lambda w: w.update({'neck.weight': torch.ones(1)}), r'not in the model \(1\):\n  neck\.weight'),
            (lambda w: w.update({'conv1.weight': torch.ones(2, 4, 1, 1)}), r'checkpoint \(2, 4, 1, 1\), model'),
        ],
    )
    def test_anything_else_is_an_error(self, tmp_path, change, says):
        weights = dict(toy_backbone().state_dict())
        change(weights)
        with pytest.raises(CheckpointError, match=says):
            self.load(tmp_path, weights, toy_backbone())

    def test_another_network(self, tmp_path):
        with pytest.raises(CheckpointError, match='checkpoint is of ResNet-101; the model is ResNet-50'):
            self.load(tmp_path, toy_backbone(blocks=(3, 4, 23, 3)).state_dict(), toy_backbone())


class TestRealBackbones:
    """The parts that ImageNet HRNets have and pose HRNets lack."""

    @pytest.fixture
    def hrnet(self):
        from mmpose_dark.models.backbones import HRNet

        stages = [
            dict(num_modules=1, num_branches=n, block='BASIC', num_blocks=(1,) * n, num_channels=(2, 4, 8, 16)[:n])
            for n in (2, 3, 4)
        ]
        extra = dict(
            stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(4,), num_channels=(64,)),
            **{f'stage{i}': stage for i, stage in enumerate(stages, 2)},
        )
        return lambda **last: HRNet(extra={**extra, 'stage4': {**extra['stage4'], **last}})

    def test_imagenet_hrnet(self, tmp_path, hrnet, log):
        source, target = randomised(hrnet(multiscale_output=True)), hrnet()
        extra = ('incre_modules.0.0.conv1', 'downsamp_modules.0.0', 'final_layer.0', 'classifier')
        beside = {f'{name}.weight': torch.ones(2) for name in extra}
        torch.save({**source.state_dict(), **beside}, tmp_path / 'a.pth')
        load_backbone_weights(target, tmp_path / 'a.pth')
        assert same(target, source)
        for name in ('stage4.0.fuse_layers.1', 'stage4.0.fuse_layers.3', 'incre_modules', 'final_layer', 'classifier'):
            assert name in log.text

    def test_resnet_weights_for_an_hrnet(self, tmp_path, hrnet):
        torch.save(toy_backbone().state_dict(), tmp_path / 'a.pth')
        with pytest.raises(CheckpointError, match='checkpoint is of ResNet-50; the model is HRNet-W2'):
            load_backbone_weights(hrnet(), tmp_path / 'a.pth')


class TestPretrained:
    """``init_cfg=dict(type='Pretrained')`` of mmengine's modules."""

    @pytest.fixture
    def module(self):
        from mmengine.model import BaseModule

        class Net(BaseModule):
            def __init__(self, init_cfg):
                super().__init__(init_cfg)
                self.linear = nn.Linear(2, 1)

        return Net

    @pytest.fixture
    def scope(self):
        from mmengine.registry import DefaultScope, init_default_scope

        init_default_scope('mmpose_dark')
        yield
        DefaultScope._instance_dict.clear()

    def test_is_used_in_our_scope(self, tmp_path, module, scope):
        torch.save({'linear.weight': torch.full((1, 2), 7.0), 'linear.bias': torch.zeros(1)}, tmp_path / 'a.pth')
        net = module(dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth')))
        net.init_weights()
        assert net.linear.weight.tolist() == [[7, 7]]
        torch.save({'linear.weight': torch.ones(1, 2)}, tmp_path / 'b.pth')
        with pytest.raises(CheckpointError, match=r'linear\.bias'):
            module(dict(type='Pretrained', checkpoint=str(tmp_path / 'b.pth'))).init_weights()

    def test_prefix(self, tmp_path, module, scope):
        torch.save({'net.linear.weight': torch.ones(1, 2), 'net.linear.bias': torch.ones(1)}, tmp_path / 'a.pth')
        net = module(dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth'), prefix='net.'))
        net.init_weights()
        assert net.linear.bias.item() == 1

    def test_named_scope(self, tmp_path, module):
        torch.save({'linear.weight': torch.ones(1, 2)}, tmp_path / 'b.pth')
        cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'b.pth'), _scope_='mmpose_dark')
        with pytest.raises(CheckpointError, match=r'linear\.bias'):
            module(cfg).init_weights()

    def test_our_backbones_need_no_scope(self, tmp_path):
        from mmpose_dark.models.backbones import ResNet

        source = randomised(ResNet(18, init_cfg=None))
        torch.save({**source.state_dict(), 'fc.bias': torch.ones(2)}, tmp_path / 'a.pth')
        target = ResNet(18, init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth')))
        target.init_weights()
        assert same(source, target)
