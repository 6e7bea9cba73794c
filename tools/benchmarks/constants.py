"""Constants of the cost model: what an image and a person cost, in time, bytes and memory.

    python tools/benchmarks/constants.py --out docs/benchmarks/constants.json
    python tools/benchmarks/constants.py --only plan --images 100000

One torch thread and one OpenCV thread; times are those of the processor, so that other programs hardly matter.
``tools/analysis_tools/cost_model.py`` makes the tables of docs/scale.md from the json file.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import Timing, check_out, make_parser, report, timing_of

PARTS = ('plan', 'images', 'networks', 'tables')  # the plan first: its memory must not be there already
NETWORKS = ('hrnet_w32_coco_256x192_dark', 'vitpose_small_coco_256x192', 'vitpose_base_coco_256x192')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, repeat=5)
    parser.add_argument('--only', nargs='+', choices=PARTS, default=PARTS, metavar='PART', help=', '.join(PARTS))
    parser.add_argument('--images', type=int, default=50_000, help='images of a plan (default: %(default)s)')
    parser.add_argument('--people', type=int, default=20_000, help='people of a table (default: %(default)s)')
    parser.add_argument('--networks', nargs='+', default=NETWORKS, metavar='CONFIG', help='files or names of the zoo')
    return parser.parse_args()


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()
os.environ['OMP_NUM_THREADS'] = '1'

import cv2
import numpy as np

from mmpose_dark.synthetic import draw_scene

WIDTH, HEIGHT, QUALITY = 640, 480, 92
DRAWN = 8
BATCH = 8

Row = dict[str, object]


def row(constant: str, value: float, unit: str, what: str) -> Row:
    """Return a constant as a line of the table."""
    return dict(constant=constant, value=float(f'{value:.4g}'), unit=unit, what=what)


def grainy_images() -> list[np.ndarray]:
    """Return images (480, 640, 3) of drawn people, which are smooth, with grain: files as large as of photographs."""
    scenes = [draw_scene(np.random.default_rng(i), width=WIDTH, height=HEIGHT).image for i in range(DRAWN)]
    rng = np.random.default_rng(0)
    return [np.clip(scene + rng.normal(0, 14, scene.shape), 0, 255).astype(np.uint8) for scene in scenes]


def measure(function: Callable[[], object], *, repeats: int) -> Timing:
    """Time ``function`` on the processor, in milliseconds of all threads: other programs hardly change that.

    >>> measure(lambda: None, repeats=3).repeats
    3
    """
    function()
    times = []
    for _ in range(repeats):
        began = time.process_time()
        function()
        times.append(1e3 * (time.process_time() - began))
    return timing_of(times)


def of_images(args: argparse.Namespace) -> Iterator[Row]:
    """What an image costs, and a crop of it."""
    from mmpose_dark.inference.crops import CropStage, build_test_pipeline

    cv2.setNumThreads(1)
    grainy = grainy_images()
    files = [cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1] for image in grainy]
    size = np.mean([len(file) for file in files])
    decode = measure(lambda: [cv2.imdecode(file, cv2.IMREAD_COLOR) for file in files], repeats=args.repeat)
    yield row('image_bytes', size, 'B', f'a JPEG file of {WIDTH}x{HEIGHT}, quality {QUALITY}, drawn people with grain')
    yield row('decode_ms', decode.median / DRAWN, 'ms an image', 'decoding it, one thread')
    model = _model(NETWORKS[0])
    cut = CropStage(build_test_pipeline(model.cfg), model.dataset_meta)
    boxes = np.array([[40.0 * i, 30.0, 40.0 * i + 150, 400.0] for i in range(10)])
    crops = measure(lambda: list(cut(grainy[0], '', boxes, np.ones(10))), repeats=args.repeat)
    yield row('crop_ms', crops.median / 10, 'ms a person', 'cutting a person out for 256x192')


def of_networks(args: argparse.Namespace) -> Iterator[Row]:
    """What a network costs a person."""
    import torch

    from mmpose_dark.models.complexity import model_complexity

    torch.set_num_threads(1)
    for config in args.networks:
        model = _model(config)
        name = Path(config).stem.split('_coco')[0]
        model.test_cfg['flip_test'] = False
        width, height = model.cfg.codec.input_size
        macs = model_complexity(model, (height, width)).gmacs
        crops = torch.randint(0, 256, (BATCH, 3, height, width), dtype=torch.uint8)
        inputs = model.data_preprocessor(dict(inputs=list(crops), data_samples=None))['inputs']
        with torch.inference_mode():
            took = measure(lambda model=model, inputs=inputs: model.points(inputs), repeats=args.repeat)
        yield row(f'{name}_gmacs', macs, 'GMAC a person', f'{name} at {height}x{width}, counted')
        yield row(f'{name}_ms', took.median / BATCH, 'ms a person', f'{name}, one thread, float32, no flip test')

    yield row('whole_ms', *_whole(args))


def _whole(args: argparse.Namespace) -> tuple[float, str, str]:
    """Measure files to poses, what the model says of the sum of its parts."""
    from mmpose_dark.apis import Inferencer

    model = _model(args.networks[0])
    model.test_cfg['flip_test'] = False
    boxes = [[40.0, 30.0, 190.0, 400.0], [300.0, 30.0, 450.0, 400.0]]
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder, f'{i}.jpg')) for i in range(DRAWN)]
        for file, image in zip(files, grainy_images(), strict=True):
            cv2.imwrite(file, image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        inferencer = Inferencer(model, batch_size=BATCH)
        took = measure(lambda: list(inferencer(files, [boxes] * DRAWN)), repeats=args.repeat)
    name = Path(args.networks[0]).stem.split('_coco')[0]
    return took.median / DRAWN, 'ms an image', f'{name}, files of two people each to poses'


def _model(config: str) -> object:
    from mmpose_dark.apis import init_model

    return init_model(config)


def of_tables(args: argparse.Namespace) -> Iterator[Row]:
    """What a person costs in a Parquet file, and an image."""
    from mmpose_dark.inference.frames import SourceInfo
    from mmpose_dark.inference.results import ImageResult
    from mmpose_dark.inference.sinks import make_sinks
    from mmpose_dark.keypoint_sets import parse_pose_metainfo
    from mmpose_dark.structures.poses import Poses

    meta = parse_pose_metainfo(dict(from_file='coco'))
    rng = np.random.default_rng(0)
    results = []
    for i in range(args.people // 2):  # two an image
        xy, scores = rng.uniform(0, WIDTH, (2, 17, 2)).astype(np.float32), rng.random((2, 17)).astype(np.float32)
        spread = (rng.random((2, 17, 2, 2)) + np.eye(2)).astype(np.float32)
        boxes = rng.uniform(0, WIDTH, (2, 4)).astype(np.float32)
        poses = Poses(xy, scores, boxes, keypoint_set=meta, covariances=spread)
        results.append(ImageResult(f'/data/lake/{i // 1000:06d}/{i:012d}.jpg', poses, index=i))
    with tempfile.TemporaryDirectory() as folder:

        def write() -> None:
            (sink,) = make_sinks(['parquet'], Path(folder), 'lake')
            sink.open(SourceInfo('lake', 'lake', 'images'), meta)
            for result in results:
                sink.write(result)
            sink.close()

        took = measure(write, repeats=args.repeat)
        report_time = measure(lambda: _read_records(Path(folder, 'shard.parquet')), repeats=args.repeat)
        people, images = (Path(folder, f'lake_{name}.parquet').stat().st_size for name in ('people', 'images'))
    yield row('write_ms', took.median / args.people, 'ms a person', 'making and writing its row of Parquet')
    yield row('person_bytes', people / args.people, 'B a person', 'of Parquet, 17 keypoints with covariances')
    yield row('record_bytes', images / len(results), 'B an image', 'of the Parquet file of images')
    yield row('report_ms', report_time.median, 'ms a shard', 'reading the records of 1000 images for their errors')


def _read_records(path: Path) -> None:
    """Read a file of images as the end of a bulk run does; write it first where it is not there."""
    import pyarrow
    from pyarrow import parquet

    from mmpose_dark.inference.sinks.parquet_table import image_columns

    if not path.exists():
        names = [f'/data/lake/{i:012d}.jpg' for i in range(1000)]
        records = [dict(image=name, image_id=name, shard=0, people=2, error='') for name in names]
        parquet.write_table(image_columns(pyarrow, records), path)
    parquet.read_table(path, columns=['image', 'error']).to_pylist()


def of_plan(args: argparse.Namespace) -> Iterator[Row]:
    """What listing a lake and planning its shards costs an image."""
    from _scale_data import lake
    from _scale_points import Clock

    from mmpose_dark.inference.bulk.lake import list_lake
    from mmpose_dark.inference.bulk.plan import make_plan

    with tempfile.TemporaryDirectory() as folder:
        source, few, out = lake(Path(folder), args.images), lake(Path(folder), 10), Path(folder) / 'out'
        for target in (out, out / 'few'):
            target.mkdir()
        make_plan(out / 'few', list_lake([str(few)]), {}, 1000)  # what is loaded at the first use
        with Clock() as listing:
            items = list_lake([str(source)])
        with Clock() as planning:
            shards, _ = make_plan(out, items, {}, 1000)
        size = (out / 'plan.json').stat().st_size
    if sum(len(shard[2]) for shard in shards) != args.images:
        raise RuntimeError(f'{args.images} images were to be planned')
    count, path = args.images, len(items[0].path)
    yield row('list_ms', 1e3 * listing.cpu / count, 'ms an image', 'listing a folder on a local disk')
    yield row('plan_ms', 1e3 * planning.cpu / count, 'ms an image', 'making and writing plan.json')
    yield row('plan_bytes', size / count, 'B an image', f'of plan.json; paths of {path} characters')
    most = max(listing.peak, planning.peak) - listing.start
    yield row('plan_memory_bytes', most / count, 'B an image', 'at the peak of listing and planning')


OF: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = dict(
    images=of_images, networks=of_networks, tables=of_tables, plan=of_plan
)


def main(args: argparse.Namespace) -> None:
    """Measure and report."""
    check_out(args.out)
    rows: list[Row] = []
    chosen: Sequence[str] = [part for part in PARTS if part in args.only]
    for number, part in enumerate(chosen, 1):
        print(f'[{number}/{len(chosen)}] {part} ...', flush=True)
        rows += OF[part](args)
    report(rows, device='cpu', out=args.out, notes=['Times are medians, of the processor.'])


if __name__ == '__main__':
    main(ARGS)
