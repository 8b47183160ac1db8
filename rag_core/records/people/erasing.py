"""Taking a person's id out of wherever it still stands: mentions in what others wrote, lanes, payloads on their way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, Column, String, Table, and_, cast, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rag_core.records.tables import (
    answer_documents,
    deliveries,
    documents,
    exports,
    metadata,
    releases,
    signing_keys,
    sources,
    standard_state,
)
from rag_core.records.tables.columns import Words

__all__ = ["FORGOTTEN", "erase", "pattern_of"]

FORGOTTEN = "forgotten"
"""Stands where an id stood that must not become ''."""
_NO_PEOPLE = frozenset(
    {answer_documents, releases, sources, documents, standard_state, signing_keys, exports}
)
"""exports: its paths are where files lie, whoever they are named after."""
_AS_A_WORD = r"(?<![A-Za-z0-9])(?:{})(?![A-Za-z0-9])"
_ALONE = r"(?<![A-Za-z0-9])(?<![A-Za-z0-9][._@+-])(?:{})(?!_|[.@+-]?[A-Za-z0-9])"
"""Where ids may have these signs within: ada is not ada-b, nor ada@example.com."""
_PLAIN_IDS = ("slack", "discord")
"""Their ids have letters and digits alone."""
_ACTOR = ("user", "user_id", "author", "member")
"""Where payloads name who sent them, at their top or in the event they carry."""


async def erase(connection: AsyncConnection, platform: str, user: str, request: str = "") -> dict[str, int]:
    """Deliveries that a person sent are taken for handled, and their id is replaced in all that is left; counts of both.
    request: the key of one that is not.

    An id that may as well be a word ('ada') is replaced in mentions and where it stands with its platform ('web:ada'), and
    nowhere else.
    """
    own = await _close_deliveries(connection, platform, user, request)
    tables = [table for table in metadata.sorted_tables if table not in _NO_PEOPLE]
    mentions = [await _erase_in(connection, table, platform, user) for table in tables]
    return {"deliveries": own, "mentions": sum(mentions)}


def pattern_of(platform: str, user: str, own: bool) -> re.Pattern[str]:
    """The id as a word of its own; U12 is not U123, local:ada is not local:ada-b.

    own: what it is looked for in is of that platform."""
    id, whole = re.escape(user), re.escape(f"{platform}:{user}")
    opaque = own and len(user) >= 8 and any(character.isdigit() for character in user)
    told = rf"{whole}|<@!?{id}(?:\|[^>]*)?>" + (rf"|{id}" if opaque else "")
    return re.compile((_AS_A_WORD if platform in _PLAIN_IDS else _ALONE).format(told))


async def _close_deliveries(connection: AsyncConnection, platform: str, user: str, request: str) -> int:
    """What is on its way from them is not handled any more: it holds what they wrote."""
    columns = deliveries.c
    others = and_(columns.platform == platform, columns.key != request)
    ours = and_(others, columns.payload.contains(_in_json(user), autoescape=True))
    rows = (await connection.execute(select(columns.number, columns.payload).where(ours))).all()
    sent = [number for number, payload in rows if _sent_by(json.loads(payload), user)]
    if sent:
        closed = {"payload": None, "progress": "{}", "state": "done", "lease_until": None}
        await connection.execute(update(deliveries).where(columns.number.in_(sent)).values(**closed))
    await _forget_lanes(connection, platform, user)
    return len(sent)


async def _forget_lanes(connection: AsyncConnection, platform: str, user: str) -> None:
    """Of what is handled: nothing has to wait for it any more."""
    columns = deliveries.c
    handled = and_(columns.platform == platform, columns.payload.is_(None))
    like = and_(handled, columns.lane.contains(user, autoescape=True))
    rows = (await connection.execute(select(columns.number, columns.lane).where(like))).all()
    named = re.compile(_AS_A_WORD.format(re.escape(user)))
    numbers = [number for number, lane in rows if named.search(lane)]
    if numbers:
        await connection.execute(update(deliveries).where(columns.number.in_(numbers)).values(lane=""))


def _sent_by(payload: Any, user: str) -> bool:
    if not isinstance(payload, Mapping):
        return False
    events = [payload, *(payload.get(name) for name in ("event", "d", "data", "message"))]
    return any(
        _names(event.get(key), user) for event in events if isinstance(event, Mapping) for key in _ACTOR
    )


def _names(actor: Any, user: str) -> bool:
    if isinstance(actor, Mapping):
        return bool(actor.get("id") == user) or _names(actor.get("user"), user)
    return isinstance(actor, str) and actor == user


async def _erase_in(connection: AsyncConnection, table: Table, platform: str, user: str) -> int:
    """How many rows had it. Rows of another platform are another's."""
    keys = list(table.primary_key.columns)
    columns = [column for column in table.c if _is_text(column)]
    needles = {user, _in_json(user)}
    held = or_(*(cast(c, Words).contains(needle, autoescape=True) for c in columns for needle in needles))
    query = select(*keys, *columns).where(held)
    of_platform = "platform" in table.c
    if of_platform:
        query = query.where(table.c.platform == platform)
    pattern = pattern_of(platform, user, of_platform)
    changed = 0
    for row in (await connection.execute(query)).all() if columns else []:
        values = {c.name: value for c, value in zip(columns, row[len(keys) :], strict=True)}
        new = {name: cut for name, value in values.items() if (cut := _without(value, pattern)) != value}
        if new:
            at = and_(*(key == value for key, value in zip(keys, row, strict=False)))
            await connection.execute(update(table).where(at).values(new))
            changed += 1
    return changed


def _is_text(column: Column[Any]) -> bool:
    return isinstance(getattr(column.type, "impl", column.type), JSON | String)


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(FORGOTTEN, value)
    if isinstance(value, list):
        return [_without(one, pattern) for one in value]
    if isinstance(value, dict):
        return {_without(key, pattern): _without(one, pattern) for key, one in value.items()}
    return value


def _in_json(text: str) -> str:
    """As it stands within a text of JSON."""
    return json.dumps(text)[1:-1]
