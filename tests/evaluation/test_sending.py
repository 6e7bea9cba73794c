"""Objects with arrays arrive in the first process as they were, whatever their sizes; nobody else gets any."""

import numpy as np
import pytest
import torch.distributed as dist
from several_processes import in_processes

from mmpose_dark.evaluation import sending
from mmpose_dark.evaluation.metrics.tables import NUM_SAMPLES, join_tables


def item_of(rank):
    rng = np.random.default_rng(rank)
    return [
        dict(xy=rng.normal(size=(n, 17, 2)).astype(np.float32), name=np.array(['a', 'bc'] * n), ids=np.arange(n) + rank)
        for n in (0, 1, 5, 64)
    ] + [dict(odd=np.array([None, dict(rank=rank)], object), turned=np.arange(6.0).reshape(2, 3).T), 'text', rank]


class Stubborn:
    def __reduce__(self):
        raise ValueError('I stay')


def work(rank, folder, backend):
    sending.PIECE = 100  # so that pieces end inside arrays
    dist.get_backend = lambda *_: backend  # a group of its own for the host's memory, as beside nccl
    return [sending.send_to_first(item) for item in (item_of(rank), [], Stubborn() if rank == 2 else 'fine')]


@pytest.mark.parametrize('backend', ['gloo', pytest.param('nccl', marks=pytest.mark.slow)])
def test_what_is_sent_arrives(tmp_path, backend):
    first, *others = in_processes(work, tmp_path, 3, backend)
    assert others == [[None] * 3] * 2
    np.testing.assert_equal(first[0], [item_of(rank) for rank in range(3)])
    assert all(a.dtype == b.dtype for a, b in zip(first[0][1][2].values(), item_of(1)[2].values(), strict=True))
    assert first[0][1][3]['xy'].flags.writeable
    assert first[1] == [[], [], []]
    assert first[2][:2] == ['fine', 'fine']
    assert isinstance(first[2][2], TypeError)
    assert str(first[2][2]) == 'a result of process 2 cannot be sent: I stay'


@pytest.mark.parametrize('release', [False, True])
def test_tables_are_let_go_when_they_are_joined(release):
    tables = [
        dict(
            sample_idx=np.arange(2) + start,
            dataset_name=np.array(['', '']),
            position=np.arange(2),
            instance=np.zeros(2, int),
            xy=np.full((2, 3), start),
        )
        | {NUM_SAMPLES: np.array([2])}
        for start in (0, 2, 4)
    ]
    parts = [tables[:1], tables[1:]]
    assert join_tables(parts, release=release)['xy'][:, 0].tolist() == [0, 0, 2, 2, 4, 4]
    assert [len(part) for part in parts] == ([0, 0] if release else [1, 2])
    assert all(len(table) == 6 for table in tables)
