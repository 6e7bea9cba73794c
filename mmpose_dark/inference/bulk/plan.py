"""The plan of a bulk run: which image is in which shard, by which settings; kept beside the output."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...utils.atomic_file import write_atomic
from ...utils.errors import ExistsError
from .items import Item

__all__ = ['Shard', 'is_done', 'make_plan', 'shard_folders', 'shard_paths']

Shard = tuple[int, int, list[Item]]  # number, index of its first image, images


def shard_folders(folder: Path) -> tuple[Path, Path]:
    """Return the folders of people and of images.

    >>> [path.as_posix() for path in shard_folders(Path('out'))]
    ['out/people', 'out/images']
    """
    return folder / 'people', folder / 'images'


def shard_paths(folder: Path, number: int) -> tuple[Path, Path]:
    """Return the files of people and of images.

    >>> [path.as_posix() for path in shard_paths(Path('out'), 3)]
    ['out/people/part-000003.parquet', 'out/images/part-000003.parquet']
    """
    people, images = shard_folders(folder)
    return people / f'part-{number:06d}.parquet', images / f'part-{number:06d}.parquet'


def is_done(folder: Path, number: int) -> bool:
    """Return whether a shard is written: its file of images is the last to get its name."""
    return shard_paths(folder, number)[1].exists()


def make_plan(
    folder: Path, items: Sequence[Item], settings: Mapping[str, object], shard_size: int
) -> tuple[list[Shard], int]:
    """Return all shards and how many images are new since the last run; the plan is written to ``plan.json``.

    What a plan has stays in its shard; images that came later are put into new shards behind. An image is known by its
    absolute path (and its name in a tar, or its row).

    Raises:
        ExistsError: the folder has the output of other settings, or of images that have changed since.
        OutputError: the plan cannot be written.
    """
    path, settings = folder / 'plan.json', dict(settings, shard_size=shard_size)
    settings = json.loads(json.dumps(settings))
    shards = _read(path, settings)
    known = {item.name for shard in shards for item in shard}
    listed = {item.name: item for item in items}
    kept = [_renewed(folder, number, shard, listed) for number, shard in enumerate(shards)]
    ids = {item.image_id: item.name for shard in kept for item in shard}
    new = [_checked(item, ids) for item in items if item.name not in known]
    kept += [new[i : i + shard_size] for i in range(0, len(new), shard_size)]
    if kept != shards:
        write_atomic(path, json.dumps(dict(settings=settings, shards=kept)))
    starts = [0]
    for shard in kept:
        starts.append(starts[-1] + len(shard))
    return [(i, starts[i], shard) for i, shard in enumerate(kept)], len(new) if known else 0


def _read(path: Path, settings: Mapping[str, object]) -> list[list[Item]]:
    """Return the shards of the last run; none where there was none."""
    if not path.exists():
        if any(shard_folders(path.parent)[1].glob('part-*.parquet')):
            raise ExistsError(f'{path.parent} has shards and no {path.name} that says of what: give another --out-dir')
        return []
    try:
        old = json.loads(path.read_text(encoding='utf-8'))
        there, shards = dict(old['settings']), [[Item(*item) for item in shard] for shard in old['shards']]
    except (ValueError, KeyError, TypeError) as err:
        raise ExistsError(f'{path} is no plan of this command ({err}): give another --out-dir') from err
    other = sorted(k for k in {*settings, *there} if settings.get(k) != there.get(k))
    if other:
        told = ', '.join(f'{k} {there.get(k)} there and {settings.get(k)} now' for k in other)
        raise ExistsError(f'{path.parent} has the output of other settings ({told}): give another --out-dir')
    return shards


def _renewed(folder: Path, number: int, shard: list[Item], listed: Mapping[str, Item]) -> list[Item]:
    """Return a shard with its images as they are now; one that is done must have them as they were."""
    if not is_done(folder, number):
        return [item if item.error else listed.get(item.name, item) for item in shard]
    changed = [item for item in shard if item.name in listed and listed[item.name].stamp != item.stamp]
    if changed:
        raise ExistsError(
            f'{changed[0].name} has changed since it was labelled ({len(changed)} images of shard {number}): delete '
            f'{shard_paths(folder, number)[1]} to do the shard again, or give another --out-dir'
        )
    return shard


def _checked(item: Item, ids: Mapping[str, str]) -> Item:
    """Return a new image, with an error where an image of an earlier run has its id."""
    if item.error or item.image_id not in ids:
        return item
    return item._replace(error=f'has the id {item.image_id} of {ids[item.image_id]}: ids must differ')
