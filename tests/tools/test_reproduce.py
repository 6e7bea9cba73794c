"""A made-up row over a loopback server: published, fetched, hash checked, tested, compared."""

import json
import pathlib

import pytest
import torch

from mmpose_dark.config.reading import load_config
from mmpose_dark.engine import PoseRunner
from mmpose_dark.registry import MODELS

pytestmark = pytest.mark.usefixtures('cache')


def zoo_file(tmp_path, *rows, **benchmark):
    path = tmp_path / 'zoo' / 'published.json'
    path.parent.mkdir(exist_ok=True)
    figures = dict(PCK='PCK', AP='coco/AP')
    data = dict(
        sources=dict(us=dict(title='us', url='https://example.org')),
        collections={},
        benchmarks=dict(
            tiny=dict(title='tiny', dataset='tiny', unit=100, main='PCK', tolerance=0.1, figures=figures) | benchmark
        ),
        rows=[dict(source='us', benchmark='tiny', model='ResNet-18') | row for row in rows],
    )
    path.write_text(json.dumps(data))
    return path


def test_a_row_from_download_to_comparison(tiny_config, call_tool, host, tmp_path):
    folder, url = host
    cfg = load_config(tiny_config)
    torch.manual_seed(0)
    weights = MODELS.build(cfg.model).state_dict()
    torch.save(dict(state_dict=weights, optimizer=dict(state={}), meta=dict(epoch=2)), tmp_path / 'epoch_2.pth')
    call_tool('misc/publish_model.py', tmp_path / 'epoch_2.pth', folder / 'tiny', '--date', '20260102')
    (published,) = folder.iterdir()

    cfg.merge_from_dict(dict(load_from=str(published), work_dir=str(tmp_path / 'work_dirs' / 'direct'), device='cpu'))
    for name in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler'):
        cfg[name] = None
    for name in ('val_dataloader', 'val_cfg', 'val_evaluator'):
        cfg[name] = None
    pck = 100 * PoseRunner.from_cfg(cfg).test()['PCK']
    assert 1 < pck < 99

    row = dict(id='tiny-res18', config=tiny_config, checkpoint=f'{url}/{published.name}')
    zoo = zoo_file(tmp_path, dict(row, published=dict(PCK=round(pck, 1), AP=0.0)))
    said = call_tool('reproduce.py', 'tiny-*', '--zoo', zoo, '--device', 'cpu')
    assert 'complete, its hash is right' in said
    assert 'reproduced: PCK to within 0.1' in said
    result = json.loads((tmp_path / 'zoo' / 'results' / 'tiny-res18.json').read_text())
    assert result['reproduced'] is True
    assert result['measured']['PCK'] == pytest.approx(pck, abs=1e-3)
    assert result['checkpoint_sha256'].startswith(published.stem.split('-')[1][:8])
    assert result['command'] == f'python tools/test.py {tiny_config} {url}/{published.name} --device cpu'
    listed = call_tool('reproduce.py', '--list', '--zoo', zoo)
    assert f'PCK {round(pck, 1):g}, {pck:.1f} here; weights: URL' in listed


@pytest.mark.slow
def test_missing_data_and_weights_are_said_before_anything_is_run(tiny_config, call_tool, tmp_path, host):
    _, url = host
    broken = tmp_path / 'broken.py'
    broken.write_text(
        f"_base_ = [{tiny_config!r}]\ntest_dataloader = dict(dataset=dict(data_root='/nowhere/coco'))\n"
        "test_evaluator = [dict(type='PCKAccuracy')]\n"
    )
    drive = 'https://drive.google.com/file/d/1/view'
    rows = [
        dict(id='no-weights', config=tiny_config, checkpoint=None),
        dict(id='by-hand', config=tiny_config, checkpoint=drive),
        dict(id='gone', config=tiny_config, checkpoint=f'{url}/gone-12345678.pth'),
        dict(id='no-data', config=str(broken), checkpoint=f'{url}/never-asked-for.pth'),
    ]
    zoo = zoo_file(tmp_path, *(dict(row, published=dict(PCK=50.0)) for row in rows))
    said = call_tool('reproduce.py', '*', '--zoo', zoo, status=2)
    assert f'put yours at {"checkpoints/no-weights.pth"}' in said
    assert f'download {drive} in a browser and save it as {tmp_path / "checkpoints" / "by-hand.pth"}' in said
    assert 'gone-12345678.pth: the server answers 404' in said
    assert "the image folder '/nowhere/coco/images/' does not exist" in said
    assert 'never-asked-for' not in said
    assert '0 of 4 rows can be run; nothing was run.' in said
    assert not (tmp_path / 'zoo' / 'results').exists()

    (tmp_path / 'checkpoints').mkdir()
    (tmp_path / 'checkpoints' / 'by-hand.pth').write_bytes(b'x')
    assert '1 of 1 rows can be run' in call_tool('reproduce.py', 'by-hand', '--check', '--zoo', zoo)
    # A file that is no checkpoint: the test says so, and no result is written.
    said = call_tool('reproduce.py', 'by-hand', '--zoo', zoo, '--device', 'cpu', status=2)
    assert 'is not a PyTorch checkpoint' in said
    assert 'by-hand: tools/test.py failed (status 2)' in said
    assert not (tmp_path / 'zoo' / 'results').exists()


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['tyni-res18'], 'tyni-res18: no such row in .*; did you mean tiny-res18?'),
        (['*', '--checkpoint', 'a.pth'], '--checkpoint is for one row; 2 are named'),
        ([], 'name one or more rows; --list shows them'),
        (['tiny-res18', '--checkpoint', 'a.pth'], '--checkpoint a.pth: there is no such file'),
    ],
)
def test_users_mistakes(tiny_config, call_tool, tmp_path, arguments, says):
    row = dict(config=tiny_config, checkpoint=None, published=dict(PCK=50.0))
    zoo = zoo_file(tmp_path, dict(row, id='tiny-res18'), dict(row, id='other'))
    said = call_tool('reproduce.py', *arguments, '--zoo', zoo, status=2)
    assert says.replace('.*', str(zoo)) in said


@pytest.mark.slow
def test_a_test_set_whose_annotations_a_server_keeps(tiny_coco, tiny_config, call_tool, tmp_path):
    """As COCO's test-dev: images and detections, no annotations; the test writes the file to upload."""
    content = json.loads(pathlib.Path(tiny_coco.ann_file).read_text())
    (tmp_path / 'image_info.json').write_text(json.dumps(dict(images=content['images'], categories=[])))
    config = tmp_path / 'testdev.py'
    config.write_text(
        f'_base_ = [{tiny_config!r}]\n'
        f"_images, _boxes = '{tmp_path}/image_info.json', {tiny_coco.det_file!r}\n"
        'test_dataloader = dict(dataset=dict(ann_file=_images, bbox_file=_boxes))\n'
        "test_evaluator = dict(_delete_=True, type='CocoMetric', format_only=True, outfile_prefix='testdev')\n"
    )
    torch.manual_seed(0)
    torch.save(MODELS.build(load_config(tiny_config).model).state_dict(), tmp_path / 'net.pth')
    row = dict(id='testdev', config=str(config), checkpoint=None, published=dict(AP=50.0))
    zoo = zoo_file(tmp_path, row, main='AP', server='https://server.org')
    said = call_tool('reproduce.py', 'testdev', '--zoo', zoo, '--checkpoint', tmp_path / 'net.pth', '--device', 'cpu')
    assert 'testdev: upload the results file that the test wrote at https://server.org' in said
    results = json.loads((tmp_path / 'testdev.keypoints.json').read_text())
    assert {r['image_id'] for r in results} <= {image['id'] for image in content['images']}
    assert len(results) > 1
    assert not (tmp_path / 'zoo' / 'results').exists()
