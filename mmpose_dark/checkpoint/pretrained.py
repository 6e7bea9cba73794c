"""The initialiser behind ``init_cfg=dict(type='Pretrained', checkpoint=...)``."""

from mmengine.model.weight_init import update_init_info
from torch import nn

from ..registry import WEIGHT_INITIALIZERS
from .loading import load_backbone_weights
from .state_dict import MapLocation

__all__ = ['Pretrained']


@WEIGHT_INITIALIZERS.register_module()
class Pretrained:
    """Load weights into a module; whatever does not fit is an error.

    Takes the place of mmengine's initialiser of this name in the scope ``mmpose_dark``: that one only
    warns where nothing fits, and executes what the file says.

    Args:
        checkpoint: path or URL, as for `load_state_dict_file`.
        prefix: load the parameters whose names start with it, without it; ``None`` finds the backbone.
        map_location: where the tensors are read to first.
    """

    def __init__(self, checkpoint: str, prefix: str | None = None, map_location: MapLocation = 'cpu') -> None:
        self.checkpoint = checkpoint
        self.prefix = prefix
        self.map_location = map_location

    def __call__(self, module: nn.Module) -> None:
        """Load the weights into ``module``."""
        load_backbone_weights(module, self.checkpoint, prefix=self.prefix, map_location=self.map_location)
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=f'Pretrained: load from {self.checkpoint}')
