"""URLs, of a server on the loopback that sends what it is asked to."""

import cv2
import pytest
from drawn_videos import drawn, evenly, number_of, write_video
from stream_server import _Folder, serve

from mmpose_dark.checkpoint import download
from mmpose_dark.checkpoint.errors import CheckpointError
from mmpose_dark.inference.sources import ImageFiles, VideoFile, open_source, open_sources
from mmpose_dark.utils.errors import InputError, MissingFileError

PNG = cv2.imencode('.png', drawn(1))[1].tobytes()


@pytest.fixture
def video(tmp_path):
    pytest.importorskip('av')
    return write_video(tmp_path / 'clip.mp4', evenly(6)).read_bytes()


@pytest.fixture
def server(video):
    """Answers by path: kind of content, content, further headers."""
    answers = {
        '/a.png': ('image/png', PNG, {}),
        '/b%20c.png': ('image/png', PNG, {}),
        '/photo': ('image/png', PNG, {}),
        '/clip.mp4': ('video/mp4', video, {}),
        '/watch': ('video/mp4', video, {}),
        '/bytes': ('application/octet-stream', video, {}),
        '/page': ('text/html; charset=utf-8', b'<html>', {}),
        '/page.mp4': ('text/html', b'<html>', {}),
        '/data': ('application/json', b'{}', {}),
        '/text.mp4': ('video/mp4', b'words', {}),
        '/empty.mp4': ('video/mp4', b'', {}),
        '/big.mp4': ('video/mp4', video, {'Content-Length': str(1 << 50)}),
    }
    asked = []

    class Handler(_Folder):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get('Authorization')))
            kind, content, headers = answers.get(self.path.partition('?')[0], (None, b'', {}))
            if kind is None:
                self.send_error(404)
                return
            self.send_response(200)
            for name, value in {'Content-Type': kind, 'Content-Length': str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    with serve(Handler) as running:
        running.asked = asked
        running.url = f'http://127.0.0.1:{running.server_port}'
        yield running


@pytest.fixture(autouse=True)
def one_try(monkeypatch):
    monkeypatch.setattr(download, '_WAITS', ())


def test_images_of_the_web_and_of_the_disk_are_one_source(tmp_path, server):
    (tmp_path / 'own.png').write_bytes(PNG)
    (source,) = open_sources([f'{server.url}/a.png', str(tmp_path / 'own.png'), f'{server.url}/b%20c.png'])
    assert isinstance(source, ImageFiles)
    assert source.info.name == '3 images'
    paths = [frame.path for frame in source]
    assert [path.rpartition('/')[2] for path in paths] == ['a.png', 'own.png', 'b_c.png']
    assert [str(path) for path in source.inputs] == [str(tmp_path / 'own.png')]
    source.close()
    assert [(tmp_path / path).exists() for path in paths] == [False, True, False]


@pytest.mark.parametrize('path', ['clip.mp4', 'watch', 'bytes'])
def test_a_video_is_fetched_and_goes_with_its_source(server, path):
    source = open_source(f'{server.url}/{path}?token=secret')
    assert isinstance(source, VideoFile)
    assert source.info.name == f'{server.url}/{path}?***'
    assert source.info.stem == path.partition('.')[0]
    assert [number_of(frame.image) for frame in source] == list(range(6))
    assert source.path.exists()
    source.close()
    assert not source.path.parent.exists()


def test_an_image_without_ending(server):
    source = open_source(f'{server.url}/photo')
    assert (source.info.kind, source.info.stem) == ('images', 'photo')


def test_a_password_is_sent_and_never_said(server):
    url = server.url.replace('//', '//me:secret@') + '/clip.mp4'
    source = open_source(url)
    assert server.asked[-1][1] == 'Basic bWU6c2VjcmV0'
    assert 'secret' not in source.info.name
    source.close()
    for path in ('page', 'page.mp4', 'text.mp4', 'none.mp4', 'empty.mp4'):
        with pytest.raises((InputError, CheckpointError)) as error:
            open_source(url.replace('clip.mp4', path) + '?key=secret')
        assert 'secret' not in str(error.value)
        assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('path', 'text'),
    [
        ('page', 'the server sends text/html; an image, a video or a stream is needed'),
        ('data', 'the server sends application/json'),
        ('page.mp4', 'sent a web page'),
        ('text.mp4', r'text\.mp4: is no video'),
        ('empty.mp4', 'sent an empty file'),
        ('none.mp4', '404'),
        ('none', '404'),
        ('big.mp4', 'is the most that is fetched'),
    ],
)
def test_what_is_neither_image_nor_video(server, path, text):
    with pytest.raises((InputError, CheckpointError), match=text) as error:
        open_source(f'{server.url}/{path}')
    assert server.url in str(error.value)


def test_a_limit_on_size(server, monkeypatch):
    monkeypatch.setenv('MMPOSE_DARK_MAX_DOWNLOAD', '100')
    with pytest.raises(CheckpointError, match='100 is the most that is fetched'):
        open_source(f'{server.url}/clip.mp4')


def test_nothing_is_left_where_one_of_several_fails(server, tmp_path, monkeypatch):
    folder = tmp_path / 'temporary'
    folder.mkdir()
    monkeypatch.setattr('tempfile.tempdir', str(folder))
    with pytest.raises(CheckpointError):
        open_sources([f'{server.url}/a.png', f'{server.url}/clip.mp4', f'{server.url}/none.mp4'])
    assert list(folder.iterdir()) == []


def test_given_twice(server):
    sources = open_sources([f'{server.url}/clip.mp4?a=b', f'{server.url}/clip.mp4?a=b'])
    assert len(sources) == 1
    assert sources[0].notes == [f'{server.url}/clip.mp4?*** is given twice: passed over the second time']


def test_urls_of_files(tmp_path, video):
    path = tmp_path / 'my clip.mp4'
    path.write_bytes(video)
    source = open_source(path.as_uri())
    assert isinstance(source, VideoFile)
    assert source.inputs == [path]
    assert len(open_sources([path.as_uri(), str(path)])) == 1
    with pytest.raises(MissingFileError, match='none'):
        open_source((tmp_path / 'none.png').as_uri())


@pytest.mark.parametrize('url', ['ftp://host/a.mp4', 'gopher://host/a', 'torchvision://resnet50', 'http://[::1/a.mp4'])
def test_what_is_no_url_for_us(url):
    with pytest.raises(InputError, match='URL'):
        open_source(url)
