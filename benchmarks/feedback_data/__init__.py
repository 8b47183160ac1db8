"""A database filled with answers, votes, escalations and reviews of realistic shape; seeded. For tests, and admin_pages.py.

    python -m benchmarks.feedback_data sqlite+aiosqlite:////tmp/home/answerloop.db --answers 100000

Questions come from a few hundred subjects in a dozen wordings each, by Zipf's law, so that they repeat as people's do. Rows
are as wide as those that the assistant records: twenty passages, citations with their quotes.
"""

from __future__ import annotations

from .documents import RELEASES
from .filling import Filled, fill
from .shape import Shape

__all__ = ["RELEASES", "Filled", "Shape", "fill"]
