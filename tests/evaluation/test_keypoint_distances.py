"""PCK, AUC, EPE, NME and MPII's PCKh against plain loops and published numbers."""

import json

import numpy as np
import pytest
import torch

from mmpose_dark.evaluation.functional import (
    keypoint_auc,
    keypoint_epe,
    keypoint_nme,
    keypoint_pck_accuracy,
    map_keypoints,
    mpii_pckh,
)
from mmpose_dark.evaluation.metrics import AUC, EPE, NME, MpiiPCKAccuracy, PCKAccuracy
from mmpose_dark.registry import METRICS


def loop_pck(pred, gt, mask, thr, norm):
    """Accuracy per keypoint, one distance after the other."""
    accuracy = []
    for k in range(pred.shape[1]):
        hits = []
        for n in range(len(pred)):
            if mask[n, k] and (norm[n] > 0).all():
                d = (pred[n, k] - gt[n, k]) / norm[n]
                hits.append(float(np.sqrt((d**2).sum()) < thr))
        accuracy.append(sum(hits) / len(hits) if hits else -1.0)
    known = [a for a in accuracy if a >= 0]
    return accuracy, sum(known) / len(known) if known else 0.0, len(known)


@pytest.fixture
def case():
    """Predictions, truth, mask and lengths of 30 people; keypoint 3 never occurs, one person has no length."""
    rng = np.random.default_rng(0)
    gt = rng.uniform(0, 200, (30, 6, 2))
    mask = rng.random((30, 6)) < 0.7
    mask[:, 3] = False
    norm = rng.uniform(20, 100, (30, 2))
    norm[4] = 0
    return gt + rng.normal(0, 8, gt.shape), gt, mask, norm


@pytest.mark.parametrize('thr', [0.05, 0.2, 1.0])
def test_pck_equals_loop(case, thr):
    pred, gt, mask, norm = case
    before = norm.copy()
    accuracy, mean, count = keypoint_pck_accuracy(pred, gt, mask, thr, norm)
    expected = loop_pck(pred, gt, mask, thr, norm)
    np.testing.assert_allclose(accuracy, expected[0], rtol=0, atol=1e-15)
    assert mean == pytest.approx(expected[1], abs=1e-15)
    assert count == expected[2] == 5
    assert (norm == before).all()


def test_pck_is_strict_at_the_threshold():
    gt = np.zeros((1, 1, 2))
    assert (
        keypoint_pck_accuracy(gt + np.array([2.0, 0.0]), gt, np.ones((1, 1)), 0.2, np.array([[10.0, 10.0]]))[1] == 0.0
    )


def test_auc_epe_nme_equal_loops(case):
    pred, gt, mask, norm = case
    curve = [loop_pck(pred, gt, mask, i / 20, np.full((30, 2), 30.0))[1] for i in range(20)]
    assert keypoint_auc(pred, gt, mask, 30) == pytest.approx(np.mean(curve), abs=1e-15)
    pixels = [np.linalg.norm(pred[n, k] - gt[n, k]) for n, k in np.argwhere(mask)]
    assert keypoint_epe(pred, gt, mask) == pytest.approx(np.mean(pixels), abs=1e-12)
    lengths = [np.linalg.norm((pred[n, k] - gt[n, k]) / norm[n]) for n, k in np.argwhere(mask) if n != 4]
    assert keypoint_nme(pred, gt, mask, norm) == pytest.approx(np.mean(lengths), abs=1e-12)


def test_nobody_and_nothing_visible():
    nothing = np.zeros((0, 3, 2))
    assert keypoint_pck_accuracy(nothing, nothing, np.zeros((0, 3)), 0.2, np.zeros((0, 2)))[1:] == (0.0, 0)
    one = np.zeros((1, 3, 2))
    hidden = np.zeros((1, 3))
    accuracy, mean, count = keypoint_pck_accuracy(one, one, hidden, 0.2, np.ones((1, 2)))
    assert (accuracy.tolist(), mean, count) == ([-1.0] * 3, 0.0, 0)
    assert keypoint_auc(one, one, hidden, 30) == keypoint_epe(one, one, hidden) == 0.0


def test_not_finite_where_it_counts(case):
    pred, gt, mask, norm = case
    pred[2, 1] = np.nan
    mask[2, 1] = False
    keypoint_pck_accuracy(pred, gt, mask, 0.2, norm)
    mask[2, 1] = True
    with pytest.raises(ValueError, match=r'1 predicted keypoints are NaN .* the first is keypoint 1 of person 2'):
        keypoint_pck_accuracy(pred, gt, mask, 0.2, norm)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(pred=np.zeros((30, 6, 3))), r'pred \(30, 6, 3\) and gt \(30, 6, 2\)'),
        (dict(mask=np.ones((30, 5))), r'mask \(30, 5\) must be \(N, K\) = \(30, 6\)'),
        (dict(norm_factor=np.ones(30)), r'norm_factor \(30,\) must be \(N, 2\) or \(N, 1\) with N = 30'),
    ],
)
def test_wrong_shapes(case, change, message):
    names = dict(zip(('pred', 'gt', 'mask', 'norm_factor'), case, strict=True), thr=0.2)
    with pytest.raises(ValueError, match=message):
        keypoint_pck_accuracy(**{**names, **change})


def samples(case, **instances) -> list[dict]:
    pred, gt, mask, norm = case
    return [
        dict(
            id=i,
            img_id=i // 2,
            pred_instances=dict(keypoints=pred[i : i + 1], keypoint_scores=np.ones((1, 6))),
            gt_instances=dict(
                keypoints=gt[i : i + 1],
                keypoints_visible=mask[i : i + 1].astype(np.float32),
                bboxes=np.array([[10.0, 20.0, 10 + norm[i, 0], 20 + norm[i, 1]]]),
                **{k: v[i : i + 1] for k, v in instances.items()},
            ),
        )
        for i in range(len(pred))
    ]


def run(metric, rows, batch=7):
    metric.dataset_meta = dict(dataset_name='x')
    for i in range(0, len(rows), batch):
        metric.process({}, rows[i : i + batch])
    return metric.evaluate(len(rows))


def test_metrics_equal_functions(case):
    pred, gt, mask, norm = case
    side = np.repeat(norm.max(1, keepdims=True), 2, 1)
    head = np.random.default_rng(1).uniform(10, 20, (30, 1))
    rows = samples(case, head_size=head)
    metric = METRICS.build(dict(type='PCKAccuracy', thr=0.2, norm_item=['bbox', 'head', 'torso']))
    got = run(metric, rows)
    torso = np.linalg.norm(gt[:, 4] - gt[:, 5], axis=1)[:, None]
    assert got == {
        'PCK': keypoint_pck_accuracy(pred, gt, mask, 0.2, side)[1],
        'PCKh': keypoint_pck_accuracy(pred, gt, mask, 0.2, head)[1],
        'tPCK': keypoint_pck_accuracy(pred, gt, mask, 0.2, torso)[1],
    }
    assert run(AUC(norm_factor=40, num_thrs=10), rows) == {'AUC': keypoint_auc(pred, gt, mask, 40, num_thrs=10)}
    assert run(EPE(prefix='x'), rows) == {'x/EPE': keypoint_epe(pred, gt, mask)}
    distance = np.linalg.norm(gt[:, 0] - gt[:, 2], axis=1)[:, None]
    nme = NME(norm_mode='keypoint_distance', keypoint_indices=[0, 2])
    assert run(nme, rows) == {'NME': pytest.approx(keypoint_nme(pred, gt, mask, distance), abs=1e-15)}
    size = np.sqrt(norm.prod(1))[:, None]
    expected = pytest.approx(keypoint_nme(pred, gt, mask, size), abs=1e-12)
    assert run(NME(norm_item='bbox_size'), rows) == {'NME': expected}
    assert run(NME(norm_item='head_size'), rows) == {'NME': keypoint_nme(pred, gt, mask, head)}


def test_visibility_with_a_second_channel_and_tensors(case):
    rows = samples(case)
    expected = run(PCKAccuracy(), rows)
    for row in rows:
        gt = row['gt_instances']
        gt['keypoints_visible'] = np.stack([gt['keypoints_visible'], np.zeros((1, 6))], -1)
        row['pred_instances'] = {k: torch.from_numpy(v) for k, v in row['pred_instances'].items()}
    assert run(PCKAccuracy(), rows) == expected


def test_samples_without_ids(case):
    rows = samples(case)
    expected = run(PCKAccuracy(), rows)
    for row in rows:
        del row['id'], row['img_id']
    assert run(PCKAccuracy(), rows) == expected


def test_nobody():
    assert run(PCKAccuracy(norm_item=['bbox', 'head']), []) == {'PCK': 0.0, 'PCKh': 0.0}
    assert run(AUC(), []) == {'AUC': 0.0}
    assert np.isnan(run(EPE(), [])['EPE'])


class TestWrongSamples:
    def test_unknown_length(self):
        with pytest.raises(ValueError, match="norm_item 'foot' is unknown; use one of bbox, head, torso"):
            PCKAccuracy(norm_item='foot')
        with pytest.raises(ValueError, match='needs norm_item'):
            NME()
        with pytest.raises(ValueError, match=r'norm_mode .* is unknown'):
            NME(norm_mode='x')

    def test_no_head(self, case):
        with pytest.raises(ValueError, match=r"sample \(id 0, img_id 0\): no 'head_size' in 'gt_instances'"):
            run(PCKAccuracy(norm_item='head'), samples(case))

    def test_nan(self, case):
        case[0][8, 2] = np.nan
        case[2][8, 2] = True
        with pytest.raises(ValueError, match=r'sample \(id 8, img_id 4\): predicted keypoints are NaN or infinite'):
            run(PCKAccuracy(), samples(case))

    def test_other_number_of_people(self, case):
        rows = samples(case)
        rows[3]['pred_instances']['keypoints'] = np.zeros((2, 6, 2))
        with pytest.raises(ValueError, match=r'sample \(id 3, img_id 1\): 2 predicted instances, 1 true ones'):
            run(PCKAccuracy(), rows)

    def test_other_number_of_keypoints(self, case):
        rows = samples(case)
        rows[3]['gt_instances']['keypoints'] = np.zeros((1, 5, 2))
        with pytest.raises(ValueError, match=r'sample \(id 3.*gt_instances.keypoints has shape \(1, 5, 2\)'):
            run(PCKAccuracy(), rows)


@pytest.mark.parametrize('name', ['bearpaw-hg_s2_b1', 'bearpaw-hg_s8_b1'])
def test_published_mpii(shared, name):
    p = shared / 'golden/published/mpii_pckh'
    expected = json.loads((p / 'expected.json').read_text())['expected'][name]
    predictions = np.load(p / f'{name}.npz')['preds'] - 1.0
    got = mpii_pckh(predictions, p / 'gt_valid.mat')
    for joint, value in list(expected['published'].items())[:7]:
        assert got[joint] == pytest.approx(value, abs=5.1e-3)
    for key, value in expected['computed'].items():
        mine = {'Mean': 'Mean'}.get(key, 'Mean@0.1' if '0.10' in key else 'Mean@0.11' if '0.11' in key else None)
        if key in got or mine:
            assert got[mine or key] == pytest.approx(value, abs=1e-4), key


def mpii_case():
    rng = np.random.default_rng(3)
    head = rng.uniform(20, 60, 40)
    gt = rng.uniform(0, 400, (40, 16, 2))
    visible = rng.random((40, 16)) < 0.8
    boxes = np.zeros((2, 2, 40))
    boxes[1, 0] = head / 0.6
    mat = dict(pos_gt_src=gt.transpose(1, 2, 0) + 1, jnt_missing=1 - visible.T.astype(int), headboxes_src=boxes)
    return gt + rng.normal(0, 8, gt.shape), gt, visible, head, mat


def test_mpii_metric_equals_the_function():
    pred, gt, visible, head, mat = mpii_case()
    rows = [
        dict(
            id=i,
            img_id=i,
            pred_instances=dict(keypoints=pred[i : i + 1]),
            gt_instances=dict(
                keypoints=gt[i : i + 1], keypoints_visible=visible[i : i + 1], head_size=head[i : i + 1, None]
            ),
        )
        for i in range(40)
    ]
    expected = mpii_pckh(pred, mat)
    got = run(MpiiPCKAccuracy(), rows)
    assert list(got) == [
        'Head PCK', 'Shoulder PCK', 'Elbow PCK', 'Wrist PCK', 'Hip PCK', 'Knee PCK', 'Ankle PCK',
        'PCK', 'PCK@0.1', 'PCK@0.11',
    ]  # fmt: skip
    assert list(got.values()) == pytest.approx(list(expected.values()), abs=1e-9)
    per_joint, _, _ = keypoint_pck_accuracy(pred, gt, visible, 0.5, head[:, None])
    assert expected['Elbow'] == pytest.approx(50 * (per_joint[11] + per_joint[14]), abs=1e-9)
    counts = visible.sum(0)
    kept = [j for j in range(16) if j not in (6, 7)]
    assert expected['Mean'] == pytest.approx(100 * np.average(per_joint[kept], weights=counts[kept]), abs=1e-9)


def test_mpii_wrong_input(tmp_path):
    pred, _, visible, _, mat = mpii_case()
    with pytest.raises(FileNotFoundError, match=r'MPII ground truth .*nowhere.mat. does not exist'):
        mpii_pckh(pred, tmp_path / 'nowhere.mat')
    cut = tmp_path / 'cut.mat'
    cut.write_bytes(b'MATLAB 5.0')
    with pytest.raises(ValueError, match=r'cut.mat. \(10 bytes\) cannot be read, perhaps it is cut off'):
        mpii_pckh(pred, cut)
    with pytest.raises(ValueError, match=r"has no 'jnt_missing', only pos_gt_src, headboxes_src"):
        mpii_pckh(pred, {k: v for k, v in mat.items() if k != 'jnt_missing'})
    with pytest.raises(ValueError, match=r'predictions \(39, 16, 2\) must be \(people, joints, 2\) = \(40, 16, 2\)'):
        mpii_pckh(pred[:-1], mat)
    person, joint = np.argwhere(visible)[5]
    pred[person, joint] = np.nan
    with pytest.raises(ValueError, match=f'the first is joint {joint} of person {person}'):
        mpii_pckh(pred, mat)


def test_mpii_nobody():
    mat = dict(pos_gt_src=np.zeros((16, 2, 0)), jnt_missing=np.zeros((16, 0)), headboxes_src=np.zeros((2, 2, 0)))
    assert set(mpii_pckh(np.zeros((0, 16, 2)), mat).values()) == {-1.0}


def test_wrong_mapping():
    with pytest.raises(ValueError, match='keypoint mapping 3 -> 0: 3 is not one of 0 to 2'):
        map_keypoints(np.zeros((1, 3, 2)), 2, [(3, 0)])
