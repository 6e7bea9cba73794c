"""What joining results and writing checkpoints cost, as docs/distributed.md says."""

import json
import sys

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith('linux'), reason='the peak of memory is read from /proc'),
]


def rows(output):
    return [json.loads(line) for line in output.splitlines() if line.startswith('{')]


def test_results_are_joined_in_bounded_memory(run_tool):
    """As many people as tests on COCO have; measured 1.51 and 0.17."""
    (row,) = rows(run_tool('distributed/joined_metrics.py', '--people', 84_000, '--keypoints', 133))
    assert row['same_as_one_process']
    assert row['megabytes'] > 130
    assert row['rank_0_peak'] < 2
    assert row['rank_1_peak'] < 0.5


def test_checkpoints_are_written_without_a_copy(run_tool, tmp_path):
    """Measured 0.02 and 1.01 for ViTPose-small, 0.29 GB; 0.00 of its own where the file is mapped."""
    found = rows(run_tool('distributed/checkpoint_cost.py', '--model', 'vitpose_small', '--folder', tmp_path))
    write, read, mapped, *shares, joined = found
    assert write['gigabytes'] == read['gigabytes'] == shares[0]['gigabytes'] == joined['gigabytes'] > 0.2
    assert len({row['sum'] for row in (read, mapped, joined)}) == 1
    assert all(row['peak_over_size'] < 0.5 for row in (write, *shares))
    assert read['peak_over_size'] < 1.5
    assert read['own_over_size'] > 0.9
    assert mapped['own_over_size'] < 0.2
