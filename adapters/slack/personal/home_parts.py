"""What everybody sees on their Home tab: how to ask, what answers come from, what they asked, their data."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakKeyDictionary

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.slack.bot import PLATFORM
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.personal.home import Visitor
from adapters.slack.showing.blocks import Json, actions, button, context, header, section
from adapters.slack.showing.escaping import escaped, label, link
from adapters.slack.showing.mrkdwn import SECTION
from adapters.slack.showing.views import date
from adapters.slack.web_api.api import Api
from adapters.text import linkable
from rag_core.access import Access
from rag_core.errors import AnswerloopError
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback, RecordedAnswer
from rag_core.records.index.reading import ReadableSource, readable_sources
from rag_core.records.platforms.postings import Postings
from rag_core.settings import Settings

__all__ = ["PersonalParts"]

RECENT = 10
_QUESTION, _NAME = 150, 64
_PERMALINK_S = 1.5
"""The longest that links to answers are waited for."""
_KEPT = 5_000


class PersonalParts:
    def __init__(
        self,
        settings: Callable[[], Settings],
        ids: Ids,
        database: AsyncEngine,
        access: Access,
        identity: Identity,
        feedback: Feedback,
        postings: Postings,
    ) -> None:
        """access: the same object that the assistant judges by."""
        self._settings = settings
        self._ids = ids
        self._database = database
        self._access = access
        self._identity = identity
        self._feedback = feedback
        self._postings = postings
        self._links = _Permalinks()

    async def how_to_ask(self, visitor: Visitor) -> list[Json]:
        command = self._settings().slack.command
        return [section(escaped(say(visitor.language, "ask-help", command=command)))]

    async def sources(self, visitor: Visitor) -> list[Json]:
        """Those that this person may read where they alone see the answer; of others nothing is told."""
        principal = await self._identity.principal(visitor.api, visitor.user, "", "", direct=True)
        found = await readable_sources(self._database, self._access.scopes_of(principal))
        title = header(say(visitor.language, "home-sources"))
        if not found:
            return [title, section(escaped(say(visitor.language, "home-no-sources")))]
        return [title, section(_listing([_source(one, visitor.language) for one in found], visitor.language))]

    async def recent(self, visitor: Visitor) -> list[Json]:
        """What they asked last."""
        asked = await self._feedback.recent_questions(PLATFORM, visitor.user, RECENT)
        title = header(say(visitor.language, "home-recent"))
        if not asked:
            return [title, section(escaped(say(visitor.language, "home-nothing-asked")))]
        links = await asyncio.gather(*(self._link(visitor.api, answer) for answer in asked))
        return [title, *(_question(answer, to) for answer, to in zip(asked, links, strict=True))]

    async def own_data(self, visitor: Visitor) -> list[Json]:
        language = visitor.language
        pressed = (
            button(say(language, "data-export"), self._ids.of("export_mine"), "export"),
            button(say(language, "data-forget"), self._ids.of("forget_mine"), "forget", style="danger"),
        )
        return [
            header(say(language, "data")),
            section(escaped(say(language, "data-what"))),
            actions(*pressed),
        ]

    async def _link(self, api: Api, answer: RecordedAnswer) -> str:
        """To where it was answered; '': nowhere that lasts, or Slack does not tell now."""
        shown = [row for row in await self._postings.of_answer(answer.id) if row.kind == "answer"]
        here = [row for row in shown if row.platform == PLATFORM and row.channel == answer.channel]
        if not here:
            return ""
        first = min(here, key=lambda row: row.part)
        return await self._links.to(api, first.channel, first.message)


class _Permalinks:
    """A message's address does not change: each is asked for once."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Api, OrderedDict[tuple[str, str], str]] = WeakKeyDictionary()

    async def to(self, api: Api, channel: str, message: str) -> str:
        known = self._known.setdefault(api, OrderedDict())
        if (channel, message) not in known:
            try:
                async with asyncio.timeout(_PERMALINK_S):
                    said = await api.attempt("chat.getPermalink", channel=channel, message_ts=message)
            except (AnswerloopError, TimeoutError):
                return ""
            known[channel, message] = linkable(str(said.get("permalink") or ""))
            while len(known) > _KEPT:
                known.popitem(last=False)
        return known[channel, message]


def _question(answer: RecordedAnswer, address: str) -> Json:
    words = label(answer.question, _QUESTION) or "…"
    return context(f"{date(answer.created_at)} · {link(address, words) if address else words}")


def _source(source: ReadableSource, language: str) -> str:
    facts = say(language, "home-documents", number=source.documents)
    synced = (
        f" · {escaped(say(language, 'home-synced'))} {date(source.synced_at)}" if source.synced_at else ""
    )
    return f"• *{label(source.name, _NAME)}* · {escaped(facts)}{synced}"


def _listing(lines: list[str], language: str) -> str:
    """As many of them as one section takes."""
    shown = ""
    for number, line in enumerate(lines):
        more = escaped(say(language, "home-more", number=len(lines) - number))
        if len(shown) + len(line) + len(more) + 2 > SECTION:
            return f"{shown}\n{more}"
        shown = f"{shown}\n{line}" if shown else line
    return shown
