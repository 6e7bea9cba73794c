"""From images to keypoints as tensors: traceable, without a copy to the host, the same on every way."""

import numpy as np
import pytest
import torch
from pose_nets import CODEC, FLIP_INDICES, batch, tiny_topdown

from mmpose_dark.codecs import dark_refine_with_covariances, heatmap_peaks
from mmpose_dark.models.heads.build_codec import build_codec

META = dict(flip_indices=FLIP_INDICES)


class _Exported(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, inputs):
        found = self.model.points(inputs)
        return found.keypoints, found.scores, found.covariances


@pytest.mark.parametrize('flip', [pytest.param(False, marks=pytest.mark.slow), True])
def test_points_can_be_exported_with_any_batch_size(flip):
    model = tiny_topdown(test_cfg=dict(flip_test=flip, shift_heatmap=True), metainfo=META).eval()
    example = torch.randn(2, 3, 64, 48)
    program = torch.export.export(_Exported(model), (example,), dynamic_shapes=({0: torch.export.Dim('batch', min=1)},))
    for count in (1, 2, 5):
        images, _ = batch(count, count)
        with torch.no_grad():
            expected = _Exported(model)(images)
            found = program.module()(images)
        # The exported graph gathers windows and sums in float32 where the eager CPU code sums rows, partly in float64.
        # The maps of a random network are nearly flat, which makes their inverse Hessians large and sensitive.
        for got, wanted, rtol in zip(found, expected, (1e-3, 1e-5, 0.05), strict=True):
            torch.testing.assert_close(got, wanted, atol=5e-3, rtol=rtol, equal_nan=True)


@pytest.mark.parametrize('unbiased', [False, True])
@pytest.mark.parametrize('flip', [False, True])
def test_nothing_reads_a_value_from_the_device(unbiased, flip):
    """Tensors of the meta device have no values: whatever copied one to the host would fail."""
    model = tiny_topdown(test_cfg=dict(flip_test=flip), metainfo=META).eval().to('meta')
    model.head.decoder = build_codec(dict(CODEC, unbiased=unbiased))
    found = model.points(torch.empty(3, 3, 64, 48, device='meta'))
    assert found.keypoints.shape == (3, 4, 2)
    assert found.scores.device.type == 'meta'
    assert (found.covariances is not None) == unbiased


def test_points_and_predictions_agree():
    model = tiny_topdown(test_cfg=dict(flip_test=True, output_heatmaps=True), metainfo=META).eval()
    images, samples = batch(0, 4)
    with torch.no_grad():
        found = model.points(images)
        results = model(images, samples, mode='predict')
        keypoints, scores = model.head.decoder.batch_decode(found.heatmaps)
    assert torch.equal(found.keypoints, keypoints)
    assert torch.equal(found.scores, scores)
    for i, one in enumerate(results):
        expected = found.keypoints[i].numpy() / one.input_size * one.input_scale + one.input_center
        np.testing.assert_allclose(one.pred_instances.keypoints[0], expected - one.input_scale / 2, rtol=1e-5)
        assert torch.equal(one.pred_fields.heatmaps, found.heatmaps[i])


def test_covariances_are_in_input_pixels():
    model = tiny_topdown().eval()
    images, _ = batch(1, 8)
    with torch.no_grad():
        found, heatmaps = model.points(images), model(images)
    codec = model.head.decoder
    _, own = dark_refine_with_covariances(heatmaps, heatmap_peaks(heatmaps)[0], blur_kernel_size=codec.blur_kernel_size)
    torch.testing.assert_close(found.covariances, own * 16, equal_nan=True)  # four input pixels a heatmap pixel
    assert found.heatmaps is None


def test_chosen_keypoints_are_chosen_everywhere():
    options = dict(output_keypoint_indices=[2, 0], output_heatmaps=True)
    few, all_of_them = tiny_topdown(test_cfg=options).eval(), tiny_topdown(test_cfg=dict(output_heatmaps=True)).eval()
    images, _ = batch(2, 3)
    with torch.no_grad():
        chosen, whole = few.points(images), all_of_them.points(images)
    for part, everything in zip(chosen, whole, strict=True):
        torch.testing.assert_close(part, everything[:, [2, 0]], equal_nan=True)


def test_the_definition_of_the_model_comes_before_that_of_the_samples():
    """A network of 4 keypoints is tested on a dataset that has two of them (mmpose's "combine" recipes)."""
    options = dict(flip_test=True, output_keypoint_indices=[1, 2])
    model = tiny_topdown(test_cfg=options, metainfo=META).eval()
    images, samples = batch(0, 3)
    for sample in samples:
        sample.set_metainfo(dict(flip_indices=[1, 0]))
    with torch.no_grad():
        results = model(images, samples, mode='predict')
        expected = model.points(images, flip_indices=FLIP_INDICES)
        whole = tiny_topdown(test_cfg=dict(flip_test=True), metainfo=META).eval()
        whole.load_state_dict(model.state_dict())
        assert torch.equal(whole.points(images).keypoints[:, [1, 2]], expected.keypoints)
    assert [r.pred_instances.keypoints.shape for r in results] == [(1, 2, 2)] * 3
    np.testing.assert_array_equal(
        np.concatenate([r.pred_instances.keypoint_scores for r in results]), expected.scores.numpy()
    )
