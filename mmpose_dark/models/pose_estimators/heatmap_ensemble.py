"""Several networks, one pose: the mean of their heatmaps is decoded."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.model import ModuleList
from torch import Tensor

from mmpose_dark.registry import MODELS

from ...structures import PoseDataSample
from ...utils.errors import InputError
from ..heads import BaseHead
from ..outputs import Outputs
from .base import BasePoseEstimator
from .topdown import TopDown

__all__ = ['HeatmapEnsemble']

_MEMBER_KEYS = ('backbone', 'neck', 'head')


@MODELS.register_module()
class HeatmapEnsemble(BasePoseEstimator):
    """A model ensemble: networks that see the same crop, whose heatmaps are averaged and decoded once.

    The heatmaps have one size; the first network's head decodes them. A checkpoint of the whole is made
    of the networks' own by ``tools/misc/merge_checkpoints.py``.

    Args:
        backbone: config of the first network's backbone.
        neck: likewise.
        head: likewise.
        train_cfg: as of `TopDown`.
        test_cfg: as of `TopDown`.
        data_preprocessor: as of `TopDown`, for all networks.
        init_cfg: as of `TopDown`.
        metainfo: as of `TopDown`.
        others: how many further networks of the same kind there are, or for each of them its config,
            ``dict(backbone=..., neck=..., head=...)``.

    Raises:
        InputError: no further network, a config with other keys, or a mistake in ``test_cfg``.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict | None = None,
        head: dict | None = None,
        train_cfg: Mapping | None = None,
        test_cfg: Mapping | None = None,
        data_preprocessor: dict | torch.nn.Module | None = None,
        init_cfg: dict | list[dict] | None = None,
        metainfo: Mapping | None = None,
        *,
        others: int | Sequence[dict] = 1,
    ) -> None:
        super().__init__(train_cfg, test_cfg, data_preprocessor, init_cfg, metainfo)
        same = dict(backbone=backbone, neck=neck, head=head)
        configs = [same] * others if isinstance(others, int) else list(others)
        if not configs:
            raise InputError(f'HeatmapEnsemble: others={others} leaves one network; use TopDown for that')
        for i, config in enumerate(configs):
            if 'backbone' not in config or set(config) - set(_MEMBER_KEYS):
                raise InputError(
                    f'HeatmapEnsemble: others[{i}] has the keys {", ".join(config)}; a network has backbone, head and '
                    'perhaps neck'
                )
        first = TopDown(**same, test_cfg=test_cfg)
        self.members = ModuleList([first, *(TopDown(**config) for config in configs)])

    def output_head(self) -> BaseHead:
        """Return the first network's head, which decodes for all."""
        return self.members[0].output_head()

    def forward(
        self, inputs: Tensor, data_samples: list[PoseDataSample] | None = None, mode: str = 'tensor'
    ) -> Outputs | dict[str, Tensor] | list[PoseDataSample]:
        """Run all networks; arguments and results as `TopDown.forward`, with the mean heatmaps.

        Args:
            inputs: images (B, 3, H, W), normalised.
            data_samples: B samples; not needed for ``'tensor'``.
            mode: see `TopDown.forward`.
        """
        self.check_mode(mode, inputs, data_samples)
        if mode == 'tensor':
            return self.outputs(inputs)
        return self.loss(inputs, data_samples) if mode == 'loss' else self.predict(inputs, data_samples)

    def loss(self, inputs: Tensor, data_samples: list[PoseDataSample]) -> dict[str, Tensor]:
        """Train the networks side by side.

        Args:
            inputs: images (B, 3, H, W), normalised.
            data_samples: B samples.

        Returns:
            ``loss_kpt``, the sum of theirs, and ``acc_pose``, the mean.
        """
        losses = [m(inputs, data_samples, mode='loss') for m in self.members]
        return dict(
            loss_kpt=sum(x['loss_kpt'] for x in losses), acc_pose=torch.stack([x['acc_pose'] for x in losses]).mean()
        )

    def compute_outputs(self, inputs: Tensor) -> Tensor:
        """Compute the mean heatmaps (B, K, H', W') of images (B, 3, H, W).

        Raises:
            InputError: the networks make heatmaps of different shapes.
        """
        heatmaps = [m(inputs) for m in self.members]
        shapes = sorted({tuple(h.shape[1:]) for h in heatmaps})
        if len(shapes) > 1:
            raise InputError(
                f'HeatmapEnsemble: the networks make heatmaps of different shapes (K, H, W), {shapes}; they must agree'
            )
        return torch.stack(heatmaps).mean(dim=0)
