"""The stages of a bulk run: what each is called, what does a shard there, and what comes out."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from .plan import Shard

__all__ = ['Made', 'Rates', 'Stage', 'Work']


class Made(NamedTuple):
    """What a stage made of a shard.

    Attributes:
        images: of the shard.
        people: found in them.
        carried: for the next stage, as json can hold it.
    """

    images: int
    people: int
    carried: object = None


Work: TypeAlias = Callable[[Shard, object], Made]  # a shard, and what the stage before carried (None for the first)


class Stage(NamedTuple):
    """A step that shards go through.

    Attributes:
        name: for reports.
        make: is called once a worker, there, and returns what does a shard.
        workers: at most so many at a time.
        gpus: of each worker, may be a fraction.
    """

    name: str
    make: Callable[[], Work]
    workers: int = 1
    gpus: float = 0


class Rates:
    """Adds up what a stage did, and how long its workers were busy with it.

    >>> rates = Rates()
    >>> rates.add(images=8, people=20, seconds=2.0)
    >>> str(rates)
    '4.0 images/s, 10.0 people/s'
    """

    def __init__(self) -> None:
        self.images, self.people, self.seconds = 0, 0, 0.0

    def add(self, *, images: int, people: int, seconds: float) -> None:
        """Count a shard."""
        self.images, self.people, self.seconds = self.images + images, self.people + people, self.seconds + seconds

    def __str__(self) -> str:
        seconds = max(self.seconds, 1e-9)
        return f'{self.images / seconds:.1f} images/s, {self.people / seconds:.1f} people/s'
