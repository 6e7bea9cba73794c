import numpy as np
import pytest
import torch
from mmengine.optim import OptimWrapper
from pose_nets import CODEC, FLIP_INDICES, SAME_POINT, batch, tiny_topdown

from mmpose_dark.models import TopDown
from mmpose_dark.registry import KEYPOINT_CODECS, MODELS
from mmpose_dark.structures import get_warp_matrix, transform_points
from mmpose_dark.utils.errors import InputTypeError

PREPROCESSOR = dict(type='PoseDataPreprocessor', mean=[120.0] * 3, std=[60.0] * 3, bgr_to_rgb=True)


def test_both_names_are_registered():
    assert MODELS.get('TopDown') is MODELS.get('TopdownPoseEstimator') is TopDown


def test_tensor_mode_gives_heatmaps():
    model = tiny_topdown().eval()
    images, _ = batch(0, 3)
    with torch.no_grad():
        assert model(images, None, mode='tensor').shape == (3, 4, 16, 12)
        assert torch.equal(model(images), model.head(model.backbone(images)))


def test_results_are_in_image_coordinates():
    """The codec's points, sent through the inverse of the crop's matrix."""
    model = tiny_topdown().eval()
    images, samples = batch(1, 3)
    for one in samples:  # the crop has the input's aspect ratio, as TopdownAffine makes it
        one.set_metainfo(dict(input_scale=np.array([0.75, 1.0], np.float32) * one.input_scale[1]))
    with torch.no_grad():
        results = model(images, samples, mode='predict')
        heatmaps = model(images).numpy()
    codec = KEYPOINT_CODECS.build(CODEC)
    for one, maps in zip(results, heatmaps, strict=True):
        keypoints, scores = codec.decode(maps)
        size = np.array(one.input_size)
        expected = (keypoints / size - 0.5) * one.input_scale + one.input_center
        np.testing.assert_allclose(one.pred_instances.keypoints, expected, atol=1e-3)  # rounding of 400 in float32
        np.testing.assert_array_equal(one.pred_instances.keypoint_scores, scores)
        np.testing.assert_array_equal(one.pred_instances.bboxes, one.gt_instances.bboxes)
        np.testing.assert_array_equal(one.pred_instances.bbox_scores, one.gt_instances.bbox_scores)
        # The warp of TopdownAffine maps width to width - 1 nowhere: it is this linear map up to half a pixel.
        back = get_warp_matrix(one.input_center, one.input_scale, 0.0, output_size=one.input_size, inv=True)
        assert np.abs(transform_points(keypoints[0], back) - expected[0]).max() < one.input_scale.max() / 40


@pytest.mark.parametrize('shift', [False, True])
@pytest.mark.parametrize('flip_batch', [False, True])
def test_flip_test_equals_its_definition(shift, flip_batch):
    options = dict(flip_test=True, shift_heatmap=shift, flip_batch=flip_batch, output_heatmaps=True)
    model = tiny_topdown(test_cfg=options).eval()
    images, samples = batch(2, 3)
    with torch.no_grad():
        results = model(images, samples, mode='predict')
        straight, mirrored = model(images), model(images.flip(3))[:, FLIP_INDICES].flip(3)
    if shift:
        mirrored[..., 1:] = mirrored[..., :-1].clone()
    expected = (straight + mirrored) / 2
    for one, maps in zip(results, expected, strict=True):
        torch.testing.assert_close(one.pred_fields.heatmaps, maps)


def test_flip_test_of_a_mirrored_image_mirrors_the_keypoints():
    model = tiny_topdown(test_cfg=dict(flip_test=True)).eval()
    images, samples = batch(3, 2)
    for one in samples:
        one.set_metainfo(dict(input_center=np.array([24, 32.0]), input_scale=np.array([48, 64.0])))
    with torch.no_grad():
        a = np.stack([s.pred_instances.keypoints[0] for s in model(images, samples, mode='predict')])
        b = np.stack([s.pred_instances.keypoints[0] for s in model(images.flip(3), samples, mode='predict')])
    b[..., 0] = 44 - b[..., 0]  # heatmap column x of 12 becomes 11 - x, and a column is four pixels
    np.testing.assert_allclose(b[:, FLIP_INDICES], a, atol=SAME_POINT)


def test_batch_equals_one_by_one():
    model = tiny_topdown(test_cfg=dict(flip_test=True)).eval()
    images, samples = batch(4, 5)
    with torch.no_grad():
        together = [s.pred_instances.keypoints for s in model(images, samples, mode='predict')]
        single = [
            model(images[i : i + 1], samples[i : i + 1], mode='predict')[0].pred_instances.keypoints for i in range(5)
        ]
    np.testing.assert_allclose(together, single, atol=SAME_POINT * 5)  # a box is up to five inputs wide


def test_chosen_keypoints():
    model = tiny_topdown(test_cfg=dict(output_keypoint_indices=[2, 0], output_heatmaps=True)).eval()
    plain = tiny_topdown().eval()
    images, samples = batch(5, 2)
    with torch.no_grad():
        few = model(images, samples, mode='predict')[0]
        chosen, maps = few.pred_instances, few.pred_fields.heatmaps
        everything = plain(images, samples, mode='predict')[0].pred_instances
    np.testing.assert_array_equal(chosen.keypoints, everything.keypoints[:, [2, 0]])
    np.testing.assert_array_equal(chosen.keypoint_scores, everything.keypoint_scores[:, [2, 0]])
    assert maps.shape == (2, 16, 12)


def raw_batch(count):
    rng = np.random.default_rng(0)
    images = [torch.from_numpy(rng.integers(0, 256, (3, 64, 48), dtype=np.uint8)) for _ in range(count)]
    return dict(inputs=images, data_samples=batch(0, count)[1], bad_samples=[])


@pytest.mark.parametrize(
    ('mixed', 'memory_format'),
    [
        (False, torch.contiguous_format),
        pytest.param(True, torch.channels_last, marks=pytest.mark.slow),
        pytest.param(True, torch.contiguous_format, marks=pytest.mark.slow),
        pytest.param(False, torch.channels_last, marks=pytest.mark.slow),
    ],
)
def test_training_lowers_the_loss(mixed, memory_format):
    model = tiny_topdown(data_preprocessor=PREPROCESSOR).train().to(memory_format=memory_format)
    model.init_weights()
    optimizer = OptimWrapper(torch.optim.Adam(model.parameters(), 2e-3))
    data, seen = raw_batch(8), []
    for _ in range(15):
        with torch.autocast('cpu', torch.bfloat16, enabled=mixed):
            losses = model(**model.data_preprocessor(data, True), mode='loss')
        loss, log = model.parse_losses(losses)
        optimizer.update_params(loss)
        seen.append(log['loss_kpt'].item())
    assert seen[-1] < 0.6 * seen[0]
    assert set(log) == {'loss', 'loss_kpt', 'acc_pose'}


def test_train_step_and_test_step_take_the_loaders_batch():
    model = tiny_topdown(data_preprocessor=PREPROCESSOR)
    log = model.train().train_step(raw_batch(2), OptimWrapper(torch.optim.SGD(model.parameters(), 0.1)))
    assert torch.isfinite(log['loss'])
    with torch.no_grad():
        results = model.eval().test_step(raw_batch(2))
    assert np.isfinite(results[1].pred_instances.keypoints).all()


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_channels_last_changes_no_result(dtype):
    images, _ = batch(6, 2)
    plain, last = tiny_topdown().eval(), tiny_topdown().eval().to(memory_format=torch.channels_last)
    formats = []
    last.backbone.conv1.register_forward_pre_hook(
        lambda _, args: formats.append(args[0].is_contiguous(memory_format=torch.channels_last))
    )
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16, enabled=dtype == torch.bfloat16):
        a, b = plain(images), last(images)
    assert formats == [True]
    assert a.dtype == b.dtype == dtype
    assert (a - b).abs().max() < (1e-5 if dtype == torch.float32 else 0.03) * a.abs().max()


def test_backbone_without_head_gives_features():
    model = MODELS.build(dict(type='TopDown', backbone=dict(type='ResNet', depth=18)))
    assert model(torch.zeros(1, 3, 64, 48))[0].shape == (1, 512, 2, 2)
    with pytest.raises(ValueError, match='head'):
        model(torch.zeros(1, 3, 64, 48), batch(0, 1)[1], mode='loss')


def test_flip_indices_of_the_models_metainfo_are_the_last_resort():
    images, samples = batch(7, 1)
    del samples[0].flip_indices
    with pytest.raises(ValueError, match='flip_indices'):
        tiny_topdown(test_cfg=dict(flip_test=True)).eval()(images, samples, mode='predict')
    model = tiny_topdown(test_cfg=dict(flip_test=True), metainfo=dict(flip_indices=FLIP_INDICES)).eval()
    assert model(images, samples, mode='predict')[0].pred_instances.keypoints.shape == (1, 4, 2)


def test_metainfo_by_name():
    assert len(tiny_topdown(metainfo=dict(from_file='coco')).metainfo['flip_indices']) == 17


@pytest.mark.parametrize('value', ['PoseDataPreprocessor', 3, []])
def test_a_preprocessor_of_another_kind(value):
    with pytest.raises(InputTypeError, match='data_preprocessor: should be a dict, a module or None'):
        tiny_topdown(data_preprocessor=value)


@pytest.mark.parametrize(
    ('test_cfg', 'words'),
    [(dict(flip_tset=True), "did you mean 'flip_test'"), (dict(flip_mode='udp_combined'), 'udp_combined')],
)
def test_wrong_test_options_are_named(test_cfg, words):
    with pytest.raises(ValueError, match=words):
        tiny_topdown(test_cfg=test_cfg)


@pytest.mark.parametrize(
    ('images', 'samples', 'mode', 'words'),
    [
        (batch(8, 2)[0], None, 'loss', 'one data sample for each of the 2 images, got 0'),
        (batch(8, 2)[0], batch(8, 1)[1], 'predict', 'got 1'),
        (batch(8, 1)[0], batch(8, 1)[1], 'train', "'tensor', 'loss', 'predict'"),
        (batch(8, 1)[0], batch(8, 1, keypoints=5)[1], 'loss', '5 keypoints'),
        (batch(8, 1)[0], batch(8, 1, flip_indices=[0, 1, 2])[1], 'predict', 'finds 4 keypoints, the dataset has 3'),
        (torch.zeros(3, 64, 48), None, 'tensor', 'batch dimension'),
        (torch.zeros(1, 4, 64, 48), None, 'tensor', r'\(1, 4, 64, 48\)'),
        (torch.zeros(1, 3, 96, 96), batch(8, 1)[1], 'loss', 'heatmap_size'),
    ],
)
def test_wrong_calls_are_named(images, samples, mode, words):
    with pytest.raises(ValueError, match=words):
        tiny_topdown()(images, samples, mode=mode)


def test_initialising_the_whole_model(capsys):
    model = tiny_topdown()
    model.init_weights()
    assert model.head.final_layer.weight.std() < 2e-3
    assert len(capsys.readouterr().out) < 500  # mmengine would list every parameter


@pytest.mark.slow
def test_compiled_heatmaps_are_the_same():
    model = tiny_topdown().eval()
    images, _ = batch(9, 2)
    with torch.no_grad():
        torch.testing.assert_close(torch.compile(model)(images), model(images), atol=1e-5, rtol=1e-4)


@pytest.mark.slow
def test_the_network_is_one_graph():
    model = tiny_topdown().eval()
    images, _ = batch(9, 2)
    with torch.no_grad():
        compiled = torch.compile(model, backend='eager', fullgraph=True)(images)
    torch.testing.assert_close(compiled, model(images).detach(), atol=1e-5, rtol=1e-4)
