"""Mutated ``--cfg-options``: the run's config is read and validated, or there is one clear error."""

import random

import pytest
from changed_options import CONFIG, mutated, places, tried

from mmpose_dark.config import load_config


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
