"""evaluate_oks against xtcocotools run as its own users run it, published numbers, and wrong input."""

import contextlib
import io
import json
import warnings

import numpy as np
import pytest

from mmpose_dark.evaluation.functional import evaluate_oks
from mmpose_dark.evaluation.metrics import CocoMetric

COCO = ['AP', 'AP .5', 'AP .75', 'AP (M)', 'AP (L)', 'AR', 'AR .5', 'AR .75', 'AR (M)', 'AR (L)']
CROWD = ['AP', 'AP .5', 'AP .75', 'AR', 'AR .5', 'AR .75', 'AP(E)', 'AP(M)', 'AP(H)']
WHOLE = {'keypoints': 17, 'foot_kpts': 6, 'face_kpts': 68, 'lefthand_kpts': 21, 'righthand_kpts': 21}
PLACES = dict(body=(0, 17), foot=(17, 23), face=(23, 91), lefthand=(91, 112), righthand=(112, 133), wholebody=(0, 133))
CROWDPOSE_SIGMAS = [.079, .079, .072, .072, .062, .062, .107, .107, .087, .087, .089, .089, .079, .079]  # fmt: skip


def xtcocotools(gt: str, dt: str, iou_type: str, sigmas: np.ndarray, use_area: bool) -> dict[str, float]:
    """The reference evaluator on files."""
    coco = pytest.importorskip('xtcocotools.coco')
    cocoeval = pytest.importorskip('xtcocotools.cocoeval')
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        truth = coco.COCO(gt)
        run = cocoeval.COCOeval(truth, truth.loadRes(dt), iou_type, sigmas, use_area=use_area)
        run.evaluate()
        run.accumulate()
        run.summarize()
    return dict(zip(CROWD if iou_type == 'keypoints_crowd' else COCO, run.stats.tolist(), strict=True))


def same(a: dict, b: dict, tolerance: float = 1e-9) -> None:
    assert list(a) == list(b)
    for key, value in a.items():
        assert value == pytest.approx(b[key], abs=tolerance), key


@pytest.mark.parametrize('engine', ['numpy', 'hotcoco', 'xtcocotools'])
@pytest.mark.parametrize('use_area', [True, False])
@pytest.mark.parametrize('iou_type', ['keypoints', 'keypoints_crowd'])
@pytest.mark.parametrize('seed', range(3))
def test_equals_reference_evaluator(people_files, seed, iou_type, use_area, engine):
    gt, dt = people_files(seed, num_images=30)
    sigmas = np.random.default_rng(seed).uniform(0.02, 0.12, 17)
    if engine == 'xtcocotools':
        pytest.importorskip('xtcocotools')
    expected = xtcocotools(gt, dt, iou_type, sigmas, use_area)
    got = evaluate_oks(gt, dt, iou_type=iou_type, sigmas=sigmas, use_area=use_area, engine=engine)
    assert 0 < got['AP'] < 1
    same(got, expected)


@pytest.mark.parametrize('iou_type', ['keypoints', 'keypoints_crowd'])
@pytest.mark.parametrize('categories', [1, 3])
@pytest.mark.parametrize('seed', range(4))
def test_own_matching_equals_hotcoco(people, seed, categories, iou_type):
    gt, dt = people(seed, num_images=40, categories=categories)
    for ann in gt['annotations'][::3]:  # two people on each other, so that detections have a choice
        gt['annotations'].append(dict(ann, id=10_000 + ann['id'], area=ann['area'] * 1.3))
    dt += [dict(found) for found in dt[::5]]  # and the same score and OKS twice
    expected = evaluate_oks(gt, dt, iou_type=iou_type, engine='hotcoco')
    assert 0 < expected['AP'] < 1
    same(evaluate_oks(gt, dt, iou_type=iou_type, engine='numpy'), expected, 1e-12)


@pytest.mark.parametrize('part', PLACES)
def test_parts_equal_reference_evaluator(people_files, part):
    gt, dt = people_files(5, fields=WHOLE)
    sigmas = np.random.default_rng(1).uniform(0.02, 0.12, 133)[slice(*PLACES[part])]
    got = evaluate_oks(gt, dt, iou_type=f'keypoints_{part}', sigmas=sigmas)
    assert got['AP'] > 0
    same(got, xtcocotools(gt, dt, f'keypoints_{part}', sigmas, True))


def test_two_categories_and_other_keypoints(people_files):
    gt, dt = people_files(7, fields={'keypoints': 5}, categories=2)
    sigmas = np.full(5, 0.07)
    same(evaluate_oks(gt, dt, sigmas=sigmas), xtcocotools(gt, dt, 'keypoints', sigmas, True))


def test_results_with_boxes_take_their_area(people, tmp_path):
    gt, dt = people(3)
    boxed = [dict(r, bbox=[0, 0, 40 + 5 * (i % 30), 100]) for i, r in enumerate(dt)]
    paths = []
    for name, content in (('gt', gt), ('dt', boxed)):
        paths.append(str(tmp_path / name))
        (tmp_path / name).write_text(json.dumps(content))
    from mmpose_dark.evaluation.functional import COCO_SIGMAS

    expected = xtcocotools(*paths, 'keypoints', np.array(COCO_SIGMAS), True)
    same(evaluate_oks(*paths), expected)
    assert evaluate_oks(gt, dt)['AP (M)'] != expected['AP (M)']


def test_files_objects_and_arrays_give_the_same(people_files):
    from mmpose_dark.evaluation.functional import OksDetections, OksGroundTruth

    gt, dt = people_files(4)
    expected = evaluate_oks(gt, dt)
    with open(gt) as f, open(dt) as g:
        objects = json.load(f), json.load(g)
    assert evaluate_oks(*objects) == expected
    assert evaluate_oks(OksGroundTruth.read(gt), OksDetections.read(dt)) == expected


def test_arguments_are_not_changed(people):
    gt, dt = people(4)
    before = json.dumps([gt, dt])
    evaluate_oks(gt, dt)
    assert json.dumps([gt, dt]) == before


def test_image_ids_may_be_strings(people):
    gt, dt = people(4)
    expected = evaluate_oks(gt, dt)
    for image in gt['images']:
        image['id'] = f'{image["id"]:03}'
    for record in (*gt['annotations'], *dt):
        record['image_id'] = f'{record["image_id"]:03}'
    assert evaluate_oks(gt, dt) == expected


@pytest.mark.parametrize('engine', ['numpy', 'hotcoco', 'xtcocotools'])
def test_published_coco(shared, engine):
    if engine == 'xtcocotools':
        pytest.importorskip('xtcocotools')
    p = shared / 'golden/published/coco_fake100'
    published = json.loads((p / 'expected.json').read_text())['published']
    got = evaluate_oks(p / 'person_keypoints_val2014_100.json', p / 'results.json', engine=engine)
    same(got, published, 5.1e-4)  # published with three digits


def test_published_crowdpose(shared):
    p = shared / 'golden/published/crowdpose_example'
    published = json.loads((p / 'expected.json').read_text())['published']
    got = evaluate_oks(
        p / 'example_crowdpose_val.json',
        p / 'example_crowdpose_preds.json',
        iou_type='keypoints_crowd',
        sigmas=np.array(CROWDPOSE_SIGMAS),
        use_area=False,
    )
    same({k: got[k] for k in published}, published, 5.1e-6)


@pytest.mark.parametrize('engine', ['numpy', 'hotcoco', 'xtcocotools'])
def test_nobody(people, engine):
    if engine == 'xtcocotools':
        pytest.importorskip('xtcocotools')
    gt, dt = people(4)
    nothing_found = evaluate_oks(gt, [], engine=engine)
    assert nothing_found['AP'] == nothing_found['AR'] == 0.0
    nobody_there = evaluate_oks(dict(gt, annotations=[]), dt, engine=engine)
    assert set(nobody_there.values()) == {-1.0}
    assert set(evaluate_oks(dict(images=[], annotations=[], categories=[]), [], engine=engine).values()) == {-1.0}


def test_only_crowds_is_nobody(people):
    gt, dt = people(4)
    for ann in gt['annotations']:
        ann['iscrowd'] = 1
    assert evaluate_oks(gt, dt)['AP'] == -1.0


def test_crowd_region_without_keypoints(people):
    gt, dt = people(4)
    expected = evaluate_oks(gt, dt)
    zeros = [0.0] * 51
    region = dict(id=999, image_id=gt['images'][0]['id'], category_id=1, bbox=[600, 460, 1, 1], area=1.0, iscrowd=1)
    with_zeros = evaluate_oks(dict(gt, annotations=[*gt['annotations'], dict(region, keypoints=zeros)]), dt)
    without = evaluate_oks(dict(gt, annotations=[*gt['annotations'], region]), dt)
    assert with_zeros == without
    assert expected['AP'] == pytest.approx(without['AP'], abs=0.05)


class TestWrongInput:
    @pytest.fixture
    def data(self, people):
        return people(4)

    def test_missing_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r'annotation file .*nowhere.json. does not exist'):
            evaluate_oks(tmp_path / 'nowhere.json', [])

    @pytest.mark.parametrize('keep', [0, 1000])
    def test_cut_off_file(self, people_files, keep):
        gt, dt = people_files(0)
        with open(gt) as f:
            text = f.read()
        with open(gt, 'w') as f:
            f.write(text[:keep])
        with pytest.raises(ValueError, match=rf'gt.json. is not valid JSON: .* {keep} bytes, .* cut off'):
            evaluate_oks(gt, dt)

    def test_no_coco_dict(self, data):
        with pytest.raises(ValueError, match=r"given annotations has no list 'images', only \['annotations'\]"):
            evaluate_oks(dict(annotations=[]), data[1])

    def test_results_for_other_images(self, data):
        gt, dt = data
        with pytest.raises(ValueError, match=r'1 predictions are for 1 images that are not in the given ann.*: 7;'):
            evaluate_oks(gt, [*dt, dict(dt[0], image_id=7)])

    def test_image_ids_of_another_type(self, data):
        gt, dt = data
        with pytest.raises(ValueError, match='images that are not in'):
            evaluate_oks(gt, [dict(r, image_id=str(r['image_id'])) for r in dt])

    def test_other_categories(self, data):
        gt, dt = data
        with pytest.raises(
            ValueError, match=r'no prediction has a category of the given annotations \(1\); they have 7'
        ):
            evaluate_oks(gt, [dict(r, category_id=7) for r in dt])

    def test_mixed_ids(self, data):
        gt, dt = data
        with pytest.raises(ValueError, match='ids must be all numbers or all strings, got int and str'):
            evaluate_oks(gt, [*dt, dict(dt[0], image_id='7')])

    @pytest.mark.parametrize('value', [float('nan'), float('inf')])
    @pytest.mark.parametrize('field', ['keypoints', 'score'])
    def test_not_finite(self, data, field, value):
        gt, dt = data
        bad = dict(dt[3])
        bad[field] = value if field == 'score' else [value, *bad['keypoints'][1:]]
        with pytest.raises(
            ValueError, match=rf'record 3 \(image {bad["image_id"]}\): {field} is .*NaN and infinity are none'
        ):
            evaluate_oks(gt, [*dt[:3], bad, *dt[4:]])

    def test_wrong_number_of_keypoints(self, data):
        gt, dt = data
        with pytest.raises(ValueError, match='results have 5 keypoints, but there are 17 sigmas'):
            evaluate_oks(gt, [dict(r, keypoints=r['keypoints'][:15]) for r in dt])
        with pytest.raises(ValueError, match='annotations have 17 keypoints, but there are 3 sigmas'):
            evaluate_oks(gt, dt, sigmas=np.ones(3))
        with pytest.raises(ValueError, match=r'result 4 .* has 6 numbers in .keypoints., the first one has 51'):
            evaluate_oks(gt, [*dt[:4], dict(dt[4], keypoints=[1.0] * 6)])

    def test_lost_annotation(self, data):
        gt, dt = data
        lost = dict(gt['annotations'][0], id=77, image_id=12345)
        with pytest.raises(
            ValueError, match='annotation 77 points to image_id 12345, which is not among the 12 images'
        ):
            evaluate_oks(dict(gt, annotations=[*gt['annotations'], lost]), dt)

    def test_annotation_without_box(self, data):
        gt, dt = data
        first = {k: v for k, v in gt['annotations'][0].items() if k != 'bbox'} | dict(iscrowd=0)
        first['keypoints'] = [5.0, 5.0, 2] * 17
        with pytest.raises(ValueError, match=rf"annotation {first['id']} has labelled keypoints and no 'bbox'"):
            evaluate_oks(dict(gt, annotations=[first, *gt['annotations'][1:]]), dt)

    @pytest.mark.parametrize('keypoints', [None, [], 'absent'])
    def test_without_keypoints_nobody_is_labelled(self, data, keypoints):
        gt, dt = data
        first = dict(gt['annotations'][0], iscrowd=0, keypoints=[0] * 51, num_keypoints=0)
        other = {k: v for k, v in first.items() if k != 'keypoints'}
        if keypoints != 'absent':
            other['keypoints'] = keypoints
        values = [evaluate_oks(dict(gt, annotations=[a, *gt['annotations'][1:]]), dt) for a in (first, other)]
        assert values[0] == values[1]

    @pytest.mark.parametrize('area', [None, 0, -3.5])
    def test_no_area(self, data, area):
        gt, dt = data
        labelled = next(a for a in gt['annotations'] if not a['iscrowd'] and any(a['keypoints'][2::3]))
        labelled['area'] = area
        if area is None:
            del labelled['area']
        message = rf"1 annotations, the first of them {labelled['id']}, have no 'area' above 0; use use_area=False"
        with pytest.raises(ValueError, match=message):
            evaluate_oks(gt, dt)
        assert evaluate_oks(gt, dt, use_area=False)['AP'] > 0

    def test_no_crowd_index(self, data):
        gt, dt = data
        del gt['images'][0]['crowdIndex']
        with pytest.raises(ValueError, match="have no 'crowdIndex'"):
            evaluate_oks(gt, dt, iou_type='keypoints_crowd')

    @pytest.mark.parametrize('argument', ['iou_type', 'engine'])
    def test_unknown_argument(self, data, argument):
        with pytest.raises(ValueError, match=rf"{argument} 'nonsense' is unknown; use one of"):
            evaluate_oks(*data, **{argument: 'nonsense'})

    @pytest.mark.parametrize('field', ['image_id', 'keypoints', 'score'])
    def test_result_without(self, data, field):
        gt, dt = data
        with pytest.raises(ValueError, match=rf'the given results: record 0 has no .{field}., only'):
            evaluate_oks(gt, [{k: v for k, v in dt[0].items() if k != field}])

    def test_missing_engine(self, data, monkeypatch):
        import sys

        monkeypatch.setitem(sys.modules, 'xtcocotools', None)
        monkeypatch.setitem(sys.modules, 'xtcocotools.coco', None)
        with pytest.raises(ImportError, match=r'pip install --no-build-isolation .* or use engine=.numpy.'):
            evaluate_oks(*data, engine='xtcocotools')
        with pytest.raises(ImportError, match='pip install'):
            CocoMetric(engine='xtcocotools')


def test_no_warning_and_no_output(people, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        evaluate_oks(*people(4), sigmas=np.full(17, 0.05))
    out, err = capfd.readouterr()
    assert out == err == ''
