"""Exported files against the model, and the program of docs/deploy.md without torch and this package."""

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmpose_dark.cli.export import main
from mmpose_dark.deploy.export import export_model
from mmpose_dark.inference import inference_topdown, init_model
from mmpose_dark.utils.errors import InputError, StateError

pytestmark = pytest.mark.slow
pytest.importorskip('onnx')
pytest.importorskip('onnxscript')
runtime = pytest.importorskip('onnxruntime')
ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'tests' / 'inference' / 'tiny_pose_config.py'
BOXES = np.array([[3, 5, 60, 90], [20.5, -10, 130, 100.25], [40, 20, 50, 28]], np.float32)


@pytest.fixture(scope='module')
def tiny():
    torch.manual_seed(0)
    model = init_model(CONFIG)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
    return model


@pytest.fixture(scope='module')
def photo() -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    return cv2.resize(noise, (160, 120), interpolation=cv2.INTER_CUBIC)


def run(path: Path, **feed: np.ndarray) -> dict[str, np.ndarray]:
    session = runtime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    names = [port.name for port in session.get_outputs()]
    return dict(zip(names, session.run(None, feed), strict=True))


@pytest.mark.parametrize('flip_test', [False, True])
def test_crops_to_keypoints(tiny, tmp_path, flip_test):
    path = tmp_path / 'pose.onnx'
    before = dict(tiny.test_cfg)
    assert export_model(tiny, path, flip_test=flip_test)['keypoints'] < 0.01
    assert tiny.test_cfg == before
    tiny.test_cfg['flip_test'] = flip_test
    for count in (1, 3):
        crops = np.random.default_rng(count).integers(0, 256, (count, 96, 64, 3), dtype=np.uint8)
        images = [torch.from_numpy(crop.transpose(2, 0, 1).copy()) for crop in crops]
        with torch.no_grad():
            inputs = tiny.data_preprocessor(dict(inputs=images))['inputs']
            expected = tiny.points(inputs, flip_indices=tiny.dataset_meta['flip_indices'])
        found = run(path, crops=crops)
        # Noise makes flat peaks, whose last step is uncertain: most keypoints agree to a hundredth of a pixel.
        assert np.quantile(np.abs(found['keypoints'] - expected.keypoints.numpy()), 0.95) < 0.01
        np.testing.assert_allclose(found['scores'], expected.scores.numpy(), atol=1e-3, rtol=1e-4)
        assert found['covariances'].shape == (count, 17, 2, 2)
    tiny.test_cfg.clear()
    tiny.test_cfg.update(before)


def test_an_image_of_any_size_and_the_program_of_the_page(tiny, tmp_path, photo):
    path = tmp_path / 'image.onnx'
    export_model(tiny, path, to='image')
    for image in (photo, cv2.resize(photo, (97, 143))):
        found = run(path, image=image, boxes=BOXES)
        expected = [s.pred_instances.keypoints[0] for s in inference_topdown(tiny, image, BOXES)]
        # The crop differs by a grey level where OpenCV rounds; a random network's flat peaks move with that.
        assert np.median(np.abs(found['keypoints'] - np.array(expected))) < 0.2
    program = re.search(r'```python\n(.*?)```', (ROOT / 'docs' / 'deploy.md').read_text(encoding='utf-8'), re.S)[1]
    assert len(program.splitlines()) <= 30
    (tmp_path / 'program.py').write_text(
        "import sys\nsys.modules['torch'] = sys.modules['mmpose_dark'] = None  # neither may be imported\n" + program
    )
    cv2.imwrite(str(tmp_path / 'a.png'), photo)
    words = ['program.py', 'image.onnx', 'a.png', 'drawn.png', '3,5,60,90']
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
    (person,) = json.loads(done.stdout)
    np.testing.assert_allclose(person['nose'], run(path, image=photo, boxes=BOXES[:1])['keypoints'][0, 0], atol=0.01)
    assert (cv2.imread(str(tmp_path / 'drawn.png')) != photo).any()


def test_metadata_and_heatmaps(tiny, tmp_path):
    path = tmp_path / 'maps.onnx'
    export_model(tiny, path, to='heatmaps')
    session = runtime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about['keypoint_names'])[0] == 'nose'
    assert json.loads(about['input_size']) == [64, 96]
    assert len(json.loads(about['sigmas'])) == 17
    crops = np.zeros((2, 96, 64, 3), np.uint8)
    assert session.run(None, dict(crops=crops))[0].shape == (2, 17, 24, 16)


def test_an_archive_of_torch_export(tiny, tmp_path):
    path = tmp_path / 'pose.pt2'
    assert export_model(tiny, path)['keypoints'] < 1e-3
    files = {'metadata.json': ''}
    program = torch.export.load(str(path), extra_files=files)
    assert json.loads(files['metadata.json'])['target'] == 'keypoints'
    crops = torch.zeros(4, 96, 64, 3, dtype=torch.uint8)
    assert program.module()(crops)[0].shape == (4, 17, 2)


def test_what_cannot_be_exported_is_said_and_nothing_is_written(tiny, tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r'must end in \.onnx or \.pt2'):
        export_model(tiny, tmp_path / 'pose.pb')
    with pytest.raises(InputError, match='--to boxes'):
        export_model(tiny, tmp_path / 'pose.onnx', to='boxes')
    real = tiny.head.decoder.points
    monkeypatch.setattr(tiny.head.decoder, 'points', lambda maps: real(maps * bool(maps.sum())))
    with pytest.raises(InputError, match='MSRAHeatmap cannot be traced'):
        export_model(tiny, tmp_path / 'pose.pt2')
    monkeypatch.undo()
    from mmpose_dark.deploy import export

    monkeypatch.setattr(export, '_SCORE', -1.0)
    with pytest.raises(StateError, match='it was not written'):
        export_model(tiny, tmp_path / 'pose.pt2')
    assert not list(tmp_path.iterdir())


def test_the_command(tmp_path, capsys):
    out = tmp_path / 'demo.onnx'
    assert main(['--model', 'demo', str(out), '--to', 'heatmaps', '--no-check']) == 0
    assert 'not compared' in capsys.readouterr().out
    assert out.stat().st_size > 1_000_000


@pytest.mark.parametrize('to', ['keypoints', 'image'])
def test_a_calibration_is_inside_the_file(tiny, tmp_path, photo, to):
    from mmpose_dark.structures.calibration import Calibration, CovarianceMap, ProbabilityMap, calibrated

    path = tmp_path / 'pose.onnx'
    tiny.calibration = Calibration(
        ProbabilityMap((0.0, 0.3, 1.0), (-3.0, 0.0, 3.0), tuple(np.linspace(-1, 1, 17))),
        CovarianceMap(0.1, 0.5, 1.5, (0.5, 0.9), (1.4, 5.0)),
        ('oks', 0.5),
    )
    try:
        export_model(tiny, path, to=to)
        crops = np.random.default_rng(1).integers(0, 256, (3, 96, 64, 3), dtype=np.uint8)
        found = run(path, crops=crops) if to == 'keypoints' else run(path, image=photo, boxes=BOXES)
        assert list(found) == ['keypoints', 'scores', 'probabilities', 'covariances']
        probabilities, _ = calibrated(found['scores'], found['covariances'], tiny.calibration)
        np.testing.assert_allclose(found['probabilities'], probabilities, atol=1e-5)
        about = json.loads(runtime.InferenceSession(str(path)).get_modelmeta().custom_metadata_map['calibration'])
        assert about['applied'] is True
        assert about['covariance']['power'] == 1.5
        if to == 'keypoints':
            images = [torch.from_numpy(crop.transpose(2, 0, 1).copy()) for crop in crops]
            with torch.no_grad():
                points = tiny.points(tiny.data_preprocessor(dict(inputs=images))['inputs'])
            probabilities, covariances = calibrated(points.scores, points.covariances, tiny.calibration)
            np.testing.assert_allclose(found['probabilities'], probabilities.numpy(), atol=1e-4)
            np.testing.assert_allclose(found['covariances'], covariances.numpy(), rtol=0.02, atol=0.02)
    finally:
        tiny.calibration = None
