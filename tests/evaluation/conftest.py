"""Random ground truth and results with everything that evaluators treat specially."""

import json
import pathlib
from collections.abc import Callable

import numpy as np
import pytest

PARTS = {'keypoints': 17, 'foot_kpts': 6, 'face_kpts': 68, 'lefthand_kpts': 21, 'righthand_kpts': 21}


def make_people(seed: int, *, fields: dict[str, int] | None = None, num_images: int = 12, categories: int = 1):
    """A COCO-style dataset and results: crowds, unlabelled people, ties, empty images, more than 20 detections.

    Args:
        seed: of the generator.
        fields: name of each field of keypoints and their number.
        num_images: how many, of which some have neither people nor detections.
        categories: how many.

    Returns:
        The dataset as a dict and the results as a list.
    """
    rng = np.random.default_rng(seed)
    fields = fields or {'keypoints': 17}
    images, annotations, results = [], [], []
    for i in rng.permutation(num_images).tolist():
        image_id = 100 - 3 * i
        images.append(
            dict(id=image_id, width=640, height=480, file_name=f'{i}.jpg', crowdIndex=round(i / num_images, 2))
        )
        for _ in range(rng.poisson(3) if i % 5 else 0):
            w, h = rng.uniform(20, 250, 2)
            x, y = rng.uniform(0, 640 - w), rng.uniform(0, 480 - h)
            person = dict(
                id=len(annotations) + 1, image_id=image_id, category_id=int(rng.integers(1, categories + 1)),
                bbox=[x, y, w, h], area=w * h * rng.uniform(0.3, 0.7), iscrowd=int(rng.random() < 0.1),
                num_keypoints=int(rng.integers(0, 5)),
            )  # fmt: skip
            found = [dict(image_id=image_id, category_id=person['category_id']) for _ in range(rng.integers(0, 5))]
            for field, number in fields.items():
                k = np.c_[rng.uniform(x, x + w, number), rng.uniform(y, y + h, number), rng.integers(0, 3, number)]
                if rng.random() < 0.15:
                    k[:, 2] = 0
                k[k[:, 2] == 0] = 0
                person[field] = k.flatten().tolist()
                truth = np.where(k[:, 2:] > 0, k[:, :2], (x + w / 2, y + h / 2))
                for f in found:
                    xy = truth + rng.normal(0, rng.uniform(0.5, 12), (number, 2))
                    score = rng.random(number) * (rng.random() > 0.1)
                    f[field] = np.c_[xy, score].flatten().tolist()
            annotations.append(person)
            results += found
        for _ in range(rng.integers(0, 25) if i % 4 else 0):
            random = dict(image_id=image_id, category_id=int(rng.integers(1, categories + 1)))
            for field, number in fields.items():
                xy = rng.uniform(0, 1, (number, 2)) * (640, 480)
                random[field] = np.c_[xy, rng.random(number)].flatten().tolist()
            results.append(random)
    for r in results:
        r['score'] = round(float(rng.random()), 2)  # many ties
        if len(fields) > 1 and rng.random() < 0.9:
            r.update({f'{part}_score': float(rng.random()) for part in ('foot', 'face', 'lefthand', 'wholebody')})
    order = rng.permutation(len(results))
    data = dict(
        images=images,
        annotations=annotations,
        categories=[dict(id=c, name=f'c{c}') for c in range(1, categories + 1)],
    )
    return data, [results[i] for i in order]


@pytest.fixture(scope='session')
def people() -> Callable:
    """The function :func:`make_people`."""
    return make_people


@pytest.fixture
def people_files(tmp_path: pathlib.Path) -> Callable:
    """Like :func:`make_people`, written to two files; returns their paths."""

    def write(seed: int, **kwargs):
        paths = []
        for name, content in zip(('gt.json', 'dt.json'), make_people(seed, **kwargs), strict=True):
            paths.append(tmp_path / name)
            paths[-1].write_text(json.dumps(content))
        return tuple(map(str, paths))

    return write
