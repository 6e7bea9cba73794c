"""The tiny network of the tests of inference."""

import importlib.util
from pathlib import Path

_place = Path(__file__).resolve().parents[1] / 'inference' / 'conftest.py'
_spec = importlib.util.spec_from_file_location('inference_conftest', _place)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
tiny_config, tiny_checkpoint = _module.tiny_config, _module.tiny_checkpoint
