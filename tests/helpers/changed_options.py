"""Changed ``--cfg-options``: what is changed, and how reading, validating and building end."""

import random

from mmpose_dark.cli.dict_action import parse_settings
from mmpose_dark.config import find_config, load_config, validate_config
from mmpose_dark.config.agreement import disagreements
from mmpose_dark.registry import KEYPOINT_CODECS, MODELS
from mmpose_dark.utils.errors import UserError

CONFIG = find_config('people_dark_192x144')
VALUES = [
    'x', '', '-1', '0', '1e400', 'nan', '[]', '()', '[[[1]]]', '[1,[2,(3,)]]', 'None', 'True', '1,2', ',', '"', "'",
    '[', ')', 'os.system', 'mmpose_dark.models.TopDown', 'TopDown', 'a' * 2000, '\0', '\n', 'ä', '0x10', '10' * 40,
    '{}', 'dict(a=1)', '${HOME}', '{{fileDirname}}', '%s', '../..', '/dev/null', '[None,None]', '[-1,99999]',
    '99999999999', '(1,)', 'true,false',
]  # fmt: skip
PARTS = [
    '', '.', '0', '-1', '99', '__class__', '_delete_', '_base_', '_scope_', 'type', 'keys', 'filename', 'pretty_text',
    'x', 'model', '0x1', '١', ' ', 'pop', 'update', '__init__', 'dump',
]  # fmt: skip


def places(value: object, path: tuple = ()) -> list[str]:
    out = ['.'.join(map(str, path))] if path else []
    if isinstance(value, dict):
        return out + [p for key, item in value.items() for p in places(item, (*path, key))]
    if isinstance(value, list | tuple):
        return out + [p for i, item in enumerate(value) for p in places(item, (*path, i))]
    return out


def mutated(rng: random.Random, known: list[str]) -> list[str]:
    words = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        parts = rng.choice(known).split('.')
        for _ in range(rng.choice((0, 0, 1, 2))):
            at = rng.randrange(len(parts) + 1)
            change = rng.choice(('insert', 'drop', 'replace', 'swap letters'))
            if change == 'insert':
                parts.insert(at, rng.choice(PARTS))
            elif at < len(parts) and change == 'drop' and len(parts) > 1:
                del parts[at]
            elif at < len(parts) and change == 'replace':
                parts[at] = rng.choice(PARTS)
            elif at < len(parts):
                parts[at] = parts[at][::-1]
        words.append('.'.join(parts) + '=' + rng.choice(VALUES))
    return words


def tried(words: list[str]) -> str:
    """Return how it ended: 'done', or the error's message."""
    try:
        cfg = load_config(CONFIG, parse_settings(words))
        validate_config(cfg)
        list(disagreements(cfg))
        MODELS.build({**cfg.model, 'backbone': dict(type='ResNet', depth=18)} if 'head' not in cfg.model else cfg.model)
        KEYPOINT_CODECS.build(cfg.model.head.decoder)
    except UserError as err:
        return str(err)
    return 'done'
