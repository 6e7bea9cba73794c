"""demo/image_demo.py: what it writes, what it refuses, what it survives."""

import json
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


def test_one_image_needs_no_runner_metrics_or_plots(
    tiny_coco: SimpleNamespace, tiny_config: str, tiny_checkpoint: str, tmp_path: Path
) -> None:
    """Their imports would take longer than the network: what is loaded is what one image needs."""
    image = tiny_coco.root / 'images' / '000001.png'
    arguments = [DEMO, str(image), tiny_config, tiny_checkpoint, '--out-dir', str(tmp_path), '--device', 'cpu']
    code = f'''
import runpy, sys
sys.argv = {arguments}
try:
    runpy.run_path({DEMO!r}, run_name='__main__')
finally:
    print('LOADED', *sys.modules)
'''
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, '-c', code], cwd=root, capture_output=True, text=True, check=True)
    loaded = done.stdout[done.stdout.index('LOADED') :].split()
    unwanted = ('mmpose_dark.engine', 'mmpose_dark.evaluation', 'mmengine.runner', 'mmengine.visualization')
    assert not [m for m in loaded if m.startswith((*unwanted, 'matplotlib', 'scipy', 'pandas'))]
    assert names(tmp_path) == ['000001.json', '000001_pose.jpg']
