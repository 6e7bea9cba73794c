"""What is raised for a config that cannot be used."""

from ..utils.errors import UserError

__all__ = ['ConfigError']


class ConfigError(UserError, ValueError):
    """A config that cannot be used; the message names the place in it and what would be right."""
