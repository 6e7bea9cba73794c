"""A calibration as a whole: fitted on people, judged on others, and used by inference beside raw scores."""

import dataclasses

import numpy as np
import pytest

from mmpose_dark.checkpoint.calibration_file import calibration_beside, write_calibration
from mmpose_dark.cli.main import main
from mmpose_dark.inference import calibrating, inference_topdown, init_model
from mmpose_dark.inference.calibrating import calibrate
from mmpose_dark.inference.network import find_keypoints
from mmpose_dark.inference.observations import Observations, observe
from mmpose_dark.registry import DATASETS
from mmpose_dark.structures.calibration import Calibration, CovarianceMap, ProbabilityMap
from mmpose_dark.utils.errors import InputError


def people(count=120, seed=0, joints=3):
    """People whose errors grow as the height falls; one keypoint in twenty is lost altogether."""
    random = np.random.default_rng(seed)
    scores = random.uniform(0.3, 1, (count, joints))
    shapes = np.eye(2) * random.uniform(4, 9, (count, joints, 1, 1))
    spread = np.sqrt(0.1 * shapes[..., 0, 0]) / scores**2
    errors = random.normal(size=(count, joints, 2)) * spread[..., None]
    lost = random.random((count, joints)) < 0.05
    errors[lost] += random.normal(size=(int(lost.sum()), 2)) * 30
    visibility = np.where(random.random((count, joints)) < 0.8, 2.0, 1.0) * (random.random((count, joints)) < 0.9)
    return Observations(
        images=np.arange(count) // 2, scores=scores, errors=errors, distances=np.linalg.norm(errors, axis=-1),
        covariances=shapes, visibility=visibility, areas=np.full(count, 60.0**2), box_areas=np.full(count, 80.0**2),
        sigmas=np.full(joints, 0.025), has_hidden=True,
    )  # fmt: skip


@pytest.fixture(scope='module')
def found():
    return calibrate(people(), folds=3, seed=3)


def test_others_are_told_better_than_before(found):
    e = found.evaluation
    assert e['ece_after'] < min(0.05, e['ece_before'])
    assert e['log_loss_after'] < e['log_loss_before']
    assert e['keypoints'] == int(people().usable.sum())
    for level in ('0.5', '0.9', '0.95'):
        low, high = e['coverage_after_interval'][level]
        assert abs(e['coverage_after'][level] - float(level)) < 0.06
        assert low <= e['coverage_after'][level] <= high
    assert found.about['with_height']
    fresh = people(seed=9)
    p = found.probability(fresh.scores)
    hits = fresh.distances**2 <= -2 * np.log(0.5) * 60.0**2 * (2 * 0.025) ** 2
    assert abs(p.mean() - hits.mean()) < 0.05


@pytest.fixture
def few_draws(monkeypatch):
    """For tests that look at no interval."""
    monkeypatch.setattr(calibrating, '_DRAWS', 10)


def test_the_same_seed_gives_the_same(few_draws):
    once, again = (calibrate(people(80), folds=2, seed=5) for _ in range(2))
    assert once == again


def test_people_of_one_image_are_on_one_side():
    from mmpose_dark.inference.calibrating import _deal

    images = np.random.default_rng(0).integers(0, 40, 200)
    part = _deal(images, 5, 1)
    assert all(len(set(part[images == i])) == 1 for i in set(images))
    assert set(part) == set(range(5))


def test_without_covariances_scores_alone_are_calibrated(few_draws):
    found = calibrate(dataclasses.replace(people(), covariances=None), folds=2)
    assert found.covariance is None
    assert 'coverage_after' not in found.evaluation


def test_nan_predictions_are_left_out(few_draws):
    seen = people()
    seen.scores[:5], seen.covariances[5:9] = np.nan, np.nan
    found = calibrate(seen, folds=2)
    assert found.evaluation['keypoints'] == int(seen.usable.sum()) < int(people().usable.sum())
    assert found.evaluation['without_shape'] > 0


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (lambda seen: seen[np.arange(10)], '200 keypoints in 10 images'),
        (lambda seen: dataclasses.replace(seen, visibility=seen.visibility * 0), '0 labelled keypoints'),
        (lambda seen: dataclasses.replace(seen, sigmas=None), '--within box'),
    ],
)
def test_too_little_is_refused_with_what_is_needed(change, said):
    with pytest.raises(InputError, match=said):
        calibrate(change(people()))


def made(joints=17):
    return Calibration(
        ProbabilityMap((0.0, 0.5, 1.0), (-3.0, 0.0, 3.0), tuple(np.linspace(-1, 1, joints))),
        CovarianceMap(0.1, 0.5, 1.0, (0.5, 0.9), (1.4, 5.0)),
        ('oks', 0.5),
    )


def test_inference_adds_probabilities_and_leaves_scores(tiny_config, tiny_checkpoint, tmp_path):
    write_calibration(tmp_path / 'c.json', made())
    raw = init_model(tiny_config, tiny_checkpoint, calibration='auto')
    assert raw.calibration is None  # nothing stands beside it
    model = init_model(tiny_config, tiny_checkpoint, calibration=tmp_path / 'c.json')
    from mmpose_dark.inference.topdown import TopDownSteps

    image = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    boxes = np.array([[3.0, 5, 60, 90], [20, 10, 130, 100]], np.float32)
    steps = TopDownSteps(model)
    crops = list(steps.cut(image, '', boxes, np.ones(2)))
    for ours, plain in zip(find_keypoints(model, crops), find_keypoints(raw, crops), strict=True):
        np.testing.assert_array_equal(ours.scores, plain.scores)
        np.testing.assert_array_equal(ours.keypoints, plain.keypoints)
        np.testing.assert_allclose(ours.probabilities, made().probability(plain.scores), atol=1e-6)
        assert plain.probabilities is None
        assert not np.allclose(ours.covariances, plain.covariances, equal_nan=True)
    one, other = (inference_topdown(m, image, boxes)[0].pred_instances.keypoint_scores for m in (model, raw))
    np.testing.assert_array_equal(one, other)  # mmpose's samples keep raw scores


def test_another_number_of_keypoints_is_refused(tiny_config, tiny_checkpoint, tmp_path):
    write_calibration(tmp_path / 'c.json', made(joints=3))
    with pytest.raises(InputError, match='3 keypoints, the network gives 17'):
        init_model(tiny_config, tiny_checkpoint, calibration=tmp_path / 'c.json')
    assert calibration_beside(tiny_checkpoint).name == 'tiny.calibration.json'


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['--config', 'nowhere.py', '--checkpoint', 'x.pth'], 'nowhere.py'),
        (['--within', 'px', '3'], 'oks or box'),
        (['--within', 'box', '7'], 'between 0 and 1'),
        (['--folds', '1'], 'at least 2'),
        (['--model', 'demo', '--out', '/proc/none/c.json'], 'cannot be written'),
    ],
)
def test_bad_arguments_are_one_line(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(['calibrate', *arguments])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert said in told
    assert 'Traceback' not in told


def test_errors_are_found_minus_labelled(tiny_config, tiny_checkpoint, tiny_coco):
    """The same distances as from keypoints and labels in the image, person by person."""
    options = {
        'test_dataloader.dataset.data_root': f'{tiny_coco.root}/',
        'test_dataloader.dataset.bbox_file': 'none.json',
    }
    model = init_model(tiny_config, tiny_checkpoint, cfg_options=options)
    seen = observe(model, 'test')
    dataset = DATASETS.build({**model.cfg.test_dataloader.dataset, 'bbox_file': None})
    assert len(seen) == len(dataset)
    for i in range(len(dataset)):
        person = dataset.get_data_info(i)
        box = person['bbox']
        found = inference_topdown(model, person['img_path'], box)[0].pred_instances.keypoints[0]
        plain = np.linalg.norm(found - person['keypoints'][0], axis=-1)
        np.testing.assert_allclose(seen.distances[i], plain, atol=0.05)
        assert seen.areas[i] == pytest.approx(person['area'])
        marks = np.asarray(person['raw_ann_info']['keypoints'])[2::3]
        np.testing.assert_array_equal(seen.visibility[i], marks)
    model.cfg.pop('train_dataloader')
    with pytest.raises(InputError, match='no train_dataloader'):
        observe(model, 'train')
