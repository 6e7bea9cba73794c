"""Transforms: against the reference's golden values, by properties, and by their distributions."""

import copy
import json

import cv2
import numpy as np
import pytest
import scipy.stats
import torch

from mmpose_dark.datasets import (
    CocoDataset,
    GenerateTarget,
    GetBBoxCenterScale,
    KeypointConverter,
    PackPoseInputs,
    RandomBBoxTransform,
    RandomFlip,
    RandomHalfBody,
    TopdownAffine,
    parse_pose_metainfo,
)
from mmpose_dark.datasets.transforms.random_bbox_transform import truncated_normal

COCO = parse_pose_metainfo(dict(from_file='coco'))


@pytest.fixture
def person() -> dict:
    """A sample with a dot at each keypoint."""
    rng = np.random.default_rng(3)
    keypoints = rng.permutation(np.mgrid[20:220:20, 30:140:20].reshape(2, -1).T)[:17][None].astype(np.float32)
    image = np.zeros((180, 240, 3), np.uint8)
    for k, (x, y) in enumerate(keypoints[0].astype(int)):
        cv2.circle(image, (int(x), int(y)), 4, (255, 10 * k, 255), -1, cv2.LINE_AA)
    return dict(
        id=5,
        img_id=2,
        img=image,
        img_shape=image.shape[:2],
        img_path='a.png',
        bbox=np.array([[15, 25, 225, 155]], np.float32),
        bbox_score=np.ones(1, np.float32),
        keypoints=keypoints,
        keypoints_visible=np.ones((1, 17), np.float32),
        category_id=1,
        rng=np.random.default_rng(0),
        **{k: COCO[k] for k in ('flip_indices', 'upper_body_ids', 'lower_body_ids', 'dataset_keypoint_weights')},
    )


def dots_lie_on_keypoints(image, keypoints, order=range(17)) -> bool:
    """Whether the image has a bright dot of the right shade around each keypoint inside it."""
    for (x, y), k in zip(keypoints, order, strict=True):
        patch = image[
            max(round(float(y)) - 1, 0) : round(float(y)) + 2, max(round(float(x)) - 1, 0) : round(float(x)) + 2
        ]
        if patch.size and (patch[..., 0].max() < 150 or abs(int(patch[..., 1].max()) - 10 * k) > 12):
            return False
    return True


# ------------------------------------------------------------------------------------- box to crop


def test_crops_of_the_reference(shared):
    """Boxes, crops and keypoints of mmpose 1.3.2 on real images; crops to one grey level."""
    root = shared / 'data/samples/coco'
    ds = CocoDataset(ann_file=str(root / 'test_coco.json'), data_prefix=dict(img=str(root)), test_mode=True)
    golden = np.load(shared / 'golden/transforms.npz')
    from mmpose_dark.datasets import LoadImage

    for case in json.loads((shared / 'golden/transforms_cases.json').read_text()):
        x = ds.get_data_info(case['index'])
        assert x['id'] == case['ann_id']
        x = GetBBoxCenterScale()(LoadImage()(x))
        np.testing.assert_allclose(x['bbox_center'], case['center'], atol=1e-4)
        np.testing.assert_allclose(x['bbox_scale'], case['scale_before'], atol=1e-4)
        x['bbox_rotation'] = np.array([case['rotation']])
        x = TopdownAffine(case['input_size'])(x)
        np.testing.assert_allclose(x['bbox_scale'], case['scale_after'], rtol=1e-6)
        np.testing.assert_allclose(x['transformed_keypoints'], golden[case['name'] + '_keypoints'], atol=1e-4)
        if case['name'] + '_image' in golden:
            assert np.abs(x['img'].astype(int) - golden[case['name'] + '_image']).max() <= 1


@pytest.mark.parametrize('rotation', [0.0, 33.0, -150.0])
def test_keypoints_stay_on_their_dots(person, rotation):
    x = GetBBoxCenterScale()(person) | dict(bbox_rotation=np.array([rotation]))
    x = TopdownAffine((192, 256))(x)
    assert x['img'].shape == (256, 192, 3)
    assert x['transformed_keypoints'].dtype == np.float32
    assert dots_lie_on_keypoints(x['img'], x['transformed_keypoints'][0])
    # Back to the image, as the network's output goes.
    if rotation == 0:
        back = x['transformed_keypoints'] / [192, 256] * x['input_scale'] + x['input_center'] - 0.5 * x['input_scale']
        np.testing.assert_allclose(back, person['keypoints'], atol=1e-3)


@pytest.mark.parametrize('box', [[10, 10, 10, 50], [10, 50, 40, 20], [np.nan, 1, 2, 3], [0, 0, np.inf, 9]])
def test_boxes_that_are_none(person, box):
    person['bbox'] = np.array([box], np.float32)
    with pytest.raises(ValueError, match=r'sample 5 in .a\.png. has no area or is not finite'):
        GetBBoxCenterScale()(person)


def test_centre_that_is_there_already(person):
    person |= dict(bbox_center=np.array([[50, 60.0]]), bbox_scale=np.array([[100, 100.0]]))
    x = GetBBoxCenterScale(padding=1.25)(person)
    assert x['bbox_center'].tolist() == [[50, 60]]
    assert x['bbox_scale'].tolist() == [[125, 125]]


@pytest.mark.parametrize(
    ('make', 'message'),
    [
        (lambda: TopdownAffine((192,)), 'width, height'),
        (lambda: TopdownAffine((0, 5)), 'width, height'),
        (lambda: RandomFlip(prob=1.5), 'prob 1.5'),
        (lambda: RandomFlip(direction='sideways'), 'sideways'),
        (lambda: RandomFlip(prob=[0.5], direction=['horizontal', 'vertical']), '2 probabilities'),
        (lambda: RandomBBoxTransform(scale_factor=(1.5, 0.5)), 'smallest, largest'),
        (lambda: KeypointConverter(3, [(0, 3)]), 'below num_keypoints=3'),
        (lambda: KeypointConverter(3, [(0, 1), (1, 1)]), 'different ids'),
        (lambda: KeypointConverter(3, [((0, 1, 2), 1)]), 'pair of ids'),
    ],
)
def test_settings_are_checked_when_built(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ------------------------------------------------------------------------------------- flip


@pytest.mark.parametrize('direction', ['horizontal', 'vertical'])
def test_flip_moves_image_and_keypoints_together(person, direction):
    x = RandomFlip(prob=1.0, direction=direction)(GetBBoxCenterScale()(copy.deepcopy(person)))
    assert (x['flip'], x['flip_direction']) == (True, direction)
    assert dots_lie_on_keypoints(x['img'], x['keypoints'][0], order=COCO['flip_indices'])
    center = (x['bbox'][:, :2] + x['bbox'][:, 2:]) / 2
    np.testing.assert_allclose(x['bbox_center'], center)
    again = RandomFlip(prob=1.0, direction=direction)(x)
    for key in ('img', 'keypoints', 'keypoints_visible', 'bbox'):
        np.testing.assert_array_equal(again[key], person[key])


def test_flip_does_not_write_into_its_input(person):
    before = copy.deepcopy({k: person[k] for k in ('img', 'keypoints', 'bbox')})
    given = dict(person)
    RandomFlip(prob=1.0)(dict(person))
    for key, value in before.items():
        np.testing.assert_array_equal(given[key], value)


def test_flip_probabilities(person):
    flip = RandomFlip(prob=[0.2, 0.5], direction=['horizontal', 'vertical'])
    small = {k: v for k, v in person.items() if k not in ('img', 'keypoints')}
    drawn = [flip(dict(small))['flip_direction'] for _ in range(2000)]
    for direction, prob in (('horizontal', 0.2), ('vertical', 0.5), (None, 0.3)):
        assert scipy.stats.binomtest(drawn.count(direction), 2000, prob).pvalue > 1e-3


# ------------------------------------------------------------------------------------- half body


def half(person, **kwargs):
    x = GetBBoxCenterScale()(person)
    before = x['bbox_center'].copy(), x['bbox_scale'].copy()
    return before, RandomHalfBody(**({'prob': 1.0} | kwargs))(x)


@pytest.mark.parametrize(('upper', 'ids'), [(1.0, 'upper_body_ids'), (0.0, 'lower_body_ids')])
def test_half_body_is_around_the_half(person, upper, ids):
    _, x = half(person, upper_prioritized_prob=upper)
    points = person['keypoints'][0][person[ids]]
    np.testing.assert_allclose(x['bbox_center'][0], points.mean(0), rtol=1e-6)
    np.testing.assert_allclose(x['bbox_scale'][0], (points.max(0) - points.min(0)) * 1.5, rtol=1e-6)


def test_half_body_takes_the_half_that_is_there(person):
    person['keypoints_visible'][0, 11:] = 0  # no lower half
    _, x = half(person, upper_prioritized_prob=0.0)
    np.testing.assert_allclose(x['bbox_center'][0], person['keypoints'][0][:11].mean(0), rtol=1e-6)


@pytest.mark.parametrize('what', ['few keypoints', 'prob 0', 'one place'])
def test_half_body_leaves_the_box(person, what):
    if what == 'few keypoints':
        person['keypoints_visible'][0, 8:] = 0
    if what == 'one place':
        person['keypoints'][:] = 50
    (center, scale), x = half(person, prob=0.0 if what == 'prob 0' else 1.0)
    np.testing.assert_array_equal(x['bbox_center'], center)
    np.testing.assert_array_equal(x['bbox_scale'], scale)


# ------------------------------------------------------------------------------------- shift, scale, rotation


def test_truncated_normal_is_scipys():
    draws = truncated_normal(np.random.default_rng(0), 20000)
    assert scipy.stats.kstest(draws, scipy.stats.truncnorm(-1, 1).cdf).pvalue > 1e-3


def test_bbox_transform_distribution():
    t = RandomBBoxTransform()
    rng = np.random.default_rng(1)
    center, scale = np.zeros((1, 2), np.float32), np.full((1, 2), 100, np.float32)
    runs = [t(dict(bbox_center=center, bbox_scale=scale, rng=rng)) for _ in range(4000)]
    shift = np.array([r['bbox_center'][0] for r in runs]) / 100
    factor = np.array([r['bbox_scale'][0] for r in runs]) / 100
    rotation = np.array([r['bbox_rotation'][0] for r in runs])
    assert (factor[:, 0] == factor[:, 1]).all()
    normal = scipy.stats.truncnorm(-1, 1)
    moved, turned = (shift != 0).any(1), rotation != 0
    assert scipy.stats.binomtest(int(moved.sum()), 4000, 0.3).pvalue > 1e-3
    assert scipy.stats.binomtest(int(turned.sum()), 4000, 0.6).pvalue > 1e-3
    for values, unit in (
        (shift[moved, 0], 0.16),
        (shift[moved, 1], 0.16),
        (factor[:, 0] - 1, 0.5),
        (rotation[turned], 80),
    ):
        assert scipy.stats.kstest(values / unit, normal.cdf).pvalue > 1e-3
    # The four are drawn independently of each other.
    corr = np.corrcoef(np.c_[shift, factor[:, 0], rotation], rowvar=False)
    assert np.abs(corr - np.eye(4)).max() < 0.06


def test_without_a_generator_one_is_made(person):
    del person['rng']
    x = RandomBBoxTransform()(GetBBoxCenterScale()(person))
    assert isinstance(x['rng'], np.random.Generator)


# ------------------------------------------------------------------------------------- converter


def test_keypoint_converter(person):
    person['keypoints_visible'][0, 6] = 0
    before = person['keypoints'].copy()
    x = KeypointConverter(4, [(0, 2), ((5, 6), 0), ((11, 12), 3)])(dict(person))
    assert x['keypoints'].shape == (1, 4, 2)
    np.testing.assert_allclose(x['keypoints'][0, 2], before[0, 0])
    np.testing.assert_allclose(x['keypoints'][0, 3], before[0, [11, 12]].mean(0))
    assert x['keypoints_visible'].tolist() == [[0, 0, 1, 1]]
    np.testing.assert_array_equal(person['keypoints'], before)
    with pytest.raises(ValueError, match='17 -> 0: 17 is not one of 0 to 16'):
        KeypointConverter(4, [(17, 0)])(person)


# ------------------------------------------------------------------------------------- targets and packing


def test_pack(person):
    x = TopdownAffine((96, 128))(GetBBoxCenterScale()(person))
    image = x['img'].copy()
    out = PackPoseInputs()(x)
    assert out['inputs'].dtype == torch.uint8
    assert out['inputs'].is_contiguous()
    np.testing.assert_array_equal(out['inputs'].numpy(), image.transpose(2, 0, 1))
    s = out['data_samples']
    assert len(s.gt_instances) == 1
    assert set(s.gt_instances.keys()) == {
        'bboxes', 'bbox_centers', 'bbox_scales', 'bbox_scores', 'keypoints', 'keypoints_visible',
        'transformed_keypoints',
    }  # fmt: skip
    assert (s.id, s.img_id, s.input_size, s.category_id) == (5, 2, (96, 128), 1)
    assert s.flip_indices is COCO['flip_indices']
    assert 'gt_fields' not in s
    assert 'rng' not in s


def test_pack_without_image(person):
    del person['img']
    with pytest.raises(ValueError, match='LoadImage must come first'):
        PackPoseInputs()(person)


def test_targets_are_the_codecs(person):
    person['keypoints_visible'][0, 4] = 0
    codec = dict(type='MSRAHeatmap', input_size=(96, 128), heatmap_size=(24, 32), sigma=1.0, unbiased=True)
    pipeline = [GetBBoxCenterScale(), TopdownAffine((96, 128))]
    for step in pipeline:
        person = step(person)
    target = GenerateTarget(encoder=codec, use_dataset_keypoint_weights=True)
    direct = target.encoder.encode(person['transformed_keypoints'], person['keypoints_visible'])
    s = PackPoseInputs()(target(person))['data_samples']
    np.testing.assert_array_equal(s.gt_fields.heatmaps.numpy(), np.asarray(direct['heatmaps']))
    weights = s.gt_instance_labels.keypoint_weights
    assert weights.shape == (1, 17)
    np.testing.assert_allclose(weights[0, 5:], COCO['dataset_keypoint_weights'][5:])
    assert weights[0, 4] == 0


def test_targets_need_keypoints(person):
    codec = dict(type='MSRAHeatmap', input_size=(96, 128), heatmap_size=(24, 32), sigma=1.0)
    del person['keypoints']
    with pytest.raises(ValueError, match='neither transformed_keypoints nor keypoints'):
        GenerateTarget(encoder=codec)(person)
