"""mmengine's BaseModule with pretrained weights read by this project's own checkpoint loader."""

from mmengine.model import BaseModule

from ..checkpoint import load_backbone_weights
from ..utils.errors import InputError

__all__ = ['PretrainableModule', 'split_pretrained']


def split_pretrained(init_cfg: dict | list[dict] | None) -> tuple[dict | None, list[dict]]:
    """Separate the entry for pretrained weights from the other initialisers.

    Returns:
        The entry with ``type='Pretrained'`` (None if there is none) and the other entries.

    Raises:
        ValueError: an entry ``Pretrained`` without a ``checkpoint``, or more than one of them.

    >>> split_pretrained([dict(type='Kaiming', layer='Conv2d'), dict(type='Pretrained', checkpoint='r50.pth')])
    ({'type': 'Pretrained', 'checkpoint': 'r50.pth'}, [{'type': 'Kaiming', 'layer': 'Conv2d'}])
    """
    entries = [init_cfg] if isinstance(init_cfg, dict) else list(init_cfg or ())
    pretrained = [e for e in entries if e.get('type') == 'Pretrained']
    others = [e for e in entries if e.get('type') != 'Pretrained']
    if not pretrained:
        return None, others
    if len(pretrained) > 1 or not pretrained[0].get('checkpoint'):
        raise InputError(
            f"init_cfg needs one dict(type='Pretrained', checkpoint='path or URL'), not {pretrained}; "
            'use init_cfg=None to start without pretrained weights'
        )
    return pretrained[0], others


class PretrainableModule(BaseModule):
    """A module whose ``init_cfg=dict(type='Pretrained', checkpoint=...)`` reads every known checkpoint family.

    mmengine's own initialiser knows only names equal to the module's, and skips what does not fit.
    """

    def init_weights(self) -> None:
        """Initialise the weights as ``init_cfg`` says; pretrained weights come last and are not overwritten."""
        pretrained, others = split_pretrained(self.init_cfg)
        if pretrained is None or self.is_init:
            super().init_weights()
            return
        init_cfg, self.init_cfg = self.init_cfg, others
        try:
            super().init_weights()
        finally:
            self.init_cfg = init_cfg
        self._load_pretrained(pretrained['checkpoint'], pretrained.get('prefix'))

    def _load_pretrained(self, checkpoint: str, prefix: str | None) -> None:
        """Read the weights of a backbone: from ImageNet, or those inside a pose network."""
        load_backbone_weights(self, checkpoint, prefix=prefix)
