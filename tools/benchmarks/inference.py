"""How fast a network runs on people's crops, and whole images through it, against eager float32 PyTorch.

    python tools/benchmarks/inference.py
    python tools/benchmarks/inference.py --config hrnet_w48_coco_384x288 --batch-size 4 --compile
    python tools/benchmarks/inference.py --device cuda --full --compile --out inference.json

The network rows time backbone and head on one batch of crops with random weights; "difference" is the largest one of a
heatmap's value from eager float32, over the largest value. The image rows go from files to keypoints: the baseline
calls ``inference_topdown`` for one image after the other; ``Inferencer`` fills its batches, and reads ahead where the
network is not on the CPU. Back ends that are not installed are left out, with a note.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import Timing, check_out, make_parser, measure, report


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, repeat=9, device=True)
    parser.add_argument('--config', help='one network, a file or a name of the zoo (default: HRNet-W32 256x192)')
    parser.add_argument('--batch-size', type=int, help='people a batch')
    parser.add_argument('--images', type=int, default=24, help='images from file to keypoints (default: 24)')
    parser.add_argument('--images-config', help='network for the images (default: that of the demo, a small one)')
    parser.add_argument('--compile', action='store_true', help='with torch.compile, minutes to compile on the CPU')
    parser.add_argument('--full', action='store_true', help='HRNet-W32 256x192 and HRNet-W48 whole-body 384x288')
    return parser.parse_args()


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import numpy as np
import torch

from mmpose_dark.apis import Inferencer, inference_topdown, init_model
from mmpose_dark.deploy import Acceleration, accelerate
from mmpose_dark.synthetic import PeopleSettings, prepare_dataset

CASES = [('hrnet_w32_coco_256x192_dark', 8)]
FULL = [('hrnet_w32_coco_256x192_dark', 64), ('hrnet_w48_coco_wholebody_384x288_dark_plus', 64)]

Row = dict[str, object]


def ways(device: str, compiled: bool) -> dict[str, dict]:
    """Options of each way to run a network on ``device``, by the name it has in the table.

    >>> ways('cuda', compiled=True)['compiled']
    {'compile': True}
    """
    half = dict(amp='auto', channels_last=True)
    found = {
        'channels last': dict(channels_last=True),
        'fused': dict(fuse_conv_bn=True),
        'fused, channels last': dict(fuse_conv_bn=True, channels_last=True),
        'half precision': dict(amp='auto'),
        'half precision, fused, channels last': dict(half, fuse_conv_bn=True),
    }
    if compiled:
        found['compiled'] = dict(compile=True)
        found['compiled, half precision, channels last'] = dict(half, compile=True)
    if torch.device(device).type == 'cpu' and importlib.util.find_spec('openvino'):
        found['OpenVINO float32'] = dict(backend='openvino')
        found['OpenVINO bfloat16'] = dict(backend='openvino-bf16')
    return found


def build(config: str, device: str, **acceleration: object) -> torch.nn.Module:
    """A network with the same random weights each time, large enough to tell keypoints apart."""
    torch.manual_seed(0)
    model = init_model(config, device=device, cfg_options={'model.test_cfg.flip_test': False})
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
    accelerate(model, Acceleration(**acceleration))
    return model


@torch.no_grad()
def network_rows(config: str, batch_size: int, args: argparse.Namespace) -> tuple[list[Row], str]:
    """Rows of one network, and what decoding is of its time."""
    model = build(config, args.device)
    codec = model.head.decoder
    width, height = codec.input_size
    crops = torch.randn(batch_size, 3, height, width, generator=torch.Generator().manual_seed(0)).to(args.device)

    def timing(network: torch.nn.Module) -> Timing:
        return measure(lambda: network(crops), repeats=args.repeat, device=args.device)

    eager, expected = timing(model), model(crops).float()
    name = f'{config}, {batch_size} people'

    def row(way: str, time: Timing, difference: float) -> Row:
        return dict(
            input=name,
            way=way,
            time=time,
            baseline=eager,
            speedup=round(eager.median / time.median, 2),
            difference=f'{difference:.0e}',
        )

    rows = [row('eager float32 (baseline)', eager, 0.0)]
    for way, options in ways(args.device, args.compile).items():
        print(f'{name}: {way} ...', file=sys.stderr, flush=True)
        with contextlib.redirect_stdout(io.StringIO()):  # the log's lines on what was fused and converted
            network = build(config, args.device, **options)
        time = timing(network)
        rows.append(row(way, time, float((network(crops).float() - expected).abs().max() / expected.abs().max())))
    decode = measure(lambda: codec.batch_decode(expected), repeats=args.repeat, device=args.device)
    share = 100 * decode.median / eager.median
    return rows, f'{name}: decoding its heatmaps with DARK takes {decode}, {share:.2g} % of the eager network.'


def image_rows(config: str, args: argparse.Namespace) -> list[Row]:
    """Rows from files to keypoints."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        prepare_dataset(folder, PeopleSettings(train=args.images, val=1, width=640, height=480))
        content = json.loads((Path(folder) / 'annotations' / 'train.json').read_text())
        files = [str(Path(folder) / 'images' / image['file_name']) for image in content['images']]
        boxes = [[a['bbox'] for a in content['annotations'] if a['image_id'] == i['id']] for i in content['images']]
        model = build(config, args.device)

        def one_by_one(network: torch.nn.Module) -> list[np.ndarray]:
            """Keypoints (1, K, 2) of each person."""
            samples = [inference_topdown(network, f, b, bbox_format='xywh') for f, b in zip(files, boxes, strict=True)]
            return [s.pred_instances.keypoints for people in samples for s in people]

        def together(network: torch.nn.Module) -> list[np.ndarray]:
            """Keypoints (1, K, 2) of each person."""
            results = Inferencer(network)(files, boxes, 'xywh')
            return [s.pred_instances.keypoints for result in results for s in result.samples]

        baseline = measure(lambda: one_by_one(model), repeats=args.repeat, device=args.device, warm_up=1)
        expected = np.concatenate(one_by_one(model))
        found = np.concatenate(together(model))
        ours = measure(lambda: together(model), repeats=args.repeat, device=args.device, warm_up=1)
        name = f'{config}, {len(files)} images with {len(expected)} people'
        # Networks with random weights have heatmaps without clear peaks; the same peak must be found nearly always.
        agree = float((np.abs(found - expected).max(axis=-1) < 0.1).mean())
        if agree < 0.98:
            raise RuntimeError(f'{name}: only {agree:.1%} of the keypoints are those of the baseline')
        common = dict(input=name, baseline=baseline)
    return [
        common | dict(way='one image after the other (baseline)', time=baseline, speedup=1.0, difference='0e+00'),
        common
        | dict(
            way='Inferencer',
            time=ours,
            speedup=round(baseline.median / ours.median, 2),
            difference='–',
        ),
    ]


def main(args: argparse.Namespace) -> None:
    """Parse the arguments, measure every case, print and write the table."""
    check_out(args.out)

    cases = [(args.config, 8)] if args.config else FULL if args.full else CASES
    rows, notes = [], []
    for config, batch_size in cases:
        found, note = network_rows(config, args.batch_size or batch_size, args)
        rows += found
        notes.append(note)
    small = args.images_config or str(Path(__file__).resolve().parents[2] / 'configs/demo/people_dark_192x144.py')
    rows += [{key: row[key] for key in rows[0]} for row in image_rows(small, args)]
    for row in rows:
        row['input'] = row['input'].replace(small, Path(small).stem)
    if torch.device(args.device).type == 'cpu' and not importlib.util.find_spec('openvino'):
        notes.append('OpenVINO is not installed here (pip install openvino), so its rows are missing.')
    report(rows, device=args.device, out=args.out, notes=notes)


if __name__ == '__main__':
    main(ARGS)
