"""What the words of a command line mean, and images from Python."""

import os
import re
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpose_dark.inference.sources import ArraySource, ImageSequence, VideoFile, open_source, open_sources
from mmpose_dark.utils.errors import InputError, MissingFileError, StateError


def write_image(path: Path, value: int = 50) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((6, 8, 3), value, np.uint8))
    return path


def write_video(path: Path, count: int = 4) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 10, (64, 48))
    for number in range(count):
        writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
    writer.release()
    return path


def test_images_are_one_source_and_come_first(tmp_path):
    for name in ('photos/b.jpg', 'photos/a10.jpg', 'photos/a9.jpg', 'one.png'):
        write_image(tmp_path / name)
    (tmp_path / 'photos' / 'notes.txt').touch()
    write_video(tmp_path / 'clip.mp4')
    sources = open_sources([str(tmp_path / n) for n in ('clip.mp4', 'photos', 'one.png', 'photos/b.jpg')])
    assert [source.info.kind for source in sources] == ['images', 'video']
    assert [Path(f.path).name for f in sources[0]] == ['a9.jpg', 'a10.jpg', 'b.jpg', 'one.png']
    assert sources[0].info.stem == 'images'
    assert any('notes.txt' in note for note in sources[0].notes)
    assert any('1 image is given twice' in note for note in sources[0].notes)


@pytest.mark.parametrize(('word', 'stem'), [('photos', 'photos'), ('photos/a.jpg', 'a'), ('photos/*.jpg', 'photos')])
def test_stems_of_images(tmp_path, word, stem):
    write_image(tmp_path / 'photos' / 'a.jpg')
    assert open_source(tmp_path / word).info.stem == stem


def test_videos_of_one_name_get_stems_of_their_own(tmp_path):
    for folder in ('x', 'y'):
        (tmp_path / folder).mkdir()
        write_video(tmp_path / folder / 'clip.mp4')
    words = [str(tmp_path / f / 'clip.mp4') for f in ('x', 'y', 'x')]
    sources = open_sources(words)
    assert [source.info.stem for source in sources] == ['clip', 'clip_2']
    assert 'is given twice' in sources[0].notes[0]


@pytest.mark.parametrize('name', ['50%.mp4', 'a b.mp4', 'frame_%04d.mp4', 'видео.mp4', 'x[1].mp4', '-clip.mp4', '7'])
def test_odd_names_are_files(tmp_path, name, monkeypatch):
    write_video(tmp_path / 'plain.mp4').rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert isinstance(open_source(name), VideoFile)


def test_a_folder_called_like_a_video(tmp_path):
    write_image(tmp_path / 'takes.mp4' / 'a.png')
    assert open_source(tmp_path / 'takes.mp4').info.kind == 'images'


def test_a_file_without_ending_is_what_it_holds(tmp_path):
    write_image(tmp_path / 'a.png').rename(tmp_path / 'photo')
    assert open_source(tmp_path / 'photo').info.kind == 'images'
    (tmp_path / 'text').write_text('just words')
    with pytest.raises(InputError, match='is no video'):
        open_source(tmp_path / 'text')


def test_sequences_of_images(tmp_path):
    for number in (1, 2, 4, 10):
        write_image(tmp_path / f'frame_{number:04d}.png')
    source = open_source(tmp_path / 'frame_%04d.png', fps=5)
    assert isinstance(source, ImageSequence)
    assert [frame.time for frame in source] == pytest.approx([0, 0.2, 0.6, 1.8])
    assert source.notes == ['6 numbers are missing between 1 and 10: 3, 5, 6, 7, 8, ...']
    assert source.info.stem == 'frame'
    folder = open_source(tmp_path, fps=5)
    assert [frame.time for frame in folder] == pytest.approx([0, 0.2, 0.4, 0.6])
    with pytest.raises(MissingFileError, match='no file is called as'):
        open_source(tmp_path / 'take_%04d.png')


@pytest.mark.parametrize('word', ['nothing.mp4', 'nothing', 'no/such/*.jpg', 'gopher://host/a'])
def test_what_is_not_there_is_named(tmp_path, word, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((MissingFileError, InputError), match=word.split('*')[0].replace('.', r'\.')):
        open_source(word)


def test_a_glob_of_videos_is_a_source_each(tmp_path):
    for name in ('b.mp4', 'a.MP4'):
        write_video(tmp_path / name)
    write_image(tmp_path / 'c.png')
    (tmp_path / 'folder').mkdir()
    sources = open_sources([str(tmp_path / '*'), str(tmp_path / 'b.mp4')])
    assert [(source.info.kind, source.info.stem) for source in sources] == [
        ('images', tmp_path.name),
        ('video', 'a'),
        ('video', 'b'),
    ]
    assert 'b.mp4 is given twice' in sources[0].notes[0]
    with pytest.raises(InputError, match='means 3 sources; open_sources gives them all'):
        open_source(tmp_path / '*')


def test_a_folder_of_videos_says_how_to_give_them(tmp_path):
    write_video(tmp_path / 'a.mp4')
    with pytest.raises(MissingFileError, match=r'has no images, but videos.* as a glob: .*/\*\.mp4'):
        open_source(tmp_path)


def test_images_one_by_one_are_a_video_with_fps(tmp_path):
    """A shell makes of folder/*.png a word for each."""
    for number in (9, 10, 12):
        write_image(tmp_path / f'f{number}.png')
    words = sorted(str(path) for path in tmp_path.iterdir())
    sources = open_sources(words, fps=10)
    assert [source.info.kind for source in sources] == ['video']
    assert [Path(frame.path).name for frame in sources[0]] == ['f9.png', 'f10.png', 'f12.png']
    assert [frame.time for frame in sources[0]] == pytest.approx([0, 0.1, 0.3])
    assert sources[0].notes == ['1 number is missing between 9 and 12: 11']
    assert [frame.time for frame in open_source(tmp_path / 'f*.png', fps=10)] == pytest.approx([0, 0.1, 0.3])
    assert open_source(tmp_path / 'f9.png', fps=10).info.kind == 'images'


@pytest.mark.parametrize(
    ('names', 'times'),
    [
        (['f0.png', 'f10.png', 'f20.png', 'f40.png'], [0, 1, 2, 4]),  # every tenth frame, one is missing
        (['1700.png', '1733.png', '1767.png'], [0, 1, 2]),  # moments
        (['a.png', 'b.png', 'c1.png'], [0, 1, 2]),
        (['cam1_5.png', 'cam1_6.png', 'cam2_1.png'], [0, 1, 2]),
    ],
)
def test_numbers_of_a_folder(tmp_path, names, times):
    for name in names:
        write_image(tmp_path / name)
    assert [frame.time for frame in open_source(tmp_path, fps=1)] == pytest.approx(times)


@pytest.mark.parametrize('fps', [0, -1, float('nan'), float('inf')])
def test_frames_a_second_that_are_none(tmp_path, fps):
    write_image(tmp_path / 'a.png')
    with pytest.raises(InputError, match=r'fps.* must be a number above 0'):
        open_sources([str(tmp_path)], fps=fps)


def test_a_percent_sign_in_a_folder_is_no_pattern(tmp_path):
    write_image(tmp_path / '100%d' / 'a.png')
    assert open_source(tmp_path / '100%d').info.kind == 'images'
    assert open_source(tmp_path / '100%d' / 'a.png').info.stem == 'a'


def test_patterns_do_not_guess(tmp_path):
    for name in ('f_0001.png', 'f_12345.png', 'f_01.png', 'xf_0002.png', 'f_0003.jpg'):
        write_image(tmp_path / name)
    (tmp_path / 'f_0004.png').mkdir()
    source = open_source(tmp_path / 'f_%04d.png')
    assert [path.name for path in source.inputs] == ['f_0001.png', 'f_12345.png']
    with pytest.raises(InputError, match='has one number'):
        open_source(tmp_path / 'f_%d_%d.png')


def test_pipes_and_devices_are_not_waited_for(tmp_path):
    for name in ('pipe.jpg', 'pipe.mp4', 'pipe'):
        os.mkfifo(tmp_path / name)
        with pytest.raises(InputError, match='is no file, folder or camera, but a pipe or a device'):
            open_source(tmp_path / name)
    with pytest.raises(InputError, match='/dev/null: is no file'):
        open_source('/dev/null')


@pytest.mark.parametrize('word', ['x' * 300 + '.mp4', 'a\0b.mp4', '', 'no/../such', '~no-such-user/a.mp4'])
def test_names_that_no_file_can_have(word, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((MissingFileError, InputError)) as error:
        open_sources([word])
    assert '\n' not in str(error.value)


@pytest.mark.skipif(os.geteuid() == 0, reason='nothing is forbidden to root')
def test_what_may_not_be_read(tmp_path):
    write_video(tmp_path / 'a.mp4').chmod(0)
    with pytest.raises(InputError, match=r'a\.mp4: .*Permission denied'):
        open_source(tmp_path / 'a.mp4')


def test_no_words():
    with pytest.raises(InputError, match='no source was given'):
        open_sources([])


def test_a_failure_closes_what_was_opened(tmp_path, monkeypatch):
    closed = []
    monkeypatch.setattr(VideoFile, 'close', lambda self: closed.append(self.info.name))
    clip = str(write_video(tmp_path / 'a.mp4'))
    with pytest.raises(MissingFileError):
        open_sources([clip, str(tmp_path / 'none.mp4')])
    assert closed == [clip]


def test_links_to_the_same_file(tmp_path):
    clip = write_video(tmp_path / 'a.mp4')
    (tmp_path / 'b.mp4').symlink_to(clip)
    sources = open_sources([str(clip), str(tmp_path / 'b.mp4')])
    assert len(sources) == 1
    assert sources[0].notes == [f'{tmp_path / "b.mp4"} is given twice: passed over the second time']


def test_arrays_that_are_no_images_come_with_their_error():
    source = ArraySource([np.zeros((4, 4, 3), np.uint8), None, 'a.jpg'], fps=2)
    frames = list(source)
    assert [frame.error is None for frame in frames] == [True, False, True]
    assert 'cv2.imread gives None' in frames[1].error
    assert frames[2].path == 'a.jpg'
    assert [frame.time for frame in frames] == [0, 0.5, 1]


def test_one_image_as_an_array():
    assert len(list(ArraySource(np.zeros((4, 6, 3), np.uint8)))) == 1
    assert len(list(ArraySource(np.zeros((2, 4, 6, 3), np.uint8), fps=1))) == 2


def test_a_generator_can_be_gone_through_once():
    source = ArraySource((np.zeros((4, 6, 3), np.uint8) for _ in range(2)), fps=1)
    assert len(list(source)) == 2
    with pytest.raises(StateError, match='can be gone through once'):
        iter(source)
    with pytest.raises(InputError, match='no image came'):
        list(ArraySource(iter([]), fps=1))


def test_links_in_a_folder(tmp_path):
    folder = tmp_path / 'photos'
    write_image(folder / 'a2.jpg')
    write_image(tmp_path / 'else' / 'b.jpg')
    (folder / 'a10.jpg').symlink_to('a2.jpg')  # the same image
    (folder / 'a1.jpg').symlink_to(tmp_path / 'else' / 'b.jpg')
    (folder / 'circle.jpg').symlink_to('circle.jpg')
    (folder / 'nowhere.jpg').symlink_to('gone.jpg')
    (tmp_path / 'linked').symlink_to(folder)
    sources = open_sources([str(folder), str(tmp_path / 'linked' / 'a2.jpg'), str(tmp_path / 'else')])
    assert [Path(frame.path).name for frame in sources[0]] == ['a1.jpg', 'a2.jpg']
    passed, twice = sources[0].notes
    assert '2 of 5 entries are passed over' in passed
    assert passed.endswith('circle.jpg, nowhere.jpg')
    assert '3 images are given twice' in twice


VIDEOS = Path(__file__).resolve().parents[2].parent / 'shared' / 'data' / 'video'


@pytest.mark.skipif(not VIDEOS.is_dir(), reason='needs the clips in ../shared/data/video')
@pytest.mark.parametrize('decoder', ['av', 'opencv'])
def test_real_clips(decoder):
    """Their size and number of frames stand in their names."""
    if decoder == 'av':
        pytest.importorskip('av')
    paths = sorted(VIDEOS.glob('*.mp4'))
    assert paths
    for path in paths:
        size, count = re.search(r'_(\d+)x(\d+)_(\d+)f', path.name).group(1, 2), int(path.stem.rpartition('_')[2][:-1])
        source = VideoFile(path, decoder=decoder)
        assert source.info.size == tuple(map(int, size))
        assert source.info.num_frames == count
        times = [(frame.time, frame.image.shape) for frame in islice(source, 40)]
        assert np.diff([time for time, _ in times]) == pytest.approx(1 / source.info.fps, abs=1e-3)
        assert {shape for _, shape in times} == {(int(size[1]), int(size[0]), 3)}
    assert sum(1 for _ in VideoFile(paths[0], decoder=decoder)) == 100
