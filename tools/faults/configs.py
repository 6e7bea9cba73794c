"""Configs that are data and want to run code, and options that were changed, read in this process."""

import json
import random
import sys
from pathlib import Path

from helpers import test_helper
from outcome import Outcome

__all__ = ['changed_options', 'hostile_configs']

_CALLS = (
    'os.system', 'subprocess.run', 'builtins.eval', 'builtins.exec', 'posix.system', 'evil.Thing', 'shutil.rmtree',
    'mmengine.fileio.dump', 'torch.load', 'runpy.run_path', 'importlib.import_module', 'pickle.loads',
)  # fmt: skip
_TAGS = (
    '!!python/object/apply:os.system ["touch {canary}"]', '!!python/object/new:os.system ["touch {canary}"]',
    '!!python/object/apply:subprocess.check_output [[touch, "{canary}"]]', '!!python/name:os.system',
    '!!python/module:os', '!!python/object/apply:builtins.open ["{canary}", "w"]',
    '!!python/object/apply:runpy.run_path ["{script}"]', '!!python/tuple [!!python/name:os.system , 1]',
)  # fmt: skip


def hostile_configs(tries: int, seed: int, folder: Path) -> Outcome:
    """Put calls and tags anywhere into a config of JSON or YAML, read it, validate it, build its network."""
    import yaml

    from mmpose_dark.config import find_config, load_config, validate_config
    from mmpose_dark.registry import KEYPOINT_CODECS, MODELS
    from mmpose_dark.utils.errors import UserError

    places = test_helper('changed_options').places
    found, rng = (
        Outcome('configs of JSON and YAML with calls and tags at any place: refused, and nothing runs'),
        random.Random(seed),
    )
    canary, script = folder / 'canary', folder / 'evil.py'
    script.write_text(f'open({str(canary)!r}, "w")\n\n\nclass Thing:\n    pass\n')
    sys.path.insert(0, str(folder))
    good = json.loads(json.dumps(load_config(find_config('people_dark_192x144')).to_dict()))
    known = [place for place in places(good) if place]
    for _ in range(tries):
        call, place = rng.choice(_CALLS), rng.choice(known)
        command = rng.choice((f'touch {canary}', str(script), f'open({str(canary)!r}, "w")'))
        evil = {'type': call, rng.choice(('command', 'args', 'cmd', 'source', 'path_name', 'name')): command}
        text, suffix = (
            _with(good, place, rng.choice((evil, [evil], dict(evil, _scope_='evil'), call, '@tag@'))),
            '.json',
        )
        if '"@tag@"' in text or rng.random() < 0.3:
            suffix, tag = rng.choice(('.yaml', '.yml')), rng.choice(_TAGS).format(canary=canary, script=script)
            text = yaml.safe_dump(json.loads(text)).replace("'@tag@'", tag)
        path = folder / f'a{suffix}'
        path.write_text(text)
        problem = ''
        try:
            cfg = load_config(path)
            validate_config(cfg)
            MODELS.build(cfg.model)
            KEYPOINT_CODECS.build(cfg.model['head']['decoder'])
        except UserError as err:
            problem = f'several lines: {err}' if str(err).count('\n') > 12 else ''
        except Exception as err:
            problem = f'{type(err).__name__}: {err}'
        if canary.exists():
            canary.unlink()
            problem = 'it ran code'
        found.note(problem and f'{place} of {suffix}: {text[:0]}{evil}: {problem}')
    sys.path.remove(str(folder))
    return found


def _with(content: dict, place: str, new: object) -> str:
    copy = json.loads(json.dumps(content))
    inside = copy
    *steps, last = place.split('.')
    for step in steps:
        inside = inside[int(step) if isinstance(inside, list) else step]
    inside[int(last) if isinstance(inside, list) else last] = new
    return json.dumps(copy)


def changed_options(tries: int, seed: int, folder: Path) -> Outcome:
    """Change ``--cfg-options``; read, validate and build."""
    changed = test_helper('changed_options')
    from mmpose_dark.config import load_config

    found, rng = Outcome('changed --cfg-options: read, validated and built, or refused in words'), random.Random(seed)
    known = changed.places(load_config(changed.CONFIG).to_dict())
    for _ in range(tries):
        words = changed.mutated(rng, known)
        try:
            problem = '' if changed.tried(words).strip() else 'an error without words'
        except Exception as err:
            problem = f'{type(err).__name__}: {err}'
        found.note(problem and f'{words}: {problem}'[:300])
    return found
