"""The components that the walk finds, against every dict with a type in shipped configs."""

import pathlib

import pytest

from mmpose_dark.config import load_config
from mmpose_dark.config.components import components
from mmpose_dark.registry import LOOPS, METRICS, MODELS

CONFIGS = pathlib.Path(__file__).resolve().parents[2] / 'configs' / 'top_down'


def typed(value: object) -> int:
    """Count the dicts with a type, without knowing what may stand where."""
    if isinstance(value, dict):
        return ('type' in value) + sum(map(typed, value.values()))
    return sum(map(typed, value)) if isinstance(value, list | tuple) else 0


@pytest.mark.parametrize('path', sorted(CONFIGS.rglob('*.py'))[::11], ids=lambda p: p.stem)
def test_components_are_all_there_once(path: pathlib.Path) -> None:
    cfg = load_config(path)
    read = cfg.to_dict()
    for name in ('train_pipeline', 'val_pipeline', 'vis_backends'):  # variables, which nothing is built from
        read.pop(name, None)
    found = list(components(cfg))
    places = [part.place for part in found]
    assert len(set(places)) == len(places)
    assert sum('type' in part.value for part in found) == typed(read)
    by_place = {part.place: part for part in found}
    assert by_place['model.head'].registry is MODELS
    assert by_place['val_evaluator'].registry is METRICS
    assert (by_place['test_cfg'].registry, by_place['test_cfg'].default) == (LOOPS, 'TestLoop')


def test_a_list_of_evaluators_and_an_evaluator_of_metrics() -> None:
    metrics = [dict(type='CocoMetric'), dict(type='PCKAccuracy')]
    listed = [p.place for p in components(dict(val_evaluator=metrics))]
    assert listed == ['val_evaluator.0', 'val_evaluator.1']
    whole = [(p.place, p.registry.name) for p in components(dict(val_evaluator=dict(metrics=metrics)))]
    assert whole == [('val_evaluator', 'evaluator'), ('val_evaluator.metrics.0', 'metric'),
                     ('val_evaluator.metrics.1', 'metric')]  # fmt: skip
