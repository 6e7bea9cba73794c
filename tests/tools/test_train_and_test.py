"""The tools as a user calls them, in processes of their own."""

import json
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mmpose_dark.checkpoint import load_state_dict_file
from mmpose_dark.config.reading import ConfigError, load_config

ROOT = Path(__file__).resolve().parents[2]
TOY = ROOT / 'tests' / 'engine' / 'toy_config.py'


@pytest.fixture(scope='module')
def trained(tiny_config, run_tool, tmp_path_factory):
    """A work folder in which the tiny network was trained, by two processes in bfloat16, and the output."""
    work_dir = tmp_path_factory.mktemp('trained')
    arguments = ('--work-dir', work_dir, '--amp', '--channels-last', '--device', 'cpu', '--auto-scale-lr')
    return work_dir, run_tool('dist_train.sh', tiny_config, 2, *arguments)


def metrics_of(path):
    return json.loads(Path(path).read_text())


def test_training_by_two_processes(trained, tiny_config):
    work_dir, output = trained
    assert '2 process(es)' in output
    assert 'coco/AP' in output
    assert {'epoch_1.pth', 'epoch_2.pth', 'last_checkpoint', 'tiny.py'} <= {p.name for p in work_dir.iterdir()}
    saved = load_config(work_dir / 'tiny.py')
    assert saved.optim_wrapper.type == 'AmpOptimWrapper'
    assert saved.channels_last
    assert saved.auto_scale_lr.enable
    assert saved.model == load_config(tiny_config).model
    assert load_state_dict_file(work_dir / 'epoch_2.pth')['meta']['iter'] == 4  # 6 people, 2 x 2 a step, 2 epochs


@pytest.mark.slow
def test_two_processes_test_as_one(trained, tiny_config, tiny_coco, run_tool, call_tool, tmp_path):
    work_dir, output = trained
    checkpoint = work_dir / 'epoch_2.pth'
    common = (tiny_config, checkpoint)
    one = ('--work-dir', tmp_path / '1', '--out', tmp_path / '1.json', '--dump', tmp_path / '1.pkl')
    two = ('--work-dir', tmp_path / '2', '--out', tmp_path / '2.json', '--dump', tmp_path / '2.pkl')
    call_tool('test.py', *common, *one)
    run_tool('dist_test.sh', *common, 2, *two)
    alone, together = metrics_of(tmp_path / '1.json'), metrics_of(tmp_path / '2.json')
    assert alone == together
    assert {'coco/AP', 'PCK'} <= set(alone)
    predictions = [pickle.loads((tmp_path / f'{i}.pkl').read_bytes()) for i in (1, 2)]
    assert [p['id'] for p in predictions[0]] == [p['id'] for p in predictions[1]]
    assert len({p['id'] for p in predictions[0]}) == tiny_coco.num_people
    bfloat16 = call_tool('test.py', *common, '--amp', '--channels-last', '--work-dir', tmp_path / '3')
    in_training = [line for line in output.splitlines() if 'Epoch(val) [2][' in line][-1].split('coco/AP: ')[1]
    assert bfloat16.split('coco/AP: ')[-1].split('data_time')[0] == in_training.split('data_time')[0]


@pytest.mark.slow
def test_bad_image_is_named_and_the_rest_is_tested(trained, tiny_config, tiny_coco, call_tool, tmp_path):
    data = tmp_path / 'data'
    (data / 'images').mkdir(parents=True)
    for image in (tiny_coco.root / 'images').iterdir():
        (data / 'images' / image.name).write_bytes(image.read_bytes())
    (data / 'images' / '000001.png').write_bytes(b'\x89PNG cut off')
    options = ('--cfg-options', f'test_dataloader.dataset.data_prefix.img={data}/images/')
    options += (f'train_dataloader.dataset.data_prefix.img={data}/images/',)
    output = call_tool(
        'test.py', tiny_config, trained[0] / 'epoch_2.pth', '--out', tmp_path / 'm.json', '--work-dir', tmp_path,
        *options, status=3,
    )  # fmt: skip
    assert '2 samples of 1 images could not be read' in output
    assert output.strip().splitlines()[-1].strip().startswith(f'{data}/images/000001.png: ')
    metrics = metrics_of(tmp_path / 'm.json')
    assert metrics['unreadable_images'] == [f'{data}/images/000001.png']
    assert metrics['coco/AP'] >= 0
    train = ('train.py', tiny_config, '--work-dir', tmp_path / 'train', '--no-validate')
    output = call_tool(*train, *options, 'train_cfg.max_epochs=1', status=2)
    assert output.strip().splitlines()[-1].startswith('train.py: error: cannot read image')
    assert '000001.png' in output.strip().splitlines()[-1]
    assert 'Traceback' not in output
    call_tool(*train, '--skip-bad-images', *options, 'train_cfg.max_epochs=1')


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['nowhere.py'], 'config nowhere.py does not exist'),
        (['CONFIG', '--cfg-options', 'model.head.loss.type=KeypointMSELos'], "did you mean 'KeypointMSELoss'"),
        (['CONFIG', '--cfg-options', 'train_dataloader.dataset.data_root=/nowhere'], '/nowhere'),
        (['CONFIG', '--resume', 'gone.pth'], 'there is no checkpoint gone.pth'),
        (['CONFIG', '--device', 'gpu'], "device 'gpu' is unknown"),
        (['CONFIG', '--device', 'cpu', '--amp', 'float16'], "float16 needs CUDA"),
        (['CONFIG', '--cfg-options', 'load_from=gone.pth'], 'gone.pth'),
    ],
)  # fmt: skip
def test_users_mistakes_are_one_message(tiny_config, call_tool, arguments, says, tmp_path):
    arguments = [tiny_config if a == 'CONFIG' else a for a in arguments]
    output = call_tool('train.py', *arguments, '--work-dir', tmp_path, status=2)
    message = output[output.index('train.py: error: ') :]
    assert says in message
    assert 'Traceback' not in output
    assert not list(tmp_path.glob('*.pth'))


def test_debug_shows_where(call_tool, monkeypatch):
    monkeypatch.setenv('MMPOSE_DARK_DEBUG', '1')
    with pytest.raises(ConfigError, match=r'nowhere.py does not exist'):
        call_tool('train.py', 'nowhere.py')


def test_checkpoint_of_another_network(trained, tiny_config, call_tool, tmp_path):
    output = call_tool(
        'test.py', tiny_config, trained[0] / 'epoch_2.pth', '--cfg-options', 'model.head.deconv_out_channels=[16,16,8]',
        '--work-dir', tmp_path, status=2,
    )  # fmt: skip
    assert 'head.final_layer.weight: checkpoint (17, 16, 1, 1), model (17, 8, 1, 1)' in output
    assert 'Traceback' not in output


def test_print_config(tiny_config, call_tool, tmp_path):
    printed = call_tool('misc/print_config.py', tiny_config, '--cfg-options', 'model.backbone.depth=34')
    (tmp_path / 'printed.py').write_text(printed)
    assert load_config(tmp_path / 'printed.py').model.backbone.depth == 34
    call_tool('misc/print_config.py', tiny_config, '--save-path', tmp_path / 'saved.json')
    assert load_config(tmp_path / 'saved.json').model.backbone.depth == 18
    assert "did you mean 'depth'" in call_tool(
        'misc/print_config.py', tiny_config, '--cfg-options', 'model.backbone.dpth=3', status=2
    )


def test_show_dir_and_tensorboard(trained, tiny_config, call_tool, tmp_path):
    backend = 'visualizer.vis_backends.0.type=TensorboardVisBackend'
    call_tool(
        'test.py', tiny_config, trained[0] / 'epoch_2.pth', '--show-dir', tmp_path / 'show', '--work-dir', tmp_path
    )
    assert len(list((tmp_path / 'show').rglob('*.png')) + list((tmp_path / 'show').rglob('*.jpg'))) == 3
    one_epoch = ('--work-dir', tmp_path / 'tb', '--cfg-options', 'train_cfg.max_epochs=1')
    call_tool('train.py', tiny_config, *one_epoch, backend, 'train_dataloader.num_workers=0')
    (events,) = (tmp_path / 'tb').rglob('events.out.tfevents*')
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(events))
    accumulator.Reload()
    assert {'loss', 'lr', 'coco/AP'} <= set(accumulator.Tags()['scalars'])


@pytest.mark.slow
@pytest.mark.parametrize('blow', ['kill', 'ctrl-c'])
def test_interrupted_training_resumes_to_the_same_weights(tiny_config, run_tool, tmp_path, blow):
    common = ('--cfg-options', 'train_cfg.max_epochs=4')
    run_tool('train.py', tiny_config, '--work-dir', tmp_path / 'whole', *common)
    command = [sys.executable, str(ROOT / 'tools/train.py'), tiny_config, '--work-dir', str(tmp_path / 'cut'), *common]
    process = subprocess.Popen(
        command, env=run_tool.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    output = ''
    for line in process.stdout:
        output += line
        if 'Epoch(train) [3]' in line:
            process.send_signal(signal.SIGKILL if blow == 'kill' else signal.SIGINT)
            break
    output += process.stdout.read()
    assert process.wait(60) == (-signal.SIGKILL if blow == 'kill' else 130)
    assert not (tmp_path / 'cut' / 'epoch_4.pth').exists()
    if blow == 'ctrl-c':
        assert f'Last checkpoint: {tmp_path}/cut/epoch_2.pth. Continue with:' in output
        again = output.split('Continue with:')[1].strip().splitlines()[0]
        assert again.endswith('--resume')
        assert 'Traceback' not in output
        subprocess.run(again, shell=True, env=run_tool.env, check=True, capture_output=True)
    else:
        run_tool('train.py', tiny_config, '--work-dir', tmp_path / 'cut', '--resume', *common)
    one, other = (load_state_dict_file(tmp_path / d / 'epoch_4.pth') for d in ('whole', 'cut'))
    assert one['state_dict'].keys() == other['state_dict'].keys()
    for name, value in one['state_dict'].items():
        assert torch.equal(value, other['state_dict'][name]), name
    for key, value in one['optimizer']['state'].items():
        assert torch.equal(value['exp_avg'], other['optimizer']['state'][key]['exp_avg'])


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_checkpoint(run_tool, tmp_path):
    """Kill a run that mostly writes checkpoints, at moments that differ, and resume it again and again."""
    changes = ('default_hooks.checkpoint.by_epoch=False', 'default_hooks.checkpoint.max_keep_ckpts=1', 'val_cfg=None')
    changes += (
        'val_dataloader=None',
        'val_evaluator=None',
        'model.width=2000',
        'default_hooks.checkpoint.save_best=None',
    )
    arguments = [sys.executable, str(ROOT / 'tools/train.py'), str(TOY), '--work-dir', str(tmp_path), '--resume']
    command = [*arguments, '--cfg-options', *changes]
    done = 0
    for attempt in range(6):
        process = subprocess.Popen(
            command, env=run_tool.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for line in process.stdout:
            if 'Epoch(train)' in line:
                break
        time.sleep(0.05 * attempt)
        process.kill()
        process.wait()
        kept = list(tmp_path.glob('iter_*.pth'))
        assert kept
        newest = max(load_state_dict_file(path)['meta']['iter'] for path in kept)
        assert newest >= done
        done = newest


@pytest.mark.slow
@pytest.mark.parametrize('kind', ['train', 'test'])
def test_slurm_script_starts_the_tasks(kind, trained, tiny_config, run_tool, tmp_path):
    """Slurm itself is replaced by a script that starts two tasks with Slurm's variables."""
    (tmp_path / 'bin').mkdir()
    srun = tmp_path / 'bin' / 'srun'
    srun.write_text(
        '#!/bin/bash\necho "$@" > "$LOG"\nwhile [[ "$1" != */python* ]]; do shift; done\n'
        'for i in 0 1; do SLURM_PROCID=$i SLURM_LOCALID=$i SLURM_NTASKS=2 SLURM_NODELIST=here "$@" & done; '
        'wait -n && wait -n\n'
    )
    srun.chmod(0o755)
    checkpoint = trained[0] / 'epoch_2.pth'
    last = tmp_path / 'work' if kind == 'train' else checkpoint
    extra = ('--cfg-options', 'train_cfg.max_epochs=1') if kind == 'train' else ('--work-dir', tmp_path / 'work')
    output = run_tool(
        f'slurm_{kind}.sh', 'part', 'job', tiny_config, last, *extra, GPUS='2', MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(29000 + hash(str(tmp_path)) % 1000), LOG=str(tmp_path / 'log'),
        PATH=f'{tmp_path / "bin"}:{run_tool.env["PATH"]}', SRUN_ARGS='--quiet --time=1',
    )  # fmt: skip
    assert '2 process(es)' in output
    assert 'coco/AP' in output
    called = (tmp_path / 'log').read_text()
    assert called.startswith('-p part --job-name=job --gres=gpu:2 --ntasks=2 --ntasks-per-node=2 --cpus-per-task=5')
    assert '--quiet --time=1' in called


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh'])
def test_scripts_tell_their_usage(run_tool, script):
    assert f'tools/{script} ' in run_tool(script, status=2)


@pytest.mark.slow
def test_distributed_tools_end_as_single_ones(trained, tiny_config, tiny_coco, run_tool, tmp_path):
    """A bad image is status 3 and a mistake one line, also in two processes."""
    data = tmp_path / 'data'
    (data / 'images').mkdir(parents=True)
    for image in (tiny_coco.root / 'images').iterdir():
        (data / 'images' / image.name).write_bytes(image.read_bytes())
    (data / 'images' / '000001.png').write_bytes(b'\x89PNG cut off')
    options = ('--cfg-options', f'test_dataloader.dataset.data_prefix.img={data}/images/')
    options += (f'train_dataloader.dataset.data_prefix.img={data}/images/',)
    common = (tiny_config, trained[0] / 'epoch_2.pth', 2, '--work-dir', tmp_path / 'test')
    output = run_tool('dist_test.sh', *common, *options, status=3)
    assert output.count('2 samples of 1 images could not be read') == 1
    assert 'Traceback' not in output
    output = run_tool('dist_train.sh', tiny_config, 2, '--work-dir', tmp_path / 'train', *options, status=2)
    assert output.count('train.py: error: ') == 1
    assert '000001.png' in output
    assert 'Traceback' not in output
    output = run_tool('dist_test.sh', tiny_config, tmp_path / 'gone.pth', 2, status=2)
    assert output.count('there is no checkpoint') == 1


@pytest.mark.parametrize(
    'option', [('--out', 'm.json'), ('--dump', 'p.pkl'), ('--show-dir', 'show'), ('--work-dir', 'work')]
)
def test_outputs_that_cannot_be_written_are_found_before_the_run(trained, tiny_config, call_tool, tmp_path, option):
    (tmp_path / 'file').write_text('mine')
    name, path = option[0], tmp_path / 'file' / option[1]
    arguments = {'--work-dir': tmp_path / 'w', name: path}
    words = [word for pair in arguments.items() for word in pair]
    output = call_tool('test.py', tiny_config, trained[0] / 'epoch_2.pth', *words, status=2)
    assert 'Traceback' not in output
    assert 'Epoch(test)' not in output
    assert f'{tmp_path}/file' in output.strip().splitlines()[-1]
    assert (tmp_path / 'file').read_text() == 'mine'


def test_a_finished_training_is_refused_without_overwrite(trained, tiny_config, call_tool):
    output = call_tool('train.py', tiny_config, '--work-dir', trained[0], status=2)
    assert 'holds a training already (epoch_1.pth' in output
    assert '--overwrite' in output
