"""One image with its people: placing, covering, light, camera, and what there is to annotate."""

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np

from .background import Backdrop, draw_backdrop, draw_occluder
from .body import SKELETON, build_skeleton, sample_body
from .compositing import cast_shadows, layer_overlap, paste_layer, sample_light
from .figure import dress
from .outfit import sample_outfit
from .poses import sample_pose
from .render import Layer, Light, render_figure

__all__ = ['PersonLabel', 'Scene', 'draw_scene', 'label_person']

_UPRIGHT = ('stand', 'walk', 'gesture', 'cheer')
_LEAST_IN_VIEW = 0.5


@dataclass
class PersonLabel:
    """What is known of a drawn person.

    Attributes:
        keypoints: (17, 3) x and y in the image, integer = pixel centre, and 2 visible, 1 hidden by
            something or by the own body, 0 not labelled (x and y are 0 then): outside of the image, or hidden
            with no joint next to it in sight. As in COCO, whose annotators guess a hidden wrist from the elbow,
            and leave it out where the whole arm is behind somebody.
        mask: (H, W) bool, pixels of which the person covers at least half and nothing before covers half.
        pose: name of the family of the pose.
    """

    keypoints: np.ndarray
    mask: np.ndarray
    pose: str

    @property
    def area(self) -> int:
        """Number of pixels of the mask."""
        return int(self.mask.sum())

    @property
    def box_xywh(self) -> tuple[int, int, int, int]:
        """Bounds of the mask: left, top, width, height."""
        columns, rows = np.flatnonzero(self.mask.any(axis=0)), np.flatnonzero(self.mask.any(axis=1))
        left, top = int(columns[0]), int(rows[0])
        return left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1


@dataclass
class Scene:
    """An image and its people.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        people: front to back.
    """

    image: np.ndarray
    people: list[PersonLabel]


def draw_scene(rng: np.random.Generator, width: int = 320, height: int = 240) -> Scene:
    """Draw an image.

    People are placed from the front to the back; one who would be hidden or cut off too far is moved
    sideways, and left out if that does not help.

    Args:
        rng: source of randomness; all that is drawn depends on it alone.
        width: pixels.
        height: pixels.

    >>> scene = draw_scene(np.random.default_rng(0), 96, 72)
    >>> scene.image.shape, scene.people[0].keypoints.shape
    ((72, 96, 3), (17, 3))
    """
    backdrop = draw_backdrop(rng, width, height)
    light = sample_light(rng)
    camera_pitch = rng.uniform(0, 16)
    count = int(rng.choice([1, 2, 3, 4, 5], p=[0.24, 0.3, 0.24, 0.14, 0.08]))
    scales = np.sort(height * np.exp(rng.uniform(np.log(0.34), np.log(1.05), count)))[::-1]
    if rng.random() < 0.12:
        scales[0] = height * rng.uniform(1.1, 1.7)

    transmission = np.ones((height, width), np.float32)
    occluder = draw_occluder(rng, width, height) if rng.random() < 0.2 else None
    if occluder is not None:
        transmission *= 1 - occluder.alpha
    placed: list[Layer] = []
    people: list[PersonLabel] = []
    for scale in scales:
        layer, family = _draw_person(rng, backdrop, width, height, scale, light, camera_pitch)
        for _ in range(8):
            shift = rng.uniform(-0.08, 1.08) * width - (layer.left + layer.alpha.shape[1] / 2)
            candidate = layer.moved(round(shift), 0)
            if _share_in_view(candidate, transmission) >= _LEAST_IN_VIEW:
                label = label_person(candidate, transmission, family)
                if (label.keypoints[:, 2] > 0).sum() >= 5:
                    people.append(label)
                    placed.append(candidate)
                    rows, columns, inner = layer_overlap(candidate, width, height)
                    transmission[rows, columns] *= 1 - candidate.alpha[inner]
                    break
    image = cast_shadows(backdrop.image, placed)
    for layer in reversed(placed):
        paste_layer(image, layer)
    if occluder is not None:
        image += (occluder.image - image) * occluder.alpha[..., None]
    return Scene(_photograph(rng, image), people)


def label_person(layer: Layer, transmission: np.ndarray, pose: str = '') -> PersonLabel:
    """Label a person behind what ``transmission`` lets through.

    Args:
        layer: the person.
        transmission: (H, W), share of a pixel that nothing before the person covers.
        pose: name of the pose.
    """
    height, width = transmission.shape
    rows, columns, inner = layer_overlap(layer, width, height)
    mask = np.zeros((height, width), bool)
    mask[rows, columns] = (layer.person[inner] >= 0.5) & (transmission[rows, columns] > 0.5)
    keypoints = np.zeros((len(layer.keypoints), 3))
    pixels = np.floor(layer.keypoints + 0.5).astype(int)
    inside = ((pixels >= 0) & (pixels < (width, height))).all(axis=1)
    at = np.clip(pixels, 0, (width - 1, height - 1))
    uncovered = transmission[at[:, 1], at[:, 0]] > 0.5
    in_sight = inside & layer.in_sight & uncovered
    labelled = inside & (in_sight | _next_to(in_sight))
    keypoints[labelled, :2] = layer.keypoints[labelled]
    keypoints[labelled, 2] = 1 + in_sight[labelled]
    return PersonLabel(keypoints, mask, pose)


def _next_to(marked: np.ndarray) -> np.ndarray:
    """(K,) which joints share a limb of the skeleton with a marked one."""
    neighbours = np.zeros_like(marked)
    for a, b in SKELETON:
        neighbours[a] |= marked[b]
        neighbours[b] |= marked[a]
    return neighbours


def _draw_person(
    rng: np.random.Generator,
    backdrop: Backdrop,
    width: int,
    height: int,
    scale: float,
    light: Light,
    camera_pitch: float,
) -> tuple[Layer, str]:
    """Draw a person of ``scale`` pixels standing where one of that size stands on the ground."""
    body = sample_body(rng)
    pose, family = sample_pose(rng)
    outfit = sample_outfit(rng)
    if family not in _UPRIGHT:
        outfit = dataclasses.replace(outfit, skirt=0.0)
    skeleton = build_skeleton(body, pose, camera_pitch)
    pieces = dress(skeleton, body, outfit, seat=family == 'sit')
    feet = min(joint[1] for joint in skeleton.joints.values()) - 0.04
    ground = backdrop.horizon + scale * rng.uniform(0.75, 1.0)
    ground = min(max(ground, 0.5 * height), height * 0.99 + max(0.0, scale - 0.9 * height))
    if family == 'jump':
        ground -= scale * rng.uniform(0, 0.15)
    origin = (width / 2 + rng.uniform(-0.5, 0.5), ground + feet * scale)
    layer = render_figure(pieces, skeleton.keypoints(), origin=origin, scale=float(scale), light=light)
    return layer, family


def _share_in_view(layer: Layer, transmission: np.ndarray) -> float:
    height, width = transmission.shape
    rows, columns, inner = layer_overlap(layer, width, height)
    return float((layer.person[inner] * transmission[rows, columns]).sum() / layer.person.sum())


def _photograph(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Exposure, tint, softness and noise of a camera."""
    gain = rng.uniform(0.8, 1.15) * (1 + rng.normal(0, 0.04, 3)).astype(np.float32)
    image = (image - 128) * np.float32(rng.uniform(0.75, 1.1)) + 128
    image = image * gain.astype(np.float32)
    if rng.random() < 0.35:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 0.8)))
    strength = float(rng.uniform(0, 6))
    noise = rng.standard_normal(image.shape[:2], dtype=np.float32)[..., None]
    image = image + strength * noise
    if rng.random() < 0.04:
        image = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    return np.clip(image + 0.5, 0, 255).astype(np.uint8)
