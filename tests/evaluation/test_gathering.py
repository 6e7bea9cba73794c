"""Results of several processes: in rank order, each sample once, values and errors the same everywhere."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from mmengine.evaluator import BaseMetric
from several_processes import in_processes

from mmpose_dark.evaluation import Evaluator
from mmpose_dark.evaluation.gathering import each_once, gather_and_compute, gather_in_rank_order, sample_key
from mmpose_dark.evaluation.metrics import ArrayMetric
from mmpose_dark.utils.errors import StateError


class Kept(BaseMetric):
    """A metric of mmengine's kind: the numbers that arrived, in their order, as decimal places."""

    def process(self, data_batch, data_samples):
        self.results += [s['value'] for s in data_samples]

    def compute_metrics(self, results):
        return {'order': float(''.join(map(str, results)) or 'nan')}


class BatchSums(Kept):
    """One result a batch, which no sample can be found in."""

    def process(self, data_batch, data_samples):
        self.results.append(sum(s['value'] for s in data_samples))


class Columns(ArrayMetric):
    """The same of columns; a sample has as many instances as its value says (0: the value stands alone)."""

    def pack(self, samples):
        return {'value': np.array([s['value'] for s in samples])}, np.ones(len(samples), int)

    def compute(self, table):
        return {'order': float(''.join(map(str, table['value'])) if table else 'nan')}


def samples(values: Sequence[int], *names: str) -> list[dict]:
    said = {'id': lambda v: 100 + v, 'img_id': lambda v: v // 2, 'sample_idx': lambda v: v - 1}
    return [dict(value=v, dataset_name='x', **{n: said[n](v) for n in names}) for v in values]


def order_of(metric: BaseMetric, mine: Sequence[dict], size: int, batch: int = 2) -> float:
    """Values of an evaluator with one metric, this process having the samples ``mine``."""
    evaluator = Evaluator([metric])
    for i in range(0, len(mine), batch):
        evaluator.process(mine[i : i + batch])
    return evaluator.evaluate(size)['m/order']


# shares of the processes by value, whether they say who they are, and the order that all must count
SHARES = {
    'one and three of four': ([[1], [2, 3, 4]], (), 1234),
    'three and one': ([[1, 2, 3], [4]], (), 1234),
    'none and four': ([[], [1, 2, 3, 4]], (), 1234),
    'four and none': ([[1, 2, 3, 4], []], (), 1234),
    'one process ends two batches early': ([[1], [2, 3, 4, 5, 6]], (), 123456),
    'repeats, by ids': ([[1, 2, 3], [4, 1]], ('id', 'img_id'), 1234),
    'repeats, by number': ([[1, 2, 3], [4, 1]], ('sample_idx',), 1234),
    'dealt in turn, filled up': ([[1, 3], [2, 4], [5, 1]], ('sample_idx',), 13245),
    'repeats in a contiguous share': ([[1, 2], [3, 4], [1, 2]], ('sample_idx',), 1234),
    'repeats that nobody can know': ([[1, 2], [3, 1]], (), 1231),
}


def orders_of_all(rank: int, folder: str, world: int) -> dict[tuple[str, str], float]:
    found = {}
    for kind in (Kept, Columns):
        for name, (shares, names, order) in SHARES.items():
            if len(shares) == world:
                metric = kind(prefix='m', collect_dir=f'{folder}/{kind.__name__}{list(SHARES).index(name)}')
                size = len(set(str(order)))
                found[name, kind.__name__] = order_of(metric, samples(shares[rank], *names), size)
    return found


@pytest.mark.parametrize('world', [2, pytest.param(3, marks=pytest.mark.slow)])
def test_shares_of_any_length(tmp_path, world):
    expected = {
        # columns of samples that say who they are stand in the order of the dataset
        (name, kind.__name__): float(''.join(sorted(str(order)))) if kind is Columns and names else float(order)
        for kind in (Kept, Columns)
        for name, (shares, names, order) in SHARES.items()
        if len(shares) == world
    }
    assert len(expected) >= 4
    assert in_processes(orders_of_all, tmp_path, world, world) == [expected] * world


def errors_and_lists(rank: int, folder: str) -> dict[str, object]:
    class Unpicklable(ValueError):
        pass

    def fail(kind: type[Exception]) -> Callable:
        def compute(parts: list) -> dict[str, float]:
            raise kind(f'{sum(map(len, parts))} items')

        return compute

    told = {'bad samples': gather_in_rank_order(['a'] * rank + ['c'])}
    for kind in (KeyError, Unpicklable):
        try:
            gather_and_compute([rank], fail(kind))
        except Exception as err:
            told[kind.__name__] = (type(err), str(err))
    told['afterwards'] = gather_and_compute([rank], lambda parts: {'sum': float(sum(map(sum, parts)))})
    return told


def test_errors_of_the_main_process_reach_all_and_nobody_waits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = in_processes(errors_and_lists, tmp_path, 2)
    expected = {
        'bad samples': ['c', 'a', 'c'],
        'KeyError': (KeyError, "'2 items'"),
        'Unpicklable': (StateError, 'Unpicklable in the main process: 2 items'),
        'afterwards': {'sum': 1.0},
    }
    assert told == [expected, expected]


@pytest.mark.parametrize('kind', [Kept, Columns])
def test_one_process_counts_a_sample_once_too(kind):
    assert order_of(kind(prefix='m'), samples([1, 2, 3, 1], 'id', 'img_id'), 3) == 123
    assert order_of(kind(prefix='m'), samples([1, 2, 3, 1]), 3) == 1231


def test_results_that_belong_to_no_sample_all_count():
    assert order_of(BatchSums(prefix='m'), samples([1, 2, 3, 1], 'id', 'img_id'), 3) == 34


def test_a_second_evaluation_starts_anew():
    evaluator = Evaluator([Kept(prefix='m')])
    for values, order in (([1, 2], 12), ([2, 1], 21)):
        evaluator.process(samples(values, 'sample_idx'))
        assert evaluator.evaluate(2) == {'m/order': order}


def test_the_log_says_that_samples_could_not_be_told_apart(monkeypatch):
    from mmengine.logging import MMLogger

    said = []
    monkeypatch.setattr(MMLogger.get_current_instance(), 'warning', said.append)
    order_of(Columns(prefix='m'), samples([1, 2, 1]), 2)
    assert said[0].startswith('Columns: 3 samples came of a dataset of 2, and they do not say which are the same')
    order_of(Columns(prefix='m'), samples([1, 2, 1], 'sample_idx'), 2)
    assert len(said) == 1


def test_an_id_goes_before_the_number_in_the_dataset():
    one, other = samples([1, 2], 'id', 'img_id', 'sample_idx')
    assert sample_key(one) != sample_key(other)
    assert sample_key(one) == sample_key({**one, 'sample_idx': 7})
    assert sample_key(one) != sample_key({**one, 'dataset_name': 'y'})
    assert sample_key({k: v for k, v in one.items() if k != 'img_id'}) == sample_key(samples([1], 'sample_idx')[0])


def test_each_once_keeps_the_first():
    assert each_once([(1, 'a'), (None, 'b'), (1, 'c'), (None, 'b')]) == ['a', 'b', 'b']


def test_samples_of_combined_datasets_are_different_samples(tiny_coco):
    """Parts of the same name count their samples from zero each; together they must not."""
    from mmpose_dark.datasets import CocoDataset, CombinedDataset

    parts = [
        CocoDataset(tiny_coco.ann_file, data_root=str(tiny_coco.root), data_prefix=dict(img=tiny_coco.img_dir))
        for _ in range(2)
    ]
    both = CombinedDataset(dict(from_file='coco'), parts)
    infos = [both.get_data_info(i) for i in range(len(both))]
    keys = [sample_key({k: info[k] for k in ('dataset_name', 'sample_idx')}) for info in infos]
    assert len(set(keys)) == len(both) == 2 * tiny_coco.num_people
