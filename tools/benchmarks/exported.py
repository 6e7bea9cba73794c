"""The exported graph, from uint8 crops to keypoints, against the same way in eager PyTorch.

    python tools/benchmarks/exported.py
    python tools/benchmarks/exported.py --configs hrnet_w48_coco_384x288_dark --batch-size 4 --out exported.json
    python tools/benchmarks/exported.py --int8

Both ways begin with crops (B, h, w, 3) uint8 and end with keypoints (B, K, 2), scores and covariances: normalisation
and decoding are inside. The weights are random but large enough for peaks; "difference" is the largest one of a
keypoint, in pixels of the input, among keypoints that have the same peak, "same peak" the share of those. The ways take
turns, so that what else the machine does meets all of them. Runtimes that are not installed are left out, with a note.
With --int8 the same file in int8, every layer of it, has its rows too: their times count; what int8 costs in keypoints
a network of random weights does not tell.
"""

import argparse
import contextlib
import functools
import importlib.util
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import check_out, make_parser, measure_in_turns, report


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, repeat=15)
    parser.add_argument(
        '--configs',
        nargs='+',
        default=['hrnet_w32_coco_256x192_dark', 'vitpose_small_coco_256x192'],
        help='networks, files or names of the zoo (default: HRNet-W32 and ViTPose-small)',
    )
    parser.add_argument('--batch-size', type=int, default=8, help='crops a batch (default: 8)')
    parser.add_argument('--int8', action='store_true', help='the file in int8 as well')
    return parser.parse_args()


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import numpy as np
import torch

from mmpose_dark.apis import init_model
from mmpose_dark.deploy.export import export_model
from mmpose_dark.deploy.quantization import quantize_file

Way = Callable[[np.ndarray], np.ndarray]
RUNTIMES = dict(onnxruntime='ONNX Runtime', openvino='OpenVINO')
WRITERS = ('onnx', 'onnxscript')
MISSING = [name for name in WRITERS if not importlib.util.find_spec(name)]
RUNS = [] if MISSING else [name for name in RUNTIMES if importlib.util.find_spec(name)]
SAME_PEAK = 4.0
"""Input pixels: keypoints that are farther apart have another peak, as maps of random networks have several alike."""


def build(config: str) -> torch.nn.Module:
    """A network with the same random weights each time, large enough to tell keypoints apart."""
    torch.manual_seed(0)
    model = init_model(config, device='cpu', cfg_options={'model.test_cfg.flip_test': False})
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
    return model


def eager(model: torch.nn.Module) -> Way:
    """Crops (B, h, w, 3) to keypoints (B, K, 2), as `tools/test.py` goes: preprocessor, network, codec."""

    @torch.no_grad()
    def way(crops: np.ndarray) -> np.ndarray:
        batch = torch.from_numpy(crops).permute(0, 3, 1, 2)
        inputs = model.data_preprocessor(dict(inputs=list(batch)))['inputs']
        return model.points(inputs).keypoints.numpy()

    return way


def in_onnxruntime(path: Path) -> Way:
    """The same of an exported file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
    name = session.get_inputs()[0].name
    return lambda crops: session.run(['keypoints'], {name: crops})[0]


def in_openvino(path: Path) -> Way:
    """The same of an exported file."""
    import openvino

    settings = {'INFERENCE_PRECISION_HINT': 'f32', 'INFERENCE_NUM_THREADS': torch.get_num_threads()}
    compiled = openvino.Core().compile_model(str(path), 'CPU', settings)
    output = compiled.output('keypoints')
    return lambda crops: compiled([crops])[output]


def exported_ways(model: torch.nn.Module, crops: np.ndarray, folder: Path, *, int8: bool) -> dict[str, Way]:
    """Export, quantise if asked, and open the files in every runtime there is."""
    files = {'': folder / 'net.onnx'}
    with contextlib.redirect_stdout(io.StringIO()):
        export_model(model, files[''], check=False)
        if int8:
            files[' int8'] = folder / 'int8.onnx'
            quantize_file(files[''], files[' int8'], [dict(crops=crop[None]) for crop in crops])
    makers = dict(onnxruntime=in_onnxruntime, openvino=in_openvino)
    found = {name: make for name, make in makers.items() if importlib.util.find_spec(name)}
    return {RUNTIMES[name] + kind: make(path) for name, make in found.items() for kind, path in files.items()}


def rows_of(config: str, args: argparse.Namespace) -> list[dict]:
    """Time all ways of one network in turns."""
    model = build(config)
    width, height = model.head.decoder.input_size
    crops = np.random.default_rng(0).integers(0, 256, (args.batch_size, height, width, 3), dtype=np.uint8)
    ways = {'eager (baseline)': eager(model)}
    with tempfile.TemporaryDirectory() as folder:
        if RUNS:
            print(f'{config}: exporting ...', file=sys.stderr, flush=True)
            ways |= exported_ways(model, crops, Path(folder), int8=args.int8)
        found = {name: way(crops) for name, way in ways.items()}
        calls = [functools.partial(way, crops) for way in ways.values()]
        times = dict(zip(ways, measure_in_turns(calls, repeats=args.repeat, warm_up=1), strict=True))
    baseline = times['eager (baseline)']
    rows = []
    for name, keypoints in found.items():
        apart = np.abs(keypoints - found['eager (baseline)']).max(-1)
        same = apart < SAME_PEAK
        timing = times[name]
        rows.append(
            dict(
                input=f'{config}, {args.batch_size} crops',
                way=name,
                time=timing,
                baseline=baseline,
                speedup=round(baseline.median / timing.median, 2),
                difference_px=f'{apart[same].max(initial=0):.0e}',
                same_peak=f'{same.mean():.1%}',
            )
        )
    return rows


def main(args: argparse.Namespace) -> None:
    """Measure every network, print and write the table."""
    check_out(args.out)
    rows = [row for config in args.configs for row in rows_of(config, args)]
    notes = [f'{RUNTIMES[name]} is not installed here.' for name in RUNTIMES if not importlib.util.find_spec(name)]
    notes += [f'{name} is not installed here, so nothing could be exported.' for name in MISSING]
    report(rows, device='cpu', out=args.out, notes=notes)


if __name__ == '__main__':
    main(ARGS)
