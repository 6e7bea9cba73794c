"""`mmpose-dark models`: rows by short names, by words, and their weights."""

import http.server
import json
import threading
from pathlib import Path
from typing import ClassVar

import pytest

from mmpose_dark.cli.models import main, parse_args
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


class _Pages(http.server.BaseHTTPRequestHandler):
    """Three weights: one that is there, one that is not, one that is a web page."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        found = 'gone' not in self.path
        self.send_response(200 if found else 404)
        self.send_header('Content-Type', 'text/html' if 'page' in self.path else 'application/octet-stream')
        self.send_header('Content-Length', '2500000' if found else '0')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_addresses_are_asked_and_nothing_is_fetched(own_zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads(own_zoo.read_text())
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f'http://127.0.0.1:{server.server_address[1]}'
        for row, name in zip(content['rows'][1:], ('there', 'gone', 'page'), strict=True):
            row['checkpoint'] = f'{base}/{name}.pth'
        own_zoo.write_text(json.dumps(content))
        assert main(['--zoo', str(own_zoo), 'check', 'net']) == 0
        assert 'net: ' in (told := capsys.readouterr().out)
        assert '2.5 MB' in told
        assert main(['--zoo', str(own_zoo), 'check', '*net*', 'unpublished', 'by-hand']) == 3
        server.shutdown()
    told = capsys.readouterr().out
    for part in ('there.pth: 2.5 MB', 'the server answers 404', 'a web page lies there', 'by hand, not asked'):
        assert part in told
    assert '1 files are served, 1 are for browsers, 2 cannot be had' in told
    assert sorted(_Pages.asked) == ['/gone.pth', '/page.pth', '/there.pth', '/there.pth']


def test_an_action_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_args(['--check']).action == 'check'
    with pytest.raises(SystemExit):
        parse_args([])
    assert 'an ACTION is needed' in capsys.readouterr().err
