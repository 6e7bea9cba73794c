"""How the threads that compute wait for each other: soon asleep, so that a busy machine is not ten times slower.

torch computes with OpenMP. Its threads meet at the end of every layer, and by default whoever is there first spins for
some milliseconds, as the others are expected at once. When another program needs a core, one of the threads is not
there for long, and the others burn the time that it needs to come. With two threads on two cores beside one other
program, training fell to an eighth. Threads that sleep while they wait give their core away. To fall asleep at once
costs a very small network half of its speed on a quiet machine, since waking takes longer than a layer; a thousand
turns before that, some microseconds, give most of it back and hurt nobody (tools/benchmarks/busy_machine.py).
"""

import os
import sys
from collections.abc import MutableMapping

__all__ = ['THREAD_POLICY', 'set_thread_policy']

THREAD_POLICY = {'OMP_WAIT_POLICY': 'PASSIVE', 'GOMP_SPINCOUNT': '1000', 'KMP_BLOCKTIME': '0'}
"""For every OpenMP; for gcc's, which torch's wheels have, how many turns come before sleep; for Intel's and LLVM's."""


def set_thread_policy(environment: MutableMapping[str, str] | None = None) -> bool:
    """Let OpenMP's threads sleep while they wait, unless the environment says how they are to wait.

    ``import mmpose_dark`` calls this. OpenMP reads the environment when torch is loaded, so it does nothing in a
    program that has imported torch already; set the variables before the program starts there.

    Args:
        environment: where the variables are set; by default this process's, which its children inherit.

    Returns:
        Whether it was in time: False where torch is loaded already, and then nothing is changed.

    >>> settings = {'OMP_WAIT_POLICY': 'ACTIVE'}
    >>> set_thread_policy(settings)
    True
    >>> settings
    {'OMP_WAIT_POLICY': 'ACTIVE'}
    >>> empty = {}
    >>> set_thread_policy(empty) and empty
    {'OMP_WAIT_POLICY': 'PASSIVE', 'GOMP_SPINCOUNT': '1000', 'KMP_BLOCKTIME': '0'}
    """
    if environment is None:
        if 'torch' in sys.modules:
            return False
        environment = os.environ
    if not any(name in environment for name in THREAD_POLICY):
        environment.update(THREAD_POLICY)
    return True
