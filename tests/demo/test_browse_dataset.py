"""tools/misc/browse_dataset.py writes what the network is fed."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

BROWSE = 'tools/misc/browse_dataset.py'


def data(phase: str, root: object) -> list[str]:
    return ['--phase', phase, '--cfg-options', f'{phase}_dataloader.dataset.data_root={root}']


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_contact_sheets_of_inputs(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tmp_path: Path
) -> None:
    arguments = [tiny_config, '--output-dir', tmp_path, '--per-sheet', 4, *data('train', tiny_coco.root)]
    assert run_script(BROWSE, *arguments) == 0
    assert tiny_coco.num_people == 6
    assert names(tmp_path) == ['train_sheet_001.jpg', 'train_sheet_002.jpg']
    first = cv2.imread(str(tmp_path / 'train_sheet_001.jpg'))
    assert run_script(BROWSE, *arguments, '--cfg-options', *arguments[-1:]) == 0
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'train_sheet_001.jpg')), first)  # the same augmentation
    assert run_script(BROWSE, *arguments[:-1], arguments[-1], 'randomness.seed=5') == 0
    assert (cv2.imread(str(tmp_path / 'train_sheet_001.jpg')) != first).any()


def test_every_step_of_a_sample(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tmp_path: Path
) -> None:
    status = run_script(
        BROWSE, tiny_config, '--output-dir', tmp_path, '--mode', 'pipeline', '--max-items', 2, '--repeat', 2,
        *data('train', tiny_coco.root),
    )  # fmt: skip
    assert status == 0
    assert names(tmp_path) == [f'train_00000{i}_{e}.jpg' for i in range(2) for e in range(2)]
    images = [cv2.imread(str(tmp_path / f'train_000000_{e}.jpg')) for e in range(2)]
    assert (images[0] != images[1]).any()  # another epoch, another augmentation


def test_annotations_on_the_original_pictures(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tmp_path: Path
) -> None:
    status = run_script(
        BROWSE, tiny_config, '--output-dir', tmp_path, '--mode', 'original', *data('test', tiny_coco.root)
    )
    assert status == 0
    assert names(tmp_path) == ['test_0000_000001.jpg', 'test_0001_000002.jpg', 'test_0002_000003.jpg']
    assert cv2.imread(str(tmp_path / 'test_0000_000001.jpg')).shape == (240, 320, 3)


@pytest.mark.parametrize('mode', ['original', 'transformed', 'pipeline'])
def test_unreadable_pictures_are_named_and_the_rest_is_drawn(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tmp_path: Path,
    capsys: pytest.CaptureFixture, mode: str,
) -> None:  # fmt: skip
    root = tmp_path / 'data'
    shutil.copytree(tiny_coco.root, root)
    (root / 'images' / '000002.png').write_bytes(b'')
    status = run_script(BROWSE, tiny_config, '--output-dir', tmp_path / 'out', '--mode', mode, *data('train', root))
    assert status == 3
    assert '000002.png: ' in capsys.readouterr().err
    assert names(tmp_path / 'out')


def test_a_phase_that_the_config_lacks(run_script: Callable, tiny_config: str, capsys: pytest.CaptureFixture) -> None:
    assert run_script(BROWSE, tiny_config, '--phase', 'val') == 2
    assert 'no val_dataloader' in capsys.readouterr().err


def test_data_that_is_not_there(run_script: Callable, tiny_config: str, capsys: pytest.CaptureFixture) -> None:
    assert run_script(BROWSE, tiny_config) == 2
    assert 'tiny_coco' in capsys.readouterr().err
