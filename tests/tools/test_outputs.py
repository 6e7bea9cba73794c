"""Every tool that writes: what cannot be written is told before the work, and no input is written over."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest
import torch

BLOCKED = {
    'misc/print_config.py': ['{config}', '--save-path', '{blocked}/a.json'],
    'misc/merge_checkpoints.py': ['{config}', 'no_1.pth', 'no_2.pth', '--out', '{blocked}/a.pth'],
    'misc/publish_model.py': ['no.pth', '{blocked}/a'],
    'misc/check_dataset.py': ['{config}', '--out', '{blocked}/a.json'],
    'misc/browse_dataset.py': ['{config}', '--output-dir', '{blocked}/a'],
    'misc/generate_people.py': ['{blocked}/a'],
    'misc/pack_images.py': ['{images}', '{blocked}/a.zip'],
    'misc/mmpose_configs.py': ['{images}', '--out', '{blocked}/a'],
    'misc/train_demo_detector.py': ['{blocked}/a.pth'],
    'analysis_tools/score_smoothers.py': ['--plot', '{blocked}/a.png'],
    'misc/portable_tests.py': ['--out', '{blocked}/a.json'],
    'analysis_tools/compare_decoders.py': ['{config}', 'no.pth', '--out', '{blocked}/a.json'],
    'analysis_tools/profile_step.py': ['{config}', '--out', '{blocked}/a.json'],
    'docs/codec_figures.py': ['--out-dir', '{blocked}/a'],
    'demo.py': ['--quick', '--data-root', '{folder}/data', '--work-dir', '{blocked}/a'],
}


@pytest.mark.parametrize('tool', BLOCKED)
def test_a_place_that_cannot_be_written_is_told_first(
    tool: str, call_tool: Callable, tiny_config: str, tiny_coco: SimpleNamespace, tmp_path: Path
) -> None:
    blocked = tmp_path / 'file'
    blocked.write_text('mine')
    known = dict(config=tiny_config, blocked=blocked, images=tiny_coco.root / 'images', folder=tmp_path)
    told = call_tool(tool, *(word.format(**known) for word in BLOCKED[tool]), status=2)
    errors = [line for line in told.splitlines() if 'error: ' in line]
    assert len(errors) == 1, told
    assert str(blocked) in errors[0]
    assert 'written' in errors[0]
    assert 'Not a directory' in errors[0]
    assert 'Traceback' not in told
    assert [path.name for path in tmp_path.iterdir()] == ['file']


def test_a_config_is_not_written_over(call_tool: Callable, tiny_config: str, tmp_path: Path) -> None:
    config = tmp_path / 'mine.py'
    shutil.copy(tiny_config, config)
    before = config.read_text()
    told = call_tool('misc/print_config.py', config, '--save-path', config, status=2)
    assert 'is one of the inputs and would be overwritten' in told
    told = call_tool(
        'misc/print_config.py', config, '--save-path', tmp_path / 'a.json', '--cfg-options', 'model.x=1', status=2
    )
    assert [path.name for path in tmp_path.iterdir()] == ['mine.py']  # a config with mistakes is not written
    assert config.read_text() == before


@pytest.mark.parametrize('tool', ['misc/check_dataset.py', 'analysis_tools/compare_decoders.py'])
def test_annotations_are_not_written_over(
    tool: str, call_tool: Callable, tiny_config: str, tiny_coco: SimpleNamespace
) -> None:
    file = Path(tiny_coco.ann_file)
    before = file.read_text()
    checkpoint = ['no.pth'] if 'decoders' in tool else []
    told = call_tool(tool, tiny_config, *checkpoint, '--out', file, status=2)
    assert 'is one of the inputs and would be overwritten' in told
    assert file.read_text() == before


def test_checkpoints_are_not_written_over(call_tool: Callable, tiny_config: str, tmp_path: Path) -> None:
    torch.save(dict(state_dict=dict(a=torch.ones(2))), tmp_path / 'a.pth')
    before = (tmp_path / 'a.pth').read_bytes()
    told = call_tool(
        'misc/merge_checkpoints.py', tiny_config, tmp_path / 'a.pth', tmp_path / 'b.pth', '--out', tmp_path / 'a.pth',
        status=2,
    )  # fmt: skip
    assert 'is one of the inputs' in told
    call_tool('misc/publish_model.py', tmp_path / 'a.pth', tmp_path / 'net', '--date', '20260101')
    (published,) = tmp_path.glob('net-*.pth')
    told = call_tool('misc/publish_model.py', published, tmp_path / 'net', '--date', '20260101', status=2)
    assert 'is one of the inputs' in told
    assert (tmp_path / 'a.pth').read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.pth', published.name]


def test_images_are_not_drawn_over(
    call_tool: Callable, tiny_config: str, tiny_coco: SimpleNamespace, tmp_path: Path
) -> None:
    """An image of the dataset is called as the second drawing will be."""
    root = tmp_path / 'data'
    shutil.copytree(tiny_coco.root, root)
    annotations = root / 'annotations' / 'person.json'
    (root / 'images' / '000002.png').rename(root / 'images' / 'train_000001_0.jpg')
    annotations.write_text(annotations.read_text().replace('000002.png', 'train_000001_0.jpg'))
    before = (root / 'images' / 'train_000001_0.jpg').read_bytes()
    told = call_tool(
        'misc/browse_dataset.py', tiny_config, '--mode', 'pipeline', '--output-dir', root / 'images',
        '--cfg-options', f'train_dataloader.dataset.data_root={root}', status=2,
    )  # fmt: skip
    assert 'train_000001_0.jpg is an image of the dataset' in told
    assert '1 drawings are done and kept' in told
    assert (root / 'images' / 'train_000001_0.jpg').read_bytes() == before
    assert cv2.imread(str(root / 'images' / 'train_000000_0.jpg')) is not None


def test_the_demo_keeps_out_of_folders_of_others(call_tool: Callable, tmp_path: Path) -> None:
    (tmp_path / 'images').mkdir()
    (tmp_path / 'images' / 'mine.jpg').write_text('mine')
    told = call_tool('demo.py', '--quick', '--data-root', tmp_path, '--work-dir', tmp_path, status=2)
    assert 'are both' in told
    told = call_tool('demo.py', '--quick', '--data-root', tmp_path, '--work-dir', tmp_path / 'work', status=2)
    assert 'has files of another dataset' in told
    assert [path.name for path in tmp_path.rglob('*')] == ['images', 'mine.jpg']


def test_renamed_configs_do_not_replace_the_old_ones(call_tool: Callable, tmp_path: Path) -> None:
    (tmp_path / 'old').mkdir()
    (tmp_path / 'old' / 'a.py').write_text("default_scope = 'mmpose'")
    told = call_tool('misc/mmpose_configs.py', tmp_path / 'old', '--out', tmp_path / 'old', status=2)
    assert 'is one of the inputs and would be overwritten' in told
    assert (tmp_path / 'old' / 'a.py').read_text() == "default_scope = 'mmpose'"
