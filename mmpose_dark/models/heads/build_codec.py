"""A head's codec, out of its config."""

from collections.abc import Mapping

from mmpose_dark.registry import KEYPOINT_CODECS

from ...codecs import BaseKeypointCodec
from ...utils.errors import InputTypeError

__all__ = ['build_codec']


def build_codec(decoder: Mapping | BaseKeypointCodec | None) -> BaseKeypointCodec | None:
    """Build the codec of a head.

    Args:
        decoder: its config, the codec itself, or None for a head without.

    Raises:
        InputTypeError: something that is no `BaseKeypointCodec`.

    >>> codec = dict(type='MSRAHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=1)
    >>> build_codec(codec).input_size
    (48, 64)
    """
    built = KEYPOINT_CODECS.build(dict(decoder)) if isinstance(decoder, Mapping) else decoder
    if built is not None and not isinstance(built, BaseKeypointCodec):
        raise InputTypeError(
            f'model.head.decoder: {type(built).__name__} is no keypoint codec; derive it from '
            'mmpose_dark.codecs.BaseKeypointCodec'
        )
    return built
