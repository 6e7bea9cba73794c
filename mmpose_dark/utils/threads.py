"""How the threads that compute wait for each other: asleep, so that a busy machine is not ten times slower.

torch computes with OpenMP. Its threads meet at the end of every layer, and by default whoever is there first spins for
some milliseconds, as the others are expected at once. When another program needs a core, one of the threads is not
there for long, and the others burn the time that it needs to come. With two threads on two cores beside one other
program, training fell to an eighth. Threads that sleep while they wait give their core away; alone on a machine
that costs next to nothing.
"""

import os
import sys
from collections.abc import MutableMapping

__all__ = ['THREAD_POLICY', 'set_thread_policy']

THREAD_POLICY = {'OMP_WAIT_POLICY': 'PASSIVE', 'KMP_BLOCKTIME': '0'}
"""For every OpenMP (gcc's, which torch's wheels have), and Intel's and LLVM's own setting for the same."""


def set_thread_policy(environment: MutableMapping[str, str] | None = None) -> bool:
    """Let OpenMP's threads sleep while they wait, unless the environment says how they are to wait.

    ``import mmpose_dark`` calls this. OpenMP reads the environment when torch is loaded, so it does nothing in a
    program that has imported torch already; set the two variables before the program starts there.

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
    {'OMP_WAIT_POLICY': 'PASSIVE', 'KMP_BLOCKTIME': '0'}
    """
    if environment is None:
        if 'torch' in sys.modules:
            return False
        environment = os.environ
    if not any(name in environment for name in (*THREAD_POLICY, 'GOMP_SPINCOUNT')):
        environment.update(THREAD_POLICY)
    return True
