#!/usr/bin/env python
"""Pack the images of a folder into a zip, tar or LMDB file, to be read without unpacking."""

import argparse
import os
import os.path as osp
import sys
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors

if TYPE_CHECKING:
    from mmpose_dark.datasets.storage.packing import Packed

EPILOG = """
examples:
  python tools/misc/pack_images.py data/coco/train2017 data/coco/train2017.zip
  python tools/misc/pack_images.py data/coco/train2017 data/coco/train2017.lmdb
  python tools/misc/pack_images.py data/coco/train2017 data/coco/train2017.tar --shard-size 1G

Bytes are copied, not encoded anew; other files than images are left out. How a config reads the
file is printed at the end, and described in docs/datasets.md.
"""
_UNITS = {'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}


def parse_size(text: str) -> int:
    """Turn ``'500M'`` into bytes.

    >>> parse_size('2K'), parse_size('100')
    (2048, 100)
    """
    unit = _UNITS.get(text[-1:].upper())
    try:
        size = int(float(text[:-1]) * unit) if unit else int(text)
    except (ValueError, OverflowError):
        size = 0
    if size < 1:
        raise argparse.ArgumentTypeError(f'{text!r} is no size; give bytes, or a number with K, M or G')
    return size


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> parse_args(['images', 'images.zip', '--shard-size', '1G']).shard_size
    1073741824
    """
    parser = make_parser(__doc__, epilog=EPILOG)
    parser.add_argument('folder', help='of the images; those in folders below it are taken too')
    parser.add_argument('out', help='file to write: .zip, .tar or .lmdb')
    parser.add_argument('--shard-size', type=parse_size, help='of images in one file, e.g. 1G (zip and tar; one file)')
    parser.add_argument('--force', action='store_true', help='replace what is there')
    return parser.parse_args(arguments)


def _config_of(folder: str, out: str, packed: 'Packed') -> str:
    """Write how LoadImage reads what was packed."""
    kind = osp.splitext(out)[1][1:]
    path = out if [str(f) for f in packed.files] == [osp.normpath(out)] else f'{osp.splitext(out)[0]}-*.{kind}'
    above = osp.relpath(osp.dirname(osp.abspath(folder)))
    settings = f'backend={kind!r}, {"db_path" if kind == "lmdb" else "path"}={path!r}'
    if osp.abspath(above) != osp.dirname(osp.abspath(out)):
        settings += f', root={above!r}'
    return f"dict(type='LoadImage', backend_args=dict({settings}))"


def main(arguments: list[str] | None = None) -> None:
    """Pack, and say how to use it."""
    args = parse_args(arguments)
    from mmpose_dark.datasets.storage.packing import pack_images
    from mmpose_dark.utils.output_paths import check_outputs
    from mmpose_dark.utils.progress import track

    check_outputs([args.out])
    packed = pack_images(args.folder, args.out, shard_size=args.shard_size, force=args.force, track=track)
    size = sum(os.path.getsize(f) for f in packed.files) / 1e6
    files = f'{packed.files[0]}' if len(packed.files) == 1 else f'{packed.files[0]} to {packed.files[-1].name}'
    print(f'{packed.images} images in {files}, {size:.1f} MB')
    if packed.left_out:
        print(f'{packed.left_out} files that are no images were left out')
    print(f'in the pipelines of the config: {_config_of(args.folder, args.out, packed)}')


if __name__ == '__main__':
    with user_errors('pack_images.py'):
        main()
