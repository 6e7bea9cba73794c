"""Keypoints and links: at the right pixel, in the right colour, and only where wanted."""

import numpy as np
import pytest

from mmpose_dark.drawing import draw_keypoints, draw_people, draw_skeleton
from mmpose_dark.drawing.keypoints import person_sizes

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
POINTS = np.array([[30.0, 40.0], [90.0, 40.0], [60.0, 100.0]])


@pytest.fixture
def canvas() -> np.ndarray:
    return np.full((120, 130, 3), 60, np.uint8)


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(H, W) bool: pixels that differ."""
    return (before != after).any(axis=-1)


def test_each_keypoint_has_its_colour_and_nothing_else_is_touched(canvas: np.ndarray) -> None:
    kept = canvas.copy()
    drawn = draw_keypoints(canvas, POINTS, colors=[RED, GREEN, BLUE], radius=3)
    for (x, y), color in zip(POINTS.astype(int), (RED, GREEN, BLUE), strict=True):
        np.testing.assert_array_equal(drawn[y, x], color)
    np.testing.assert_array_equal(canvas, kept)
    rows, columns = np.nonzero(changed(canvas, drawn))
    distance = np.min([np.hypot(columns - x, rows - y) for x, y in POINTS], axis=0)
    assert distance.max() <= 3 + 1 + 1.5  # radius, light rim, edge of the anti-aliasing


def test_discs_are_centred_on_the_fraction_of_a_pixel() -> None:
    black = np.zeros((40, 40, 3), np.uint8)
    grid = np.arange(40)
    for at in np.array([[20.0, 20.0], [20.25, 19.75], [20.5, 20.5]]):
        grey = draw_keypoints(black, at[None], colors='white', radius=6)[..., 0].astype(float)
        centre = (grey.sum(axis=0) @ grid / grey.sum(), grey.sum(axis=1) @ grid / grey.sum())
        np.testing.assert_allclose(centre, at, atol=0.1)


def test_links_are_drawn_between_their_ends(canvas: np.ndarray) -> None:
    drawn = draw_skeleton(canvas, POINTS, links=[(0, 1), (1, 2)], colors=[RED, BLUE], line_width=3)
    np.testing.assert_array_equal(drawn[40, 60], RED)  # half way between 0 and 1
    np.testing.assert_array_equal(drawn[70, 75], BLUE)  # half way between 1 and 2
    assert not changed(canvas, drawn)[70, 45]  # half way between 0 and 2: no link


def test_nothing_is_drawn_below_the_threshold(canvas: np.ndarray) -> None:
    scores = np.array([0.9, 0.3, 0.8])  # the second is not above 0.3
    drawn = draw_people(canvas, POINTS, scores=scores, links=[(0, 1), (1, 2), (0, 2)], link_colors=GREEN, kpt_thr=0.3)
    touched = changed(canvas, drawn)
    assert touched[40, 30]
    assert touched[100, 60]
    assert touched[70, 45]  # link 0-2
    assert not touched[35:45, 55:100].any()  # keypoint 1 and its links
    assert not touched[70, 75]


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_keypoints_that_are_not_finite_are_left_out(canvas: np.ndarray, bad: float) -> None:
    points = POINTS.copy()
    points[1] = bad
    drawn = draw_people(canvas, points, links=[(0, 1), (0, 2)])
    only = draw_people(canvas, POINTS[[0, 2]], links=[(0, 1)])
    np.testing.assert_array_equal(drawn, only)


def test_keypoints_far_outside_do_no_harm(canvas: np.ndarray) -> None:
    points = np.array([[30.0, 40.0], [1e12, -1e12], [5000.0, 40.0]])
    drawn = draw_people(canvas, points, links=[(0, 1), (0, 2)], link_colors=RED, line_width=3)
    np.testing.assert_array_equal(drawn[40, 120], RED)  # the link to (5000, 40) leaves at the right edge


def test_no_people_and_no_keypoints(canvas: np.ndarray) -> None:
    np.testing.assert_array_equal(draw_people(canvas, np.zeros((0, 17, 2))), canvas)
    np.testing.assert_array_equal(draw_people(canvas, np.zeros((2, 0, 2))), canvas)
    np.testing.assert_array_equal(draw_people(canvas, POINTS[None], scores=np.zeros((1, 3))), canvas)


def test_smaller_people_lie_on_top(canvas: np.ndarray) -> None:
    small = np.array([[58.0, 40.0], [62.0, 40.0]])
    large = np.array([[10.0, 40.0], [110.0, 40.0]])
    for order in ([small, large], [large, small]):
        drawn = draw_people(canvas, np.stack(order), links=[(0, 1)], kpt_colors=BLUE, link_colors=RED, line_width=2)
        np.testing.assert_array_equal(drawn[40, 58], BLUE)


def test_sizes_follow_the_person() -> None:
    canvas = np.zeros((600, 600, 3), np.uint8)
    areas = []
    for scale in (1, 4):
        points = np.array([[0, 0], [60, 0], [30, 120.0]]) * scale + 20
        drawn = draw_keypoints(canvas, points, colors=RED)
        areas.append(changed(canvas, drawn).sum() / 3)
    assert areas[1] > 5 * areas[0] > 0
    fixed = [
        changed(canvas, draw_keypoints(canvas, np.array([[0, 0], [60, 0.0]]) * s + 40, radius=4)).sum() for s in (1, 4)
    ]
    assert fixed[0] == fixed[1]


def test_person_sizes() -> None:
    points = np.array([[[0, 0], [40, 80.0]], [[0, 0], [1e5, 1e5]], [[5, 5], [9, 9]]])
    shown = np.array([[True, True], [True, True], [True, False]])
    np.testing.assert_allclose(person_sizes(points, shown, (100, 200)), [60, 150, 15])


def test_alpha_mixes_with_the_image(canvas: np.ndarray) -> None:
    drawn = draw_people(
        canvas, POINTS, links=[(0, 1)], kpt_colors=RED, link_colors=GREEN, radius=2, line_width=3, alpha=0.5
    )
    np.testing.assert_allclose(drawn[40, 60], (30, 158, 30), atol=1)
    alone = draw_keypoints(canvas, POINTS, colors=RED, radius=2, alpha=0.5)
    np.testing.assert_allclose(alone[100, 60], (158, 30, 30), atol=1)


def test_alpha_at_the_border_of_the_image(canvas: np.ndarray) -> None:
    points = np.array([[0.0, 0.0], [129.0, 119.0], [-50.0, 60.0]])
    drawn = draw_people(canvas, points, links=[(0, 1), (0, 2)], alpha=0.5, radius=4)
    assert changed(canvas, drawn)[0, 0]
    assert changed(canvas, drawn)[119, 129]


def test_keypoints_fade_with_their_scores(canvas: np.ndarray) -> None:
    scores = np.array([1.0, 0.5, 0.25])
    drawn = draw_keypoints(canvas, POINTS, scores=scores, colors=RED, radius=2, kpt_thr=0, show_keypoint_weight=True)
    reds = [int(drawn[y, x, 0]) for x, y in POINTS.astype(int)]
    np.testing.assert_allclose(reds, [255, 60 + 195 * 0.5, 60 + 195 * 0.25], atol=2)


def test_numbers_are_written_beside_keypoints(canvas: np.ndarray) -> None:
    plain = draw_keypoints(canvas, POINTS, radius=3)
    numbered = draw_keypoints(canvas, POINTS, radius=3, show_kpt_idx=True)
    assert changed(plain, numbered).sum() > 10


def test_grey_images_become_colour_and_others_are_refused() -> None:
    drawn = draw_keypoints(np.zeros((30, 30), np.uint8), np.array([[5.0, 5.0]]), colors=RED)
    assert drawn.shape == (30, 30, 3)
    with pytest.raises(TypeError, match='uint8'):
        draw_keypoints(np.zeros((30, 30, 3), np.float32), np.array([[5.0, 5.0]]))
    with pytest.raises(ValueError, match=r'shape \(H, W, 3\)'):
        draw_keypoints(np.zeros((30, 30, 4), np.uint8), np.array([[5.0, 5.0]]))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(keypoints=np.zeros(4)), r'keypoints must have the shape \(N, K, 2\)'),
        (dict(keypoints=POINTS, scores=np.zeros(4)), r'scores must have the shape \(1, 3\)'),
        (dict(keypoints=POINTS, links=[(0, 3)]), r'link \(0, 3\) names a keypoint outside 0\.\.2'),
        (dict(keypoints=POINTS, kpt_colors=[RED, RED]), '2 colors given for 3'),
        (dict(keypoints=POINTS, kpt_colors='mauve'), "'mauve' is not known"),
    ],
)
def test_what_does_not_fit_is_refused(canvas: np.ndarray, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_people(canvas, **arguments)


def test_many_people_are_drawn_quickly() -> None:
    """A hundred whole-body people on a large image, within what a test run can spend."""
    import time

    rng = np.random.default_rng(0)
    canvas = np.zeros((1080, 1920, 3), np.uint8)
    people = rng.uniform(0, 1, (100, 133, 2)) * 150 + rng.uniform(0, 900, (100, 1, 2))
    start = time.perf_counter()
    draw_people(canvas, people, links=[(i, i + 1) for i in range(132)])
    assert time.perf_counter() - start < 10
