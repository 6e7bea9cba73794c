"""Checks of data before it is used: pure functions of records and arrays, and :func:`check_config` over them."""

from .report import Finding, Report, Section, found
from .run import PHASES, check_config

__all__ = ['PHASES', 'Finding', 'Report', 'Section', 'check_config', 'found']
