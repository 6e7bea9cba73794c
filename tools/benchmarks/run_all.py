"""Run the quick form of every benchmark, one after the other; json files for ``tools/docs/benchmarks.py``.

    python tools/benchmarks/run_all.py
    python tools/benchmarks/run_all.py --only decode encode --out-dir work_dirs/benchmarks
    python tools/benchmarks/run_all.py --device cuda

One that fails is named at the end and does not stop the others. With ``--device`` those that have a network or a codec
are run there, and their files are named after the device (``decode_cuda.json``).
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The arguments of the quick form, and whether the benchmark has a --device.
QUICK = dict(
    decode=(('--sweep', '--threads', '1'), True),
    encode=(('--sweep', '--threads', '1'), True),
    evaluate=((), False),
    pipeline=((), False),
    inference=((), True),
    train_step=((), True),
)


def run(name: str, *, out_dir: Path, device: str) -> int:
    """Run one benchmark in a process of its own, its output shown; return its exit status."""
    arguments, takes_device = QUICK[name]
    suffix = '' if device == 'cpu' else f'_{device.replace(":", "")}'
    command = [sys.executable, str(HERE / f'{name}.py'), *arguments]
    if takes_device and device != 'cpu':
        command += ['--device', device]
    return subprocess.run([*command, '--out', str(out_dir / f'{name}{suffix}.json')]).returncode


def main() -> int:
    """Run what was asked for; return 1 if a benchmark failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', nargs='+', choices=QUICK, metavar='NAME', help=f'some of: {", ".join(QUICK)}')
    parser.add_argument('--device', default='cpu', help='cpu, cuda, cuda:1, mps (default: cpu)')
    parser.add_argument('--out-dir', type=Path, default=Path('work_dirs/benchmarks'), help='default: %(default)s')
    args = parser.parse_args()
    names = args.only or [n for n, (_, takes_device) in QUICK.items() if takes_device or args.device == 'cpu']
    args.out_dir.mkdir(parents=True, exist_ok=True)
    began, failed = time.monotonic(), []
    for number, name in enumerate(names, 1):
        print(f'== [{number}/{len(names)}] {name}', flush=True)
        start = time.monotonic()
        status = run(name, out_dir=args.out_dir, device=args.device)
        print(f'== {name}: {"done" if status == 0 else f"failed, status {status}"}, {time.monotonic() - start:.0f} s\n')
        if status:
            failed.append(name)
    print(f'{len(names) - len(failed)} of {len(names)} in {time.monotonic() - began:.0f} s; results in {args.out_dir}')
    if failed:
        print(f'failed: {", ".join(failed)}; what they said stands above', file=sys.stderr)
    return bool(failed)


if __name__ == '__main__':
    sys.exit(main())
