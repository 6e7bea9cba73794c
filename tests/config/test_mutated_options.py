"""Mutated ``--cfg-options``: the run's config is read and validated, or there is one clear error."""

import random

import pytest

from mmpose_dark.cli.dict_action import parse_settings
from mmpose_dark.config import find_config, load_config, validate_config
from mmpose_dark.config.agreement import disagreements
from mmpose_dark.registry import KEYPOINT_CODECS, MODELS
from mmpose_dark.utils.errors import UserError

CONFIG = find_config('people_dark_192x144')
VALUES = [
    'x', '', '-1', '0', '1e400', 'nan', '[]', '()', '[[[1]]]', '[1,[2,(3,)]]', 'None', 'True', '1,2', ',', '"', "'",
    '[', ')', 'os.system', 'mmpose_dark.models.TopDown', 'TopDown', 'a' * 2000, '\0', '\n', 'ä', '0x10', '10' * 40,
    '{}', 'dict(a=1)', '${HOME}', '{{fileDirname}}', '%s', '../..', '/dev/null', '[None,None]', '[-1,99999]',
    '99999999999', '(1,)', 'true,false',
]  # fmt: skip
PARTS = [
    '', '.', '0', '-1', '99', '__class__', '_delete_', '_base_', '_scope_', 'type', 'keys', 'filename', 'pretty_text',
    'x', 'model', '0x1', '١', ' ', 'pop', 'update', '__init__', 'dump',
]  # fmt: skip


def places(value: object, path: tuple = ()) -> list[str]:
    out = ['.'.join(map(str, path))] if path else []
    if isinstance(value, dict):
        return out + [p for key, item in value.items() for p in places(item, (*path, key))]
    if isinstance(value, list | tuple):
        return out + [p for i, item in enumerate(value) for p in places(item, (*path, i))]
    return out


def mutated(rng: random.Random, known: list[str]) -> list[str]:
    words = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        parts = rng.choice(known).split('.')
        for _ in range(rng.choice((0, 0, 1, 2))):
            at = rng.randrange(len(parts) + 1)
            change = rng.choice(('insert', 'drop', 'replace', 'swap letters'))
            if change == 'insert':
                parts.insert(at, rng.choice(PARTS))
            elif at < len(parts) and change == 'drop' and len(parts) > 1:
                del parts[at]
            elif at < len(parts) and change == 'replace':
                parts[at] = rng.choice(PARTS)
            elif at < len(parts):
                parts[at] = parts[at][::-1]
        words.append('.'.join(parts) + '=' + rng.choice(VALUES))
    return words


def tried(words: list[str]) -> str:
    """Return how it ended: 'done', or the error's message."""
    try:
        cfg = load_config(CONFIG, parse_settings(words))
        validate_config(cfg)
        list(disagreements(cfg))
        MODELS.build({**cfg.model, 'backbone': dict(type='ResNet', depth=18)} if 'head' not in cfg.model else cfg.model)
        KEYPOINT_CODECS.build(cfg.model.head.decoder)
    except UserError as err:
        return str(err)
    return 'done'


def campaign(count: int, seed: int) -> None:
    rng, known, faults, refused = random.Random(seed), places(load_config(CONFIG).to_dict()), [], 0
    for _ in range(count):
        words = mutated(rng, known)
        try:
            said = tried(words)
        except Exception as err:  # what this test is for
            faults.append(f'{words}: {type(err).__name__}: {err}'[:300])
        else:
            refused += said != 'done'
            assert said.strip()
    assert not faults, f'{len(faults)} of {count}:\n' + '\n'.join(faults[:10])
    assert refused > 0


def test_some() -> None:
    campaign(60, 0)


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(1, 5))
def test_many(seed: int) -> None:
    campaign(300, seed)


@pytest.mark.parametrize(
    ('option', 'told'),
    [
        ("resume='maybe'", 'resume: should be True or False'),
        ('env_cfg.dist_cfg.backend=zzz', 'env_cfg.dist_cfg.backend: should be'),
        ('env_cfg.mp_cfg.mp_start_method=thread', 'env_cfg.mp_cfg.mp_start_method: should be'),
        ('env_cfg.mp_cfg.opencv_num_threads=-1', 'env_cfg.mp_cfg.opencv_num_threads: should be a whole number from 0'),
        ('log_processor.window_size=0', 'log_processor.window_size: should be a whole number from 1'),
        ('model.backbone.in_channels=99999999999', None),
    ],
)
def test_settings_that_no_component_checks(option, told):
    from mmpose_dark.config.options import set_options
    from mmpose_dark.config.reading import load_config
    from mmpose_dark.config.values import wrong_settings

    cfg = load_config(CONFIG)
    name, value = option.split('=')
    set_options(cfg, {name: int(value) if value.lstrip('-').isdigit() else value.strip("'")})
    found = list(wrong_settings(cfg.to_dict()))
    assert found == [] if told is None else told in found[0]
