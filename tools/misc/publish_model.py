#!/usr/bin/env python
"""Make a checkpoint fit to be published: weights and what is needed to use them, the hash in the name."""

import argparse
import datetime
import hashlib
import io
import os.path as osp
import re
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors

# What of a run's notes belongs to its weights; the rest tells of machines, paths and times.
KEPT_META = ('cfg', 'dataset_meta', 'epoch', 'iter', 'seed', 'mmpose_dark_version', 'mmengine_version')


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument('checkpoint', help='checkpoint of a run (file or URL)')
    parser.add_argument('out', help='file to write, as models/NAME: becomes models/NAME-HASH_DATE.pth')
    parser.add_argument('--date', help='date in the name, YYYYMMDD (default: today)')
    parser.add_argument(
        '--calibration',
        default='auto',
        metavar='FILE',
        help='put this calibration inside, or none (default: the one beside the checkpoint, or the one inside already)',
    )
    args = parser.parse_args()
    args.date = args.date or datetime.date.today().strftime('%Y%m%d')
    if not re.fullmatch(r'\d{8}', args.date):
        parser.error(f'--date is a date as 20261121, not {args.date}')
    return args


def _stripped(checkpoint: Mapping[str, object]) -> dict[str, dict]:
    """Return the weights, each in a tensor of its own, and the part of ``meta`` that belongs to them."""
    from mmpose_dark.checkpoint.state_dict import split_weights

    weights, rest = split_weights(checkpoint)
    meta = rest.get('meta') if isinstance(rest.get('meta'), dict) else {}
    return dict(
        meta={key: meta[key] for key in KEPT_META if key in meta},
        state_dict={name: tensor.detach().cpu().clone() for name, tensor in weights.items()},
    )


def _publish(checkpoint: str, out: str, *, date: str, calibration: str = 'auto') -> tuple[Path, str | None]:
    """Write the published file and return its path, and where its calibration is from.

    Args:
        checkpoint: path or URL of any family.
        out: path without hash and date.
        date: as YYYYMMDD.
        calibration: file of one, ``'auto'`` or ``'none'``.

    Raises:
        CheckpointError: the checkpoint cannot be read.
        OutputError: the file cannot be written, or is the checkpoint itself.
    """
    import torch

    from mmpose_dark.checkpoint import CheckpointError, load_state_dict_file
    from mmpose_dark.checkpoint.calibration_file import calibration_record, find_calibration
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.output_paths import check_outputs

    base = Path(out).expanduser()
    base = base.with_name(base.name.removesuffix('.pth'))
    check_outputs([base.with_name(f'{base.name}-00000000_{date}.pth')])
    try:
        read = load_state_dict_file(checkpoint)
        content = _stripped(read)
    except ValueError as err:
        raise CheckpointError(f'{checkpoint}: {err}.') from err
    meta = read.get('meta') if isinstance(read.get('meta'), dict) else {}
    found = find_calibration(None if calibration == 'none' else calibration, checkpoint, meta)
    if found is not None:
        content['meta']['calibration'] = calibration_record(found)
    weak = [name for name, tensor in content['state_dict'].items() if not torch.isfinite(tensor).all()]
    if weak:
        raise CheckpointError(f'{checkpoint}: {len(weak)} tensors hold NaN or infinity, the first is {weak[0]}')
    buffer = io.BytesIO()
    torch.save(content, buffer)
    digits = hashlib.sha256(buffer.getbuffer()).hexdigest()[:8]
    path = base.with_name(f'{base.name}-{digits}_{date}.pth')
    check_outputs([path], inputs=[checkpoint])
    write_atomic(path, buffer.getvalue())
    return path, found and found.source


def main() -> None:
    """Publish and say what was written."""
    args = _parse_args()
    path, source = _publish(args.checkpoint, args.out, date=args.date, calibration=args.calibration)
    told = f', with the calibration of {source}' if source else ', without a calibration'
    print(f'{path}: {path.stat().st_size / 2**20:.1f} MB{told}')


if __name__ == '__main__':
    with user_errors('publish_model.py'):
        main()
