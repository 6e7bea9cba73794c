"""What a changed annotation, detection, result or box file is used for, with how each use ended."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
from checked_data import PIPELINE

from mmpose_dark.data_check import check_config
from mmpose_dark.datasets import MpiiDataset
from mmpose_dark.evaluation.functional.oks_eval import evaluate_oks
from mmpose_dark.inference import read_boxes
from mmpose_dark.inference.boxes import check_boxes
from mmpose_dark.registry import DATASETS, METRICS
from mmpose_dark.utils.errors import UserError

CONVERTERS = Path(__file__).resolve().parents[2] / 'tools' / 'dataset_converters'
BOX_FILES = {
    'by name': {'000001.png': [[10, 20, 60, 90], [30, 5, 60, 80, 0.9]], '000002': [[1, 2, 30, 40]]},
    'everywhere': [[10, 20, 60, 90], [30, 5, 60, 80, 0.9]],
    'records': [dict(file_name='000001.png', bbox=[10, 20, 60, 90]), dict(image_id=2, bbox=[1, 2, 30, 40], score=0.5)],
}
_MPII = dict(image='a.jpg', scale=1.5, center=[90, 80], joints=[[90 + i, 60 + 7 * i] for i in range(16)])
MPII = [dict(_MPII, joints_vis=[1] * 16), dict(_MPII, joints_vis=[0] + [1] * 15, image='7.jpg')]


def good_files(ann_file, det_file, images) -> dict:
    """Contents of a small dataset and results for it, by name, and its folder of images."""
    people = json.loads(Path(ann_file).read_text())
    for image in people['images']:
        image['crowdIndex'] = 0.1
    detections = json.loads(Path(det_file).read_text())
    results = [
        dict(image_id=a['image_id'], category_id=1, keypoints=a['keypoints'], score=0.5 + i / 20, track_id=i)
        for i, a in enumerate(people['annotations'])
        if not a['iscrowd']
    ]
    return dict(people=people, detections=detections, results=results, images=images)


def dataset(path, files, **options):
    config = dict(type='CocoDataset', ann_file=str(path), data_prefix=dict(img=str(files['images'])), pipeline=PIPELINE)
    return DATASETS.build(config | options)


def records(data) -> list:
    infos = [data.get_data_info(i) for i in range(len(data))]
    keys = ('img_id', 'category_id', 'bbox', 'bbox_score', 'keypoints', 'keypoints_visible')
    return [[np.asarray(info[key]).tolist() for key in keys] for info in infos]


def outcome(work, done: str):
    """The result of work, or None where it is refused; anything else fails, and names the mutation."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            return work()
        except UserError as err:
            if not 10 < len(str(err)) < 3000:
                raise AssertionError(f'{done}: {err}') from err
            return None
        except BaseException as err:
            raise AssertionError(f'{done}: {type(err).__name__}: {err}') from err


def use_people(path, files, tmp_path, done):
    """Train on, test on, evaluate, look at in the demo, and convert an annotation file."""
    results = files['results']
    config = dict(
        model=None,
        val_dataloader=dict(
            dataset=dict(
                type='CocoDataset',
                ann_file=str(path),
                data_prefix=dict(img=str(files['images'])),
                pipeline=PIPELINE,
                test_mode=True,
            )
        ),
        val_evaluator=dict(type='CocoMetric', ann_file=str(path)),
    )

    def build_and_evaluate():
        data = dataset(path, files, test_mode=True)
        METRICS.build(config['val_evaluator']).dataset_meta = data.metainfo
        return records(data), evaluate_oks(str(path), results)

    found = dict(
        train=outcome(lambda: records(dataset(path, files)), done),
        test=outcome(build_and_evaluate, done),
        boxes=outcome(lambda: read_boxes(path).by_name, done),
        check=outcome(lambda: check_config(config, max_images=0).ok, done),
        crowd=outcome(lambda: evaluate_oks(str(path), results, iou_type='keypoints_crowd'), done),
        yolo=outcome(lambda: yolo(path, files, tmp_path), done),
    )
    if found['test'] is None:
        assert not found['check'], f'{done}: a test refuses it, and the check does not'
    return found


def yolo(path, files, tmp_path):
    sys.path.insert(0, str(CONVERTERS))
    try:
        import coco2yolo_pose
    finally:
        sys.path.pop(0)
    out = tmp_path / 'yolo'
    coco2yolo_pose.main([str(out), '--train', str(path), str(files['images']), '--images', 'none', '--force'])
    return sorted((p.name, p.read_text()) for p in (out / 'labels' / 'train').iterdir())


def boxes_of(path):
    found = read_boxes(path)
    rows = [*found.by_name.values(), *found.by_id.values(), found.everywhere or []]
    return [check_boxes(boxes, 'xywh', image_hw=(240, 320)) for boxes in rows]


def use_detections(path, people, files, done):
    """Test with detections, and take them as boxes."""
    outcome(lambda: records(dataset(people, files, test_mode=True, bbox_file=str(path))), done)
    use_boxes(path, done)


def use_results(path, files, done):
    """Evaluate results."""
    values = outcome(lambda: evaluate_oks(files['people'], str(path)), done)
    assert values is None or all(-1 <= value <= 1 for value in values.values()), done


def use_boxes(path, done):
    """Take boxes as the demo does."""
    outcome(lambda: boxes_of(path), done)


def use_mpii(path, done):
    """Train on a file in the format of MPII, and check it."""
    config = dict(type='MpiiDataset', ann_file=str(path))
    outcome(lambda: records(MpiiDataset(ann_file=str(path))), done)
    outcome(lambda: check_config(dict(train_dataloader=dict(dataset=config)), max_images=0), done)
