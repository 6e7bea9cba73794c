"""PoseDataSample and merging."""

import pickle

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData

from mmpose_dark.structures import PoseDataSample, merge_data_samples
from mmpose_dark.utils.errors import InputTypeError


def sample(**meta) -> PoseDataSample:
    out = PoseDataSample(metainfo=dict(img_id=3, **meta))
    out.gt_instances = InstanceData(bboxes=np.zeros((1, 4)), keypoints=np.ones((1, 5, 2)))
    out.gt_instance_labels = InstanceData(keypoint_weights=torch.ones(1, 5))
    out.gt_fields = PixelData(heatmaps=torch.zeros(5, 8, 6))
    return out


def test_fields_of_mmpose():
    s = sample()
    assert set(s.keys()) >= {'gt_instances', 'gt_instance_labels', 'gt_fields'}
    assert 'pred_instances' not in s
    del s.gt_fields
    assert 'gt_fields' not in s
    with pytest.raises(AssertionError):
        s.gt_instances = np.zeros(3)


def test_metainfo_is_shared_not_copied():
    indices = [1, 0, 2]
    assert PoseDataSample(metainfo=dict(flip_indices=indices)).flip_indices is indices
    s = sample()
    with pytest.raises(AttributeError, match='_gt_fields'):
        s.set_metainfo(dict(_gt_fields=1))
    with pytest.raises(TypeError, match='list'):
        s.set_metainfo([1])


def test_to_dict_pickle_and_clone():
    s = sample(id=9)
    d = s.to_dict()
    assert d['id'] == 9
    assert d['gt_instances']['keypoints'].shape == (1, 5, 2)
    for copy in (pickle.loads(pickle.dumps(s)), s.clone(), s.new()):
        assert copy.img_id == 3
        assert copy.metainfo == s.metainfo
        np.testing.assert_array_equal(copy.gt_instances.keypoints, s.gt_instances.keypoints)


def test_people_of_one_image_merge():
    people = []
    for x in (10.0, 30.0):
        s = sample(input_center=np.array([x, 20.0]), input_scale=np.array([12.0, 16.0]), ori_shape=(40, 50))
        s.pred_instances = InstanceData(keypoints=np.full((1, 5, 2), x), keypoint_scores=np.ones((1, 5)))
        s.pred_fields = PixelData(heatmaps=torch.nn.functional.one_hot(torch.tensor([24] * 5), 48).view(5, 8, 6))
        people.append(s)
    merged = merge_data_samples(people)
    assert merged.pred_instances.keypoints[:, 0, 0].tolist() == [10.0, 30.0]
    heat = merged.pred_fields.heatmaps
    assert heat.shape == (5, 40, 50)
    # Cell (x 0, y 4) of the 6 x 8 heatmap lies at the left edge of each crop, a little below its centre.
    assert np.argwhere(heat[0] > 0.9).tolist() == [[20, 4], [20, 24]]


def test_merging_nothing_gives_an_empty_sample_and_says_so():
    with pytest.warns(UserWarning, match='the list is empty'):
        merged = merge_data_samples([])
    assert isinstance(merged, PoseDataSample)
    assert not merged.keys()


def test_one_sample_alone_is_a_list_of_one():
    one = sample(id=9, input_center=np.array([10.0, 20]), input_scale=np.array([12.0, 16.0]), ori_shape=(40, 50))
    merged = merge_data_samples(one)
    np.testing.assert_array_equal(merged.gt_instances.keypoints, one.gt_instances.keypoints)


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (None, 'got NoneType'),
        ('ab', 'got a str at place 0'),
        ([sample(), 3], 'got a int at place 1'),
        (iter([]), 'got list_iterator'),
        (InstanceData(), 'got InstanceData'),
    ],
)
def test_what_is_no_list_of_samples_is_refused_by_its_type(given, message):
    with pytest.raises(InputTypeError, match=message):
        merge_data_samples(given)
