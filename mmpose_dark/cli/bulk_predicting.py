"""What `mmpose-dark predict --engine ray` does with its arguments."""

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import acceleration_options
from .box_arguments import box_file
from .bulk_stages import bulk_stages
from .network_arguments import Network, choose_network
from .status import OK, SOME_UNUSABLE

if TYPE_CHECKING:
    from ..inference.bulk.plan import Shard
    from ..inference.bulk.stages import Rates, Stage

__all__ = ['predict_lake']

_NAMED = 20
_KINDS = 10
_LOCK = 'predict.lock'
_ROW_SETTINGS = ('bbox', 'bbox_format', 'bbox_thr', 'whole_image', 'max_people', 'region', 'nms_thr', 'batch_size',
                 'device', 'bytes_column', 'id_column')  # fmt: skip
_FILE_SETTINGS = ('bboxes', 'detector', 'calibration')


def predict_lake(args: argparse.Namespace) -> int:
    """Label a lake by shards, and return the exit status.

    Raises:
        UserError: before the work where that can be known; shards that are written stay.
    """
    from ..checkpoint.file_lock import only_one
    from ..inference.bulk.lake import list_lake
    from ..inference.bulk.parquet_rows import ParquetColumns
    from ..inference.bulk.plan import is_done, make_plan, shard_folders
    from ..utils.errors import InputError
    from ..utils.output_paths import check_outputs

    if args.save not in (None, ['parquet']):
        raise InputError(f'--engine ray writes Parquet: --save {" ".join(args.save)} needs --engine single')
    if args.batch_size == 'auto':
        raise InputError('--batch-size auto measures one machine, and --engine ray may use several: give a number')
    network = choose_network(args)
    folder = Path(args.out_dir).absolute()
    check_outputs(folders=[folder])
    columns = ParquetColumns(args.bytes_column, args.id_column)
    items = list_lake(args.source, columns, own=shard_folders(folder))
    box_file(args, [Path(item.box_name) for item in items])
    folder.mkdir(parents=True, exist_ok=True)
    with only_one(folder / _LOCK, 'a bulk prediction', option='--out-dir'):
        shards, added = make_plan(folder, items, _settings(args, network), args.shard_size)
        if added:
            print(f'{added} images are new since the last run')
        todo = [shard for shard in shards if not is_done(folder, shard[0])]
        print(f'{len(todo)} of {len(shards)} shards are to be done', flush=True)
        if todo:
            _run(todo, bulk_stages(args, network, folder), args.address)
        return _failures(folder, [shard[0] for shard in shards])


def _run(todo: 'Sequence[Shard]', stages: 'Sequence[Stage]', address: str | None) -> None:
    """Do shards, and say how fast each stage was."""
    from ..inference.bulk.ray_engine import run_shards
    from ..inference.bulk.stages import Rates
    from ..utils.progress import show_progress

    total, start = sum(len(shard[2]) for shard in todo), time.perf_counter()
    rates = {stage.name: Rates() for stage in stages}
    last = rates[stages[-1].name]
    with show_progress('images', total, 'images') as report:
        for shard in run_shards(todo, stages, address=address):
            for done in shard:
                rates[done.stage].add(images=done.images, people=done.people, seconds=done.seconds)
            report(last.images, total, note=_told(rates))
    seconds = max(time.perf_counter() - start, 1e-9)
    print(
        f'{last.people} people in {last.images} images; {seconds:.1f} s, {last.images / seconds:.1f} images/s, '
        f'{last.people / seconds:.1f} people/s, start-up included'
    )
    for stage in stages:
        rate = rates[stage.name]
        print(f'  {stage.name}: busy {rate.seconds:.1f} s in at most {stage.workers} workers; {rate} a busy worker')


def _told(rates: 'dict[str, Rates]') -> str:
    return 'a busy worker: ' + '; '.join(f'{name} {rate}' for name, rate in rates.items())


def _settings(args: argparse.Namespace, network: Network) -> dict[str, str]:
    """Return what changes rows, as text: of files their size and time, of the config all that it resolves to."""
    from ..checkpoint.calibration_file import calibration_beside
    from ..config.lookup import find_config
    from ..config.reading import load_config

    cfg = load_config(find_config(network.config), {**network.options, **(args.cfg_options or {})})
    text = json.dumps(cfg.to_dict(), sort_keys=True, default=str)
    kept = {name: str(getattr(args, name)) for name in _ROW_SETTINGS}
    kept |= {name: str(value) for name, value in acceleration_options(args).items()}
    kept |= {name: _of_file(getattr(args, name)) for name in _FILE_SETTINGS}
    kept |= dict(config=hashlib.sha256(text.encode()).hexdigest()[:16], checkpoint=_of_file(network.checkpoint))
    if args.calibration == 'auto':
        kept['calibration'] = _of_file(str(calibration_beside(network.checkpoint)))
    return kept


def _of_file(value: str | None) -> str:
    """Return a file's path with its size and time; a name or URL as it is."""
    path = Path(value or '')
    return f'{path.absolute()} {path.stat().st_size} {path.stat().st_mtime_ns}' if path.is_file() else str(value)


def _failures(folder: Path, numbers: Sequence[int]) -> int:
    """Name the images that failed, of earlier runs too, with the reasons and their numbers; return the exit status."""
    from ..inference.bulk.failures import failed_images, kind_of

    kinds: Counter[str] = Counter()
    for name, error in failed_images(folder, numbers):
        if kinds.total() < _NAMED:
            print(f'  {name}: {error}', file=sys.stderr)
        kinds[kind_of(error)] += 1
    if not kinds:
        return OK
    print(f'{kinds.total()} images could not be used, see error in {folder}/images:', file=sys.stderr)
    for kind, count in kinds.most_common(_KINDS):
        print(f'  {count} times: {kind}', file=sys.stderr)
    if len(kinds) > _KINDS:
        print(f'  and {len(kinds) - _KINDS} other reasons', file=sys.stderr)
    return SOME_UNUSABLE
