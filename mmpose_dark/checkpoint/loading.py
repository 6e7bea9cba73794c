"""Loading weights into a network: everything fits, or an error says what does not."""

import logging
import os
import re
from typing import NamedTuple

from mmengine.logging import print_log
from torch import nn

from .adapting import adapted
from .errors import CheckpointError
from .families import Family, convert, recognise
from .networks import beside_backbone, describe_network, sized_by_keypoints
from .reading import load_state_dict_file
from .state_dict import MapLocation, StateDict, split_weights
from .urls import shown
from .values import check_kinds, check_values

__all__ = ['check_weights', 'load_backbone_weights', 'load_checkpoint']

# Counters of BatchNorm that PyTorch did not write before 0.4.1 and that only a momentum of None reads;
# statistics of the input that old toolboxes kept among the weights.
_HARMLESS_MISSING = re.compile(r'(.*\.)?num_batches_tracked')
_HARMLESS_UNEXPECTED = re.compile(r'(.*\.)?num_batches_tracked|data_preprocessor\.(mean|std)')
_SHOWN = 10


class _Difference(NamedTuple):
    missing: list[str]
    unexpected: list[str]
    shapes: list[tuple[str, tuple, tuple]]

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.shapes)

    def outside_head(self) -> bool:
        """Say whether anything differs that does not depend on the number of keypoints."""
        names = [*self.missing, *self.unexpected, *(k for k, _, _ in self.shapes)]
        return not all(map(sized_by_keypoints, names))

    def text(self) -> str:
        """List the differences, the first ten of each kind."""

        def part(title: str, lines: list[str]) -> list[str]:
            more = [f'  ... and {len(lines) - _SHOWN} more'] if len(lines) > _SHOWN else []
            return [f'{title} ({len(lines)}):', *(f'  {line}' for line in lines[:_SHOWN]), *more] if lines else []

        shapes = [f'{k}: checkpoint {a}, model {b}' for k, a, b in self.shapes]
        return '\n'.join(
            part('differing shapes', shapes)
            + part('in the model but not in the checkpoint', self.missing)
            + part('in the checkpoint but not in the model', self.unexpected)
        )


def load_checkpoint(
    model: nn.Module, path_or_url: str | os.PathLike, map_location: MapLocation = 'cpu', *, strict: bool = True
) -> dict[str, object]:
    """Load a checkpoint of any of the known families into a pose network.

    The family (mmpose 0.x, mmpose 1.x, HRNet, Simple Baselines, DarkPose) is recognised from the
    parameter names and written to the log. Nothing is loaded where anything does not fit.

    Args:
        model: the network; a DataParallel or DistributedDataParallel wrapper is looked through.
        path_or_url: as for `load_state_dict_file`.
        map_location: where the tensors are read to before they are copied into the model.
        strict: ``False`` lets the head differ, and the layers of an Hourglass that depend on the number
            of keypoints: they stay as they are, with a warning. So training starts from a
            network with other keypoints. The backbone must fit all the same.

    Returns:
        What the checkpoint holds besides the weights: ``meta``, ``optimizer``, ``message_hub`` ...

    Raises:
        CheckpointError: the file cannot be read, is of another network (keys and shapes are listed),
            or, with ``strict=False``, of another backbone; or it holds values that are no weights: NaN, infinite,
            complex, sparse, quantised or meta tensors.
    """
    weights, rest = _read(path_or_url, map_location)
    family = recognise(weights)
    weights = convert(weights, family)
    name, describe = (family.name, family.describe) if family else ('unknown', describe_network)
    _put(model, weights, shown(path_or_url), name, there=describe(weights), strict=strict, is_start=False)
    return rest


def check_weights(model: nn.Module, weights: object, source: str | os.PathLike) -> None:
    """Refuse what does not fit a network exactly, before any of it is loaded.

    Args:
        model: the network.
        weights: by its own names, in its own shapes.
        source: the checkpoint, for the message.

    Raises:
        CheckpointError: names or shapes differ, or values are no weights (as of `load_checkpoint`).

    >>> check_weights(nn.BatchNorm2d(2), nn.BatchNorm2d(2).state_dict(), 'a.pth')
    """
    if not isinstance(weights, dict):
        raise CheckpointError(f'{shown(source)}: holds no weights')
    check_kinds(weights, shown(source))
    own = _unwrapped(model).state_dict()
    difference = _compare(weights, own)
    if difference:
        raise CheckpointError(f'{shown(source)}: a checkpoint of another network: {difference.text()}')
    check_values(weights, own, shown(source))


def _read(path_or_url: str | os.PathLike, map_location: MapLocation) -> tuple[StateDict, dict[str, object]]:
    checkpoint = load_state_dict_file(path_or_url, map_location)
    try:
        weights, rest = split_weights(checkpoint)
    except ValueError as err:
        raise CheckpointError(f'{shown(path_or_url)}: {err}.') from err
    check_kinds(weights, shown(path_or_url))
    return weights, rest


def _put(
    model: nn.Module, weights: StateDict, source: str, family: str, *, there: str, strict: bool, is_start: bool
) -> None:
    model = _unwrapped(model)
    weights = adapted(model, weights, source=source, is_start=is_start)
    own = model.state_dict()
    difference = _compare(weights, own)
    here = describe_network(own)
    if difference if strict else difference.outside_head():
        raise CheckpointError(
            f'{source} (family: {family}) does not fit the model.\n'
            f'Likely cause: {_likely_cause(difference, there, here)}\n{difference.text()}'
        )
    differing = {k for k, _, _ in difference.shapes}
    fitting = {k: v for k, v in weights.items() if k in own and k not in differing}
    if all(_HARMLESS_UNEXPECTED.fullmatch(k) for k in fitting):
        raise CheckpointError(
            f'{source} (family: {family}): not one parameter fits the model; '
            f'the checkpoint is of {there}, the model {here}.\n{difference.text()}'
        )
    check_values(fitting, own, source)
    model.load_state_dict(fitting, strict=False)
    if difference:
        message = f'{len(fitting)} of {len(own)} tensors loaded, the others left as they are.\n{difference.text()}'
    else:
        message = 'all parameters loaded.'
    level = logging.WARNING if difference else logging.INFO
    print_log(f'{source}: checkpoint family {family}, {there}; {message}', logger='current', level=level)


def _unwrapped(model: nn.Module) -> nn.Module:
    wrappers = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    while isinstance(model, wrappers):
        model = model.module
    return model


def _compare(weights: StateDict, own: StateDict) -> _Difference:
    return _Difference(
        [k for k in own if k not in weights and not _HARMLESS_MISSING.fullmatch(k)],
        [k for k in weights if k not in own and not _HARMLESS_UNEXPECTED.fullmatch(k)],
        [(k, tuple(v.shape), tuple(own[k].shape)) for k, v in weights.items() if k in own and v.shape != own[k].shape],
    )


def _likely_cause(difference: _Difference, there: str, here: str) -> str:
    if there != here:
        return f'the checkpoint is of {there}; the model is {here}. Use the config that belongs to the checkpoint.'
    if difference.shapes and not (difference.missing or difference.unexpected):
        return 'the same architecture with other widths. Use the config that belongs to the checkpoint.'
    return 'another architecture, or parameter names of a code base that is not known here.'


def load_backbone_weights(
    module: nn.Module, path_or_url: str | os.PathLike, *, prefix: str | None = None, map_location: MapLocation = 'cpu'
) -> None:
    """Load ImageNet weights, or the backbone of a pose network of any family, into a backbone.

    Only what a classifier or a pose head has besides the backbone may be left over, and the outputs
    of the last HRNet stage and the late stages that ``module`` was built without; it is named in the log.

    Args:
        module: the backbone.
        path_or_url: as for `load_state_dict_file`.
        prefix: take the parameters whose names in the file start with it (``backbone.``); ``None`` finds them.
        map_location: where the tensors are read to first.

    Raises:
        CheckpointError: the file cannot be read, lacks parameters of ``module``, has others, or they differ in shape.
    """
    weights, _ = _read(path_or_url, map_location)
    family = recognise(weights)
    weights = _with_prefix(weights, prefix, path_or_url) if prefix else _of_backbone(weights, family)
    own, there = _unwrapped(module).state_dict(), describe_network(weights)
    beside = {k: part for k in weights if k not in own and (part := beside_backbone(k, own))}
    weights = {k: v for k, v in weights.items() if k not in beside}
    if beside:
        parts = ', '.join(sorted(set(beside.values())))
        print_log(f'{shown(path_or_url)}: not part of the backbone and left out: {parts}', logger='current')
    name = family.name if family else 'ImageNet backbone'
    _put(module, weights, shown(path_or_url), name, there=there, strict=True, is_start=True)


def _with_prefix(weights: StateDict, prefix: str, source: str | os.PathLike) -> StateDict:
    start = prefix.rstrip('.') + '.'
    found = {k.removeprefix(start): v for k, v in weights.items() if k.startswith(start)}
    if not found:
        raise CheckpointError(f'{shown(source)}: no parameter name starts with {start!r}.')
    return found


def _of_backbone(weights: StateDict, family: Family | None) -> StateDict:
    weights = convert(weights, family)
    inside = {k.removeprefix('backbone.'): v for k, v in weights.items() if k.startswith('backbone.')}
    return inside or weights
