"""CocoMetric and its relatives: scores, suppression, results files, processes, and wrong input."""

import json

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement, InstanceData

from mmpose_dark.evaluation.functional import COCO_SIGMAS, evaluate_oks
from mmpose_dark.evaluation.metrics import CocoMetric, CocoWholeBodyMetric
from mmpose_dark.registry import METRICS

META = dict(dataset_name='coco', num_keypoints=17, sigmas=np.array(COCO_SIGMAS))
WHOLE = {'keypoints': 17, 'foot_kpts': 6, 'face_kpts': 68, 'lefthand_kpts': 21, 'righthand_kpts': 21}


def sample(result: dict, number: int, **instances) -> dict:
    """One predicted person as the network gives it."""
    k = np.concatenate([np.reshape(result[f], (-1, 3)) for f in WHOLE if f in result])[None]
    return dict(
        id=number,
        img_id=result['image_id'],
        category_id=result['category_id'],
        gt_instances=dict(bbox_scales=np.array([[100.0, 120.0]]), bbox_scores=np.array([result['score']])),
        pred_instances=dict(keypoints=k[..., :2], keypoint_scores=k[..., 2], **instances),
    )


def run(metric: CocoMetric, samples: list[dict], meta: dict = META, batch: int = 7, size: int | None = None) -> dict:
    metric.dataset_meta = meta
    for i in range(0, len(samples), batch):
        metric.process({}, samples[i : i + batch])
    return metric.evaluate(len(samples) if size is None else size)


@pytest.fixture
def coco(people_files):
    """Path of the ground truth, its dict, results, and the results as samples."""
    gt, dt = people_files(11, num_images=20)
    with open(gt) as f, open(dt) as g:
        truth, results = json.load(f), json.load(g)
    return gt, truth, results, [sample(r, i) for i, r in enumerate(results)]


GOLDEN = {
    'coco': ('coco/test_coco.json', dict(type='CocoMetric')),
    'crowdpose': (
        'crowdpose/test_crowdpose.json',
        dict(type='CocoMetric', use_area=False, iou_type='keypoints_crowd', prefix='crowdpose'),
    ),
    'aic': ('aic/test_aic.json', dict(type='CocoMetric', use_area=False, prefix='aic')),
    'coco_wholebody': ('coco/test_coco_wholebody.json', dict(type='CocoWholeBodyMetric', prefix='coco_wholebody')),
}


@pytest.mark.parametrize('engine', ['numpy', 'hotcoco', 'xtcocotools'])
@pytest.mark.parametrize('name', GOLDEN)
def test_values_of_the_reference(shared, name, engine):
    if engine == 'xtcocotools':
        pytest.importorskip('xtcocotools')
    from importlib import import_module

    file, config = GOLDEN[name]
    golden = json.loads((shared / f'golden/metrics/{name}.json').read_text())
    ann = json.loads((shared / 'data/samples' / file).read_text())
    ids = {image['file_name'].split('/')[-1]: image['id'] for image in ann['images']}
    rows = []
    for p in golden['predictions']:
        k = np.array(p['keypoints'])[None]
        rows.append(
            dict(
                id=p['bbox_id'],
                img_id=ids[p['image'].split('/')[-1]],
                gt_instances=dict(bbox_scales=np.array([p['scale']]) * 200, bbox_scores=np.array([p['bbox_score']])),
                pred_instances=dict(keypoints=k[..., :2], keypoint_scores=k[..., 2]),
            )
        )
    metric = METRICS.build(dict(config, ann_file=str(shared / 'data/samples' / file), engine=engine))
    sigmas = import_module(f'mmpose_dark.keypoint_sets.builtin.{name}').dataset_info['sigmas']
    got = run(metric, rows, dict(dataset_name=name, sigmas=np.array(sigmas)))
    for key, value in golden['expected'].items():
        assert got[f'{name}/{key}'] == pytest.approx(value, abs=1e-9), key
    for part, values in golden.get('expected_parts', {}).items():
        for key, value in values.items():
            assert got[f'{name}/{part} {key}'] == pytest.approx(value, abs=1e-9), (part, key)


def test_equals_evaluate_oks(coco):
    gt, truth, results, samples = coco
    got = run(CocoMetric(gt, score_mode='bbox', nms_mode='none'), samples)
    assert got == {f'coco/{k}': v for k, v in evaluate_oks(truth, results).items()}


@pytest.mark.parametrize(
    ('mode', 'expected'),
    [
        ('bbox', lambda box, k: box),
        ('keypoint', lambda box, k: np.mean(k)),
        ('bbox_keypoint', lambda box, k: box * np.mean([v for v in k if v > 0.3]) if max(k) > 0.3 else 0.0),
        ('bbox_rle', lambda box, k: box + np.mean(k) + np.max(k)),
    ],
)
def test_score_modes(coco, tmp_path, mode, expected):
    gt, _, results, samples = coco
    metric = CocoMetric(
        gt, score_mode=mode, keypoint_score_thr=0.3, nms_mode='none', outfile_prefix=str(tmp_path / 'out')
    )
    run(metric, samples)
    written = json.loads((tmp_path / 'out.keypoints.json').read_text())
    place = {tuple(r['keypoints']): r['score'] for r in written}
    assert len(place) == len(results)
    for r in results:
        want = expected(r['score'], np.array(r['keypoints'])[2::3])
        assert place[tuple(r['keypoints'])] == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize('mode', ['oks_nms', 'soft_oks_nms'])
def test_suppression(coco, tmp_path, mode):
    from mmpose_dark.evaluation.functional import oks_nms, soft_oks_nms

    gt, _, results, samples = coco
    metric = CocoMetric(gt, score_mode='bbox', nms_mode=mode, nms_thr=0.6, outfile_prefix=str(tmp_path / 'out'))
    run(metric, samples)
    written = json.loads((tmp_path / 'out.keypoints.json').read_text())
    expected = []
    for image in sorted({r['image_id'] for r in results}):
        here = [r for r in results if r['image_id'] == image]
        poses = [dict(keypoints=np.reshape(r['keypoints'], (-1, 3)), score=r['score'], area=12000.0) for r in here]
        function = oks_nms if mode == 'oks_nms' else soft_oks_nms
        expected += [here[i] for i in function(poses, 0.6)]
    assert len(written) == len(expected) < len(results)
    assert [r['keypoints'] for r in written] == [r['keypoints'] for r in expected]


def test_results_file_gives_the_same_values(coco, tmp_path):
    gt, _, _, samples = coco
    got = run(CocoMetric(gt, outfile_prefix=str(tmp_path / 'a/b')), samples)
    again = evaluate_oks(gt, tmp_path / 'a/b.keypoints.json')
    assert got == {f'coco/{k}': v for k, v in again.items()}


def test_wholebody_results_file(people_files, tmp_path):
    gt, dt = people_files(5, fields=WHOLE)
    with open(dt) as f:
        samples = [sample(r, i) for i, r in enumerate(json.load(f))]
    sigmas = np.random.default_rng(0).uniform(0.02, 0.1, 133)
    metric = CocoWholeBodyMetric(gt, outfile_prefix=str(tmp_path / 'out'))
    got = run(metric, samples, dict(sigmas=sigmas))
    for part, place in dict(face=slice(23, 91), wholebody=slice(133)).items():
        again = evaluate_oks(gt, tmp_path / 'out.keypoints.json', iou_type=f'keypoints_{part}', sigmas=sigmas[place])
        assert again == {k: got[f'coco-wholebody/{part} {k}'] for k in again}
    assert got['coco-wholebody/AP'] == got['coco-wholebody/wholebody AP'] != got['coco-wholebody/body AP']


def test_format_only(coco, tmp_path):
    samples = coco[3]
    assert run(CocoMetric(format_only=True, outfile_prefix=str(tmp_path / 'out')), samples) == {}
    assert json.loads((tmp_path / 'out.keypoints.json').read_text())[0]['category_id'] == 1
    assert sorted(p.name for p in tmp_path.glob('out*')) == ['out.keypoints.json']


def test_ground_truth_from_samples(coco, tmp_path):
    _, truth, _, samples = coco
    seen = [s['img_id'] for s in samples]
    for s in samples:
        s['raw_ann_info'] = [a for a in truth['annotations'] if a['image_id'] == s['img_id']]
        s['ori_shape'] = (480, 640)
    got = run(CocoMetric(outfile_prefix=str(tmp_path / 'out')), samples)
    truth = dict(truth, images=[i for i in truth['images'] if i['id'] in seen])
    truth['annotations'] = [a for a in truth['annotations'] if a['image_id'] in seen]
    path = tmp_path / 'seen.json'
    path.write_text(json.dumps(truth))
    assert got == run(CocoMetric(str(path)), samples)
    assert len(json.loads((tmp_path / 'out.gt.json').read_text())['annotations']) == len(truth['annotations'])


def test_ground_truth_of_samples_without_predictions_counts(coco):
    _, truth, _, samples = coco
    for s in samples:
        s['raw_ann_info'] = [a for a in truth['annotations'] if a['image_id'] == s['img_id']]
    full = run(CocoMetric(nms_mode='none'), samples)
    good = max(
        {s['img_id'] for s in samples}, key=lambda i: len([a for a in truth['annotations'] if a['image_id'] == i])
    )
    for s in samples:
        if s['img_id'] == good:
            s['gt_instances'] = {}
            s['pred_instances'] = dict(keypoints=np.zeros((0, 17, 2)), keypoint_scores=np.zeros((0, 17)))
    assert run(CocoMetric(nms_mode='none'), samples)['coco/AR'] < full['coco/AR']


def test_category_of_the_ground_truth_by_default(coco, tmp_path):
    gt, truth, _, samples = coco
    expected = run(CocoMetric(gt), samples)
    for record in (*truth['annotations'], *truth['categories']):
        record['category_id' if 'image_id' in record else 'id'] = 5
    path = tmp_path / 'five.json'
    path.write_text(json.dumps(truth))
    for s in samples:
        del s['category_id']
    assert run(CocoMetric(str(path)), samples) == expected


def test_same_sample_twice_counts_once(coco):
    gt, _, _, samples = coco
    expected = run(CocoMetric(gt), samples)
    assert run(CocoMetric(gt), [*samples, *samples[:5]], size=len(samples)) == expected


def test_order_of_samples_does_not_matter(coco):
    gt, _, _, samples = coco
    for i, s in enumerate(samples):  # no ties, whose order decides
        s['gt_instances']['bbox_scores'] = np.array([(i + 1) / len(samples)])
    assert run(CocoMetric(gt, score_mode='bbox'), samples) == run(CocoMetric(gt, score_mode='bbox'), samples[::-1])


def test_tensors_elements_and_arrays_give_the_same(coco):
    gt, _, _, samples = coco
    for s in samples:  # what a network gives
        s['pred_instances'] = {k: v.astype(np.float32) for k, v in s['pred_instances'].items()}
    expected = run(CocoMetric(gt), samples)
    tensors = [
        dict(s, pred_instances={k: torch.from_numpy(v) for k, v in s['pred_instances'].items()}) for s in samples
    ]
    assert run(CocoMetric(gt), tensors) == expected
    elements = []
    for s in samples:
        element = BaseDataElement(metainfo={k: s[k] for k in ('id', 'img_id', 'category_id')})
        element.gt_instances = InstanceData(**s['gt_instances'])
        element.pred_instances = InstanceData(**s['pred_instances'])
        elements.append(element)
    assert run(CocoMetric(gt), elements) == expected
    half = [dict(s, pred_instances=InstanceData(**s['pred_instances'])) for s in samples]
    assert run(CocoMetric(gt), half) == expected
    evaluator = Evaluator([CocoMetric(gt)])
    evaluator.dataset_meta = META
    evaluator.process(elements)
    assert evaluator.evaluate(len(elements)) == expected


def test_several_people_in_a_sample(coco):
    gt, _, _, samples = coco
    expected = run(CocoMetric(gt), samples)
    together = []
    for image in {s['img_id']: None for s in samples}:
        here = [s for s in samples if s['img_id'] == image]
        join = dict(here[0], id=image)
        for owner in ('gt_instances', 'pred_instances'):
            join[owner] = {k: np.concatenate([s[owner][k] for s in here]) for k in here[0][owner]}
        together.append(join)
    assert run(CocoMetric(gt), together) == expected


def test_box_scores_of_the_network_come_first(coco):
    gt, _, results, samples = coco
    expected = run(CocoMetric(gt, score_mode='bbox'), samples)
    moved = [sample(dict(r, score=0.5), i, bbox_scores=np.array([r['score']])) for i, r in enumerate(results)]
    assert run(CocoMetric(gt, score_mode='bbox'), moved) == expected


def test_converters(coco, tmp_path):
    gt, truth, results, samples = coco
    mapping = [(16 - i, i) for i in range(17)]  # the network's order is the reverse
    turned = [dict(s, pred_instances={k: v[:, ::-1] for k, v in s['pred_instances'].items()}) for s in samples]
    expected = run(CocoMetric(gt, nms_mode='none'), samples)
    converter = dict(type='KeypointConverter', num_keypoints=17, mapping=mapping)
    assert run(CocoMetric(gt, nms_mode='none', pred_converter=converter), turned) == expected
    few = dict(num_keypoints=4, mapping=[(5, 0), (6, 1), (11, 2), (12, 3)])
    got = run(CocoMetric(gt, nms_mode='none', pred_converter=few, gt_converter=few), samples)
    for record in (*truth['annotations'], *results):
        record['keypoints'] = np.reshape(record['keypoints'], (-1, 3))[[5, 6, 11, 12]].flatten().tolist()
    for r, s in zip(results, samples, strict=True):
        scores = s['pred_instances']['keypoint_scores'][:, [5, 6, 11, 12]]  # as mmpose: those that are left
        counted = scores > 0.2
        mean = scores[counted].mean() if counted.any() else 0.0
        r['score'] = s['gt_instances']['bbox_scores'].item() * float(mean)
    alone = evaluate_oks(truth, results, sigmas=np.array(COCO_SIGMAS)[[5, 6, 11, 12]])
    assert got == {f'coco/{k}': pytest.approx(v, abs=1e-12) for k, v in alone.items()}


def test_a_network_of_17_keypoints_is_scored_on_a_dataset_of_14(coco, tmp_path):
    """Both sides are converted to what they share, and the sigmas are those of the dataset, mapped once."""
    _, truth, _, samples = coco
    order = [5, 7, 9, 6, 8, 10, 11, 13, 15, 12, 14, 16]  # of the 17, in the other dataset's order; it has two more
    sigmas = np.linspace(0.03, 0.12, 14)
    for record in truth['annotations']:
        points = np.reshape(record['keypoints'], (-1, 3))[order]
        record['keypoints'] = [*points.flatten().tolist(), 3, 3, 2, 4, 4, 2]
    other = tmp_path / 'other.json'
    other.write_text(json.dumps(truth))
    meta = dict(dataset_name='other', num_keypoints=14, sigmas=sigmas)
    metric = CocoMetric(
        str(other),
        nms_thr=0.5,
        pred_converter=dict(type='KeypointConverter', num_keypoints=12, mapping=[(s, t) for t, s in enumerate(order)]),
        gt_converter=dict(type='KeypointConverter', num_keypoints=12, mapping=[(i, i) for i in range(12)]),
    )
    metric.dataset_meta = meta
    metric.process([], samples)
    got = metric.evaluate(len(samples))
    for record in truth['annotations']:
        record['keypoints'] = record['keypoints'][: 12 * 3]
    other.write_text(json.dumps(truth))
    alone = CocoMetric(str(other), nms_thr=0.5)
    alone.dataset_meta = dict(dataset_name='shared', num_keypoints=12, sigmas=sigmas[:12])
    alone.process(
        [], [dict(s, pred_instances={k: v[:, order] for k, v in s['pred_instances'].items()}) for s in samples]
    )
    assert got == alone.evaluate(len(samples))
    assert got['coco/AP'] > 0.1
    wrong = CocoMetric(str(other), pred_converter=dict(num_keypoints=13, mapping=[(0, 0)]))
    wrong.dataset_meta = alone.dataset_meta
    wrong.process([], samples)
    with pytest.raises(ValueError, match=r'13 keypoints after pred_converter, but dataset_meta .* has 12'):
        wrong.evaluate(len(samples))


def test_nobody_detected_is_zero(coco, caplog):
    gt, _, _, samples = coco
    empty = dict(
        samples[0],
        gt_instances=dict(bbox_scores=np.zeros(0)),
        pred_instances=dict(keypoints=np.zeros((0, 17, 2)), keypoint_scores=np.zeros((0, 17))),
    )
    assert run(CocoMetric(gt), [empty])['coco/AP'] == 0.0
    assert run(CocoMetric(gt), [], size=9)['coco/AP'] == 0.0


def test_results_are_forgotten_after_evaluation(coco):
    gt, _, _, samples = coco
    metric = CocoMetric(gt)
    assert run(metric, samples) == run(metric, samples)
    assert metric.results == []


class TestWrongInput:
    @pytest.mark.parametrize(
        ('argument', 'allowed'),
        [
            ('score_mode', 'bbox_keypoint'),
            ('nms_mode', 'soft_oks_nms'),
            ('iou_type', 'keypoints'),
            ('engine', 'hotcoco'),
        ],
    )
    def test_argument(self, argument, allowed):
        with pytest.raises(ValueError, match=rf"CocoMetric: {argument}='nonsense' is unknown; use one of .*{allowed}"):
            CocoMetric(**{argument: 'nonsense'})

    def test_format_only_without_place(self):
        with pytest.raises(ValueError, match='say where with outfile_prefix'):
            CocoMetric(format_only=True)

    def test_missing_ann_file_at_once(self):
        with pytest.raises(FileNotFoundError, match=r'CocoMetric: ann_file not found: nowhere\.json'):
            CocoMetric('nowhere.json')

    def test_no_dataset_meta(self, coco):
        with pytest.raises(RuntimeError, match=r'CocoMetric.dataset_meta is not set'):
            run(CocoMetric(coco[0]), coco[3], None)
        with pytest.raises(KeyError, match=r"dataset_meta has no 'sigmas'; it has dataset_name"):
            run(CocoMetric(coco[0]), coco[3], dict(dataset_name='x'))

    def test_wrong_number_of_keypoints(self, coco):
        with pytest.raises(ValueError, match=r'annotations have 17 keypoints, but there are 3 sigmas'):
            run(CocoMetric(coco[0]), coco[3], dict(dataset_name='x', sigmas=np.ones(3)))

    def test_other_images(self, coco):
        gt, _, _, samples = coco
        samples[3]['img_id'] = 4711
        with pytest.raises(ValueError, match=r'1 predictions are for 1 images that are not in .*: 4711'):
            run(CocoMetric(gt), samples)

    def test_not_finite_names_the_sample(self, coco):
        gt, _, _, samples = coco
        samples[9]['pred_instances']['keypoints'][0, 4, 1] = np.nan
        where = rf'sample \(id 9, img_id {samples[9]["img_id"]}\): predicted keypoints are NaN or infinite'
        with pytest.raises(ValueError, match=where):
            run(CocoMetric(gt), samples)

    @pytest.mark.parametrize(
        ('owner', 'name'), [('pred_instances', 'keypoints'), ('pred_instances', 'keypoint_scores')]
    )
    def test_lacking_field(self, coco, owner, name):
        gt, _, _, samples = coco
        del samples[2][owner][name]
        with pytest.raises(
            ValueError, match=rf"sample \(id 2, img_id .*\): no '{name}' in 'pred_instances', which has"
        ):
            run(CocoMetric(gt), samples)

    def test_lacking_predictions(self, coco):
        gt, _, _, samples = coco
        del samples[2]['pred_instances']
        with pytest.raises(ValueError, match=r"sample \(id 2.*'pred_instances', which is not there"):
            run(CocoMetric(gt), samples)

    def test_lacking_id(self, coco):
        gt, _, _, samples = coco
        del samples[2]['id']
        with pytest.raises(ValueError, match='needs id and img_id; it has'):
            run(CocoMetric(gt), samples)

    @pytest.mark.parametrize('shape', [(17, 2), (1, 5, 2), (1, 17, 3), ()])
    def test_wrong_shape(self, coco, shape):
        gt, _, _, samples = coco
        samples[2]['pred_instances']['keypoints'] = np.zeros(shape)
        with pytest.raises(ValueError, match=r'sample \(id 2, .*has shape .*, expected \(instances, '):
            run(CocoMetric(gt), samples)

    def test_no_raw_annotations(self, coco):
        with pytest.raises(ValueError, match=r'no raw_ann_info to make the ground truth of; give the metric ann_file'):
            run(CocoMetric(), coco[3])

    def test_lost_samples_are_reported(self, coco, caplog, monkeypatch):
        from mmengine.logging import MMLogger

        said = []
        monkeypatch.setattr(MMLogger.get_current_instance(), 'warning', said.append)
        gt, _, _, samples = coco
        run(CocoMetric(gt), samples, size=len(samples) + 3)
        assert said == [f'CocoMetric: 3 of {len(samples) + 3} samples have no prediction']


def test_a_failed_write_leaves_the_last_file(coco, tmp_path, monkeypatch):
    gt, _, _, samples = coco
    target = tmp_path / 'out.keypoints.json'
    target.write_text('the last good one')
    monkeypatch.setattr(json, 'dump', lambda *a, **k: (_ for _ in ()).throw(OSError('disk full')))
    with pytest.raises(OSError, match='disk full'):
        run(CocoMetric(gt, outfile_prefix=str(tmp_path / 'out')), samples)
    assert target.read_text() == 'the last good one'
    assert len(list(tmp_path.iterdir())) == len({'gt.json', 'dt.json', 'out.keypoints.json'})


def test_perfect_predictions_through_a_dataset(tiny_coco):
    """The ground truth as predictions: AP 1, with the annotation file and with what the samples carry."""
    from mmpose_dark.registry import DATASETS

    data = DATASETS.build(
        dict(
            type='CocoDataset',
            data_root=str(tiny_coco.root),
            ann_file=tiny_coco.ann_file,
            data_prefix=dict(img=tiny_coco.img_dir),
            test_mode=True,
            pipeline=[
                dict(type='LoadImage'),
                dict(type='GetBBoxCenterScale'),
                dict(type='TopdownAffine', input_size=(48, 64)),
                dict(type='PackPoseInputs'),
            ],
        )
    )
    assert len(data) == tiny_coco.num_people
    samples = []
    for i in range(len(data)):
        sample = data[i]['data_samples']
        sample.pred_instances = InstanceData(
            keypoints=sample.gt_instances.keypoints, keypoint_scores=np.ones((1, 17), np.float32)
        )
        samples.append(sample)
    for metric in (CocoMetric(tiny_coco.ann_file), CocoMetric()):
        got = run(metric, samples, data.metainfo)
        assert got['coco/AP'] == got['coco/AR'] == pytest.approx(1.0)


def test_a_test_set_without_annotations_is_refused_when_the_metric_is_built(tmp_path):
    path = tmp_path / 'image_info.json'
    path.write_text(json.dumps(dict(images=[dict(id=1)], annotations=[], categories=[dict(id=1, name='person')])))
    with pytest.raises(ValueError, match=r'has no annotated people to compare with; .*format_only=True'):
        CocoMetric(str(path))
    CocoMetric(str(path), format_only=True, outfile_prefix=str(tmp_path / 'out'))
