"""Addresses, ports and network interfaces of this machine."""

import contextlib
import socket
import struct

from ..utils.errors import StateError

__all__ = ['check_is_own', 'free_port', 'interface_towards']

_ASK_ADDRESS = 0x8915  # Linux: SIOCGIFADDR


def free_port(host: str = '') -> int:
    """Return a port that nobody uses at the moment.

    >>> free_port('127.0.0.1') > 0
    True
    """
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def check_is_own(host: str) -> None:
    """Refuse an address of the first machine that is not this machine's.

    Raises:
        StateError: it is not, or no such name is known.

    >>> check_is_own('127.0.0.1')
    """
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except OSError as err:
        raise StateError(f'MASTER_ADDR={host}: this name is not known ({err.strerror or err})') from err
    for family, kind, _, _, address in found:
        with contextlib.suppress(OSError), socket.socket(family, kind) as probe:
            probe.bind(address)
            return
    raise StateError(
        f'MASTER_ADDR={host} is no address of this machine, which is the first one (NODE_RANK=0); give the address of '
        'this machine to all, or another NODE_RANK to this one'
    )


def interface_towards(host: str) -> str | None:
    """Return the network interface that leads to ``host``, as 'eth0'; None where it cannot be told.

    gloo listens at the address that the machine's own name has, which is often one that others cannot reach.

    >>> interface_towards('127.0.0.1') in ('lo', None)
    True
    """
    try:
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, 9))  # sends nothing
            own = probe.getsockname()[0]
            for _, name in socket.if_nameindex():
                with contextlib.suppress(OSError):
                    answer = fcntl.ioctl(probe, _ASK_ADDRESS, struct.pack('256s', name.encode()[:15]))
                    if socket.inet_ntoa(answer[20:24]) == own:
                        return name
    except (OSError, ImportError):
        return None
    return 'lo' if own.startswith('127.') else None
