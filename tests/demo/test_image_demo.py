"""demo/image_demo.py: what it writes, what it refuses, what it survives."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

DEMO = 'demo/image_demo.py'


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_one_image_with_boxes_on_the_command_line(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path
) -> None:
    image = tiny_coco.root / 'images' / '000001.png'
    box = ['--bbox', 20, 30, 120, 200, '--bbox', 150, 30, 250, 200]
    status = run_script(
        DEMO, image, tiny_config, tiny_checkpoint, '--out-dir', tmp_path, *box, '--draw-heatmap', '--kpt-thr', 0,
        '--draw-bbox', '--device', 'cpu',
    )  # fmt: skip
    assert status == 0
    assert names(tmp_path) == [
        '000001.json', '000001_heatmap.jpg', '000001_heatmaps_1.jpg', '000001_heatmaps_2.jpg', '000001_pose.jpg'
    ]  # fmt: skip
    record = json.loads((tmp_path / '000001.json').read_text())
    assert [p['bbox'] for p in record['people']] == [[20, 30, 120, 200], [150, 30, 250, 200]]
    assert all(len(p['keypoints']) == 17 for p in record['people'])
    drawn, original = cv2.imread(str(tmp_path / '000001_pose.jpg')), cv2.imread(str(image))
    assert drawn.shape == original.shape
    greens = [(shown[100, 18:23].astype(int) @ [-1, 2, -1]).max() for shown in (drawn, original)]
    assert greens[0] > greens[1] + 80  # the left edge of the first box


def test_boxes_as_width_and_height_are_the_same(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path
) -> None:
    image = tiny_coco.root / 'images' / '000002.png'
    run_script(DEMO, image, tiny_config, tiny_checkpoint, '--out-dir', tmp_path / 'a', '--bbox', 20, 30, 120, 200)
    (tmp_path / 'boxes.json').write_text('[[20, 30, 100, 170]]')
    run_script(
        DEMO, image, tiny_config, tiny_checkpoint, '--out-dir', tmp_path / 'b', '--bboxes', tmp_path / 'boxes.json'
    )
    assert (tmp_path / 'a' / '000002.json').read_text() == (tmp_path / 'b' / '000002.json').read_text()


def test_folder_with_detections_and_coco_results(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path
) -> None:
    status = run_script(
        DEMO, tiny_coco.root / 'images', tiny_config, tiny_checkpoint, '--out-dir', tmp_path / 'out', '--bboxes',
        tiny_coco.det_file, '--bbox-thr', 0, '--coco-results', tmp_path / 'results.json', '--batch-size', 4,
    )  # fmt: skip
    assert status == 0
    detections = json.loads(Path(tiny_coco.det_file).read_text())
    results = json.loads((tmp_path / 'results.json').read_text())
    assert [r['image_id'] for r in results] == [d['image_id'] for d in detections]
    assert all(len(r['keypoints']) == 51 for r in results)
    assert len([n for n in names(tmp_path / 'out') if n.endswith('_pose.jpg')]) == tiny_coco.num_images


def test_whole_image_glob_and_odd_images(
    run_script: Callable, tiny_config: str, tiny_checkpoint: str, tmp_path: Path
) -> None:
    folder = tmp_path / 'in'
    folder.mkdir()
    grey = np.random.default_rng(0).integers(0, 255, (90, 60), dtype=np.uint8)
    cv2.imwrite(str(folder / 'grey.png'), grey)
    cv2.imwrite(str(folder / 'deep.png'), grey.astype(np.uint16) * 256)
    cv2.imwrite(str(folder / 'alpha.png'), np.dstack([grey] * 4))
    status = run_script(DEMO, f'{folder}/*.png', tiny_config, tiny_checkpoint, '--out-dir', tmp_path / 'out')
    assert status == 0
    for name in ('grey', 'deep', 'alpha'):
        record = json.loads((tmp_path / 'out' / f'{name}.json').read_text())
        assert record['people'][0]['bbox'] == [0, 0, 60, 90]


def test_bad_images_are_named_and_the_rest_is_done(
    tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path
) -> None:
    """As a user runs it: in a process of its own, from another folder."""
    folder = tmp_path / 'in'
    folder.mkdir()
    good = (tiny_coco.root / 'images' / '000001.png').read_bytes()
    for name, content in {
        'a.png': good,
        'cut.png': good[:400],
        'empty.png': b'',
        'text.png': b'hello',
        'z.png': good,
    }.items():
        (folder / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parents[2] / DEMO), 'in', tiny_config, tiny_checkpoint, '--out-dir', 'out'],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert names(tmp_path / 'out') == ['a.json', 'a_pose.jpg', 'z.json', 'z_pose.jpg']
    report = done.stderr[done.stderr.index('3 of 5 images could not be used') :]
    for name, reason in {'cut.png': 'truncated', 'empty.png': '0 bytes', 'text.png': 'no image'}.items():
        assert any(name in line and reason in line for line in report.splitlines())


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['{missing}', '{config}', '{checkpoint}'], 'there is no image or folder'),
        (['{image}', 'hrnet_w32_coco_256x192_drak', '{checkpoint}'], 'did you mean'),
        (['{image}', '{config}', 'gone.pth'], 'gone.pth'),
        (['{image}', '{config}', '{checkpoint}', '--bboxes', 'gone.json'], "file of boxes 'gone.json' does not exist"),
        (['{image}', '{config}', '{checkpoint}', '--bboxes', '{other}'], 'no boxes for any of the 1 images'),
        (['{image}', '{config}', '{checkpoint}', '--device', 'cuda:77'], 'device'),
        (['{image}', '{config}', '{checkpoint}', '--cfg-options', 'model.backbone.depht=3'], 'depht'),
    ],
)
def test_mistakes_end_with_one_clear_line(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path,
    capsys: pytest.CaptureFixture, arguments: list[str], message: str,
) -> None:  # fmt: skip
    other = tmp_path / 'other.json'
    other.write_text('{"someone_else.jpg": [[1, 2, 3, 4]]}')
    known = dict(
        missing=tmp_path / 'missing.jpg', image=tiny_coco.root / 'images' / '000001.png', config=tiny_config,
        checkpoint=tiny_checkpoint, other=other,
    )  # fmt: skip
    status = run_script(DEMO, *(a.format(**known) for a in arguments), '--out-dir', tmp_path / 'out')
    assert status == 2
    told = capsys.readouterr().err
    assert message in told
    assert 'Traceback' not in told


def test_box_that_cannot_be_used_is_reported_with_its_image(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:  # fmt: skip
    image = tiny_coco.root / 'images' / '000001.png'
    status = run_script(DEMO, image, tiny_config, tiny_checkpoint, '--out-dir', tmp_path, '--bbox', 900, 10, 950, 20)
    assert status == 3
    assert 'outside the image of width 320' in capsys.readouterr().err


@pytest.mark.slow
def test_one_image_needs_no_runner_metrics_or_plots(
    tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path
) -> None:
    """Their imports would take longer than the network: what is loaded is what one image needs."""
    image = tiny_coco.root / 'images' / '000001.png'
    arguments = [DEMO, str(image), tiny_config, tiny_checkpoint, '--out-dir', str(tmp_path), '--device', 'cpu']
    code = f"""
import runpy, sys
sys.argv = {arguments}
try:
    runpy.run_path({DEMO!r}, run_name='__main__')
finally:
    print('LOADED', *sys.modules)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, '-c', code], cwd=root, capture_output=True, text=True, check=True)
    loaded = done.stdout[done.stdout.index('LOADED') :].split()
    unwanted = ('mmpose_dark.engine', 'mmpose_dark.evaluation', 'mmengine.runner', 'mmengine.visualization')
    assert not [m for m in loaded if m.startswith((*unwanted, 'matplotlib', 'scipy', 'pandas'))]
    assert names(tmp_path) == ['000001.json', '000001_pose.jpg']


def test_inputs_are_never_written_over(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:  # fmt: skip
    """A drawing's name may be that of an image of the user, a result's name that of the boxes."""
    folder = tmp_path / 'in'
    folder.mkdir()
    image = (tiny_coco.root / 'images' / '000001.png').read_bytes()
    for name in ('a.png', 'a_pose.jpg', 'b.png'):
        (folder / name).write_bytes(image)
    (folder / 'b.json').write_text('{"b.png": [[20, 30, 100, 170]]}')
    (tmp_path / 'link').symlink_to(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run = [tiny_config, tiny_checkpoint, '--device', 'cpu', '--out-dir']
    assert run_script(DEMO, folder, *run, folder) == 2
    assert run_script(DEMO, folder, *run, tmp_path / 'link') == 2
    assert run_script(DEMO, folder / 'b.png', *run, folder, '--bboxes', folder / 'b.json') == 2
    results = ['--bboxes', folder / 'b.json', '--coco-results', folder / 'b.json']
    assert run_script(DEMO, folder / 'b.png', *run, tmp_path / 'out', *results) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 4
    assert all('is one of the inputs and would be overwritten' in line for line in told)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert run_script(DEMO, folder / 'b.png', *run, folder) == 0  # the file is no input now


@pytest.mark.parametrize('option', ['--out-dir', '--coco-results'])
def test_what_cannot_be_written_is_told_before_the_model_is_read(
    run_script: Callable, tiny_coco: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture, option: str
) -> None:
    (tmp_path / 'file').write_text('')
    image = tiny_coco.root / 'images' / '000001.png'
    places = {'--out-dir': tmp_path / 'out', option: tmp_path / 'file' / 'x.json'}
    options = [word for pair in places.items() for word in pair]
    assert run_script(DEMO, image, 'no_such_config', 'no_such.pth', *options) == 2
    told = capsys.readouterr().err.strip()
    assert 'cannot be written (Not a directory)' in told
    assert len(told.splitlines()) == 1
    assert names(tmp_path) == ['file']


def test_a_disk_that_becomes_full_keeps_what_is_done(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path,
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    results = tmp_path / 'results.json'
    results.write_text('old')
    written = []

    def sync(path: Path) -> None:
        written.append(path)
        if 'out' in path.parts and len(written) > 10:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr('mmpose_dark.utils.atomic_file._sync', sync)
    options = ['--out-dir', tmp_path / 'out', '--coco-results', results, '--device', 'cpu', '--batch-size', 1]
    assert run_script(DEMO, tiny_coco.root / 'images', tiny_config, tiny_checkpoint, *options) == 2
    told = capsys.readouterr().err.strip()
    assert 'No space left on device' in told
    assert f'2 of {tiny_coco.num_images} images are done and kept' in told
    assert str(results) in told
    assert len(told.splitlines()) == 1
    assert results.read_text() == 'old'
    assert {'000001.json', '000001_pose.jpg', '000002.json', '000002_pose.jpg'} <= set(names(tmp_path / 'out'))
    assert names(tmp_path) == ['out', 'results.json']


@pytest.mark.skipif(not Path('/dev/full').exists(), reason='needs a device that is always full')
def test_results_to_a_full_device(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:  # fmt: skip
    image = tiny_coco.root / 'images' / '000001.png'
    options = ['--out-dir', tmp_path, '--coco-results', '/dev/full', '--device', 'cpu']
    assert run_script(DEMO, image, tiny_config, tiny_checkpoint, *options) == 2
    assert '/dev/full: could not be written (No space left on device)' in capsys.readouterr().err


def test_images_of_one_name_in_two_folders(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path
) -> None:
    content = (tiny_coco.root / 'images' / '000001.png').read_bytes()
    for folder in ('a', 'b'):
        (tmp_path / 'in' / folder).mkdir(parents=True)
        (tmp_path / 'in' / folder / 'x.png').write_bytes(content)
    boxes = {'b/x.png': [[20, 30, 100, 170]], 'a/x.png': [[150, 30, 100, 170], [20, 30, 50, 60]]}
    (tmp_path / 'boxes.json').write_text(json.dumps(boxes))
    options = ['--bboxes', tmp_path / 'boxes.json', '--out-dir', tmp_path / 'out', '--device', 'cpu']
    status = run_script(DEMO, f'{tmp_path}/in/*/x.png', tiny_config, tiny_checkpoint, *options)
    assert status == 0
    assert [len(json.loads((tmp_path / 'out' / f'{n}.json').read_text())['people']) for n in ('x', 'x_2')] == [2, 1]


def test_values_that_are_not_finite_are_said(
    run_script: Callable, tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path,
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from mmpose_dark.inference import topdown

    def found(*args: object) -> list:
        return [person._replace(scores=person.scores * np.nan) for person in find(*args)]

    find = topdown.find_keypoints
    monkeypatch.setattr(topdown, 'find_keypoints', found)
    image = tiny_coco.root / 'images' / '000001.png'
    status = run_script(DEMO, image, tiny_config, tiny_checkpoint, '--out-dir', tmp_path, '--device', 'cpu')
    assert status == 3
    assert 'not finite' in capsys.readouterr().err
    assert names(tmp_path) == []
