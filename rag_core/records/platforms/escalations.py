"""Questions that a person was asked to answer: open until somebody says that they are answered."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.inserting import insert_unless_there
from rag_core.records.tables import escalations

__all__ = ["REMINDERS", "Escalation", "Escalations", "escalation_id"]

CALLING = timedelta(minutes=2)
"""After so long nobody is calling the people any more who was about to."""
REMINDERS = 3
"""So often are the people of an escalation reminded, each time after twice as long."""


@dataclass(frozen=True, slots=True)
class Escalation:
    id: str
    answer_id: str | None
    platform: str
    workspace: str
    channel: str
    """Where it was asked."""
    thread: str
    """'': the asker alone saw the answer."""
    message: str
    """The question's; '': it was no message."""
    user_id: str
    """Who asked for a person."""
    question: str
    target_channel: str = ""
    target_message: str = ""
    """What calls the people; '': not posted yet."""
    mentioned: str = ""
    """The user group or role that was called; '': none was."""
    remind_after_s: int = 0
    """0: nobody is reminded."""
    state: str = "open"
    """open or resolved."""
    created_at: datetime | None = None
    remind_at: datetime | None = None
    """None: no more."""
    reminders: int = 0
    resolved_at: datetime | None = None
    resolved_by: str = ""
    reply: str = ""
    """What the person who answered wrote last."""
    replied_by: str = ""

    @property
    def in_thread(self) -> bool:
        """Whether people were called in the thread of the question itself, where the asker reads along."""
        return bool(self.mentioned and self.thread)

    @property
    def is_open(self) -> bool:
        return self.state == "open"


def escalation_id(platform: str, answer_id: str) -> str:
    """An answer has one escalation at most."""
    return hashlib.sha256(f"{platform}:{answer_id}".encode()).hexdigest()[:32]


class Escalations:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def open(self, escalation: Escalation) -> tuple[Escalation, bool]:
        """Keep it, unless it is kept; what is kept, and whether it is new."""
        now = datetime.now(UTC)
        first = now + timedelta(seconds=escalation.remind_after_s) if escalation.remind_after_s else None
        values = {**asdict(escalation), "created_at": now, "remind_at": first}
        async with transaction(self._database) as connection:
            new = await connection.execute(insert_unless_there(connection, escalations).values(values))
            row = (await connection.execute(_select().where(escalations.c.id == escalation.id))).one()
        return _escalation(row), bool(new.rowcount)

    async def get(self, id: str) -> Escalation | None:
        found = await self._where(escalations.c.id == id)
        return found[0] if found else None

    async def take_over(self, id: str) -> bool:
        """Whether it is this caller that calls the people now: who was to do so has not, for a while."""
        stale = datetime.now(UTC) - CALLING
        unposted = and_(escalations.c.target_message == "", escalations.c.created_at <= stale)
        return await self._set(id, unposted, created_at=datetime.now(UTC))

    async def drop(self, id: str) -> None:
        """Forget one whose people could not be called, so that it can be tried again."""
        async with transaction(self._database) as connection:
            unposted = and_(escalations.c.id == id, escalations.c.target_message == "")
            await connection.execute(delete(escalations).where(unposted))

    async def posted(self, id: str, channel: str, message: str, mentioned: str = "") -> None:
        """Remember the message that calls the people. mentioned: the group that it calls."""
        await self._set(id, target_channel=channel, target_message=message, mentioned=mentioned)

    async def of_thread(self, platform: str, channel: str, thread: str) -> list[Escalation]:
        """Those whose people answer in this thread, the newest first. Of those who were called in the thread of the question
        itself only what is open: after that it is a thread like others."""
        columns = escalations.c
        elsewhere = and_(columns.target_channel == channel, columns.target_message == thread)
        called = and_(columns.mentioned != "", columns.thread != "", columns.state == "open")
        here = and_(called, columns.channel == channel, columns.thread == thread)
        return await self._where(and_(columns.platform == platform, or_(elsewhere, here)))

    async def replied(self, id: str, by: str, reply: str) -> None:
        """Somebody answered: there is nothing to remind of any more."""
        await self._set(id, reply=reply, replied_by=by, remind_at=None)

    async def resolve(self, id: str, by: str, reply: str, replied_by: str) -> bool:
        """Whether this did it; False: it was resolved before."""
        return await self._set(
            id,
            escalations.c.state == "open",
            state="resolved",
            resolved_at=datetime.now(UTC),
            resolved_by=by,
            reply=reply,
            replied_by=replied_by,
            remind_at=None,
        )

    async def due(self, platforms: Collection[str], now: datetime | None = None) -> list[Escalation]:
        """Those whose people are to be reminded now."""
        columns = escalations.c
        return await self._where(
            and_(
                columns.state == "open",
                columns.remind_at <= (now or datetime.now(UTC)),
                columns.target_message != "",
                columns.platform.in_(list(platforms)),
            )
        )

    async def claim_reminder(self, due: Escalation, now: datetime | None = None) -> bool:
        """Whether it is this caller that reminds; of several one is. The next reminder is set."""
        sent = due.reminders + 1
        pause = timedelta(seconds=due.remind_after_s * 2**sent)
        return await self._set(
            due.id,
            _is_still(due),
            reminders=sent,
            remind_at=(now or datetime.now(UTC)) + pause if sent < REMINDERS else None,
        )

    async def give_back_reminder(self, due: Escalation, retry_s: float) -> None:
        """A claimed reminder could not be sent: it is due again after so many seconds."""
        claimed = and_(escalations.c.state == "open", escalations.c.reminders == due.reminders + 1)
        again = datetime.now(UTC) + timedelta(seconds=retry_s)
        await self._set(due.id, claimed, reminders=due.reminders, remind_at=again)

    async def _set(self, id: str, condition: Any = True, /, **values: Any) -> bool:
        async with transaction(self._database) as connection:
            changed = await connection.execute(
                update(escalations).where(and_(escalations.c.id == id, condition)).values(**values)
            )
        return bool(changed.rowcount)

    async def _where(self, condition: Any) -> list[Escalation]:
        query = _select().where(condition).order_by(escalations.c.created_at.desc(), escalations.c.id)
        async with transaction(self._database) as connection:
            return [_escalation(row) for row in (await connection.execute(query)).all()]


def _is_still(due: Escalation) -> Any:
    columns = escalations.c
    return and_(columns.state == "open", columns.reminders == due.reminders, columns.remind_at.is_not(None))


def _select() -> Any:
    return select(*(escalations.c[name] for name in Escalation.__slots__))


def _escalation(row: Any) -> Escalation:
    return Escalation(*(_aware(value) for value in row))


def _aware(value: Any) -> Any:
    """SQLite keeps no time zone; all times are UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
