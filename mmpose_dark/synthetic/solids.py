"""Round cones seen along the z axis: where a ray meets one, and at what depth.

A drawn person is made of one primitive, the sphere swept along a segment while its radius changes linearly,
seen in a frame of its own that may be squashed (a torso is wider than deep). Parallel rays meet it in
closed form, so the drawing has the exact silhouette and the exact self-occlusion of the solid.

Frames: the world has x to the right of the image, y up and z towards the viewer, in units of the
body height. A solid's own frame has its axis on -y, x to the person's left and z to the person's front.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ['RoundCone', 'cast_rays', 'cross']


@dataclass(frozen=True)
class RoundCone:
    """A sphere swept along a segment.

    Attributes:
        start: (3,) world position of the first end, body heights.
        frame: (3, 3) rotation from the solid's frame to the world; the axis runs along ``-frame[:, 1]``.
        length: length of the axis, body heights; 0 is a ball.
        radius_start: radius at the first end, body heights.
        radius_end: radius at the other end; with ``length`` 0 it is not used.
        squash: (3,) factors along the solid's x, y and z by which the round body is stretched. The
            axis length is meant after stretching.
        open_end: the other end is cut straight instead of being round, as a skirt's hem.
    """

    start: np.ndarray
    frame: np.ndarray
    length: float
    radius_start: float
    radius_end: float
    squash: tuple[float, float, float] = (1.0, 1.0, 1.0)
    open_end: bool = False

    @property
    def end(self) -> np.ndarray:
        """(3,) world position of the second end."""
        return self.start - self.length * self.frame[:, 1]

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of the solid in the world's x and y."""
        reach = np.linalg.norm(self.frame * np.array(self.squash), axis=1)
        low = np.minimum(self.start - reach * self.radius_start, self.end - reach * self.radius_end)
        high = np.maximum(self.start + reach * self.radius_start, self.end + reach * self.radius_end)
        return low[0], high[0], low[1], high[1]


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Vector product of two (3,) vectors, ten times faster than NumPy's general one.

    >>> cross(np.array([1.0, 0, 0]), np.array([0, 1.0, 0])).tolist()
    [0.0, 0.0, 1.0]
    """
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def cast_rays(solid: RoundCone, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Meet the front of a solid with rays along z.

    Of all spheres of the sweep, the one that comes nearest to the viewer is found from the root of the
    derivative of its depth, a linear equation once squared.

    Args:
        solid: the solid.
        x: (W,) world x of the rays.
        y: (H,) world y of the rays.

    Returns:
        hit (H, W) bool; and for the M rays that hit, in row order: depth (M,), world z of the surface;
        along (M,), position on the axis, 0 at the start and 1 at the end; normal (M, 3), the unit
        vector from the axis to the surface in the solid's frame before stretching.

    >>> ball = RoundCone(np.zeros(3), np.eye(3), 0.0, 0.5, 0.5)
    >>> hit, depth, _, normal = cast_rays(ball, np.array([0.0, 0.3, 0.6]), np.array([0.0]))
    >>> hit.tolist(), [f'{z:.2f}' for z in depth], [f'{x:.2f}' for x in normal[:, 0]]
    ([[True, True, False]], ['0.50', '0.40'], ['0.00', '0.60'])
    """
    stretch = np.array(solid.squash)
    to_local = solid.frame.T / stretch[:, None]
    ray_length = np.linalg.norm(to_local[:, 2])
    basis = _basis_along(to_local[:, 2] / ray_length)

    # A ray's position in the plane across it, and the depth of the image plane, are linear in x and y.
    to_plane = (basis @ to_local[:, :2]).astype(np.float32)
    shift = (-basis @ to_local @ solid.start).astype(np.float32)
    x, y = x.astype(np.float32)[None, :], y.astype(np.float32)[:, None]
    p = to_plane[0, 0] * x + (to_plane[0, 1] * y + shift[0])
    q = to_plane[1, 0] * x + (to_plane[1, 1] * y + shift[1])

    length = solid.length / stretch[1]
    axis = basis @ np.array([0.0, -length, 0.0])
    grow = solid.radius_end - solid.radius_start
    along = _nearest_sphere(solid, axis, length, p, q)
    radius = np.float32(solid.radius_start) + np.float32(grow) * along
    u, v = p - np.float32(axis[0]) * along, q - np.float32(axis[1]) * along
    square = radius * radius - u * u - v * v
    hit = square > 0

    u, v, radius, along = u[hit], v[hit], radius[hit], along[hit]
    w = np.sqrt(square[hit])
    plane = (to_plane[2, 0] * x + (to_plane[2, 1] * y + shift[2]))[hit]
    depth = (w + np.float32(axis[2]) * along - plane) / np.float32(ray_length)
    normal = np.stack([u, v, w], axis=1) @ basis.astype(np.float32)
    normal /= radius[:, None]
    if solid.open_end:
        before_end = along - normal[:, 1] * radius / np.float32(max(length, 1e-6)) < 1
        hit[hit] = before_end
        depth, along, normal = depth[before_end], along[before_end], normal[before_end]
    return hit, depth, along, normal


def _basis_along(forward: np.ndarray) -> np.ndarray:
    """(3, 3) three unit vectors at right angles, the last of them ``forward`` (3,)."""
    right = cross(np.eye(3)[np.argmin(np.abs(forward))], forward)
    right /= np.linalg.norm(right)
    return np.stack([right, cross(forward, right), forward])


def _nearest_sphere(solid: RoundCone, axis: np.ndarray, length: float, p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Position on the axis, 0 to 1, of the sphere that each ray meets first: (H, W) float32.

    Args:
        solid: the solid.
        axis: (3,) its axis, across and along the rays.
        length: of the axis, before stretching.
        p: (H, W) place of the rays along ``axis[0]``.
        q: (H, W) place of the rays along ``axis[1]``.
    """
    grow = solid.radius_end - solid.radius_start
    a = grow**2 - axis[0] ** 2 - axis[1] ** 2
    if length == 0 or a > -1e-9:  # a ball, or one end hides all the rest
        larger = solid.length > 0 and axis[2] + grow > 0
        return np.full(p.shape, 1.0 if larger else 0.0, np.float32)
    b = np.float32(2 * (solid.radius_start * grow)) + 2 * np.float32(axis[0]) * p + 2 * np.float32(axis[1]) * q
    c = np.float32(solid.radius_start**2) - p * p - q * q
    discriminant = np.maximum(b * b - np.float32(4 * a) * c, 0)
    factor = np.float32(axis[2] / np.sqrt(max(length**2 - grow**2, 1e-12)))
    along = (b + factor * np.sqrt(discriminant)) * np.float32(-0.5 / a)
    return np.clip(along, 0, 1, out=along)
