"""Finding, checking and parsing dataset definitions.

A definition says once what the keypoints of a dataset are: names, left-right pairs, skeleton,
weights and sigmas. Built-in ones lie in ``builtin/``; a user's own is a file of the same form.
"""

import functools
import importlib
import pathlib
import re
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..utils.errors import InputError
from ..utils.nearest import nearest

__all__ = ['DefinitionError', 'known_definitions', 'load_definition', 'numbers_of', 'parse_pose_metainfo']

_FOLDER = pathlib.Path(__file__).parent / 'builtin'


class DefinitionError(InputError):
    """A dataset definition (keypoints, pairs, skeleton, sigmas) is not found or contradicts itself."""


def known_definitions() -> list[str]:
    """Return the names of the built-in definitions.

    >>> 'coco' in known_definitions()
    True
    """
    return sorted(p.stem for p in _FOLDER.glob('*.py') if not p.stem.startswith('_'))


@functools.lru_cache(maxsize=32)
def _builtin(name: str) -> dict:
    return importlib.import_module(f'{__package__}.builtin.{name}').dataset_info


def load_definition(from_file: str) -> dict:
    """Read a dataset definition.

    Args:
        from_file: in this order: the name of a built-in definition (``'coco'``); the path of a file
            (.py, .json or .yaml) with ``dataset_info``; a path whose file does not exist but whose
            name is a built-in one (``'configs/_base_/datasets/coco.py'``, as mmpose configs have it).

    Returns:
        The ``dataset_info`` dictionary, shared by all who ask for it: not to be modified.

    Raises:
        DefinitionError: nothing is found, the file does not run, or has no ``dataset_info``.

    >>> load_definition('coco')['keypoint_info'][1]['swap']
    'right_eye'
    """
    name, known = str(from_file), known_definitions()
    path = pathlib.Path(name).expanduser()
    if name in known:
        return _builtin(name)
    if path.is_file():
        from mmengine.config import Config

        from ..utils.safe_yaml import safe_yaml

        try:
            with safe_yaml():
                content = Config.fromfile(str(path), lazy_import=False, import_custom_modules=False)
        except Exception as err:  # whatever the user's file raises
            raise DefinitionError(f'dataset definition {name!r} cannot be read: {type(err).__name__}: {err}') from err
        if 'dataset_info' not in content and path.stem in known and path.suffix == '.py':
            return _builtin(path.stem)  # a config of this project where mmpose has its definition
        if 'dataset_info' not in content:
            raise DefinitionError(
                f'dataset definition {name!r} has no `dataset_info`, only {sorted(content.keys())}; '
                'write `dataset_info = dict(dataset_name=..., keypoint_info=..., ...)` (docs/custom_dataset.md)'
            )
        return content['dataset_info'].to_dict()
    if path.stem in known and path.suffix == '.py':
        return _builtin(path.stem)
    raise DefinitionError(
        f'dataset definition {name!r} not found: no such file from {pathlib.Path.cwd()} and no built-in name'
        f'{nearest(path.stem, known)} Built in: {", ".join(known)}.'
    )


def parse_pose_metainfo(metainfo: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a definition into the form that transforms, codecs and metrics read.

    What a definition does not say is refused where it is needed, not here: without sigmas no OKS can be computed, but
    everything else can (see :func:`numbers_of`). A keypoint's number is its key; its ``id`` is not read, as in mmpose.

    Args:
        metainfo: ``dict(from_file=...)`` (see :func:`load_definition`), or a definition itself. An
            already parsed one is returned as it is. With ``from_file``, further keys replace those
            of the definition.

    Returns:
        dataset_name, num_keypoints K, keypoint_id2name, keypoint_name2id, upper_body_ids,
        lower_body_ids, flip_indices (list of K), flip_pairs (list of pairs of ids, each once),
        keypoint_colors (K, 3) uint8 RGB, num_skeleton_links L, skeleton_links (list of pairs of
        ids), skeleton_link_colors (L, 3) uint8 RGB, dataset_keypoint_weights (K,) float32, sigmas
        (K,) float32; arrays are read-only. Weights or sigmas that are not given, or are not K numbers, are None.

    Raises:
        DefinitionError: see :func:`load_definition`; or keys are not 0..K-1, a name comes twice, a
            swap partner is unknown or swaps with another, a skeleton link names an unknown
            keypoint, or joint_weights or sigmas are K values but not numbers in range.

    >>> info = parse_pose_metainfo(dict(from_file='coco'))
    >>> info['num_keypoints'], info['flip_pairs'][0], info['keypoint_id2name'][0]
    (17, (1, 2), 'nose')
    """
    if 'from_file' in metainfo:
        where = f'dataset definition {metainfo["from_file"]!r}'
        metainfo = {**load_definition(metainfo['from_file']), **{k: v for k, v in metainfo.items() if k != 'from_file'}}
    else:
        where = f'dataset definition {metainfo.get("dataset_name", "(unnamed)")!r}'
        if 'keypoint_id2name' in metainfo:
            return dict(metainfo)
    for key in ('dataset_name', 'keypoint_info'):
        if key not in metainfo:
            raise DefinitionError(f'{where} has no {key!r}, only {sorted(metainfo)}')
    keypoints = _keypoints(metainfo['keypoint_info'], where)
    names = [k['name'] for k in keypoints]
    ids = {name: i for i, name in enumerate(names)}
    flip = _flip_indices(keypoints, ids, where)
    links = _links(metainfo.get('skeleton_info') or {}, ids, where)
    count = len(names)
    return dict(
        dataset_name=metainfo['dataset_name'],
        num_keypoints=count,
        keypoint_id2name=dict(enumerate(names)),
        keypoint_name2id=ids,
        upper_body_ids=[i for i, k in enumerate(keypoints) if k.get('type') == 'upper'],
        lower_body_ids=[i for i, k in enumerate(keypoints) if k.get('type') == 'lower'],
        flip_indices=flip,
        flip_pairs=[(i, j) for i, j in enumerate(flip) if i < j],
        keypoint_colors=_colors([_given(k.get('color'), (255, 128, 0)) for k in keypoints]),
        num_skeleton_links=len(links),
        skeleton_links=[pair for pair, _ in links],
        skeleton_link_colors=_colors([color for _, color in links]),
        dataset_keypoint_weights=_numbers(metainfo, 'joint_weights', count, where, low=0.0),
        sigmas=_numbers(metainfo, 'sigmas', count, where, low=1e-6),
        **{k: v for k, v in metainfo.items() if k in ('classes', 'CLASSES')},
    )


def numbers_of(metainfo: Mapping[str, object], key: str, reader: str) -> np.ndarray:
    """Return the sigmas or weights of a parsed definition: (K,) one for each keypoint.

    Args:
        metainfo: parsed definition.
        key: ``'sigmas'`` or ``'dataset_keypoint_weights'``.
        reader: what needs them, for the error.

    Raises:
        DefinitionError: the definition does not have them.

    >>> numbers_of(parse_pose_metainfo(dict(from_file='coco')), 'sigmas', 'OKS').shape
    (17,)
    """
    values = metainfo.get(key)
    if values is None:
        entry = dict(dataset_keypoint_weights='joint_weights').get(key, key)
        count = metainfo.get('num_keypoints', 'K')
        raise DefinitionError(
            f'{reader} needs {entry}, and the definition {metainfo.get("dataset_name", "(unnamed)")!r} has none: give '
            f'it {entry}=[...], {count} numbers, one for each keypoint'
        )
    return np.asarray(values)


def _keypoints(info: Mapping, where: str) -> list[dict]:
    if not isinstance(info, Mapping) or not all(isinstance(value, Mapping) for value in info.values()):
        raise DefinitionError(f'{where}: keypoint_info must be dict(name=...) by number, 0 to K-1')
    by_id = {_as_id(key, where): value for key, value in info.items()}
    if sorted(by_id) != list(range(len(by_id))) or not by_id:
        missing = sorted(set(range(max(by_id, default=-1) + 1)) - set(by_id))
        raise DefinitionError(
            f'{where}: keypoint_info must have the ids 0 to K-1, got {sorted(by_id)}'
            + (f'; missing: {missing}' if missing else '')
        )
    keypoints = [by_id[i] for i in range(len(by_id))]
    names: dict[str, int] = {}
    for i, keypoint in enumerate(keypoints):
        if 'name' not in keypoint:
            raise DefinitionError(f'{where}: keypoint {i} has no name')
        if keypoint['name'] in names:
            raise DefinitionError(f'{where}: keypoints {names[keypoint["name"]]} and {i} are both {keypoint["name"]!r}')
        if keypoint.get('type', '') not in ('', 'upper', 'lower'):
            raise DefinitionError(
                f"{where}: keypoint {keypoint['name']!r} has type {keypoint['type']!r}; use 'upper', 'lower' or ''"
            )
        names[keypoint['name']] = i
    for keypoint in keypoints:
        name, swap = keypoint['name'], keypoint.get('swap')
        if not swap:
            continue
        if swap not in names:
            raise DefinitionError(
                f'{where}: {name!r} swaps with {swap!r}, which is unknown{nearest(swap, list(names))}'
            )
        if (keypoints[names[swap]].get('swap') or name) != name:
            raise DefinitionError(
                f'{where}: {name!r} swaps with {swap!r}, but {swap!r} swaps with '
                f'{keypoints[names[swap]]["swap"]!r}; both must name each other'
            )
    return keypoints


def _as_id(key: object, where: str) -> int:
    if isinstance(key, int) or (isinstance(key, str) and re.fullmatch(r'\d+', key)):
        return int(key)
    raise DefinitionError(f'{where}: keypoint_info has the key {key!r}; keys are the ids 0 to K-1')


def _links(info: Mapping, ids: dict[str, int], where: str) -> list[tuple[tuple[int, int], Any]]:
    links = []
    for key, link in info.items():
        ends = link.get('link', ())
        unknown = [name for name in ends if name not in ids]
        if len(ends) != 2 or unknown:
            raise DefinitionError(
                f'{where}: skeleton link {key} is {tuple(ends)!r}; it must be two keypoint names'
                + (f', {unknown[0]!r} is none{nearest(unknown[0], list(ids))}' if unknown else '')
            )
        links.append(((ids[ends[0]], ids[ends[1]]), _given(link.get('color'), (96, 96, 255))))
    return links


def _given(color: object, default: tuple[int, int, int]) -> object:
    return default if color is None else color


def _colors(colors: list) -> np.ndarray:
    return _frozen(np.array(colors, np.uint8).reshape(-1, 3))


def _flip_indices(keypoints: list[dict], ids: dict[str, int], where: str) -> list[int]:
    """The partner of each keypoint; where only one of two names the other, both swap, and a warning says so."""
    flip = list(range(len(keypoints)))
    for i, keypoint in enumerate(keypoints):
        if keypoint.get('swap'):
            flip[i] = ids[keypoint['swap']]
    for i, j in enumerate(list(flip)):
        if flip[j] == j != i:
            names = keypoints[i]['name'], keypoints[j]['name']
            warnings.warn(
                f'{where}: {names[0]!r} swaps with {names[1]!r}, which names no partner; both are swapped', stacklevel=4
            )
            flip[j] = i
    return flip


def _numbers(metainfo: Mapping, key: str, count: int, where: str, *, low: float) -> np.ndarray | None:
    given = metainfo.get(key)
    if given is None or len(given) == 0:
        return None
    try:
        values = np.array(given, np.float32)
    except (TypeError, ValueError) as err:
        raise DefinitionError(f'{where}: {key} is {str(given)[:80]}; {count} numbers are needed') from err
    if values.shape != (count,):
        warnings.warn(f'{where}: {key} has {values.size} numbers for {count} keypoints and is not used', stacklevel=4)
        return None
    if not (np.isfinite(values).all() and (values >= low).all()):
        bad = int(np.flatnonzero(~(np.isfinite(values) & (values >= low)))[0])
        raise DefinitionError(f'{where}: {key}[{bad}] is {metainfo[key][bad]}; it must be at least {low:g}')
    return _frozen(values)


def _frozen(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array
