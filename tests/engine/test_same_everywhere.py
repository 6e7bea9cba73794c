"""What processes compare: settings by name, places of files excepted."""

import pytest

from mmpose_dark.engine.distributed import first_host
from mmpose_dark.engine.same_everywhere import check_same_config, common_start, differing_settings
from mmpose_dark.utils.errors import InputError


def test_names_that_only_one_has_differ():
    assert differing_settings(dict(a='1', b='2'), dict(b='2', c='3')) == ['a', 'c']


def test_places_of_files_may_differ():
    assert differing_settings(dict(root="'/a/b'", n="'x'"), dict(root="'D:\\\\b'", n="'x'")) == []
    assert differing_settings(dict(root="'/a/b'"), dict(root='None')) == ['root']


def test_one_process_agrees_with_itself(tmp_path):
    check_same_config(dict(model=dict(type='A', parts=[dict(b=1), 2]), work_dir='x'))
    assert common_start(False, None, str(tmp_path)) == (False, None)
    assert common_start(False, 'https://host/a.pth', str(tmp_path)) == (False, 'https://host/a.pth')


def test_other_processes(monkeypatch, tmp_path):
    """The second of two, which has other settings, or not the checkpoint."""
    from mmpose_dark.engine import same_everywhere

    def answer(of_first):
        monkeypatch.setattr(same_everywhere, 'all_gather_object', lambda mine: [of_first(mine), mine])

    answer(lambda mine: ('one', {**mine[1], 'lr': '1'}))
    with pytest.raises(InputError, match=r'^lr is 1 for process 0 \(one\) but 2 for process 1 \('):
        check_same_config(dict(lr=2))
    path = tmp_path / 'epoch_1.pth'
    path.write_bytes(b'12')
    answer(lambda mine: (True, str(path)) if isinstance(mine[0], bool) else ('one', 3))
    with pytest.raises(
        InputError, match=r'epoch_1.pth: the file that process 0 \(one\) starts from has 2 bytes instead of'
    ):
        common_start(False, None, str(tmp_path))
    answer(lambda mine: (True, '/gone/epoch_1.pth') if isinstance(mine[0], bool) else ('one', 2))
    monkeypatch.setattr(same_everywhere, 'get_rank', lambda: 1)
    assert common_start(False, None, str(tmp_path)) == (True, str(path))


@pytest.mark.parametrize(
    ('hosts', 'first'),
    [('a', 'a'), ('a,b', 'a'), ('n[1-3]', 'n1'), ('n[001,005-9]', 'n001'), ('r[2-3]n[07-9]-ib,x', 'r2n07-ib')],
)
def test_first_of_slurms_hosts(hosts, first):
    assert first_host(hosts) == first


@pytest.mark.parametrize('hosts', ['', 'n[1-3', ',a', 'a b', '[]'])
def test_what_is_no_list_of_hosts(hosts):
    with pytest.raises(InputError, match='set MASTER_ADDR'):
        first_host(hosts)
