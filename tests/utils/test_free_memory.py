"""Memory that the C library keeps goes back to the system."""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes
import numpy as np
from mmpose_dark.utils.free_memory import give_back_free_memory

def resident():
    return int(open('/proc/self/statm').read().split()[1])

arrays = [np.zeros(40) for _ in range(200_000)]  # 64 MB; every thousandth stays, so that the heap cannot shrink
full = resident()
kept = arrays[::1000]
del arrays
before = resident()
given = give_back_free_memory()
print(given, full, before, resident())
"""


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='only glibc has it')
def test_what_was_freed_is_given_back():
    done = subprocess.run([sys.executable, '-c', PROGRAM], capture_output=True, text=True, check=True)
    given, full, before, after = done.stdout.split()
    if given == 'False':
        pytest.skip('this C library gives back by itself')
    pages = 200_000 * 320 / 4096
    assert int(before) > int(full) - 0.2 * pages  # it was kept
    assert int(after) < int(before) - 0.6 * pages
