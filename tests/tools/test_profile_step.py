"""profile_step: every phase of the real network is seen, with the config's data and with drawn people."""

import json

import pytest

import mmpose_dark.synthetic

TOOL = 'analysis_tools/profile_step.py'


def shares(path):
    return {row['phase']: row['share'] for row in json.loads(path.read_text())['table']}


@pytest.mark.slow
def test_training(tiny_config, call_tool, tmp_path):
    out = tmp_path / 'profile.json'
    options = ('--cfg-options', 'model.head.acc_interval=1')
    printed = call_tool(TOOL, tiny_config, '--device', 'cpu', '--steps', 4, '--warm-up', 1, '--out', out, *options)
    found = shares(out)
    assert all(found[phase] > 0 for phase in found), found
    assert found['network'] > found['codec']
    assert sum(found.values()) == pytest.approx(2)  # the phases, and the step
    record = json.loads(out.read_text())
    assert (record['settings']['precision'], record['settings']['acc_interval']) == ('float32', 1)
    assert record['loader'] == dict(workers=1, persistent=False, pinned=False, prefetch=2, single_thread=True)
    assert 'training step of tiny: 2 samples' in printed
    assert 'loader alone: ' in printed
    assert all(line in printed for line in record['advice'])
    assert 'coco/AP' not in printed
    assert not list(tmp_path.rglob('*.pth'))


def test_heatmaps_of_the_loader_are_transferred_not_made(tiny_config, call_tool, tmp_path):
    config, out = tmp_path / 'shipped.py', tmp_path / 'profile.json'
    config.write_text(
        f'_base_ = [{str(tiny_config)!r}]\n'
        'train_dataloader = dict(dataset=dict(pipeline=[\n'
        "    *_base_.load, _base_.crop[0], dict(type='GenerateTarget', encoder=_base_.codec), _base_.crop[1]]))\n"
    )
    call_tool(TOOL, config, '--device', 'cpu', '--steps', 2, '--warm-up', 1, '--num-workers', 0, '--out', out)
    assert shares(out)['codec'] == 0
    assert json.loads(out.read_text())['settings']['targets_in_loader']


def test_testing_in_bfloat16(tiny_config, call_tool, tmp_path):
    out = tmp_path / 'profile.json'
    call_tool(
        TOOL, tiny_config, '--mode', 'test', '--steps', 3, '--warm-up', 1, '--device', 'cpu', '--amp',
        '--channels-last', '--batch-size', 3, '--out', out,
    )  # fmt: skip
    found = shares(out)
    assert list(found) == ['loader', 'transfer', 'network', 'codec', 'metric', 'rest', 'step']
    assert all(found[phase] > 0 for phase in found), found
    settings = json.loads(out.read_text())['settings']
    assert (settings['precision'], settings['channels_last'], settings['flip_test']) == ('bfloat16', True, True)


@pytest.mark.parametrize(
    ('config', 'mode'),
    [
        ('configs/top_down/hrnet/lspet/hrnet_small_lspet_128x96.py', 'train'),
        pytest.param('configs/top_down/resnet/mpii/res50_mpii_256x256.py', 'test', marks=pytest.mark.slow),
        pytest.param(
            'configs/top_down/darkpose/coco/hrnet_w48_coco_aic_384x288_dark_testdev.py', 'train', marks=pytest.mark.slow
        ),
        pytest.param(
            'configs/top_down/darkpose/coco-wholebody/hrnet_w32_coco_wholebody_256x192_dark.py',
            'test',
            marks=pytest.mark.slow,
        ),
    ],
)
def test_drawn_people_with_the_keypoints_of_the_config(config, mode, call_tool, tmp_path, monkeypatch):
    draw = mmpose_dark.synthetic.PeopleSettings

    def small(*, train, val, **_):
        return draw(train=min(train, 3), val=min(val, 3), width=160, height=120)

    monkeypatch.setattr(mmpose_dark.synthetic, 'PeopleSettings', small)
    out = tmp_path / 'profile.json'
    printed = call_tool(
        TOOL, config, '--mode', mode, '--synthetic', '--steps', 1, '--warm-up', 1, '--batch-size', 2,
        '--num-workers', 0, '--device', 'cpu', '--out', out,
    )  # fmt: skip
    assert shares(out)['codec'] > 0
    assert 'drawn people' in printed
    assert ('MpiiPCKAccuracy needs its own dataset' in printed) == ('mpii' in config)


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['nowhere.py'], 'config nowhere.py does not exist'),
        (['CONFIG', '--mode', 'test', '--cfg-options', 'test_evaluator=None'], 'it has no test_evaluator'),
        (['CONFIG', '--steps', '0'], 'at least 1 is needed'),
        (['CONFIG', '--launcher', 'pytorch'], 'one process is profiled'),
        (['configs/top_down/hrnet/mpii/hrnet_w32_mpii_256x256.py'], 'expects this layout'),
        (
            ['CONFIG', '--batch-size', '100', '--cfg-options', 'train_dataloader.drop_last=True'],
            'drop_last=True leaves out what does not fill a batch',
        ),
    ],
)
def test_users_mistakes_are_one_message(tiny_config, call_tool, arguments, says):
    output = call_tool(TOOL, *[tiny_config if a == 'CONFIG' else a for a in arguments], status=2)
    assert says in output
    assert 'Traceback' not in output
