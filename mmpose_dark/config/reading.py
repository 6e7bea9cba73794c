"""Reading config files, with errors that say which file and what, and writing them back."""

import difflib
import os
from pathlib import Path

from mmengine.config import Config

from ..utils.safe_yaml import safe_yaml
from .errors import ConfigError
from .imports import import_modules
from .lookup import shipped_folders
from .options import set_options
from .text import config_text
from .variables import assigned_names, check_overridden, is_variable

__all__ = ['ConfigError', 'PoseConfig', 'as_pose_config', 'load_config']


class PoseConfig(Config):
    """mmengine's config with `pretty_text` (and so `dump`) through `config_text`."""

    @property
    def pretty_text(self) -> str:
        """The whole config as Python text."""
        return config_text(self.to_dict())


def as_pose_config(cfg: Config | dict) -> PoseConfig:
    """Return ``cfg`` as a `PoseConfig` over the same settings.

    >>> print(as_pose_config(dict(lr=0.1, sizes=[1, 2])).pretty_text, end='')
    lr = 0.1
    sizes = [1, 2]
    """
    if isinstance(cfg, PoseConfig):
        return cfg
    source = cfg if isinstance(cfg, Config) else Config(dict(cfg))
    made = PoseConfig.__new__(PoseConfig)
    for name, value in vars(source).items():
        object.__setattr__(made, name, value)
    return made


def load_config(path: str | os.PathLike, cfg_options: dict[str, object] | None = None) -> PoseConfig:
    """Read a config file and the files it is based on.

    Args:
        path: a ``.py``, ``.json`` or ``.yaml`` file; a relative one that is not in the working directory is looked
            for among the configs that came with the package. A Python file is a program, and runs; the others are
            data, and run nothing but the Python files that they name (``_base_``, ``custom_imports``, ``from_file``).
        cfg_options: values to set afterwards, by dotted name: ``{'train_dataloader.batch_size': 8}``.

    Raises:
        ConfigError: no such file, a file that does not run, an option that points nowhere or has no effect, or a
            variable of a base that the base has used already.
    """
    file = _find(Path(path))
    if not file.is_file():
        raise ConfigError(f'config {path} does not exist{_similar_files(file)}')
    cfg = _from_file(file, path)
    _check_variables(file, cfg)
    if cfg_options:
        set_options(cfg, cfg_options)
    import_modules(cfg.get('custom_imports'), source=str(path))
    return as_pose_config(cfg)


def _from_file(file: Path, shown: str | os.PathLike) -> Config:
    """Read a file and its bases; its ``custom_imports`` are left for later."""
    try:
        with safe_yaml():
            return Config.fromfile(file, format_python_code=False, import_custom_modules=False)
    except Exception as err:  # a config is a program: anything may happen in it
        # mmengine looks installed packages up with a module that setuptools has no more.
        if isinstance(err, ImportError) and err.name == 'pkg_resources':
            raise ConfigError(f"config {shown}: a base 'package::file' is not supported; give its path") from err
        raise ConfigError(f'config {shown} cannot be read: {type(err).__name__}: {err}') from err


def _check_variables(file: Path, cfg: Config) -> None:
    """Refuse variables that come too late for the files that this one is based on."""
    names = [str(key) for key in cfg]
    bases = Config._get_base_files(str(file))
    bases = [bases] if isinstance(bases, str) else list(bases or ())
    if file.suffix == '.py':
        names = assigned_names(file) if bases else []
    if not any(is_variable(name) for name in names):
        return
    joined: dict[str, object] = {}
    for base in bases:
        if '::' not in base:
            joined.update(_from_file(file.parent / base, base).to_dict())
    check_overridden(file, names, joined, cfg.to_dict())


def _find(file: Path) -> Path:
    """Return ``file``, or where it is in the clone or the installed package if it is not here."""
    if file.is_file() or file.is_absolute():
        return file
    shipped = (folder / file for folder in shipped_folders())
    return next((path for path in shipped if path.is_file()), file)


def _similar_files(file: Path) -> str:
    if not file.parent.is_dir():
        return f': there is no folder {file.parent}'
    names = [f.name for f in file.parent.iterdir() if f.suffix in ('.py', '.json', '.yaml', '.yml')]
    close = difflib.get_close_matches(file.name, names, n=3)
    return f'; did you mean {" or ".join(str(file.parent / c) for c in close)}?' if close else ''
