"""The model zoo as data: published rows, how to run one, and what came out here."""

import difflib
import fnmatch
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

from ..utils.addresses import addresses_of
from ..utils.errors import UserError

__all__ = ['Benchmark', 'Comparison', 'Row', 'Zoo', 'ZooError', 'read_zoo', 'zoo_file']

_PACKAGE = Path(__file__).resolve().parents[1]
_FILE = Path('docs', 'zoo', 'published.json')
# These hosts give a program a web page instead of the file.
_HOSTS_BY_HAND = ('drive.google.com', '1drv.ms')
_ROW_KEYS = ('id', 'source', 'benchmark', 'model', 'config', 'checkpoint', 'published')


class ZooError(UserError, ValueError):
    """The zoo's file contradicts itself, or a row is asked for that it lacks."""


class Comparison(TypedDict):
    """What a test gave beside what was published: ``reproduced`` is None where only a server has the ground truth."""

    row: str
    measured: dict[str, float]
    published: dict[str, float]
    tolerance: float
    reproduced: bool | None


@dataclass(frozen=True)
class Benchmark:
    """What a group of rows was measured on.

    Attributes:
        title: data and boxes, in words.
        dataset: its name.
        unit: what the test's metrics are multiplied by to be compared with the published values.
        main: name of the value that decides whether a row is reproduced.
        tolerance: largest difference of that value.
        figures: name of a published value -> the metrics it is the mean of.
        server: where results are uploaded to if their ground truth is not public.
        note: what a reader must know of the published values.
    """

    title: str
    dataset: str
    unit: float
    main: str
    tolerance: float
    figures: dict[str, str | list[str]]
    server: str | None = None
    note: str = ''

    def measured(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """Return the values that a test's metrics contain, in the unit of the published ones.

        >>> Benchmark('t', 'd', 100, 'AP', 0.1, dict(AP='coco/AP')).measured({'coco/AP': 0.5, 'coco/AR': 0.6})
        {'AP': 50.0}
        """
        found = {}
        for name, keys in self.figures.items():
            keys = [keys] if isinstance(keys, str) else keys
            if all(key in metrics for key in keys):
                found[name] = sum(metrics[key] for key in keys) / len(keys) * self.unit
        return found


@dataclass(frozen=True)
class Row:
    """One published result.

    Attributes:
        id: its name here.
        source: key of the project that published it.
        benchmark: key of what it was measured on.
        model: the network in words.
        config: path of its config from the project's root.
        checkpoint: URL of its weights, None if none were published.
        published: name -> value.
        weights_of: the row whose weights these are too, where neither has a URL.
        options: settings of the config to change, by dotted name.
        parameters: published number of parameters in millions.
        gflops: published GFLOPs.
        note: what is particular about it.
    """

    id: str
    source: str
    benchmark: str
    model: str
    config: str
    checkpoint: str | None
    published: dict[str, float]
    weights_of: str = ''
    options: dict[str, object] = field(default_factory=dict)
    parameters: float | None = None
    gflops: float | None = None
    note: str = ''

    @property
    def url(self) -> str | None:
        """URL that a program can fetch the weights from.

        >>> Row('a', 's', 'b', 'm', 'c.py', 'https://host/a.pth', {}).url
        'https://host/a.pth'
        """
        by_hand = self.checkpoint is None or urlsplit(self.checkpoint).hostname in _HOSTS_BY_HAND
        return None if by_hand else self.checkpoint

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses of the weights in the order to try; none where only a browser gets them, or nobody.

        >>> len(Row('a', 's', 'b', 'm', 'c.py', 'https://download.openmmlab.com/a.pth', {}).addresses)
        2
        """
        return addresses_of(self.url) if self.url else ()

    @property
    def weights(self) -> str:
        """URL of the weights, or the path they are expected at: downloaded in a browser, or of one's own training.

        >>> Row('a', 's', 'b', 'm', 'c.py', 'https://drive.google.com/x', {}).weights
        'checkpoints/a.pth'
        """
        return self.url or f'checkpoints/{self.weights_of or self.id}.pth'

    def test_arguments(self, weights: str | None = None) -> list[str]:
        """Return the command that gives the row's values, without the interpreter.

        Args:
            weights: URL or path in place of the published one.

        >>> Row('a', 's', 'b', 'm', 'c.py', None, {}, options={'model.depth': 50}).test_arguments('mine.pth')
        ['tools/test.py', 'c.py', 'mine.pth', '--cfg-options', 'model.depth=50']
        """
        arguments = ['tools/test.py', self.config, weights or self.weights]
        if self.options:
            arguments += ['--cfg-options', *(f'{key}={value}' for key, value in self.options.items())]
        return arguments

    @property
    def command(self) -> str:
        """The command that gives the row's values.

        >>> Row('a', 's', 'b', 'm', 'c.py', None, {}).command
        'python tools/test.py c.py checkpoints/a.pth'
        """
        return shlex.join(['python', *self.test_arguments()])


@dataclass(frozen=True)
class Zoo:
    """All published rows.

    Attributes:
        path: the file.
        rows: by id, in the file's order.
        benchmarks: by key.
        sources: project -> its ``title``, ``url`` and ``licence``.
        collections: kind of recipe (the folder of its config) -> ``name``, ``title`` and ``url`` of its paper.
    """

    path: Path
    rows: dict[str, Row]
    benchmarks: dict[str, Benchmark]
    sources: dict[str, dict[str, str]]
    collections: dict[str, dict[str, str]]

    @property
    def results_folder(self) -> Path:
        """Where the results of this project's own runs are."""
        return self.path.parent / 'results'

    def choose(self, patterns: Sequence[str]) -> list[Row]:
        """Return the rows that ids or patterns (``mmpose-*_dark``) name, in the file's order; all for none.

        Raises:
            ZooError: a pattern names no row.

        >>> rows = {name: Row(name, 's', 'b', 'm', 'c.py', None, {}) for name in ('res50', 'res101', 'hrnet')}
        >>> [row.id for row in Zoo(Path('zoo.json'), rows, {}, {}, {}).choose(['res*'])]
        ['res50', 'res101']
        """
        for pattern in patterns:
            if not fnmatch.filter(self.rows, pattern):
                near = difflib.get_close_matches(pattern, self.rows, n=3)
                hint = f'; did you mean {" or ".join(near)}?' if near else f'; rows are as {next(iter(self.rows))}'
                raise ZooError(f'{pattern}: no such row in {self.path}{hint}')
        return [row for row in self.rows.values() if not patterns or any(fnmatch.fnmatch(row.id, p) for p in patterns)]

    def search(self, words: Sequence[str]) -> list[Row]:
        """Return the rows that speak of all of the words: in id, model, config, benchmark or source.

        Args:
            words: parts of words, in large or small letters.

        Raises:
            ZooError: there is none.

        >>> rows = {'r': Row('r', 's', 'b', 'HRNet-W32 + DARK', 'c.py', None, {})}
        >>> zoo = Zoo(Path('zoo.json'), rows, {'b': Benchmark('COCO val', 'COCO', 1, 'AP', 1, {})}, {'s': {}}, {})
        >>> [row.id for row in zoo.search(['hrnet', 'coco'])]
        ['r']
        """
        found = [row for row in self.rows.values() if all(word.casefold() in self._text(row) for word in words)]
        if not found:
            raise ZooError(
                f'no model in {self.path} speaks of {" and ".join(map(repr, words))}; networks are called HRNet, '
                f'ResNet, Hourglass ..., datasets {", ".join(sorted({b.dataset for b in self.benchmarks.values()}))}'
            )
        return found

    def _text(self, row: Row) -> str:
        benchmark, source = self.benchmarks[row.benchmark], self.sources[row.source]
        parts = (row.id, row.model, row.config, benchmark.title, benchmark.dataset, source.get('title', ''))
        return ' '.join(parts).casefold()

    def compare(self, row: Row, metrics: Mapping[str, float], *, tolerance: float | None = None) -> Comparison:
        """Compare a test's metrics with the published values.

        Args:
            row: the row.
            metrics: what its command gave.
            tolerance: largest difference of the main value, the benchmark's by default.

        Raises:
            ZooError: the main value is not among the metrics.
        """
        benchmark = self.benchmarks[row.benchmark]
        tolerance = benchmark.tolerance if tolerance is None else tolerance
        measured = {k: round(v, 3) for k, v in benchmark.measured(metrics).items() if k in row.published}
        reproduced = None
        if benchmark.main in measured:
            reproduced = abs(measured[benchmark.main] - row.published[benchmark.main]) <= tolerance + 1e-9
        elif benchmark.server is None:
            raise ZooError(
                f'{row.id}: the test gave no {benchmark.main}; its metrics are {", ".join(metrics) or "none"}'
            )
        return Comparison(
            row=row.id, measured=measured, published=row.published, tolerance=tolerance, reproduced=reproduced
        )

    def result(self, row: Row, folder: Path | None = None) -> Comparison | None:
        """Return what was measured here for a row, None if it was not.

        Raises:
            ZooError: the file is not readable or is another row's.
        """
        path = (folder or self.results_folder) / f'{row.id}.json'
        if not path.is_file():
            return None
        result = _read_json(path)
        if not isinstance(result, dict) or result.get('row') != row.id or not isinstance(result.get('measured'), dict):
            raise ZooError(f'{path}: is not a result of {row.id}; write it with tools/reproduce.py {row.id}')
        return result


def zoo_file() -> Path:
    """Return the file of the published rows that came with the package: of the clone, or of the installation.

    Raises:
        ZooError: the package was installed without it.

    >>> zoo_file().name
    'published.json'
    """
    for folder in (_PACKAGE / '.mim', _PACKAGE.parent):
        if (folder / _FILE).is_file():
            return folder / _FILE
    raise ZooError(
        f'mmpose_dark at {_PACKAGE} has no {_FILE} beside it; install it again, or give the path of a zoo file'
    )


def read_zoo(path: str | os.PathLike) -> Zoo:
    """Read the published rows.

    Raises:
        ZooError: the file is missing, not JSON, or contradicts itself; the message names the row.

    >>> len(read_zoo(zoo_file()).rows) > 50
    True
    """
    path = Path(path)
    data = _read_json(path)
    try:
        benchmarks = {key: Benchmark(**value) for key, value in data['benchmarks'].items()}
        rows = [Row(**value) for value in data['rows']]
        zoo = Zoo(path, {row.id: row for row in rows}, benchmarks, data['sources'], data['collections'])
    except (KeyError, TypeError, AttributeError) as err:
        raise ZooError(
            f'{path}: {type(err).__name__}: {err}; a row needs {", ".join(_ROW_KEYS)}, the file sources, collections, '
            'benchmarks and rows'
        ) from err
    if len(zoo.rows) != len(rows):
        raise ZooError(f'{path}: two rows have the same id; ids must differ')
    for row in rows:
        _check_row(row, zoo)
    return zoo


def _check_row(row: Row, zoo: Zoo) -> None:
    for key, known in (('source', zoo.sources), ('benchmark', zoo.benchmarks)):
        if getattr(row, key) not in known:
            raise ZooError(f'{zoo.path}: {row.id}: {key} {getattr(row, key)!r} is none of {", ".join(known)}')
    if row.weights_of and row.weights_of not in zoo.rows:
        raise ZooError(f'{zoo.path}: {row.id}: weights_of {row.weights_of!r} is no row')
    benchmark = zoo.benchmarks[row.benchmark]
    unknown = [name for name in row.published if name not in benchmark.figures]
    if unknown:
        raise ZooError(f'{zoo.path}: {row.id}: the benchmark {row.benchmark} has no figure {unknown[0]!r}')
    if benchmark.main not in row.published:
        raise ZooError(f'{zoo.path}: {row.id}: {benchmark.main} of {row.benchmark} is missing')


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError as err:
        raise ZooError(f'{path} does not exist') from err
    except (OSError, ValueError) as err:
        raise ZooError(f'{path}: cannot be read: {err}') from err
