"""Each dataset from the command line, on real images in its own format: learn a few by heart, then test.

A network that has learnt a handful of people by heart must find them again, or something between the
annotation file and the metric is wrong: boxes, flip pairs, order of keypoints, sigmas, ids. The figures
printed here (``pytest -m slow -s tests/tools/test_sample_runs.py``) stand in docs/results.md.
"""

import json
import pathlib
import textwrap

import pytest

BASE = pathlib.Path(__file__).resolve().parents[2] / 'configs' / '_base_'
# dataset -> dataset part, keypoints, annotation file, image folder, change of the evaluator, metric, least value
RUNS = {
    'coco': ('coco', 17, 'coco/test_coco.json', 'coco/', 'coco/AP', 0.8),
    'coco-wholebody': (
        'coco_wholebody', 133, 'coco/test_coco_wholebody.json', 'coco/', 'coco-wholebody/wholebody AP', 0.5,
    ),
    'mpii': ('mpii', 16, 'mpii/test_mpii.json', 'mpii/', 'PCK', 0.9),
    'aic': ('aic', 14, 'aic/test_aic.json', 'aic/', 'aic/AP', 0.2),
    'crowdpose': ('crowdpose', 14, 'crowdpose/test_crowdpose.json', 'crowdpose/', 'crowdpose/AP', 0.8),
    'posetrack18': (
        'posetrack18', 17, 'posetrack18/annotations/test_posetrack18_val.json', 'posetrack18/', 'posetrack18/AP', 80.0,
    ),
}  # fmt: skip


def write_config(path: pathlib.Path, name: str, shared: pathlib.Path) -> None:
    """Write the recipe: the part of the dataset, with the sample files, and the small HRNet."""
    part, keypoints, ann_file, folder, _, _ = RUNS[name]
    samples = shared / 'data' / 'samples'
    bases = [
        str(BASE / f)
        for f in ('default_runtime.py', 'models/hrnet_small.py', f'datasets/{part}.py', 'inputs/128x96.py')
    ]
    evaluator = '_base_.val_evaluator'
    if name == 'mpii':  # no head boxes are among the samples
        evaluator = "dict(_delete_=True, type='PCKAccuracy', thr=0.05)"
    else:
        evaluator = f'dict(ann_file={str(samples / ann_file)!r})'
    extra = ', headbox_file=None' if name == 'mpii' else ', bbox_file=None' if name != 'posetrack18' else ''
    path.write_text(
        textwrap.dedent(f"""
        _base_ = {bases!r}
        codec = dict(_base_.codec, unbiased=True)
        model = dict(head=dict(out_channels={keypoints}, decoder=codec), test_cfg=dict(flip_test=False))
        people = dict(
            data_root='', ann_file={str(samples / ann_file)!r}, data_prefix=dict(img={str(samples / folder) + '/'!r}),
            pipeline=_base_.val_pipeline,
        )
        train_dataloader = dict(
            batch_size=8, num_workers=0, persistent_workers=False, dataset=people,
            sampler=dict(_delete_=True, type='InfiniteSampler', shuffle=True),
        )
        val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(test_mode=True{extra}, **people))
        test_dataloader = val_dataloader
        val_evaluator = {evaluator}
        test_evaluator = val_evaluator
        val_cfg = dict()
        test_cfg = dict()
        train_cfg = dict(by_epoch=False, max_iters=600, val_interval=1000)
        optim_wrapper = dict(optimizer=dict(type='Adam', lr=2e-3))
        param_scheduler = dict(type='CosineAnnealingLR', T_max=600, by_epoch=False)
        default_hooks = dict(checkpoint=dict(_delete_=True, type='CheckpointHook', by_epoch=False, interval=600))
        log_processor = dict(by_epoch=False)
        """)
    )


@pytest.mark.slow
@pytest.mark.parametrize('name', RUNS)
def test_a_network_finds_the_people_it_learnt(name: str, shared, tmp_path, call_tool, capfd) -> None:
    config, work_dir, out = tmp_path / f'{name}.py', tmp_path / 'work', tmp_path / 'metrics.json'
    write_config(config, name, shared)
    call_tool('train.py', config, '--work-dir', work_dir, '--no-validate', '--channels-last', '--amp', 'bfloat16')
    call_tool('test.py', config, work_dir / 'iter_600.pth', '--work-dir', work_dir, '--out', out)
    metrics = json.loads(out.read_text())
    with capfd.disabled():
        print(f'\n{name}: ' + ', '.join(f'{k} {v:.4f}' for k, v in metrics.items() if v >= 0))
    figure, least = RUNS[name][-2:]
    assert metrics[figure] >= least
