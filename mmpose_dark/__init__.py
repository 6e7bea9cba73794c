"""mmpose_dark: top-down 2-D human pose estimation with the distribution-aware codec (DARK).

Importing the package is cheap: components are imported when a registry first looks one up. It sets two variables of
the environment, unless they are set already: see `utils.threads`.
"""

from .utils.aliases import install_aliases
from .utils.mmpose_names import HOMES
from .utils.threads import set_thread_policy
from .version import __version__

__all__ = ['__version__']

set_thread_policy()

install_aliases('mmpose_dark', HOMES)  # what scripts for mmpose 1.x import
