"""Top-down pose estimation: one person's box in, that person's keypoints out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.structures import PixelData

from mmpose_dark.registry import MODELS
from mmpose_dark.utils.pose_registry import nearest

from ...utils.errors import InputError
from ..base_module import PretrainableModule
from ..heads.heatmap_ops import FLIP_MODES
from ..layers import is_channels_last

__all__ = ['MODES', 'TEST_OPTIONS', 'TopDown']

MODES = ('tensor', 'loss', 'predict')
TEST_OPTIONS = ('flip_test', 'flip_mode', 'shift_heatmap', 'flip_batch', 'output_heatmaps', 'output_keypoint_indices')


@MODELS.register_module(name=['TopDown', 'TopdownPoseEstimator'])
class TopDown(PretrainableModule, BaseModel):
    """Backbone, optional neck and head for crops of single people.

    Args:
        backbone: config of the backbone.
        neck: config of a module between backbone and head.
        head: config of the head.
        train_cfg: passed to the head's ``loss``.
        test_cfg: ``flip_test``: average with the heatmaps of the mirrored image; ``flip_mode``: only 'heatmap';
            ``shift_heatmap``: shift those by one pixel (see ``flip_heatmaps``); ``flip_batch``: run both images in one
            batch of double size, faster for small batches on a GPU, for twice the memory (default False, as the
            references); ``output_heatmaps``: keep the heatmaps in ``pred_fields``; ``output_keypoint_indices``: keep
            only these keypoints.
        data_preprocessor: config of the preprocessor.
        init_cfg: initialisation; ``dict(type='Pretrained', checkpoint=...)`` for weights of the whole model.
        metainfo: definition of the data set's keypoints, ``dict(from_file='coco')`` or a parsed one; its
            ``flip_indices`` are used for samples without their own.

    Raises:
        ValueError: an unknown key or flip mode in ``test_cfg``.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict | None = None,
        head: dict | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | torch.nn.Module | None = None,
        init_cfg: dict | list[dict] | None = None,
        metainfo: dict | None = None,
    ) -> None:
        if isinstance(data_preprocessor, dict):
            data_preprocessor = MODELS.build(dict(type='PoseDataPreprocessor') | dict(data_preprocessor))
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.train_cfg, self.test_cfg = dict(train_cfg or {}), dict(test_cfg or {})
        for key in self.test_cfg:
            if key not in TEST_OPTIONS:
                raise InputError(
                    f'test_cfg: unknown key {key!r}{nearest(key, list(TEST_OPTIONS))} Known: {", ".join(TEST_OPTIONS)}.'
                )
        if self.test_cfg.get('flip_mode', 'heatmap') not in FLIP_MODES:
            raise InputError(
                f'test_cfg.flip_mode {self.test_cfg["flip_mode"]!r} is not one of {", ".join(map(repr, FLIP_MODES))}'
            )
        self.metainfo = _full_metainfo(metainfo)
        self.backbone = MODELS.build(backbone)
        if neck is not None:
            self.neck = MODELS.build(neck)
        if head is not None:
            self.head = MODELS.build(head)
        self._network: Callable[[torch.Tensor], torch.Tensor] | None = None

    def use_network(self, network: Callable[[torch.Tensor], torch.Tensor] | None) -> None:
        """Let another implementation of the same network compute the heatmaps, in evaluation mode only.

        Args:
            network: from images (B, 3, H, W), normalised, to heatmaps (B, K, H', W') on the same device, such as a
                compiled one; None for the modules themselves.
        """
        # A module would be taken for a part of the model, with weights to save.
        self._network = network.__call__ if isinstance(network, torch.nn.Module) else network

    def _load_pretrained(self, checkpoint: str, prefix: str | None) -> None:
        """Read the weights of a whole pose network as far as they fit; the log names what does not."""
        from ...checkpoint import load_checkpoint  # the engine imports models, so only here

        if prefix is not None:
            raise InputError("init_cfg.prefix belongs to the init_cfg of a backbone, not to the whole model's")
        load_checkpoint(self, checkpoint, strict=False)

    def _dump_init_info(self) -> None:
        """Leave out mmengine's listing of how each single parameter was initialised: thousands of lines."""

    @property
    def with_neck(self) -> bool:
        """Whether the model has a neck."""
        return hasattr(self, 'neck')

    @property
    def with_head(self) -> bool:
        """Whether the model has a head."""
        return hasattr(self, 'head')

    def forward(self, inputs: torch.Tensor, data_samples: list | None = None, mode: str = 'tensor') -> Any:
        """Run the model.

        Args:
            inputs: images (B, 3, H, W), normalised.
            data_samples: B samples; not needed for ``'tensor'``.
            mode: ``'tensor'``: heatmaps (B, K, H', W') (feature maps without a head); ``'loss'``: dict of losses;
                ``'predict'``: the samples with ``pred_instances`` in image pixels.

        Raises:
            ValueError: another mode, samples missing, or a shape that does not fit.
        """
        if mode not in MODES:
            raise InputError(f'mode {mode!r} is not one of {", ".join(map(repr, MODES))}')
        if mode == 'tensor':
            if self._network is not None and not self.training:
                return self._network(inputs)
            return self.compute_heatmaps(inputs) if self.with_head else self.extract_feat(inputs)
        if not data_samples or len(data_samples) != len(inputs):
            raise InputError(
                f'mode {mode!r} needs one data sample for each of the {len(inputs)} images, got '
                f'{len(data_samples or ())}'
            )
        if not self.with_head:
            raise InputError(f'mode {mode!r} needs a model with a head')
        return self.loss(inputs, data_samples) if mode == 'loss' else self.predict(inputs, data_samples)

    def extract_feat(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the feature maps of images (B, 3, H, W)."""
        if is_channels_last(self.backbone):
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        feats = self.backbone(inputs)
        return self.neck(feats) if self.with_neck else feats

    def compute_heatmaps(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute heatmaps (B, K, H', W') of images (B, 3, H, W) with backbone, neck and head themselves."""
        return self.head(self.extract_feat(inputs))

    def loss(self, inputs: torch.Tensor, data_samples: list) -> dict[str, torch.Tensor]:
        """Compute the losses of a batch (see ``HeatmapHead.loss``)."""
        return self.head.loss(self.extract_feat(inputs), data_samples, train_cfg=self.train_cfg)

    def predict(self, inputs: torch.Tensor, data_samples: list) -> list:
        """Find the keypoints of a batch.

        Args:
            inputs: images (B, 3, H, W), normalised.
            data_samples: B samples with the metainfo ``input_size`` (w, h), ``input_center`` and ``input_scale``.

        Returns:
            The same samples with ``pred_instances``: ``keypoints`` (1, K, 2) in image pixels, ``keypoint_scores`` and
            ``keypoints_visible`` (1, K), ``bboxes`` (1, 4) xyxy and ``bbox_scores`` (1,) where the sample has them.
        """
        if self._network is not None and not self.training:
            return self.predict_with(self._network, inputs, data_samples)
        feats = self._with_mirrored(self.extract_feat, inputs)
        preds = self.head.predict(
            feats if self.test_cfg.get('flip_test', False) else feats[0],
            self._with_flip_indices(data_samples),
            test_cfg=self.test_cfg,
        )
        return self._add_preds(preds, data_samples)

    def predict_with(
        self, network: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor, data_samples: list
    ) -> list:
        """Find the keypoints of a batch in the heatmaps that ``network`` makes of images.

        Args:
            network: from images (B, 3, H, W) to heatmaps (B, K, H', W').
            inputs: as of ``predict``.
            data_samples: as of ``predict``.

        Returns:
            As ``predict``.
        """
        heatmaps = self._with_mirrored(network, inputs)
        preds = self.head.predict_from_heatmaps(heatmaps, self._with_flip_indices(data_samples), test_cfg=self.test_cfg)
        return self._add_preds(preds, data_samples)

    def _add_preds(self, preds: Any, data_samples: list) -> list:
        preds, fields = preds if isinstance(preds, tuple) else (preds, None)
        return self.add_pred_to_datasample(preds, fields, data_samples)

    def _with_mirrored(self, compute: Callable[[torch.Tensor], Any], inputs: torch.Tensor) -> list:
        """Apply ``compute`` to images and, with ``flip_test``, to the mirrored ones, in one batch or two."""
        if not self.test_cfg.get('flip_test', False):
            return [compute(inputs)]
        if not self.test_cfg.get('flip_batch', False):
            return [compute(inputs), compute(inputs.flip(-1))]
        both, count = compute(torch.cat([inputs, inputs.flip(-1)])), len(inputs)
        if isinstance(both, torch.Tensor):
            return [both[:count], both[count:]]
        return [tuple(x[:count] for x in both), tuple(x[count:] for x in both)]

    def _with_flip_indices(self, data_samples: list) -> list:
        """Make sure that, with ``flip_test``, the first sample says which keypoints to swap."""
        if self.test_cfg.get('flip_test', False) and 'flip_indices' not in data_samples[0].metainfo:
            if not (self.metainfo and 'flip_indices' in self.metainfo):
                raise InputError(
                    "test_cfg.flip_test needs 'flip_indices' in the samples' metainfo (PackPoseInputs packs it) or in "
                    "the model's metainfo"
                )
            data_samples[0].set_metainfo(dict(flip_indices=self.metainfo['flip_indices']))
        return data_samples

    def add_pred_to_datasample(
        self, batch_pred_instances: list, batch_pred_fields: list[PixelData] | None, batch_data_samples: list
    ) -> list:
        """Bring predictions from input pixels to image pixels and put them into the samples.

        Args:
            batch_pred_instances: B ``InstanceData`` with ``keypoints`` (1, K, 2) in input pixels.
            batch_pred_fields: B ``PixelData`` or None.
            batch_data_samples: B samples, changed in place.

        Returns:
            ``batch_data_samples``.

        Raises:
            ValueError: the predictions have another number of keypoints than the samples.
        """
        keypoints = np.stack([pred.keypoints for pred in batch_pred_instances])  # (B, N, K, 2)
        _check_keypoint_number(keypoints.shape[2], batch_data_samples[0])
        size, center, scale = (
            np.stack([np.asarray(s.metainfo[key], np.float32) for s in batch_data_samples])[:, None, None]
            for key in ('input_size', 'input_center', 'input_scale')
        )
        keypoints = keypoints / size * scale + center - 0.5 * scale
        chosen = self.test_cfg.get('output_keypoint_indices')
        for i, (pred, sample) in enumerate(zip(batch_pred_instances, batch_data_samples, strict=True)):
            pred.keypoints = keypoints[i]
            if 'keypoints_visible' not in pred:
                pred.keypoints_visible = pred.keypoint_scores
            if chosen is not None:
                for key in ('keypoints', 'keypoint_scores', 'keypoints_visible'):
                    pred.set_field(pred.get(key)[:, list(chosen)], key)
            known = sample.get('gt_instances', None)
            for key in ('bboxes', 'bbox_scores'):
                if known is not None and key in known:
                    pred.set_field(known.get(key), key)
            sample.pred_instances = pred
            if batch_pred_fields is not None:
                field = batch_pred_fields[i]
                sample.pred_fields = field if chosen is None else PixelData(heatmaps=field.heatmaps[list(chosen)])
        return batch_data_samples


def _full_metainfo(metainfo: dict | None) -> dict | None:
    """Look up a definition that is given by name."""
    if not metainfo or 'flip_indices' in metainfo:
        return metainfo
    from ...keypoint_sets.definitions import parse_pose_metainfo  # no model needs the data sets otherwise

    return parse_pose_metainfo(metainfo)


def _check_keypoint_number(found: int, sample: Any) -> None:
    """Compare the number of heatmaps with what the sample says of its data set."""
    expected = None
    if 'flip_indices' in sample.metainfo:
        expected = len(sample.metainfo['flip_indices'])
    elif 'keypoints' in sample.get('gt_instances', {}):
        expected = sample.gt_instances.keypoints.shape[1]
    if expected is not None and expected != found:
        raise InputError(
            f'the model finds {found} keypoints, the data set has {expected}; set model.head.out_channels to the '
            'number of keypoints of the data set'
        )
