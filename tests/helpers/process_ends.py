"""Processes that tests start, and whether they are gone."""

import subprocess
import time
from collections.abc import Iterable
from pathlib import Path


def runs(pid: int) -> bool:
    """Say whether a process runs; one that has ended and was not asked for its status does not."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] not in 'ZX'
    except OSError:
        return False


def all_end(pids: Iterable[int], seconds: float = 8) -> bool:
    """Wait for processes, and say whether all ended in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(map(runs, pids)):
            return True
        time.sleep(0.05)
    return False


def kill_all(started: Iterable[subprocess.Popen]) -> None:
    """Kill what a test left running."""
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
