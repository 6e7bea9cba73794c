"""Variants of a config for experiments: another encoding of the keypoints, another input size, another length."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .errors import ConfigError

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = ['ENCODINGS', 'set_encoding', 'set_epochs', 'set_input_size']

ENCODINGS = ('biased', 'unbiased', 'udp')
"""How a keypoint becomes a heatmap: rounded to a pixel, where it is (DARK), where it is with UDP's crop."""

_CODECS = ('MSRAHeatmap', 'UDPHeatmap')
_SCHEDULE_ENDS = ('begin', 'end', 'T_max')


def set_encoding(cfg: 'Config', encoding: str) -> None:
    """Change the codec, the crops and the flip test of a config to an encoding, in place.

    Args:
        cfg: with codecs ``MSRAHeatmap`` or ``UDPHeatmap`` only.
        encoding: one of `ENCODINGS`. The kernel of the decoder's blur stays the config's, or is its codec's default.

    Raises:
        ConfigError: another encoding, or a config with another codec.
    """
    if encoding not in ENCODINGS:
        raise ConfigError(f'encoding {encoding!r} is not one of {", ".join(ENCODINGS)}')
    udp = encoding == 'udp'
    for codec in _codecs(cfg):
        codec['type'] = 'UDPHeatmap' if udp else 'MSRAHeatmap'
        codec.pop('unbiased', None)
        if encoding == 'unbiased':
            codec['unbiased'] = True
    for crop in _of_type(cfg, ('TopdownAffine',)):
        crop['use_udp'] = udp
    cfg.model.setdefault('test_cfg', {})['shift_heatmap'] = not udp


def set_input_size(cfg: 'Config', size: tuple[int, int]) -> None:
    """Change the input of a config to another width and height, in place.

    Heatmaps keep their ratio to the input, and sigma its ratio to the heatmap's height, as in the recipes
    (sigma 2 at 256x192, 3 at 384x288).

    Raises:
        ConfigError: the heatmaps of that size would not be whole pixels, or the config has another codec.
    """
    for codec in _codecs(cfg):
        old, maps = codec['input_size'], codec['heatmap_size']
        new = [side * part / whole for side, part, whole in zip(size, maps, old, strict=True)]
        if any(side != int(side) or side < 1 for side in new):
            raise ConfigError(f'input size {size[0]}x{size[1]}: its heatmaps would have {new[0]:g}x{new[1]:g} pixels')
        codec['sigma'] = codec.get('sigma', 2.0) * new[1] / maps[1]
        codec['input_size'], codec['heatmap_size'] = tuple(size), tuple(int(side) for side in new)
    for crop in _of_type(cfg, ('TopdownAffine',)):
        crop['input_size'] = tuple(size)


def set_epochs(cfg: 'Config', epochs: int) -> None:
    """Shorten or lengthen the training of a config, its schedule by epochs with it, in place.

    Raises:
        ConfigError: the training does not count epochs.
    """
    before = cfg.train_cfg.get('max_epochs')
    if not before:
        raise ConfigError('train_cfg.max_epochs is not set: a training by iterations cannot be given another length')
    for scheduler in cfg.get('param_scheduler') or []:
        if not scheduler.get('by_epoch', True):
            continue
        for key in _SCHEDULE_ENDS:
            if key in scheduler:
                scheduler[key] = round(scheduler[key] * epochs / before)
        if 'milestones' in scheduler:
            scheduler['milestones'] = [round(m * epochs / before) for m in scheduler['milestones']]
    cfg.train_cfg.max_epochs = epochs


def _codecs(cfg: 'Config') -> list[dict]:
    """Return the codecs of the model and of the pipelines."""
    decoder = cfg.model.get('head', {}).get('decoder') or {}
    if decoder.get('type') not in _CODECS:
        raise ConfigError(f'model.head.decoder is {decoder.get("type")!r}; only {" and ".join(_CODECS)} can be changed')
    return list(_of_type(cfg, _CODECS))


def _of_type(node: object, names: tuple[str, ...]) -> Iterator[dict]:
    """Yield every dictionary of a config whose ``type`` is one of these."""
    if isinstance(node, dict):
        if node.get('type') in names:
            yield node
        for value in node.values():
            yield from _of_type(value, names)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _of_type(value, names)
    elif hasattr(node, '_cfg_dict'):
        yield from _of_type(node._cfg_dict, names)
