"""Rays against round cones, compared with brute force over the spheres that a cone is made of."""

import numpy as np
import pytest

from mmpose_dark.synthetic import solids
from mmpose_dark.synthetic.body import rotate
from mmpose_dark.synthetic.solids import RoundCone, cast_rays


def brute_force(solid: RoundCone, x: np.ndarray, y: np.ndarray, spheres: int = 3000) -> np.ndarray:
    """(H, W) depth of the nearest of many ellipsoids, -inf where there is none."""
    depth = np.full((len(y), len(x)), -np.inf)
    squash = np.array(solid.squash)
    for t in np.linspace(0, 1, spheres):
        centre = solid.start + t * (solid.end - solid.start)
        radius = solid.radius_start + t * (solid.radius_end - solid.radius_start)
        # (p - c)^T M (p - c) = r^2 is a quadratic equation in p's z
        m = solid.frame @ np.diag(1 / squash**2) @ solid.frame.T
        dx, dy = x[None, :] - centre[0], y[:, None] - centre[1]
        b = m[2, 0] * dx + m[2, 1] * dy
        c = m[0, 0] * dx**2 + 2 * m[0, 1] * dx * dy + m[1, 1] * dy**2 - radius**2
        root = b**2 - m[2, 2] * c
        z = centre[2] + (-b + np.sqrt(np.maximum(root, 0))) / m[2, 2]
        depth = np.where(root > 0, np.maximum(depth, z), depth)
    return depth


def random_cone(seed: int) -> RoundCone:
    rng = np.random.default_rng(seed)
    frame = rotate('y', rng.uniform(0, 360)) @ rotate('x', rng.uniform(0, 360)) @ rotate('z', rng.uniform(0, 360))
    squash = (1.0, 1.0, 1.0) if seed % 2 else (1.0, 1.0, rng.uniform(0.4, 1.3))
    length = 0.0 if seed % 5 == 0 else rng.uniform(0.05, 0.4)
    return RoundCone(rng.normal(0, 0.1, 3), frame, length, rng.uniform(0.03, 0.12), rng.uniform(0.03, 0.12), squash)


@pytest.mark.parametrize('seed', range(12))
def test_cone_equals_the_union_of_its_spheres(seed: int) -> None:
    solid = random_cone(seed)
    x, y = np.linspace(-0.6, 0.6, 61), np.linspace(0.6, -0.6, 61)
    hit, depth, along, normal = cast_rays(solid, x, y)
    expected = brute_force(solid, x, y)
    full = np.full(hit.shape, -np.inf)
    full[hit] = depth
    agree = hit == np.isfinite(expected)
    assert agree.mean() > 0.998  # rays that graze the rim may go either way
    both = hit & np.isfinite(expected)
    assert both.sum() > 20
    # near the rim the depth is steep and the spheres of the brute force are too few
    error = np.abs(full[both] - expected[both])
    assert np.quantile(error, 0.98) < 1e-4
    assert error.max() < 3e-3
    assert ((along >= 0) & (along <= 1)).all()
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize('seed', range(12))
def test_bounds_contain_every_hit(seed: int) -> None:
    solid = random_cone(seed)
    x, y = np.linspace(-1, 1, 401), np.linspace(1, -1, 401)
    hit, *_ = cast_rays(solid, x, y)
    left, right, bottom, top = solid.bounds()
    columns, rows = np.flatnonzero(hit.any(0)), np.flatnonzero(hit.any(1))
    assert left <= x[columns[0]] <= left + 0.03 or solid.squash[2] != 1
    assert x[columns[-1]] <= right
    assert bottom <= y[rows[-1]]
    assert y[rows[0]] <= top


def test_open_end_is_cut_straight() -> None:
    y = np.linspace(0.5, -1, 151)
    closed = RoundCone(np.zeros(3), np.eye(3), 0.5, 0.2, 0.3)
    opened = RoundCone(np.zeros(3), np.eye(3), 0.5, 0.2, 0.3, open_end=True)
    x = np.linspace(-0.4, 0.4, 41)
    assert y[cast_rays(closed, x, y)[0].any(1)].min() < -0.78
    assert -0.51 < y[cast_rays(opened, x, y)[0].any(1)].min() < -0.48


def test_cross_is_the_vector_product() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 3))
    np.testing.assert_allclose(solids.cross(a, b), np.cross(a, b))
