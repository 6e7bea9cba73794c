"""PoseTrack18: the reference's values, plain loops, and tracking done by hand."""

import copy
import json

import numpy as np
import pytest

from mmpose_dark.evaluation.functional import PoseTrackGroundTruth, evaluate_posetrack
from mmpose_dark.evaluation.metrics import PoseTrack18Metric
from mmpose_dark.keypoint_sets.builtin.posetrack18 import dataset_info

META = dict(dataset_name='posetrack18', sigmas=np.array(dataset_info['sigmas']))
JOINTS = [j for j in range(17) if j not in (3, 4)]
GROUPS = dict(Head=(0, 1, 2), Shou=(5, 6), Elb=(7, 8), Wri=(9, 10), Hip=(11, 12), Knee=(13, 14), Ankl=(15, 16))


def golden_samples(shared):
    golden = json.loads((shared / 'golden/metrics/posetrack18.json').read_text())
    file = shared / 'data/samples/posetrack18/annotations/test_posetrack18_val.json'
    ids = {'/'.join(i['file_name'].split('/')[-2:]): i['id'] for i in json.loads(file.read_text())['images']}
    rows = []
    for p in golden['predictions']:
        k = np.array(p['keypoints'])[None]
        rows.append(
            dict(
                id=p['bbox_id'],
                img_id=ids['/'.join(p['image'].split('/')[-2:])],
                gt_instances=dict(bbox_scales=np.array([p['scale']]) * 200, bbox_scores=np.array([p['bbox_score']])),
                pred_instances=dict(keypoints=k[..., :2], keypoint_scores=k[..., 2]),
            )
        )
    return golden['expected'], file, rows


@pytest.mark.parametrize('per_sequence', [False, True])
def test_values_of_the_reference(shared, per_sequence):
    expected, file, rows = golden_samples(shared)
    metric = PoseTrack18Metric(str(file.parent / 'val' if per_sequence else file))
    metric.dataset_meta = META
    metric.process({}, rows)
    got = metric.evaluate(len(rows))
    for key, value in expected.items():
        assert got[f'posetrack18/{key}'] == pytest.approx(value, abs=1e-9), key
    assert got['posetrack18/AP'] == got['posetrack18/Total AP']
    assert 'posetrack18/MOTA' not in got


def video(seed=0, frames=6, people=3, sequence='a', first=1):
    """A video in which everybody moves a little, and the same as perfect tracked results."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(100, 900, (people, 1, 2)) + rng.uniform(-60, 60, (people, 17, 2))
    images, annotations, results = [], [], []
    for f in range(frames):
        image_id = first + f
        images.append(dict(id=image_id, vid_id=sequence, frame_id=image_id, is_labeled=True))
        for person in range(people):
            visible = rng.random(17) < 0.8
            k = np.c_[start[person] + 5 * f, visible]
            box = [*k[2, :2], 30.0, 40.0]  # head size 0.6 x 50 = 30 pixels
            ann = dict(id=10 * image_id + person, image_id=image_id, track_id=person, bbox_head=box)
            annotations.append(dict(ann, keypoints=k.flatten().tolist()))
            scored = np.c_[k[:, :2], visible * rng.uniform(0.5, 1, 17)]
            found = dict(image_id=image_id, track_id=person + 7, keypoints=scored.flatten().tolist(), score=0.9)
            results.append(dict(found, category_id=1))
    return dict(images=images, annotations=annotations), results


def loop_ap(gt, dt, threshold=0.5):
    """The protocol, one joint of one person after the other; no ignored regions."""
    scores, labels, totals = ({j: [] for j in JOINTS} for _ in range(3))
    for image in gt['images']:
        truth = [np.reshape(a['keypoints'], (17, 3)) for a in gt['annotations'] if a['image_id'] == image['id']]
        heads = [a['bbox_head'] for a in gt['annotations'] if a['image_id'] == image['id']]
        found = [np.reshape(r['keypoints'], (17, 3)) for r in dt if r['image_id'] == image['id']]
        near = {}
        for p, d in enumerate(found):
            for g, t in enumerate(truth):
                size = 0.6 * np.hypot(heads[g][2], heads[g][3])
                for j in JOINTS:
                    both = d[j, 2] > 0 and t[j, 2] > 0
                    near[p, g, j] = both and np.linalg.norm(d[j, :2] - t[j, :2]) / size <= threshold
        best = {}
        for p in range(len(found)):
            share = [sum(near[p, g, j] for j in JOINTS) / sum(t[j, 2] > 0 for j in JOINTS) for g, t in enumerate(truth)]
            g = int(np.argmax(share)) if truth else -1
            if truth and share[g] > 0 and share[g] > best.get(g, (-1, 0))[1]:
                best[g] = (p, share[g])
        owner = {p: g for g, (p, _) in best.items()}
        for p, d in enumerate(found):
            for j in JOINTS:
                if d[j, 2] > 0:
                    scores[j].append(d[j, 2])
                    labels[j].append(p in owner and near[p, owner[p], j])
        for t in truth:
            for j in JOINTS:
                totals[j].append(t[j, 2] > 0)
    ap = {}
    for j in JOINTS:
        order = np.argsort(scores[j], kind='stable')[::-1]
        hits = np.array(labels[j])[order]
        recall = [0.0, *(np.cumsum(hits) / sum(totals[j])), 1.0]
        precision = [0.0, *(np.cumsum(hits) / np.arange(1, len(hits) + 1)), 0.0]
        for i in range(len(precision) - 2, -1, -1):
            precision[i] = max(precision[i], precision[i + 1])
        ap[j] = 100 * sum((recall[i] - recall[i - 1]) * precision[i] for i in range(1, len(recall)))
    return {**{f'{n} AP': np.mean([ap[j] for j in js]) for n, js in GROUPS.items()}, 'AP': np.mean(list(ap.values()))}


@pytest.mark.parametrize('seed', range(4))
def test_equals_loop(seed):
    gt, dt = video(seed)
    rng = np.random.default_rng(seed)
    noisy = []
    for r in dt:
        k = np.reshape(r['keypoints'], (17, 3)).copy()
        k[:, :2] += rng.normal(0, 12, (17, 2))
        noisy.append(dict(r, keypoints=k.flatten().tolist()))
        if rng.random() < 0.5:  # a second, worse pose of the same person
            k[:, :2] += rng.normal(0, 12, (17, 2))
            k[:, 2] *= rng.uniform(0.3, 1.2)
            noisy.append(dict(r, keypoints=k.flatten().tolist(), track_id=99))
    kept = [r for r in noisy if rng.random() < 0.9]
    expected = loop_ap(gt, kept)
    got = evaluate_posetrack(gt, kept)
    assert 20 < got['AP'] < 95
    for key, value in expected.items():
        assert got[key] == pytest.approx(value, abs=1e-9), key


def test_perfect_results():
    gt, dt = video()
    got = evaluate_posetrack(gt, dt)
    assert got['AP'] == got['MOTA'] == got['MOTP'] == got['Precision'] == got['Recall'] == pytest.approx(100)
    assert got['Misses'] == got['False positives'] == got['Switches'] == 0


def labelled(gt, **match) -> int:
    """Number of evaluated joints with a label in the annotations that match."""
    anns = [a for a in gt['annotations'] if all(a[k] == v for k, v in match.items())]
    return int(sum((np.reshape(a['keypoints'], (17, 3))[JOINTS, 2] > 0).sum() for a in anns))


def test_misses_false_positives_and_switches():
    gt, dt = video()
    total = labelled(gt)
    without = [r for r in dt if r['image_id'] != 3]
    got = evaluate_posetrack(gt, without)
    assert (got['Misses'], got['False positives'], got['Switches']) == (labelled(gt, image_id=3), 0, 0)

    far = copy.deepcopy(dt)
    for r in far:
        if r['image_id'] == 2 and r['track_id'] == 7:
            r['keypoints'] = (np.reshape(r['keypoints'], (17, 3)) + np.array([5000, 0, 0])).flatten().tolist()
    lost = labelled(gt, image_id=2, track_id=0)
    got = evaluate_posetrack(gt, far)
    assert (got['Misses'], got['False positives'], got['Switches']) == (lost, lost, 0)

    swapped = [
        dict(r, track_id={7: 8, 8: 7}.get(r['track_id'], r['track_id']) if r['image_id'] >= 4 else r['track_id'])
        for r in dt
    ]
    got = evaluate_posetrack(gt, swapped)
    visible = {
        (a['track_id'], a['image_id']): np.reshape(a['keypoints'], (17, 3))[JOINTS, 2] > 0 for a in gt['annotations']
    }
    switches = 0  # a joint is switched at its first sight after the swap, if it was seen before
    for person in (0, 1):
        before = np.any([visible[person, i] for i in (1, 2, 3)], 0)
        after = np.any([visible[person, i] for i in (4, 5, 6)], 0)
        switches += int((before & after).sum())
    assert (got['Misses'], got['False positives'], got['Switches']) == (0, 0, switches)
    assert switches > 20
    per_joint = []
    for j in range(15):
        objects = sum(v[j] for v in visible.values())
        wrong = sum(
            any(visible[p, i][j] for i in (1, 2, 3)) and any(visible[p, i][j] for i in (4, 5, 6)) for p in (0, 1)
        )
        per_joint.append(1 - wrong / objects)
    assert got['MOTA'] == pytest.approx(100 * np.mean(per_joint))
    assert got['AP'] == pytest.approx(100)
    assert total > 200


def test_a_track_is_kept_though_another_is_nearer():
    """The correspondence of the last frame holds as long as it is near enough."""
    gt, dt = video(frames=2, people=1)
    second = copy.deepcopy(next(r for r in dt if r['image_id'] == 2))
    moved = np.reshape(second['keypoints'], (17, 3)) + np.array([10, 0, 0])  # a third of a head
    old = dict(second, keypoints=moved.flatten().tolist())
    new = dict(second, track_id=55)
    got = evaluate_posetrack(gt, [dt[0], new, old])
    assert got['Switches'] == 0
    assert got['False positives'] == labelled(gt, image_id=2)


def test_videos_have_nothing_to_do_with_each_other():
    one, found = video()
    other, found_other = video(1, sequence='b', first=50)
    swapped = [dict(r, track_id=r['track_id'] + 1) for r in found_other]
    both = dict(images=one['images'] + other['images'], annotations=one['annotations'] + other['annotations'])
    assert evaluate_posetrack(both, found + swapped)['Switches'] == 0


def test_ignored_regions_count_on_neither_side():
    gt, dt = video(people=2)
    everything = [[-1000, 3000, 3000, -1000]], [[-1000, -1000, 3000, 3000]]
    gt['images'][0].update(ignore_regions_x=everything[0], ignore_regions_y=everything[1])
    dt = [r for r in dt if r['image_id'] != 1]
    junk = dict(dt[0], image_id=1, keypoints=[1.0] * 51)
    got = evaluate_posetrack(gt, [*dt, junk])
    assert got['AP'] == got['MOTA'] == pytest.approx(100)


def test_frames_without_labels_do_not_count():
    gt, dt = video()
    gt['images'].append(dict(id=999, vid_id='a'))
    assert evaluate_posetrack(gt, [*dt, dict(dt[0], image_id=999)])['False positives'] == 0


def test_metric_hands_tracks_on(tmp_path):
    gt, dt = video()
    path = tmp_path / 'gt.json'
    path.write_text(json.dumps(gt))
    metric = PoseTrack18Metric(str(path), nms_mode='none', outfile_prefix=str(tmp_path / 'out'))
    metric.dataset_meta = META
    for i, r in enumerate(dt):
        k = np.reshape(r['keypoints'], (1, 17, 3))
        pred = dict(keypoints=k[..., :2], keypoint_scores=k[..., 2], track_ids=np.array([r['track_id']]))
        metric.process({}, [dict(id=i, img_id=r['image_id'], gt_instances={}, pred_instances=pred)])
    got = metric.evaluate(len(dt))
    expected = evaluate_posetrack(gt, dt)
    assert got == {f'posetrack18/{k}': v for k, v in expected.items()}
    assert evaluate_posetrack(gt, tmp_path / 'out.keypoints.json') == expected


def test_nobody():
    gt, dt = video()
    assert evaluate_posetrack(gt, [])['AP'] == 0.0
    assert np.isnan(evaluate_posetrack(dict(images=gt['images'], annotations=[]), dt)['AP'])


class TestWrongInput:
    def test_needs_annotations(self):
        with pytest.raises(ValueError, match='PoseTrack18Metric needs ann_file'):
            PoseTrack18Metric()

    def test_folder_without_files(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r'no \.json file in'):
            PoseTrackGroundTruth.read(tmp_path)

    def test_no_head(self):
        gt, dt = video()
        del gt['annotations'][4]['bbox_head']
        with pytest.raises(ValueError, match=rf'annotation {gt["annotations"][4]["id"]} .* has no head box'):
            evaluate_posetrack(gt, dt)

    def test_keypoints(self):
        gt, dt = video()
        with pytest.raises(ValueError, match='5 keypoints, PoseTrack18 has 17'):
            evaluate_posetrack(gt, [dict(r, keypoints=r['keypoints'][:15]) for r in dt])
        gt['annotations'][4]['keypoints'] = [1.0, 2.0, 1.0]
        with pytest.raises(ValueError, match=r"has 3 numbers in 'keypoints', expected 51"):
            evaluate_posetrack(gt, dt)

    def test_other_images(self):
        gt, dt = video()
        with pytest.raises(ValueError, match='predictions for 1 images that are not in the given annotations: 777'):
            evaluate_posetrack(gt, [dict(dt[0], image_id=777)])

    def test_nan(self):
        gt, dt = video()
        dt[2]['keypoints'][5] = float('nan')
        with pytest.raises(ValueError, match=r'record 2 \(image 1\): keypoints is .*NaN and infinity are none'):
            evaluate_posetrack(gt, dt)


def test_results_go_into_the_benchmark_s_files(tmp_path):
    """One file a sequence, named as the annotations' files are, whether these are given apart or joined."""
    names = {i: f'keypoint{i}' for i in range(17)}
    images = [dict(id=10 + i, file_name=f'images/test/{seq}/{i}.jpg') for i, seq in enumerate(('a_1', 'a_1', 'b_2'))]
    (tmp_path / 'apart').mkdir()
    for seq in ('a_1', 'b_2'):
        content = dict(images=[im for im in images if f'/{seq}/' in im['file_name']], annotations=[], categories=[])
        (tmp_path / 'apart' / f'{seq}.json').write_text(json.dumps(content))
    (tmp_path / 'joined.json').write_text(json.dumps(dict(images=images, annotations=[], categories=[])))
    rng = np.random.default_rng(0)
    xy, scores = rng.uniform(0, 99, (4, 1, 17, 2)).round(2), rng.uniform(size=(4, 1, 17)).round(2)
    people = [10, 10, 12, 11]
    samples = [
        dict(
            id=i, img_id=img_id, pred_instances=dict(keypoints=xy[i], keypoint_scores=scores[i]),
            gt_instances=dict(bbox_scores=np.ones(1), bbox_scales=np.full((1, 2), 50.0)),
        )
        for i, img_id in enumerate(people)
    ]  # fmt: skip
    for source in ('apart', 'joined.json'):
        out = tmp_path / f'out_{source}'
        metric = PoseTrack18Metric(
            str(tmp_path / source), format_only=True, outfile_prefix=str(out / 'results'), nms_mode='none'
        )
        metric.dataset_meta = dict(
            dataset_name='posetrack18', num_keypoints=17, keypoint_id2name=names, sigmas=np.full(17, 0.05)
        )
        metric.process([], samples)
        assert metric.evaluate(len(samples)) == {}
        assert sorted(path.name for path in out.iterdir()) == ['a_1.json', 'b_2.json']
        first, second = (json.loads((out / f'{seq}.json').read_text()) for seq in ('a_1', 'b_2'))
        assert first['images'] == images[:2]
        assert first['categories'][0]['keypoints'] == list(names.values())
        assert [(a['image_id'], a['track_id']) for a in first['annotations']] == [(10, 0), (10, 1), (11, 0)]
        (person,) = second['annotations']
        np.testing.assert_allclose(np.reshape(person['keypoints'], (17, 3))[:, :2], xy[2, 0], atol=1e-4)
        np.testing.assert_allclose(person['scores'], scores[2, 0], atol=1e-6)
        with pytest.raises(ValueError, match='no annotated people'):
            PoseTrack18Metric(str(tmp_path / source))
