"""mmpose_dark: top-down 2-D human pose estimation with the distribution-aware codec (DARK).

Importing the package is cheap: components are imported when a registry first looks one up.
"""

from .version import __version__

__all__ = ['__version__']
