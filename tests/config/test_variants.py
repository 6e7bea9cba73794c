"""Variants of a config agree in all places that say the same, and train the same schedule in other lengths."""

import pytest
from helpers.shipped_configs import shipped_config

from mmpose_dark.config import ConfigError
from mmpose_dark.config.defaults import with_defaults
from mmpose_dark.config.validate import validate_config
from mmpose_dark.config.variants import ENCODINGS, set_encoding, set_epochs, set_input_size
from mmpose_dark.registry import KEYPOINT_CODECS, METRICS, TRANSFORMS

PLAIN = 'top_down/hrnet/lspet/hrnet_small_lspet_128x96.py'
DEMO = 'demo/people_dark_192x144.py'


def _crops(cfg):
    loaders = cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader
    return [t for loader in loaders for t in loader.dataset.pipeline if t['type'] == 'TopdownAffine']


@pytest.mark.parametrize('source', [PLAIN, DEMO])
@pytest.mark.parametrize('encoding', ENCODINGS)
def test_every_encoding_is_a_valid_config(source, encoding):
    cfg = shipped_config(source)
    set_encoding(cfg, encoding)
    validate_config(cfg)  # settings that must agree are compared here
    codec = KEYPOINT_CODECS.build(cfg.model.head.decoder)
    assert codec.use_udp == (encoding == 'udp')
    assert getattr(codec, 'unbiased', None) == {'biased': False, 'unbiased': True, 'udp': None}[encoding]
    assert all(crop['use_udp'] == codec.use_udp for crop in _crops(cfg))
    assert cfg.model.test_cfg.shift_heatmap is (encoding != 'udp')


def test_one_encoding_after_another_is_the_last_alone():
    there, direct = shipped_config(PLAIN), shipped_config(PLAIN)
    for encoding in ('udp', 'unbiased', 'biased'):
        set_encoding(there, encoding)
    set_encoding(direct, 'biased')
    assert there.model == direct.model
    assert _crops(there) == _crops(direct)


def test_an_input_size_reaches_codec_crop_and_sigma():
    cfg = shipped_config(PLAIN)
    set_input_size(cfg, (192, 256))
    validate_config(cfg)
    codec = cfg.model.head.decoder
    assert (codec.input_size, codec.heatmap_size, codec.sigma) == ((192, 256), (48, 64), 2.0)
    assert all(crop['input_size'] == (192, 256) for crop in _crops(cfg))


def test_heatmaps_of_parts_of_pixels_are_refused():
    with pytest.raises(ConfigError, match=r'97x128.*24\.25x32'):
        set_input_size(shipped_config(PLAIN), (97, 128))


def test_a_shorter_training_has_the_same_schedule_in_shorter():
    cfg = shipped_config(PLAIN)
    set_epochs(cfg, 15)
    warm_up, cosine = cfg.param_scheduler
    assert cfg.train_cfg.max_epochs == 15
    assert (cosine.end, cosine.T_max) == (15, 15)
    assert warm_up.end == 300  # iterations
    cfg.param_scheduler = [dict(type='MultiStepLR', begin=0, end=210, milestones=[170, 200], by_epoch=True)]
    cfg.train_cfg.max_epochs = 210
    set_epochs(cfg, 21)
    assert cfg.param_scheduler[0].milestones == [17, 20]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda cfg: set_encoding(cfg, 'biassed'), "'biassed' is not one of biased, unbiased, udp"),
        (lambda cfg: (cfg.model.head.decoder.update(type='Other'), set_encoding(cfg, 'udp')), "'Other'"),
        (lambda cfg: (cfg.train_cfg.pop('max_epochs'), set_epochs(cfg, 3)), 'max_epochs is not set'),
    ],
)
def test_what_cannot_be_changed_is_named(change, message):
    with pytest.raises(ConfigError, match=message):
        change(shipped_config(PLAIN))


def test_settings_that_are_not_written_stand_with_their_defaults():
    found = with_defaults(dict(type='CocoMetric', nms_mode='none'), METRICS)
    assert found['nms_mode'] == 'none'
    assert found['nms_thr'] == 0.9
    assert found['score_mode'] == 'bbox_keypoint'
    assert with_defaults(dict(type='MpiiPCKAccuracy'), METRICS)['thr'] == 0.5  # its own, not its base class's 0.05
    assert with_defaults(dict(type='TopdownAffine', input_size=(4, 8)), TRANSFORMS) == dict(
        type='TopdownAffine', use_udp=False, input_size=(4, 8)
    )
