"""What a campaign found: tries, those that were survived, and what was wrong with the others."""

import dataclasses
import hashlib
from pathlib import Path

import torch

__all__ = ['ROOT', 'TOY', 'Outcome', 'digest']

ROOT = Path(__file__).resolve().parents[2]
TOY = ROOT / 'tests' / 'engine' / 'toy_config.py'


@dataclasses.dataclass
class Outcome:
    """Counts tries.

    Attributes:
        promise: what is tried.
        tries: how often.
        survived: how often it held.
        seconds: that it took.
        failures: what was wrong, the first of many.
    """

    promise: str
    tries: int = 0
    survived: int = 0
    seconds: float = 0.0
    failures: list[str] = dataclasses.field(default_factory=list)

    def note(self, problem: str = '') -> None:
        """Count a try, survived if there was no problem."""
        self.tries += 1
        if not problem:
            self.survived += 1
        elif len(self.failures) < 10:
            self.failures.append(problem)


def digest(path: Path) -> str:
    """Return a hash of all weights in a checkpoint."""
    from mmpose_dark.checkpoint import load_state_dict_file

    found = hashlib.sha256()
    for name, value in load_state_dict_file(path)['state_dict'].items():
        found.update(name.encode() + torch.as_tensor(value).contiguous().numpy().tobytes())
    return found.hexdigest()
