"""All that is kept of a platform's workspace, deleted when the bot is removed from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.people.forgetting import forget_gaps, forget_golden
from rag_core.records.tables import (
    answers,
    channel_settings,
    comparison_items,
    deliveries,
    escalations,
    gaps,
    golden_questions,
    postings,
    question_vectors,
    reviews,
    standard_answers,
    threads,
    votes,
)

__all__ = ["forget_workspace"]

_OWN = (postings, threads, channel_settings, escalations)
_OPEN = ("waiting", "taken")


async def forget_workspace(
    database: AsyncEngine,
    platform: str,
    workspace: str,
    concerns: Callable[[Mapping[str, Any]], bool],
) -> dict[str, int]:
    """Delete its questions and answers with their votes and reviews, its messages, threads, settings and escalations, and
    the payloads of deliveries that wait; how many of each, by the name of its table. All or nothing.

    What was made of these questions goes as when a person is forgotten: items of comparisons, gaps, golden questions.

    concerns: whether a delivery's payload comes from the workspace.

    Raises:
        Unavailable: the database does not answer.
    """
    gone: dict[str, int] = {}
    async with transaction(database) as connection:
        own = (answers.c.platform == platform) & (answers.c.workspace == workspace)
        ids = select(answers.c.id).where(own)
        gone[gaps.name] = await forget_gaps(connection, own)
        gone[golden_questions.name] = await forget_golden(connection, own)
        made = update(standard_answers).where(standard_answers.c.from_answer.in_(ids))
        await connection.execute(made.values(from_answer=""))
        for table in (votes, reviews, comparison_items, question_vectors):
            gone[table.name] = await _deleted(connection, table, table.c.answer_id.in_(ids))
        gone[answers.name] = await _deleted(connection, answers, own)
        for table in _OWN:
            condition = (table.c.platform == platform) & (table.c.workspace == workspace)
            gone[table.name] = await _deleted(connection, table, condition)
        gone[deliveries.name] = await _emptied(connection, platform, concerns)
    return gone


async def _deleted(connection: AsyncConnection, table: Any, condition: Any) -> int:
    count = await connection.scalar(select(func.count()).select_from(table).where(condition)) or 0
    await connection.execute(delete(table).where(condition))
    return int(count)


async def _emptied(
    connection: AsyncConnection, platform: str, concerns: Callable[[Mapping[str, Any]], bool]
) -> int:
    """Deliveries keep their keys, so that what Slack sends again is not taken for new."""
    columns = deliveries.c
    query = select(columns.number, columns.payload).where(
        columns.platform == platform, columns.state.in_(_OPEN), columns.payload.is_not(None)
    )
    found = [
        row.number for row in (await connection.execute(query)).all() if concerns(json.loads(row.payload))
    ]
    if found:
        await connection.execute(
            update(deliveries)
            .where(columns.number.in_(found))
            .values(state="done", owner="", payload=None, progress="{}", lease_until=None)
        )
    return len(found)
