"""Reading config files, with errors that say which file and what, and writing them back."""

import copy
import difflib
import os
from pathlib import Path

from mmengine.config import Config

from .errors import ConfigError
from .lookup import shipped_folders
from .text import config_text

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
            for among the configs that came with the package.
        cfg_options: values to set afterwards, by dotted name: ``{'train_dataloader.batch_size': 8}``.

    Raises:
        ConfigError: no such file, a file that does not run, or an option that points nowhere.
    """
    file = _find(Path(path))
    if not file.is_file():
        raise ConfigError(f'config {path} does not exist{_similar_files(file)}')
    try:
        cfg = Config.fromfile(file, format_python_code=False)
    except Exception as err:  # a config is a program: anything may happen in it
        # mmengine looks installed packages up with a module that setuptools has no more.
        if isinstance(err, ImportError) and err.name == 'pkg_resources':
            raise ConfigError(f"config {path}: a base 'package::file' is not supported; give its path") from err
        raise ConfigError(f'config {path} cannot be read: {type(err).__name__}: {err}') from err
    if cfg_options:
        try:
            cfg.merge_from_dict(copy.deepcopy(cfg_options))
        except (KeyError, TypeError, AssertionError, AttributeError) as err:
            raise ConfigError(
                f'--cfg-options {" ".join(cfg_options)}: cannot be set ({err}); the dicts of a list go by number, '
                'its other items with the whole list, as size="[96,128]"'
            ) from err
    return as_pose_config(cfg)


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
