"""Text that tries to be more, put wherever the database keeps text of people and of documents.

    await poison(pages.database)

New columns are poisoned without being named here; those are named that hold something else than anybody's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from sqlalchemy import JSON, Column, Table, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import metadata
from rag_core.records.tables.columns import Words
from tests.bots.admin.payloads import PAYLOADS

__all__ = ["poison"]

OURS = {
    "users.password_hash",
    "users.email",
    "answers.channel",  # an id of the platform, and of our filters' addresses
    "answers.workspace",
    "answers.thread",
    "documents.fingerprint",
    "exports.path",
    "vote_flags.document",
    "answer_documents.document",
    "judged_passages.passage",
    "judged_passages.document",
}
"""Words that nobody writes: digests, ids, paths of this machine."""
LINES = {
    "comparisons.created_by",
    "reviews.proposed_by",
    "reviews.reviewer",
    "votes.user_id",
    "answers.user_id",
    "answers.generator",
    "escalations.user_id",
    "escalations.replied_by",
    "standard_answers.author",
    "golden_questions.author",
    "gaps.changed_by",
    "runs.started_by",
    "vote_flags.user_id",
    "vote_flags.decided_by",
    "audit_log.actor",
    "documents.key",
    "judgements.rater",
}
"""Short texts that come from elsewhere; all other lines are ids and states of ours."""
STRUCTURES = {
    "answers.citations",
    "answers.nearest",
    "reviews.citations",
    "golden_questions.expected",
    "standard_answers.citations",
    "standard_answers.questions",
    "comparison_items.baseline",
    "comparison_items.candidate",
    "gaps.terms",
    "runs.detail",
    "releases.metrics",
    "audit_log.detail",
}
KEPT = {"passage", "document", "release", "id", "promotes", "number"}
"""Keys whose values are ids of ours."""


async def poison(database: AsyncEngine) -> int:
    """How many values are others than before; each payload comes in turn, so that all come where there are rows enough."""
    turn = count()
    changed = 0
    async with transaction(database) as connection:
        for table in metadata.sorted_tables:
            for row in (await connection.execute(select(table))).all():
                values = {
                    column.name: _poisoned(column, getattr(row, column.name), next(turn))
                    for column in table.columns
                    if _is_text(table, column) and getattr(row, column.name)
                }
                if values:
                    key = [column == getattr(row, column.name) for column in table.primary_key]
                    await connection.execute(update(table).where(*key).values(values))
                    changed += len(values)
    return changed


def _is_text(table: Table, column: Column[Any]) -> bool:
    name = f"{table.name}.{column.name}"
    if isinstance(column.type, JSON):
        return name in STRUCTURES
    return name in LINES or (isinstance(column.type, Words) and name not in OURS)


def _poisoned(column: Column[Any], value: Any, turn: int) -> Any:
    if isinstance(column.type, JSON):
        return _within(value, turn)
    if isinstance(column.type, Words):
        return "\n\n".join(PAYLOADS[(turn + n) % len(PAYLOADS)] for n in range(0, len(PAYLOADS), 5))
    return f"{turn} {PAYLOADS[turn % len(PAYLOADS)]}"[:190]


def _within(value: Any, turn: int, key: str = "") -> Any:
    """Texts within lists and objects, but for what is named KEPT."""
    if isinstance(value, Mapping):
        return {name: _within(one, turn, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_within(one, turn + n, key) for n, one in enumerate(value)]
    return PAYLOADS[turn % len(PAYLOADS)] if isinstance(value, str) and key not in KEPT else value
