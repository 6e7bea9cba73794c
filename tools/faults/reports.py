"""Reports, predictions and calibrations that were changed by other hands, compared and read in this process."""

import contextlib
import io
import json
import random
from pathlib import Path

import numpy as np
from helpers import test_helper
from outcome import Outcome

__all__ = ['hostile_reports']


def hostile_reports(tries: int, seed: int, folder: Path) -> Outcome:
    """Compare reports and read calibrations after one change to a file: done, or one line that names the file."""
    mutations = test_helper('mutations')
    from mmpose_dark.checkpoint.calibration_file import read_calibration
    from mmpose_dark.cli.compare import main
    from mmpose_dark.utils.errors import UserError

    found = Outcome('changed reports, predictions and calibrations: compared or read, or refused in one line')
    rng, choice = np.random.default_rng(seed), random.Random(seed)
    good = {name: json.loads(content) for name, content in _written(folder).items()}
    for _ in range(tries):
        name = choice.choice(list(good))
        what, content = mutations.mutated(good[name], rng)
        path = folder / 'b' / name
        path.write_bytes(content)
        problem = ''
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                if name == 'net.calibration.json':
                    read_calibration(path)
                else:
                    main([str(folder / 'a'), str(folder / 'b'), '--resamples', '2'])
        except UserError as err:
            problem = '' if str(path.parent) in str(err) and '\n' not in str(err) else f'{what}: {err}'
        except Exception as err:
            problem = f'{name}, {what}: {type(err).__name__}: {err}'
        found.note(problem)
        path.write_text(json.dumps(good[name]))
    return found


def _written(folder: Path) -> dict[str, str]:
    """Write two reports of four people and a calibration; return the contents of the second's files by name."""
    from mmpose_dark.checkpoint.calibration_file import write_calibration
    from mmpose_dark.checkpoint.download import sha256_of
    from mmpose_dark.evaluation.reports.files import SCHEMA
    from mmpose_dark.structures.calibration import Calibration, CovarianceMap, ProbabilityMap

    rng = np.random.default_rng(0)
    truth = rng.uniform(10, 90, (4, 3, 2))
    people = [
        dict(id=i + 1, image_id=i // 2 + 1, category_id=1, bbox=[0, 0, 100, 100], area=5000.0, iscrowd=0,
             keypoints=np.c_[truth[i], np.full(3, 2)].flatten().tolist())
        for i in range(4)
    ]  # fmt: skip
    images = [dict(id=1, width=100, height=100), dict(id=2, width=100, height=100)]
    annotations = folder / 'people.json'
    annotations.write_text(json.dumps(dict(images=images, annotations=people, categories=[dict(id=1, name='person')])))
    oks = dict(type='CocoMetric', nms_mode='none', sigmas=[0.1, 0.1, 0.1], use_area=True, iou_type='keypoints')
    file = dict(path=str(annotations), sha256=sha256_of(annotations))
    for number, name in enumerate('ab'):
        report = dict(
            schema=SCHEMA, name=name, created='2026-01-01', predictions='predictions.json',
            metrics={'coco/AP': dict(value=0.5, interval=[0.4, 0.6])},
            protocol=dict(
                data=[dict(files=dict(ann_file=file), keypoints=['x', 'y', 'z'])], evaluators=[oks],
                weights=dict(source=f'{name}.pth'), test_cfg=dict(flip_test=bool(number)),
            ),
        )  # fmt: skip
        found = [
            dict(image_id=p['image_id'], category_id=1, score=0.5 + i / 10,
                 keypoints=np.c_[truth[i] + rng.normal(0, 3, (3, 2)), np.ones(3)].flatten().tolist())
            for i, p in enumerate(people)
        ]  # fmt: skip
        (folder / name).mkdir()
        (folder / name / 'report.json').write_text(json.dumps(report))
        (folder / name / 'predictions.json').write_text(json.dumps(found))
    calibration = Calibration(
        ProbabilityMap((0.1, 0.9), (-1.0, 1.0), (0.0, 0.1, 0.2)),
        CovarianceMap(1.0, 0.5, 0.0, (0.5, 0.9), (1.4, 6.0)),
        ('oks', 0.5),
        evaluation=dict(ece_before=0.2, ece_after=0.1),
    )
    write_calibration(folder / 'b' / 'net.calibration.json', calibration)
    return {path.name: path.read_text() for path in sorted((folder / 'b').iterdir())}
