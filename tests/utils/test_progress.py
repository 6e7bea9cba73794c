"""How far it is, on terminals and elsewhere; times come from a made-up clock."""

import io
import itertools
import subprocess
import sys

import pytest

from mmpose_dark.utils import progress
from mmpose_dark.utils.pace import Pace, clock_text
from mmpose_dark.utils.progress import Bars, Quiet, show_progress, track


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def every(seconds):
    """A clock that goes on by ``seconds`` whenever it is read."""
    ticks = itertools.count(0, seconds)
    return lambda: next(ticks)


def test_lines_elsewhere():
    stream = io.StringIO()
    assert list(track(range(10), 10, 'files', stream=stream, clock=every(4))) == list(range(10))
    lines = stream.getvalue().splitlines()
    assert lines[-1].startswith('  10/10 files')
    assert 1 < len(lines) < 10
    assert lines[0].endswith(' left')
    assert not lines[-1].endswith(' left')


def test_a_bar_on_a_terminal_ends_with_its_line():
    screen = Terminal()
    list(track(range(3), 3, 'files', stream=screen, clock=every(4), description='reading'))
    assert screen.getvalue().rstrip('\x1b[?25h').endswith('\n')
    assert '3/3 files' in screen.getvalue()
    assert '100%' in screen.getvalue()
    assert 'reading' in screen.getvalue()


@pytest.mark.parametrize('stream', [io.StringIO(), Terminal()])
def test_nothing_about_a_loop_that_is_over_at_once(stream):
    list(track(range(1000), 1000, 'files', stream=stream, clock=lambda: 0.0))
    assert stream.getvalue() == ''


def test_the_length_is_asked_for_and_may_be_unknown():
    stream = io.StringIO()
    list(track([1, 2, 3], stream=stream, clock=every(60)))
    list(track(iter([1, 2, 3]), stream=stream, clock=every(60)))
    lines = stream.getvalue().splitlines()
    assert lines[2].startswith('  3/3 images')
    assert lines[5].startswith('  3 images')


def test_rate_and_time_left():
    stream, now = io.StringIO(), [0.0]
    with show_progress('decoding', 100, 'images', stream=stream, clock=lambda: now[0]) as report:
        for done in (10, 20, 30):
            now[0] += 11
            report(done)
    assert stream.getvalue().splitlines()[-1] == '  decoding: 30/100 images, 0.9/s, 0:01:17 left'


def test_bytes_go_to_a_logger_and_their_number_may_come_late():
    lines, now = [], [0.0]
    with show_progress('a.pth', unit='bytes', stream=io.StringIO(), write=lines.append, clock=lambda: now[0]) as report:
        now[0] += 11
        report(1_000_000)
        now[0] += 5
        report(1_500_000, 4_000_000)
        now[0] += 6
        report(2_000_000, 4_000_000)
    assert lines == ['a.pth: 1.0 MB, 0.1 MB/s', 'a.pth: 2.0/4.0 MB, 0.1 MB/s, 0:00:22 left']


def test_an_interrupted_loop_gives_the_terminal_back():
    screen = Terminal()

    def interrupted():
        for item in track(range(10), 10, stream=screen, clock=every(4)):
            if item == 5:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert '\x1b[?25h' in screen.getvalue()  # the cursor is shown again


def test_markup_in_names_is_text():
    screen = Terminal()
    with Bars(screen) as bars:
        bars.add('[red]a[/x]', 4)
        bars.update('[red]a[/x]', 1, '[b]1')
        bars.remove('missing')
    assert '[red]a[/x]' in screen.getvalue()
    assert '[b]1' in screen.getvalue()


def test_rich_is_imported_where_a_bar_is_drawn():
    code = (
        'import io, sys\n'
        'from mmpose_dark.utils.progress import track\n'
        'list(track(range(5), stream=io.StringIO()))\n'
        "print([m for m in sys.modules if m.split('.')[0] in ('rich', 'torch', 'mmengine')])"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'


def test_quiet():
    now = [0.0]
    quiet = Quiet(clock=lambda: now[0])
    now[0] = 3
    assert quiet.seconds == 3
    quiet.end()
    assert quiet.seconds == 0


def test_pace_ignores_pauses():
    now = [0.0]
    pace = Pace(10, done=2, clock=lambda: now[0])
    assert pace.remaining == 0
    for done in (3, 4, 5):
        now[0] += 2
        pace.advance(done, 8)
    assert pace.images_per_second == pytest.approx(4)
    assert pace.remaining == pytest.approx(10)
    now[0] += 1000  # a validation
    pace.unpause()
    now[0] += 2
    pace.advance(6, 8)
    assert pace.remaining == pytest.approx(8)


def test_duration():
    assert clock_text(59.6) == '0:01:00'
    assert progress.amount_text(3, 10, 'files') == '3/10 files'
