"""Configs are found by path and by name from any working directory."""

from pathlib import Path

import pytest

from mmpose_dark.config import find_config, list_configs
from mmpose_dark.config import lookup as config_lookup
from mmpose_dark.config.reading import ConfigError

NAME = 'hrnet_w32_coco_256x192_dark'


@pytest.mark.parametrize(
    'spelling',
    [
        NAME,
        f'{NAME}.py',
        f'configs/top_down/darkpose/coco/{NAME}.py',
        f'top_down/darkpose/coco/{NAME}.py',
        str(config_lookup.config_root() / 'top_down' / 'darkpose' / 'coco' / f'{NAME}.py'),
    ],
)
def test_every_spelling_finds_the_same_file(spelling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = config_lookup.config_root() / 'top_down' / 'darkpose' / 'coco' / f'{NAME}.py'
    assert find_config(spelling).resolve() == expected.resolve()


def test_a_file_in_the_working_directory_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / f'{NAME}.py').write_text('a = 1\n')
    assert find_config(f'{NAME}.py').resolve() == (tmp_path / f'{NAME}.py').resolve()


def test_unknown_name_tells_the_nearest() -> None:
    with pytest.raises(ConfigError, match=f"did you mean.*'{NAME}'"):
        find_config('hrnet_w32_coco_256x192_drak')


def test_parts_of_recipes_are_no_configs() -> None:
    assert 'default_runtime' not in list_configs()
    with pytest.raises(ConfigError):
        find_config('default_runtime')


def test_name_in_two_folders_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ('_base_', 'a', 'b'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'same.py').write_text('')
    monkeypatch.setattr(config_lookup, 'config_root', lambda: tmp_path)
    config_lookup._by_name.cache_clear()
    try:
        with pytest.raises(ConfigError, match=r'ambiguous.*a.same\.py.*b.same\.py'):
            find_config('same')
    finally:
        config_lookup._by_name.cache_clear()


def test_installed_package_without_configs_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_lookup, '_PACKAGE', tmp_path / 'mmpose_dark')
    with pytest.raises(ConfigError, match='has no configs'):
        config_lookup.config_root()


def test_installed_package_has_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / 'mmpose_dark' / '.mim' / 'configs'
    (root / '_base_').mkdir(parents=True)
    monkeypatch.setattr(config_lookup, '_PACKAGE', tmp_path / 'mmpose_dark')
    assert config_lookup.config_root() == root
