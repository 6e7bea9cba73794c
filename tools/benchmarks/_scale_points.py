"""One point of the measurement of growth, in a process of its own: ``python _scale_points.py SPEC RESULT``.

SPEC is json: ``kind`` (a function here), ``data`` (a folder for inputs) and what the function takes. RESULT takes json:
``seconds`` (on the wall), ``cpu`` (of processors, None where other processes do the work), ``peak`` and ``start``
(bytes resident at most, and before the work began), ``held`` (bytes that stay), ``count`` (items that were really
worked on), ``workers`` (bytes that a worker process has for itself), ``note``.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

ROOT = Path(__file__).resolve().parents[2]
EVALUATED_AT_ONCE = 64
SAMPLE_SECONDS = 1.0  # a look at every process of Ray costs some 50 ms


class Stopwatch:
    """Measures a block: ``seconds`` on the wall, and ``cpu`` of processors, all threads of this process together."""

    def __enter__(self) -> 'Stopwatch':
        self.begin, self.began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds, self.cpu = time.perf_counter() - self.begin, time.process_time() - self.began


class Clock(Stopwatch):
    """Measures a block, memory as well: bytes resident before (``start``) and at most (``peak``)."""

    def __enter__(self) -> 'Clock':
        with open('/proc/self/clear_refs', 'w') as file:
            file.write('5')  # forget the peak
        self.start = _status('VmRSS')
        super().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.peak = _status('VmHWM')


def _status(name: str, pid: int | str = 'self') -> int:
    """Return a size in bytes of /proc/PID/status."""
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith(f'{name}:'):
            return 1024 * int(line.split()[1])
    return 0


def family(pid: int) -> list[int]:
    """Return the numbers of the children of a process, and of theirs."""
    found, waiting = [], [pid]
    while waiting:
        for task in Path(f'/proc/{waiting.pop()}/task').glob('*/children'):
            try:
                children = list(map(int, task.read_text().split()))
            except OSError:  # it ended meanwhile
                continue
            found += children
            waiting += children
    return found


def bytes_of(pid: int, *names: str) -> int:
    """Return a sum of fields of /proc/PID/smaps_rollup in bytes; 0 where the process has ended."""
    try:
        lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.split(':')[0] in names)


class FamilyPeak(threading.Thread):
    """Looks at this process and its children now and then: the most they held together, shared pages divided."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.ended = 0, threading.Event()

    def run(self) -> None:
        """Look until ``ended``."""
        while not self.ended.wait(SAMPLE_SECONDS):
            self.most = max(self.most, sum(bytes_of(pid, 'Pss') for pid in (os.getpid(), *family(os.getpid()))))


def images(data: str, count: int, people: int, keypoints: int) -> dict:
    """``mmpose-dark predict`` over a folder, everybody's box given, a table written."""
    from _scale_data import HEIGHT, WIDTH, lake, network

    folder = Path(data)
    config, checkpoint = network(folder, keypoints)
    source, few = lake(folder, count), lake(folder, 20)
    boxes = _boxes(people, WIDTH, HEIGHT)
    with tempfile.TemporaryDirectory() as out:
        model = [
            '--config',
            str(config),
            '--checkpoint',
            str(checkpoint),
            '--device',
            'cpu',
            '--save',
            'csv',
            '--batch-size',
            '32',
        ]
        _predict([str(few), *model, *_boxes(1, WIDTH, HEIGHT), '--out-dir', f'{out}/warm'])
        with Clock() as clock:
            _predict([str(source), *model, *boxes, '--nms-thr', '1', '--out-dir', f'{out}/measured'])
        rows = sum(block.count(b'\n') for block in _blocks(next(Path(out, 'measured').glob('*.csv')))) - 1
    if rows != count * people:
        raise RuntimeError(f'{rows} rows for {count} images with {people} people each')
    return dict(seconds=clock.seconds, cpu=clock.cpu, peak=clock.peak, start=clock.start, count=count)


def _blocks(path: Path) -> list[bytes]:
    with open(path, 'rb') as file:
        return list(iter(lambda: file.read(1 << 24), b''))


def _boxes(people: int, width: int, height: int) -> list[str]:
    words = []
    for person in range(people):
        left, top = (37 * person) % (width - 70), (53 * person) % (height - 110)
        words += ['--bbox', *map(str, (left, top, left + 60, top + 100))]
    return words


def _predict(arguments: Sequence[str]) -> None:
    from mmpose_dark.cli.predict import main

    status = main(arguments)
    if status:
        raise RuntimeError(f'predict ended with {status}')


def workers(data: str, count: int, number: int, shards: int) -> dict:
    """``predict --engine ray``: seconds are those from the first finished shards to the last, for all shards."""
    from _scale_data import HEIGHT, WIDTH, lake, network

    folder = Path(data)
    config, checkpoint = network(folder, 17)
    source = lake(folder, count)
    peak = FamilyPeak()
    peak.start()
    with tempfile.TemporaryDirectory() as out:
        _predict(
            [str(source), '--config', str(config), '--checkpoint', str(checkpoint), '--device', 'cpu',
             '--save', 'parquet', *_boxes(1, WIDTH, HEIGHT), '--out-dir', out, '--engine', 'ray',
             '--workers', str(number), '--shard-size', str(-(-count // shards))]
        )  # fmt: skip
        peak.ended.set()
        times = sorted(path.stat().st_mtime for path in Path(out, 'images').glob('part-*.parquet'))
    if len(times) != shards:
        raise RuntimeError(f'{len(times)} files for {shards} shards')
    seconds = (times[-1] - times[number - 1]) / (shards - number) * shards
    return dict(seconds=seconds, cpu=None, peak=peak.most, start=0, count=count)


def startup(data: str, people: int, number: int) -> dict:
    """From an annotation file to the first batch of training."""
    from _scale_data import coco_file, network

    folder = Path(data)
    config, _ = network(folder, 17)
    root = coco_file(folder, people)

    from mmengine.registry import DefaultScope

    from mmpose_dark.config import load_config
    from mmpose_dark.engine import PoseRunner

    DefaultScope.get_instance('scale', scope_name='mmpose_dark')
    cfg = load_config(str(config)).train_dataloader
    cfg.num_workers = number
    cfg.pop('persistent_workers')
    cfg.dataset.data_root = str(coco_file(folder, 64))
    next(iter(PoseRunner.build_dataloader(cfg, seed=0)))  # what is loaded at the first use
    cfg.dataset.data_root = str(root)
    (root / 'annotations' / 'train.json').read_bytes()  # the disk is not what is measured
    with Clock() as clock:
        loader = PoseRunner.build_dataloader(cfg, seed=0)
        batches = iter(loader)
        next(batches)
    held = _status('VmRSS') - clock.start
    own = [bytes_of(pid, 'Private_Clean', 'Private_Dirty') for pid in family(os.getpid())]
    return dict(
        seconds=clock.seconds, cpu=clock.cpu, peak=clock.peak, start=clock.start, count=len(loader.dataset), held=held,
        workers=max(own, default=0),
    )  # fmt: skip


def evaluation(data: str, images: int) -> dict:
    """`CocoMetric` from samples to values, 64 samples a call; making the samples is not counted."""
    from _scale_data import evaluated_blocks
    from evaluate import make_metric

    path = Path(data) / f'evaluated_{images}.json'
    if not path.is_file():
        _write_truth(path, images)
    settings = dict(nms_mode='oks_nms', score_mode='bbox')
    detections, making, making_cpu = 0, 0.0, 0.0
    with Clock() as clock:
        metric = make_metric(str(path), **settings)
        metric.ground_truth  # noqa: B018 - reads the file
        reading, blocks = time.process_time() - clock.began, evaluated_blocks(images)
        while True:
            with Stopwatch() as made:
                _, samples = next(blocks, (None, None))
            making, making_cpu = making + made.seconds, making_cpu + made.cpu
            if samples is None:
                break
            for first in range(0, len(samples), EVALUATED_AT_ONCE):
                metric.process({}, samples[first : first + EVALUATED_AT_ONCE])
            detections += len(samples)
        begin = time.process_time()
        values = metric.evaluate(detections)
        matching = time.process_time() - begin
    cpu = clock.cpu - making_cpu
    note = f'{detections:,} detections: file {reading:.1f}, samples {cpu - reading - matching:.1f}, matching '
    note += f'{matching:.1f} s; AP {values["coco/AP"]:.4f}'
    return dict(
        seconds=clock.seconds - making, cpu=cpu, peak=clock.peak, start=clock.start, count=detections, note=note
    )  # fmt: skip


def _write_truth(path: Path, images: int) -> None:
    from _scale_data import evaluated_blocks

    truth: dict[str, list] = dict(images=[], annotations=[])
    for data, _ in evaluated_blocks(images):
        truth['images'] += data['images']
        truth['annotations'] += data['annotations']
    path.write_text(json.dumps(truth | dict(categories=data['categories'])))


KINDS: dict[str, Callable[..., dict]] = dict(images=images, workers=workers, startup=startup, evaluation=evaluation)


def main() -> None:
    """Measure the point of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('spec', metavar='SPEC')
    parser.add_argument('result', metavar='RESULT')
    args = parser.parse_args()
    spec = json.loads(args.spec)
    found = KINDS[spec.pop('kind')](**spec)
    children = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    Path(args.result).write_text(json.dumps(dict(workers=0, held=0, note='', largest_child=children) | found))


if __name__ == '__main__':
    main()
