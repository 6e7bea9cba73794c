"""The plan of a bulk run: which image is in which shard, by which settings; kept beside the output."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...utils.atomic_file import write_atomic
from ...utils.errors import ExistsError
from .lake import Item

__all__ = ['Shard', 'is_done', 'make_plan', 'shard_paths']

Shard = tuple[int, int, list[Item]]  # number, index of its first image, images


def shard_paths(folder: Path, number: int) -> tuple[Path, Path]:
    """Return the files of people and of images.

    >>> [path.as_posix() for path in shard_paths(Path('out'), 3)]
    ['out/people/part-000003.parquet', 'out/images/part-000003.parquet']
    """
    return folder / 'people' / f'part-{number:06d}.parquet', folder / 'images' / f'part-{number:06d}.parquet'


def is_done(folder: Path, number: int) -> bool:
    """Return whether a shard is written: its file of images is the last to get its name."""
    return shard_paths(folder, number)[1].exists()


def make_plan(
    folder: Path, items: Sequence[Item], settings: Mapping[str, object], shard_size: int
) -> tuple[list[Shard], int]:
    """Return all shards and how many images are new since the last run; the plan is written to ``plan.json``.

    What a plan has stays as it is; images that came later are put into new shards behind.

    Raises:
        ExistsError: the folder has the output of other settings.
        OutputError: the plan cannot be written.
    """
    path, settings = folder / 'plan.json', dict(settings, shard_size=shard_size)
    settings = json.loads(json.dumps(settings))
    shards: list[list[Item]] = []
    if path.exists():
        old = json.loads(path.read_text(encoding='utf-8'))
        other = sorted(k for k in {*settings, *old['settings']} if settings.get(k) != old['settings'].get(k))
        if other:
            told = ', '.join(f'{k} {old["settings"].get(k)} there and {settings.get(k)} now' for k in other)
            raise ExistsError(f'{folder} has the output of other settings ({told}): give another --out-dir')
        shards = [[Item(*item) for item in shard] for shard in old['shards']]
    known = {item.name for shard in shards for item in shard}
    new = [item for item in items if item.name not in known]
    shards += [new[i : i + shard_size] for i in range(0, len(new), shard_size)]
    if new:
        write_atomic(path, json.dumps(dict(settings=settings, shards=shards)))
    added = len(new) if known else 0
    starts = [0]
    for shard in shards:
        starts.append(starts[-1] + len(shard))
    return [(i, starts[i], shard) for i, shard in enumerate(shards)], added
