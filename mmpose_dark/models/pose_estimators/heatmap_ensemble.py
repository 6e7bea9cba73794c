"""Several networks, one pose: the mean of their heatmaps is decoded."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseModel, ModuleList

from mmpose_dark.registry import MODELS

from ...utils.errors import InputError
from .topdown import MODES, TopDown

__all__ = ['HeatmapEnsemble']

_MEMBER_KEYS = ('backbone', 'neck', 'head')


@MODELS.register_module()
class HeatmapEnsemble(BaseModel):
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
        metainfo: as of `TopDown`.
        others: how many further networks of the same kind there are, or for each of them its config,
            ``dict(backbone=..., neck=..., head=...)``.

    Raises:
        ValueError: no further network, a config with other keys, or a mistake in ``test_cfg``.
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
        *,
        others: int | Sequence[dict] = 1,
    ) -> None:
        first = TopDown(backbone, neck, head, train_cfg, test_cfg, data_preprocessor, metainfo=metainfo)
        super().__init__(data_preprocessor=first.data_preprocessor, init_cfg=init_cfg)
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
        self.members = ModuleList([first, *(TopDown(**config) for config in configs)])
        self.test_cfg = first.test_cfg

    def forward(self, inputs: torch.Tensor, data_samples: list | None = None, mode: str = 'tensor') -> Any:
        """Run all networks; arguments and results as `TopDown.forward`, with the mean heatmaps.

        In mode ``'loss'`` the networks are trained side by side: ``loss_kpt`` is the sum of theirs and
        ``acc_pose`` the mean.
        """
        if mode == 'tensor':
            return self._heatmaps(inputs)
        if mode == 'loss':
            losses = [m(inputs, data_samples, mode='loss') for m in self.members]
            return dict(
                loss_kpt=sum(x['loss_kpt'] for x in losses),
                acc_pose=torch.stack([x['acc_pose'] for x in losses]).mean(),
            )
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        raise InputError(f'mode {mode!r} is not one of {", ".join(map(repr, MODES))}')

    def predict(self, inputs: torch.Tensor, data_samples: list) -> list:
        """Find the keypoints of a batch in the mean heatmaps; arguments and results as `TopDown.predict`."""
        return self.members[0].predict_with(self._heatmaps, inputs, data_samples)

    def _heatmaps(self, inputs: torch.Tensor) -> torch.Tensor:
        return self._mean([m(inputs) for m in self.members])

    @staticmethod
    def _mean(heatmaps: list[torch.Tensor]) -> torch.Tensor:
        """Average (B, K, H, W) heatmaps of one shape."""
        shapes = sorted({tuple(h.shape[1:]) for h in heatmaps})
        if len(shapes) > 1:
            raise InputError(
                f'HeatmapEnsemble: the networks make heatmaps of different shapes (K, H, W), {shapes}; they must agree'
            )
        return torch.stack(heatmaps).mean(dim=0)
