"""Running the scripts in this process, a folder of images, and the tiny network of tests/inference."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mmpose_dark.cli.errors import user_errors

ROOT = Path(__file__).parents[2]
TINY_CONFIG = ROOT / 'tests' / 'inference' / 'tiny_pose_config.py'


@pytest.fixture
def run_script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Call a script's ``main`` with arguments and return its exit status, as the command line gives it."""

    def run(path: str, *arguments: object) -> int:
        spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setattr(sys, 'argv', [path, *map(str, arguments)])
        monkeypatch.setattr(sys, 'path', list(sys.path))
        spec.loader.exec_module(module)
        try:
            with user_errors(Path(path).name):
                return module.main()
        except SystemExit as end:
            return end.code

    return run


@pytest.fixture(scope='session')
def tiny_config() -> str:
    return str(TINY_CONFIG)


@pytest.fixture(scope='session')
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    from mmpose_dark.apis import init_model

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('tiny') / 'tiny.pth'
    torch.save(dict(state_dict=init_model(TINY_CONFIG).state_dict(), meta={}), path)
    return str(path)
