"""Heatmaps to learn, made in the data loader."""

from ...registry import KEYPOINT_CODECS, TRANSFORMS
from ...utils.errors import InputError
from .base import BaseTransform

__all__ = ['GenerateTarget']


@TRANSFORMS.register_module()
class GenerateTarget(BaseTransform):
    """Encode the keypoints with the recipe's codec.

    Without this transform the head encodes the packed keypoints on its device, which is faster.

    Reads: ``transformed_keypoints`` (or ``keypoints``), ``keypoints_visible``.
    Adds: what the codec encodes: ``heatmaps`` (K, H, W), ``keypoint_weights`` (1, K).

    Args:
        encoder: config of the codec.
        use_dataset_keypoint_weights: multiply the weights with the definition's joint_weights.
    """

    def __init__(self, encoder: dict, use_dataset_keypoint_weights: bool = False) -> None:
        self.encoder_cfg = dict(encoder)
        self.encoder = KEYPOINT_CODECS.build(dict(encoder))
        self.use_dataset_keypoint_weights = use_dataset_keypoint_weights

    def transform(self, results: dict) -> dict:
        """Encode.

        Raises:
            ValueError: the sample has no keypoints.

        >>> encoder = dict(type='MSRAHeatmap', input_size=(32, 32), heatmap_size=(8, 8), sigma=1)
        >>> keypoints = np.array([[[16.0, 8.0]]], np.float32)
        >>> results = GenerateTarget(encoder)(dict(keypoints=keypoints, keypoints_visible=np.ones((1, 1), np.float32)))
        >>> results['heatmaps'].shape, divmod(int(results['heatmaps'].argmax()), 8)  # row and column of the peak
        ((1, 8, 8), (2, 4))
        """
        keypoints = results.get('transformed_keypoints', results.get('keypoints'))
        if keypoints is None:
            raise InputError('GenerateTarget: the sample has neither transformed_keypoints nor keypoints')
        encoded = self.encoder.encode(keypoints, results.get('keypoints_visible'))
        if self.use_dataset_keypoint_weights and 'keypoint_weights' in encoded:
            encoded['keypoint_weights'] = encoded['keypoint_weights'] * results['dataset_keypoint_weights']
        results.update(encoded)
        for table in ('label_mapping_table', 'field_mapping_table'):
            results[table] = getattr(self.encoder, table, {})
        return results
