"""The model zoo as data."""

from .rows import Benchmark, Row, Zoo, ZooError, read_zoo

__all__ = ['Benchmark', 'Row', 'Zoo', 'ZooError', 'read_zoo']
