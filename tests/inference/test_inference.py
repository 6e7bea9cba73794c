"""inference_topdown and Inferencer against the steps done by hand."""

import itertools
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from mmpose_dark.apis import BoxError, Inferencer, inference_topdown, init_model
from mmpose_dark.datasets.errors import ImageReadError
from mmpose_dark.inference.crops import CropStage, build_test_pipeline
from mmpose_dark.utils.errors import InputError

MEAN, STD = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])
BOXES = np.array([[30.0, 20.0, 130.0, 200.0], [100.5, 40.25, 290.0, 230.0], [-15.0, 90.0, 60.0, 260.0]])


@pytest.fixture(scope='module')
def model(tiny_config: str, tiny_checkpoint: str) -> torch.nn.Module:
    return init_model(tiny_config, tiny_checkpoint)


@pytest.fixture(scope='module')
def image_file(tiny_coco: SimpleNamespace) -> str:
    return str(tiny_coco.root / 'images' / '000001.png')


def by_hand(model: torch.nn.Module, image: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Crop, normalise, run, decode and map back one box, written out from the definitions."""
    center = (box[:2] + box[2:]) / 2
    width, height = (box[2:] - box[:2]) * 1.25
    width, height = max(width, height * 64 / 96), max(height, width * 96 / 64)
    step = np.array([width / 64, height / 96])
    origin = center - (width / 2, height / 2)
    matrix = np.array([[1 / step[0], 0, -origin[0] / step[0]], [0, 1 / step[1], -origin[1] / step[1]]])
    crop = cv2.warpAffine(image, matrix, (64, 96), flags=cv2.INTER_LINEAR)
    tensor = torch.from_numpy(((crop[..., ::-1] - MEAN) / STD).transpose(2, 0, 1)[None].astype(np.float32))
    with torch.no_grad():
        keypoints, scores = model.head.decoder.batch_decode(model(tensor, mode='tensor'))
    return keypoints[0].numpy() * step + origin, scores[0].numpy()


def test_results_are_those_of_the_steps_by_hand(model: torch.nn.Module, image_file: str) -> None:
    samples = inference_topdown(model, image_file, BOXES)
    image = cv2.imread(image_file)
    assert len(samples) == 3
    for sample, box in zip(samples, BOXES, strict=True):
        found = sample.pred_instances
        keypoints, scores = by_hand(model, image, box)
        assert np.ptp(keypoints, axis=0).min() > 10  # the tiny network does tell keypoints apart
        # Crops may differ by one grey level; on this random network that moves a keypoint by up to 0.07 pixels.
        np.testing.assert_allclose(found.keypoints[0], keypoints, atol=0.15)
        np.testing.assert_allclose(found.keypoint_scores[0], scores, rtol=1e-3)
        np.testing.assert_array_equal(found.bboxes[0], box.astype(np.float32))


def test_file_array_path_and_box_form_make_no_difference(model: torch.nn.Module, image_file: str) -> None:
    reference = inference_topdown(model, image_file, BOXES)
    sizes = np.c_[BOXES[:, :2], BOXES[:, 2:] - BOXES[:, :2]]
    image = cv2.imread(image_file)
    kept = image.copy()
    for got in (
        inference_topdown(model, Path(image_file), sizes.tolist(), bbox_format='xywh'),
        inference_topdown(model, image, torch.from_numpy(BOXES)),
    ):
        for a, b in zip(reference, got, strict=True):
            np.testing.assert_array_equal(a.pred_instances.keypoints, b.pred_instances.keypoints)
    np.testing.assert_array_equal(image, kept)


def test_without_boxes_the_whole_image_is_one(model: torch.nn.Module, image_file: str) -> None:
    (whole,) = inference_topdown(model, image_file)
    (explicit,) = inference_topdown(model, image_file, [[0, 0, 320, 240]])
    np.testing.assert_array_equal(whole.pred_instances.keypoints, explicit.pred_instances.keypoints)
    assert whole.pred_instances.bboxes.tolist() == [[0, 0, 320, 240]]


@pytest.mark.parametrize('boxes', [[], np.zeros((0, 4))])
def test_empty_list_of_boxes_gives_no_people(model: torch.nn.Module, image_file: str, boxes: object) -> None:
    assert inference_topdown(model, image_file, boxes) == []


def test_bad_box_and_bad_image(model: torch.nn.Module, image_file: str, tmp_path: Path) -> None:
    with pytest.raises(BoxError, match='box 1'):
        inference_topdown(model, image_file, [[0, 0, 9, 9], [0, 0, 9, float('nan')]])
    (tmp_path / 'empty.jpg').write_bytes(b'')
    with pytest.raises(ImageReadError, match=r'empty\.jpg.*0 bytes'):
        inference_topdown(model, tmp_path / 'empty.jpg')


def test_flip_test_and_heatmaps(tiny_config: str, tiny_checkpoint: str, image_file: str) -> None:
    options = {'model.test_cfg.flip_test': True, 'model.test_cfg.output_heatmaps': True}
    model = init_model(tiny_config, tiny_checkpoint, cfg_options=options)
    (sample,) = inference_topdown(model, image_file)
    assert sample.pred_fields.heatmaps.shape == (17, 24, 16)
    keypoints, _ = model.head.decoder.batch_decode(sample.pred_fields.heatmaps[None])
    in_image = keypoints[0].numpy() / (64, 96) * sample.input_scale + sample.input_center - 0.5 * sample.input_scale
    np.testing.assert_allclose(sample.pred_instances.keypoints[0], in_image, atol=1e-3)


def test_grey_and_deep_images(model: torch.nn.Module, image_file: str, tmp_path: Path) -> None:
    grey = cv2.imread(image_file, cv2.IMREAD_GRAYSCALE)
    reference = inference_topdown(model, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), BOXES)
    deep = grey.astype(np.uint16) * 256
    alpha = np.dstack([grey, grey, grey, np.full_like(grey, 200)])
    for name, odd in (('grey', grey), ('deep', deep), ('alpha', alpha)):
        cv2.imwrite(str(tmp_path / f'{name}.png'), odd)
        got = inference_topdown(model, tmp_path / f'{name}.png', BOXES)
        for a, b in zip(reference, got, strict=True):
            np.testing.assert_allclose(a.pred_instances.keypoints, b.pred_instances.keypoints, atol=0.05)


def test_image_is_used_as_it_is_seen(model: torch.nn.Module, image_file: str, tmp_path: Path) -> None:
    """A JPEG whose EXIF orientation says 6 (turned a quarter to the right) is turned before the boxes apply."""
    upright = cv2.imread(image_file)
    jpeg = cv2.imencode('.jpg', upright)[1].tobytes()
    tiff = b'II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0'
    segment = b'Exif\0\0' + tiff
    (tmp_path / 'turned.jpg').write_bytes(
        jpeg[:2] + b'\xff\xe1' + (len(segment) + 2).to_bytes(2, 'big') + segment + jpeg[2:]
    )
    turned = cv2.rotate(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), cv2.ROTATE_90_CLOCKWISE)
    (got,) = inference_topdown(model, tmp_path / 'turned.jpg')
    (expected,) = inference_topdown(model, turned)
    assert got.pred_instances.bboxes.tolist() == [[0, 0, 240, 320]]
    np.testing.assert_allclose(got.pred_instances.keypoints, expected.pred_instances.keypoints, atol=1e-3)


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('batch_size', [1, 2, 4, 100])
def test_inferencer_gives_what_single_calls_give(
    model: torch.nn.Module, tiny_coco: SimpleNamespace, tmp_path: Path, batch_size: int, workers: int
) -> None:
    files = sorted((tiny_coco.root / 'images').glob('*.png'))
    (tmp_path / 'cut.png').write_bytes(files[0].read_bytes()[:500])
    images = [files[0], tmp_path / 'cut.png', files[1], cv2.imread(str(files[2])), files[3], tmp_path / 'gone.png']
    boxes = [BOXES, None, [], BOXES[:2], None, None]
    results = list(Inferencer(model, batch_size=batch_size, num_workers=workers)(images, boxes))
    assert [len(r.samples) for r in results] == [3, 0, 0, 2, 1, 0]
    assert [r.path for r in results] == [str(i) if not isinstance(i, np.ndarray) else '' for i in images]
    assert 'truncated' in results[1].error
    assert 'no such file' in results[5].error
    assert all(results[i].error is None for i in (0, 2, 3, 4))
    for i in (0, 3, 4):
        expected = inference_topdown(model, images[i], boxes[i])
        for a, b in zip(expected, results[i].samples, strict=True):
            # Batches of other sizes take other ways through the convolutions: 0.0015 pixels were seen on an Intel
            # processor, 0.0004 on an AMD one. Another person's keypoints would be tens of pixels away.
            np.testing.assert_allclose(a.pred_instances.keypoints, b.pred_instances.keypoints, atol=0.01)


def test_inferencer_reports_a_bad_box_and_goes_on(model: torch.nn.Module, image_file: str) -> None:
    bad, good = Inferencer(model)([image_file, image_file], [[[5, 5, 5, 5]], [[5, 5, 50, 50]]])
    assert 'has no area' in bad.error
    assert good.error is None
    assert len(good.samples) == 1


def test_inferencer_asks_a_function_for_boxes(model: torch.nn.Module, image_file: str) -> None:
    asked = []

    def boxes_for(path: str) -> np.ndarray:
        asked.append(path)
        return BOXES[:1]

    (result,) = Inferencer(model)([image_file], boxes_for)
    assert asked == [image_file]
    assert len(result.samples) == 1


@pytest.mark.parametrize('count', [1, 3])
def test_inferencer_refuses_another_number_of_boxes(model: torch.nn.Module, image_file: str, count: int) -> None:
    with pytest.raises(ValueError, match='one list an image'):
        list(Inferencer(model)([image_file, image_file], [BOXES] * count))


def test_a_source_may_be_one_image_or_a_folder(model: torch.nn.Module, image_file: str) -> None:
    inferencer = Inferencer(model)
    (one,) = inferencer(image_file)
    (array,) = inferencer(cv2.imread(image_file))
    assert one.poses.equals(array.poses)
    folder = Path(image_file).parent
    assert [r.path for r in inferencer(folder, lambda path: [])] == [str(p) for p in sorted(folder.glob('*.png'))]
    with pytest.raises(FileNotFoundError, match=r'gone\.jpg'):
        list(inferencer('gone.jpg'))


def test_a_box_format_that_is_none_ends_the_run_before_the_first_image(model: torch.nn.Module) -> None:
    with pytest.raises(BoxError, match="'cxcywh' is not one of"):
        list(Inferencer(model)(['nowhere.jpg'], [BOXES], 'cxcywh'))


def test_inferencer_settings(model: torch.nn.Module) -> None:
    with pytest.raises(ValueError, match='at least 1'):
        Inferencer(model, batch_size=0)


@pytest.mark.parametrize('workers', [0, 1])
def test_a_network_that_fails_and_a_caller_that_stops_end_the_run(
    model: torch.nn.Module, image_file: str, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    before = set(threading.enumerate())  # other tests may have left some
    taken = []

    def images() -> Iterator[str]:
        while True:
            taken.append(image_file)
            yield image_file

    results = Inferencer(model, batch_size=1, num_workers=workers)(images())
    assert len(next(results).samples) == 1
    assert len(set(threading.enumerate()) - before) == 2 * workers  # one that reads, one for the network
    results.close()  # waits for what runs, not for the rest
    assert not set(threading.enumerate()) - before
    assert len(taken) < 10
    monkeypatch.setattr(model, 'points', lambda inputs, **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(Inferencer(model, num_workers=workers)([image_file]))
    assert not set(threading.enumerate()) - before


def test_results_are_those_of_the_model_s_own_prediction(model: torch.nn.Module, image_file: str) -> None:
    """The stages and `TopDown.predict`, which the evaluation uses, are two ways to the same numbers."""
    pipeline = build_test_pipeline(model.cfg)
    cut = CropStage(pipeline, model.dataset_meta)
    crops = list(cut(cv2.imread(image_file), image_file, BOXES.astype(np.float32), np.ones(3, np.float32)))
    batch = dict(inputs=[c.inputs for c in crops], data_samples=[c.sample for c in crops])
    with torch.no_grad():
        expected = model.test_step(batch)
    for a, b in zip(expected, inference_topdown(model, image_file, BOXES), strict=True):
        np.testing.assert_allclose(a.pred_instances.keypoints, b.pred_instances.keypoints, atol=1e-4)
        np.testing.assert_allclose(a.pred_instances.keypoint_scores, b.pred_instances.keypoint_scores, atol=1e-6)
        assert set(a.pred_instances.keys()) == set(b.pred_instances.keys())
        assert set(a.metainfo) == set(b.metainfo)
        np.testing.assert_array_equal(a.gt_instances.bboxes, b.gt_instances.bboxes)


def test_poses_of_a_result(model: torch.nn.Module, image_file: str) -> None:
    boxes = np.c_[BOXES, [0.5, 0.25, 1.0]]
    (result,) = Inferencer(model)([image_file], [boxes])
    poses = result.poses
    np.testing.assert_array_equal(poses.boxes, BOXES.astype(np.float32))
    assert poses.box_scores.tolist() == [0.5, 0.25, 1.0]
    assert poses.keypoint_set is model.dataset_meta
    for person, sample in zip(poses, result.samples, strict=True):
        np.testing.assert_array_equal(person.keypoints, sample.pred_instances.keypoints)
    assert result.draw(kpt_thr=0).shape == result.image.shape
    assert repr(result).startswith(f'ImageResult(path={image_file!r}, poses=Poses(3 people')


def test_covariances_are_those_of_the_crops_in_image_pixels(model: torch.nn.Module, image_file: str) -> None:
    (result,) = Inferencer(model)([image_file], [BOXES])
    crops = CropStage(build_test_pipeline(model.cfg), None)(result.image, '', result.poses.boxes, np.ones(3))
    inputs = model.data_preprocessor(dict(inputs=[c.inputs for c in crops]))['inputs']
    with torch.no_grad():
        expected = model.points(inputs).covariances.numpy()
    for found, crop, box in zip(result.poses.covariances, expected, BOXES, strict=True):
        width, height = (box[2:] - box[:2]) * 1.25
        step = max(width, height * 64 / 96) / 64  # the crop has the shape of the input, so both axes have one
        np.testing.assert_allclose(found, crop * step**2, rtol=1e-4)


def test_a_detector_sees_the_image_and_is_asked_where_no_boxes_are_given(
    model: torch.nn.Module, image_file: str
) -> None:
    seen = []

    def detect(image: np.ndarray, path: str) -> np.ndarray:
        seen.append((image.copy(), path))
        return np.c_[BOXES[:2], [0.75, 0.5]]

    inferencer = Inferencer(model, detector=detect)
    found, given = inferencer([image_file, cv2.imread(image_file)], [None, BOXES[:1]])
    assert found.poses.box_scores.tolist() == [0.75, 0.5]
    assert len(given.poses) == 1
    ((image, path),) = seen
    np.testing.assert_array_equal(image, cv2.imread(image_file))
    assert path == image_file


def test_a_detector_that_finds_nobody_or_gives_a_box_that_cannot_be_used(
    model: torch.nn.Module, image_file: str
) -> None:
    (result,) = Inferencer(model, detector=lambda image, path: np.zeros((0, 5)))([image_file])
    assert result.error is None
    assert result.samples == []
    assert result.poses.keypoints.shape == (0, 17, 2)
    (result,) = Inferencer(model, detector=lambda image, path: np.array([[0, 0, np.nan, 9]]))([image_file])
    assert 'is not finite' in result.error
    assert result.poses.keypoints.shape == (0, 17, 2)
    assert result.image is not None


@pytest.mark.parametrize('workers', [0, 2])
def test_images_without_end_and_without_people_do_not_pile_up(
    model: torch.nn.Module, image_file: str, workers: int
) -> None:
    """One person waits for a batch of eight that never fills, and behind them come images without people."""
    image, made, gone = cv2.imread(image_file), [], []

    class Kept(np.ndarray):
        """An array that can be watched."""

    def images() -> Iterator[np.ndarray]:
        while True:
            watched = image.copy().view(Kept)
            made.append(1)
            weakref.finalize(watched, gone.append, 1)
            yield watched

    def boxes() -> Iterator[list]:
        yield BOXES[:1]
        while True:
            yield from ([], [[5, 5, 5, 5]])  # nobody, and a box that is refused

    results = Inferencer(model, batch_size=8, num_workers=workers)(images(), boxes())
    for number, result in enumerate(itertools.islice(results, 200)):
        assert len(result.poses) == (number == 0)
        assert (result.error is None) == (number % 2 == 1 or number == 0)
        assert len(made) - len(gone) < 3 * 8 + 2 * workers + 5
    results.close()


def test_a_part_of_the_keypoints_has_no_definition(
    tiny_config: str, tiny_checkpoint: str, model: torch.nn.Module, image_file: str
) -> None:
    options = {'model.test_cfg.output_keypoint_indices': [3, 0]}
    part = Inferencer(init_model(tiny_config, tiny_checkpoint, cfg_options=options))
    (chosen,), (whole,) = part([image_file]), Inferencer(model)([image_file])
    np.testing.assert_allclose(chosen.poses.keypoints, whole.poses.keypoints[:, [3, 0]], atol=1e-4)
    assert chosen.poses.keypoint_set is None
    (nobody,) = part([image_file], [[]])
    assert nobody.poses.keypoints.shape == (0, 2, 2)


def test_a_network_with_another_number_of_keypoints_than_its_definition(tiny_config: str, image_file: str) -> None:
    model = init_model(tiny_config, cfg_options={'model.head.out_channels': 14})
    with pytest.raises(InputError, match="finds 14 keypoints, its dataset 'coco' has 17"):
        inference_topdown(model, image_file)
