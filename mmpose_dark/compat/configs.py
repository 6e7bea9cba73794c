"""The old toolbox's configs: renamed, and asked what they need."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config

from ..config.components import components
from ..config.reading import ConfigError, load_config
from ..config.validate import validate_config
from ..utils.atomic_file import write_atomic
from ..utils.output_paths import check_outputs

__all__ = ['Needs', 'needs_of', 'rename_configs', 'top_down_heatmap_configs']

_WORD = re.compile(r'(?<![/\w])mmpose\b')  # not in the URLs of weights


class Needs(NamedTuple):
    """What a config lacks here.

    Attributes:
        names: of the components that are not here; none for a config that runs.
        message: what is wrong, a line for each mistake; '' for a config that runs.
        config: the config, None if it cannot be read.
    """

    names: list[str]
    message: str
    config: Config | None


def rename_configs(source: Path, target: Path) -> None:
    """Copy a folder of configs, with this package's name and scope for mmpose's.

    Args:
        source: folder with Python files; others are left out.
        target: folder to write to.

    Raises:
        OutputError: it cannot be written, or a copy would replace a config that is read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     old, new = Path(folder, 'old'), Path(folder, 'new')
    ...     old.mkdir()
    ...     _ = (old / 'a.py').write_text("default_scope = 'mmpose'")
    ...     rename_configs(old, new)
    ...     (new / 'a.py').read_text()
    "default_scope = 'mmpose_dark'"
    """
    copies = {file: target / file.relative_to(source) for file in sorted(source.rglob('*.py'))}
    check_outputs(copies.values(), folders=[target], inputs=copies)
    for file, copied in copies.items():
        write_atomic(copied, _WORD.sub('mmpose_dark', file.read_text(encoding='utf-8')))


def top_down_heatmap_configs(folder: Path) -> Iterator[Path]:
    """Yield the configs below a folder ``topdown_heatmap`` (as mmpose's are), else all but those of ``_base_``."""
    files = [file for file in sorted(folder.rglob('*.py')) if '_base_' not in file.relative_to(folder).parts]
    yield from [file for file in files if 'topdown_heatmap' in file.parts] or files


def needs_of(file: Path) -> Needs:
    """Read and validate a config.

    Args:
        file: a renamed config.
    """
    cfg = None
    try:
        cfg = load_config(file)
        validate_config(cfg)
    except ConfigError as err:
        return Needs(_missing(cfg) if cfg is not None else [], str(err), cfg)
    return Needs([], '', cfg)


def _missing(cfg: Config) -> list[str]:
    """Return the names in a config that no registry knows, each once."""
    missing: dict[str, None] = {}
    for part in components(cfg):
        kind = part.value.get('type') if isinstance(part.value, dict) else None
        if part.registry is not None and isinstance(kind, str) and part.registry.get(kind) is None:
            missing[kind] = None
    return list(missing)
