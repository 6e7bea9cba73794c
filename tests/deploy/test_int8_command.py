"""`mmpose-dark export --precision int8` on drawn people: its files against PyTorch, and in test and predict."""

import csv
import json
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx_files import write_convolution

from mmpose_dark.cli import predict, quantizing, status, test
from mmpose_dark.cli.export import main
from mmpose_dark.cli.network_arguments import choose_network
from mmpose_dark.datasets.transforms.load_image import LoadImage
from mmpose_dark.deploy.quantization import quantize_file
from mmpose_dark.inference import inference_topdown, init_model
from mmpose_dark.inference.crops import CropStage, build_test_pipeline
from mmpose_dark.synthetic import PeopleSettings
from mmpose_dark.synthetic.dataset import write_dataset
from mmpose_dark.utils.errors import StateError

pytestmark = pytest.mark.slow
onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxscript')
runtime = pytest.importorskip('onnxruntime')
ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'configs' / 'demo' / 'people_dark_192x144.py'
TINY = ROOT / 'tests' / 'inference' / 'tiny_pose_config.py'


@pytest.fixture(scope='module')
def people(tmp_path_factory) -> Path:
    """Drawn people: those of train.json calibrate, those of val.json are other ones."""
    root = tmp_path_factory.mktemp('people')
    write_dataset(root, PeopleSettings(train=12, val=8, seed=3), workers=1)
    return root


@pytest.fixture(scope='module')
def demo(people):
    network = choose_network(Namespace(model='demo', config=None, checkpoint=None))
    model = init_model(network.config, network.checkpoint, cfg_options={'model.test_cfg.flip_test': False})
    return network.checkpoint, model


@pytest.fixture(scope='module')
def others(people) -> list[tuple[str, np.ndarray]]:
    """Images that int8 was not calibrated with, and the boxes (N, 4) of their people."""
    content = json.loads((people / 'annotations' / 'val.json').read_text())
    boxes = {image['id']: [] for image in content['images']}
    for person in content['annotations']:
        x, y, w, h = person['bbox']
        boxes[person['image_id']].append([x, y, x + w, y + h])
    names = {image['id']: image['file_name'] for image in content['images']}
    return [
        (str(people / 'images' / names[i]), np.array(found, np.float32)) for i, found in boxes.items() if len(found)
    ]


def words(people: Path, *more: object) -> list[str]:
    network = ['--model', 'demo', '--precision', 'int8', '--calibration-count', 16]
    places = ['--calibration-images', people / 'images', '--annotations', people / 'annotations' / 'train.json']
    return [str(word) for word in (*network, *places, *more)]


@pytest.mark.parametrize('to', ['keypoints', 'heatmaps', 'image'])
def test_the_whole_file_gives_nearly_what_torch_gives(people, demo, others, tmp_path, capsys, to):
    out = tmp_path / 'int8.onnx'
    assert main(words(people, out, '--to', to)) == status.OK
    told = capsys.readouterr().out
    assert f'in the whole file, --to {to}, 90 % of' in told
    assert 'the farthest by' in told
    assert 'AP' in told
    model = demo[1]
    session = runtime.InferenceSession(str(out), providers=['CPUExecutionProvider'])
    about = session.get_modelmeta().custom_metadata_map
    assert (about['precision'], about['target']) == ('int8', to)
    assert 'QuantizeLinear' in {node.op_type for node in onnx.load(str(out)).graph.node}
    cut = CropStage(build_test_pipeline(model.cfg), model.dataset_meta)
    distances = []
    for path, boxes in others:
        image = LoadImage()(dict(img_path=path))['img']
        if to == 'image':
            found = session.run(['keypoints'], dict(image=image, boxes=boxes))[0]
            people = [sample.pred_instances for sample in inference_topdown(model, image, boxes)]
            expected, scores = (np.concatenate([p[k] for p in people]) for k in ('keypoints', 'keypoint_scores'))
            width, height = (boxes[:, 2:] - boxes[:, :2]).T
            pixel = 1.25 * np.maximum(height, width / 0.75) / 192  # of the input, in the image
        else:
            crops = torch.stack([crop.inputs for crop in cut(image, path, boxes, np.ones(len(boxes)))])
            with torch.no_grad():
                points = model.points(model.data_preprocessor(dict(inputs=list(crops)))['inputs'])
            found = session.run(None, dict(crops=crops.permute(0, 2, 3, 1).numpy()))[0]
            if to == 'heatmaps':
                found = model.head.decoder.points(torch.from_numpy(found)).keypoints.numpy()
            expected, scores, pixel = points.keypoints.numpy(), points.scores.numpy(), np.ones(len(boxes))
        off = np.linalg.norm(found - expected, axis=-1) / pixel[:, None]
        distances.append(off[scores > 0.3 * scores.max()])
    distances = np.concatenate(distances)
    assert len(distances) > 50
    assert 1e-4 < np.quantile(distances, 0.9) < quantizing.MOST_PIXELS  # it is rounded; 0.4 to 0.6 seen


@pytest.fixture(scope='module')
def network(people, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('network') / 'int8.onnx'
    assert main(words(people, out, '--to', 'network')) == status.OK
    return out


def test_a_network_is_a_checkpoint_of_test(people, demo, network, tmp_path):
    annotations = people / 'annotations' / 'val.json'
    options = [
        f'test_dataloader.dataset.data_root={people}/',
        f'test_evaluator.ann_file={annotations}',
        'test_dataloader.num_workers=0',
        'test_dataloader.persistent_workers=False',
    ]
    found = {}
    for name, weights, backend in (('float', demo[0], 'torch'), ('int8', network, 'onnxruntime')):
        out = tmp_path / f'{name}.json'
        arguments = [CONFIG, weights, '--backend', backend, '--out', out, '--work-dir', tmp_path / name]
        arguments += ['--device', 'cpu', '--cfg-options', *options]
        assert test.main([str(word) for word in arguments]) == status.OK
        found[name] = json.loads(out.read_text())['coco/AP']
    assert found['float'] > 0.2
    assert abs(found['float'] - found['int8']) < 0.1  # of a dozen people one counts for as much


def test_a_network_is_a_checkpoint_of_predict(network, others, demo, tmp_path):
    path, boxes = others[0]
    arguments = [path, '--config', CONFIG, '--checkpoint', network, '--bbox', *boxes[0], '--save', 'csv']
    arguments += ['--device', 'cpu', '--out-dir', tmp_path]
    assert predict.main([str(word) for word in arguments]) == status.OK
    (file,) = tmp_path.glob('*.csv')
    with file.open(encoding='utf-8', newline='') as opened:
        (row,) = csv.DictReader(opened)
    (expected,) = inference_topdown(demo[1], path, boxes[:1])
    names = [demo[1].dataset_meta['keypoint_id2name'][i] for i in range(17)]
    found = np.array([[float(row[f'{name}_x']), float(row[f'{name}_y'])] for name in names])
    assert np.median(np.linalg.norm(found - expected.pred_instances.keypoints[0], axis=-1)) < 2


def test_an_onnx_network_is_quantised_with_a_fixed_batch_too(people, tmp_path):
    source, _ = write_convolution(tmp_path / 'net.onnx', batch=3)
    out = tmp_path / 'int8.onnx'
    arguments = [out, '--config', TINY, '--checkpoint', source, '--to', 'network', '--precision', 'int8']
    arguments += ['--calibration-images', people / 'images', '--calibration-count', 4, '--allow-loss']
    assert main([str(word) for word in arguments]) == status.OK
    assert init_model(TINY, out)(torch.zeros(1, 3, 96, 64)).shape == (1, 17, 24, 16)


def test_what_loses_more_than_is_allowed_is_not_written(people, tmp_path, monkeypatch, capsys):
    tried = []
    monkeypatch.setattr(quantizing, '_whole_loss', lambda *_: torch.tensor([0.1, 9.0]))
    monkeypatch.setattr(quantizing, 'float_layers_to_try', lambda layers: iter([[], layers[:1]]))
    monkeypatch.setattr(
        quantizing, 'quantize_file', lambda *given, **more: tried.append(more) or quantize_file(*given, **more)
    )
    out = tmp_path / 'int8.onnx'
    with pytest.raises(StateError, match=r'loses more than 2\.0 pixels or 0\.01 of AP even with 1 of 33 layers'):
        main(words(people, out))
    assert len(tried) == 4  # the network and the whole file, with no and with one layer in float
    assert not list(tmp_path.iterdir())
    assert main(words(people, out, '--allow-loss')) == status.OK
    assert 'the farthest by 9.00' in capsys.readouterr().out
    assert out.is_file()


def test_a_network_without_oks_and_images_that_cannot_be_read(tiny_coco, tmp_path, capsys):
    images = tmp_path / 'images'
    images.mkdir()
    for path in (tiny_coco.root / 'images').iterdir():
        (images / path.name).write_bytes(path.read_bytes())
    (images / '000002.png').write_bytes(b'no image')
    torch.manual_seed(0)
    model = init_model(TINY)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
    torch.save(dict(state_dict=model.state_dict(), meta={}), tmp_path / 'net.pth')
    arguments = [tmp_path / 'int8.onnx', '--config', TINY, '--checkpoint', tmp_path / 'net.pth', '--to', 'network']
    arguments += ['--precision', 'int8', '--calibration-images', images, '--annotations', tiny_coco.ann_file]
    assert main([str(word) for word in (*arguments, '--allow-loss')]) == status.SOME_UNUSABLE
    told = capsys.readouterr()
    assert 'no AP is given: the config tests with PCKAccuracy' in told.out
    assert 'left out: ' in told.err
    assert '000002.png cannot be read: ' in told.err
    assert (tmp_path / 'int8.onnx').is_file()
