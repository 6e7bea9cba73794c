"""What ``browse_dataset.py`` draws: the samples of a phase, as they are annotated and as the network is fed them."""

import argparse
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from mmengine.config import Config
from mmengine.structures import InstanceData

from ..codecs.base import BaseKeypointCodec
from ..config.errors import ConfigError
from ..config.tree import dataset_of
from ..datasets.errors import BadSample, ImageReadError
from ..datasets.pose_dataset import PoseDataset
from ..datasets.sample_key import SampleKey
from ..datasets.transforms import LoadImage
from ..engine.hooks.drawn_images import image_files
from ..registry import DATASETS, KEYPOINT_CODECS
from ..utils.pose_registry import accepted_arguments
from ..visualization import PoseLocalVisualizer, contact_sheet, network_input, side_by_side, stacked

__all__ = ['Browser']


@dataclass
class Browser:
    """The samples of a phase and what of them is drawn.

    Attributes:
        dataset: reports images that cannot be read.
        codec: makes the target heatmaps, None if there are none.
        seed: of the augmentation.
        order: (N,) indices of the samples, in the order in which they are drawn.
        args: of ``browse_dataset.py``.
        bad: path -> why an image could not be read; grows while drawing.
    """

    dataset: PoseDataset
    codec: BaseKeypointCodec | None
    seed: int
    order: np.ndarray
    args: argparse.Namespace
    bad: dict[str, str] = field(default_factory=dict)
    _images: frozenset[str] | None = None

    @classmethod
    def of_config(cls, cfg: Config, args: argparse.Namespace) -> 'Browser':
        """Build the dataset of ``args.phase`` and the codec.

        Raises:
            ConfigError: the config has no such phase.
        """
        config = dataset_of(cfg, args.phase)
        if config is None:
            raise ConfigError(f'the config has no {args.phase}_dataloader')
        if 'on_bad_image' in accepted_arguments(DATASETS.find(config['type']))[0]:
            config = {**config, 'on_bad_image': 'report'}
        dataset = DATASETS.build(config)
        codec = cfg.model.get('head', {}).get('decoder') or cfg.get('codec')
        seed = (cfg.get('randomness') or {}).get('seed') or 0
        count = len(dataset)
        order = np.random.default_rng(seed).permutation(count) if args.shuffle else np.arange(count)
        return cls(dataset, KEYPOINT_CODECS.build(codec) if codec else None, seed, order, args)

    def is_input(self, path: pathlib.Path) -> bool:
        """Tell whether a file is an image of the dataset."""
        if self._images is None:
            self._images = image_files(self.dataset)
        return os.path.realpath(path) in self._images

    def drawings(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield a name and a drawing (H, W, 3), uint8 RGB, each as ``args.mode`` says."""
        modes = dict(original=self._originals, pipeline=self._pipelines, transformed=self._sheets)
        return modes[self.args.mode]()

    def _fed(self) -> Iterator[tuple[int, int, Mapping]]:
        """Yield index, epoch and packed sample as training with this seed sees them, of readable images."""
        for index in self.order[: self.args.max_items]:
            for epoch in range(self.args.repeat):
                packed = self.dataset[SampleKey(int(index), epoch, self.seed)]
                if isinstance(packed, BadSample):
                    self.bad[packed.path] = packed.reason
                else:
                    yield int(index), epoch, packed

    def _originals(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield each image (H, W, 3) with all its people, as annotated."""
        people: dict[str, list[Mapping]] = {}
        for index in self.order:
            info = self.dataset.get_data_info(int(index))
            if info['img_path'] in people or len(people) < self.args.max_items:
                people.setdefault(info['img_path'], []).append(info)
        for number, (path, infos) in enumerate(people.items()):
            try:
                yield f'{number:04d}_{pathlib.Path(path).stem}', self._original(path, infos)
            except ImageReadError as err:
                self.bad[path] = err.reason

    def _original(self, path: str, infos: Sequence[Mapping]) -> np.ndarray:
        """Draw an image (H, W, 3), red first, with the boxes and keypoints of its people."""
        image = np.ascontiguousarray(LoadImage()(dict(img_path=path))['img'][..., ::-1])
        visualizer = PoseLocalVisualizer('original')
        visualizer.set_dataset_meta(self.dataset.metainfo)
        people = InstanceData(
            bboxes=np.concatenate([i['bbox'] for i in infos]),
            keypoints=np.concatenate([i['keypoints'] for i in infos]),
            keypoints_visible=np.concatenate([i['keypoints_visible'] for i in infos]),
        )
        return visualizer.draw_instances(image, people, kpt_thr=0.0, draw_bbox=True)

    def _pipelines(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield original, crop, keypoints, target and heatmaps of each sample as one drawing (H, W, 3)."""
        meta = self.dataset.metainfo
        for index, epoch, packed in self._fed():
            fed = network_input.unpack_sample(packed, self.codec)
            original = self._original(packed['data_samples'].img_path, [self.dataset.get_data_info(index)])
            drawn = network_input.draw_input(fed, meta), network_input.draw_target(fed)
            steps = side_by_side(original, fed.crop, *drawn, background=32)
            if fed.heatmaps is not None:
                steps = stacked(steps, network_input.draw_target_grid(fed, meta))
            yield f'{index:06d}_{epoch}', steps

    def _sheets(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield contact sheets (H, W, 3) of crops with their keypoints and targets."""
        cells: list[np.ndarray] = []
        titles: list[str] = []
        sheet = 1
        for index, _, packed in self._fed():
            if len(cells) == self.args.per_sheet:
                yield f'sheet_{sheet:03d}', contact_sheet(cells, titles=titles)
                cells, titles, sheet = [], [], sheet + 1
            fed = network_input.unpack_sample(packed, self.codec)
            cells.append(network_input.draw_input_and_target(fed, self.dataset.metainfo))
            titles.append(f'{index} {pathlib.Path(packed["data_samples"].get("img_path", "")).stem}')
        if cells:
            yield f'sheet_{sheet:03d}', contact_sheet(cells, titles=titles)
