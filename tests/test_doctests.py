"""Every example in a docstring of the package and of the tools runs and gives what it says."""

import doctest
import importlib
import importlib.util
import pathlib
import sys

import numpy as np
import pytest
import torch

ROOT = pathlib.Path(__file__).resolve().parents[1]


def _with_examples(folder: str) -> list[str]:
    files = sorted((ROOT / folder).rglob('*.py'))
    return [str(f.relative_to(ROOT)) for f in files if '.mim' not in f.parts and '>>>' in f.read_text(encoding='utf-8')]


@pytest.mark.parametrize('file', [*_with_examples('mmpose_dark'), *_with_examples('tools')])
def test_examples(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pathlib.Path(file)
    if path.parts[0] == 'mmpose_dark':
        module = importlib.import_module('.'.join(path.with_suffix('').parts).removesuffix('.__init__'))
    else:
        monkeypatch.setattr(sys, 'path', [str((ROOT / path).parent), *sys.path])
        spec = importlib.util.spec_from_file_location(f'doctest_{path.stem}', ROOT / path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(module, extraglobs=dict(np=np, torch=torch), optionflags=flags)
    assert result.attempted
    assert not result.failed
