"""Settings of a vision transformer, checked before it is built."""

from collections.abc import Mapping, Sequence

from ...checkpoint.families.vitpose import EXPERTS
from ...utils.errors import InputError

__all__ = [
    'ARCHITECTURES',
    'check_settings',
    'eps_of',
    'expert_of',
    'indices_of',
    'padding_of',
    'sizes_of',
]

_KEYS = ('embed_dims', 'num_layers', 'num_heads', 'feedforward_channels')


def _sizes(embed_dims: int, num_layers: int, num_heads: int) -> dict[str, int]:
    return dict(zip(_KEYS, (embed_dims, num_layers, num_heads, 4 * embed_dims), strict=True))


ARCHITECTURES = {
    **dict.fromkeys(('b', 'base', 'deit-b', 'deit-base'), _sizes(768, 12, 12)),
    **dict.fromkeys(('l', 'large'), _sizes(1024, 24, 16)),
    **dict.fromkeys(('h', 'huge'), _sizes(1280, 32, 16)),
    **dict.fromkeys(('deit-t', 'deit-tiny'), _sizes(192, 12, 3)),
    **dict.fromkeys(('deit-s', 'deit-small'), _sizes(384, 12, 6)),
}


def sizes_of(arch: str | Mapping[str, int]) -> dict[str, int]:
    """Return ``embed_dims``, ``num_layers``, ``num_heads`` and ``feedforward_channels`` of an architecture.

    Args:
        arch: a name of `ARCHITECTURES`, or a dict of the four.

    Raises:
        InputError: another name or key, numbers that are not positive, heads that do not divide the channels.

    >>> sizes_of('base')
    {'embed_dims': 768, 'num_layers': 12, 'num_heads': 12, 'feedforward_channels': 3072}
    """
    if isinstance(arch, str):
        if arch.lower() not in ARCHITECTURES:
            raise InputError(
                f'VisionTransformer: arch {arch!r} is not one of {", ".join(ARCHITECTURES)}; give others as '
                'dict(embed_dims=384, num_layers=12, num_heads=12, feedforward_channels=1536), which is ViTPose-S'
            )
        return ARCHITECTURES[arch.lower()]
    if not isinstance(arch, Mapping) or set(arch) != set(_KEYS):
        raise InputError(f'VisionTransformer: arch {arch!r} must have {", ".join(_KEYS)} and nothing else')
    if not all(isinstance(arch[key], int) and arch[key] > 0 for key in _KEYS):
        raise InputError(f'VisionTransformer: arch {dict(arch)} must have positive whole numbers')
    if arch['embed_dims'] % arch['num_heads']:
        raise InputError(
            f'VisionTransformer: the {arch["num_heads"]} heads do not divide embed_dims={arch["embed_dims"]}'
        )
    return dict(arch)


def padding_of(patch_cfg: Mapping | None, patch_size: int) -> int:
    """Return the pixels around the image that the patches stand over.

    Args:
        patch_cfg: ``dict(padding=2)``, None for none.
        patch_size: side of a patch in pixels; twice the padding is below it, so that the number of patches stays.

    Raises:
        InputError: another key, or a padding that is out of range.

    >>> padding_of(dict(padding=2), 16), padding_of(None, 16)
    (2, 0)
    """
    settings = dict(patch_cfg or {})
    padding = settings.pop('padding', 0)
    if settings or not isinstance(padding, int) or not 0 <= 2 * padding < patch_size:
        raise InputError(
            f'VisionTransformer: patch_cfg {dict(patch_cfg or {})} is not dict(padding=n) with n from 0 to below half '
            f'of patch_size={patch_size}'
        )
    return padding


def eps_of(norm_cfg: Mapping) -> float:
    """Return what is added to the variance in a normalisation.

    Args:
        norm_cfg: ``dict(type='LN', eps=1e-6)``.

    Raises:
        InputError: another normalisation.

    >>> eps_of(dict(type='LN', eps=1e-5))
    1e-05
    """
    settings = dict(norm_cfg)
    kind, eps = settings.pop('type', 'LN'), settings.pop('eps', 1e-6)
    if settings or kind != 'LN' or not eps > 0:
        raise InputError(f"VisionTransformer: norm_cfg {dict(norm_cfg)} is not dict(type='LN', eps=1e-6)")
    return float(eps)


def expert_of(expert: int | str, num_experts: int, part_features: int, channels: int) -> int:
    """Return the number of the expert that is used, or of the dataset whose head is.

    Args:
        expert: its number, or a dataset of `EXPERTS`.
        num_experts: 0 for none.
        part_features: channels that an expert gives.
        channels: of the tokens.

    Raises:
        InputError: no such expert, or numbers that do not go together.

    >>> expert_of('mpii', 6, 96, 384), expert_of(0, 0, 0, 384)
    (2, 0)
    """
    number = list(EXPERTS).index(expert) if expert in EXPERTS else expert
    if not isinstance(number, int) or not 0 <= number < (num_experts or len(EXPERTS)):
        raise InputError(
            f'VisionTransformer: expert {expert!r} is none of the {num_experts or len(EXPERTS)}; they are numbers from '
            f'0, or the datasets of ViTPose+: {", ".join(EXPERTS)}'
        )
    if bool(num_experts) != bool(part_features) or not 0 <= part_features < channels:
        raise InputError(
            f'VisionTransformer: num_experts={num_experts} does not go with part_features={part_features}; ViTPose+ '
            f'has 6 experts that give a quarter of the {channels} channels, part_features={channels // 4}'
        )
    return number


def check_settings(
    out_type: str, interpolate_mode: str, *, with_cls_token: bool, frozen_stages: int, depth: int, **rates: float
) -> None:
    """Refuse settings that no network for poses has.

    Args:
        out_type: of `VisionTransformer`, and so are the others.
        interpolate_mode: of positions.
        with_cls_token: whether there is a class token.
        frozen_stages: how many layers are frozen.
        depth: number of layers.
        **rates: probabilities by name.

    Raises:
        InputError: one of them is out of range.

    >>> check_settings('featmap', 'bicubic', with_cls_token=False, frozen_stages=-1, depth=12, drop_rate=0.1)
    """
    if out_type != 'featmap' or with_cls_token:
        raise InputError(
            "VisionTransformer: heads for poses read feature maps: set out_type='featmap' and with_cls_token=False, "
            f'not {out_type!r} and {with_cls_token!r}'
        )
    if interpolate_mode not in ('bicubic', 'bilinear'):
        raise InputError(f"VisionTransformer: interpolate_mode {interpolate_mode!r} is not 'bicubic' or 'bilinear'")
    if not -1 <= frozen_stages <= depth:
        raise InputError(f'VisionTransformer: frozen_stages must be -1 to {depth}, not {frozen_stages!r}')
    for name, rate in rates.items():
        if not 0 <= rate < 1:
            raise InputError(f'VisionTransformer: {name} must be from 0 to below 1, not {rate!r}')


def indices_of(given: int | Sequence[int], depth: int) -> tuple[int, ...]:
    """Return the numbers of layers from 0, in their order.

    Args:
        given: numbers, negative ones from the end.
        depth: number of layers.

    Raises:
        InputError: none, or one that is out of range.

    >>> indices_of((-1, 3), 12)
    (3, 11)
    """
    indices = (given,) if isinstance(given, int) else tuple(given)
    if not indices or not all(-depth <= i < depth for i in indices):
        raise InputError(
            f'VisionTransformer: out_indices {given} must name layers 0 to {depth - 1}, or -1 for the last'
        )
    return tuple(sorted({i % depth for i in indices}))
