import collections
import itertools

import pytest

from mmpose_dark.datasets.sample_key import SampleKey
from mmpose_dark.engine import samplers
from mmpose_dark.engine.samplers import DefaultSampler, InfiniteSampler


@pytest.fixture
def ranks(monkeypatch):
    """Build one sampler a process of a world."""

    def make(kind, world, size, **kwargs):
        made = []
        for rank in range(world):
            monkeypatch.setattr(samplers, 'get_dist_info', lambda rank=rank: (rank, world))
            made.append(kind(range(size), seed=3, **kwargs))
        return made

    return make


@pytest.mark.parametrize('world', [1, 2, 3, 7])
@pytest.mark.parametrize('size', [0, 1, 5, 12])
@pytest.mark.parametrize('shuffle', [False, True])
def test_without_rounding_each_sample_is_drawn_once(ranks, world, size, shuffle):
    parts = ranks(DefaultSampler, world, size, shuffle=shuffle, round_up=False)
    drawn = [list(part) for part in parts]
    assert [len(part) for part in parts] == [len(keys) for keys in drawn]
    indices = [key.index for keys in drawn for key in keys]
    assert sorted(indices) == list(range(size))
    if not shuffle:
        assert indices == list(range(size))  # joined by rank: the dataset's order


@pytest.mark.parametrize(('world', 'size'), [(2, 5), (3, 5), (4, 3), (5, 2)])
def test_rounding_gives_all_processes_as_many(ranks, world, size):
    parts = ranks(DefaultSampler, world, size, shuffle=True)
    drawn = [[key.index for key in part] for part in parts]
    assert {len(keys) for keys in drawn} == {len(parts[0])}
    counts = collections.Counter(itertools.chain(*drawn))
    assert set(counts) == set(range(size))
    assert max(counts.values()) - min(counts.values()) <= 1


def test_evaluation_does_not_round_unless_told(ranks):
    assert not ranks(DefaultSampler, 2, 5, shuffle=False)[0].round_up
    assert ranks(DefaultSampler, 2, 5, shuffle=False, round_up=True)[0].round_up


def test_epochs_differ_and_repeat(ranks):
    (sampler,) = ranks(DefaultSampler, 1, 50)
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert [k.index for k in first] != [k.index for k in second]
    assert {k.epoch for k in second} == {1}
    assert {k.seed for k in second} == {3}
    sampler.set_epoch(0)
    assert list(sampler) == first


@pytest.mark.parametrize('kind', [DefaultSampler, InfiniteSampler])
@pytest.mark.parametrize('world', [1, 2])
def test_skipping_continues_the_same_sequence_once(ranks, kind, world):
    for sampler in ranks(kind, world, 10):
        whole = list(itertools.islice(sampler, 5))
        sampler.skip(3)
        assert list(itertools.islice(sampler, 2)) == whole[3:]
        assert list(itertools.islice(sampler, 5)) == whole


def test_infinite_sampler_passes_over_everything(ranks):
    parts = ranks(InfiniteSampler, 2, 7)
    drawn = [list(itertools.islice(part, 14)) for part in parts]
    in_order = list(itertools.chain(*zip(*drawn, strict=True)))
    for i in range(4):
        one_pass = in_order[i * 7 : (i + 1) * 7]
        assert sorted(k.index for k in one_pass) == list(range(7))
        assert {k.epoch for k in one_pass} == {i}
    assert [k.index for k in in_order[:7]] != [k.index for k in in_order[7:14]]


def test_infinite_sampler_in_order(ranks):
    (sampler,) = ranks(InfiniteSampler, 1, 3, shuffle=False)
    assert [k.index for k in itertools.islice(sampler, 7)] == [0, 1, 2, 0, 1, 2, 0]
    assert list(ranks(InfiniteSampler, 1, 0)[0]) == []


def test_keys_are_plain_tuples():
    assert SampleKey(4, 1, 0) == (4, 1, 0)
