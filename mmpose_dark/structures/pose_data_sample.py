"""The record that travels with one person through network and metric."""

from typing import TypeAlias

from mmengine.structures import BaseDataElement, InstanceData, PixelData

from ..utils.errors import InputTypeError

__all__ = ['PoseDataSample']

Part: TypeAlias = InstanceData | PixelData


def _part(name: str, kind: type, doc: str) -> property:
    private = f'_{name}'

    def read(self: BaseDataElement) -> Part:
        return getattr(self, private)

    def write(self: BaseDataElement, value: Part) -> None:
        self.set_field(value, private, dtype=kind)

    def remove(self: BaseDataElement) -> None:
        delattr(self, private)

    return property(read, write, remove, doc)


class PoseDataSample(BaseDataElement):
    """Annotations and predictions of the people in one network input; mmpose 1.x's fields.

    - ``gt_instances`` (InstanceData): bboxes (N, 4) xyxy, bbox_centers (N, 2), bbox_scales (N, 2),
      bbox_scores (N,), keypoints (N, K, 2) image pixels, keypoints_visible (N, K),
      transformed_keypoints (N, K, 2) input pixels; arrays of numpy.
    - ``gt_instance_labels`` (InstanceData): keypoint_weights (N, K), a tensor.
    - ``gt_fields`` (PixelData): heatmaps (K, H, W), a tensor.
    - ``pred_instances`` (InstanceData): keypoints (N, K, 2) image pixels, keypoint_scores (N, K).
    - ``pred_fields`` (PixelData): heatmaps (K, H, W).

    Metainfo says where they come from: id, img_id, img_path, input_size, input_center, input_scale,
    flip_indices ... Unlike mmengine's elements, metainfo is taken by reference: definitions are
    shared by all samples and read-only by agreement.

    >>> import numpy as np
    >>> sample = PoseDataSample(metainfo=dict(img_id=7))
    >>> sample.gt_instances = InstanceData(bboxes=np.zeros((1, 4)))
    >>> sample.img_id, 'gt_instances' in sample, sample.to_dict()['gt_instances']['bboxes'].shape
    (7, True, (1, 4))
    """

    gt_instances = _part('gt_instances', InstanceData, 'Annotated people.')
    gt_instance_labels = _part('gt_instance_labels', InstanceData, 'What the loss needs besides the heatmaps.')
    gt_fields = _part('gt_fields', PixelData, 'Target heatmaps.')
    pred_instances = _part('pred_instances', InstanceData, 'Predicted people.')
    pred_fields = _part('pred_fields', PixelData, 'Predicted heatmaps.')

    def set_metainfo(self, metainfo: dict) -> None:
        """Add entries to the metainfo, by reference.

        Raises:
            InputTypeError: ``metainfo`` is not a dict.
            AttributeError: an entry has the name of a data field.

        >>> sample = PoseDataSample()
        >>> sample.set_metainfo(dict(img_id=7))
        >>> sample.img_id
        7
        """
        if not isinstance(metainfo, dict):
            raise InputTypeError(f'metainfo must be a dict, got {type(metainfo).__name__}')
        taken = self._data_fields & metainfo.keys()
        if taken:
            raise AttributeError(f'{sorted(taken)} are data fields already and cannot be metainfo')
        # All at once: this runs for every sample, and mmengine's set_field is for one entry.
        self._metainfo_fields.update(metainfo)
        self.__dict__.update(metainfo)
