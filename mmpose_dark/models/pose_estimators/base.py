"""What pose estimators share: the flip test, the points of a batch, and the way into data samples."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence

import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData, PixelData
from torch import Tensor

from mmpose_dark.registry import MODELS

from ...checkpoint import load_checkpoint
from ...keypoint_sets import parse_pose_metainfo
from ...structures import PoseDataSample
from ...structures.calibration import Calibration
from ...structures.crop import crop_to_image, crops_of
from ...structures.points import Points
from ...utils.errors import InputError, InputTypeError
from ...utils.hints import fits, in_words
from ...utils.pose_registry import nearest
from ..base_module import PretrainableModule
from ..heads import BaseHead
from ..heads.packing import to_host
from ..outputs import Outputs, all_finite, map_outputs

__all__ = ['MODES', 'TEST_OPTIONS', 'BasePoseEstimator']

MODES = ('tensor', 'loss', 'predict')
TEST_OPTIONS = {
    'flip_test': bool,
    'flip_mode': str,
    'shift_heatmap': bool,
    'flip_batch': bool,
    'output_heatmaps': bool,
    'output_keypoint_indices': Sequence[int] | None,
}


class BasePoseEstimator(PretrainableModule, BaseModel):
    """Base class of whole networks for poses: crops of single people in, their keypoints out.

    A subclass says how its outputs are computed (``compute_outputs``), which head reads them (``head``), and its loss.
    The way from images to keypoints stands here once: ``points`` gives tensors, ``predict`` packs them into samples.

    Args:
        train_cfg: passed to the head's ``loss``.
        test_cfg: see `TopDown`.
        data_preprocessor: config of the preprocessor, or one.
        init_cfg: initialisation; ``dict(type='Pretrained', checkpoint=...)`` for weights of the whole model.
        metainfo: definition of the network's keypoints. It comes before that of the samples, whose dataset may have
            others (see ``test_cfg.output_keypoint_indices``).

    Raises:
        InputError: an unknown key in ``test_cfg``, or a value of another kind.
        InputTypeError: ``data_preprocessor`` is something else.
    """

    def __init__(
        self,
        train_cfg: Mapping | None = None,
        test_cfg: Mapping | None = None,
        data_preprocessor: dict | torch.nn.Module | None = None,
        init_cfg: dict | list[dict] | None = None,
        metainfo: Mapping | None = None,
    ) -> None:
        if isinstance(data_preprocessor, dict):
            data_preprocessor = MODELS.build(dict(type='PoseDataPreprocessor') | dict(data_preprocessor))
        if not isinstance(data_preprocessor, torch.nn.Module | None):
            raise InputTypeError(f'data_preprocessor: should be a dict, a module or None, not {data_preprocessor!r}')
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.train_cfg, self.test_cfg = dict(train_cfg or {}), dict(test_cfg or {})
        for key, value in self.test_cfg.items():
            if key not in TEST_OPTIONS:
                raise InputError(
                    f'test_cfg: unknown key {key!r}{nearest(key, list(TEST_OPTIONS))} Known: {", ".join(TEST_OPTIONS)}.'
                )
            if not fits(value, TEST_OPTIONS[key]):
                raise InputError(f'test_cfg.{key} should be {in_words(TEST_OPTIONS[key])}, not {value!r}')
        self.metainfo = _full_metainfo(metainfo)
        self._network: Callable[[Tensor], Outputs] | None = None
        self.calibration: Calibration | None = None  # for those who show results; `points` and metrics stay raw

    @abstractmethod
    def compute_outputs(self, inputs: Tensor) -> Outputs:
        """Run the network's own modules.

        Args:
            inputs: images (B, 3, H, W), normalised.

        Returns:
            What the head gives: (B, C, H', W'), or several tensors.
        """

    @abstractmethod
    def loss(self, inputs: Tensor, data_samples: list[PoseDataSample]) -> dict[str, Tensor]:
        """Compute the losses of a batch.

        Args:
            inputs: images (B, 3, H, W), normalised.
            data_samples: B samples.

        Returns:
            Scalars by name.
        """

    @abstractmethod
    def output_head(self) -> BaseHead:
        """Return the head that reads keypoints from the outputs.

        Raises:
            InputError: the model has none.
        """

    def use_network(self, network: Callable[[Tensor], Outputs] | None) -> None:
        """Let another implementation of the same network compute the outputs, in evaluation mode only.

        Args:
            network: from images (B, 3, H, W), normalised, to outputs (B, C, H', W') on the same device, such as a
                compiled one; None for the modules themselves.
        """
        # A module would be taken for a part of the model, with weights to save.
        self._network = network.__call__ if isinstance(network, torch.nn.Module) else network

    @property
    def network_in_place(self) -> Callable[[Tensor], Outputs] | None:
        """What stands in the place of the model's own modules, see ``use_network``; None: nothing does."""
        return self._network

    def outputs(self, inputs: Tensor) -> Outputs:
        """Run the network, or what stands in its place (see ``use_network``).

        Args:
            inputs: images (B, 3, H, W), normalised.

        Returns:
            (B, C, H', W'), or several tensors.
        """
        if self._network is not None and not self.training:
            return self._network(inputs)
        return self.compute_outputs(inputs)

    def points(self, inputs: Tensor, *, flip_indices: Sequence[int] | None = None) -> Points:
        """Find the keypoints of a batch, as tensors on its device; nothing here waits for the device.

        With ``test_cfg.flip_test`` the outputs are averaged with those of the mirrored images.

        Args:
            inputs: images (B, 3, H, W), normalised.
            flip_indices: for each of the K keypoints the number of its mirror image, unless the model's ``metainfo``
                says it. Read with ``flip_test`` only.

        Returns:
            See :class:`Points`; of the K' keypoints of ``test_cfg.output_keypoint_indices``, if it is set. The scores
            of an image for which the network does not give finite numbers are NaN.

        Raises:
            InputError: ``flip_test`` without any ``flip_indices``.
            StateError: the head has no decoder.

        >>> from mmpose_dark.models import TopDown
        >>> codec = dict(type='MSRAHeatmap', input_size=(96, 128), heatmap_size=(24, 32), sigma=2, unbiased=True)
        >>> head = dict(type='HeatmapHead', in_channels=512, out_channels=17, decoder=codec)
        >>> model = TopDown(dict(type='ResNet', depth=18), head=head).eval()
        >>> found = model.points(torch.zeros(2, 3, 128, 96))
        >>> found.keypoints.shape, found.scores.shape, found.covariances.shape
        (torch.Size([2, 17, 2]), torch.Size([2, 17]), torch.Size([2, 17, 2, 2]))
        """
        head, options = self.output_head(), self.test_cfg
        if options.get('flip_test', False):
            flip_indices = self._flip_indices(flip_indices)
            straight, mirrored = self._straight_and_mirrored(inputs)
            shift = options.get('shift_heatmap', False)
            outputs = head.average_flipped(straight, mirrored, flip_indices, shift=shift)
        else:
            outputs = self.outputs(inputs)
        found = head.points(outputs)
        # A codec gives a number whatever the map holds; whoever uses it should know that the network gave none.
        found = found._replace(scores=found.scores.masked_fill(~all_finite(outputs)[:, None], float('nan')))
        if not options.get('output_heatmaps', False):
            found = found._replace(heatmaps=None)
        chosen = options.get('output_keypoint_indices')
        if chosen is None:
            return found
        return Points(*(None if part is None else part[:, list(chosen)] for part in found))

    def _straight_and_mirrored(self, inputs: Tensor) -> tuple[Outputs, Outputs]:
        """Outputs of the images and of the mirrored images, in one batch or two."""
        if not self.test_cfg.get('flip_batch', False):
            return self.outputs(inputs), self.outputs(inputs.flip(-1))
        both, count = self.outputs(torch.cat([inputs, inputs.flip(-1)])), len(inputs)
        return map_outputs(lambda x: x[:count], both), map_outputs(lambda x: x[count:], both)

    def _flip_indices(self, given: Sequence[int] | None) -> Sequence[int]:
        given = (self.metainfo or {}).get('flip_indices', given)
        if given is None:
            raise InputError(
                "test_cfg.flip_test needs 'flip_indices' in the samples' metainfo (PackPoseInputs packs it) or in "
                "the model's metainfo"
            )
        return given

    def predict(self, inputs: Tensor, data_samples: list[PoseDataSample]) -> list[PoseDataSample]:
        """Find the keypoints of a batch and pack them into its samples, with one copy to the host.

        Args:
            inputs: images (B, 3, H, W), normalised.
            data_samples: B samples with the metainfo ``input_size`` (w, h), ``input_center`` and ``input_scale``.

        Returns:
            The same samples with ``pred_instances``: ``keypoints`` (1, K, 2) in image pixels, ``keypoint_scores`` and
            ``keypoints_visible`` (1, K), ``bboxes`` (1, 4) xyxy and ``bbox_scores`` (1,) where the sample has them.
        """
        found = self.points(inputs, flip_indices=data_samples[0].metainfo.get('flip_indices'))
        return self.pack_points(found, data_samples)

    def pack_points(self, found: Points, data_samples: list[PoseDataSample]) -> list[PoseDataSample]:
        """Map points into the images and put them into samples.

        Args:
            found: of a batch, in input pixels.
            data_samples: B samples, changed in place.

        Returns:
            ``data_samples``, see ``predict``.

        Raises:
            InputError: another number of keypoints than the samples'.
        """
        keypoints, scores, _ = to_host(found)
        if self.test_cfg.get('output_keypoint_indices') is None:
            _check_keypoint_number(keypoints.shape[1], data_samples[0], self.metainfo)
        keypoints = crop_to_image(keypoints, **crops_of([sample.metainfo for sample in data_samples]))
        for i, (sample, xy, score) in enumerate(zip(data_samples, keypoints[:, None], scores[:, None], strict=True)):
            pred = InstanceData(keypoints=xy, keypoint_scores=score, keypoints_visible=score)
            known = sample.get('gt_instances', None)
            for key in ('bboxes', 'bbox_scores'):
                if known is not None and key in known:
                    pred.set_field(known.get(key), key)
            sample.pred_instances = pred
            if found.heatmaps is not None:
                sample.pred_fields = PixelData(heatmaps=found.heatmaps[i])
        return data_samples

    def check_mode(self, mode: str, inputs: Tensor, data_samples: list[PoseDataSample] | None) -> None:
        """Refuse a call of ``forward`` that cannot work.

        Args:
            mode: one of `MODES`.
            inputs: images (B, 3, H, W).
            data_samples: B samples, unless ``mode`` is ``'tensor'``.

        Raises:
            InputError: another mode, or samples missing.
        """
        if mode not in MODES:
            raise InputError(f'mode {mode!r} is not one of {", ".join(map(repr, MODES))}')
        if mode != 'tensor' and len(data_samples or ()) != len(inputs):
            raise InputError(
                f'mode {mode!r} needs one data sample for each of the {len(inputs)} images, got '
                f'{len(data_samples or ())}'
            )

    def _load_pretrained(self, checkpoint: str, prefix: str | None) -> None:
        """Read the weights of a whole pose network as far as they fit; the log names what does not."""
        if prefix is not None:
            raise InputError("init_cfg.prefix belongs to the init_cfg of a backbone, not to the whole model's")
        load_checkpoint(self, checkpoint, strict=False)

    def _dump_init_info(self) -> None:
        """Leave out mmengine's listing of how each single parameter was initialised: thousands of lines."""


def _full_metainfo(metainfo: Mapping | None) -> Mapping | None:
    """Look up a definition that is given by name."""
    return metainfo if not metainfo or 'flip_indices' in metainfo else parse_pose_metainfo(metainfo)


def _check_keypoint_number(found: int, sample: PoseDataSample, metainfo: Mapping | None) -> None:
    """Compare the number of keypoints found with what the model says, or else the sample of its dataset."""
    expected = None
    if metainfo and 'flip_indices' in metainfo:
        expected = len(metainfo['flip_indices'])
    elif 'flip_indices' in sample.metainfo:
        expected = len(sample.metainfo['flip_indices'])
    elif 'keypoints' in sample.get('gt_instances', {}):
        expected = sample.gt_instances.keypoints.shape[1]
    if expected is not None and expected != found:
        raise InputError(
            f'the model finds {found} keypoints, the {"model.metainfo" if metainfo else "dataset"} has {expected}; set '
            'model.head.out_channels to the number of keypoints of the dataset, or give model.metainfo the definition '
            "of the network's own and the metric a pred_converter"
        )
