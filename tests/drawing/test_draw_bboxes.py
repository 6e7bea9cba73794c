"""Boxes: on their edges, with their labels."""

import numpy as np
import pytest

from mmpose_dark.drawing import draw_bboxes
from mmpose_dark.drawing.canvas import draw_text_, text_size
from mmpose_dark.drawing.colors import color_table, to_color

CANVAS = np.zeros((80, 100, 3), np.uint8)


def test_edges_have_the_colour_and_the_inside_is_left() -> None:
    drawn = draw_bboxes(CANVAS, [[20, 30, 60, 70], [5, 5, 15, 15]], colors=['red', 'blue'], line_width=1)
    for x, y in ((20, 50), (60, 50), (40, 30), (40, 70)):
        np.testing.assert_array_equal(drawn[y, x], (255, 0, 0))
    np.testing.assert_array_equal(drawn[5, 10], (0, 0, 255))
    assert not drawn[40:60, 30:50].any()
    assert not CANVAS.any()


def test_no_box_and_boxes_that_cannot_be_drawn() -> None:
    assert not draw_bboxes(CANVAS, np.zeros((0, 4))).any()
    assert not draw_bboxes(CANVAS, []).any()
    assert not draw_bboxes(CANVAS, [[np.nan, 0, 5, 5]]).any()


def test_label_stands_above_its_box_on_its_colour() -> None:
    drawn = draw_bboxes(CANVAS, [[20, 40, 60, 70]], colors='green', labels=['0.93'])
    label = drawn[20:38, 21:40]
    assert (label == (0, 255, 0)).all(axis=-1).any()
    assert (label.max(axis=-1) < 100).any()  # the black letters


def test_label_at_the_upper_edge_stays_in_the_image() -> None:
    drawn = draw_bboxes(CANVAS, [[20, 0, 60, 70]], colors='green', labels=['0.93'])
    plain = draw_bboxes(CANVAS, [[20, 0, 60, 70]], colors='green')
    assert (drawn != plain).any(axis=-1).sum() > 50


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r'shape \(N, 4\)'):
        draw_bboxes(CANVAS, [1, 2, 3, 4])
    with pytest.raises(ValueError, match='2 labels given for 1 boxes'):
        draw_bboxes(CANVAS, [[1, 2, 3, 4]], labels=['a', 'b'])


@pytest.mark.parametrize('xy', [(0, 0), (95, 75), (-40, -40), (400, 400)])
def test_text_is_moved_into_the_image(xy: tuple[int, int]) -> None:
    canvas = CANVAS.copy()
    draw_text_(canvas, 'nose', xy=xy, height=10)
    assert canvas.any()
    assert text_size('nose', 20)[0] > text_size('nose', 10)[0]


@pytest.mark.parametrize('bad', ['mauve', '#12345g', (1, 2), (1, 2, 300), (-1, 0, 0), 5])
def test_what_is_no_colour_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match='color'):
        to_color(bad)


def test_color_table_takes_one_or_one_each() -> None:
    assert color_table((1, 2, 3), 2).tolist() == [[1, 2, 3], [1, 2, 3]]
    assert color_table(['red', '#000001', (3, 4, 5)], 3).tolist() == [[255, 0, 0], [0, 0, 1], [3, 4, 5]]
    assert color_table(np.array([[1, 2, 3]], np.uint8), 1).tolist() == [[1, 2, 3]]
    assert color_table(None, 1, default='blue').tolist() == [[0, 0, 255]]
    assert color_table([], 0).shape == (0, 3)
