"""Run the quick form of every benchmark, one after the other; json files for ``tools/docs/benchmarks.py``.

    python tools/benchmarks/run_all.py
    python tools/benchmarks/run_all.py --only decode encode --out-dir work_dirs/benchmarks
    python tools/benchmarks/run_all.py --device cuda

One that fails is named at the end and does not stop the others. With ``--device`` those that have a network or a codec
are run there, and their files are named after the device (``decode_cuda.json``), or as ``--suffix`` says.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent


class Quick(NamedTuple):
    """Arguments of a benchmark's quick form, and what else it gets on a GPU; None: it has no ``--device``."""

    arguments: tuple[str, ...] = ()
    on_gpu: tuple[str, ...] | None = None


QUICK = dict(
    decode=Quick(('--sweep', '--threads', '1'), on_gpu=()),
    encode=Quick(('--sweep', '--threads', '1'), on_gpu=()),
    evaluate=Quick(),
    pipeline=Quick(),
    inference=Quick(on_gpu=('--full', '--compile')),
    exported=Quick(),
    testing=Quick(),
    train_step=Quick(on_gpu=('--full',)),
    startup=Quick(),
    busy_machine=Quick(),
    tried=Quick(),
    constants=Quick(),
    scale=Quick(),
)


def run(name: str, *, out: Path, device: str) -> int:
    """Run one benchmark in a process of its own, its output shown; return its exit status."""
    quick = QUICK[name]
    command = [sys.executable, str(HERE / f'{name}.py'), *quick.arguments]
    if device != 'cpu' and quick.on_gpu is not None:
        command += ['--device', device, *quick.on_gpu]
    return subprocess.run([*command, '--out', str(out)]).returncode


def main() -> int:
    """Run what was asked for; return 1 if a benchmark failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', nargs='+', choices=QUICK, metavar='NAME', help=f'some of: {", ".join(QUICK)}')
    parser.add_argument('--device', default='cpu', help='cpu, cuda, cuda:1, mps (default: cpu)')
    parser.add_argument('--suffix', help="end of the files' names (default: the device; nothing for cpu)")
    parser.add_argument('--out-dir', type=Path, default=Path('work_dirs/benchmarks'), help='default: %(default)s')
    args = parser.parse_args()
    suffix = args.suffix or ('' if args.device == 'cpu' else args.device.replace(':', ''))
    names = args.only or [
        name
        for name, quick in QUICK.items()
        if (args.device == 'cpu' or quick.on_gpu is not None) and (HERE / f'{name}.py').exists()
    ]
    args.out_dir.mkdir(parents=True, exist_ok=True)
    began, failed = time.monotonic(), []
    for number, name in enumerate(names, 1):
        print(f'== [{number}/{len(names)}] {name}', flush=True)
        start = time.monotonic()
        out = args.out_dir / (f'{name}_{suffix}.json' if suffix else f'{name}.json')
        status = run(name, out=out, device=args.device)
        print(f'== {name}: {"done" if status == 0 else f"failed, status {status}"}, {time.monotonic() - start:.0f} s\n')
        if status:
            failed.append(name)
    print(f'{len(names) - len(failed)} of {len(names)} in {time.monotonic() - began:.0f} s; results in {args.out_dir}')
    if failed:
        print(f'failed: {", ".join(failed)}; what they said stands above', file=sys.stderr)
    return bool(failed)


if __name__ == '__main__':
    sys.exit(main())
