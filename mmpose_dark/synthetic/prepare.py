"""Having the dataset on disk, and telling the user about it."""

import os
import time

from ..utils.progress import show_progress
from .dataset import is_complete, write_dataset
from .settings import PeopleSettings

__all__ = ['prepare_dataset']


def prepare_dataset(
    root: str | os.PathLike, settings: PeopleSettings, *, workers: int | None = None, force: bool = False
) -> None:
    """Draw and write the dataset unless it is there, and print what is done.

    Args:
        root: its folder.
        settings: what to draw.
        workers: processes, see :func:`~mmpose_dark.synthetic.dataset.write_dataset`.
        force: draw again what is there.

    Raises:
        InputError: a setting out of range.
        ExistsError: the folder has images or annotations that were not drawn here.
        OutputError: a file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
    ...     prepare_dataset(folder, PeopleSettings(train=1, val=1, width=64, height=64))
    /...: 1 training images with ... people and 1 validation images with ... people, drawn in ... s
    """
    if is_complete(root, settings) and not force:
        print(f'{root}: the {settings.train} + {settings.val} images of seed {settings.seed} are there already')
        return
    start = time.perf_counter()
    with show_progress('drawing people', settings.train + settings.val) as report:
        people = write_dataset(root, settings, workers=workers, progress=report)
    print(
        f'{root}: {settings.train} training images with {people["train"]} people and {settings.val} validation '
        f'images with {people["val"]} people, drawn in {time.perf_counter() - start:.0f} s'
    )
