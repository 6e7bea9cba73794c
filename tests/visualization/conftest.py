"""Three images, and what hooks that draw read of a runner."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from mmpose_dark.keypoint_sets.definitions import parse_pose_metainfo
from mmpose_dark.visualization import PoseLocalVisualizer


class Dataset(SimpleNamespace):
    """What the hook reads of a dataset."""

    paths: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.paths)

    def get_data_info(self, index: int) -> dict[str, str]:
        return dict(img_path=str(self.paths[index]))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for name in ('one/0001.png', 'two/0001.png', 'two/0002.tif'):
        (tmp_path / 'images' / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / 'images' / name), np.full((60, 80, 3), 50, np.uint8))
    return tmp_path / 'images'


@pytest.fixture
def runner(tmp_path: Path, images: Path) -> SimpleNamespace:
    dataset = Dataset(
        metainfo=parse_pose_metainfo(dict(from_file='coco')), data_prefix=dict(img=str(images)), pipeline=None
    )
    loader = SimpleNamespace(dataset=dataset)
    return SimpleNamespace(
        visualizer=PoseLocalVisualizer(
            'hook', vis_backends=dict(type='LocalVisBackend'), save_dir=str(tmp_path / 'vis')
        ),
        work_dir=str(tmp_path / 'work'),
        timestamp='now',
        iter=100,
        test_dataloader=loader,
        val_dataloader=loader,
        logger=SimpleNamespace(info=lambda text: None),
    )
