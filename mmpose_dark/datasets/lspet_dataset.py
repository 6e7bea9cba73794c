"""Leeds Sports Pose Extended."""

from typing import ClassVar

from ..registry import DATASETS
from .base_coco_style_dataset import BaseCocoStyleDataset

__all__ = ['LspetDataset']


@DATASETS.register_module()
class LspetDataset(BaseCocoStyleDataset):
    """Leeds Sports Pose Extended as COCO-style JSON with AI Challenger's 14 keypoints.

    See :class:`BaseCocoStyleDataset` for the arguments.
    """

    METAINFO: ClassVar[dict] = dict(from_file='lspet')
    LAYOUT = """
    data/lspet/                                  (data_root; https://github.com/axelcarlier/lsp)
      annotations/lspet_train.json
      annotations/lspet_val.json
      images/im00002.jpg ..."""
