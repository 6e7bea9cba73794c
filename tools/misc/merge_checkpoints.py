#!/usr/bin/env python
"""Make one checkpoint of a model ensemble (HeatmapEnsemble) of its networks' checkpoints."""

import argparse
import os.path as osp
import sys

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument('config', help='config whose model is a HeatmapEnsemble')
    parser.add_argument('checkpoints', nargs='+', help='file or URL for each network, of any known family')
    parser.add_argument('--out', required=True, help='checkpoint to write')
    return parser.parse_args()


def main() -> None:
    """Load each network's weights into its place and save the whole."""
    args = _parse_args()
    from mmpose_dark.checkpoint import load_checkpoint, save_checkpoint
    from mmpose_dark.config import ConfigError, load_config
    from mmpose_dark.registry import MODELS
    from mmpose_dark.utils.output_paths import check_outputs

    check_outputs([args.out], inputs=[args.config, *args.checkpoints])
    cfg = load_config(args.config)
    model = MODELS.build(cfg.model)
    members = getattr(model, 'members', None)
    if members is None:
        raise ConfigError(f'{args.config}: model.type is {cfg.model.type}; HeatmapEnsemble is needed')
    if len(members) != len(args.checkpoints):
        raise ConfigError(
            f'{args.config} has {len(members)} networks, {len(args.checkpoints)} checkpoints are given; '
            'set model.others to the number of further networks'
        )
    metas = []
    for member, path in zip(members, args.checkpoints, strict=True):
        metas.append(load_checkpoint(member, path).get('meta') or {})
    meta = dict(members=[str(path) for path in args.checkpoints])
    if metas[0].get('dataset_meta'):
        meta['dataset_meta'] = metas[0]['dataset_meta']
    save_checkpoint(dict(meta=meta, state_dict=model.state_dict()), args.out)
    print(f'{args.out}: {len(members)} networks')


if __name__ == '__main__':
    with user_errors('merge_checkpoints.py'):
        main()
