"""The batcher and the reading ahead, without a network: order, full batches, bounded waiting, stopping."""

import itertools
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from mmpose_dark.inference.ahead import map_ahead
from mmpose_dark.inference.batcher import in_batches


def tens(parts: list[int]) -> list[int]:
    return [10 * part for part in parts]


@pytest.mark.parametrize('threads', [0, 1])
@pytest.mark.parametrize('batch_size', [1, 2, 3, 7, 1000])
def test_items_come_in_order_with_their_own_results(batch_size: int, threads: int) -> None:
    counts = np.random.default_rng(batch_size).choice([0, 0, 1, 2, 5, 11], 200)
    numbers = iter(range(10_000))
    items = [(i, [next(numbers) for _ in range(count)]) for i, count in enumerate(counts)]
    sizes = []

    def run(parts: list[int]) -> list[int]:
        sizes.append(len(parts))
        return tens(parts)

    found = list(in_batches(items, run, batch_size=batch_size, threads=threads))
    assert found == [(i, tens(parts)) for i, parts in items]
    assert sum(sizes) == counts.sum()
    assert max(sizes) <= batch_size
    assert all(size == batch_size for size in sizes[:-1]) or batch_size == 1000


def test_batches_are_full_where_images_have_few_people() -> None:
    sizes = []

    def run(parts: list[int]) -> list[int]:
        sizes.append(len(parts))
        return parts

    list(in_batches(((i, [i]) for i in range(100)), run, batch_size=16))
    assert sizes == [16] * 6 + [4]


@pytest.mark.parametrize('threads', [0, 1])
def test_an_item_comes_out_as_soon_as_it_is_done(threads: int) -> None:
    taken = []

    def items() -> Iterator[tuple[int, list[int]]]:
        for i in itertools.count():
            taken.append(i)
            yield i, [] if i < 5 else [i]

    found = in_batches(items(), tens, batch_size=2, threads=threads)
    for i in range(5):  # nobody in them: nothing to wait for
        assert next(found) == (i, [])
        assert taken[-1] == i
    assert next(found) == (5, [50])
    assert taken[-1] <= 5 + 3 * 2 + 1
    found.close()


@pytest.mark.parametrize('threads', [0, 1])
def test_not_more_than_three_batches_of_items_wait(threads: int) -> None:
    """Item 0 has a part that waits for a batch that never fills; a slow batch is as bad."""
    taken = 0

    def items() -> Iterator[tuple[int, list[int]]]:
        nonlocal taken
        for i in itertools.count():
            taken += 1
            yield i, [i] if i % 500 == 0 else []

    def slow(parts: list[int]) -> list[int]:
        time.sleep(0.01)
        return tens(parts)

    for given, (i, results) in enumerate(
        itertools.islice(in_batches(items(), slow, batch_size=4, threads=threads), 2000)
    ):
        assert (i, results) == (given, [10 * given] if given % 500 == 0 else [])
        assert taken - given <= 3 * 4 + 1


def test_two_batches_are_under_way_at_most() -> None:
    gate, running = threading.Event(), []

    def run(parts: list[int]) -> list[int]:
        running.append(len(parts))
        gate.wait(5)
        return parts

    threading.Timer(0.2, gate.set).start()
    found = in_batches([(0, list(range(10)))], run, batch_size=2, threads=1)
    assert next(found) == (0, list(range(10)))
    assert running == [2] * 5


@pytest.mark.parametrize('threads', [0, 1])
def test_parts_of_one_item_are_taken_as_batches_have_room(threads: int) -> None:
    taken, run_through = [], []

    def parts() -> Iterator[int]:
        for i in range(1000):
            taken.append(i)
            yield i

    def run(batch: list[int]) -> list[int]:
        run_through.extend(batch)
        assert len(taken) - len(run_through) <= 3 * 8
        return batch

    assert list(in_batches([('crowd', parts())], run, batch_size=8, threads=threads)) == [('crowd', list(range(1000)))]


@pytest.mark.parametrize('threads', [0, 1])
def test_large_items_do_not_wait_for_a_full_batch(threads: int) -> None:
    taken = []

    def items() -> Iterator[tuple[int, list[int]]]:
        for i in itertools.count():
            taken.append(i)
            yield i, [i]

    found = in_batches(items(), tens, batch_size=32, threads=threads, size_of=lambda item: 100, most=350)
    for i in range(50):
        assert next(found) == (i, [10 * i])
        assert len(taken) - i <= 4
    found.close()


def test_a_run_that_gives_too_few_results_is_a_fault() -> None:
    with pytest.raises(ValueError, match='shorter'):
        list(in_batches([(0, [1, 2])], lambda parts: parts[:1], batch_size=2))


@pytest.mark.parametrize('threads', [0, 1])
@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt])
def test_errors_of_items_and_of_runs_arrive_and_end_the_threads(threads: int, error: type[BaseException]) -> None:
    before = set(threading.enumerate())

    def broken_items() -> Iterator[tuple[int, list[int]]]:
        yield 0, [1]
        raise error

    def broken_run(parts: list[int]) -> list[int]:
        raise error

    with pytest.raises(error):
        list(in_batches(broken_items(), tens, batch_size=2, threads=threads))
    with pytest.raises(error):
        list(in_batches([(0, [1])], broken_run, batch_size=2, threads=threads))
    assert not set(threading.enumerate()) - before


@pytest.mark.parametrize('threads', [0, 1, 3])
def test_work_ahead_keeps_the_order_and_does_not_run_away(threads: int) -> None:
    begun, before = [], set(threading.enumerate())

    def work(i: int) -> int:
        begun.append(i)
        time.sleep(0.002 * (i % 3))
        return -i

    found = map_ahead(work, itertools.count(), threads=threads)
    for i in range(20):
        assert next(found) == -i
        assert len(begun) <= i + 1 + 2 * threads
    found.close()
    assert not set(threading.enumerate()) - before


def test_work_that_fails_is_told_at_its_place() -> None:
    found = map_ahead(lambda i: 1 // i, [2, 1, 0, 1], threads=2)
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)
