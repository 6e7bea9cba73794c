"""Settings that say the same thing in several places of a config, and must agree."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..registry import DATASETS, KEYPOINT_CODECS, TRANSFORMS
from ..utils.choices import PHASES
from ..utils.pose_registry import PoseRegistry
from .tree import DatasetPart, Settings, datasets_of, evaluators_of

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = ['disagreements']

_SIZE_OF_CROP = 'the keypoints would be stretched'


def disagreements(cfg: 'Config | Settings') -> Iterator[str]:
    """Yield one line for each setting that contradicts another.

    Compared are: the input size of the codec, of the crops of each phase and of targets made in the loader; the
    heatmap size and the sigma of the latter; sigma and size of the blur; the number of keypoints of the network, of the
    datasets and of the flip pairs; factors of a weight decay and whether there is one. What the network makes of the
    input size is compared when it is built.

    >>> codec = dict(type='MSRAHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2)
    >>> crop = dict(type='TopdownAffine', input_size=(96, 128))
    >>> loader = dict(dataset=dict(type='CocoDataset', pipeline=[crop]))
    >>> list(disagreements(dict(model=dict(head=dict(decoder=codec)), test_dataloader=loader)))
    ['test_dataloader.dataset.pipeline: TopdownAffine.input_size is (96, 128), model.head.decoder.input_size (192, ...
    """
    head = _section(_section(cfg, 'model'), 'head')
    decoder = _section(head, 'decoder')
    yield from _blur(decoder)
    yield from _weight_decay(_section(cfg, 'optim_wrapper'))
    for phase in PHASES:
        try:
            parts = list(datasets_of(cfg, phase))
        except (AttributeError, TypeError):  # no datasets at all: said by the check of components
            continue
        for part in parts:
            yield from _crops(part, decoder)
            if phase == 'train' or evaluators_of(cfg, phase):
                yield from _keypoints(cfg, phase, part, head)


def _section(settings: 'Config | Settings | None', name: str) -> Settings:
    found = settings.get(name) if settings is not None else None
    return found if isinstance(found, Mapping) else {}


def _is(config: object, of: PoseRegistry, name: str) -> bool:
    """Tell whether a config is that of a class of this project, or of one derived from it."""
    kind = config.get('type') if isinstance(config, Mapping) else None
    found, wanted = of.get(kind) if isinstance(kind, str) else kind, of.get(name)
    return isinstance(found, type) and issubclass(found, wanted)


def _pair(value: object) -> tuple | None:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else None


def _blur(decoder: Settings) -> Iterator[str]:
    """DARK's blur has to be as wide as the targets, or it leaves the noise or flattens the peak."""
    if not _is(decoder, KEYPOINT_CODECS, 'MSRAHeatmap') or not decoder.get('unbiased'):
        return
    sigma, blur, size = decoder.get('sigma'), decoder.get('blur_kernel_size', 11), _pair(decoder.get('heatmap_size'))
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in (sigma, blur)):
        return  # refused by the codec, with its reasons
    if blur < 2 * sigma + 1 or (size and blur > min(size)):
        yield (
            f'model.head.decoder: blur_kernel_size={blur} does not go with sigma={sigma} and heatmap_size={size}; the '
            'zoo uses 11 with sigma 2 and 17 with sigma 3'
        )


def _weight_decay(wrapper: Settings) -> Iterator[str]:
    optimizer, groups = _section(wrapper, 'optimizer'), _section(wrapper, 'paramwise_cfg')
    if not optimizer or optimizer.get('weight_decay') is not None or 'constructor' in wrapper:
        return
    names = [name for name in groups if str(name).endswith('decay_mult')]
    for key, settings in _section(groups, 'custom_keys').items():
        names += [f'custom_keys.{key}.decay_mult'] if isinstance(settings, Mapping) and 'decay_mult' in settings else []
    for name in names:
        yield (
            f'optim_wrapper.paramwise_cfg.{name} is a factor of optim_wrapper.optimizer.weight_decay, which is not '
            'set; set it, or leave the factor out'
        )


def _crops(part: DatasetPart, decoder: Settings) -> Iterator[str]:
    """Compare the crops of a dataset, and targets made in its loader, with the codec that reads the heatmaps."""
    place, size = f'{part.place}.pipeline', _pair(decoder.get('input_size'))
    for transform in part.pipeline:
        if size and _is(transform, TRANSFORMS, 'TopdownAffine'):
            own = _pair(transform.get('input_size'))
            if own and own != size:
                yield (
                    f'{place}: TopdownAffine.input_size is {own}, model.head.decoder.input_size {size}: '
                    f'{_SIZE_OF_CROP}; set both to the size that the network is for'
                )
            udp, name = getattr(KEYPOINT_CODECS.get(str(decoder.get('type'))), 'use_udp', None), decoder.get('type')
            if udp is not None and udp != bool(transform.get('use_udp', False)):
                yield (
                    f'{place}: {name} needs crops of TopdownAffine with use_udp={udp}: with others all keypoints are '
                    'off by a part of a pixel'
                )
        if _is(transform, TRANSFORMS, 'GenerateTarget'):
            encoder = _section(transform, 'encoder')
            for key in ('input_size', 'heatmap_size', 'sigma'):
                ours, theirs = (_pair(c.get(key)) or c.get(key) for c in (encoder, decoder))
                if None not in (ours, theirs) and encoder.get('type') == decoder.get('type') and ours != theirs:
                    yield (
                        f'{place}: GenerateTarget.encoder.{key} is {ours}, model.head.decoder.{key} {theirs}: what is '
                        'taught is not what is read; set both'
                    )


def _keypoints(cfg: 'Config | Settings', phase: str, part: DatasetPart, head: Settings) -> Iterator[str]:
    """Compare the number of the network's keypoints with the dataset's and with those that the flip test swaps."""
    model, channels = _section(cfg, 'model'), head.get('out_channels')
    dataset = _number(part.config)
    if not isinstance(channels, int) or not _is(head.get('decoder'), KEYPOINT_CODECS, 'MSRAHeatmap'):
        return
    for transform in part.pipeline:
        if _is(transform, TRANSFORMS, 'KeypointConverter'):
            dataset = transform.get('num_keypoints')
    options = _section(model, 'test_cfg')
    chosen = _pair(options.get('output_keypoint_indices')) if phase != 'train' else None
    if chosen is not None and not all(isinstance(i, int) and 0 <= i < channels for i in chosen):
        yield (
            f'model.test_cfg.output_keypoint_indices: {list(chosen)} are not all below the {channels} keypoints of '
            'model.head.out_channels'
        )
    given = channels if chosen is None else len(chosen)
    converted = phase != 'train' and any(e.get('pred_converter') for e in evaluators_of(cfg, phase))
    if isinstance(dataset, int) and dataset != given and not converted:
        yield (
            f'{part.place}: the dataset has {dataset} keypoints, the network {given} '
            f'({"model.head.out_channels" if chosen is None else "model.test_cfg.output_keypoint_indices"}); set that '
            'to the number of keypoints of the dataset'
        )
    another = channels != dataset and (chosen is None or options.get('flip_test'))
    if phase != 'train' and another and (converted or chosen is not None):
        own = _of_definition(model.get('metainfo'))
        if own != channels:
            yield (
                f'model.metainfo: the network has {channels} keypoints of its own, and '
                f'{"nothing says which" if own is None else f"this names {own}"}; give model.metainfo the definition '
                "of these, as dict(from_file='coco')"
            )


def _number(dataset: Settings) -> int | None:
    """Return the number of keypoints of a dataset's definition, None if it is not known."""
    if dataset.get('metainfo'):
        return _of_definition(dataset['metainfo'])
    kind = dataset.get('type')
    found = DATASETS.get(kind) if isinstance(kind, str) else kind
    return _of_definition(getattr(found, 'METAINFO', None))


def _of_definition(metainfo: object) -> int | None:
    from ..keypoint_sets.definitions import DefinitionError, parse_pose_metainfo

    if not isinstance(metainfo, Mapping) or not metainfo:
        return None
    try:
        return parse_pose_metainfo(metainfo)['num_keypoints']
    except DefinitionError:  # said when the dataset is built, or by the dataset check
        return None
