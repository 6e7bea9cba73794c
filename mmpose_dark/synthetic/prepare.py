"""Having the data set on disk, telling the user about it."""

import os
import sys
import time

from .dataset import PeopleSettings, is_complete, write_dataset

__all__ = ['prepare_dataset']


def prepare_dataset(
    root: str | os.PathLike, settings: PeopleSettings, *, workers: int | None = None, force: bool = False
) -> None:
    """Draw and write the data set unless it is there, and print what is done.

    Args:
        root: its folder.
        settings: what to draw.
        workers: processes, see :func:`~mmpose_dark.synthetic.dataset.write_dataset`.
        force: draw again what is there.

    Raises:
        ValueError: a setting out of range.
    """
    if is_complete(root, settings) and not force:
        print(f'{root}: the {settings.train} + {settings.val} pictures of seed {settings.seed} are there already')
        return
    start = time.perf_counter()
    people = write_dataset(root, settings, workers=workers, progress=_show_progress)
    print(
        f'{root}: {settings.train} training pictures with {people["train"]} people and {settings.val} validation '
        f'pictures with {people["val"]} people, drawn in {time.perf_counter() - start:.0f} s'
    )


def _show_progress(done: int, total: int) -> None:
    """Draw a bar on a terminal; elsewhere print a line at every quarter."""
    if sys.stdout.isatty():
        filled = 30 * done // total
        print(f'\r  [{"#" * filled}{"." * (30 - filled)}] {done}/{total} pictures', end='', flush=True)
        if done == total:
            print()
    elif 4 * done // total != 4 * (done - 1) // total:
        print(f'  {done}/{total} pictures', flush=True)
