"""Poses that people take: families of joint angles, sampled within anatomical limits."""

from collections.abc import Callable

import numpy as np

from .body import Pose

__all__ = ['FAMILIES', 'LIMITS', 'Angles', 'clip_to_limits', 'sample_pose']

LIMITS = dict(
    arm=((-45.0, 180.0), (-10.0, 175.0), (-60.0, 110.0), (0.0, 145.0)),
    leg=((-30.0, 125.0), (-10.0, 55.0), (-20.0, 50.0), (0.0, 140.0), (-25.0, 50.0)),
    spine=((-15.0, 60.0), (-35.0, 35.0), (-25.0, 25.0)),
    head=((-30.0, 40.0), (-65.0, 65.0), (-25.0, 25.0)),
    hand=((-50.0, 50.0),),
)
"""Degrees that a joint can reach, in the order of the fields of :class:`~mmpose_dark.synthetic.body.Pose`."""

Angles = dict[str, list]


def sample_pose(rng: np.random.Generator) -> tuple[Pose, str]:
    """Choose a pose and the name of its family; the whole body is mirrored half of the time.

    Args:
        rng: source of randomness.

    >>> pose, family = sample_pose(np.random.default_rng(0))
    >>> family in FAMILIES
    True
    """
    names = list(FAMILIES)
    weights = np.array([FAMILIES[name][1] for name in names])
    name = names[rng.choice(len(names), p=weights / weights.sum())]
    angles: Angles = dict(
        root=[rng.normal(0, 4), _turn(rng), rng.normal(0, 4)],
        spine=[rng.normal(2, 4), rng.normal(0, 6), rng.normal(0, 4)],
        head=[rng.normal(4, 9), rng.normal(0, 24), rng.normal(0, 6)],
        arms=[_hanging_arm(rng), _hanging_arm(rng)],
        hands=[rng.normal(5, 15), rng.normal(5, 15)],
        legs=[_standing_leg(rng), _standing_leg(rng)],
    )
    FAMILIES[name][0](rng, angles)
    if rng.random() < 0.5:
        for pair in ('arms', 'legs'):
            angles[pair].reverse()
        angles['root'][2] *= -1
        for part in ('spine', 'head'):
            angles[part][1:] = [-value for value in angles[part][1:]]
    return clip_to_limits(angles), name


def clip_to_limits(angles: Angles) -> Pose:
    """Make a pose of a dict of lists of degrees, each angle within :data:`LIMITS`.

    >>> clip_to_limits(dict(
    ...     root=[0, 0, 0], spine=[0, 0, 0], head=[0, 0, 0], arms=[[0, 0, 0, -20]] * 2, hands=[0, 0],
    ...     legs=[[0, 0, 0, 170, 0]] * 2)).legs[0]
    (0.0, 0.0, 0.0, 140.0, 0.0)
    """

    def clip(values: list, kind: str) -> tuple[float, ...]:
        return tuple(float(np.clip(v, low, high)) for v, (low, high) in zip(values, LIMITS[kind], strict=True))

    arms = tuple(clip(arm, 'arm') for arm in angles['arms'])
    return Pose(
        root=tuple(float(v) for v in angles['root']),
        spine=clip(angles['spine'], 'spine'),
        head=clip(angles['head'], 'head'),
        arms=arms,
        hands=tuple(clip([hand], 'hand')[0] for hand in angles['hands']),
        legs=tuple(clip(leg, 'leg') for leg in angles['legs']),
        shrug=tuple(float(np.clip((max(arm[0], arm[1]) - 70) / 100, 0, 1)) for arm in arms),
    )


def _turn(rng: np.random.Generator) -> float:
    """Which way a person faces: mostly the viewer, often to a side, sometimes away."""
    kind = rng.choice(3, p=[0.58, 0.24, 0.18])
    return rng.normal((0, 90 if rng.random() < 0.5 else -90, 180)[kind], (28, 22, 28)[kind])


def _hanging_arm(rng: np.random.Generator) -> list[float]:
    return [rng.normal(0, 10), rng.uniform(4, 18), rng.normal(10, 20), rng.uniform(0, 35)]


def _standing_leg(rng: np.random.Generator) -> list[float]:
    flexed = max(0.0, rng.normal(2, 6))
    return [rng.normal(0, 4) + 0.5 * flexed, rng.uniform(0, 9), rng.uniform(0, 20), flexed, 0.0]


_BUSY_ARMS = (
    ((-30, -6), (32, 50), (70, 95), (75, 100)),  # hand on the hip
    ((-40, -25), (8, 18), (60, 90), (10, 30)),  # behind the back
    ((25, 55), (15, 45), (0, 30), (125, 143)),  # telephone at the ear
    ((5, 40), (3, 15), (5, 45), (70, 115)),  # holding something before the body
    ((20, 38), (2, 12), (70, 95), (90, 115)),  # folded across the chest
)


def _stand(rng: np.random.Generator, angles: Angles) -> None:
    """Let the arms hang, or give each something to do."""
    for index in range(2):
        kind = rng.choice(6, p=[0.44, 0.18, 0.08, 0.1, 0.1, 0.1])
        if kind:
            angles['arms'][index] = [rng.uniform(*limits) for limits in _BUSY_ARMS[kind - 1]]
    if rng.random() < 0.3:  # legs apart
        for leg in angles['legs']:
            leg[1] = rng.uniform(8, 24)


def _stride(rng: np.random.Generator, angles: Angles, hip: float, knee: float, elbow: tuple[float, float]) -> None:
    """Swing legs and arms in opposite phase."""
    phase = rng.uniform(0, 2 * np.pi)
    for index, shift in enumerate((0.0, np.pi)):
        swing = np.sin(phase + shift)
        lift = max(0.0, np.cos(phase + shift))  # the leg that comes forwards is bent
        bent = 6 + knee * (0.75 * lift + 0.3 * max(0.0, -swing)) + rng.normal(0, 5)
        angles['legs'][index] = [
            hip * swing + 0.25 * hip * lift + rng.normal(0, 4),
            rng.uniform(0, 5),
            rng.uniform(0, 12),
            bent,
            rng.normal(-5 * swing + 8 * lift, 6),
        ]
        angles['arms'][index] = [
            -hip * 1.0 * swing + rng.normal(0, 6),
            rng.uniform(5, 18),
            rng.uniform(0, 30),
            rng.uniform(*elbow),
        ]


def _walk(rng: np.random.Generator, angles: Angles) -> None:
    angles['root'][0] += 3
    _stride(rng, angles, rng.uniform(16, 30), 45, (5, 45))


def _run(rng: np.random.Generator, angles: Angles) -> None:
    angles['root'][0] += rng.uniform(6, 18)
    _stride(rng, angles, rng.uniform(32, 52), 100, (70, 110))


def _sit(rng: np.random.Generator, angles: Angles) -> None:
    """Sit on a chair, hands on the thighs, in the lap or doing something."""
    angles['root'][0] = rng.normal(-4, 5)
    angles['root'][2] = rng.normal(0, 2)
    spread = rng.uniform(2, 22)
    for index in range(2):
        thigh = rng.normal(84, 6)
        angles['legs'][index] = [thigh, spread + rng.normal(0, 3), rng.uniform(-5, 10), thigh + rng.normal(0, 12), 0.0]
        if rng.random() < 0.7:
            angles['arms'][index] = [rng.uniform(15, 45), rng.uniform(3, 15), rng.uniform(0, 45), rng.uniform(40, 85)]
    if rng.random() < 0.3:
        _gesture(rng, angles, int(rng.integers(2)))


def _gesture(rng: np.random.Generator, angles: Angles, index: int) -> None:
    """Wave, point, reach up or to the side with one arm."""
    kind = rng.integers(4)
    if kind == 0:  # wave
        angles['arms'][index] = [rng.normal(0, 12), rng.uniform(80, 125), rng.uniform(-60, -20), rng.uniform(50, 110)]
    elif kind == 1:  # point forwards
        angles['arms'][index] = [rng.uniform(65, 105), rng.uniform(-5, 35), rng.normal(0, 20), rng.uniform(0, 25)]
    elif kind == 2:  # reach up
        angles['arms'][index] = [rng.normal(0, 15), rng.uniform(135, 172), rng.normal(0, 20), rng.uniform(0, 40)]
    else:  # to the side
        angles['arms'][index] = [rng.normal(5, 12), rng.uniform(65, 105), rng.normal(20, 30), rng.uniform(0, 50)]


def _gesture_once(rng: np.random.Generator, angles: Angles) -> None:
    _stand(rng, angles)
    _gesture(rng, angles, int(rng.integers(2)))


def _cheer(rng: np.random.Generator, angles: Angles) -> None:
    """Raise both arms, nearly alike."""
    arm = [rng.normal(5, 15), rng.uniform(75, 168), rng.uniform(-50, 10), rng.uniform(0, 95)]
    angles['arms'] = [[value + rng.normal(0, 7) for value in arm] for _ in range(2)]
    if rng.random() < 0.4:
        for leg in angles['legs']:
            leg[1] = rng.uniform(10, 28)


def _bend(rng: np.random.Generator, angles: Angles) -> None:
    """Bend down, reaching for something."""
    angles['root'][0] = rng.uniform(25, 55)
    angles['spine'][0] = rng.uniform(10, 35)
    angles['head'][0] = rng.uniform(-25, 10)
    for index in range(2):
        angles['legs'][index][0] += angles['root'][0] + rng.normal(0, 3)
        angles['legs'][index][3] += rng.uniform(0, 20)
        angles['arms'][index] = [rng.uniform(20, 95), rng.uniform(0, 15), rng.uniform(0, 30), rng.uniform(0, 50)]


def _squat(rng: np.random.Generator, angles: Angles) -> None:
    """Squat or lunge."""
    lean = rng.uniform(8, 35)
    angles['root'][0] = lean
    deep = rng.uniform(50, 105)
    for index in range(2):
        depth = deep + rng.normal(0, 7)
        if index and rng.random() < 0.4:
            depth = 5.0
        thigh = 0.55 * depth + lean * 0.8
        angles['legs'][index] = [thigh, rng.uniform(5, 28), rng.uniform(5, 25), depth, -0.15 * depth]
        angles['arms'][index] = [rng.uniform(10, 90), rng.uniform(5, 30), rng.uniform(0, 50), rng.uniform(10, 90)]


def _jump(rng: np.random.Generator, angles: Angles) -> None:
    """Jump, dance, kick: limbs flung anywhere."""
    angles['root'][0] = rng.normal(5, 12)
    angles['root'][2] = rng.normal(0, 12)
    for index in range(2):
        knee = rng.uniform(0, 110)
        angles['legs'][index] = [
            rng.uniform(-15, 30) + 0.5 * knee,
            rng.uniform(0, 45),
            rng.uniform(0, 25),
            knee,
            rng.uniform(0, 40),
        ]
        angles['arms'][index] = [rng.uniform(-30, 80), rng.uniform(10, 150), rng.uniform(-40, 60), rng.uniform(0, 110)]


FAMILIES: dict[str, tuple[Callable[[np.random.Generator, Angles], None], float]] = dict(
    stand=(_stand, 0.27),
    walk=(_walk, 0.17),
    run=(_run, 0.11),
    sit=(_sit, 0.12),
    gesture=(_gesture_once, 0.12),
    cheer=(_cheer, 0.08),
    squat=(_squat, 0.05),
    bend=(_bend, 0.03),
    jump=(_jump, 0.05),
)
"""Name → function that turns the angles of a person at rest into the family's, and how often it is drawn."""
