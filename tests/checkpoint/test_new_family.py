"""A new family and a new network are records in a table: nothing else knows the ones here."""

import re
import subprocess
import sys

import pytest
import torch
from torch import nn

from mmpose_dark.checkpoint import CheckpointError, load_backbone_weights, load_checkpoint, networks
from mmpose_dark.checkpoint.families import Family, base, families, has_parts, recognise, register_family, rename_each
from mmpose_dark.checkpoint.networks import Network, register_network
from mmpose_dark.utils.errors import InputError


@pytest.fixture
def toy_family(monkeypatch):
    """Checkpoints of a code base that calls the backbone ``trunk`` and the last layer ``to_heatmaps``."""
    monkeypatch.setattr(base, '_TABLE', dict(base._TABLE))
    monkeypatch.setattr(networks, '_TABLE', dict(networks._TABLE))
    register_network(
        Network(
            'Toy',
            lambda weights: f'Toy-{weights["stem.weight"].shape[0]}' if 'stem.weight' in weights else None,
            beside_backbone=(r'(side)\.',),
            sized_by_keypoints=('per_keypoint.',),
        )
    )

    def rename(name):
        return re.sub('^to_heatmaps', 'head.final_layer', re.sub('^trunk', 'backbone', name))

    return register_family(Family('toy code base', has_parts('trunk', 'to_heatmaps'), rename_each(rename)))


def net(width=4, keypoints=3):
    result = nn.Module()
    result.backbone, result.head = nn.Module(), nn.Module()
    result.backbone.stem = nn.Conv2d(3, width, 1)
    result.backbone.per_keypoint = nn.Conv2d(width, keypoints, 1)
    result.head.final_layer = nn.Conv2d(width, keypoints, 1)
    return result


def as_toy(model):
    return {
        k.replace('backbone.', 'trunk.').replace('head.final_layer.', 'to_heatmaps.'): v
        for k, v in model.state_dict().items()
    }


def same(one, other):
    return all(torch.equal(v, other.state_dict()[k]) for k, v in one.state_dict().items())


def test_it_loads(toy_family, tmp_path, log):
    source, target = net(), net()
    torch.save(as_toy(source), tmp_path / 'a.pth')
    load_checkpoint(target, tmp_path / 'a.pth')
    assert same(source, target)
    assert 'checkpoint family toy code base, Toy-4, 3 keypoints' in log.text


def test_it_is_described_where_it_does_not_fit(toy_family, tmp_path):
    torch.save(as_toy(net(width=8)), tmp_path / 'a.pth')
    says = r'family: toy code base.*checkpoint is of Toy-8, 3 keypoints; the model is Toy-4, 3 keypoints'
    with pytest.raises(CheckpointError, match=f'(?s){says}'):
        load_checkpoint(net(), tmp_path / 'a.pth')


def test_layers_of_its_backbone_that_depend_on_the_keypoints_may_differ(toy_family, tmp_path):
    source, target = net(keypoints=5), net()
    torch.save(as_toy(source), tmp_path / 'a.pth')
    load_checkpoint(target, tmp_path / 'a.pth', strict=False)
    assert same(source.backbone.stem, target.backbone.stem)


def test_its_backbone_loads_without_what_files_have_beside_it(toy_family, tmp_path, log):
    source, target = net(), net().backbone
    torch.save({**as_toy(source), 'trunk.side.weight': torch.ones(2)}, tmp_path / 'a.pth')
    load_backbone_weights(target, tmp_path / 'a.pth')
    assert same(source.backbone, target)
    assert 'left out: side' in log.text


def test_it_may_describe_itself(toy_family, tmp_path):
    family = Family(
        'loud', has_parts('LOUD'), rename_each(str.lower), describe=lambda weights: f'{len(weights)} of LOUD'
    )
    register_family(family)
    torch.save({'LOUD.a': torch.ones(1)}, tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match='checkpoint is of 1 of LOUD; the model is Toy-4'):
        load_checkpoint(net(), tmp_path / 'a.pth')


def test_the_latest_is_asked_first_and_names_are_unique(toy_family):
    assert families()[0] is toy_family
    names = ['trunk.a', 'to_heatmaps.a', 'backbone.a']
    assert recognise(names) is toy_family
    with pytest.raises(InputError, match='toy code base'):
        register_family(toy_family)
    with pytest.raises(InputError, match="'Toy' is registered"):
        register_network(Network('Toy', lambda weights: None))


def test_nothing_of_it_is_left():
    assert 'toy code base' not in [family.name for family in families()]


@pytest.mark.slow
def test_reading_weights_loads_no_other_room():
    """In a fresh interpreter: neither networks nor datasets nor a runner are imported."""
    code = (
        'import sys\n'
        'import mmpose_dark.checkpoint\n'
        "rooms = ('datasets', 'models', 'engine', 'evaluation', 'codecs', 'inference', 'config')\n"
        "unwanted = tuple(f'mmpose_dark.{room}' for room in rooms) + ('mmengine.runner', 'cv2')\n"
        'print([m for m in sys.modules if m.startswith(unwanted)])'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'
