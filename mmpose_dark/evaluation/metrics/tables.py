"""Tables of columns, one row an instance, that metrics make of batches and that are joined over processes."""

from collections.abc import Sequence

import numpy as np

from ...utils.errors import InputError

__all__ = ['NUM_SAMPLES', 'PER_SAMPLE', 'Table', 'join_tables']

Table = dict[str, np.ndarray]

PER_SAMPLE = 'per sample: '  # begin of the names of columns with one row a sample, not an instance
NUM_SAMPLES = PER_SAMPLE + 'number'

# what tells samples apart, see `evaluation.gathering`; the second where the first is not in all tables
_IDENTITIES = (('dataset_name', 'img_id', 'id'), ('dataset_name', 'sample_idx'))
_NOT_KEPT = ('place', 'position', 'instance', 'dataset_name', 'sample_idx')


def join_tables(processes: Sequence[list[Table]], *, release: bool = False) -> Table:
    """Join the tables of all processes, by rank, and drop the rows of samples that came before.

    The rule is that of `evaluation.gathering`: samples without an identity all count, in the order of the ranks. Those
    with one are put in its order, so that no sum depends on how the samples were dealt.

    Args:
        processes: for each process its tables, in the order of processing. The columns ``position`` (index in the
            batch), ``instance`` (index in the sample) and, where samples have them, ``dataset_name``, ``id`` and
            ``img_id``, or ``sample_idx``, tell rows apart.
        release: empty the lists, so that only one column is in memory twice while it is joined.

    Returns:
        The joined columns, each (N, ...) with one row an instance; ``sample`` (N,) numbers the different samples.
        Columns whose name begins with `PER_SAMPLE` have one row a sample. Empty when there is no table at all.

    Raises:
        ValueError: batches whose columns do not fit together.

    >>> def batch(*ids):
    ...     one = np.array(ids), np.arange(len(ids)), np.zeros(len(ids), int), np.array([len(ids)])
    ...     return dict(zip(('sample_idx', 'position', 'instance', NUM_SAMPLES), one)) | {'dataset_name': np.array(ids)}
    >>> join_tables([[batch(0)], [batch(1, 2), batch(3, 0)]])['sample'].tolist()
    [0, 1, 2, 3]
    """
    tables: list[Table] = []
    start = 0
    for chunk in (chunk for chunks in processes for chunk in chunks):
        tables.append({**chunk, 'place': chunk['position'] + start})
        start += int(chunk[NUM_SAMPLES].sum())
    for chunks in processes if release else ():
        chunks.clear()
    if not tables:
        return {}
    names = [k for k in tables[0] if all(k in t for t in tables)]
    table: Table = {}
    try:
        for name in names:
            table[name] = np.concatenate([t[name] for t in tables]) if len(tables) > 1 else tables[0][name]
            for t in tables:
                del t[name]
    except ValueError as err:
        shapes = {k: sorted({t[k].shape[1:] for t in tables}) for k in names if k in tables[0]}
        mixed = '; '.join(f'{k}: {", ".join(map(str, v))}' for k, v in shapes.items() if len(v) > 1)
        raise InputError(f'batches of different shapes, instances apart: {mixed}') from err
    per_sample = {k: table.pop(k) for k in names if k.startswith(PER_SAMPLE)}
    table['sample'], keep = _tell_apart(table)
    return {k: v[keep] for k, v in table.items() if k not in _NOT_KEPT} | per_sample


def _tell_apart(table: Table) -> tuple[np.ndarray, np.ndarray | slice]:
    """Number of the sample of each row, and the rows to keep, each once."""
    identity = next((names for names in _IDENTITIES if all(name in table for name in names)), ())
    if not identity:
        return table['place'], slice(None)
    number = np.zeros(len(table['place']), np.int64)
    for name in identity:
        if len(number) and (table[name] != table[name][0]).any():
            values, code = np.unique(table[name], return_inverse=True)
            number = number * len(values) + code
    sample = np.unique(number, return_inverse=True)[1]
    instance = table['instance']
    _, keep = np.unique(sample * (instance.max(initial=0) + 1) + instance, return_index=True)
    if len(keep) == len(sample) and (keep[:-1] < keep[1:]).all():
        return sample, slice(None)  # nothing to drop or to move: no copy
    return sample, keep
