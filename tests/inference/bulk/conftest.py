"""A small lake, and a network of random weights."""

import cv2
import numpy as np
import pytest
from bulk_runs import TINY
from pose_nets import save_random_weights


@pytest.fixture(scope='session')
def checkpoint(tmp_path_factory):
    return save_random_weights(TINY, tmp_path_factory.mktemp('weights'))


@pytest.fixture(scope='session')
def network(checkpoint):
    """Words of the command line."""
    return ['--config', str(TINY), '--checkpoint', checkpoint]


@pytest.fixture
def lake(tmp_path):
    """Twelve images with no, one or two rectangles each; the fifth is cut off."""
    rng = np.random.default_rng(0)
    folder = tmp_path / 'lake'
    folder.mkdir()
    for i in range(12):
        image = rng.integers(0, 120, (90, 120, 3), dtype=np.uint8)
        for person in range(i % 3):
            x = 10 + 50 * person
            image[20 : 60 + i, x : x + 20 + i] = rng.integers(235, 256, (40 + i, 20 + i, 3))
        cv2.imwrite(str(folder / f'{i:02d}.png'), image)
    cut = folder / '04.png'
    cut.write_bytes(cut.read_bytes()[:500])
    return folder
