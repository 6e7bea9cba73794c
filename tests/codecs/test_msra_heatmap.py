import copy
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from codec_oracles import biased_target, dark_loop, noisy_heatmaps, quarter_pixel_loop, unbiased_target
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpose_dark.codecs import MSRAHeatmap
from mmpose_dark.registry import KEYPOINT_CODECS

# input size, heatmap size, sigma, kernel: the zoo's, then a scale that differs in x and y, and no round one.
SETTINGS = [
    ((192, 256), (48, 64), 2.0, 11),
    ((288, 384), (72, 96), 3.0, 17),
    ((96, 128), (24, 32), 1.0, 3),
    ((256, 256), (64, 64), 2, 11),
    ((200, 120), (40, 60), 1.5, 9),
    ((100, 90), (33, 31), 2.5, 13),
    ((32, 32), (8, 8), 1.0, 11),
]
both = pytest.mark.parametrize('unbiased', [False, True], ids=['default', 'dark'])


@pytest.fixture
def dark():
    return MSRAHeatmap((192, 256), (48, 64), sigma=2.0, unbiased=True)


@both
@pytest.mark.parametrize(('input_size', 'heatmap_size', 'sigma', 'kernel_size'), SETTINGS)
def test_decode_equals_the_loop_in_input_pixels(input_size, heatmap_size, sigma, kernel_size, unbiased):
    codec = MSRAHeatmap(input_size, heatmap_size, sigma, unbiased=unbiased, blur_kernel_size=kernel_size)
    maps = noisy_heatmaps(1, 3, 14, *heatmap_size, sigma)
    keypoints, scores = codec.batch_decode(torch.from_numpy(maps))
    loop = dark_loop(maps, kernel_size) if unbiased else quarter_pixel_loop(maps)
    scale = np.array(input_size) / np.array(heatmap_size)
    np.testing.assert_allclose(keypoints, loop * scale, atol=1e-4)
    np.testing.assert_array_equal(scores, maps.max((2, 3)))
    assert keypoints.dtype == scores.dtype == torch.float32


@both
@pytest.mark.parametrize(('input_size', 'heatmap_size', 'sigma', 'kernel_size'), SETTINGS)
def test_encode_equals_one_keypoint_at_a_time(input_size, heatmap_size, sigma, kernel_size, unbiased):
    codec = MSRAHeatmap(input_size, heatmap_size, sigma, unbiased, kernel_size)
    rng = np.random.default_rng(2)
    keypoints = rng.uniform(-20, np.array(input_size) + 20, (2, 11, 2)).astype(np.float32)
    visible = (rng.uniform(size=(2, 11)) > 0.2).astype(np.float32)
    maps, weights = codec.batch_encode(torch.from_numpy(keypoints), torch.from_numpy(visible))
    scale = (np.array(input_size) / heatmap_size).astype(np.float32)
    for i, j in np.ndindex(2, 11):
        target = unbiased_target if unbiased else biased_target
        expected, on_map = target(keypoints[i, j] / scale, *heatmap_size, sigma)
        np.testing.assert_allclose(maps[i, j], expected * visible[i, j], atol=1e-5)
        assert weights[i, j] == visible[i, j] * on_map


@both
def test_single_equals_batch(unbiased):
    codec = MSRAHeatmap((192, 256), (48, 64), 2.0, unbiased=unbiased)
    maps = noisy_heatmaps(3, 4, 17, 48, 64, 2.0)
    keypoints, scores = codec.batch_decode(torch.from_numpy(maps))
    for i in range(4):
        one, one_scores = codec.decode(maps[i])
        assert one.shape == (1, 17, 2)
        assert one_scores.shape == (1, 17)
        assert one.dtype == one_scores.dtype == np.float32
        np.testing.assert_array_equal(one[0], keypoints[i])
        np.testing.assert_array_equal(one_scores[0], scores[i])
    batch, weights = codec.batch_encode(keypoints, scores)
    for i in range(4):
        encoded = codec.encode(keypoints[i : i + 1].numpy(), scores[i : i + 1].numpy())
        assert encoded['heatmaps'].shape == (17, 64, 48)
        assert encoded['heatmaps'].dtype == encoded['keypoint_weights'].dtype == np.float32
        np.testing.assert_array_equal(encoded['heatmaps'], batch[i])
        np.testing.assert_array_equal(encoded['keypoint_weights'], weights[i : i + 1])


@settings(max_examples=40, deadline=None)
@given(st.floats(32, 160), st.floats(32, 224))
def test_dark_round_trip(x, y):
    codec = MSRAHeatmap((192, 256), (48, 64), 2.0, unbiased=True)
    encoded = codec.encode(np.array([[[x, y]]]))
    keypoints, _ = codec.decode(encoded['heatmaps'])
    assert np.abs(keypoints - [x, y]).max() < 0.005  # worst seen 0.0016 input pixels


@pytest.mark.parametrize(
    ('encoding', 'decoding', 'worst', 'mean'),
    [(False, False, 2.0, 1.52), (False, True, 2.0, 1.52), (True, False, 1.0, 0.77), (True, True, 0.0014, 0.0009)],
)
def test_what_encoding_and_decoding_each_cost(encoding, decoding, worst, mean):
    """Input pixels lost between a keypoint and the same keypoint read back; printed in docs/codecs.md."""
    xy = 100 + torch.rand(1, 4000, 2, generator=torch.Generator().manual_seed(0)) * 8
    maps, _ = MSRAHeatmap((192, 256), (48, 64), 2.0, unbiased=encoding).batch_encode(xy)
    error = MSRAHeatmap((192, 256), (48, 64), 2.0, unbiased=decoding).batch_decode(maps)[0] - xy
    assert error.abs().max() == pytest.approx(worst, rel=0.05)
    assert error.norm(dim=-1).mean() == pytest.approx(mean, rel=0.05)


def test_several_instances_are_merged_by_the_maximum(dark):
    people = np.array([[[40.0, 50.0]], [[120.0, 200.0]], [[44.0, 50.0]]])
    visible = np.array([[1.0], [1.0], [0.0]])
    merged = dark.encode(people, visible)
    alone = [dark.encode(people[i : i + 1], visible[i : i + 1])['heatmaps'] for i in range(3)]
    np.testing.assert_array_equal(merged['heatmaps'], np.max(alone, 0))
    assert merged['keypoint_weights'].tolist() == [[1], [1], [0]]


def degenerate_maps():
    rng = np.random.default_rng(0)
    shape = (2, 17, 64, 48)
    noise = rng.normal(size=shape).astype(np.float32)
    some = rng.uniform(size=shape) < 0.01
    yield 'zeros', np.zeros(shape, np.float32)
    yield 'constant', np.full(shape, 0.5, np.float32)
    yield 'negative', -np.abs(noise)
    yield 'noise', noise
    yield 'tiny', np.abs(noise) * np.float32(1e-30)
    yield 'denormal', np.abs(noise) * np.float32(1e-42)
    yield 'huge', np.abs(noise) * np.float32(1e37)
    yield 'largest', np.full(shape, np.finfo(np.float32).max)
    yield 'all nan', np.full(shape, np.nan, np.float32)
    yield 'some nan', np.where(some, np.float32(np.nan), np.float32(0.3))
    yield 'all inf', np.full(shape, np.inf, np.float32)
    yield 'some inf', np.where(some, np.float32(np.inf), noise)
    yield 'some minus inf', np.where(some, np.float32(-np.inf), noise)
    yield 'one hot', np.where(noise == noise.max((2, 3), keepdims=True), np.float32(1), np.float32(0))
    yield 'steps', np.sign(noise)


@both
@pytest.mark.parametrize(('name', 'maps'), list(degenerate_maps()), ids=lambda v: v if isinstance(v, str) else '')
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_any_heatmap_gives_finite_keypoints_on_the_map(name, maps, dtype, unbiased):
    codec = MSRAHeatmap((192, 256), (48, 64), 2.0, unbiased=unbiased)
    keypoints, scores = codec.batch_decode(torch.from_numpy(maps).to(dtype))
    assert keypoints.dtype == scores.dtype == torch.float32
    assert scores.isfinite().all()
    assert (keypoints >= 0).all()
    assert (keypoints <= torch.tensor([188, 252])).all()


@both
def test_a_map_without_a_peak_has_its_keypoint_in_the_corner_and_no_score(unbiased):
    codec = MSRAHeatmap((192, 256), (48, 64), 2.0, unbiased=unbiased)
    maps = torch.zeros(1, 4, 64, 48)
    maps[0, 1] = -1
    maps[0, 2, 20, 20] = torch.nan
    maps[0, 3, 20, 20] = torch.inf
    keypoints, scores = codec.batch_decode(maps)
    assert not keypoints.any()
    assert scores.tolist() == [[0, -1, 0, 0]]


@both
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_maps_decode_as_their_values_in_float32(dtype, unbiased):
    codec = MSRAHeatmap((192, 256), (48, 64), 2.0, unbiased=unbiased)
    maps = torch.from_numpy(noisy_heatmaps(4, 2, 17, 48, 64, 2.0)).to(dtype)
    torch.testing.assert_close(codec.batch_decode(maps), codec.batch_decode(maps.float()), atol=1e-4, rtol=0)


def test_autocast_changes_nothing(dark):
    maps = torch.from_numpy(noisy_heatmaps(5, 2, 17, 48, 64, 2.0))
    expected = dark.batch_decode(maps)
    with torch.autocast('cpu', torch.bfloat16):
        torch.testing.assert_close(dark.batch_decode(maps), expected, atol=0, rtol=0)
        targets, _ = dark.batch_encode(expected[0])
    torch.testing.assert_close(targets, dark.batch_encode(expected[0])[0], atol=0, rtol=0)


@pytest.mark.parametrize('make', [lambda a: a[:, ::-1], np.asfortranarray, lambda a: a.astype(np.float64)])
def test_decode_takes_arrays_of_any_layout(dark, make):
    maps = make(noisy_heatmaps(6, 1, 17, 48, 64, 2.0)[0])
    maps.flags.writeable = False
    expected = dark.batch_decode(torch.tensor(np.ascontiguousarray(maps))[None])
    for ours, theirs in zip(dark.decode(maps), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_arguments_are_not_modified(dark):
    maps = torch.from_numpy(noisy_heatmaps(7, 1, 3, 48, 64, 2.0))
    before = maps.clone()
    keypoints, _ = dark.batch_decode(maps)
    assert torch.equal(maps, before)
    again = keypoints.clone()
    dark.batch_encode(keypoints)
    assert torch.equal(keypoints, again)


def test_no_gradients(dark):
    maps = torch.rand(1, 3, 64, 48, requires_grad=True)
    assert not any(t.requires_grad for t in dark.batch_decode(maps))


def test_no_people(dark):
    keypoints, scores = dark.batch_decode(torch.zeros(0, 17, 64, 48))
    assert keypoints.shape == (0, 17, 2)
    assert scores.shape == (0, 17)
    maps, weights = dark.batch_encode(torch.zeros(0, 17, 2))
    assert maps.shape == (0, 17, 64, 48)
    assert weights.shape == (0, 17)


def test_whole_numbers_are_coordinates_too(dark):
    maps, _ = dark.batch_encode(torch.tensor([[[40, 80]]]))
    torch.testing.assert_close(dark.batch_decode(maps)[0], torch.tensor([[[40.0, 80.0]]]), atol=0.01, rtol=0)


@pytest.mark.parametrize(
    ('arguments', 'error', 'message'),
    [
        (dict(blur_kernel_size=10), ValueError, 'blur_kernel_size must be a positive odd number, got 10'),
        (dict(blur_kernel_size=-3), ValueError, 'blur_kernel_size must be a positive odd number, got -3'),
        (dict(blur_kernel_size=11.0), ValueError, 'blur_kernel_size must be a positive odd number, got 11.0'),
        (dict(sigma=0), ValueError, 'sigma must be a positive number of heatmap pixels, got 0'),
        (dict(sigma=float('nan')), ValueError, 'sigma must be a positive number'),
        (dict(sigma='2'), ValueError, "sigma must be a positive number of heatmap pixels, got '2'"),
        (dict(input_size=(192, 0)), ValueError, 'input_size must be positive, got (192, 0)'),
        (dict(input_size=192), TypeError, 'input_size must be (width, height), two whole numbers, got 192'),
        (dict(heatmap_size=(48.0, 64.0)), TypeError, 'heatmap_size must be (width, height), two whole numbers'),
        (dict(heatmap_size=(48, 64, 1)), TypeError, 'heatmap_size must be (width, height)'),
        (dict(heatmap_size='ab'), TypeError, 'heatmap_size must be (width, height)'),
    ],
)
def test_wrong_settings(arguments, error, message):
    with pytest.raises(error, match=re.escape(message)):
        MSRAHeatmap(**{**dict(input_size=(192, 256), heatmap_size=(48, 64), sigma=2.0), **arguments})


@pytest.mark.parametrize(
    ('call', 'error', 'message'),
    [
        (lambda c: c.batch_decode(torch.zeros(1, 17, 48, 64)), ValueError, 'must be (N, K, 64, 48)'),
        (lambda c: c.batch_decode(torch.zeros(17, 64, 48)), ValueError, 'got (17, 64, 48)'),
        (lambda c: c.batch_decode(torch.zeros(1, 17, 64, 48, dtype=torch.uint8)), TypeError, 'got torch.uint8'),
        (lambda c: c.decode(np.zeros((1, 17, 64, 48))), ValueError, 'must be (K, H, W), got (1, 17, 64, 48)'),
        (lambda c: c.batch_encode(torch.zeros(17, 2)), ValueError, 'must be (N, K, 2), got (17, 2)'),
        (lambda c: c.batch_encode(torch.zeros(1, 17, 3)), ValueError, 'must be (N, K, 2), got (1, 17, 3)'),
        (lambda c: c.batch_encode(torch.zeros(1, 17, 2), torch.ones(1, 16)), ValueError, '(1, 17) as the keypoints'),
        (lambda c: c.encode(np.zeros((1, 17, 2)), np.ones((1, 14))), ValueError, 'got (1, 14)'),
        (lambda c: c.encode(np.zeros((0, 17, 2))), ValueError, 'at least one instance'),
    ],
)
def test_wrong_inputs(dark, call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(dark)


def test_is_built_from_the_registry():
    cfg = dict(type='MSRAHeatmap', input_size=[192, 256], heatmap_size=[48, 64], sigma=2, unbiased=True)
    codec = KEYPOINT_CODECS.build(cfg)
    assert isinstance(codec, MSRAHeatmap)
    assert (codec.input_size, codec.heatmap_size, codec.sigma) == ((192, 256), (48, 64), 2)
    assert (codec.unbiased, codec.blur_kernel_size) == (True, 11)
    assert codec.scale_factor.tolist() == [4, 4]
    assert 'unbiased=True' in repr(codec)


def test_says_where_its_results_belong():
    assert MSRAHeatmap.support_batch_decoding
    assert MSRAHeatmap.label_mapping_table == dict(keypoint_weights='keypoint_weights')
    assert MSRAHeatmap.field_mapping_table == dict(heatmaps='heatmaps')


def test_travels_to_workers(dark):
    maps = noisy_heatmaps(8, 1, 3, 48, 64, 2.0)[0]
    for other in (pickle.loads(pickle.dumps(dark)), copy.deepcopy(dark)):
        np.testing.assert_array_equal(other.decode(maps)[0], dark.decode(maps)[0])


@pytest.mark.slow
def test_imports_without_the_runner():
    code = 'import sys, mmpose_dark.codecs as c; sys.exit(any(m in sys.modules for m in ("mmengine.runner", "cv2")))'
    subprocess.run([sys.executable, '-W', 'error', '-c', code], check=True)


@both
@pytest.mark.slow
def test_compiles_to_one_graph(unbiased):
    codec = MSRAHeatmap((192, 256), (48, 64), 2.0, unbiased=unbiased)
    maps = torch.from_numpy(noisy_heatmaps(9, 2, 17, 48, 64, 2.0))
    expected = codec.batch_decode(maps)
    compiled = torch.compile(codec.batch_decode, fullgraph=True, backend='eager')(maps)
    torch.testing.assert_close(compiled, expected, atol=1e-3, rtol=0)
    encode = torch.compile(codec.batch_encode, fullgraph=True, backend='eager')
    torch.testing.assert_close(encode(expected[0], expected[1]), codec.batch_encode(*expected), atol=1e-6, rtol=0)


@both
@pytest.mark.slow
def test_compiled_code_equals_eager(unbiased):
    codec = MSRAHeatmap((192, 256), (48, 64), 2.0, unbiased=unbiased)
    maps = torch.from_numpy(noisy_heatmaps(9, 2, 17, 48, 64, 2.0))
    expected = codec.batch_decode(maps)
    torch.testing.assert_close(torch.compile(codec.batch_decode, fullgraph=True)(maps), expected, atol=1e-3, rtol=0)
    encode = torch.compile(codec.batch_encode, fullgraph=True)
    torch.testing.assert_close(encode(*expected), codec.batch_encode(*expected), atol=1e-6, rtol=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@both
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16, torch.bfloat16])
def test_gpu_equals_cpu_without_waiting(dtype, unbiased):
    codec = MSRAHeatmap((192, 256), (48, 64), 2.0, unbiased=unbiased)
    maps = torch.from_numpy(noisy_heatmaps(10, 4, 17, 48, 64, 2.0)).to(dtype)
    on_gpu = maps.cuda()
    codec.batch_encode(*codec.batch_decode(on_gpu))  # the first call makes the constants
    torch.cuda.set_sync_debug_mode('error')
    try:
        decoded = codec.batch_decode(on_gpu)
        encoded = codec.batch_encode(*decoded)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    decoded = [t.cpu() for t in decoded]
    torch.testing.assert_close(decoded, list(codec.batch_decode(maps)), atol=1e-4, rtol=0)
    torch.testing.assert_close([t.cpu() for t in encoded], list(codec.batch_encode(*decoded)), atol=1e-6, rtol=0)
