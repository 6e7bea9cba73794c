"""How a person moves: joint angles as smooth functions of time, from standing over walking to running.

The curves follow measured gait (Winter, Biomechanics and Motor Control of Human Movement, 4th ed., 2009, ch. 5) in
outline: the hip swings like a cosine, the knee bends a little under the load and much while the leg swings
forwards, arms and shoulders swing against the legs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .body import Pose
from .poses import Angles, clip_to_limits

__all__ = ['GESTURES', 'Gesture', 'moving_pose', 'stride_length']

GESTURES = ('wave', 'reach', 'point', 'phone', 'cheer', 'crouch')

_ARM = dict(
    wave=(0.0, 105.0, -40.0, 65.0),
    reach=(5.0, 160.0, 0.0, 10.0),
    point=(92.0, 12.0, 0.0, 8.0),
    phone=(40.0, 30.0, 15.0, 135.0),
    cheer=(5.0, 150.0, 0.0, 20.0),
)
_EASE = 0.6  # seconds that a gesture takes to begin and to end


@dataclass(frozen=True)
class Gesture:
    """Something that a person does for a while.

    Attributes:
        kind: one of `GESTURES`.
        side: 0 the left arm, 1 the right one; both arms cheer, and both legs crouch.
        start: seconds.
        end: seconds.
    """

    kind: str
    side: int
    start: float
    end: float

    def weight(self, time: float) -> float:
        """Return how far the gesture is taken up at ``time`` seconds, 0 to 1, with a continuous acceleration.

        >>> [round(Gesture('wave', 0, 1.0, 4.0).weight(t), 6) for t in (0.9, 1.3, 2.0, 4.1)]
        [0.0, 0.5, 1.0, 0.0]
        """
        x = float(np.clip(min(time - self.start, self.end - time) / _EASE, 0, 1))
        return x**3 * (10 - 15 * x + 6 * x * x)


def stride_length(speed: float) -> float:
    """Return the metres that a person covers with two steps.

    Args:
        speed: metres a second.

    >>> round(stride_length(1.31), 2)
    1.35
    """
    return 0.5 + 0.65 * speed


def moving_pose(
    *, phase: float, speed: float, turn: float, time: float, mood: np.ndarray, gestures: Sequence[Gesture] = ()
) -> Pose:
    """Return the pose of somebody who walks, runs or stands.

    Args:
        phase: of the gait, radians; at 0 the left heel strikes, at pi the right one.
        speed: metres a second; 0 stands.
        turn: where the person faces, degrees; 90 the image's right side, 180 away.
        time: seconds, for what goes on while standing.
        mood: (4,) radians, where in their small motions this person is.
        gestures: what else they do.

    >>> pose = moving_pose(phase=0.0, speed=1.3, turn=90.0, time=0.0, mood=np.zeros(4))
    >>> pose.legs[0][0] > 20 > -10 > pose.legs[1][0], pose.arms[0][0] < 0 < pose.arms[1][0]
    (True, True)
    """
    moving = float(np.tanh(speed / 0.25))
    swing = moving * np.degrees(np.arcsin(min(0.25 * stride_length(speed) / 0.85, 0.75)))
    run = 1 / (1 + np.exp(-(speed - 2.2) / 0.25))
    lean = 1 + 2.2 * speed
    idle = np.sin(np.array([0.9, 0.5, 1.3, 0.7]) * time + mood)
    twist = moving * (4 + 2 * speed) * np.cos(phase)
    angles: Angles = dict(
        root=[lean, turn, 1.5 * moving * np.sin(phase) + (1 - moving) * 1.2 * idle[0]],
        spine=[2 + idle[2], twist + 2 * idle[3], -1.5 * moving * np.sin(phase)],
        head=[2 + 3 * idle[2], 14 * idle[1] - twist, 2 * idle[0]],
        arms=[],
        hands=[6 + 4 * idle[3], 6 - 4 * idle[2]],
        legs=[],
    )
    for side in range(2):
        at = phase + np.pi * side
        knee = 12 * _bump(at, 0.5, 3.0) + (46 + 14 * speed) * _bump(at, 4.5, 2.2)
        angles['legs'].append(
            [
                lean + 5 * moving + swing * np.cos(at),
                3 - moving,
                6.0,
                5 + moving * knee,
                moving * (16 * _bump(at, 3.4, 4.0) - 8 * _bump(at, 0.0, 4.0)),
            ]
        )
        sign = 1 - 2 * side
        angles['arms'].append(
            [
                2 - (0.75 + 0.4 * run) * swing * np.cos(at) + (1 - moving) * 3 * sign * idle[1],
                7 + 2 * idle[3] * sign,
                12.0,
                10 + 14 * moving + 65 * run + 6 * moving * np.cos(at + np.pi),
            ]
        )
    for gesture in gestures:
        weight = gesture.weight(time)
        if weight > 0:
            _gesticulate(angles, gesture, weight, time)
    return clip_to_limits(angles)


def _bump(at: float, centre: float, narrow: float) -> float:
    """A smooth hill of height 1 on the circle."""
    return float(np.exp(narrow * (np.cos(at - centre) - 1)))


def _gesticulate(angles: Angles, gesture: Gesture, weight: float, time: float) -> None:
    if gesture.kind == 'crouch':
        angles['root'][0] += 24 * weight
        for leg in angles['legs']:
            leg[0] += 72 * weight
            leg[1] += 10 * weight
            leg[3] += 92 * weight
            leg[4] -= 14 * weight
        for arm in angles['arms']:
            arm[0] += 40 * weight
        return
    for side in range(2) if gesture.kind == 'cheer' else (gesture.side,):
        target = np.array(_ARM[gesture.kind])
        if gesture.kind == 'wave':
            target[3] += 32 * np.sin(2 * np.pi * 1.5 * (time - gesture.start))
        angles['arms'][side] = ((1 - weight) * np.array(angles['arms'][side]) + weight * target).tolist()
