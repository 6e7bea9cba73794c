"""How long a call takes at its best."""

import time
from collections.abc import Callable

__all__ = ['least_seconds']


def least_seconds(call: Callable[[], object], repeats: int = 3) -> float:
    """Return the shortest of some calls in seconds, after one to warm up.

    >>> calls = []
    >>> least_seconds(lambda: calls.append(0), 2) < 1, len(calls)
    (True, 3)
    """
    call()
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return min(spent)
