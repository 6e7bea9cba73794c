"""A config in JSON or YAML is data: nothing in it runs."""

import json

import pytest
import yaml

from mmpose_dark.config import ConfigError, load_config, validate_config
from mmpose_dark.keypoint_sets.definitions import DefinitionError, load_definition


@pytest.mark.parametrize(
    'tag',
    [
        '!!python/object/apply:os.system ["touch RAN"]',
        '!!python/object/new:os.system ["touch RAN"]',
        '!!python/name:os.system',
        '!!python/module:os',
        '!!python/object:collections.Counter {}',
    ],
)
def test_tags_of_yaml_are_not_executed(tag: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (('a.yaml', f'model: {tag}\n'), ('b.yml', '_base_: a.yaml\nval_cfg: {}\n')):
        (tmp_path / name).write_text(text)
        with pytest.raises(ConfigError, match='cannot be read: ConstructorError'):
            load_config(tmp_path / name)
    (tmp_path / 'c.yaml').write_text(f'dataset_info: {tag}\n')
    with pytest.raises(DefinitionError, match='cannot be read: ConstructorError'):
        load_definition(str(tmp_path / 'c.yaml'))
    assert not (tmp_path / 'RAN').exists()


@pytest.mark.parametrize('suffix', ['json', 'yaml'])
@pytest.mark.parametrize(
    'place', ['model', 'model.backbone', 'val_evaluator', 'custom_hooks', 'optim_wrapper', 'visualizer', 'collate_fn']
)
def test_types_that_are_no_components(suffix: str, place: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'evil.py').write_text("open('RAN', 'w')")
    for kind in ('os.system', 'evil.Thing', 'subprocess.run'):
        evil = dict(type=kind, command='touch RAN', args='touch RAN')
        cfg = dict(model=dict(type='TopDown', backbone=dict(type='ResNet', depth=18)))
        if place == 'model.backbone':
            cfg['model']['backbone'] = evil
        elif place == 'collate_fn':
            cfg['val_dataloader'] = dict(dataset=dict(type='CocoDataset'), sampler=None, collate_fn=evil)
        else:
            cfg[place] = [evil] if place == 'custom_hooks' else evil
        path = tmp_path / f'a.{suffix}'
        path.write_text(json.dumps(cfg) if suffix == 'json' else yaml.safe_dump(cfg))
        with pytest.raises(ConfigError, match=f'{kind}: unknown'):
            validate_config(load_config(path))
    assert not (tmp_path / 'RAN').exists()


def test_tuples_that_mmengine_wrote_are_read(tmp_path) -> None:
    (tmp_path / 'a.py').write_text('model = dict(size=(1, 2))\n')
    load_config(tmp_path / 'a.py').dump(tmp_path / 'a.yaml')
    assert load_config(tmp_path / 'a.yaml').model['size'] == (1, 2)
