"""The model zoo as data."""

from .listing import describe_row, list_rows
from .names import find_row
from .rows import Benchmark, Comparison, Row, Zoo, ZooError, read_zoo, zoo_file

__all__ = [
    'Benchmark',
    'Comparison',
    'Row',
    'Zoo',
    'ZooError',
    'describe_row',
    'find_row',
    'list_rows',
    'read_zoo',
    'zoo_file',
]
