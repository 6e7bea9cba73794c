"""Joining the columns that the processes of a test gathered."""

import numpy as np

from ...utils.errors import InputError

__all__ = ['NUM_SAMPLES', 'PER_SAMPLE', 'Table', 'join_tables']

Table = dict[str, np.ndarray]

PER_SAMPLE = 'per sample: '  # begin of the names of columns with one row a sample, not an instance
NUM_SAMPLES = PER_SAMPLE + 'number'


def join_tables(processes: list[list[Table]], size: int | None) -> Table:
    """Join the tables of all processes.

    A sampler fills up the last batches with samples from the beginning, so that a sample can come twice; one of
    them is kept. Samples without ids are put in the order of the data set and cut at its size, as mmengine does.

    Args:
        processes: for each process its tables, in the order of processing. The columns ``position`` (index in the
            batch), ``instance`` (index in the sample) and, where samples have ids, ``id``, ``img_id`` and ``set`` tell
            rows apart.
        size: number of samples in the data set, where it is known.

    Returns:
        The joined columns; ``sample`` numbers the different samples. Empty when there is no row at all.

    Raises:
        ValueError: batches whose columns do not fit together.
    """
    tables = []
    for rank, chunks in enumerate(processes):
        start = 0
        for chunk in chunks:
            place = (chunk['position'] + start) * len(processes) + rank
            start += int(chunk[NUM_SAMPLES].sum())
            tables.append({**chunk, 'place': place})
    if not tables:
        return {}
    names = [k for k in tables[0] if all(k in t for t in tables)]
    try:
        table = {k: np.concatenate([t[k] for t in tables]) if len(tables) > 1 else tables[0][k] for k in names}
    except ValueError as err:
        shapes = {k: sorted({t[k].shape[1:] for t in tables}) for k in names}
        mixed = '; '.join(f'{k}: {", ".join(map(str, v))}' for k, v in shapes.items() if len(v) > 1)
        raise InputError(f'batches of different shapes, instances apart: {mixed}') from err
    per_sample = {k: table.pop(k) for k in names if k.startswith(PER_SAMPLE)}
    table['sample'], keep = _tell_apart(table, size if len(processes) > 1 else None)
    table = {k: v[keep] for k, v in table.items() if k not in ('place', 'position', 'instance', 'set')}
    return table | per_sample


def _tell_apart(table: Table, size: int | None) -> tuple[np.ndarray, np.ndarray | slice]:
    """Number of the sample of each row, and the rows to keep, each once, in the order of the samples."""
    if 'id' not in table:
        order = np.argsort(table['place'], kind='stable')
        return table['place'], order if size is None else order[table['place'][order] < size]
    number = np.zeros(len(table['id']), np.int64)
    for name in ('set', 'img_id', 'id'):
        if len(number) and (table[name] != table[name][0]).any():
            values, code = np.unique(table[name], return_inverse=True)
            number = number * len(values) + code
    sample = np.unique(number, return_inverse=True)[1]
    instance = table['instance']
    _, keep = np.unique(sample * (instance.max(initial=0) + 1) + instance, return_index=True)
    if len(keep) == len(sample) and (keep[:-1] < keep[1:]).all():
        return sample, slice(None)  # nothing to drop or to move: no copy
    return sample, keep
