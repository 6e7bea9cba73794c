"""Where a training step or a test batch spends its time: phases, a table of them, and advice.

Methods of a runner's parts are wrapped for the time of a run, and the runner's own loop runs; no step is imitated. A
phase counts its own time only: the codec's time inside the head's loss is the codec's, not the network's.
"""

from .advice import advise, rate_text
from .clock import PHASES, PhaseClock, StepTimes
from .profile import LoaderSettings, Profile, StepSettings
from .run import profile_runner
from .table import PhaseRow, format_table, summarize

__all__ = [
    'PHASES',
    'LoaderSettings',
    'PhaseClock',
    'PhaseRow',
    'Profile',
    'StepSettings',
    'StepTimes',
    'advise',
    'format_table',
    'profile_runner',
    'rate_text',
    'summarize',
]
