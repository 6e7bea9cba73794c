"""The command with `--address`: a cluster of processes of its own, with two nodes, one of which is lost."""

import subprocess
import sys
import time

import numpy as np
import pytest
from bulk_runs import in_process, points, rows

from mmpose_dark.cli.predict import main
from mmpose_dark.inference.bulk import ray_engine

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not sys.platform.startswith('linux'), reason='clusters of Ray')]
pytest.importorskip('ray')


@pytest.fixture
def cluster():
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args=dict(num_cpus=1, include_dashboard=False))
    yield made
    made.shutdown()


@pytest.fixture
def words(lake, network, cluster, tmp_path):
    words = [str(lake), *network, '--whole-image', '--engine', 'ray', '--shard-size', '1', '--workers', '2']
    return [*words, '--address', cluster.address, '--out-dir', str(tmp_path / 'out')]


def start(words):
    command = [sys.executable, '-m', 'mmpose_dark', 'predict', *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize('killed', [False, True])
def test_rows_of_two_nodes_also_where_one_is_lost(cluster, words, killed, monkeypatch, tmp_path):
    other = cluster.add_node(num_cpus=1)
    with monkeypatch.context() as patch:
        patch.setattr(ray_engine, 'run_shards', in_process)
        assert main([*words[:-1], str(tmp_path / 'alone')]) == 3
    process = start(words)
    until = time.monotonic() + 120
    while len(list((tmp_path / 'out').glob('images/part-*'))) < 3 and time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    if killed:
        cluster.remove_node(other, allow_graceful=False)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 3, err
    assert '12 images' in out
    names, values = points(rows(tmp_path / 'alone', 'people'))
    again, others = points(rows(tmp_path / 'out', 'people'))
    assert names == again
    np.testing.assert_allclose(values, others, atol=0.02)
    images = [r['image_id'] for r in rows(tmp_path / 'out', 'images')]
    assert len(images) == len(set(images)) == 12


def test_a_part_of_a_gpu_where_there_is_none_and_where_there_is_one(cluster, words, tmp_path):
    process = start([*words, '--gpus-per-worker', '0.5'])
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert f'--gpus-per-worker 0.5: the cluster at {cluster.address} has no GPU that Ray knows of' in err
    assert not list((tmp_path / 'out').glob('images/part-*'))
    cluster.add_node(num_cpus=2, num_gpus=1)  # a GPU in Ray's books only: it counts, and nobody uses it
    process = start([*words, '--gpus-per-worker', '2'])
    _, err = process.communicate(timeout=120)
    assert 'has no machine with more than 1 GPUs' in err
    process = start([*words, '--gpus-per-worker', '0.5'])
    out, err = process.communicate(timeout=300)
    assert process.returncode == 3, err
    assert '12 images' in out


def test_two_stages_on_one_cpu_are_refused(cluster, words):
    words.remove('--whole-image')
    process = start([*words, '--detector', 'demo'])
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert 'has 1 CPUs, and 2 stages (detector, keypoints) need one each' in err


@pytest.mark.parametrize('address', ['127.0.0.1:9', 'auto', 'nowhere.invalid:6379'])
def test_an_address_that_answers_nobody(lake, network, address, tmp_path):
    words = [str(lake), *network, '--whole-image', '--engine', 'ray', '--out-dir', str(tmp_path / 'out')]
    process = start([*words, '--address', address])
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    last = err.strip().splitlines()[-1]
    assert last.startswith(f'mmpose-dark predict: error: --address {address}: no Ray cluster')
    assert last.endswith('give HOST:PORT of a Ray head, or leave it out to start Ray on this machine')
    assert not (tmp_path / 'out' / 'predict.lock').exists()
