"""One run of the learning loop: lock -> data set -> train -> shadow index -> measure -> gate -> promote or refuse -> report.

run.py has the steps, in their order; folder.py remembers which of them are finished, so that a run that was interrupted goes
on; due.py says when the next one is to begin.
"""

from training.job.due import Due, due
from training.job.run import Outcome, run_once

__all__ = ["Due", "Outcome", "due", "run_once"]
