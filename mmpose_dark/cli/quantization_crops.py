"""Crops of people that show int8 which values a network meets: of a folder of images, or of annotated people."""

import argparse
import copy
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..config.tree import dataset_of
from ..datasets import BadSample, BaseCocoStyleDataset, ImageReadError
from ..deploy.export import crop_settings
from ..deploy.quantization import Feed
from ..inference.crops import CropStage, ReadStage, build_test_pipeline
from ..inference.sources.image_files import find_images
from ..registry import DATASETS
from ..utils.errors import InputError, MissingFileError
from ..utils.progress import track

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = ['calibration_crops', 'calibration_dataset', 'check_calibration', 'crop_feeds']

Unreadable = dict[str, str]
"""Path of an image -> why it cannot be read."""
_NAMED = 3  # of the images in a message


def check_calibration(args: argparse.Namespace) -> None:
    """Refuse before anything is loaded what no crops can come of.

    Args:
        args: with ``calibration_images`` and ``annotations``.

    Raises:
        MissingFileError: there is no image, or no such file of annotations.
        InputError: annotations of images that are in no folder.
    """
    if not args.annotations:
        find_images(args.calibration_images)
        return
    if not Path(args.annotations).is_file():
        raise MissingFileError(f'--annotations {args.annotations}: there is no such file')
    if not Path(args.calibration_images).is_dir():
        raise InputError(
            f'--calibration-images {args.calibration_images}: with --annotations it is the folder that their file '
            'names begin in'
        )


def calibration_crops(
    args: argparse.Namespace, cfg: 'Config', meta: dict | None
) -> tuple[list[np.ndarray], Unreadable]:
    """Return crops of the config's test pipeline, evenly over all there are, and the images that cannot be read.

    Args:
        args: with ``calibration_images``, ``annotations`` and ``calibration_count``.
        cfg: of the network.
        meta: definition of the keypoints.

    Returns:
        Crops, each (h, w, 3) uint8 BGR, at least one; the images that were left out.

    Raises:
        InputError: no image can be read, or annotations that the config's dataset does not take.
    """
    unreadable: Unreadable = {}
    found = _annotated(args, cfg, unreadable) if args.annotations else _whole_images(args, cfg, meta, unreadable)
    crops = list(track(found, unit='people', description='reading'))
    if not crops:
        named = '; '.join(f'{path}: {reason}' for path, reason in list(unreadable.items())[:_NAMED])
        raise InputError(f'{args.calibration_images}: none of its images can be used to calibrate: {named}')
    return crops, unreadable


def crop_feeds(to: str, cfg: 'Config', crops: Iterable[np.ndarray]) -> Iterator[Feed]:
    """Yield the inputs of an exported file, one crop a time.

    Args:
        to: what was exported, ``'keypoints'``, ``'heatmaps'`` or ``'image'``.
        cfg: of the network.
        crops: each (h, w, 3) uint8 BGR; for ``'image'`` it is the image, with the box that becomes the crop, widened.
    """
    padding, use_udp = crop_settings(cfg)
    for crop in crops:
        if to == 'image':
            size = np.array(crop.shape[1::-1], np.float32) - int(use_udp)
            middle, half = size / 2, size / (2 * padding)
            yield dict(image=crop, boxes=np.concatenate([middle - half, middle + half])[None].astype(np.float32))
        else:
            yield dict(crops=crop[None])


def calibration_dataset(args: argparse.Namespace, cfg: 'Config') -> dict:
    """Return the settings of the config's test dataset with the user's annotations and images in it.

    Raises:
        InputError: the config tests on a dataset of another kind.
    """
    settings = copy.deepcopy(dict(dataset_of(cfg, 'test') or dataset_of(cfg, 'val') or {}))
    kind = DATASETS.get(settings.get('type', ''))
    if kind is None or not issubclass(kind, BaseCocoStyleDataset):
        raise InputError(
            f'--annotations: the config tests on {settings.get("type")}, and only those in the style of COCO can be '
            'read; give --calibration-images with crops alone'
        )
    places = dict(ann_file=str(Path(args.annotations).absolute()), data_root='', bbox_file=None)
    folder = dict(img=f'{Path(args.calibration_images).absolute()}/')
    return settings | places | dict(data_prefix=folder, test_mode=True, on_bad_image='report')


def _annotated(args: argparse.Namespace, cfg: 'Config', unreadable: Unreadable) -> Iterator[np.ndarray]:
    dataset = DATASETS.build(calibration_dataset(args, cfg))
    for i in _even(len(dataset), args.calibration_count):
        sample = dataset[i]
        if isinstance(sample, BadSample):
            unreadable[sample.path] = sample.reason
        else:
            yield _channels_last(sample['inputs'])


def _whole_images(
    args: argparse.Namespace, cfg: 'Config', meta: dict | None, unreadable: Unreadable
) -> Iterator[np.ndarray]:
    pipeline = build_test_pipeline(cfg)
    read, cut = ReadStage(pipeline), CropStage(pipeline, meta)
    paths = find_images(args.calibration_images)
    for path in (paths[i] for i in _even(len(paths), args.calibration_count)):
        try:
            image = read(path)
        except ImageReadError as err:
            unreadable[str(path)] = err.reason
            continue
        box = np.array([[0, 0, image.shape[1], image.shape[0]]], np.float32)
        yield from (_channels_last(crop.inputs) for crop in cut(image, str(path), box, np.ones(1, np.float32)))


def _even(total: int, count: int) -> list[int]:
    """Return at most ``count`` of the numbers below ``total``, evenly."""
    return np.unique(np.linspace(0, total - 1, min(total, count)).round().astype(int)).tolist()


def _channels_last(inputs: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(inputs.permute(1, 2, 0).numpy())
