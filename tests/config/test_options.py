"""``--cfg-options``: a value arrives where it is read, or the error says where that is."""

import pathlib

import pytest
from mmengine.config import Config

from mmpose_dark.cli.dict_action import parse_settings
from mmpose_dark.config import ConfigError, load_config
from mmpose_dark.config.options import set_options

PEOPLE = pathlib.Path(__file__).resolve().parents[2] / 'configs' / 'demo' / 'people_dark_192x144.py'


@pytest.fixture
def cfg() -> Config:
    loader = dict(batch_size=4, dataset=dict(type='CocoDataset', data_root='data/', pipeline=[dict(type='LoadImage')]))
    return Config(
        dict(
            codec=dict(sigma=2, input_size=(192, 256)),
            data_root='data/',
            size=64,
            model=dict(type='TopDown', head=dict(decoder=dict(sigma=2, input_size=(192, 256)))),
            train_dataloader=loader,
            test_dataloader=loader,
            train_cfg=dict(max_epochs=2, milestones=[1, 2]),
            val_cfg=None,
            test_evaluator=dict(ann_file='data/a.json'),
        )
    )


@pytest.mark.parametrize(
    ('word', 'place', 'value'),
    [
        ('train_cfg.max_epochs=9', ('train_cfg', 'max_epochs'), 9),
        ('train_cfg.milestones.1=5', ('train_cfg', 'milestones', 1), 5),
        ('train_cfg.milestones=1,5', ('train_cfg', 'milestones'), [1, 5]),
        ('train_cfg.new.deep=x', ('train_cfg', 'new', 'deep'), 'x'),
        ('val_cfg=None', ('val_cfg',), None),
        ('test_evaluator=None', ('test_evaluator',), None),
        ('test_dataloader.dataset.pipeline.0.to_float32=True', ('test_dataloader', 'dataset', 'pipeline', 0,
                                                                'to_float32'), True),
        ('test_evaluator.ann_file=my data, v1/a [b].json', ('test_evaluator', 'ann_file'), 'my data, v1/a [b].json'),
        ('test_evaluator.ann_file=a,b', ('test_evaluator', 'ann_file'), 'a,b'),
        ("test_evaluator.ann_file=o'brien's.json", ('test_evaluator', 'ann_file'), "o'brien's.json"),
        ('test_evaluator.ann_file=say "a, b".json', ('test_evaluator', 'ann_file'), 'say "a, b".json'),
        ('test_evaluator.ann_file=a[1,(2.json', ('test_evaluator', 'ann_file'), 'a[1,(2.json'),
        ('test_dataloader.dataset.bbox_file=new, a/b.json', ('test_dataloader', 'dataset', 'bbox_file'),
         'new, a/b.json'),
        ('test_dataloader.dataset.data_root=', ('test_dataloader', 'dataset', 'data_root'), ''),
    ],
)  # fmt: skip
def test_a_value_arrives(cfg: Config, word: str, place: tuple, value: object) -> None:
    set_options(cfg, parse_settings([word]))
    found: object = cfg
    for key in place:
        found = found[key]
    assert found == value


@pytest.mark.parametrize(
    ('word', 'message'),
    [
        ('foo=1', 'foo: nothing reads this name'),
        ('batch_size=8', r'set train_dataloader\.batch_size or test_dataloader\.batch_size'),
        ('max_epochs=9', r'set train_cfg\.max_epochs'),
        ('data_root=/nowhere/', r'set .*train_dataloader\.dataset\.data_root.* and .*test_evaluator\.ann_file'),
        ('codec.sigma=3', r'set model\.head\.decoder\.sigma'),
        ('size=3', 'nothing reads this any more'),
        ('model=x', r'model is a section \(TopDown\) with type, head; set one of these'),
        ('model.head=x', r'model\.head is a section with decoder'),
        ('model.head.decoder.sigma.x=1', r'model\.head\.decoder\.sigma is 2'),
        ('model.head.decoder.input_size.0=1', 'set the whole of it'),
        ('test_dataloader.dataset.pipeline=x', 'is a list of 1'),
        ('test_dataloader.dataset.pipeline.7.a=x', r'its items go by number.*pipeline\.0'),
        ('test_dataloader.dataset.pipeline.-1.a=x', 'its items go by number'),
        ('test_dataloader.dataset.pipeline.a=x', 'its items go by number'),
        ('model..head=1', 'no name of a setting'),
        ('=1', 'no name of a setting'),
        ('model._delete_=True', 'no name of a setting'),
        ('val_cfg.a=1', 'val_cfg is None'),
    ],
)
def test_what_has_no_effect_is_refused(cfg: Config, word: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        set_options(cfg, parse_settings([word]))


def test_a_variable_may_be_set_together_with_all_that_was_made_of_it(cfg: Config) -> None:
    set_options(cfg, {'codec.sigma': 3, 'model.head.decoder.sigma': 3})
    assert cfg.codec.sigma == cfg.model.head.decoder.sigma == 3


def test_dicts_are_merged_or_replaced(cfg: Config) -> None:
    set_options(cfg, {'train_cfg': dict(max_epochs=5), 'test_evaluator': dict(_delete_=True, type='PCKAccuracy')})
    assert cfg.train_cfg == dict(max_epochs=5, milestones=[1, 2])
    assert cfg.test_evaluator == dict(type='PCKAccuracy')


def test_a_child_config_cannot_change_a_variable_that_was_used(tmp_path) -> None:
    base = load_config(PEOPLE)
    child = tmp_path / 'child.py'
    child.write_text(f'_base_ = {base.filename!r}\ncodec = dict(unbiased=False)\n')
    with pytest.raises(ConfigError, match=r'codec: .* no effect in model\.head\.decoder; set it there'):
        load_config(child)
    child.write_text(child.read_text() + 'model = dict(head=dict(decoder=dict(unbiased=False)))\n')
    assert load_config(child).model.head.decoder.unbiased is False
    child.write_text(f'_base_ = {base.filename!r}\nmine = 3\nmodel = dict(head=dict(out_channels=mine))\n')
    assert load_config(child).model.head.out_channels == 3
