"""The tables, as the newest migration makes them: one file for each part of the records."""

from __future__ import annotations

from rag_core.records.tables.accounts import sessions, signing_keys, throttles, users
from rag_core.records.tables.columns import metadata
from rag_core.records.tables.evaluation import comparison_items, comparisons, exports, gaps, judgements, runs
from rag_core.records.tables.feedback import answer_documents, answers, question_vectors, vote_flags, votes
from rag_core.records.tables.index import activations, documents, leases, releases, sources, syncs
from rag_core.records.tables.platforms import (
    channel_settings,
    deliveries,
    escalations,
    postings,
    registrations,
    threads,
)
from rag_core.records.tables.review import (
    audit_log,
    golden_questions,
    golden_results,
    judged_passages,
    reviews,
)
from rag_core.records.tables.standard import standard_answers, standard_state

__all__ = [
    "activations",
    "answer_documents",
    "answers",
    "audit_log",
    "channel_settings",
    "comparison_items",
    "comparisons",
    "deliveries",
    "documents",
    "escalations",
    "exports",
    "gaps",
    "golden_questions",
    "golden_results",
    "judged_passages",
    "judgements",
    "leases",
    "metadata",
    "postings",
    "question_vectors",
    "registrations",
    "releases",
    "reviews",
    "runs",
    "sessions",
    "signing_keys",
    "sources",
    "standard_answers",
    "standard_state",
    "syncs",
    "threads",
    "throttles",
    "users",
    "vote_flags",
    "votes",
]
