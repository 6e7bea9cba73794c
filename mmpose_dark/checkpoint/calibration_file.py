"""The calibration file beside a checkpoint, or the same as a record inside one."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from ..structures.calibration import Calibration, CovarianceMap, ProbabilityMap
from ..utils.atomic_file import write_atomic
from ..utils.errors import InputError, MissingFileError
from .download import sha256_of

__all__ = [
    'calibration_beside',
    'calibration_from_record',
    'calibration_record',
    'find_calibration',
    'read_calibration',
    'write_calibration',
]

_FORMAT, _VERSION = 'mmpose_dark calibration', 1
_BOUNDS = ('oks', 'box')


def calibration_beside(checkpoint: str | os.PathLike) -> Path:
    """Return where the calibration of a checkpoint stands, if there is one.

    >>> calibration_beside('runs/epoch_4.pth').as_posix()
    'runs/epoch_4.calibration.json'
    """
    path = Path(checkpoint)
    return path.with_name(f'{path.stem}.calibration.json')


def calibration_record(calibration: Calibration) -> dict[str, object]:
    """Return a calibration as plain types, ready for json and checkpoints."""
    probability, covariance = calibration.probability, calibration.covariance
    return dict(
        format=_FORMAT,
        version=_VERSION,
        within=dict(kind=calibration.within[0], bound=calibration.within[1]),
        probability=dict(
            heights=list(probability.heights), logits=list(probability.logits), offsets=list(probability.offsets)
        ),
        covariance=covariance
        and dict(
            scale=covariance.scale, floor=covariance.floor, power=covariance.power, levels=list(covariance.levels),
            radii_squared=list(covariance.radii_squared), unit='square pixels of the input',
        ),
        network=dict(calibration.network),
        evaluation=dict(calibration.evaluation),
        about=dict(calibration.about),
    )  # fmt: skip


def write_calibration(path: str | os.PathLike, calibration: Calibration) -> None:
    """Write a calibration, whole or not at all."""
    write_atomic(path, json.dumps(calibration_record(calibration), indent=1, allow_nan=False) + '\n')


def read_calibration(
    path: str | os.PathLike, *, checkpoint: str | os.PathLike | None = None, num_keypoints: int | None = None
) -> Calibration:
    """Read a calibration and check that it is one of this network.

    Args:
        path: of the file.
        checkpoint: file of the weights, whose hash must be the one noted; None: not checked.
        num_keypoints: of the network; None: not checked.

    Raises:
        MissingFileError: there is no such file.
        InputError: it is no calibration, of a later version, of another network or of other weights.
    """
    try:
        record = json.loads(Path(path).read_text(encoding='utf-8'))
    except FileNotFoundError as err:
        raise MissingFileError(f'{path}: there is no such calibration file; `mmpose-dark calibrate` makes one') from err
    except (OSError, ValueError, RecursionError) as err:
        raise InputError(f'{path}: no calibration file ({err}); `mmpose-dark calibrate` makes one') from err
    found = calibration_from_record(record, source=str(path), num_keypoints=num_keypoints)
    noted = found.network.get('checkpoint_sha256')
    if checkpoint is not None and noted and os.path.isfile(checkpoint) and noted != sha256_of(checkpoint):
        raise InputError(
            f'{path}: measured with other weights than {checkpoint} (the hash differs): calibrate again, or use '
            '--calibration none'
        )
    return found


def calibration_from_record(record: object, *, source: str, num_keypoints: int | None = None) -> Calibration:
    """Return what `calibration_record` made plain.

    Args:
        record: of json, or of a checkpoint's meta.
        source: where it stands, for messages.
        num_keypoints: see `read_calibration`.

    Raises:
        InputError: see `read_calibration`.
    """
    if not isinstance(record, Mapping) or record.get('format') != _FORMAT:
        raise InputError(f'{source}: no calibration of mmpose_dark; `mmpose-dark calibrate` makes one')
    if record.get('version') != _VERSION:
        raise InputError(
            f'{source}: version {record.get("version")!r} of the calibration is not known, only {_VERSION}: calibrate '
            'again with this program'
        )
    try:
        bound = record['within']
        within = (bound['kind'], float(bound['bound']))
        if within[0] not in _BOUNDS or not 0 < within[1] < 1:
            raise InputError(f'within is {bound}')
        names = ('heights', 'logits', 'offsets')
        probability = ProbabilityMap(**{name: record['probability'][name] for name in names})
        shape = record['covariance']
        names = ('scale', 'floor', 'power', 'levels', 'radii_squared')
        covariance = None if shape is None else CovarianceMap(**{name: shape[name] for name in names})
        parts = [dict(record.get(name) or {}) for name in ('network', 'evaluation', 'about')]
    except (KeyError, TypeError, ValueError) as err:
        raise InputError(f'{source}: a damaged calibration ({type(err).__name__}: {err}); calibrate again') from err
    found = Calibration(probability, covariance, within, *parts, source=source)
    if num_keypoints is not None and found.num_keypoints != num_keypoints:
        raise InputError(
            f'{source}: a calibration of {found.num_keypoints} keypoints, the network gives {num_keypoints}: calibrate '
            'this network, or use --calibration none'
        )
    return found


def find_calibration(
    wanted: str | os.PathLike | None,
    checkpoint: str | os.PathLike | None,
    meta: Mapping[str, object],
    *,
    num_keypoints: int | None = None,
) -> Calibration | None:
    """Return the calibration that is asked for.

    Args:
        wanted: a file; ``'auto'`` for the one beside the checkpoint, or else inside it; None for none.
        checkpoint: file or URL of the weights.
        meta: of the checkpoint.
        num_keypoints: see `read_calibration`.

    Raises:
        InputError: see `read_calibration`.

    >>> find_calibration('auto', 'nowhere/weights.pth', {}) is None
    True
    """
    if wanted is None:
        return None
    if str(wanted) != 'auto':
        return read_calibration(wanted, checkpoint=checkpoint, num_keypoints=num_keypoints)
    if checkpoint is not None and calibration_beside(checkpoint).is_file():
        return read_calibration(calibration_beside(checkpoint), checkpoint=checkpoint, num_keypoints=num_keypoints)
    record = meta.get('calibration')
    if record is None:
        return None
    return calibration_from_record(record, source=f'{checkpoint} (inside)', num_keypoints=num_keypoints)
