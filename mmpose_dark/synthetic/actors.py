"""The people of a drawn video: what they look like, where they walk and what they do, all planned beforehand."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from .body import Body, Pose, sample_body
from .gait import GESTURES, Gesture, moving_pose
from .outfit import Outfit, sample_outfit
from .video_settings import VideoSettings
from .view import FAR, NEAR, View
from .walks import Stop, Walk, plan_walk

__all__ = ['Actor', 'sample_actors']


@dataclass(frozen=True)
class Actor:
    """Somebody in a video.

    Attributes:
        body: proportions.
        outfit: skin, hair and clothes; nothing that hides joints.
        height: metres.
        walk: where they are.
        gestures: what they do besides.
        mood: (4,) radians, see `moving_pose`.
    """

    body: Body
    outfit: Outfit
    height: float
    walk: Walk
    gestures: tuple[Gesture, ...]
    mood: np.ndarray

    def at(self, time: float) -> tuple[Pose, tuple[float, float]]:
        """Return the pose at ``time`` seconds, and the place: metres to the right and away from the camera."""
        x, z, speed, turn, phase = self.walk.at(time)
        pose = moving_pose(phase=phase, speed=speed, turn=turn, time=time, mood=self.mood, gestures=self.gestures)
        return pose, (x, z)


def sample_actors(rng: np.random.Generator, settings: VideoSettings, view: View) -> list[Actor]:
    """Choose the people of a video.

    Each walks in a lane of its own, so that nobody walks through somebody else.

    Args:
        rng: source of randomness.
        settings: of the video.
        view: where the camera stands.

    >>> view = View(320, 240, horizon=60.0)
    >>> len(sample_actors(np.random.default_rng(0), VideoSettings(frames=10, people=3), view))
    3
    """
    edges = np.linspace(NEAR, FAR, settings.people + 1)
    actors = []
    for number, lane in enumerate(rng.permutation(settings.people)):
        body = sample_body(rng)
        outfit = replace(sample_outfit(rng), skirt=0.0, backpack=None)
        height = float(rng.normal(1.25, 0.06) if body.head > 1.2 else rng.normal(1.7, 0.07))
        middle, half = (edges[lane] + edges[lane + 1]) / 2, 0.3 * (edges[lane + 1] - edges[lane])
        lane_at = float(np.clip(middle, NEAR, FAR)), float(min(half, 0.9))
        side = 1.0 if number % 2 else -1.0
        x = side * rng.uniform(0.1, 1.0) * view.half_width(lane_at[0])
        stops = _stops(rng, settings.plot, lane_at, view, side)
        walk = plan_walk(stops, (x, lane_at[0]), settings.seconds, turn=float(-90 * side))
        mood = rng.uniform(0, 2 * np.pi, 4)
        actors.append(Actor(body, outfit, height, walk, _gestures(rng, walk), mood))
    return actors


def _stops(rng: np.random.Generator, plot: str, lane: tuple[float, float], view: View, side: float) -> Iterator[Stop]:
    """Where to go, without end; ``lane`` is its middle and half its width in metres, ``side`` that of the beginning."""
    while True:
        kind = plot if plot != 'mixed' else str(rng.choice(['cross', 'leave', 'stay']))
        speed = float(rng.uniform(0.9, 1.6) if rng.random() < 0.85 else rng.uniform(2.2, 2.9))
        z = lane[0] + lane[1] * float(rng.uniform(-1, 1))
        edge = view.half_width(z)
        outside, rest = edge + 0.7, float(rng.uniform(0.4, 1.4))
        if kind == 'cross':
            side = -side
            yield Stop((side * outside, z), speed, pause=rest, face=-90 * side)
        elif kind == 'leave':
            inside = side * edge * float(rng.uniform(0.0, 0.7))
            yield Stop((inside, z), speed, pause=float(rng.uniform(0.5, 1.5)), face=float(rng.normal(0, 40)))
            yield Stop((side * outside, z), speed, pause=rest, face=-90 * side)
        else:
            for _ in range(2):
                to = (float(rng.uniform(-0.8, 0.8)) * edge, lane[0] + lane[1] * float(rng.uniform(-1, 1)))
                yield Stop(to, min(speed, 1.2), pause=float(rng.uniform(1.5, 3.5)), face=float(rng.normal(0, 50)))


def _gestures(rng: np.random.Generator, walk: Walk) -> tuple[Gesture, ...]:
    """Something every few seconds; nobody crouches while walking."""
    found, time = [], float(rng.uniform(0, 3))
    while time < walk.seconds:
        end = time + float(rng.uniform(1.6, 3.2))
        kind = str(rng.choice(GESTURES))
        if kind == 'crouch' and max(walk.at(t)[2] for t in np.linspace(time, end, 9)) > 0.1:
            kind = 'wave'
        found.append(Gesture(kind, int(rng.integers(2)), time, end))
        time = end + float(rng.uniform(0.5, 4))
    return tuple(found)
