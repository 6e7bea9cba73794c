"""What a profiled run found, and how it was set up."""

from dataclasses import dataclass

from .clock import LOADER, StepTimes
from .table import PhaseRow, summarize

__all__ = ['LoaderSettings', 'Profile', 'StepSettings']


@dataclass(frozen=True)
class LoaderSettings:
    """How a data loader is set up.

    Attributes:
        workers: processes; 0 for none.
        persistent: whether they live on between epochs.
        pinned: whether batches are copied to pinned memory.
        prefetch: batches that each worker makes ahead.
        single_thread: whether a worker starts with this project's function, which gives OpenCV one thread.
    """

    workers: int = 0
    persistent: bool = False
    pinned: bool = False
    prefetch: int = 0
    single_thread: bool = True


@dataclass(frozen=True)
class StepSettings:
    """What was profiled.

    Attributes:
        mode: 'train' or 'test'.
        device: 'cpu', 'cuda' or 'mps'.
        precision: 'float32', 'float16' or 'bfloat16'.
        channels_last: whether convolutions run with the channels innermost.
        cores: of the machine, usable by this process.
        threads: of torch in the main process.
        targets_in_loader: whether the pipeline makes heatmaps (GenerateTarget).
        flip_test: whether each batch goes through the network twice.
        reduced: whether large JPEG files are decoded at reduced scale.
        packed: whether images are read from an archive.
        acc_interval: steps from one training accuracy to the next; 0 where it is not known.
    """

    mode: str
    device: str
    precision: str = 'float32'
    channels_last: bool = False
    cores: int = 1
    threads: int = 1
    targets_in_loader: bool = False
    flip_test: bool = False
    reduced: bool = False
    packed: bool = False
    acc_interval: int = 0


@dataclass(frozen=True)
class Profile:
    """What a profiled run found.

    Attributes:
        steps: the measured ones.
        loader_rate: samples a second of the loader when nobody else is at work.
        settings: what was profiled.
        loader: how its loader is set up.
        overlapped_ms: milliseconds a step, the waiting at the borders of the phases left out; None on the CPU.
    """

    steps: list[StepTimes]
    loader_rate: float
    settings: StepSettings
    loader: LoaderSettings
    overlapped_ms: float | None = None

    @property
    def rows(self) -> list[PhaseRow]:
        """The table.

        >>> steps = [StepTimes({'loader': 0.5, 'network': 1.5}, 5)]
        >>> found = Profile(steps, 250.0, StepSettings('test', 'cpu'), LoaderSettings())
        >>> [(row.phase, row.share) for row in found.rows if row.share]
        [('loader', 0.25), ('network', 0.75), ('step', 1.0)]
        """
        return summarize(self.steps, self.settings.mode)

    @property
    def network_rate(self) -> float:
        """Samples a second of all of the step but the waiting for data.

        >>> steps = [StepTimes({'loader': 0.02, 'network': 0.05}, 5)]
        >>> Profile(steps, 250.0, StepSettings('test', 'cpu'), LoaderSettings()).network_rate
        100.0
        """
        rows = {row.phase: row for row in self.rows}
        return 1e3 / max(rows['step'].ms_a_sample - rows[LOADER].ms_a_sample, 1e-9)
