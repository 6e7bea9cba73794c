import math

import pytest
from mmengine.config import Config

from mmpose_dark.config.reading import ConfigError, as_pose_config, load_config
from mmpose_dark.config.text import config_text

TRICKY = dict(
    text='it\'s "quoted" \n {{ not a template',
    nothing=None,
    flag=True,
    numbers=[1, -2.5, 1e-20, float('inf'), float('-inf'), 3 + 1j],
    one=(1,),
    none=(),
    nested=dict(a=dict(), b=[[], (), [(1, 2), (3,)]], c=[dict(type='A'), dict(type='B', x=(1, 2))]),
    keys={1: 'a', 'class': 2, 'with space': 3, (1, 2): 4},
    letters={'b', 'a'},
    long=[dict(type='Something', argument='x' * 40, other=list(range(30))) for _ in range(3)],
)


def test_text_reads_back_equal(tmp_path):
    text = config_text({k: v for k, v in TRICKY.items() if k != 'text'})
    (tmp_path / 'c.py').write_text(text)
    read = Config.fromfile(tmp_path / 'c.py').to_dict()
    for name in read:
        assert read[name] == TRICKY[name], name
        assert type(read[name]) is type(TRICKY[name])
    namespace = {}
    exec(config_text(TRICKY), namespace)
    assert {k: namespace[k] for k in TRICKY} == TRICKY
    assert max(map(len, text.splitlines())) <= 120


def test_classes_are_written_by_name_and_other_things_refused():
    assert config_text(dict(a=dict(type=Config))) == "a = dict(type='mmengine.config.config.Config')\n"
    assert 'math.gcd' in config_text(dict(a=math.gcd))
    with pytest.raises(TypeError, match=r'a config cannot hold <object.*of type object'):
        config_text(dict(a=object()))


def test_pose_config_keeps_everything(tmp_path):
    (tmp_path / 'base.py').write_text('model = dict(b=1, c=[1, 2])\n')
    (tmp_path / 'leaf.py').write_text("_base_ = 'base.py'\nmodel = dict(b=2)\nd = _base_.model.c\n")
    cfg = load_config(tmp_path / 'leaf.py', {'model.c': [7, 2], 'val_cfg.f': 'x'})
    assert cfg.to_dict() == dict(model=dict(b=2, c=[7, 2]), d=[1, 2], val_cfg=dict(f='x'))
    assert cfg.filename == str(tmp_path / 'leaf.py')
    assert as_pose_config(cfg) is cfg
    assert as_pose_config(dict(a=1)).pretty_text == 'a = 1\n'
    for name in ('out.py', 'out.json', 'out.yaml'):
        cfg.dump(tmp_path / name)
        assert load_config(tmp_path / name).to_dict() == cfg.to_dict()


def test_configs_that_cannot_be_read(tmp_path):
    (tmp_path / 'hrnet_w32.py').write_text('a = 1\n')
    with pytest.raises(ConfigError, match=r'hrnet_w23.py does not exist; did you mean .*hrnet_w32.py'):
        load_config(tmp_path / 'hrnet_w23.py')
    with pytest.raises(ConfigError, match='there is no folder'):
        load_config(tmp_path / 'no' / 'x.py')
    (tmp_path / 'broken.py').write_text('a = dict(\n')
    with pytest.raises(ConfigError, match=r'broken.py cannot be read: SyntaxError'):
        load_config(tmp_path / 'broken.py')
    (tmp_path / 'lost.py').write_text("_base_ = 'nowhere.py'\n")
    with pytest.raises(ConfigError, match=r'lost.py cannot be read: .*nowhere.py'):
        load_config(tmp_path / 'lost.py')
    for package in ('mmengine', 'mmdet'):
        (tmp_path / 'package.py').write_text(f"_base_ = '{package}::_base_/default_runtime.py'\n")
        with pytest.raises(ConfigError, match=r"package.py(: a base 'package::file' is not supported| cannot be read)"):
            load_config(tmp_path / 'package.py')


def test_shipped_configs_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_config('configs/_base_/default_runtime.py').default_scope == 'mmpose_dark'
