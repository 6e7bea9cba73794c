"""Whether the images of a dataset are where it looks for them, asked before a run begins."""

import os
from collections.abc import Callable, Iterable, Sequence

from ..annotations import AnnotationError
from .storage import PackedBackend
from .transforms.load_image import LoadImage

__all__ = ['check_image_folder', 'check_packed_images', 'packed_images', 'refuse_urls']

_IMAGES_TRIED = 100


def packed_images(transforms: Sequence[Callable]) -> PackedBackend | None:
    """Return the archive that a pipeline reads images from, if it does."""
    loader = next((t for t in transforms if isinstance(t, LoadImage)), None)
    return None if loader is None else loader.storage


def refuse_urls(names: Iterable[str], ann_file: str, transforms: Sequence[Callable]) -> None:
    """Stop if an annotation file names images by URL, which would be asked for over the network.

    Args:
        names: of the image files.
        ann_file: that has them, for the error.
        transforms: of the pipeline; a LoadImage with ``backend_args`` asks for it.

    Raises:
        AnnotationError: there is such a name, and nobody asked for requests.

    >>> refuse_urls(['a.jpg'], 'a.json', [])
    """
    if any(isinstance(t, LoadImage) and t.backend_args for t in transforms):
        return
    url = next((name for name in names if '://' in name), None)
    if url is not None:
        raise AnnotationError(
            f'annotation file {ann_file!r}: the image {url!r} is a URL, and no request is made because a file says so. '
            "Download the images and give file names; or allow it with LoadImage(backend_args=dict(backend='http'))"
        )


def check_image_folder(folder: str, name: str, *, hint: str = '') -> None:
    """Stop if the folder of the images is not there.

    Args:
        folder: local; a URL or nothing is not looked at.
        name: of the dataset's class, for the error.
        hint: appended to the error, for example the layout expected.

    Raises:
        AnnotationError: there is no such folder.
    """
    if folder and '://' not in folder and not os.path.isdir(folder):
        raise AnnotationError(f'{name}: the image folder {folder!r} does not exist (looked from {os.getcwd()}).' + hint)


def check_packed_images(images: PackedBackend, paths: Sequence[str], name: str) -> None:
    """Stop if no image would be found in the archive; single ones are missing like single files.

    Args:
        images: the archive.
        paths: of all images; some are tried, evenly spread.
        name: of the dataset's class, for the error.

    Raises:
        AnnotationError: none of those tried is there.
    """
    tried = list(dict.fromkeys(paths[:: max(len(paths) // _IMAGES_TRIED, 1)]))
    if not any(images.exists(path) for path in tried):
        try:
            images.get(tried[0])
        except FileNotFoundError as err:
            raise AnnotationError(
                f'{name}: none of {len(tried)} images tried is in the archive; the first is '
                f'{tried[0]!r}: {err}. Set root in backend_args of LoadImage so that root and a member make the '
                "image's path"
            ) from err
