"""A small dataset in COCO's format."""

import json
import pathlib
import types

import cv2
import numpy as np

# A standing figure in a box of 1 x 1: x and y of the 17 COCO keypoints.
FIGURE = np.array(
    [
        (0.50, 0.08), (0.54, 0.06), (0.46, 0.06), (0.59, 0.08), (0.41, 0.08), (0.68, 0.24), (0.32, 0.24), (0.80, 0.38),
        (0.20, 0.38), (0.86, 0.52), (0.14, 0.52), (0.60, 0.54), (0.40, 0.54), (0.63, 0.74), (0.37, 0.74), (0.64, 0.94),
        (0.36, 0.94),
    ]
)  # fmt: skip


def write_tiny_coco(root: pathlib.Path) -> types.SimpleNamespace:
    """Write 4 images with 6 people, a crowd region and person detections; return where they are."""
    (root / 'images').mkdir()
    (root / 'annotations').mkdir()
    rng = np.random.default_rng(0)
    images, annotations, detections = [], [], []
    for image_id, people in ((1, 2), (2, 1), (3, 3), (7, 0)):
        width, height = 320, 240
        image = cv2.resize(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8), (width, height))
        for _ in range(people):
            w, h = rng.uniform(60, 90), rng.uniform(140, 200)
            x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
            xy = FIGURE * (w, h) + (x, y)
            visible = rng.choice([0, 1, 2], 17, p=[0.1, 0.2, 0.7])
            for (px, py), v in zip(xy, visible, strict=True):
                if v:
                    cv2.circle(image, (round(px), round(py)), 4, (255, 255, 255), -1)
            keypoints = np.c_[np.round(xy, 2), visible]
            keypoints[visible == 0] = 0
            annotations.append(
                dict(
                    id=len(annotations) + 10,
                    image_id=image_id,
                    category_id=1,
                    iscrowd=0,
                    bbox=[round(v, 2) for v in (x, y, w, h)],
                    area=round(w * h * 0.6, 2),
                    num_keypoints=int((visible > 0).sum()),
                    keypoints=[float(v) for v in keypoints.flatten()],
                    segmentation=[],
                )
            )
            detections.append(
                dict(
                    image_id=image_id,
                    category_id=1,
                    bbox=[float(v) for v in rng.normal((x, y, w, h), 3)],
                    score=float(rng.uniform(0.5, 1)),
                )
            )
        name = f'{image_id:06d}.png'
        cv2.imwrite(str(root / 'images' / name), image)
        images.append(dict(id=image_id, file_name=name, width=width, height=height))
    num_people = len(annotations)
    annotations.append(
        dict(
            id=99, image_id=7, category_id=1, iscrowd=1, bbox=[5.0, 5.0, 100.0, 50.0], area=5000.0, num_keypoints=0,
            keypoints=[0.0] * 51, segmentation={'counts': [0, 76800], 'size': [240, 320]},
        )
    )  # fmt: skip
    detections.append(dict(image_id=7, category_id=1, bbox=[10.0, 10.0, 50.0, 80.0], score=0.3))
    ann_file = root / 'annotations' / 'person.json'
    det_file = root / 'annotations' / 'detections.json'
    categories = [dict(id=1, name='person', supercategory='person', keypoints=[], skeleton=[])]
    ann_file.write_text(json.dumps(dict(images=images, annotations=annotations, categories=categories)))
    det_file.write_text(json.dumps(detections))
    return types.SimpleNamespace(
        root=root,
        ann_file=str(ann_file),
        img_dir='images/',
        det_file=str(det_file),
        num_images=len(images),
        num_people=num_people,
    )
