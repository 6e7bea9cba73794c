"""Converters: each result is what the source says, and the project's dataset class reads it."""

import json
import pathlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from mmpose_dark.annotations import AnnotationError
from mmpose_dark.datasets import AicDataset, LspetDataset, PoseTrack18Dataset
from mmpose_dark.utils.errors import OutputError

FOLDER = pathlib.Path(__file__).resolve().parents[2] / 'tools' / 'dataset_converters'


def image_file(path: pathlib.Path, width: int, height: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((height, width, 3), np.uint8))


@pytest.mark.parametrize('script', [*sorted(p.name for p in FOLDER.glob('*2*.py')), 'posetrack18_merge.py'])
def test_help_has_an_example(converter, capsys, script):
    with pytest.raises(SystemExit) as ended:
        converter(script[:-3]).parse_args(['--help'])
    assert ended.value.code == 0
    assert f'python tools/dataset_converters/{script}' in capsys.readouterr().out


# ---------------------------------------------------------------------------------- writing


def test_files_are_replaced_together_or_not_at_all(converter, tmp_path):
    tools = converter('converter_tools')
    (tmp_path / 'a.json').write_text('old')
    with pytest.raises(TypeError):
        tools.write_files({tmp_path / 'a.json': [1], tmp_path / 'b.json': {'x': object()}})
    assert (tmp_path / 'a.json').read_text() == 'old'
    assert [p.name for p in tmp_path.iterdir()] == ['a.json']
    tools.write_files({tmp_path / 'a.json': [1], tmp_path / 'sub' / 'b.txt': 'text', tmp_path / 'c': b'\x00'})
    assert json.loads((tmp_path / 'a.json').read_text()) == [1]
    assert (tmp_path / 'sub' / 'b.txt').read_text() == 'text'
    assert sorted(p.name for p in tmp_path.iterdir()) == ['a.json', 'c', 'sub']


def test_outputs_are_tried_before_the_work(converter, tmp_path):
    tools = converter('converter_tools')
    (tmp_path / 'file').write_text('x')
    (tmp_path / 'a.json').write_text('{}')
    with pytest.raises(OutputError, match=r'file/a\.json cannot be written \(Not a directory\)'):
        tools.refuse_to_overwrite([tmp_path / 'file' / 'a.json'], force=False)
    with pytest.raises(OutputError, match=r'a\.json is one of the inputs and would be overwritten'):
        tools.refuse_to_overwrite([tmp_path / 'sub' / '..' / 'a.json'], force=True, inputs=[tmp_path / 'a.json'])
    with pytest.raises(OutputError, match='it is a folder'):
        tools.refuse_to_overwrite([tmp_path], force=True)
    with pytest.raises(AnnotationError, match=r'a\.json. exists already'):
        tools.refuse_to_overwrite([tmp_path / 'a.json'], force=False)
    tools.refuse_to_overwrite([tmp_path / 'new' / 'a.json'], force=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ['a.json', 'file']


def test_fractions_of_visibility_are_labelled(converter):
    person = converter('converter_tools').person(1, 7, [0, 0, 9, 9], np.array([[1.5, 2, 0.4], [3, 4, 0], [5, 6, 2]]))
    assert (person['keypoints'], person['num_keypoints']) == ([1.5, 2, 1, 0, 0, 0, 5, 6, 2], 2)


# ---------------------------------------------------------------------------------- LSPET


def lsp_joints(people: int = 20) -> np.ndarray:
    """(14, 3, people) as in joints.mat; person n has its last n % 8 joints not labelled."""
    rng = np.random.default_rng(0)
    joints = rng.uniform(10, 90, (14, 3, people))
    joints[:, 2] = 1
    for n in range(people):
        for j in range(14 - n % 8, 14):
            joints[j, :, n] = (-50, -30, 0)
    return joints


@pytest.fixture
def lspet(tmp_path):
    joints = lsp_joints()
    savemat(tmp_path / 'joints.mat', dict(joints=joints))
    for n in range(20):
        image_file(tmp_path / 'images' / f'im{n + 1:05d}.jpg', 100 + n, 120)
    return tmp_path, joints


def test_lspet(converter, lspet, capsys):
    root, joints = lspet
    tool = converter('lspet2coco')
    arguments = [str(root / 'joints.mat'), str(root / 'images'), str(root / 'annotations'), '--val-share', '0.25']
    tool.main([*arguments, '--min-keypoints', '8'])
    sets = {
        split: LspetDataset(
            ann_file=f'annotations/lspet_{split}.json', data_root=str(root), data_prefix=dict(img='images/')
        )
        for split in ('train', 'val')
    }
    # Persons 7 and 15 (from 0) have 7 joints.
    assert (len(sets['train']), len(sets['val'])) == (14, 4)
    assert '2 of 20 people left out' in capsys.readouterr().out
    order = [8, 7, 6, 9, 10, 11, 2, 1, 0, 3, 4, 5, 13, 12]
    seen = set()
    for dataset in sets.values():
        for i in range(len(dataset)):
            info = dataset.get_data_info(i)
            n = info['img_id'] - 1
            seen.add(n)
            assert info['img_path'].endswith(f'im{n + 1:05d}.jpg')
            labelled = joints[order, 2, n] > 0
            np.testing.assert_array_equal(info['keypoints_visible'][0] > 0, labelled)
            np.testing.assert_allclose(info['keypoints'][0][labelled], joints[order, :2, n][labelled], atol=1e-4)
            xy = joints[:, :2, n][joints[:, 2, n] > 0]
            low, high = xy.min(0), xy.max(0)
            margin = 0.15 * (high - low) + 5
            expected = [*np.maximum(low - margin, 0), *np.minimum(high + margin, (100 + n - 1, 119))]
            np.testing.assert_allclose(info['bbox'][0], expected, atol=1e-3)
            width, height = info['bbox'][0][2:] - info['bbox'][0][:2]
            assert info['area'] == pytest.approx(width * height, rel=1e-4)
    assert seen == set(range(20)) - {7, 15}
    before = (root / 'annotations' / 'lspet_val.json').read_bytes()
    with pytest.raises(AnnotationError, match='exists already'):
        tool.main(arguments)
    tool.main([*arguments, '--min-keypoints', '8', '--force'])
    assert (root / 'annotations' / 'lspet_val.json').read_bytes() == before


def test_lspet_boxes_are_those_of_the_published_json(converter, shared):
    """The recipe gives the boxes that are in the project's own LSPET annotations, which are rounded."""
    tools = converter('converter_tools')
    content = json.loads((shared / 'data/lspet/annotations/lspet_val.json').read_text())
    sizes = {image['id']: (image['width'], image['height']) for image in content['images']}
    errors = []
    for ann in content['annotations']:
        points = np.array(ann['keypoints']).reshape(-1, 3)
        box = tools.extent_box(points[points[:, 2] > 0, :2], share=0.15, pixels=5, size_wh=sizes[ann['image_id']])
        errors.append(np.abs(np.array(box) - ann['bbox']).max())
    assert max(errors) < 0.02


@pytest.mark.parametrize('order', ['joint first', 'coordinate first', 'one person'])
def test_lspet_axes(converter, tmp_path, order):
    joints = lsp_joints(1 if order == 'one person' else 5)
    savemat(tmp_path / 'j.mat', dict(joints=joints.transpose(1, 0, 2) if order == 'coordinate first' else joints))
    people = converter('lspet2coco').read_joints(str(tmp_path / 'j.mat'))
    np.testing.assert_allclose(people[0, 0], joints[8, :, 0])
    np.testing.assert_allclose(people[-1, 12], joints[13, :, -1])


def test_lspet_bad_input(converter, lspet):
    root, _ = lspet
    tool = converter('lspet2coco')
    with pytest.raises(AnnotationError, match='does not exist'):
        tool.read_joints(str(root / 'no.mat'))
    (root / 'cut.mat').write_bytes((root / 'joints.mat').read_bytes()[:200])
    with pytest.raises(AnnotationError, match=r'cut\.mat'):
        tool.read_joints(str(root / 'cut.mat'))
    savemat(root / 'other.mat', dict(points=[1]))
    with pytest.raises(AnnotationError, match=r"no variable 'joints', only points"):
        tool.read_joints(str(root / 'other.mat'))
    savemat(root / 'shape.mat', dict(joints=np.zeros((13, 3, 5))))
    with pytest.raises(AnnotationError, match=r'\(13, 3, 5\)'):
        tool.read_joints(str(root / 'shape.mat'))
    (root / 'images' / 'im00003.jpg').unlink()
    with pytest.raises(AnnotationError, match=r'im00003\.jpg: no such file'):
        tool.main([str(root / 'joints.mat'), str(root / 'images'), str(root / 'out')])
    assert not (root / 'out').exists()


# ---------------------------------------------------------------------------------- AI Challenger


def aic_record(name='a', **changes):
    points = np.arange(42, dtype=float).reshape(14, 3)
    points[:, 2] = [1, 2, 3] * 4 + [1, 1]
    record = dict(
        image_id=name,
        human_annotations=dict(human1=[10, 20, 60, 90]),
        keypoint_annotations=dict(human1=points.ravel().tolist()),
    )
    record.update(changes)
    return record


def test_aic(converter, tmp_path):
    records = [aic_record('a'), aic_record('b')]
    for i in range(2, 12):  # so many that "human10" sorts before "human2" as text
        records[1]['human_annotations'][f'human{i}'] = [i, i, i + 20, i + 30]
        records[1]['keypoint_annotations'][f'human{i}'] = records[0]['keypoint_annotations']['human1']
    for name, width in (('a', 70), ('b', 80)):
        image_file(tmp_path / 'images' / f'{name}.jpg', width, 100)
    (tmp_path / 'authors.json').write_text(json.dumps(records))
    tool = converter('aic2coco')
    tool.main([str(tmp_path / 'authors.json'), str(tmp_path / 'images'), str(tmp_path / 'aic.json')])
    dataset = AicDataset(ann_file='aic.json', data_root=str(tmp_path), data_prefix=dict(img='images/'))
    assert len(dataset) == 12
    info = dataset.get_data_info(0)
    np.testing.assert_array_equal(info['bbox'], [[10, 20, 60, 90]])
    np.testing.assert_array_equal(info['keypoints_visible'][0], [1, 1, 0] * 4 + [1, 1])
    np.testing.assert_array_equal(info['keypoints'][0, 1], [3, 4])
    content = json.loads((tmp_path / 'aic.json').read_text())
    assert content['annotations'][0]['keypoints'][:9] == [0, 1, 2, 3, 4, 1, 0, 0, 0]
    assert content['annotations'][0]['num_keypoints'] == 10
    assert 'area' not in content['annotations'][0]
    assert [a['bbox'][0] for a in content['annotations'][2:]] == list(range(2, 12))
    assert [(i['width'], i['height']) for i in content['images']] == [(70, 100), (80, 100)]


@pytest.mark.parametrize(
    ('record', 'message'),
    [
        (aic_record(human_annotations=dict(human1=[1, 2, 3])), 'image a, human1: .* are not 4 numbers'),
        (aic_record(keypoint_annotations={}), 'image a, human1 has a box and no keypoints'),
        (aic_record(keypoint_annotations=dict(human1=[1, 2, 4] * 14)), 'visibility 4'),
        (aic_record(keypoint_annotations=dict(human1=[1, 2, 1] * 13)), 'are not 42 numbers'),
        (aic_record('gone'), r'gone\.jpg: no such file'),
        ({}, 'no list of records'),
    ],
)
def test_aic_bad_input(converter, tmp_path, record, message):
    image_file(tmp_path / 'a.jpg', 70, 100)
    with pytest.raises(AnnotationError, match=message):
        converter('aic2coco').convert([record], 'authors.json', str(tmp_path), workers=1)


# ---------------------------------------------------------------------------------- PoseTrack18


def sequences(shared, tmp_path, change=None) -> pathlib.Path:
    folder = tmp_path / 'val'
    folder.mkdir()
    for path in (shared / 'data/samples/posetrack18/annotations/val').glob('*.json'):
        content = json.loads(path.read_text())
        if change:
            change(content)
        (folder / path.name).write_text(json.dumps(content))
    return folder


def test_posetrack18(converter, shared, tmp_path):
    """Merged sequences are the published merged file; what is left out of them is made anew."""

    def strip(content):
        for ann in content['annotations']:
            for key in ('bbox', 'num_keypoints', 'iscrowd'):
                del ann[key]
        for image in content['images']:
            del image['width'], image['height']

    root = shared / 'data/samples/posetrack18'
    expected = json.loads((root / 'annotations/test_posetrack18_val.json').read_text())
    by_id = {ann['id']: ann for ann in expected['annotations']}
    tool = converter('posetrack18_merge')
    tool.main([str(sequences(shared, tmp_path, strip)), str(tmp_path / 'out.json'), '--images', str(root)])
    content = json.loads((tmp_path / 'out.json').read_text())
    assert {a['id'] for a in content['annotations']} == set(by_id)
    for ann in content['annotations']:
        np.testing.assert_allclose(ann['bbox'], by_id[ann['id']]['bbox'], atol=1e-6)
        assert ann['num_keypoints'] == by_id[ann['id']]['num_keypoints']
    sizes = {i['id']: (i['width'], i['height']) for i in expected['images']}
    assert {i['id']: (i['width'], i['height']) for i in content['images']} == sizes
    dataset = PoseTrack18Dataset(ann_file=str(tmp_path / 'out.json'), data_root=str(root), data_prefix=dict(img=''))
    assert len(dataset) == 14


def test_posetrack18_unlabelled_frames(converter, shared, tmp_path):
    def unlabel(content):
        content['images'][0]['is_labeled'] = content['images'][0]['vid_id'] == '012834'

    folder = sequences(shared, tmp_path, unlabel)
    tool = converter('posetrack18_merge')
    assert len(tool.merge(str(folder))['images']) == 1
    assert len(tool.merge(str(folder), all_frames=True)['images']) == 3


def test_posetrack18_bad_input(converter, tmp_path):
    tool = converter('posetrack18_merge')
    with pytest.raises(AnnotationError, match=r'no \.json file'):
        tool.merge(str(tmp_path))
    image = dict(id=1, file_name='a.jpg', width=5, height=5)
    ann = dict(id=7, image_id=1, keypoints=[1.0] * 50)
    (tmp_path / 'a.json').write_text(json.dumps(dict(images=[image], annotations=[ann])))
    with pytest.raises(AnnotationError, match=r'a\.json.*annotation 7 has 50 numbers'):
        tool.merge(str(tmp_path))
    (tmp_path / 'a.json').write_text(json.dumps(dict(images=[image], annotations=[])))
    (tmp_path / 'b.json').write_text(json.dumps(dict(images=[image], annotations=[])))
    with pytest.raises(AnnotationError, match=r'image id 1 is in .*a\.json.* and .*b\.json'):
        tool.merge(str(tmp_path))
    (tmp_path / 'b.json').unlink()
    del image['width']
    (tmp_path / 'a.json').write_text(json.dumps(dict(images=[image], annotations=[])))
    with pytest.raises(AnnotationError, match='give --images'):
        tool.merge(str(tmp_path))


def test_as_a_program(tmp_path):
    """One message and status 2, from any folder."""
    command = [sys.executable, str(FOLDER / 'posetrack18_merge.py'), 'nowhere', 'out.json']
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith('posetrack18_merge.py: error: there is no .json file')
