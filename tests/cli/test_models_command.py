"""`mmpose-dark models`: rows by short names, by words, and their weights."""

import json
from pathlib import Path

import pytest

from mmpose_dark.cli.models import main
from mmpose_dark.zoo import ZooError, find_row, read_zoo, zoo_file


@pytest.fixture
def own_zoo(tmp_path: Path) -> Path:
    """A zoo whose rows are one config from three places: a browser's, a program's, and the same weights again."""
    weights = tmp_path / 'weights.pth'
    weights.write_bytes(b'12345')
    row = dict(source='a', benchmark='b', model='Net', config='configs/net_256.py', published=dict(AP=1.0))
    rows = [
        dict(row, id='by-hand', checkpoint='https://drive.google.com/x'),
        dict(row, id='net', checkpoint=weights.as_uri()),
        dict(row, id='net-0.1', checkpoint=weights.as_uri(), weights_of='net'),
        dict(row, id='unpublished', config='configs/other.py', checkpoint=None),
    ]
    content = dict(
        sources=dict(a=dict(title='A', url='https://a', licence='MIT')),
        collections={},
        benchmarks=dict(
            b=dict(title='B val', dataset='B', unit=100, main='AP', tolerance=0.1, figures=dict(AP='x/AP'))
        ),
        rows=rows,
    )
    path = tmp_path / 'zoo.json'
    path.write_text(json.dumps(content))
    return path


def test_a_config_s_name_means_the_row_that_a_program_can_use(own_zoo: Path) -> None:
    zoo = read_zoo(own_zoo)
    assert find_row(zoo, 'net_256').id == 'net'
    assert find_row(zoo, 'by-hand').id == 'by-hand'
    with pytest.raises(ZooError, match=r"no model 'net_25'.*did you mean 'net_256'"):
        find_row(zoo, 'net_25')


def test_every_config_of_the_zoo_is_a_name() -> None:
    zoo = read_zoo(zoo_file())
    for row in zoo.rows.values():
        assert Path(find_row(zoo, Path(row.config).stem).config).stem == Path(row.config).stem


def test_words_find_rows(own_zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['--zoo', str(own_zoo), 'search', 'NET', 'b val', 'other']) == 0
    assert capsys.readouterr().out.split()[0] == 'unpublished'
    with pytest.raises(ZooError, match="speaks of 'resnet'"):
        main(['--zoo', str(own_zoo), 'search', 'resnet'])


def test_weights_are_fetched_and_copied(own_zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['--zoo', str(own_zoo), 'download', 'net_256', '--out', str(tmp_path / 'copy.pth')]) == 0
    assert (tmp_path / 'copy.pth').read_bytes() == b'12345'
    told = capsys.readouterr().out
    for part in ('licence     MIT', 'copy.pth, 0.0 MB', 'AP 1'):
        assert part in told


@pytest.mark.parametrize(('name', 'told'), [('by-hand', 'a browser gets them'), ('unpublished', 'none were published')])
def test_weights_that_no_program_can_fetch(own_zoo: Path, name: str, told: str) -> None:
    with pytest.raises(ZooError, match=told):
        main(['--zoo', str(own_zoo), 'download', name])
