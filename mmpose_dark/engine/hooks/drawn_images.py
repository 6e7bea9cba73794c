"""The images that hooks draw on, and the files that the drawings go to."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from mmengine import fileio

from ...utils.output_paths import path_inside

if TYPE_CHECKING:
    from torch.utils.data import Dataset

    from ...structures import PoseDataSample

__all__ = ['drawing_path', 'image_files', 'image_folder', 'read_rgb']


def drawing_path(folder: Path, samples: 'Sequence[PoseDataSample]', dataset: 'Dataset') -> Path:
    """Return the file for a drawing of the image of ``samples``.

    It lies under ``folder`` as the image lies under the dataset's image folder, and never outside of it, whatever the
    annotations name.
    """
    path = Path(samples[0].img_path)
    prefix = image_folder(dataset)
    name = path.relative_to(prefix) if prefix and path.is_relative_to(prefix) else Path(path.name)
    path = path_inside(folder, name)
    return path.with_suffix(path.suffix if path.suffix.lower() in ('.jpg', '.jpeg', '.png') else '.jpg')


def image_folder(dataset: 'Dataset') -> str | None:
    """Return the folder that a dataset's images lie in; None: there is no such folder."""
    return (getattr(dataset, 'data_prefix', None) or {}).get('img') or None


def image_files(dataset: 'Dataset') -> frozenset[str]:
    """Return the real paths of all images of a dataset, which nothing may be written over."""
    if not hasattr(dataset, 'get_data_info'):
        return frozenset()
    paths = {dataset.get_data_info(i).get('img_path') or '' for i in range(len(dataset))}
    return frozenset(os.path.realpath(path) for path in paths)


def read_rgb(path: str, dataset: 'Dataset', backend_args: dict | None) -> np.ndarray:
    """Read an image (H, W, 3) uint8 RGB as the dataset's own pipeline does."""
    from ...datasets.transforms.load_image import LoadImage, decode_image

    steps = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
    loader = next((s for s in steps if isinstance(s, LoadImage)), None)
    ignore = loader is not None and loader.color_type == 'color_ignore_orientation'
    if backend_args is None and loader is not None:
        backend_args = loader.backend_args
    image = decode_image(fileio.get(path, backend_args=backend_args), path, ignore_orientation=ignore)
    return np.ascontiguousarray(image[..., ::-1])
