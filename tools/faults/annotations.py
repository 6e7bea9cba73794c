"""Annotation, detection, result and box files that were changed by other hands, used in this process."""

import contextlib
import io
import random
import shutil
from pathlib import Path

import numpy as np
from helpers import test_helper
from outcome import Outcome

__all__ = ['changed_annotations']


def changed_annotations(tries: int, seed: int, folder: Path) -> Outcome:
    """Train on, test on, evaluate, check and convert a file after one change: done, or one error in words."""
    mutations, use = test_helper('mutations'), test_helper('changed_files')
    found = Outcome('changed annotations, detections, results, boxes: used by all alike, or refused in words')
    rng, choice = np.random.default_rng(seed), random.Random(seed)
    made = test_helper('tiny_dataset').write_tiny_coco(folder)
    files = use.good_files(made.ann_file, made.det_file, made.root / made.img_dir)
    path, people = folder / 'a.json', Path(made.ann_file)
    people.write_bytes(mutations.as_bytes(files['people']))
    uses = {
        'people': (files['people'], lambda done: use.use_people(path, files, folder, done)),
        'detections': (files['detections'], lambda done: use.use_detections(path, people, files, done)),
        'results': (files['results'], lambda done: use.use_results(path, files, done)),
        'MPII': (use.MPII, lambda done: use.use_mpii(path, done)),
        **{
            f'boxes {name}': (content, lambda done: use.use_boxes(path, done))
            for name, content in use.BOX_FILES.items()
        },
    }
    for _ in range(tries):
        name = choice.choice(list(uses))
        done, text = mutations.mutated(uses[name][0], rng)
        path.write_bytes(text)
        problem = ''
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                uses[name][1](f'{name}, {done}')
        except AssertionError as err:
            problem = str(err)[:400]
        found.note(problem)
        shutil.rmtree(folder / 'yolo', ignore_errors=True)
    return found
