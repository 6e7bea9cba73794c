"""Every shipped config: checked, built, run through one training and one test step, and short."""

import copy
import importlib
import itertools
import pathlib
import statistics

import numpy as np
import pytest
import torch
from mmengine.config import Config
from shipped_configs import shipped_config

from mmpose_dark.config import validate_config
from mmpose_dark.config.agreement import disagreements
from mmpose_dark.config.reading import load_config
from mmpose_dark.datasets import SampleKey, pose_collate
from mmpose_dark.datasets.compose import Compose
from mmpose_dark.registry import DATASETS, MODELS

ROOT = pathlib.Path(__file__).resolve().parents[2] / 'configs'
LEAVES = sorted(str(p.relative_to(ROOT)) for folder in ('top_down', 'demo') for p in (ROOT / folder).rglob('*.py'))
PARTS = sorted((ROOT / '_base_').rglob('*.py'))
INPUTS = sorted((ROOT / '_base_' / 'inputs').glob('*.py'))
SIGMAS = {(96, 128): 1, (192, 256): 2, (256, 256): 2, (288, 384): 3, (384, 384): 3}
# One recipe of each kind of network, target and number of keypoints is stepped in the default run.
STEPPED = (
    'top_down/darkpose/coco/res50_coco_128x96_dark.py',
    'top_down/darkpose/coco/hourglass4_coco_128x96_dark.py',
    'top_down/darkpose/coco-wholebody/hrnet_w32_coco_wholebody_256x192_dark.py',
    'top_down/resnet/mpii/res50_mpii_256x256.py',
    'top_down/darkpose/lspet/hrnet_small_lspet_128x96_dark.py',
    'top_down/vitpose/coco/vitpose_plus_small_coco_256x192.py',
)


def read(name: str):
    cfg = shipped_config(name)
    cfg.model.backbone.init_cfg = None  # no downloads
    return cfg


def metainfo(dataset: dict) -> dict:
    cls = DATASETS.get(dataset['type'])
    definition = dataset.get('metainfo') or cls.METAINFO
    return importlib.import_module('mmpose_dark.keypoint_sets.definitions').parse_pose_metainfo(definition)


SHAPES: dict[str, tuple[int, ...]] = {}


def heatmaps_of(cfg: Config) -> tuple[int, ...]:
    """Build the network of a config and return the shape of its heatmaps; once for configs that share the network."""
    model = copy.deepcopy(cfg.model)
    model.head.pop('decoder')
    width, height = cfg.codec.input_size
    key = f'{model} {width} {height}'
    if key not in SHAPES:
        with torch.device('meta'), torch.no_grad():
            network = MODELS.build(cfg.model).eval()
            SHAPES[key] = tuple(network(torch.zeros(1, 3, height, width), None, mode='tensor').shape)
    return SHAPES[key]


@pytest.mark.parametrize('name', LEAVES)
def test_config_is_valid_and_its_parts_fit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Normalisation keeps shapes, and takes most of the time where there are no values.
    monkeypatch.setattr('torch.nn.functional.batch_norm', lambda x, *_, **__: x)
    cfg = read(name)
    validate_config(cfg)
    assert list(disagreements(cfg)) == []
    heatmaps = heatmaps_of(cfg)
    keypoints = metainfo(cfg.train_dataloader.dataset)['num_keypoints']
    maps = 3 * keypoints if cfg.codec.get('heatmap_type') == 'combined' else keypoints
    assert heatmaps == (1, maps, *reversed(cfg.codec.heatmap_size))
    assert cfg.model.head.decoder == cfg.codec
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        affine = next(t for t in loader.dataset.pipeline if t['type'] == 'TopdownAffine')
        assert tuple(affine['input_size']) == tuple(cfg.codec.input_size)


def samples_of(pipeline: list[dict], meta: dict, n: int = 2) -> dict:
    """Run a pipeline, after its LoadImage, on people made up here."""
    rng = np.random.default_rng(0)
    chain = Compose([t for t in copy.deepcopy(pipeline) if t['type'] != 'LoadImage'])
    k, packed = meta['num_keypoints'], []
    for i in range(n):
        image = rng.integers(0, 255, (240, 320, 3), dtype=np.uint8)
        info = dict(
            id=i, img_id=i, img_path=f'{i}.jpg', img=image, img_shape=(240, 320), ori_shape=(240, 320), category_id=1,
            bbox=np.array([[60, 30, 200, 220]], np.float32), bbox_score=np.ones(1, np.float32),
            keypoints=rng.uniform((60, 30), (200, 220), (1, k, 2)).astype(np.float32),
            keypoints_visible=np.ones((1, k), np.float32), rng=np.random.default_rng(i),
        )  # fmt: skip
        info.update({name: meta[name] for name in meta if name not in info})
        packed.append(chain(info))
    return pose_collate(packed)


def step(name: str) -> None:
    torch.manual_seed(0)
    cfg = read(name)
    meta = metainfo(cfg.train_dataloader.dataset)
    model = MODELS.build(cfg.model)
    model.train()
    batch = model.data_preprocessor(samples_of(cfg.train_dataloader.dataset.pipeline, meta), training=True)
    losses = model(**batch, mode='loss')
    losses['loss_kpt'].backward()
    assert torch.isfinite(losses['loss_kpt'])
    gradients = [p.grad for p in model.parameters() if p.requires_grad]
    assert all(g is not None and torch.isfinite(g).all() for g in gradients)
    assert any(g.abs().max() > 0 for g in gradients)
    model.eval()
    with torch.no_grad():
        batch = model.data_preprocessor(samples_of(cfg.test_dataloader.dataset.pipeline, meta))
        results = model(**batch, mode='predict')
    assert len(results) == 2
    for result in results:
        found = result.pred_instances.keypoints
        assert found.shape == (1, meta['num_keypoints'], 2)
        assert np.isfinite(found).all()
        # The crop is the box widened by 1.25 and to the input's aspect; nothing lies outside of it.
        centre, scale = result.metainfo['input_center'], result.metainfo['input_scale']
        assert (np.abs(found - centre) <= scale / 2 + 1).all()


@pytest.mark.parametrize('name', STEPPED)
def test_a_recipe_of_each_kind_trains_and_tests(name: str) -> None:
    step(name)


@pytest.mark.slow
@pytest.mark.parametrize('name', [name for name in LEAVES if name not in STEPPED])
def test_every_recipe_trains_and_tests(name: str) -> None:
    step(name)


def test_leaf_configs_state_only_what_is_theirs() -> None:
    lines = {n: sum(bool(x.strip()) for x in (ROOT / n).read_text().splitlines()) for n in LEAVES if 'top_down' in n}
    assert max(lines.values()) <= 45, max(lines, key=lines.get)
    assert statistics.mean(lines.values()) <= 25


def blocks(path: pathlib.Path, length: int) -> set[tuple[str, ...]]:
    """Every run of ``length`` lines of a file, without comments, blank lines and lone brackets."""
    lines = [x.strip() for x in path.read_text().splitlines()]
    lines = [x for x in lines if x.strip('()[],') and not x.startswith('#')]
    return {tuple(lines[i : i + length]) for i in range(len(lines) - length + 1)}


def test_parts_do_not_repeat_each_other() -> None:
    """What parts share stands in a part below them: no six lines in a row stand twice."""
    found = {path.relative_to(ROOT): blocks(path, 6) for path in PARTS}
    twice = {(str(a), str(b)) for a, b in itertools.combinations(found, 2) if found[a] & found[b]}
    assert not twice


@pytest.mark.parametrize('path', INPUTS, ids=lambda p: p.stem)
def test_an_input_part_has_the_size_of_its_name_and_one_validation_pipeline(path: pathlib.Path) -> None:
    cfg = load_config(path)
    assert set(cfg) == {'codec', 'train_pipeline', 'val_pipeline'}
    height, width = map(int, path.stem.split('_')[0].split('x'))
    assert tuple(cfg.codec.input_size) == (width, height)
    assert tuple(cfg.codec.heatmap_size) == (width // 4, height // 4)
    assert cfg.codec.sigma == SIGMAS[width, height]
    crop = dict(type='TopdownAffine', input_size=cfg.codec.input_size)
    if cfg.codec.type == 'UDPHeatmap':
        crop['use_udp'] = True
    loading, cropping = [dict(type='LoadImage'), dict(type='GetBBoxCenterScale')], [crop, dict(type='PackPoseInputs')]
    assert cfg.val_pipeline == loading + cropping
    assert cfg.train_pipeline[:2] == loading
    assert cfg.train_pipeline[-2:] == cropping
    assert all(t.type.startswith('Random') for t in cfg.train_pipeline[2:-2])


def test_recipes_load_with_mmengine_alone() -> None:
    """No part needs more than mmengine's own reading of configs."""
    plain = Config.fromfile(ROOT / STEPPED[0], format_python_code=False)
    assert plain.to_dict() == load_config(ROOT / STEPPED[0]).to_dict()


def test_samples_differ_by_epoch_but_not_by_run() -> None:
    """The augmentation of a recipe is a function of (index, epoch, seed)."""
    assert SampleKey(3, 1, 0) != SampleKey(3, 2, 0)
    cfg = read(STEPPED[0])
    meta = metainfo(cfg.train_dataloader.dataset)
    one, two = (samples_of(cfg.train_dataloader.dataset.pipeline, meta)['inputs'] for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
