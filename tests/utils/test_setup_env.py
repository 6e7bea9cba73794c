"""The default scope is switched, as mmpose's function of this name does."""

import subprocess
import sys

import pytest

SCRIPT = """
import warnings
from mmengine.registry import DefaultScope
from mmpose_dark.utils import register_all_modules

def scope():
    return DefaultScope.get_current_instance().scope_name

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always', UserWarning)
    register_all_modules()
    assert scope() == 'mmpose_dark'
    for number in range(2):
        DefaultScope.get_instance(f'other{number}', scope_name='mmengine')
        register_all_modules(init_default_scope=False)
        assert scope() == 'mmengine'
        register_all_modules()
        assert scope() == 'mmpose_dark'
        register_all_modules()
    said = [str(w.message) for w in caught if 'default scope' in str(w.message)]
    assert len(said) == 2 and "was 'mmengine'" in said[0], said
"""


@pytest.mark.slow
def test_the_scope_is_switched() -> None:
    subprocess.run([sys.executable, '-W', 'ignore', '-c', SCRIPT], check=True)
