"""Every registered codec keeps the promises of `BaseKeypointCodec`; a new one is a new file and a registration."""

import numpy as np
import pytest
import torch

from mmpose_dark.codecs import BaseKeypointCodec
from mmpose_dark.registry import KEYPOINT_CODECS

KEYPOINT_CODECS.import_from_location()
# How each registered codec is built for images of 48 x 64 pixels and four keypoints.
ARGUMENTS = {
    'MSRAHeatmap': [dict(unbiased=False), dict(unbiased=True)],
    'UDPHeatmap': [dict(heatmap_type='gaussian'), dict(heatmap_type='combined', blur_kernel_size=3)],
}
COMMON = dict(input_size=(48, 64), heatmap_size=(12, 16), sigma=1.0)
OURS = [name for name, cls in KEYPOINT_CODECS.module_dict.items() if cls.__module__.startswith('mmpose_dark.')]
CASES = [(name, kwargs) for name in OURS for kwargs in ARGUMENTS.get(name, [{}])]


@pytest.fixture(params=CASES, ids=str)
def codec(request) -> BaseKeypointCodec:
    name, kwargs = request.param
    return KEYPOINT_CODECS.build(dict(type=name, **COMMON, **kwargs))


def points(count: int = 3) -> torch.Tensor:
    return torch.rand(count, 4, 2) * torch.tensor([32.0, 48.0]) + 8


def test_is_a_codec(codec):
    assert isinstance(codec, BaseKeypointCodec)
    assert codec.input_size == (48, 64)
    assert codec.flip_modes
    assert codec.support_batch_decoding


def test_a_batch_comes_back(codec):
    xy = points()
    before = xy.clone()
    maps, weights = codec.batch_encode(xy, torch.ones(3, 4))
    keypoints, scores = codec.batch_decode(maps)
    assert torch.equal(xy, before)
    assert weights.shape == scores.shape == (3, 4)
    assert keypoints.dtype == scores.dtype == torch.float32
    assert (keypoints - xy).abs().max() <= 2.1  # half a heatmap pixel of rounding, where a codec rounds


def test_points_are_what_is_decoded(codec):
    maps, _ = codec.batch_encode(points())
    found = codec.points(maps)
    for got, expected in zip(found[:2], codec.batch_decode(maps), strict=True):
        assert torch.equal(got, expected)
    assert found.covariances is None or found.covariances.shape == (3, 4, 2, 2)


def test_one_sample_equals_a_batch_of_one(codec):
    xy = points(1).numpy()
    made = codec.encode(xy)
    maps, weights = codec.batch_encode(torch.from_numpy(xy))
    np.testing.assert_array_equal(made['heatmaps'], maps[0])
    np.testing.assert_array_equal(made['keypoint_weights'], weights)
    keypoints, scores = codec.decode(made['heatmaps'])
    assert keypoints.shape == (1, 4, 2)
    assert scores.shape == (1, 4)


def test_mirroring_twice_gives_the_same(codec):
    maps, _ = codec.batch_encode(points())
    indices = [1, 0, 3, 2]
    assert torch.equal(codec.mirror(codec.mirror(maps, indices), indices), maps)


def test_any_map_gives_finite_points_on_the_input(codec):
    maps, _ = codec.batch_encode(points())
    for bad in (torch.zeros_like(maps), torch.full_like(maps, torch.nan), torch.randn_like(maps) * 1e6):
        keypoints, scores = codec.batch_decode(bad)
        assert torch.isfinite(keypoints).all()
        assert torch.isfinite(scores).all()
        assert ((keypoints >= 0) & (keypoints <= torch.tensor([48.0, 64.0]))).all()


class OldCodec(BaseKeypointCodec):
    """As a codec of mmpose 1.x is written: one sample of arrays at a time, the keypoint's pixel set to one."""

    def __init__(self, input_size, heatmap_size):
        self.input_size, self.heatmap_size = input_size, heatmap_size
        self.scale = np.array(input_size) / heatmap_size

    def encode(self, keypoints, keypoints_visible=None):
        width, height = self.heatmap_size
        maps = np.zeros((keypoints.shape[1], height, width), np.float32)
        for k, (x, y) in enumerate((keypoints[0] / self.scale).round().astype(int)):
            maps[k, y, x] = 1
        return dict(heatmaps=maps, keypoint_weights=np.asarray(keypoints_visible, np.float32))

    def decode(self, encoded):
        flat = encoded.reshape(len(encoded), -1)
        index = flat.argmax(-1)
        xy = np.stack([index % encoded.shape[2], index // encoded.shape[2]], -1) * self.scale
        return xy[None].astype(np.float32), flat.max(-1)[None]


def test_a_codec_of_single_samples_is_served():
    codec = OldCodec((48, 64), (12, 16))
    xy = torch.tensor([[[4.0, 8.0], [40.0, 60.0]], [[0.0, 0.0], [8.0, 16.0]]])
    maps, weights = codec.batch_encode(xy, torch.tensor([[1.0, 0.0], [1.0, 1.0]]))
    assert maps.shape == (2, 2, 16, 12)
    assert weights.tolist() == [[1, 0], [1, 1]]
    keypoints, scores = codec.batch_decode(maps)
    assert torch.equal(keypoints, xy)
    assert scores.tolist() == [[1, 1], [1, 1]]
    assert codec.points(maps).covariances is None
    assert not codec.support_batch_decoding


@pytest.mark.parametrize(('has', 'lacks'), [('encode', 'batch_decode'), ('decode', 'batch_encode')])
def test_a_codec_that_cannot_do_both_is_refused(has, lacks):
    half = type('Half', (BaseKeypointCodec,), {has: getattr(OldCodec, has)})
    with pytest.raises(TypeError, match=f'Half has neither {lacks}'):
        half()
