"""Fixtures shared by all tests: the material beside the project, and a small generated dataset."""

import os
import pathlib
import signal
import types

import pytest
from tiny_dataset import write_tiny_coco

ROOT = pathlib.Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    """Let `make test-portable` run the tests without oneDNN's kernels, and Ctrl-C be tested whoever began the run."""
    if os.environ.get('MMPOSE_DARK_TEST_ONEDNN') == '0':
        import torch

        torch.backends.mkldnn.set_flags(False)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell began us in the background, and children inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope='session')
def shared() -> pathlib.Path:
    """The folder of reference material beside the project; the test is skipped where it is absent."""
    path = ROOT.parent / 'shared'
    if not (path / 'golden').is_dir():
        pytest.skip(f'reference material not found at {path}')
    return path


@pytest.fixture(scope='session')
def tiny_coco(tmp_path_factory: pytest.TempPathFactory) -> types.SimpleNamespace:
    """A COCO-format dataset of 4 images with 6 people, a crowd region and person detections."""
    return write_tiny_coco(tmp_path_factory.mktemp('tiny_coco'))
