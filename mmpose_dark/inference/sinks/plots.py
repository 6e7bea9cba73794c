"""Where people went and how sure the network was, as two figures."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...utils.errors import MissingPackageError
from ..frames import SourceInfo
from ..results import ImageResult
from .base import BaseSink
from .files import WholeFile, writing
from .look import track_color

__all__ = ['PlotSink']

_NAMED = 12  # tracks in a legend


class PlotSink(BaseSink):
    """Writes ``STEM_tracks.png``, the ways of the people, and ``STEM_scores.png``, their scores over time.

    Kept are three numbers a person and frame.
    """

    format = 'plots'

    def __init__(self, folder: Path, stem: str) -> None:
        super().__init__(folder, stem)
        try:
            importlib.import_module('matplotlib')
        except ImportError as err:
            raise MissingPackageError('--save plots needs matplotlib: pip install matplotlib') from err

    @property
    def outputs(self) -> Sequence[Path]:
        """The two files."""
        return [self.folder / f'{self.stem}_tracks.png', self.folder / f'{self.stem}_scores.png']

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Begin."""
        self._info = info
        self._rows: dict[int, list[tuple[float, float, float, float]]] = {}
        self._low, self._high = np.full(2, np.inf), np.full(2, -np.inf)

    def write(self, result: ImageResult) -> None:
        """Remember where the people of a frame are: the middle of each box."""
        poses = result.poses
        moment = result.index if result.time is None else result.time
        ids = np.zeros(len(poses), int) if poses.track_ids is None else poses.track_ids
        for number, box, score in zip(ids, poses.boxes, poses.scores, strict=True):
            middle = (box[:2] + box[2:]) / 2
            self._rows.setdefault(int(number), []).append((moment, float(middle[0]), float(middle[1]), float(score)))
            self._low, self._high = np.minimum(self._low, box[:2]), np.maximum(self._high, box[2:])

    def close(self) -> None:
        """Draw.

        Raises:
            OutputError: it cannot be written.
        """
        from matplotlib.figure import Figure

        tracks = {number: np.array(rows) for number, rows in sorted(self._rows.items())}
        for path, draw in zip(self.outputs, (self._ways, self._scores), strict=True):
            figure = Figure(figsize=(8, 5), layout='constrained')
            draw(figure.add_subplot(), tracks)
            whole = WholeFile(path, None)
            try:
                with writing(path):
                    figure.savefig(whole.temporary, dpi=110, format='png')
            except BaseException:
                whole.abort()
                raise
            whole.complete()

    def _ways(self, axis: 'object', tracks: Mapping[int, np.ndarray]) -> None:
        for number, rows in tracks.items():
            color = np.array(track_color(max(number, 1))) / 255
            style = dict(linestyle='none', marker='.', markersize=3) if number <= 0 else dict(linewidth=1.8)
            axis.plot(rows[:, 1], rows[:, 2], color=color if number > 0 else '#999999', label=_label(number), **style)
            if number > 0:
                axis.plot(*rows[0, 1:3], 'o', color=color, markersize=5)
        if self._info.size is not None:
            axis.set_xlim(0, self._info.size[0])
            axis.set_ylim(self._info.size[1], 0)
        else:
            axis.invert_yaxis()
        axis.set_aspect('equal')
        axis.set_xlabel('x, pixels')
        axis.set_ylabel('y, pixels')
        axis.set_title(f'{self._info.stem}: middle of the boxes; a dot is where a track begins', fontsize=10)
        _legend(axis, tracks)

    def _scores(self, axis: 'object', tracks: Mapping[int, np.ndarray]) -> None:
        for number, rows in tracks.items():
            color = np.array(track_color(max(number, 1))) / 255 if number > 0 else '#999999'
            style = dict(linewidth=1.2) if number > 0 else dict(linestyle='none', marker='.', markersize=3)
            axis.plot(rows[:, 0], rows[:, 3], color=color, label=_label(number), **style)
        axis.set_ylim(0, 1.02)
        axis.set_xlabel('seconds' if self._info.is_moving else 'image')
        axis.set_ylabel('score of the person')
        axis.grid(alpha=0.3)
        axis.set_title(f'{self._info.stem}: scores', fontsize=10)
        _legend(axis, tracks)


def _label(number: int) -> str:
    return f'track {number}' if number > 0 else 'not tracked'


def _legend(axis: 'object', tracks: Mapping[int, np.ndarray]) -> None:
    if 0 < len(tracks) <= _NAMED:
        axis.legend(loc='center left', bbox_to_anchor=(1.01, 0.5), frameon=False)
