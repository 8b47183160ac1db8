"""Notices of corrections, delivered to ourselves: accepted once by their key, sent once, taken up again after a crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rag_core.errors import NotFound
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.postings import Posting
from rag_core.records.reviews.reviews import Reviews

__all__ = ["Corrected", "KeptNotices", "Outbox"]

THREAD, PERSON = "notice:thread", "notice:person"
"""The kinds of their deliveries."""


class Outbox(Protocol):
    """adapters.inbox.Inbox, for what we deliver to ourselves."""

    async def accept(self, platform: str, key: str, kind: str, lane: str, payload: Mapping[str, Any]) -> bool:
        """Durably, and once for each key."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a notice says."""

    question: str
    before: str
    """Markdown, as the answer was given."""
    after: str
    """Markdown, as a reviewer wrote it."""


class KeptNotices:
    """The half of adapters.reviewing.Notifier that is the same everywhere; a platform adds `reader`, and what handles THREAD
    and PERSON.

    Their payloads have `review` and `user`; those of THREAD besides `channel`, `thread` ('': none but the channel) and
    `message`, which shows the answer.
    """

    def __init__(
        self, platform: str, feedback: Feedback, reviews: Reviews, workspace_key: str = "team_id"
    ) -> None:
        """workspace_key: what a payload of the platform calls the id of its workspace."""
        self.outbox: Outbox | None = None
        """Set when the inbox is made."""
        self._platform = platform
        self._feedback = feedback
        self._reviews = reviews
        self._workspace_key = workspace_key

    async def tell_thread(self, review: str, posting: Posting) -> None:
        thread = posting.thread if posting.thread != posting.channel else ""
        where = {"channel": posting.channel, "thread": thread, "message": posting.message}
        place = f"{posting.channel}:{thread or posting.message}"
        payload = {**where, "user": posting.user_id}
        await self._accept(f"notice:{review}:{place}", THREAD, review, posting.workspace, payload)

    async def tell_person(self, review: str, workspace: str, user: str) -> None:
        await self._accept(f"notice:{review}:{user}", PERSON, review, workspace, {"user": user})

    async def corrected(self, review: str) -> Corrected | None:
        """None: the answer was forgotten meanwhile.

        Raises:
            Unavailable: the database does not answer.
        """
        kept = await self._reviews.get(review)
        if kept is None or not kept.correction:
            return None
        try:
            given = await self._feedback.answer(kept.answer_id)
        except NotFound:
            return None
        return Corrected(given.question, given.text, kept.correction + await self._sources(review))

    async def _sources(self, review: str) -> str:
        """What the numbers of a correction stand for, a line each; '' where it has none."""
        cited = await self._reviews.citations(review)
        lines = (f"[{one.number}] {' '.join(one.title.split())} {one.place}".rstrip() for one in cited)
        return "".join(f"\n\n{line}" for line in lines)

    async def _accept(
        self, key: str, kind: str, review: str, workspace: str, where: Mapping[str, str]
    ) -> None:
        assert self.outbox is not None
        payload = {self._workspace_key: workspace, "review": review, **where}
        await self.outbox.accept(self._platform, key, kind, key, payload)
