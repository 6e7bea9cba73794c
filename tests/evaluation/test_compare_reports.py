"""Comparing reports: what differs is found, files that were changed by other hands are refused in a line."""

import copy
import json

import numpy as np
import pytest
from helpers.mutations import mutated

from mmpose_dark.cli.compare import main
from mmpose_dark.evaluation.reports.comparison import compare_reports
from mmpose_dark.evaluation.reports.files import SCHEMA, read_report
from mmpose_dark.utils.errors import UserError

REPORT = dict(
    schema=SCHEMA,
    name='net',
    created='2026-01-01',
    metrics={'coco/AP': dict(value=0.5, interval=[0.4, 0.6]), 'PCK': dict(value=0.9, interval=None)},
    protocol=dict(
        data=[dict(files=dict(ann_file=dict(path='a.json', sha256='12')))],
        test_cfg=dict(flip_test=True, shift_heatmap=False),
        evaluators=[dict(type='CocoMetric', sigmas=[0.1, 0.2])],
        weights=dict(source='a.pth', sha256='34', meta=dict(epoch=1)),
        versions=dict(torch='2.13'),
    ),
)


def _folder(path, report):
    path.mkdir()
    (path / 'report.json').write_text(json.dumps(report))
    return str(path)


def test_a_report_does_not_differ_from_itself_under_another_name():
    other = copy.deepcopy(REPORT)
    other['protocol']['weights']['source'] = 'elsewhere/a.pth'
    other['protocol']['data'][0]['files']['ann_file']['path'] = 'elsewhere/a.json'
    found = compare_reports(REPORT, other)
    assert found['settings'] == []
    assert all(metric['difference'] == 0 for metric in found['metrics'].values())


def test_every_planted_difference_is_found_those_of_versions_last():
    other = copy.deepcopy(REPORT)
    other['protocol']['versions']['torch'] = '2.14'
    other['protocol']['test_cfg']['shift_heatmap'] = True
    other['protocol']['evaluators'][0]['nms_mode'] = 'none'
    other['protocol']['weights']['sha256'] = '35'
    other['metrics'] = {'coco/AP': dict(value=0.25, interval=None), 'other': dict(value=1, interval=None)}
    found = compare_reports(REPORT, other)
    assert [(row['place'], row['first'], row['second']) for row in found['settings']] == [
        ('test_cfg.shift_heatmap', False, True),
        ('weights.sha256', '34', '35'),
        ('evaluators.0.nms_mode', None, 'none'),
        ('versions.torch', '2.13', '2.14'),
    ]
    assert found['metrics'] == {'coco/AP': dict(first=0.5, second=0.25, difference=-0.25)}


def test_the_command_prints_and_writes(tmp_path, capsys):
    first, second = (_folder(tmp_path / name, REPORT) for name in 'ab')
    assert main([first, second, '--out', str(tmp_path / 'c')]) == 0
    assert 'no setting differs' in capsys.readouterr().out
    assert json.loads((tmp_path / 'c' / 'comparison.json').read_text())['settings'] == []
    assert '<h1>' in (tmp_path / 'c' / 'comparison.html').read_text()


def test_what_is_no_report_is_named(tmp_path):
    for content, message in (('{', 'cut off'), ('[]', 'no report'), ('{"schema": 99}', 'there it is 99')):
        (tmp_path / 'report.json').write_text(content)
        with pytest.raises(UserError, match=message):
            read_report(tmp_path)
    with pytest.raises(UserError, match='there is no report'):
        read_report(tmp_path / 'nowhere')


def test_predictions_elsewhere_are_refused(tmp_path):
    for name in ('../../etc/passwd', '/etc/passwd', '..', ''):
        (tmp_path / 'report.json').write_text(json.dumps(dict(REPORT, predictions=name)))
        with pytest.raises(UserError, match='predictions'):
            read_report(tmp_path)


def test_mutated_reports_are_compared_or_refused(tmp_path):
    rng = np.random.default_rng(0)
    good, other = (_folder(tmp_path / name, REPORT) for name in 'ab')
    refused = 0
    for _ in range(300):
        what, content = mutated(REPORT, rng)
        (tmp_path / 'b' / 'report.json').write_bytes(content)
        said = _said(good, other, str(tmp_path / 'c'))
        refused += bool(said)
        assert not said or (str(tmp_path / 'b') in said and '\n' not in said), what
    assert refused > 50  # and others are settings, which may hold anything


def _said(good, other, out):
    """The message that a comparison ends with, '' where it is made."""
    try:
        main([good, other, '--out', out])
    except UserError as err:
        return str(err)
    return ''
