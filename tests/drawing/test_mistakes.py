"""A drawn mistake is where it should be, and of its colour."""

import numpy as np
import pytest

from mmpose_dark.drawing.mistakes import MISTAKE_COLORS, draw_mistakes


@pytest.mark.parametrize('kind', MISTAKE_COLORS)
def test_a_keypoint_has_the_colour_of_its_kind(kind):
    image = np.zeros((100, 100, 3), np.uint8)
    found, truth = np.array([[30.0, 40.0]]), np.array([[60.0, 40.0]])
    drawn = draw_mistakes(image, found, truth, np.array([kind]), box=np.array([0, 0, 100, 100]), height=200)
    assert drawn.shape == (200, 200, 3)
    assert drawn[80, 60].tolist() == list(MISTAKE_COLORS[kind])
    assert (drawn[80, 90].tolist() == list(MISTAKE_COLORS[kind])) == (kind != 'good')  # the line to the label


def test_nothing_is_drawn_of_what_has_no_label():
    image = np.full((50, 40, 3), 7, np.uint8)
    xy = np.array([[20.0, 20.0], [np.nan, 3.0]])
    drawn = draw_mistakes(image, xy, xy, np.array(['', '']), box=np.array([5, 5, 30, 40]), links=[(0, 1)])
    assert (drawn == 7).all()


@pytest.mark.parametrize('box', [(-50, -50, 10, 10), (90, 90, 300, 300), (200, 200, 210, 220), (40, 40, 40, 40)])
def test_boxes_beyond_the_image_show_some_of_it(box):
    xy = np.array([[500.0, -500.0]])
    drawn = draw_mistakes(np.zeros((100, 100, 3), np.uint8), xy, xy, np.array(['miss']), box=np.array(box), height=64)
    assert drawn.shape[0] == 64
    assert 1 <= drawn.shape[1] <= 192
