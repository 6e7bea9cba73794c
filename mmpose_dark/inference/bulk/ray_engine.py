"""Shards over the workers of Ray Data. The work itself is elsewhere; this file only hands it out."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType

from ...utils import errors
from ...utils.errors import MissingPackageError, StateError, UserError
from .lake import Item
from .plan import Shard

__all__ = ['run_shards']

_SECONDS = 30  # for a cluster to answer
_RETRIES = 3  # of a shard whose worker dies: an image that ends its process would do so for ever
_CONNECT = 'import sys, ray; ray.init(address=sys.argv[1], log_to_driver=False)'


class _Worker:
    """Does shards in a process of Ray; what the user can put right travels back as text."""

    def __init__(self, make: Callable[[], Callable[[Shard], dict]]) -> None:
        self.stopped: dict[str, str] = {}
        try:
            self.work = make()
        except UserError as err:
            self.stopped = _record(err)

    def __call__(self, row: dict) -> dict:
        number, start, items = json.loads(row['item'])
        nothing = dict(shard=number, images=0, people=0)
        if self.stopped:
            return nothing | self.stopped
        try:
            return self.work((number, start, [Item(*item) for item in items])) | dict(stopped='', kind='')
        except UserError as err:
            return nothing | _record(err)


def _record(err: UserError) -> dict[str, str]:
    return dict(stopped=str(err), kind=type(err).__name__)


def run_shards(
    shards: Sequence[Shard],
    make: Callable[[], Callable[[Shard], dict]],
    *,
    workers: int,
    address: str | None = None,
    gpus: float = 0,
) -> Iterator[dict]:
    """Yield what came of each shard, in the order in which they end.

    A worker that dies is started again by Ray, and its shard is done again, three times at most.

    Args:
        shards: to do.
        make: is called once a worker, and returns what does a shard.
        workers: at most so many at a time.
        address: of a cluster; None starts one for this run.
        gpus: of each worker, may be a fraction.

    Raises:
        MissingPackageError: no Ray.
        StateError: the cluster does not answer, or Ray gives up; shards that are written stay.
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
    _start(ray, address, workers)
    try:
        for row in _rows(ray, shards, make, workers, gpus):
            if row['stopped']:
                raise getattr(errors, row['kind'], UserError)(row['stopped'])
            yield row
    except ray.exceptions.RayError as err:
        raise StateError(
            f'Ray gave up: {_cause(err)}. Shards that are written stay, and the same command goes on from them; '
            'MMPOSE_DARK_DEBUG=1 shows where it was raised'
        ) from err
    finally:
        ray.shutdown()


def _rows(
    ray: ModuleType, shards: Sequence[Shard], make: Callable[[], Callable[[Shard], dict]], workers: int, gpus: float
) -> Iterator[dict]:
    logging.getLogger('ray.data').setLevel(logging.CRITICAL)
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = [dict(item=json.dumps(shard)) for shard in shards]
    done = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
        _Worker,
        fn_constructor_args=(make,),
        num_gpus=gpus or None,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
        max_task_retries=_RETRIES,
    )
    return done.iter_rows()


def _cause(err: BaseException) -> str:
    """Return the last line of what Ray says; the first ones are where it was raised."""
    lines = [line.strip() for line in str(err).splitlines() if line.strip()]
    return lines[-1].rstrip('.') if lines else type(err).__name__


def _start(ray: ModuleType, address: str | None, workers: int) -> None:
    quiet = dict(logging_level='error', log_to_driver=False, configure_logging=True)
    if address is None:
        try:
            ray.init(num_cpus=max(workers + 1, os.cpu_count() or 1), include_dashboard=False, **quiet)
        except (ConnectionError, RuntimeError, OSError) as err:
            raise StateError(f'Ray does not start on this machine: {_cause(err)}') from err
        return
    _check_answers(address)
    ray.init(address=address, **quiet)


def _check_answers(address: str) -> None:
    """Stop after a time limit where no cluster answers: Ray itself tries for minutes, or ends its process."""
    remedy = 'give HOST:PORT of a Ray head, or leave it out to start Ray on this machine'
    try:
        subprocess.run([sys.executable, '-c', _CONNECT, address], check=True, capture_output=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired as err:
        raise StateError(f'--address {address}: no Ray cluster answers within {_SECONDS} s; {remedy}') from err
    except subprocess.CalledProcessError as err:
        said = _cause(RuntimeError(err.stderr.decode(errors='replace')))
        raise StateError(f'--address {address}: no Ray cluster there ({said}); {remedy}') from err
