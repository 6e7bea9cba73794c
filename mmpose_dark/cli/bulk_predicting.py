"""What `mmpose-dark predict --engine ray` does with its arguments."""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .arguments import acceleration_options
from .box_arguments import box_file, box_format
from .detector_arguments import make_detector
from .network_arguments import Network, choose_network, load_network
from .status import OK, SOME_UNUSABLE

__all__ = ['predict_lake']

_NAMED = 20
_ROW_SETTINGS = ('bbox', 'bbox_format', 'bbox_thr', 'whole_image', 'max_people', 'region', 'nms_thr', 'batch_size',
                 'device')  # fmt: skip
_FILE_SETTINGS = ('bboxes', 'detector', 'calibration')


def predict_lake(args: argparse.Namespace) -> int:
    """Label a lake by shards, and return the exit status.

    Raises:
        UserError: before the work where that can be known; shards that are written stay.
    """
    from ..inference.bulk.lake import list_lake
    from ..inference.bulk.plan import is_done, make_plan
    from ..inference.bulk.ray_engine import run_shards
    from ..utils.errors import InputError
    from ..utils.output_paths import check_outputs
    from ..utils.progress import show_progress

    if args.save not in (None, ['parquet']):
        raise InputError(f'--engine ray writes Parquet: --save {" ".join(args.save)} needs --engine single')
    if args.batch_size == 'auto':
        raise InputError('--batch-size auto measures one machine, and --engine ray may use several: give a number')
    network = choose_network(args)
    folder = Path(args.out_dir).absolute()
    check_outputs(folders=[folder])
    items = list_lake(args.source)
    box_file(args, [Path(item.member or item.path) for item in items])
    shards, added = make_plan(folder, items, _settings(args, network), args.shard_size)
    if added:
        print(f'{added} images are new since the last run')
    todo = [shard for shard in shards if not is_done(folder, shard[0])]
    print(f'{len(todo)} of {len(shards)} shards are to be done', flush=True)
    people, images, start = 0, 0, time.perf_counter()
    if todo:
        make = partial(_make_worker, args, network, folder)
        total = sum(len(shard[2]) for shard in todo)
        with show_progress('images', total, 'images') as report:
            for row in run_shards(todo, make, workers=args.workers, address=args.address, gpus=args.gpus_per_worker):
                people, images = people + row['people'], images + row['images']
                report(images, total, note=f'{people / (time.perf_counter() - start):.0f} people/s')
    seconds = max(time.perf_counter() - start, 1e-9)
    print(f'{people} people in {images} images; {seconds:.1f} s, {images / seconds:.1f} images/s, start-up included')
    return _failures(folder, [shard[0] for shard in shards])


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


def _make_worker(args: argparse.Namespace, network: Network, folder: Path) -> Callable:
    """Return what does a shard; called in each worker."""
    from ..inference import Inferencer, WholeImage, read_boxes
    from ..inference.bulk.shards import label_shard, write_shard
    from ..inference.people_choice import PeopleChoice

    given, detector = None, None
    if args.bboxes:
        file = read_boxes(args.bboxes, score_thr=args.bbox_thr)
        given = lambda path: file.boxes_for(path) or []  # noqa: E731
    elif args.bbox:
        given = lambda path: args.bbox  # noqa: E731
    else:
        detector = WholeImage() if args.whole_image else make_detector(args.detector, score_thr=args.bbox_thr)
    model = load_network(args, network)
    choice = PeopleChoice(max_people=args.max_people, region=args.region, nms_thr=args.nms_thr)
    inferencer = Inferencer(
        model, batch_size=args.batch_size, num_workers=args.num_workers, detector=detector, choice=choice
    )

    def work(shard: tuple) -> dict:
        results = label_shard(shard, inferencer, given, box_format(args))
        write_shard(folder, shard, results, model.dataset_meta)
        return dict(shard=shard[0], images=len(results), people=sum(len(r.poses) for r in results))

    return work


def _failures(folder: Path, numbers: list[int]) -> int:
    """Name the images that failed, of earlier runs too, and return the exit status."""
    from pyarrow import parquet

    from ..inference.bulk.plan import shard_paths

    count = 0
    for number in numbers:
        table = parquet.read_table(shard_paths(folder, number)[1], columns=['image', 'error'])
        for row in table.to_pylist():
            if row['error']:
                count += 1
                if count <= _NAMED:
                    print(f'  {row["image"]}: {row["error"]}', file=sys.stderr)
    if count:
        print(f'{count} images could not be used, see error in {folder}/images', file=sys.stderr)
    return SOME_UNUSABLE if count else OK
