"""Predictions in a file, whole or not at all."""

import pickle
from collections.abc import Sequence

from mmengine.evaluator import DumpResults as BaseDumpResults

from ...registry import METRICS
from ...utils.atomic_file import write_atomic

__all__ = ['DumpResults']


@METRICS.register_module()
class DumpResults(BaseDumpResults):
    """Write all predictions to a pickle file; arguments as mmengine's.

    What was in the file before stays until all of the new is written.
    """

    def compute_metrics(self, results: Sequence[object]) -> dict:
        """Write the predictions.

        Args:
            results: those of all processes.

        Raises:
            OutputError: the file cannot be written; what was there before is untouched.
        """
        write_atomic(self.out_file_path, pickle.dumps(list(results)))
        return {}
