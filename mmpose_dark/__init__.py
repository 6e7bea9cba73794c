"""mmpose_dark: top-down 2-D human pose estimation with the distribution-aware codec (DARK).

Importing the package is cheap: components are imported when a registry first looks one up. It sets two variables of
the environment, unless they are set already: see `utils.threads`.
"""

from .utils.threads import set_thread_policy
from .version import __version__

__all__ = ['__version__']

set_thread_policy()
