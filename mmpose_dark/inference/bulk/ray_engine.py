"""Shards through stages, each a pool of workers of Ray Data. The work itself is elsewhere; this file hands it out."""

import json
import logging
import os
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from ...utils import errors
from ...utils.errors import MissingPackageError, StateError, UserError
from .items import Item
from .plan import Shard
from .ray_cluster import last_line, start_ray
from .stages import Stage, Work

if TYPE_CHECKING:
    from ray.data import Dataset

__all__ = ['StageDone', 'run_shards']

_RETRIES = 3  # of a shard whose worker dies: an image that ends its process would do so for ever
_IN_FLIGHT = 2  # shards of a worker: one that is done, and one that waits
_LEAST_AT_ONCE = 500  # shards that Ray has: between two stages it holds as many as fit into its memory
_ROUNDS = 50  # shards a worker and hand-over, since at its end some workers wait for the others
_SECONDS_TO_NOTICE = 30.0  # for a cluster, that a machine is gone
_LOOK = 0.5
_FAULT = 'fault'


class StageDone(NamedTuple):
    """A shard has gone through a stage.

    Attributes:
        stage: its name.
        images: of the shard.
        people: found in them.
        seconds: that the worker was busy with it.
    """

    stage: str
    images: int
    people: int
    seconds: float


class _Worker:
    """Does shards in a process of Ray. What goes wrong travels back as text: Ray's own errors are pages long."""

    def __init__(self, stage: str, make: Callable[[], Work]) -> None:
        self.stage, self.stopped = stage, {}
        try:
            self.work = make()
        except Exception as err:  # told by the process that the user sees
            self.stopped = _record(err, f'a worker of {stage} cannot start')

    def __call__(self, row: dict) -> dict:
        if row['stopped'] or self.stopped:
            return row | (dict() if row['stopped'] else self.stopped)
        number, start, items = json.loads(row['item'])
        shard = (number, start, [Item(*item) for item in items])
        begin = time.perf_counter()
        try:
            made = self.work(shard, json.loads(row['carried']))
        except Exception as err:  # told by the process that the user sees
            return row | _record(err, _place(self.stage, shard))
        done = StageDone(self.stage, made.images, made.people, time.perf_counter() - begin)
        return row | dict(carried=json.dumps(made.carried), done=json.dumps([*json.loads(row['done']), done]))


def _place(stage: str, shard: Shard) -> str:
    number, start, items = shard
    return f'{stage}, shard {number}, images {start} to {start + len(items) - 1} ({items[0].name} ...)'


def _record(err: Exception, where: str) -> dict[str, str]:
    """Return an error as text: that of a user as it is, any other with its place."""
    if isinstance(err, UserError):
        return dict(stopped=str(err), kind=type(err).__name__, trace=traceback.format_exc())
    said = ' '.join(str(err).split())
    return dict(stopped=f'{where}: {type(err).__name__}: {said}', kind=_FAULT, trace=traceback.format_exc())


def run_shards(
    shards: Sequence[Shard], stages: Sequence[Stage], *, address: str | None = None
) -> Iterator[list[StageDone]]:
    """Yield what each stage made of a shard, in the order in which the shards end.

    A worker that dies is started again by Ray, and its shard is done again, three times at most. Ray is given 500
    shards at a time (with more than 10 workers, 50 a worker), so that neither what is to be done nor what waits between
    two stages grows with the lake; then workers start anew, for the next ones.

    Args:
        shards: to do.
        stages: through which each goes, in their order.
        address: of a cluster; None starts one for this run.

    Raises:
        MissingPackageError: no Ray.
        StateError: the cluster does not answer, has no room, or Ray gives up; or a fault in a worker. Shards that are
            written stay.
        UserError: what a worker says, such as a file that cannot be written; shards that are written stay.
    """
    os.environ.update(
        RAY_USAGE_STATS_ENABLED='0',
        RAY_DEDUP_LOGS='0',
        RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO='0',
        RAY_BACKEND_LOG_LEVEL='fatal',
    )
    try:
        import ray
        import ray.data
    except ImportError as err:
        raise MissingPackageError("--engine ray needs Ray: pip install 'mmpose_dark[scale]'") from err
    try:
        start_ray(ray, stages, address)
        at_once = max(_LEAST_AT_ONCE, _ROUNDS * max(stage.workers for stage in stages))
        for begin in range(0, len(shards), at_once):
            for row in _rows_of_all(ray, shards[begin : begin + at_once], stages):
                if row['stopped']:
                    raise _error(row)
                yield [StageDone(*done) for done in json.loads(row['done'])]
    except ray.exceptions.RayError as err:
        raise StateError(
            f'Ray gave up: {last_line(err)}. Shards that are written stay, and the same command goes on from them; '
            'MMPOSE_DARK_DEBUG=1 shows where it was raised'
        ) from err
    finally:
        ray.shutdown()


def _rows_of_all(ray: ModuleType, shards: Sequence[Shard], stages: Sequence[Stage]) -> Iterator[dict]:
    """Yield the rows of shards; where a machine is lost, those that are not done yet are handed out anew.

    Ray's retries of a task go to the same machine within moments, and are used up before it knows that it is gone. A
    worker that died alone, on a machine that is still there, has had its retries.
    """
    left, lost = {shard[0]: shard for shard in shards}, 0
    while left:
        machines = _machines(ray)
        try:
            for row in _rows(ray, list(left.values()), stages):
                del left[json.loads(row['item'])[0]]
                yield row
        except ray.exceptions.ActorUnavailableError:
            lost += 1
            if lost > _RETRIES or not _is_one_lost(ray, machines):
                raise


def _machines(ray: ModuleType) -> set[str]:
    return {node['NodeID'] for node in ray.nodes() if node['Alive']}


def _is_one_lost(ray: ModuleType, before: set[str]) -> bool:
    """Say whether a machine is gone, waiting for a cluster to notice; this machine alone cannot be."""
    until = time.monotonic() + (_SECONDS_TO_NOTICE if len(before) > 1 else 0)
    while before <= _machines(ray):
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK)
    return True


def _rows(ray: ModuleType, shards: Sequence[Shard], stages: Sequence[Stage]) -> Iterator[dict]:
    logging.getLogger('ray.data').setLevel(logging.CRITICAL)
    ray.data.DataContext.get_current().enable_progress_bars = False
    empty = dict(carried='null', done='[]', stopped='', kind='', trace='')
    rows = [dict(item=json.dumps(shard), **empty) for shard in shards]
    done = ray.data.from_items(rows, override_num_blocks=len(rows))
    for stage in stages:
        done = _through(ray, done, stage)
    return done.iter_rows()


def _through(ray: ModuleType, rows: 'Dataset', stage: Stage) -> 'Dataset':
    pool = ray.data.ActorPoolStrategy(min_size=1, max_size=stage.workers, max_tasks_in_flight_per_actor=_IN_FLIGHT)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ray.util.annotations.RayDeprecationWarning)  # of max_task_retries
        return rows.map(
            _Worker,
            fn_constructor_args=(stage.name, stage.make),
            num_cpus=1,
            num_gpus=stage.gpus or None,
            compute=pool,
            max_task_retries=_RETRIES,
        )


def _error(row: dict) -> UserError:
    """Return the error of a worker; its traceback there is a note, which debugging shows."""
    if row['kind'] == _FAULT:
        error: UserError = StateError(
            f'{row["stopped"]}. Shards that are written stay, and the same command goes on from them; '
            'MMPOSE_DARK_DEBUG=1 shows where it was raised'
        )
    else:
        error = getattr(errors, row['kind'], UserError)(row['stopped'])
    error.__cause__ = RuntimeError(f'in a worker:\n{row["trace"]}')
    return error
