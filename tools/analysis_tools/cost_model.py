#!/usr/bin/env python
"""What it costs to label very many images, where that saturates, and what breaks first: a model, no measurement.

    python tools/analysis_tools/cost_model.py
    python tools/analysis_tools/cost_model.py --images 1e8 --people 1.4 --image-bytes 90000 --gpus 4 --cores 64
    python tools/analysis_tools/cost_model.py --write docs/scale.md

The constants are those of tools/benchmarks/constants.py, measured on a CPU; a GPU is its maker's peak times a share
that is assumed. Boxes are given: a detector's arithmetic is added by --detector-gmacs.
"""

import argparse
import json
import math
import os.path as osp
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.utils.atomic_file import write_atomic
from mmpose_dark.utils.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
CONSTANTS = ROOT / 'docs' / 'benchmarks' / 'constants.json'
BEGIN, END = '<!-- cost_model.py writes this -->', '<!-- cost_model.py wrote this -->'
NEEDED = ('image_bytes', 'decode_ms', 'crop_ms', 'write_ms', 'person_bytes', 'record_bytes', 'list_ms', 'plan_ms',
          'plan_bytes', 'plan_memory_bytes', 'report_ms', 'whole_ms')  # fmt: skip
HOUR, YEAR = 3600.0, 365.25 * 24 * 3600.0


def assumed(default: float, meaning: str) -> float:
    """Return a field of :class:`Assumptions`."""
    return field(default=default, metadata=dict(meaning=meaning))


@dataclass(frozen=True)
class Assumptions:
    """What is not measured here; ``--help`` shows what each means."""

    images: float = assumed(1e9, 'images in all')
    people: float = assumed(2.0, 'people an image, on average')
    image_bytes: float = assumed(0.0, 'bytes of a file, decoding takes time in proportion; 0: as measured')
    flip: bool = assumed(False, 'every crop is looked at twice, as with a flip test')
    detector_gmacs: float = assumed(0.0, 'GMAC an image of a detector; 0: boxes are given')
    peak_tflops: float = assumed(
        312.0, "published peak of a GPU, TFLOP/s; default: NVIDIA's of an A100, dense bfloat16"
    )
    share: float = assumed(0.25, 'part of that peak that a network reaches')
    gpus: float = assumed(8, 'GPUs of a machine')
    cores: float = assumed(96, 'cores of a machine')
    storage: float = assumed(3.1, 'GB/s that a machine reads; default: a network of 25 Gbit/s')
    shard_size: float = assumed(1000, 'images a shard')
    memory: float = assumed(64.0, 'GB that the process which lists and plans may use')


def read_constants(path: Path) -> dict[str, float]:
    """Return the constants of a json file of ``tools/benchmarks/constants.py`` by name.

    Raises:
        InputError: it is not such a file, or lacks constants.
    """
    try:
        rows = json.loads(path.read_text(encoding='utf-8'))['results']
        constants = {row['constant']: float(row['value']) for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise InputError(f'{path}: not written by tools/benchmarks/constants.py --out ({err})') from err
    missing = [name for name in NEEDED if name not in constants]
    if missing or not networks_of(constants):
        raise InputError(f'{path} lacks {", ".join(missing) or "networks"}: run tools/benchmarks/constants.py --out')
    return constants


def networks_of(constants: Mapping[str, float]) -> list[str]:
    """Return the networks that both time and arithmetic are known of.

    >>> networks_of(dict(a_gmacs=1.0, a_ms=2.0, b_ms=3.0))
    ['a']
    """
    return [n.removesuffix('_gmacs') for n in constants if f'{n.removesuffix("_gmacs")}_ms' in constants]


def gpu_rate(gmacs: float, given: Assumptions) -> float:
    """Return images a second of a GPU that waits for nobody: two operations a multiply-accumulate, a share of the peak.

    Args:
        gmacs: of the network, a person.
        given: assumptions.

    >>> round(gpu_rate(7.8, Assumptions(people=2, peak_tflops=312, share=0.25)))
    2500
    """
    operations = 2e9 * (gmacs * given.people * (1 + given.flip) + given.detector_gmacs)
    return given.peak_tflops * 1e12 * given.share / operations


def host_ms(constants: Mapping[str, float], given: Assumptions) -> float:
    """Return what a core does for an image beside the network: decoding, cutting out, writing."""
    size = given.image_bytes or constants['image_bytes']
    decode = constants['decode_ms'] * size / constants['image_bytes']
    return decode + given.people * (constants['crop_ms'] + constants['write_ms'])


def core_rate(name: str, constants: Mapping[str, float], given: Assumptions) -> float:
    """Return images a second of a core that does all, the network included."""
    network = constants[f'{name}_ms'] * given.people * (1 + given.flip)
    return 1e3 / (host_ms(constants, given) + network)


def machine_limits(name: str, constants: Mapping[str, float], given: Assumptions) -> dict[str, float]:
    """Return images a second of a machine by what would be its limit, the least first."""
    size = given.image_bytes or constants['image_bytes']
    limits = {
        'GPUs': given.gpus * gpu_rate(constants[f'{name}_gmacs'], given),
        'cores': 1e3 * given.cores / host_ms(constants, given),
        'reading': given.storage * 1e9 / size,
    }
    return dict(sorted(limits.items(), key=lambda item: item[1]))


def most_planned(constants: Mapping[str, float], given: Assumptions) -> float:
    """Return how many images one run can list and plan in the memory there is.

    >>> most_planned(dict(plan_memory_bytes=800), Assumptions(memory=64))
    80000000.0
    """
    return given.memory * 1e9 / constants['plan_memory_bytes']


def work_table(constants: Mapping[str, float], given: Assumptions) -> list[dict[str, str]]:
    """Return what a GPU and a core do, a line a quantity, a column a network."""
    size = given.image_bytes or constants['image_bytes']
    lines: dict[str, dict[str, str]] = {}
    for name in networks_of(constants):
        rate, alone = gpu_rate(constants[f'{name}_gmacs'], given), core_rate(name, constants, given)
        limits = machine_limits(name, constants, given)
        limit, together = next(iter(limits.items()))
        column = {
            'GMAC a person (counted)': digits(constants[f'{name}_gmacs']),
            'images a GPU-hour (arithmetic)': amount(rate * HOUR),
            'GPU-hours in all': amount(given.images / rate / HOUR),
            'cores that must feed a GPU': digits(rate * host_ms(constants, given) / 1e3),
            'read for a GPU': f'{digits(rate * size / 1e6)} MB/s',
            f'a machine of {given.gpus:g} GPUs and {given.cores:g} cores is held up by': limit,
            'its images an hour': amount(together * HOUR),
            'its days in all': digits(given.images / together / 86400),
            'images a core-hour without a GPU (of measured times)': amount(alone * HOUR),
            'core-years in all': amount(given.images / alone / YEAR),
        }
        for quantity, value in column.items():
            lines.setdefault(quantity, dict(quantity=quantity))[name] = value
    return list(lines.values())


def plan_table(constants: Mapping[str, float], given: Assumptions) -> list[dict[str, str]]:
    """Return what a plan takes, a line a quantity, a column a number of images."""
    size = given.image_bytes or constants['image_bytes']
    lines: dict[str, dict[str, str]] = {}
    for count in (given.images / 1000, given.images / 100, given.images / 10, given.images):
        needed = count * constants['plan_memory_bytes']
        shards = count / given.shard_size
        written = count * (given.people * constants['person_bytes'] + constants['record_bytes'])
        column = {
            'images read': byte_text(count * size),
            'Parquet written': byte_text(written),
            'Parquet files': amount(2 * shards),
            '`plan.json`': byte_text(count * constants['plan_bytes']),
            'memory to list and plan': byte_text(needed),
            'fits': 'yes' if needed <= given.memory * 1e9 else 'no',
            'listing, planning': time_text(count * (constants['list_ms'] + constants['plan_ms']) / 1e3),
            'looking for failures at the end': time_text(shards * constants['report_ms'] / 1e3),
        }
        for quantity, value in column.items():
            lines.setdefault(quantity, dict(quantity=quantity))[f'{amount(count)} images'] = value
    return list(lines.values())


def digits(value: float) -> str:
    """Return a number with two significant digits: a model does not know more.

    >>> digits(0.1234), digits(12345), digits(7.62)
    ('0.12', '12,000', '7.6')
    """
    value = float(f'{value:.2g}')
    return f'{value:,.0f}' if abs(value) >= 10 else f'{value:g}'


def amount(value: float) -> str:
    """Return a large number in words.

    >>> amount(1e9), amount(2.34e7), amount(1500), amount(12)
    ('1 billion', '23 million', '1,500', '12')
    """
    for unit, word in ((1e9, 'billion'), (1e6, 'million')):
        if value >= 0.995 * unit:
            return f'{digits(value / unit)} {word}'
    return digits(value)


def byte_text(value: float) -> str:
    """Return bytes in a unit that fits.

    >>> byte_text(1.6e14), byte_text(1.07e8)
    ('160 TB', '110 MB')
    """
    unit, word = next((u, w) for u, w in ((1e12, 'TB'), (1e9, 'GB'), (1e6, 'MB'), (1.0, 'B')) if value >= u or u == 1)
    return f'{digits(value / unit)} {word}'


def time_text(seconds: float) -> str:
    """Return seconds in a unit that fits.

    >>> time_text(36.0), time_text(36000.0)
    ('36 s', '10 h')
    """
    unit, word = next((u, w) for u, w in ((HOUR, 'h'), (60.0, 'min'), (1.0, 's')) if seconds >= u or u == 1)
    return f'{digits(seconds / unit)} {word}'


def markdown(rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows (equal keys) as a Markdown table."""
    header = list(rows[0])
    lines = [header, ['---'] + ['---:'] * (len(header) - 1), *([row[key] for key in header] for row in rows)]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def text_of(constants: Mapping[str, float], given: Assumptions) -> str:
    """Return assumptions, constants and tables as Markdown."""
    size = given.image_bytes or constants['image_bytes']
    assumed = [
        f'{amount(given.images)} images, {given.people:g} people each, {digits(size / 1e3)} kB a file, boxes given'
        + (f' by a detector of {given.detector_gmacs:g} GMAC an image' if given.detector_gmacs else ''),
        f'{"with" if given.flip else "no"} flip test; a GPU of {given.peak_tflops:g} TFLOP/s (published peak, not '
        f'measured), of which a network reaches {given.share:.0%} (assumed), two operations a multiply-accumulate',
        f'a machine with {given.gpus:g} GPUs and {given.cores:g} cores reads {given.storage:g} GB/s; '
        f'{given.shard_size:g} images a shard; {given.memory:g} GB of memory to plan in',
    ]
    measured = [
        f'decoding {constants["decode_ms"]:.3g} ms an image of {digits(constants["image_bytes"] / 1e3)} kB, cutting '
        f'out {constants["crop_ms"]:.3g} and writing {constants["write_ms"]:.3g} ms a person',
        ', '.join(f'{name} {digits(constants[f"{name}_ms"])}' for name in networks_of(constants)) + ' ms a person',
        f'{digits(constants["person_bytes"])} bytes of Parquet a person, {digits(constants["record_bytes"])} an image',
        f'all together, files of 2 people to poses: {digits(constants["whole_ms"])} ms an image, where the sum of its '
        f'parts is {digits(_sum_of_parts(constants))}',
        f'listing {constants["list_ms"]:.2g} ms an image on a local disk, {digits(constants["plan_bytes"])} bytes of '
        f'`plan.json` and {digits(constants["plan_memory_bytes"])} of memory',
    ]
    parts = [
        'Assumed:\n\n' + _listed(assumed),
        'Measured, on one core:\n\n' + _listed(measured),
        markdown(work_table(constants, given)),
        markdown(plan_table(constants, given)),
        f'One run plans at most {amount(most_planned(constants, given))} images in {given.memory:g} GB.',
    ]
    return '\n\n'.join(parts) + '\n'


def _listed(lines: Sequence[str]) -> str:
    wrapped = [
        textwrap.fill(line, 118, initial_indent='- ', subsequent_indent='  ', break_on_hyphens=False) for line in lines
    ]
    return ';\n'.join(wrapped) + '.'


def _sum_of_parts(constants: Mapping[str, float]) -> float:
    """Return what the model says of the case that was measured as a whole: the first network, two people an image."""
    parts = constants['crop_ms'] + constants[f'{networks_of(constants)[0]}_ms']
    return constants['decode_ms'] + 2 * parts


def with_text(page: str, text: str) -> str:
    r"""Return a page with another text between its marks.

    Raises:
        InputError: it has no marks.

    >>> with_text(f'a\n{BEGIN}\nold\n{END}\nb', 'new\n') == f'a\n{BEGIN}\n\nnew\n\n{END}\nb'
    True
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise InputError(f'the page needs a line {BEGIN} and behind it a line {END}')
    before, _, rest = page.partition(BEGIN)
    return f'{before}{BEGIN}\n\n{text}\n{END}{rest.partition(END)[2]}'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('--constants', type=Path, default=CONSTANTS, help='json file (default: docs/benchmarks)')
    parser.add_argument('--write', type=Path, metavar='PAGE', help='put the text between the marks of a page')
    group = parser.add_argument_group('assumptions')
    for one in fields(Assumptions):
        option, meaning = f'--{one.name.replace("_", "-")}', one.metadata['meaning']
        if isinstance(one.default, bool):
            group.add_argument(option, action='store_true', help=meaning)
        else:
            told = f'{meaning} (default: {one.default:g})'
            group.add_argument(option, type=float, default=one.default, metavar='N', help=told)
    args = parser.parse_args()
    for one in fields(Assumptions):
        value = getattr(args, one.name)
        if not (0 < value < math.inf or value == one.default) or (one.name == 'share' and value > 1):
            parser.error(f'--{one.name.replace("_", "-")} {value:g}: a number above 0 is needed, and no share above 1')
    return args


def main() -> None:
    """Print the text, or write it into a page."""
    args = parse_args()
    given = Assumptions(**{name: getattr(args, name) for name in vars(Assumptions())})
    text = text_of(read_constants(args.constants), given)
    if args.write is None:
        print(text)
        return
    try:
        page = args.write.read_text(encoding='utf-8')
    except OSError as err:
        raise InputError(f'{args.write} cannot be read: {err}') from err
    write_atomic(args.write, with_text(page, text))
    print(f'{args.write}: written')


if __name__ == '__main__':
    with user_errors('cost_model.py'):
        main()
