"""`mmpose-dark export --precision int8`: what is refused before anything is loaded, and how crops and AP come about."""

import json
import shutil
import sys
from argparse import Namespace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from shipped_configs import shipped_config

from mmpose_dark.cli import network_arguments
from mmpose_dark.cli.export import main
from mmpose_dark.cli.quantization_crops import calibration_crops, crop_feeds
from mmpose_dark.cli.quantization_precision import oks_evaluator
from mmpose_dark.config.reading import load_config
from mmpose_dark.datasets import AnnotationError
from mmpose_dark.deploy import export
from mmpose_dark.deploy.export_modules import ImageToKeypoints
from mmpose_dark.inference import init_model
from mmpose_dark.utils.errors import InputError, MissingFileError, MissingPackageError, OutputError

TINY = Path(__file__).parents[1] / 'inference' / 'tiny_pose_config.py'


@pytest.fixture
def folder(tmp_path) -> Path:
    """Images of people, each alone in it, one of them cut off in the middle of the file."""
    path = tmp_path / 'people'
    path.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (30, 20, 3), dtype=np.uint8)
    for name in ('a', 'b', 'c'):
        cv2.imwrite(str(path / f'{name}.png'), noise)
    (path / 'broken.png').write_bytes((path / 'a.png').read_bytes()[:300])
    return path


@pytest.fixture
def refused(monkeypatch, tmp_path):
    """Run the command, of which no network may be loaded, with words behind --calibration-images."""
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    monkeypatch.setattr(export, 'require_onnx', lambda: None)  # what writes ONNX is not in every environment

    def load(*_):
        raise AssertionError('a network was loaded')

    monkeypatch.setattr(network_arguments, 'load_network', load)
    (tmp_path / 'net.pth').touch()

    def run(*words: object, out: object = None, checkpoint: object = None) -> int:
        network = ['--config', TINY, '--checkpoint', checkpoint or tmp_path / 'net.pth', '--precision', 'int8']
        return main([str(word) for word in (out or tmp_path / 'out.onnx', *network, '--calibration-images', *words)])

    return run


def given(images: object, annotations: object = None, count: int = 128) -> Namespace:
    return Namespace(
        calibration_images=str(images), annotations=annotations and str(annotations), calibration_count=count
    )


@pytest.mark.parametrize(
    ('words', 'told'),
    [
        (['a.onnx', '--precision', 'int8'], 'go together'),
        (['a.onnx', '--calibration-images', 'x'], 'go together'),
        (['a.pt2', '--precision', 'int8', '--calibration-images', 'x'], r'writes .onnx, not a.pt2'),
        (['a.onnx', '--annotations', 'x.json'], 'are of --calibration-images'),
        (['a.onnx', '--precision', 'int8', '--calibration-images', 'x', '--calibration-count', '0'], 'at least 1'),
    ],
)
def test_words_that_do_not_go_together(words, told, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_images_and_annotations_that_are_not_there(refused, folder, tmp_path):
    empty = tmp_path / 'empty'
    empty.mkdir()
    (empty / 'notes.txt').touch()
    with pytest.raises(MissingFileError, match=r"no image or folder '.*nowhere'"):
        refused(tmp_path / 'nowhere')
    with pytest.raises(MissingFileError, match=r'empty.* has no file ending in \.jpg'):
        refused(empty)
    with pytest.raises(MissingFileError, match=r'--annotations .*a\.json: there is no such file'):
        refused(folder, '--annotations', tmp_path / 'a.json')
    (tmp_path / 'a.json').write_text('{}')
    with pytest.raises(InputError, match=r'a\.png: with --annotations it is the folder'):
        refused(folder / 'a.png', '--annotations', tmp_path / 'a.json')


def test_an_onnx_file_gives_a_network_alone(refused, folder, tmp_path):
    with pytest.raises(InputError, match=r'net\.onnx: of an ONNX file .* --to network, not --to image'):
        refused(folder, '--to', 'image', checkpoint=tmp_path / 'net.onnx')


def test_an_output_that_cannot_be_written(refused, folder, tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(OutputError, match='cannot be written'):
        refused(folder, out=tmp_path / 'file' / 'net.onnx')
    (tmp_path / 'net.onnx').mkdir()
    with pytest.raises(OutputError, match='it is a folder'):
        refused(folder, out=tmp_path / 'net.onnx')
    with pytest.raises(OutputError, match='is one of the inputs'):
        refused(folder, '--to', 'network', out=tmp_path / 'own.onnx', checkpoint=tmp_path / 'own.onnx')


@pytest.mark.parametrize('part', ['onnxruntime.quantization', 'onnxruntime.quantization.shape_inference', 'onnx'])
def test_a_part_that_is_not_installed(refused, folder, monkeypatch, part):
    monkeypatch.setitem(sys.modules, part, None)
    with pytest.raises(MissingPackageError, match=r'int8 needs .*pip install'):
        refused(folder)


def test_images_that_cannot_be_read_are_named_and_left_out(folder):
    cfg = load_config(TINY)
    crops, unreadable = calibration_crops(given(folder), cfg, None)
    assert [crop.shape for crop in crops] == [(96, 64, 3)] * 3
    assert [Path(path).name for path in unreadable] == ['broken.png']
    assert len(calibration_crops(given(folder / '[ac].png', count=1), cfg, None)[0]) == 1
    for path in folder.glob('?.png'):
        path.unlink()
    with pytest.raises(InputError, match=r'none of its images can be used to calibrate: .*broken\.png: '):
        calibration_crops(given(folder), cfg, None)


def test_annotated_people_are_cut_out_as_in_the_test(tiny_coco, tmp_path):
    cfg = load_config(TINY)
    images = tmp_path / 'images'
    shutil.copytree(tiny_coco.root / 'images', images)
    crops, unreadable = calibration_crops(given(images, tiny_coco.ann_file), cfg, None)
    assert len(crops) == tiny_coco.num_people == 6
    assert not unreadable
    (images / '000003.png').write_bytes(b'')
    fewer, unreadable = calibration_crops(given(images, tiny_coco.ann_file), cfg, None)
    assert len(fewer) == 3
    assert [Path(path).name for path in unreadable] == ['000003.png']
    np.testing.assert_array_equal(fewer, crops[:3])
    content = json.loads(Path(tiny_coco.ann_file).read_text())
    (tmp_path / 'nobody.json').write_text(json.dumps({**content, 'annotations': []}))
    with pytest.raises(AnnotationError, match=r'nobody\.json'):
        calibration_crops(given(images, tmp_path / 'nobody.json'), cfg, None)
    with pytest.raises(InputError, match='tests on CombinedDataset, and only those in the style of COCO'):
        calibration_crops(
            given(images, tiny_coco.ann_file), dict(test_dataloader=dict(dataset=dict(type='CombinedDataset'))), None
        )


@pytest.mark.parametrize(('padding', 'use_udp', 'off'), [(1.25, False, 0), (1.1, False, 0), (1.4, True, 40)])
def test_the_box_of_a_crop_gives_the_crop(padding, use_udp, off):
    model = init_model(TINY)
    steps = [
        dict(type='GetBBoxCenterScale', padding=padding),
        dict(type='TopdownAffine', input_size=(64, 96), use_udp=use_udp),
    ]
    noise = np.random.default_rng(0).integers(0, 255, (6, 4, 3), dtype=np.uint8)
    crop = cv2.resize(noise, (64, 96), interpolation=cv2.INTER_CUBIC)
    (feed,) = crop_feeds('image', dict(test_dataloader=dict(dataset=dict(pipeline=steps))), [crop])
    module = ImageToKeypoints(model, None, input_size=(64, 96), padding=padding, use_udp=use_udp)
    cut = module._cut(torch.from_numpy(feed['image']), *module._places(torch.from_numpy(feed['boxes'])))
    # UDP's warp keeps the sides' ratio of whole pixels: half a pixel of the height is lost.
    assert np.abs(cut[0].numpy().astype(int) - crop)[1:-1, 1:-1].max() <= off


@pytest.mark.parametrize(
    ('dataset', 'key'),
    [
        ('coco', 'coco/AP'),
        ('coco_testdev', 'coco/AP'),
        ('coco_wholebody', 'coco-wholebody/AP'),
        ('crowdpose', 'crowdpose/AP'),
        ('lspet', 'lspet/AP'),
        ('mpii', None),
        ('posetrack18', None),
    ],
)
def test_ap_is_the_configs_own(dataset, key):
    found = oks_evaluator(shipped_config(f'_base_/datasets/{dataset}.py'), 'mine.json')
    assert (found and found.key) == key
    if key:
        assert found.settings['ann_file'] == 'mine.json'
        assert not found.settings['format_only']
    if dataset == 'crowdpose':
        assert (found.settings['iou_type'], found.settings['use_area']) == ('keypoints_crowd', False)
