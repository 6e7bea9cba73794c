#!/usr/bin/env python
"""Run the numeric tests as other processors would: older instruction sets, other thread numbers, without oneDNN.

Prints by how much a fixed set of values differs from this machine's own settings, then which tests fail where.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Tests of numbers; the others (downloads, errors, documents) do not depend on the processor.
FOLDERS = ('codecs', 'structures', 'models', 'evaluation', 'deploy', 'inference', 'datasets')
_WITHOUT_AVX = dict(
    ATEN_CPU_CAPABILITY='default',
    OPENCV_CPU_DISABLE='AVX512-SKX,AVX2,FP16,FMA3,AVX',
    NPY_DISABLE_CPU_FEATURES='X86_V4 X86_V3',
)
_AVX2 = dict(ATEN_CPU_CAPABILITY='avx2', OPENCV_CPU_DISABLE='AVX512-SKX', NPY_DISABLE_CPU_FEATURES='X86_V4')


def settings() -> dict[str, dict[str, str]]:
    """Return the environments to try, by name.

    >>> settings()['avx2, 2 threads']['OMP_NUM_THREADS']
    '2'
    """
    chosen = {f'this processor, {n} threads': dict(OMP_NUM_THREADS=str(n)) for n in (2, 1, 4)}
    chosen |= {f'avx2, {n} threads': dict(_AVX2, OMP_NUM_THREADS=str(n)) for n in (2, 4)}
    chosen |= {f'no avx, {n} threads': dict(_WITHOUT_AVX, OMP_NUM_THREADS=str(n)) for n in (1, 2)}
    chosen['this processor, 2 threads, no oneDNN'] = dict(OMP_NUM_THREADS='2', MMPOSE_DARK_TEST_ONEDNN='0')
    chosen['no avx, 1 thread, no oneDNN'] = dict(_WITHOUT_AVX, OMP_NUM_THREADS='1', MMPOSE_DARK_TEST_ONEDNN='0')
    return chosen


def _environment(chosen: dict[str, str]) -> dict[str, str]:
    """This process's environment with ``chosen``; NumPy is told only what it knows to switch off."""
    environment = {**os.environ, **chosen}
    wanted = environment.pop('NPY_DISABLE_CPU_FEATURES', '').split()
    code = 'from numpy._core._multiarray_umath import __cpu_dispatch__ as d, __cpu_features__ as f;'
    code += f'print(*[w for w in {wanted!r} if w in d and f.get(w)])'
    found = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False).stdout.strip()
    if found:
        environment['NPY_DISABLE_CPU_FEATURES'] = found
    return environment


def probe() -> dict[str, list[float]]:
    """Compute a fixed set of values: crops, targets, decoded points, a network's outputs, similarities."""
    import numpy as np
    import torch

    from mmpose_dark.codecs import MSRAHeatmap
    from mmpose_dark.evaluation.functional import oks
    from mmpose_dark.models import TopDown
    from mmpose_dark.structures import get_warp_matrix, warp_image

    if os.environ.get('MMPOSE_DARK_TEST_ONEDNN') == '0':
        torch.backends.mkldnn.set_flags(False)
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (240, 320, 3), dtype=np.uint8)
    matrix = get_warp_matrix(np.array([150.0, 110.0]), np.array([150.0, 200.0]), 20.0, (96, 128))
    codec = MSRAHeatmap((96, 128), (24, 32), 1.5, unbiased=True, blur_kernel_size=9)
    xy = torch.from_numpy(rng.uniform(8, 80, (16, 17, 2)).astype(np.float32))
    maps, _ = codec.batch_encode(xy)
    noisy = maps + torch.from_numpy(rng.normal(0, 0.02, tuple(maps.shape)).astype(np.float32))
    torch.manual_seed(0)
    head = dict(type='HeatmapHead', in_channels=2048, out_channels=17, decoder=codec)
    model = TopDown(dict(type='ResNet', depth=50), head=head).eval()
    with torch.no_grad():
        outputs = model(torch.from_numpy(rng.standard_normal((3, 3, 128, 96)).astype(np.float32)))
    people = xy.numpy().astype(np.float64)
    similarity = oks(people, people + 1.0, areas=np.full((1, 16), 900.0), sigmas=np.full(17, 0.05))
    found = codec.points(noisy)
    values = dict(
        crop=warp_image(image, matrix, (96, 128)).astype(float),
        targets=maps.numpy(),
        keypoints=found.keypoints.numpy(),
        scores=found.scores.numpy(),
        covariances=np.nan_to_num(found.covariances.numpy()),
        heatmaps_relative=outputs.numpy() / float(outputs.abs().max()),
        oks=similarity,
    )
    return {name: np.asarray(value, np.float64).ravel().tolist() for name, value in values.items()}


def _probed(environment: dict[str, str]) -> dict[str, list[float]]:
    done = subprocess.run(
        [sys.executable, __file__, '--probe'], env=environment, capture_output=True, text=True, check=True, cwd=ROOT
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    """Run; the exit status is the number of settings in which a test fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', help='only settings with this text in their name')
    parser.add_argument('--values', action='store_true', help='compare values and run no tests')
    parser.add_argument('--out', default='work_dirs/portable.json', help='where the result goes (default: %(default)s)')
    parser.add_argument('--probe', action='store_true', help=argparse.SUPPRESS)
    parser.add_argument('pytest', nargs='*', help='tests instead of the numeric ones')
    args = parser.parse_args()
    if args.probe:
        print(json.dumps(probe()))
        return 0
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.output_paths import check_outputs

    check_outputs([args.out])
    tests = args.pytest or [f'tests/{folder}' for folder in FOLDERS]
    first, result = None, {}
    for name, chosen in settings().items():
        environment = _environment(chosen)
        values = _probed(environment)
        first = first or values
        row: dict[str, object] = {
            key: max(abs(a - b) for a, b in zip(v, first[key], strict=True)) for key, v in values.items()
        }
        if args.only and args.only not in name:
            continue
        print(f'{name}:', ', '.join(f'{key} {value:.1e}' for key, value in row.items()), flush=True)
        if not args.values:
            start = time.monotonic()
            command = [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', *tests]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
            failed = [line for line in done.stdout.splitlines() if line.startswith(('FAILED', 'ERROR'))]
            row |= dict(failed=failed, seconds=round(time.monotonic() - start), status=done.returncode)
            print(f'  {len(failed)} failed in {row["seconds"]} s', *failed, sep='\n  ', flush=True)
        result[name] = row
    write_atomic(args.out, json.dumps(result, indent=1))
    return sum(bool(row.get('status')) for row in result.values())


if __name__ == '__main__':
    sys.path.insert(0, str(ROOT))
    from mmpose_dark.cli.errors import user_errors

    with user_errors('portable_tests.py'):
        sys.exit(main())
