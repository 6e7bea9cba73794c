"""One image in every form that there is: understood, or refused by its type."""

import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmpose_dark.apis import Inferencer, inference_topdown, init_model
from mmpose_dark.inference import BoxFile
from mmpose_dark.inference.image_types import ImageTypeError, as_image
from mmpose_dark.utils.errors import InputTypeError

BOX = [[30.0, 20.0, 130.0, 200.0]]


@pytest.fixture(scope='module')
def model(tiny_config: str, tiny_checkpoint: str) -> torch.nn.Module:
    return init_model(tiny_config, tiny_checkpoint)


@pytest.fixture(scope='module')
def image_file(tiny_coco: SimpleNamespace) -> str:
    return str(tiny_coco.root / 'images' / '000001.png')


def found(samples: list) -> np.ndarray:
    (sample,) = samples
    return sample.pred_instances.keypoints


def test_every_form_of_one_image_gives_the_same(model: torch.nn.Module, image_file: str) -> None:
    image = cv2.imread(image_file)
    rgb = Image.fromarray(image[..., ::-1].copy())
    forms = (Path(image_file), image, rgb, rgb.convert('RGBA'), Image.open(image_file), torch.from_numpy(image))
    expected = found(inference_topdown(model, image_file, BOX))
    for form in forms:
        np.testing.assert_array_equal(found(inference_topdown(model, form, BOX)), expected)
        (result,) = Inferencer(model)(form, BOX)
        np.testing.assert_array_equal(result.poses.keypoints, expected)
    assert len(list(Inferencer(model)(np.stack([image, image]), [BOX, BOX]))) == 2
    assert len(list(Inferencer(model)(torch.from_numpy(np.stack([image, image]))))) == 2
    assert len(list(Inferencer(model)(np.array([image_file, image_file])))) == 2


def test_pixels_of_pil_images_are_those_that_opencv_reads(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    images = {
        'RGB': pixels[..., :3],
        'RGBA': pixels,
        'L': pixels[..., 0],
        'LA': np.ascontiguousarray(pixels[..., :2]),
    }
    for mode, array in images.items():
        image = Image.fromarray(array)
        assert image.mode == mode
        image.save(tmp_path / 'a.png')
        taken = as_image(image)
        taken = np.repeat(taken[..., None], 3, -1) if taken.ndim == 2 else taken
        np.testing.assert_array_equal(taken, cv2.imread(str(tmp_path / 'a.png')))
    palette = Image.fromarray(pixels[..., :3]).quantize(4)
    np.testing.assert_array_equal(as_image(palette), np.asarray(palette.convert('RGB'))[..., ::-1])
    deep = Image.fromarray(pixels[..., 0].astype(np.uint16) << 8)
    np.testing.assert_array_equal(as_image(deep), pixels[..., 0].astype(np.uint16) << 8)
    bits = as_image(Image.fromarray(pixels[..., 0] > 128))
    np.testing.assert_array_equal(bits, np.repeat((pixels[..., :1] > 128) * np.uint8(255), 3, -1))


@pytest.mark.parametrize(
    ('image', 'message'),
    [
        (None, 'got NoneType; cv2.imread gives None'),
        (['a.jpg', 'b.jpg'], 'got list of 2; give images one by one'),
        (('a.jpg',), 'got tuple of 1'),
        (b'\xff\xd8', 'got bytes; decode it first'),
        (7, 'got int'),
        (io.BytesIO(b''), 'got BytesIO'),
        (dict(img=1), 'got dict'),
        (torch.zeros(3, 20, 30, dtype=torch.uint8), r'shape \(H, W, 3\), BGR, got \(3, 20, 30\): give image\.permute'),
        (torch.zeros(20, 30, 3), 'must be uint8 or uint16, got float32'),
        (Image.new('F', (4, 4)), "mode 'F'"),
    ],
)
def test_what_is_no_image_is_refused_by_its_type(model: torch.nn.Module, image: object, message: str) -> None:
    with pytest.raises(ImageTypeError, match=message):
        inference_topdown(model, image, BOX)
    (result,) = Inferencer(model)(iter([image]))
    assert result.error.startswith(('an image must be', 'a tensor as image must', 'a PIL image'))


@pytest.mark.parametrize('images', [None, 3, b'a.jpg', {'a.jpg': 1}, io.BytesIO(b'')])
def test_what_is_no_source_is_refused_at_once(model: torch.nn.Module, images: object) -> None:
    with pytest.raises(InputTypeError, match='images must be a file, a folder, a glob, an image, or a list'):
        Inferencer(model)(images)


@pytest.mark.parametrize('bboxes', ['boxes.json', Path('boxes.json'), {'a.jpg': BOX}, 5])
def test_what_is_no_list_of_boxes_is_refused_at_once(model: torch.nn.Module, image_file: str, bboxes: object) -> None:
    with pytest.raises(InputTypeError, match='bboxes must be a list with one list of boxes an image, or a function'):
        Inferencer(model)(image_file, bboxes)


@pytest.mark.parametrize(
    'boxes', [BOX, np.array(BOX), torch.tensor(BOX), [np.array(BOX[0])], (BOX[0],), [BOX], [np.array(BOX)]]
)
def test_boxes_of_one_image(model: torch.nn.Module, image_file: str, boxes: object) -> None:
    (result,) = Inferencer(model)(image_file, boxes)
    assert result.error is None
    np.testing.assert_allclose(result.poses.boxes, BOX)


def test_no_boxes_of_one_image_and_a_file_of_boxes(model: torch.nn.Module, image_file: str) -> None:
    (result,) = Inferencer(model)(image_file, [])
    assert (len(result.poses), result.error) == (0, None)
    (result,) = Inferencer(model)(image_file, BoxFile(by_name={'000001.png': BOX}))
    assert len(result.poses) == 1
    (result,) = Inferencer(model)(image_file, BoxFile(by_name={'other.png': BOX}))
    assert len(result.poses) == 0


@pytest.mark.parametrize('model', ['config.py', None, torch.nn.Linear(2, 2), dict(type='TopDown')])
def test_what_is_no_model_is_refused_by_its_type(model: object) -> None:
    with pytest.raises(InputTypeError, match='init_model'):
        inference_topdown(model, np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(InputTypeError, match='init_model'):
        Inferencer(model)


@pytest.mark.parametrize('checkpoint', [3, b'a.pth', dict(state_dict={}), torch.zeros(2)])
def test_what_is_no_checkpoint_is_refused_by_its_type(tiny_config: str, checkpoint: object) -> None:
    with pytest.raises(InputTypeError, match='checkpoint must be a file or a URL, got'):
        init_model(tiny_config, checkpoint)


def test_crops_of_a_crowd_are_made_as_the_network_takes_them(
    model: torch.nn.Module, image_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many boxes an image has, only some batches of crops are there."""
    inferencer = Inferencer(model, batch_size=8)
    made, largest, waiting = 0, 0, 0
    cut, find = inferencer.steps.cut, inferencer.steps.find

    def counted(*args: object) -> Iterator:
        nonlocal made, waiting, largest
        for crop in cut(*args):
            made, waiting = made + 1, waiting + 1
            largest = max(largest, waiting)
            yield crop

    def counting(crops: list) -> list:
        nonlocal waiting
        waiting -= len(crops)
        return find(crops)

    monkeypatch.setattr(inferencer.steps, 'cut', counted)
    monkeypatch.setattr(inferencer.steps, 'find', counting)
    boxes = np.tile(BOX, (400, 1))
    boxes[:, 2] += np.arange(400) / 10
    (result,) = inferencer(image_file, boxes)
    assert (len(result.poses), made) == (400, 400)
    assert largest <= 64 + 8
    np.testing.assert_allclose(result.poses.boxes, boxes)
    single = inference_topdown(model, image_file, boxes[[0, 399]])
    for i, sample in zip((0, 399), single, strict=True):
        np.testing.assert_allclose(result.poses.keypoints[i], sample.pred_instances.keypoints[0], atol=1e-3)
    assert len(inference_topdown(model, image_file, boxes[:130])) == 130
