"""Names in annotation files that lead out of the folder they are drawn into."""

import os
import random
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from outcome import Outcome

__all__ = ['hostile_names']

_PARTS = ('..', '.', '', 'a.png', 'own.png', 'link', 'deep', 'ä', ' ', 'con', 'images', '{outside}', '~', '%2e%2e')


def hostile_names(tries: int, seed: int, folder: Path) -> Outcome:
    """Draw people into a folder beside, inside or above the images, named at random: no image is changed."""
    import cv2
    from mmengine.structures import InstanceData

    import mmpose_dark.visualization  # noqa: F401 - registers the hooks
    from mmpose_dark.keypoint_sets.definitions import parse_pose_metainfo
    from mmpose_dark.registry import HOOKS
    from mmpose_dark.structures import PoseDataSample
    from mmpose_dark.utils.errors import UserError
    from mmpose_dark.visualization import PoseLocalVisualizer

    found = Outcome('names that lead out of the output folder: no image and no other file changes')
    rng = random.Random(seed)
    meta = parse_pose_metainfo(dict(from_file='coco'))
    image = np.full((60, 80, 3), 50, np.uint8)
    for _ in range(tries):
        root = folder / 'tree'
        _tree(root, cv2, image)
        show = root / rng.choice(('show', 'images', 'images/deep', 'link', '.', 'outside/../show'))
        path = _image(rng, root, cv2.imencode('.png', image)[1].tobytes())
        before = _content(root)
        dataset = SimpleNamespace(metainfo=meta, data_prefix=dict(img=str(root / 'images')), pipeline=None, paths=())
        loader = SimpleNamespace(dataset=dataset)
        runner = SimpleNamespace(
            visualizer=PoseLocalVisualizer('campaign', vis_backends=[], save_dir=None), work_dir=str(root / 'work'),
            timestamp='now', iter=1, test_dataloader=loader, val_dataloader=loader,
            test_evaluator=SimpleNamespace(dataset_meta=meta), logger=SimpleNamespace(info=str, error=str, warning=str),
        )  # fmt: skip
        people = dict(keypoints=np.full((1, 17, 2), 20.0), keypoints_visible=np.ones((1, 17)))
        sample = PoseDataSample(metainfo=dict(img_path=str(path)))
        sample.gt_instances = InstanceData(bboxes=np.array([[1, 1, 50, 50.0]]), **people)
        sample.pred_instances = InstanceData(
            bboxes=np.array([[1, 1, 50, 50.0]]), bbox_scores=np.ones(1), keypoint_scores=np.ones((1, 17)),
            keypoints=people['keypoints'] + 9,
        )  # fmt: skip
        kind = rng.choice(('PoseVisualizationHook', 'BadCaseAnalysisHook'))
        hook = HOOKS.build(dict(type=kind, enable=True, out_dir=str(show)))
        problem = ''
        try:
            hook.before_run(runner)
            hook.before_test_epoch(runner)
            hook.after_test_iter(runner, 0, data_batch=None, outputs=[sample])
            hook.after_test_epoch(runner)
        except UserError:
            pass
        except Exception as err:
            problem = f'{type(err).__name__}: {err}'
        after = _content(root)
        images = root / 'images'  # what is in the folder of drawings may be drawings of another run
        kept = [p for p in before if p.is_relative_to(images) or not p.is_relative_to(show.resolve())]
        changed = [str(p) for p in kept if after.get(p) != before[p]]
        written = [p for p in after if p not in before]
        outside = [p for p in written if not p.is_relative_to(show.resolve())]
        problem = problem or (changed and f'changed {changed}') or (outside and f'wrote {outside}') or ''
        found.note(problem and f'{kind}, {path} into {show}: {problem}')
        shutil.rmtree(root)
    return found


def _tree(root: Path, cv2: object, image: np.ndarray) -> None:
    for name in ('images/a.png', 'images/deep/a.png', 'outside/own.png', 'outside/a.png', 'show/before.png', 'own.png'):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / name), image)
    (root / 'link').symlink_to(root / 'outside')
    (root / 'images' / 'link').symlink_to(root / 'outside')
    (root / 'show' / 'link').symlink_to(root / 'images')


def _image(rng: random.Random, root: Path, content: bytes) -> Path:
    """Return a path as a dataset makes it of a name, with an image there."""
    while True:
        name = '/'.join(rng.choice(_PARTS) for _ in range(rng.randrange(1, 6))).format(outside=root / 'outside')
        path = root / 'images' / name
        if not Path(os.path.realpath(path)).is_relative_to(root):
            continue
        if not path.exists():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError:
                continue
        if path.is_file():
            return path


def _content(root: Path) -> dict[Path, bytes]:
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                found[path.resolve()] = path.read_bytes()
    return found
