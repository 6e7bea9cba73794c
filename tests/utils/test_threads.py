"""OpenMP's threads wait asleep in every program that imports this package before torch, which all of ours do."""

import ast
import os
import pathlib
import subprocess
import sys

import pytest

from mmpose_dark.utils.threads import THREAD_POLICY, set_thread_policy

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = sorted(
    str(path.relative_to(ROOT))
    for folder in ('tools', 'demo')
    for path in (ROOT / folder).rglob('*.py')
    if 'benchmarks' not in path.parts and 'docs' not in path.parts and '__main__' in path.read_text(encoding='utf-8')
)


def environment_after(code, **variables):
    clean = {k: v for k, v in os.environ.items() if k not in THREAD_POLICY}
    code += f'; import os; print([os.environ.get(name) for name in {list(THREAD_POLICY)}])'
    done = subprocess.run(
        [sys.executable, '-c', code], env=clean | variables, capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.splitlines()[-1], done.stderr


def test_importing_the_package_is_enough_and_torch_sees_it():
    found, said = environment_after('import mmpose_dark, torch', OMP_DISPLAY_ENV='TRUE')
    assert found == str(list(THREAD_POLICY.values()))
    if 'OMP_WAIT_POLICY' not in said:
        pytest.skip('this OpenMP does not print its settings')
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in said


@pytest.mark.parametrize('given', [dict(OMP_WAIT_POLICY='ACTIVE'), dict(KMP_BLOCKTIME='200'), dict(GOMP_SPINCOUNT='9')])
def test_what_the_user_says_stays(given):
    expected = str([given.get(name) for name in THREAD_POLICY])
    assert environment_after('import mmpose_dark', **given)[0] == expected


@pytest.mark.slow
def test_nothing_is_changed_where_it_would_be_too_late():
    assert environment_after('import torch, mmpose_dark')[0] == '[None, None, None]'
    before = dict(os.environ)
    import torch  # noqa: F401

    assert not set_thread_policy()
    assert dict(os.environ) == before


@pytest.mark.parametrize('script', SCRIPTS)
def test_scripts_import_the_package_first(script):
    names = []
    for node in ast.parse((ROOT / script).read_text(encoding='utf-8')).body:
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        names += [module.split('.')[0] for module in modules]
    ours = names.index('mmpose_dark') if 'mmpose_dark' in names else len(names)
    assert not {'torch', 'mmengine', 'mmcv'} & set(names[:ours])
