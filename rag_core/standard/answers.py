"""Standard answers: what a person wrote or approved, given whenever its question is asked.

A question is compared with wordings and patterns first and by meaning last; what holds in this channel goes before what
holds everywhere. The table is held in memory and follows what any process changes in the database.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry, NotFound, Unavailable
from rag_core.records.standard import StandardRecords
from rag_core.standard.answer import LEAST_COSINE, Match, StandardAnswer
from rag_core.standard.checking import checked
from rag_core.standard.hits import PAUSE_S, Hits
from rag_core.standard.provenance import scopes_of
from rag_core.standard.table import Found, Prepared, Table, precedence, prepared
from rag_core.types import Principal

if TYPE_CHECKING:
    from rag_core.index.stores.protocol import Vector, VectorStore

__all__ = ["Embed", "StandardAnswers"]

CHECK_S = 2.0
"""How long what is held counts as up to date."""
WAIT_S = 0.5
"""How long a question waits for a newer state; then what is held answers it."""
FIRST_WAIT_S = 5.0
"""And how long before anything is held: 10,000 are read and made ready in about a second."""
VECTORS = 20_000
"""Wordings whose vectors are kept, 1.5 kB each."""
_UNKNOWN = "There is no standard answer {!r}; `answerloop standard list` shows them."
log = logging.getLogger(__name__)
Embed = Callable[[str], Awaitable["Vector"]]
"""A question's vector, of length one."""


class StandardAnswers:
    """Of one release, since vectors of wordings are its embedder's; any number of processes may share the database.
    For one event loop."""

    def __init__(self, database: AsyncEngine, *, check_s: float = CHECK_S, pause_s: float = PAUSE_S) -> None:
        """pause_s: how long hits are gathered before they are written."""
        self._records = StandardRecords(database)
        self._hits = Hits(self._records, pause_s)
        self._check_s = check_s
        self._version = -1
        self._held: dict[str, Prepared] = {}
        self._table = Table()
        self._checked_at = float("-inf")
        self._checking: asyncio.Task[None] | None = None
        self._changes = 0
        self._failing = False
        self._vectors: dict[str, Vector] = {}

    async def open(self) -> None:
        """Read what there is, however long it takes, so that no question need wait for it. May be left out: then the first
        questions wait for FIRST_WAIT_S at most."""
        await self._up_to_date(None)

    # --- giving ------------------------------------------------------------------------------------------------------

    async def find(
        self, text: str, principal: Principal, scopes: frozenset[str] | None, embed: Embed
    ) -> StandardAnswer | None:
        """The one to give to this question; None where none holds.

        text: standing by itself, a follow-up as it was understood. scopes: what the asker may read; None: everything.
        embed: of the release. It is only asked where a wording is read as the same as the question.

        The answer depends on where it is asked: it must not be shared with, or kept for, askers of another channel.
        """
        await self._up_to_date()
        if not self._table.size:
            return None

        def given(found: Found) -> bool:
            answer = found.answer
            return answer.enabled and answer.holds_in(principal) and answer.open_to(scopes)

        for look in (self._table.exact, self._table.patterns):
            if best := next(filter(given, look(text)), None):
                return best.answer
        alike = [found for found in self._table.readings(text) if given(found)]
        near = await self._near(text, alike, embed) if alike else []
        return next((found.answer for found in near if found.cosine >= found.answer.threshold), None)

    async def alike(self, text: str, embed: Embed) -> list[Found]:
        """All whose wording or pattern is like the question, wherever they hold and whoever may see them, switched off
        or too far away: what `answerloop standard test` explains. In the order in which they would be given."""
        await self._up_to_date()
        table = self._table
        near = await self._near(text, list(table.readings(text)), embed)
        first: dict[str, Found] = {}
        for found in (*table.exact(text), *table.patterns(text), *near):
            first.setdefault(found.answer.id, found)
        return list(first.values())

    def hit(self, id: str) -> None:
        """It was given once more. Counted in the background, and added to what other processes count."""
        self._hits.add(id)

    async def close(self) -> None:
        """Writes the hits that are left."""
        if self._checking:
            self._checking.cancel()
            await asyncio.gather(self._checking, return_exceptions=True)
        await self._hits.close()

    async def _near(self, text: str, alike: Sequence[Found], embed: Embed) -> list[Found]:
        """With their cosines, best first."""
        if not alike:
            return []
        asked = await embed(text)
        near = [replace(f, cosine=float(await self._vector(f.wording, embed) @ asked)) for f in alike]
        return sorted(near, key=precedence)

    async def _vector(self, wording: str, embed: Embed) -> Vector:
        if wording not in self._vectors:
            if len(self._vectors) >= VECTORS:
                self._vectors.clear()
            self._vectors[wording] = await embed(wording)
        return self._vectors[wording]

    # --- keeping up --------------------------------------------------------------------------------------------------

    async def _up_to_date(self, first_wait_s: float | None = FIRST_WAIT_S) -> None:
        """Many questions share one look at the database. When it takes too long, or fails, they are answered from what is
        held."""
        if time.monotonic() - self._checked_at < self._check_s:
            return
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._follow())
        await asyncio.wait({self._checking}, timeout=first_wait_s if self._version < 0 else WAIT_S)

    async def _follow(self) -> None:
        changes = self._changes
        try:
            version = await self._records.version()
            if version != self._version:
                await self._load(version)
            self._failing = False
        except Exception as error:
            if not self._failing:  # told once, however many questions meet it
                log.warning(
                    "standard answers stay as they were: %s",
                    error,
                    exc_info=not isinstance(error, Unavailable),
                )
            self._failing = True
        if changes == self._changes:
            self._checked_at = time.monotonic()

    def changed(self) -> None:
        """Something was, by this process, in the database: its next question sees it."""
        self._changes += 1
        self._checked_at = float("-inf")

    async def _load(self, version: int) -> None:
        """What changed since the version that is held."""
        held = dict(self._held)
        # A number that went back is another database, restored from a backup.
        known = self._version if version > self._version else -1
        async for page in self._records.changed_since(known):
            held |= {each.answer.id: each for each in await asyncio.to_thread(_all_prepared, page)}
        if known < 0 or await self._records.count() != len(held):
            ids = await self._records.ids()
            held = {id: each for id, each in held.items() if id in ids}
        self._table = await asyncio.to_thread(Table, list(held.values()))
        self._held, self._version = held, version

    # --- curating ----------------------------------------------------------------------------------------------------

    async def all(self) -> list[StandardAnswer]:
        """Oldest first, as the database has them now."""
        return await self._records.all()

    async def get(self, id: str) -> StandardAnswer:
        """
        Raises:
            NotFound: there is none of this id.
        """
        if found := await self._records.get(id):
            return found
        raise NotFound(_UNKNOWN.format(id[:64]))

    async def save(self, *entries: StandardAnswer) -> list[StandardAnswer]:
        """New ones, those without an id, and changed ones; all or none. As they are kept now.

        Raises:
            InvalidEntry: one cannot be kept; the message names the field and the remedy.
        """
        now = datetime.now(UTC)
        ready = [checked(_stamped(entry, now)) for entry in entries]
        await self._records.put(ready)
        self.changed()
        return ready

    async def edit(self, id: str, **changes: Any) -> StandardAnswer:
        """With other values in these fields; the last edit counts.

        Raises:
            NotFound: there is none of this id.
            InvalidEntry: it cannot be kept so; the message names the field and the remedy.
        """
        return (await self.save(replace(await self.get(id), **changes, updated_at=None)))[0]

    async def remove(self, id: str) -> None:
        """
        Raises:
            NotFound: there is none of this id.
        """
        if not await self._records.remove(id):
            raise NotFound(_UNKNOWN.format(id[:64]))
        self.changed()

    async def from_answer(
        self,
        answer_id: str,
        store: VectorStore | None = None,
        *,
        questions: Iterable[str] = (),
        answer: str = "",
        match: Match = "exact",
        pattern: str = "",
        threshold: float = LEAST_COSINE,
        platform: str = "",
        channels: Iterable[str] = (),
        scopes: Iterable[str] | None = None,
        enabled: bool = True,
        author: str = "",
    ) -> StandardAnswer:
        """Make an answer that was given a standard answer, with its question, text and citations; what is named here
        goes before what was recorded.

        store: where the scopes of the cited passages are looked up; without it, or where they are gone, all that the
        asker might read is required. scopes: required instead of these, at the curator's word.

        The same made twice is one; what was edited since stays as it is.

        Raises:
            NotFound: there is no such answer.
            InvalidEntry: it cannot be kept; the message names the field and the remedy.
        """
        given = await self._records.given(answer_id)
        if given is None:
            raise NotFound(f"There is no answer {answer_id[:64]!r}; give the id of one that was recorded.")
        if given.abstained and not answer:
            raise InvalidEntry(f"answer: {answer_id} is an abstention; say what is to be answered instead.")
        required = await scopes_of(given, store) if scopes is None else frozenset(scopes)
        made = StandardAnswer(
            answer or given.answer,
            tuple(questions) or (given.question,),
            match=match,
            pattern=pattern,
            threshold=threshold,
            platform=platform,
            channels=tuple(channels),
            scopes=required,
            enabled=enabled,
            author=author,
            citations=() if given.abstained else given.citations,
            from_answer=answer_id,
        )
        made = replace(made, id=_id_of(made))
        return await self._records.get(made.id) or (await self.save(made))[0]


def _id_of(made: StandardAnswer) -> str:
    """The same for the same made twice, by an impatient click."""
    what = (
        made.from_answer,
        made.answer,
        made.questions,
        made.match,
        made.pattern,
        made.platform,
        made.channels,
    )
    return hashlib.blake2b(repr(what).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _all_prepared(answers: Sequence[StandardAnswer]) -> list[Prepared]:
    """One that cannot be read, written by another version, costs itself only."""
    made = []
    for answer in answers:
        try:
            made.append(prepared(answer))
        except InvalidEntry as error:
            log.warning("standard answer %s is passed over: %s", answer.id, error)
    return made


def _stamped(entry: StandardAnswer, now: datetime) -> StandardAnswer:
    return replace(
        entry,
        id=entry.id or secrets.token_hex(8),
        created_at=entry.created_at or now,
        updated_at=entry.updated_at or now,
    )
