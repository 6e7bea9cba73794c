"""``--report``: the protocol is what was run, the page stands alone, the metrics are those without it."""

import hashlib
import json
import pathlib
import shutil
from html.parser import HTMLParser

import pytest


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('report')


@pytest.fixture
def report(tiny_config, random_checkpoint, call_tool, folder):
    """The report of a test, made once."""
    if not (folder / 'report.json').exists():
        options = ['--report', folder, '--work-dir', folder / 'work', '--out', folder / 'metrics.json']
        call_tool('test.py', tiny_config, random_checkpoint, *options, '--cfg-options', 'test_dataloader.batch_size=3')
    return json.loads((folder / 'report.json').read_text())


class _Checker(HTMLParser):
    """Collects tags that are opened and not closed, and whatever a browser would fetch."""

    void = frozenset(('meta', 'img', 'br', 'link', 'path', 'rect', 'line', 'circle', 'polyline'))

    def __init__(self):
        super().__init__()
        self.open, self.fetched = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.void:
            self.open.append(tag)
        self.fetched += [value for name, value in attrs if name in ('src', 'href') and not value.startswith('data:')]

    def handle_endtag(self, tag):
        if tag not in self.void:
            assert self.open.pop() == tag


def test_the_protocol_is_what_was_run(report, tiny_coco, random_checkpoint):
    protocol = report['protocol']
    (data,) = protocol['data']
    content = pathlib.Path(tiny_coco.ann_file).read_bytes()
    assert data['files']['ann_file']['sha256'] == hashlib.sha256(content).hexdigest()
    assert (data['samples'], data['images'], data['boxes']) == (tiny_coco.num_people, 3, 'ground truth')
    assert protocol['input']['size'] == [64, 64]
    assert protocol['input']['padding'] == 1.25
    assert protocol['codec']['unbiased'] is True
    assert protocol['codec']['blur_kernel_size'] == 11
    assert protocol['test_cfg']['flip_test'] is True
    assert protocol['test_cfg']['shift_heatmap'] is False
    oks = protocol['evaluators'][0]
    assert (oks['nms_mode'], oks['score_mode'], len(oks['sigmas'])) == ('none', 'bbox_keypoint', 17)
    assert protocol['weights']['sha256'] == hashlib.sha256(random_checkpoint.read_bytes()).hexdigest()
    assert protocol['run']['batch_size'] == 3
    assert protocol['run']['precision'] == 'float32'


def test_the_metrics_are_those_of_the_test(report, folder):
    plain = json.loads((folder / 'metrics.json').read_text())
    assert {name: metric['value'] for name, metric in report['metrics'].items()} == pytest.approx(plain)


def test_stages_take_the_whole_time(report):
    seconds = dict(report['seconds'])
    total = seconds.pop('total')
    assert {'loader', 'network', 'codec', 'evaluation'} <= set(seconds)
    assert 0 < sum(seconds.values()) <= total


def test_the_predictions_are_those_that_were_judged(report, folder, tiny_coco):
    from mmpose_dark.evaluation.functional.oks_eval import evaluate_oks

    again = evaluate_oks(tiny_coco.ann_file, str(folder / report['predictions']))
    assert again['AP'] == pytest.approx(report['metrics']['coco/AP']['value'])


def test_the_page_stands_alone(report, folder):
    page = (folder / 'report.html').read_text()
    checker = _Checker()
    checker.feed(page)
    assert not checker.open
    assert not checker.fetched
    assert report['protocol']['weights']['sha256'] in page


def test_a_folder_that_cannot_be_written_is_said_before_the_test(tiny_config, random_checkpoint, call_tool, tmp_path):
    (tmp_path / 'file').write_text('')
    said = call_tool('test.py', tiny_config, random_checkpoint, '--report', tmp_path / 'file', status=2)
    assert 'file' in said
    assert 'Traceback' not in said
    assert 'Epoch(test)' not in said


def test_two_reports_are_compared_down_to_images_and_joints(report, folder, tmp_path, capfd, tiny_coco):
    from mmpose_dark.cli.compare import main

    other = tmp_path / 'other'
    shutil.copytree(folder, other)
    truth = json.loads(pathlib.Path(tiny_coco.ann_file).read_text())['annotations']
    people = {person['image_id']: person['keypoints'] for person in truth}
    found = json.loads((other / 'predictions.json').read_text())
    for result in found:  # as if the network had found the last person of each image
        xy = result['keypoints']
        xy[::3], xy[1::3] = people[result['image_id']][::3], people[result['image_id']][1::3]
    (other / 'predictions.json').write_text(json.dumps(found))
    assert main([str(folder), str(other / 'report.json'), '--out', str(tmp_path / 'c'), '--resamples', '50']) == 0
    compared = json.loads((tmp_path / 'c' / 'comparison.json').read_text())
    assert compared['ap']['difference'] > 0.3
    assert set(compared['ap']['joints']) == set(report['protocol']['data'][0]['keypoints'])
    assert {image['id'] for image in compared['ap']['images']} == {1, 2, 3, 7}
    checker = _Checker()
    checker.feed((tmp_path / 'c' / 'comparison.html').read_text())
    assert not checker.open
    assert 'AP differs by' in capfd.readouterr().out
    pathlib.Path(other / 'predictions.json').unlink()
    assert main([str(folder), str(other)]) == 0
    assert 'AP is not looked into' in capfd.readouterr().out


@pytest.mark.slow
def test_two_processes_give_the_same_report(report, tiny_config, random_checkpoint, run_tool, tmp_path):
    options = [
        '--report',
        tmp_path / 'r',
        '--work-dir',
        tmp_path / 'w',
        '--cfg-options',
        'test_dataloader.batch_size=3',
    ]
    run_tool('dist_test.sh', tiny_config, random_checkpoint, 2, *options)
    found = json.loads((tmp_path / 'r' / 'report.json').read_text())
    assert found['protocol']['run']['processes'] == 2
    # batches of other sizes: see tests/helpers/pose_nets.py
    assert found['metrics']['PCK']['value'] == pytest.approx(report['metrics']['PCK']['value'], abs=0.05)
    assert found['errors']['people'] == report['errors']['people']
    assert set(found['metrics']) == set(report['metrics'])


def test_errors_of_a_result_file(call_tool, tiny_coco, tmp_path):
    truth = json.loads(pathlib.Path(tiny_coco.ann_file).read_text())['annotations']
    perfect = [
        dict(image_id=person['image_id'], category_id=1, keypoints=person['keypoints'], score=1.0)
        for person in truth
        if not person['iscrowd']
    ]
    (tmp_path / 'results.json').write_text(json.dumps(perfect))
    options = [tiny_coco.ann_file, tmp_path / 'results.json', '--out', tmp_path / 'errors']
    said = call_tool('analysis_tools/analyze_errors.py', *options)
    assert f'people {tiny_coco.num_people}: found {tiny_coco.num_people}, not found 0' in said
    summary = json.loads((tmp_path / 'errors' / 'errors.json').read_text())
    assert summary['kinds']['good'] == sum(sum(v > 0 for v in p['keypoints'][2::3]) for p in truth)
    checker = _Checker()
    checker.feed((tmp_path / 'errors' / 'errors.html').read_text())
    assert not checker.open
    (tmp_path / 'results.json').write_text('[')
    assert 'results.json' in call_tool('analysis_tools/analyze_errors.py', *options, status=2)
