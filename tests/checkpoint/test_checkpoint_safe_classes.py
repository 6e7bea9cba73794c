"""The list of allowed names."""

import threading

import numpy as np
import torch

from mmpose_dark.checkpoint import load_state_dict_file, safe_classes


def test_every_entry_carries_the_name_it_is_allowed_under():
    """PyTorch before 2.6 takes no other way of naming an allowed object."""
    for name, entry in safe_classes._ALLOWED.items():
        assert f'{entry.__module__}.{entry.__name__}' == name == f'{entry.__module__}.{entry.__qualname__}'


def test_nothing_that_reaches_further_is_allowed():
    real = {id(f) for f in (getattr, eval, exec, compile, open, __import__, np.load, np.dtype, np.ndarray, torch.load)}
    assert not real & {id(entry) for entry in safe_classes._ALLOWED.values()}
    for name in (
        'builtins.eval',
        'os.system',
        'posix.system',
        'builtins.open',
        'functools.partial',
        'copyreg._reduce_ex',
    ):
        assert not safe_classes.is_safe_class(name)


def test_threads_do_not_take_the_list_from_each_other(tmp_path):
    torch.save(dict(a=[np.float64(i) for i in range(50)]), tmp_path / 'a.pth')
    before, failed = set(torch.serialization.get_safe_globals()), []

    def read():
        try:
            for _ in range(10):
                load_state_dict_file(tmp_path / 'a.pth')
        except Exception as err:
            failed.append(err)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert set(torch.serialization.get_safe_globals()) == before
