"""Drawn video: moving people with the truth of every frame, for trackers, smoothers and readers of video.

A frame depends on the settings, the seed and its number alone, so that any one can be drawn by itself, and nothing of
the others is kept. Positions and identities are exact. A keypoint is hidden where a body (round limbs in light
clothes, see `body_outline`) or an object is in front of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from ..annotations.areas import area_of_box
from ..structures.poses import Poses
from .actors import Actor, sample_actors
from .background import Backdrop, draw_backdrop, draw_occluder
from .body import Skeleton, build_skeleton
from .compositing import cast_shadows, paste_layer, sample_light
from .figure import dress
from .outline import Outline, body_outline, surface_depth
from .render import JOINT_DEPTH, render_figure
from .video_settings import VideoSettings
from .view import PITCH, View, sample_motion

__all__ = ['DrawnVideo', 'FrameTruth', 'drawn_video', 'truth_of_video']

_PEOPLE, _CAMERA, _PLACE, _OBJECTS, _LOOK, _NOISE = range(6)  # streams of randomness, apart from each other


@dataclass(frozen=True, eq=False)
class FrameTruth:
    """All that is true of one frame: of the N people who have a keypoint in the image, by their number.

    Attributes:
        index: of the frame, from 0.
        time: seconds.
        size: (width, height) of the frame, pixels.
        ids: (N,) from 1 on, the same for a person in all frames.
        keypoints: (N, 17, 2) x and y of COCO's keypoints, integer = pixel centre; exact also where hidden or outside.
        visible: (N, 17) 2 in sight, 1 in the image but hidden, 0 outside of it.
        boxes: (N, 4) left, top, right, bottom of the body as if nothing hid it, cut at the image's edges.
        areas: (N,) square pixels of the person, see `area_of_box`, without that cut.
    """

    index: int
    time: float
    size: tuple[int, int]
    ids: np.ndarray
    keypoints: np.ndarray
    visible: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def share_in_sight(self) -> np.ndarray:
        """(N,) share of the keypoints that are in sight."""
        return (self.visible == 2).mean(1)

    def poses(self) -> Poses:
        """Return the people with scores 1 where a keypoint is in sight, 0 elsewhere, and their numbers as tracks."""
        return Poses(self.keypoints, self.visible == 2, self.boxes, track_ids=self.ids)


@dataclass(frozen=True)
class _Placed:
    """An actor at one time: the skeleton, and how it maps into the image."""

    number: int
    actor: Actor
    skeleton: Skeleton
    outline: Outline
    joints: np.ndarray  # (17, 3) body heights
    origin: np.ndarray  # (2,) pixels
    scale: float  # pixels a body height
    distance: float  # metres

    @property
    def keypoints(self) -> np.ndarray:
        """(17, 2) pixels."""
        return self.origin + self.scale * self.joints[:, :2] * (1, -1)

    @property
    def box(self) -> np.ndarray:
        """(4,) left, top, right, bottom, pixels."""
        left, bottom, right, top = self.outline.bounds
        return np.tile(self.origin, 2) + self.scale * np.array([left, -top, right, -bottom])

    def depth_at(self, points: np.ndarray) -> np.ndarray:
        """(P,) the body's depth at ``points`` (P, 2) in pixels, see `surface_depth`."""
        return surface_depth(self.outline, (points - self.origin) * (1, -1) / self.scale)


class DrawnVideo:
    """A video that is drawn when it is looked at; a loop gives (image, truth) of each frame.

    Args:
        settings: what to draw.
        seed: another one gives other people, ways and places.

    >>> video = DrawnVideo(VideoSettings(frames=3, width=96, height=72, people=2), seed=1)
    >>> len(video), video.image(2).shape, video.truth(2).keypoints.shape[1:]
    (3, (72, 96, 3), (17, 2))
    """

    def __init__(self, settings: VideoSettings, seed: int = 0) -> None:
        self.settings, self.seed = settings, seed
        self._motion = sample_motion(self._rng(_CAMERA), settings.camera, settings.width, settings.height)
        self._margin = np.where(self._motion.amplitude.any(1), self._motion.reach, 0).astype(int)
        rng = self._rng(_PEOPLE)
        self.view = View(settings.width, settings.height, horizon=settings.height * rng.uniform(0.2, 0.32))
        self.actors = sample_actors(rng, settings, self.view)
        self._objects = self._draw_objects()
        self._place: Backdrop | None = None

    def __len__(self) -> int:
        return self.settings.frames

    def __iter__(self) -> Iterator[tuple[np.ndarray, FrameTruth]]:
        return ((self.image(index), self.truth(index)) for index in range(len(self)))

    def truth(self, index: int) -> FrameTruth:
        """Return what is true of frame ``index``, without drawing it."""
        size = self.settings.width, self.settings.height
        placed = self._placed(index)
        keypoints = np.array([person.keypoints for person in placed]).reshape(-1, 17, 2)
        boxes = np.array([person.box for person in placed]).reshape(-1, 4)
        inside = ((keypoints > -0.5) & (keypoints < np.array(size) - 0.5)).all(-1)
        hidden = self._hidden(placed, keypoints) | self._behind_objects(keypoints, index)
        wide, high = (boxes[:, 2:] - boxes[:, :2]).T
        kept = inside.any(1)
        return FrameTruth(
            index=index,
            time=index / self.settings.fps,
            size=size,
            ids=np.array([person.number + 1 for person in placed], int)[kept],
            keypoints=keypoints[kept],
            visible=np.where(inside, 2 - hidden, 0)[kept],
            boxes=np.clip(boxes, -0.5, np.tile(size, 2) - 0.5)[kept],
            areas=area_of_box(wide, high)[kept],
        )

    def image(self, index: int) -> np.ndarray:
        """Draw frame ``index``: (H, W, 3) uint8 BGR."""
        if self._place is None:
            self._place = self._draw_place()
        shift = self._motion.at(index / self.settings.fps)
        rng = self._rng(_LOOK)
        light, gain = sample_light(rng), rng.uniform(0.85, 1.1) * (1 + rng.normal(0, 0.03, 3))
        grain = rng.uniform(1, 5)
        layers = []
        for person in sorted(self._placed(index), key=lambda person: -person.distance):
            if self._in_view(person):
                pieces = dress(person.skeleton, person.actor.body, person.actor.outfit)
                origin = (float(person.origin[0]), float(person.origin[1]))
                layers.append(render_figure(pieces, person.joints, origin=origin, scale=person.scale, light=light))
        image = cast_shadows(self._cut(self._place.image, shift), layers)
        for layer in layers:
            paste_layer(image, layer)
        for colour, alpha in self._objects:
            image += (self._cut(colour, shift) - image) * self._cut(alpha, shift)[..., None]
        noise = self._rng(_NOISE, index).standard_normal(image.shape[:2], dtype=np.float32)
        image = image * gain.astype(np.float32) + (grain * noise)[..., None]
        return np.clip(image + 0.5, 0, 255).astype(np.uint8)

    def _rng(self, *stream: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, *stream))

    def _placed(self, index: int) -> list[_Placed]:
        """Everybody at the time of a frame, also who is outside of it."""
        time = index / self.settings.fps
        shift, found = self._motion.at(time), []
        for number, actor in enumerate(self.actors):
            pose, (x, z) = actor.at(time)
            skeleton = build_skeleton(actor.body, pose, PITCH)
            scale = self.view.scale(actor.height, z)
            feet = _lower(skeleton.joints['left_ankle'][1], skeleton.joints['right_ankle'][1]) - 0.04
            origin = shift + self.view.ground(x, z) + (0, feet * scale)
            outline = body_outline(skeleton, actor.body)
            found.append(_Placed(number, actor, skeleton, outline, skeleton.keypoints(), origin, scale, z))
        return found

    def _in_view(self, person: _Placed) -> bool:
        left, top, right, bottom = person.box
        reach = 0.1 * person.scale
        return bool(
            left < self.settings.width + reach
            and right > -reach
            and top < self.settings.height + reach
            and bottom > -reach
        )

    @staticmethod
    def _hidden(placed: list[_Placed], keypoints: np.ndarray) -> np.ndarray:
        """(N, 17) which of ``keypoints`` (N, 17, 2) a body is in front of, the own one or another."""
        hidden = np.zeros(keypoints.shape[:2], bool)
        for front in placed:
            depth = front.depth_at(keypoints.reshape(-1, 2)).reshape(hidden.shape)
            for row, person in enumerate(placed):
                if person is front:
                    hidden[row] |= depth[row] - front.joints[:, 2] > JOINT_DEPTH
                elif front.distance < person.distance:
                    hidden[row] |= depth[row] > -np.inf
        return hidden

    def _behind_objects(self, keypoints: np.ndarray, index: int) -> np.ndarray:
        """(N, 17) which of ``keypoints`` (N, 17, 2) an object is in front of."""
        hidden = np.zeros(keypoints.shape[:2], bool)
        shift = self._motion.at(index / self.settings.fps)
        for _, alpha in self._objects:
            at = np.rint(keypoints - shift + self._margin).astype(int)
            at = np.clip(at, 0, (alpha.shape[1] - 1, alpha.shape[0] - 1))
            hidden |= alpha[at[..., 1], at[..., 0]] > 0.5
        return hidden

    def _draw_place(self) -> Backdrop:
        width, height = (self.settings.width, self.settings.height) + 2 * self._margin
        return draw_backdrop(self._rng(_PLACE), int(width), int(height), self.view.horizon + float(self._margin[1]))

    def _draw_objects(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """What stands in front: colours (H, W, 3) and alphas (H, W) of the place that the camera sweeps."""
        width, height = (self.settings.width, self.settings.height) + 2 * self._margin
        rng, found = self._rng(_OBJECTS), []
        for _ in range(self.settings.occluders):
            drawn = draw_occluder(rng, round(240 * width / height), 240)  # its sizes are made for 240 rows
            found.append(tuple(cv2.resize(array, (int(width), int(height))) for array in (drawn.image, drawn.alpha)))
        return found

    def _cut(self, canvas: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """The part of a canvas that the camera sees when the image is moved by ``shift`` (2,) pixels."""
        x, y = self._margin - shift
        matrix = np.array([[1, 0, -x], [0, 1, -y]])
        return cv2.warpAffine(
            canvas, matrix, (self.settings.width, self.settings.height), borderMode=cv2.BORDER_REFLECT
        )


def drawn_video(settings: VideoSettings, seed: int = 0) -> Iterator[tuple[np.ndarray, FrameTruth]]:
    """Yield the frames of a drawn video: images (H, W, 3) uint8 BGR and their truth.

    Args:
        settings: what to draw.
        seed: another one gives another video.

    >>> image, truth = next(drawn_video(VideoSettings(width=96, height=72)))
    >>> image.dtype, truth.time
    (dtype('uint8'), 0.0)
    """
    yield from DrawnVideo(settings, seed)


def truth_of_video(settings: VideoSettings, seed: int = 0) -> Iterator[FrameTruth]:
    """Yield the truth of `drawn_video`'s frames without drawing them, some hundred a second.

    Args:
        settings: what would be drawn.
        seed: another one gives another video.

    >>> len(list(truth_of_video(VideoSettings(frames=5))))
    5
    """
    video = DrawnVideo(settings, seed)
    return (video.truth(index) for index in range(len(video)))


def _lower(a: float, b: float, soft: float = 0.006) -> float:
    """The lower of two heights, with a smooth passage from one to the other."""
    low = min(a, b)
    return float(low - soft * np.log1p(np.exp(-abs(a - b) / soft)) + soft * np.log(2) * np.exp(-abs(a - b) / soft))
