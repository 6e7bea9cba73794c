"""Shards over the workers of Ray Data. The work itself is elsewhere; this file only hands it out."""

import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence

from ...utils.errors import MissingPackageError, OutputError, StateError
from .lake import Item
from .plan import Shard

__all__ = ['run_shards']

_SECONDS = 30  # for a cluster to answer


class _Worker:
    def __init__(self, make: Callable[[], Callable[[Shard], dict]]) -> None:
        self.work = make()

    def __call__(self, row: dict) -> dict:
        number, start, items = json.loads(row['item'])
        try:
            return self.work((number, start, [Item(*item) for item in items])) | dict(stopped='')
        except OutputError as err:
            return dict(shard=number, images=0, people=0, stopped=str(err))


def run_shards(
    shards: Sequence[Shard],
    make: Callable[[], Callable[[Shard], dict]],
    *,
    workers: int,
    address: str | None = None,
    gpus: float = 0,
) -> Iterator[dict]:
    """Yield what came of each shard, in the order in which they end.

    A worker that dies is started again by Ray, and its shard is done again.

    Args:
        shards: to do.
        make: is called once a worker, and returns what does a shard.
        workers: at most so many at a time.
        address: of a cluster; None starts one for this run.
        gpus: of each worker, may be a fraction.

    Raises:
        MissingPackageError: no Ray.
        StateError: the cluster does not answer.
        OutputError: a worker cannot write; shards that are written stay.
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
        raise MissingPackageError("--engine ray needs Ray: pip install 'ray[data]'") from err
    _start(ray, address, workers)
    try:
        logging.getLogger('ray.data').setLevel(logging.ERROR)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        rows = [dict(item=json.dumps(shard)) for shard in shards]
        done = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            _Worker,
            fn_constructor_args=(make,),
            num_gpus=gpus or None,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
        )
        for row in done.iter_rows():
            if row['stopped']:
                raise OutputError(row['stopped'])
            yield row
    finally:
        ray.shutdown()


def _start(ray: object, address: str | None, workers: int) -> None:
    if address is not None and address != 'auto':
        _check_answers(address)
    quiet = dict(logging_level='error', log_to_driver=False, configure_logging=True)
    try:
        if address is None:
            ray.init(num_cpus=max(workers + 1, os.cpu_count() or 1), include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError) as err:
        raise StateError(f'--address {address}: no Ray cluster there ({str(err).splitlines()[0]})') from err


def _check_answers(address: str) -> None:
    """Stop after a time limit where nobody listens: Ray itself would try for minutes."""
    import socket

    host, _, port = address.rpartition('://')[2].rpartition(':')
    try:
        socket.create_connection((host, int(port)), timeout=_SECONDS).close()
    except (OSError, ValueError) as err:
        raise StateError(f'--address {address}: nobody answers ({err}); give HOST:PORT of a Ray head') from err
