"""How the bot does: counted by the database when somebody looks, over the answers of some days.

view.py says which answers; counting.py counts them by day, place and confidence; documents.py says what they cite;
listing.py gives them out. Whatever belongs to an answer (votes, escalations) is counted on the day it was asked.
"""

from __future__ import annotations

from rag_core.records.analytics.counting import (
    BINS,
    Bin,
    Dimension,
    Overview,
    Point,
    breakdown,
    choices,
    confidences,
    overview,
)
from rag_core.records.analytics.counts import Counts
from rag_core.records.analytics.documents import Cited, LateSource, cited_documents, late_sources
from rag_core.records.analytics.listing import ANSWERS, VOTES, answers_of, votes_of
from rag_core.records.analytics.view import DAYS, View, view_of

__all__ = [
    "ANSWERS",
    "BINS",
    "DAYS",
    "VOTES",
    "Bin",
    "Cited",
    "Counts",
    "Dimension",
    "LateSource",
    "Overview",
    "Point",
    "View",
    "answers_of",
    "breakdown",
    "choices",
    "cited_documents",
    "confidences",
    "late_sources",
    "overview",
    "view_of",
    "votes_of",
]
