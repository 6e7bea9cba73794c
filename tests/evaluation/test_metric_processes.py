"""Metrics over several processes count each sample once, whatever the processes hold."""

import json

import numpy as np
import pytest
from several_processes import in_processes

from mmpose_dark.evaluation.functional import COCO_SIGMAS
from mmpose_dark.evaluation.metrics import CocoMetric, PCKAccuracy
from mmpose_dark.evaluation.metrics.tables import join_tables

META = dict(dataset_name='coco', sigmas=np.array(COCO_SIGMAS))


def people_samples(results: list[dict]) -> list[dict]:
    rng = np.random.default_rng(0)
    samples = []
    for i, r in enumerate(results):
        k = np.reshape(r['keypoints'], (1, 17, 3))
        truth = k[..., :2] + rng.normal(0, 3, (1, 17, 2))
        gt = dict(keypoints=truth, keypoints_visible=np.ones((1, 17)), bboxes=np.array([[0.0, 0, 50, 90]]))
        pred = dict(keypoints=k[..., :2], keypoint_scores=k[..., 2], bbox_scores=np.array([r['score']]))
        samples.append(dict(id=i, img_id=r['image_id'], category_id=1, gt_instances=gt, pred_instances=pred))
    return samples


def values_of(gt: str, samples: list[dict], size: int, without_ids: list[dict]) -> dict:
    found = {}
    for metric, rows in (
        (CocoMetric(gt), samples),
        (PCKAccuracy(thr=0.05), samples),
        (PCKAccuracy(thr=0.05, prefix='no ids'), without_ids),
    ):
        metric.dataset_meta = META
        for i in range(0, len(rows), 4):
            metric.process({}, rows[i : i + 4])
        found |= metric.evaluate(size)
    return found


def strip(samples: list[dict]) -> list[dict]:
    """The samples with their number in the dataset in the place of ids."""
    return [{k: v for k, v in s.items() if k not in ('id', 'img_id')} | {'sample_idx': s['id']} for s in samples]


def work(rank: int, folder: str, gt: str, results: list[dict]) -> dict:
    """One process: every second sample, filled up from the beginning as samplers do; two extra on rank 1."""
    samples = people_samples(results)
    padded = samples + samples[: len(samples) % 2]
    mine = padded[rank::2]
    got = values_of(gt, mine + (samples[:2] if rank else []), len(samples), strip(mine))
    metric = CocoMetric(gt)  # the main process fails without dataset_meta; the others must not wait for ever
    metric.process({}, samples)
    with pytest.raises(RuntimeError, match='dataset_meta is not set'):
        metric.evaluate(len(samples))
    return got


def test_two_processes_give_the_values_and_errors_of_one(people_files, tmp_path):
    gt, dt = people_files(11)
    with open(dt) as f:
        results = json.load(f)
    results = results[: len(results) - (len(results) + 1) % 2]  # an odd number: one sample comes twice
    samples = people_samples(results)
    expected = values_of(gt, samples, len(samples), strip(samples))
    assert in_processes(work, tmp_path, 2, gt, results) == [expected] * 2
    assert 0 < expected['coco/AP'] < 1
    assert 0 < expected['PCK'] < 1


@pytest.mark.parametrize('sets', [['x', 'x'], ['x', 'y']])
def test_datasets_with_the_same_ids(sets):
    """Samples of different sets are different samples; those of one set with one id are the same."""
    samples = []
    for name in sets:
        rows = people_samples([dict(keypoints=np.ones(51), image_id=3, score=1.0)])
        samples += [dict(rows[0], dataset_name=name)]
    metric = PCKAccuracy()
    metric.process({}, samples)
    assert len(join_tables([metric.results])['sample']) == len(set(sets))


def test_batches_that_do_not_fit():
    metric = CocoMetric(format_only=True, outfile_prefix='unused')
    metric.dataset_meta = META
    metric.process({}, people_samples([dict(keypoints=np.ones(51), image_id=3, score=1.0)]))
    other = people_samples([dict(keypoints=np.ones(51), image_id=4, score=1.0)])[0]
    other['pred_instances'] = {k: v[:, :5] if v.ndim > 1 else v for k, v in other['pred_instances'].items()}
    metric.process({}, [other])
    with pytest.raises(ValueError, match=r'batches of different shapes, instances apart: xy: \(5, 2\), \(17, 2\)'):
        metric.evaluate(2)


def test_one_process_without_samples(people_files):
    _, dt = people_files(11)
    with open(dt) as f:
        samples = people_samples(json.load(f))
    metric = PCKAccuracy()
    metric.process({}, samples)
    metric.process({}, [])
    table = join_tables([metric.results, []])
    assert len(table['pred']) == len(samples)
    assert sorted(table['sample'].tolist()) == list(range(len(samples)))
