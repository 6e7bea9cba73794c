"""A small dataset and its config, to be damaged and checked."""

import json
import pathlib
import shutil

import cv2

from mmpose_dark.data_check import check_config

PIPELINE = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=(48, 64)),
    dict(type='PackPoseInputs'),
]


class Data:
    """Files of a config that can be read, changed and checked."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.config = dict(
            model=dict(head=dict(out_channels=17)),
            train_dataloader=dict(dataset=self._dataset('train')),
            val_dataloader=dict(
                dataset=dict(self._dataset('val'), test_mode=True, bbox_file='annotations/detections.json')
            ),
            val_evaluator=dict(type='CocoMetric', ann_file=str(root / 'val' / 'annotations' / 'person.json')),
        )

    def _dataset(self, split: str) -> dict:
        return dict(
            type='CocoDataset',
            data_root=str(self.root / split),
            ann_file='annotations/person.json',
            data_prefix=dict(img='images/'),
            pipeline=PIPELINE,
        )

    def path(self, name: str, split: str = 'val') -> pathlib.Path:
        return self.root / split / 'annotations' / f'{name}.json'

    def change(self, change, name: str = 'person', split: str = 'val') -> None:
        content = json.loads(self.path(name, split).read_text())
        change(content)
        self.path(name, split).write_text(json.dumps(content))

    def check(self, **kwargs):
        return check_config(self.config, workers=2, **kwargs)

    def found(self, severities=('error', 'warning'), **kwargs) -> set[tuple[str, str]]:
        return {(f.severity, f.check) for f in self.check(**kwargs).findings if f.severity in severities}


def copied_data(tiny_coco, folder: pathlib.Path) -> Data:
    """Copy the small dataset into the folders train and val, each image of val another one."""
    for split in ('train', 'val'):
        shutil.copytree(tiny_coco.root, folder / split)
    for path in (folder / 'val' / 'images').iterdir():
        cv2.imwrite(str(path), 255 - cv2.imread(str(path)))
    return Data(folder)


def each(key, value):
    """Change that sets an entry of every annotation."""

    def change(content):
        for ann in content['annotations']:
            ann[key] = value(ann) if callable(value) else value

    return change


def first(key, value):
    """Change that sets (or with ``...`` removes) an entry of the first annotation."""

    def change(content):
        ann = content['annotations'][0]
        if value is ...:
            del ann[key]
        else:
            ann[key] = value(ann) if callable(value) else value

    return change
