"""Where a person walks: steered from stop to stop, as a body that turns, speeds up and slows down."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .gait import stride_length

__all__ = ['Stop', 'Walk', 'plan_walk']

_RATE = 50.0  # steps a second of the plan
_SMOOTH = 0.1  # seconds; no force of a body changes at once
_BEYOND = 0.5  # seconds planned beyond the end, which smoothing looks at


@dataclass(frozen=True)
class Stop:
    """A place to walk to.

    Attributes:
        place: metres to the right of the middle, and away from the camera.
        speed: on the way, metres a second.
        pause: seconds to stay there; 0 walks on.
        face: degrees to turn to during the pause, 0 towards the camera, 90 the image's right side.
    """

    place: tuple[float, float]
    speed: float = 1.3
    pause: float = 0.0
    face: float = 0.0


class Walk:
    """A planned walk, known at any time.

    Args:
        table: (T, 5) at `_RATE` steps a second from time 0 on: x and z in metres, speed in metres a second, turn in
            degrees without jumps, phase of the gait in radians.
    """

    def __init__(self, table: np.ndarray) -> None:
        from scipy.interpolate import CubicSpline

        self.seconds = (len(table) - 2) / _RATE - _BEYOND
        self._curve = CubicSpline(np.arange(len(table)) / _RATE, table)

    def at(self, time: float) -> tuple[float, float, float, float, float]:
        """Return x, z (metres), speed (metres a second), turn (degrees) and phase (radians) at ``time`` seconds."""
        x, z, speed, turn, phase = self._curve(time).tolist()
        return x, z, max(speed, 0.0), turn, phase


def plan_walk(stops: Iterator[Stop], start: tuple[float, float], seconds: float, *, turn: float = 0.0) -> Walk:
    """Walk from stop to stop.

    The person turns towards the next stop like a damped spring, at most some 120 degrees a second, and walks the
    faster the better the direction fits, so that all ways are curves.

    Args:
        stops: where to go; must not end before ``seconds`` do, else the person stays.
        start: metres to the right of the middle, and away from the camera.
        seconds: length of the plan.
        turn: where the person faces first, degrees.

    >>> walk = plan_walk(iter([Stop((3.0, 5.0), speed=1.0)]), (0.0, 5.0), 10.0, turn=90.0)
    >>> [round(v, 1) for v in walk.at(2.0)[1:4]], [round(v, 1) for v in walk.at(10.0)[:3]]
    ([5.0, 1.0, 90.0], [3.1, 5.0, 0.0])
    """
    from scipy.ndimage import gaussian_filter1d

    dt = 1 / _RATE
    x, z = start
    speed = spin = phase = waited = 0.0
    stop = next(stops, None)
    table = [(x, z, speed, turn, phase)]
    for _ in range(int(np.ceil((seconds + _BEYOND) * _RATE)) + 1):
        if stop is not None and waited >= stop.pause > 0:
            stop, waited = next(stops, None), 0.0
        wanted_turn, wanted_speed = turn, 0.0
        if stop is not None:
            dx, dz = stop.place[0] - x, stop.place[1] - z
            far = float(np.hypot(dx, dz))
            if waited or far < 0.15:
                waited += dt
                wanted_turn = stop.face
                if not stop.pause:
                    stop, waited = next(stops, None), 0.0
            else:
                wanted_turn = float(np.degrees(np.arctan2(dx, -dz)))
                off = np.radians(_wrapped(wanted_turn - turn))
                wanted_speed = stop.speed * max(0.0, float(np.cos(off))) ** 2
                wanted_speed = min(wanted_speed, 1.5 * far) if stop.pause else wanted_speed
        speed += dt * float(np.clip((wanted_speed - speed) / 0.3, -3, 3))
        spin += dt * (16 * float(np.clip(_wrapped(wanted_turn - turn), -60, 60)) - 8 * spin)
        turn += dt * spin
        x += dt * speed * float(np.sin(np.radians(turn)))
        z -= dt * speed * float(np.cos(np.radians(turn)))
        phase += dt * 2 * np.pi * speed / stride_length(speed)
        table.append((x, z, speed, turn, phase))
    return Walk(gaussian_filter1d(np.array(table), _SMOOTH * _RATE, axis=0, mode='nearest'))


def _wrapped(degrees: float) -> float:
    return (degrees + 180) % 360 - 180
