import numpy as np
import pytest
import torch

from mmpose_dark.models import PoseDataPreprocessor

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


@pytest.fixture
def images():
    return [torch.from_numpy(np.random.default_rng(i).integers(0, 256, (3, 8, 6), dtype=np.uint8)) for i in range(3)]


@pytest.mark.parametrize('swap', ['bgr_to_rgb', 'rgb_to_bgr', None])
@pytest.mark.parametrize('stacked', [True, False])
def test_normalises_after_the_swap(images, swap, stacked):
    made = PoseDataPreprocessor(MEAN, STD, **({swap: True} if swap else {}))
    out = made(dict(inputs=torch.stack(images) if stacked else images, data_samples=[1, 2, 3]))
    pixels = np.stack([i.numpy() for i in images]).astype(np.float64)
    pixels = pixels[:, ::-1] if swap else pixels
    expected = (pixels - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))
    assert out['inputs'].dtype == torch.float32
    np.testing.assert_allclose(out['inputs'].numpy(), expected, atol=1e-5)  # some roundings of values up to 3
    assert out['data_samples'] == [1, 2, 3]


def test_inputs_are_not_changed(images):
    floats = torch.stack(images).float()
    before = floats.clone()
    PoseDataPreprocessor(MEAN, STD)(dict(inputs=floats))
    PoseDataPreprocessor()(dict(inputs=floats))
    assert torch.equal(floats, before)


def test_only_what_the_network_takes_is_passed_on(images):
    out = PoseDataPreprocessor()(dict(inputs=images, data_samples=[], bad_samples=['broken.jpg']))
    assert set(out) == {'inputs', 'data_samples'}


def test_padding_is_at_the_right_and_bottom(images):
    out = PoseDataPreprocessor(MEAN, STD, pad_size_divisor=5, pad_value=7)(dict(inputs=images))['inputs']
    assert out.shape == (3, 3, 10, 10)
    assert (out[..., 8:, :] == 7).all()
    assert (out[..., 6:] == 7).all()
    assert not (out[..., :8, :6] == 7).any()


def test_batch_augments_only_in_training(images):
    made = PoseDataPreprocessor(batch_augments=[lambda x, s: (x + 1, s)])
    plain, augmented = (made(dict(inputs=images), training)['inputs'] for training in (False, True))
    assert torch.equal(plain + 1, augmented)


def test_statistics_follow_the_device_and_stay_out_of_checkpoints():
    made = PoseDataPreprocessor(MEAN, STD)
    assert not made.state_dict()
    assert made.to('meta')(dict(inputs=torch.zeros(1, 3, 4, 4, dtype=torch.uint8)))['inputs'].device.type == 'meta'


@pytest.mark.parametrize(
    ('kwargs', 'words'),
    [
        (dict(mean=MEAN), 'both mean and std'),
        (dict(mean=MEAN, std=[1.0, 2.0]), '1 or 3 values'),
        (dict(mean=MEAN, std=[1.0, 2.0, 0.0]), 'std must be positive'),
        (dict(mean=MEAN, std=[1.0, 2.0, float('nan')]), 'std must be positive'),
        (dict(bgr_to_rgb=True, rgb_to_bgr=True), 'same swap'),
        (dict(pad_size_divisor=0), 'pad_size_divisor'),
    ],
)
def test_wrong_arguments_are_named(kwargs, words):
    with pytest.raises(ValueError, match=words):
        PoseDataPreprocessor(**kwargs)


@pytest.mark.parametrize(
    ('inputs', 'words'),
    [
        ([], 'no image'),
        ([torch.zeros(3, 8, 6), torch.zeros(3, 8, 8)], 'different sizes'),
        ([torch.zeros(8, 6, 3)], 'channels first'),
        (torch.zeros(3, 8, 6), 'batch'),
    ],
)
def test_wrong_images_are_named(inputs, words):
    with pytest.raises(ValueError, match=words):
        PoseDataPreprocessor()(dict(inputs=inputs))
