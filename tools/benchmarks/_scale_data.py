"""Inputs of the measurement of growth: lakes of images, small networks, annotation files, evaluated people."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmpose_dark.utils.progress import track

__all__ = ['coco_file', 'evaluated_blocks', 'lake', 'network']

ROOT = Path(__file__).resolve().parents[2]
DRAWN = 32  # images, of which everything else is made
WIDTH, HEIGHT = 320, 240
BLOCK = 10_000  # records that are written at once
IMAGES_A_BLOCK = 500  # of evaluated people
SMALL = """# Growth is measured with a network that is small, since it is the rest that could grow.
_base_ = {base!r}
codec = dict(type='MSRAHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=1.0, unbiased=True,
             blur_kernel_size=5)
stages = dict(
    stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(1,), num_channels=(8,)),
    stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(1, 1), num_channels=(8, 16)),
    stage3=dict(num_modules=1, num_branches=3, block='BASIC', num_blocks=(1, 1, 1), num_channels=(8, 16, 32)),
)
model = dict(
    backbone=dict(extra=stages),
    head=dict(in_channels=8, out_channels={keypoints}, decoder=codec),
    test_cfg=dict(flip_test=False),
)
pipeline = [dict(type='LoadImage'), dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=codec['input_size']), dict(type='PackPoseInputs')]
train_dataloader = dict(dataset=dict(type={dataset!r}, pipeline=pipeline))
val_dataloader = dict(dataset=dict(type={dataset!r}, pipeline=pipeline))
test_dataloader = val_dataloader
"""


def drawn_images(folder: Path) -> list[Path]:
    """Draw people, unless that was done before, and return the files: 320x240 pixels."""
    import cv2

    from mmpose_dark.synthetic import draw_scene

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f'{number:012d}.jpg' for number in range(DRAWN)]
    for number, path in enumerate(paths):
        if not path.is_file():
            scene = draw_scene(np.random.default_rng(number), width=WIDTH, height=HEIGHT)
            path.write_bytes(cv2.imencode('.jpg', scene.image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    return paths


def lake(folder: Path, count: int) -> Path:
    """Return a folder of so many images: hard links, since symbolic links to one file are one image."""
    drawn = drawn_images(folder / 'drawn')
    target = folder / f'lake_{count}'
    target.mkdir(exist_ok=True)
    for number in track(range(count), unit='links', description=f'a lake of {count} images'):
        link = target / f'{number:09d}.jpg'
        if not link.exists():
            os.link(drawn[number % DRAWN], link)
    return target


def network(folder: Path, keypoints: int) -> tuple[Path, Path]:
    """Return config and checkpoint of a small HRNet with random weights, for COCO's 17 or the 133 of whole bodies."""
    import torch

    from mmpose_dark.apis import init_model
    from mmpose_dark.checkpoint import save_checkpoint

    config, checkpoint = folder / f'small_{keypoints}.py', folder / f'small_{keypoints}.pth'
    if not checkpoint.is_file():
        base = str(ROOT / 'configs' / 'demo' / 'people_dark_192x144.py')
        dataset = {17: 'CocoDataset', 133: 'CocoWholeBodyDataset'}[keypoints]
        config.write_text(SMALL.format(base=base, keypoints=keypoints, dataset=dataset))
        torch.manual_seed(0)
        model = init_model(config)
        save_checkpoint(dict(state_dict=model.state_dict(), meta=dict(dataset_meta=model.dataset_meta)), checkpoint)
    return config, checkpoint


def coco_file(folder: Path, people: int) -> Path:
    """Write an annotation file like COCO's for training, unless that was done before, and return its folder.

    As there, 79 images are there for 100 labelled people, and everybody has a polygon of some 40 numbers; the images
    are a few files with many ids.
    """
    root = folder / f'coco_{people}'
    path = root / 'annotations' / 'train.json'
    if path.is_file():
        return root
    path.parent.mkdir(parents=True)
    names = [p.name for p in drawn_images(root / 'images')]
    images = max(people * 79 // 100, 1)
    bodies = _bodies(np.random.default_rng(0), 512)
    with open(path.with_suffix('.part'), 'w') as file:
        file.write('{"info": {"description": "generated"}, "images": [')
        for start in range(0, images, BLOCK):
            file.write(', ' * bool(start) + ', '.join(
                f'{{"license": 3, "file_name": "{names[i % DRAWN]}", "coco_url": "http://images.example.org/{i:012d}.jpg"'
                f', "height": {HEIGHT}, "width": {WIDTH}, "date_captured": "2013-11-14 17:02:52", "id": {i + 1}}}'
                for i in range(start, min(start + BLOCK, images))
            ))  # fmt: skip
        file.write('], "annotations": [')
        for start in track(range(0, people, BLOCK), unit='blocks', description=f'annotations of {people} people'):
            file.write(', ' * bool(start) + ', '.join(
                f'{{{bodies[i % len(bodies)]}, "image_id": {i % images + 1}, "id": {900000 + i}}}'
                for i in range(start, min(start + BLOCK, people))
            ))  # fmt: skip
        file.write('], "categories": [{"id": 1, "name": "person", "supercategory": "person"}]}')
    path.with_suffix('.part').replace(path)
    return root


def _bodies(rng: np.random.Generator, count: int) -> list[str]:
    """Fields of annotations, as text."""
    texts = []
    for _ in range(count):
        size = rng.uniform(30, 120, 2)
        corner = rng.uniform(0, (WIDTH, HEIGHT) - size)
        visible = rng.integers(0, 3, 17)
        visible[0] = 2
        xy = np.round(corner + rng.random((17, 2)) * size) * (visible > 0)[:, None]
        body = dict(
            segmentation=[np.round(corner + rng.random((20, 2)) * size, 2).flatten().tolist()],
            num_keypoints=int((visible > 0).sum()),
            area=float(np.round(size.prod() / 2, 4)),
            iscrowd=0,
            keypoints=np.c_[xy, visible].astype(int).flatten().tolist(),
            bbox=np.round([*corner, *size], 2).tolist(),
            category_id=1,
        )
        texts.append(json.dumps(body)[1:-1])
    return texts


def evaluated_blocks(images: int) -> Iterator[tuple[dict, list[dict]]]:
    """Yield ground truth and detections of some images at a time, with ids of their own: the same each time.

    Of 5000 images, some 84,000 people are detected.
    """
    from evaluate import make_data

    people = detections = 0
    for first in range(0, images, IMAGES_A_BLOCK):
        data, samples = make_data(min(IMAGES_A_BLOCK, images - first), seed=first)
        for image in data['images']:
            image['id'] += first
        for ann in data['annotations']:
            ann['id'], ann['image_id'] = ann['id'] + people, ann['image_id'] + first
        for sample in samples:
            sample['id'], sample['img_id'] = sample['id'] + detections, sample['img_id'] + first
        people, detections = people + len(data['annotations']), detections + len(samples)
        yield data, samples
