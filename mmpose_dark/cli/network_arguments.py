"""Which network a command uses: a model of the zoo by its name, the demo's, or a config with its weights."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .arguments import (
    acceleration_options,
    add_acceleration_arguments,
    add_cfg_options,
    add_device_argument,
    add_precision_arguments,
)

if TYPE_CHECKING:
    from ..models.pose_estimators import BasePoseEstimator

__all__ = ['DEFAULT_MODEL', 'DEMO', 'Network', 'add_network_arguments', 'choose_network', 'load_network']

DEFAULT_MODEL = 'hrnet_w32_coco_256x192_dark'
DEMO = 'demo'
_DEMO_CONFIG = 'demo/people_dark_192x144.py'
_DEMO_WEIGHTS = 'people_start-*.pth'


class Network(NamedTuple):
    """A config and its weights.

    Attributes:
        config: file, or name of one that came with the package.
        checkpoint: file or URL.
        note: what a user should know; '' for nothing.
        options: settings of the config that the weights need, by dotted name.
    """

    config: str
    checkpoint: str
    note: str = ''
    options: Mapping[str, object] = {}


def add_network_arguments(parser: argparse.ArgumentParser, *, calibration: bool = False) -> None:
    """Add ``--model``, ``--config``, ``--checkpoint``, and how the network is run.

    Args:
        parser: to add to.
        calibration: whether the command can use one; adds ``--calibration``.

    >>> parser = argparse.ArgumentParser()
    >>> add_network_arguments(parser)
    >>> parser.parse_args(['--model', 'demo']).model
    'demo'
    """
    group = parser.add_argument_group('network')
    group.add_argument(
        '--model',
        metavar='NAME',
        help=f'model of the zoo, see `mmpose-dark models list`, or {DEMO}: the shipped one, which knows drawn people '
        f'only (default without --config: {DEFAULT_MODEL})',
    )
    group.add_argument('--config', help='config file, or the name of one that came with the package')
    if calibration:
        group.add_argument(
            '--calibration',
            default='auto',
            metavar='FILE',
            help='file of `mmpose-dark calibrate`, or none (default: the one beside the checkpoint, or inside it)',
        )
    group.add_argument('--checkpoint', help="checkpoint file or URL, or a network in .onnx (default: the model's)")
    add_device_argument(group)
    add_precision_arguments(group)
    add_acceleration_arguments(group)
    add_cfg_options(group)


def choose_network(args: argparse.Namespace) -> Network:
    """Return the config and the weights that a command line names.

    Raises:
        InputError: a config without weights, or a config and a model.
        ZooError: the zoo has no such model, or several.

    >>> args = argparse.Namespace(model=None, config='config.py', checkpoint='weights.pth')
    >>> choose_network(args)[:2]
    ('config.py', 'weights.pth')
    """
    from ..utils.errors import InputError

    if args.config:
        if args.model:
            raise InputError(f'--model {args.model} and --config {args.config}: give one of the two')
        if not args.checkpoint:
            raise InputError(f'--config {args.config} needs --checkpoint, the file or URL of its weights')
        return Network(args.config, args.checkpoint)
    if args.model == DEMO:
        return _demo(args.checkpoint)
    return _of_zoo(args.model or DEFAULT_MODEL, args.checkpoint)


def load_network(
    args: argparse.Namespace,
    network: Network,
    options: Mapping[str, object] | None = None,
) -> 'BasePoseEstimator':
    """Build the network and load its weights.

    Args:
        args: of a parser with `add_network_arguments`.
        network: of `choose_network`.
        options: settings of the config to change, weaker than those of the command line.

    Raises:
        UserError: see `init_model`; where weights cannot be downloaded, the message says what to do.
    """
    from ..checkpoint.urls import is_url
    from ..inference import init_model
    from ..utils.errors import UserError

    wanted = getattr(args, 'calibration', 'none')
    settings = {**network.options, **(options or {}), **(args.cfg_options or {})}
    try:
        model = init_model(
            network.config,
            network.checkpoint,
            args.device,
            settings,
            acceleration=acceleration_options(args),
            calibration=None if wanted == 'none' else wanted,
        )
        if model.calibration is not None:
            print(_told(model))
        return model
    except UserError as err:
        if is_url(network.checkpoint) and not args.checkpoint:
            raise type(err)(
                f'{err} Weights that you have already are given by --config {network.config} --checkpoint FILE; '
                f'--model {DEMO} needs no download, but knows drawn people only.'
            ) from err
        raise


def _told(model: 'BasePoseEstimator') -> str:
    """Say that a calibration is used, and where it may not hold."""
    used = model.calibration
    text = (
        f'calibration: {used.source}; probabilities are of {used.within[0]} {used.within[1]:g}, covariances are those '
        'of the errors (--calibration none: raw)'
    )
    flip_test = used.network.get('flip_test')
    if flip_test is not None and flip_test != bool(model.test_cfg.get('flip_test', False)):
        text += f'\nnote: it was measured {"with" if flip_test else "without"} the flip test'
    return text


def _demo(checkpoint: str | None) -> Network:
    from ..config.lookup import shipped_folders
    from ..utils.errors import MissingFileError

    found = [path for folder in shipped_folders() for path in sorted((folder / 'demo').glob(_DEMO_WEIGHTS))]
    if not found and checkpoint is None:
        raise MissingFileError(
            f'mmpose_dark at {Path(__file__).parents[1]} has no demo/{_DEMO_WEIGHTS} beside it: install it again'
        )
    note = 'the demo network has seen drawn people only: on photographs its keypoints mean nothing'
    return Network(_DEMO_CONFIG, checkpoint or str(found[0]), note)


def _of_zoo(name: str, checkpoint: str | None) -> Network:
    from ..zoo import find_row, read_zoo, zoo_file
    from ..zoo.rows import ZooError

    row = find_row(read_zoo(zoo_file()), name)
    if checkpoint is None and row.url is None:
        where = f'a browser gets them at {row.checkpoint}' if row.checkpoint else 'none were published'
        raise ZooError(f'{row.id}: its weights cannot be downloaded by a program ({where}); give --checkpoint FILE')
    return Network(row.config, checkpoint or row.url, options=row.options)
