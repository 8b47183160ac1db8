"""What was said in a conversation before a question, as Slack has it now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.conversations import Conversation, turns_of
from adapters.slack.bot import PLATFORM
from adapters.slack.identity import Identity
from adapters.slack.talking.addressing import Message, message_of, named_users, readable
from adapters.slack.web_api.api import Api
from rag_core.errors import AnswerloopError
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.types import Turn

__all__ = ["History", "is_written"]

Payload = Mapping[str, Any]

RECENT_S = 6 * 3600
"""Of a direct message without threads: what is older belongs to another conversation."""
_PAGE, _PAGES = 200, 5
_WAIT_S = 45.0
_NAMES = 10
"""People whose names are looked up for one text."""
_WRITTEN = frozenset({None, "", "file_share", "thread_broadcast", "me_message"})
log = logging.getLogger(__name__)


class History:
    def __init__(
        self, identity: Identity, postings: Postings, feedback: Feedback, turns: Callable[[], int]
    ) -> None:
        """turns: how many messages before a question are looked at, at most."""
        self._identity = identity
        self._postings = postings
        self._feedback = feedback
        self._turns = turns

    async def before(self, api: Api, message: Message) -> Conversation:
        """Never raises for what Slack does not give: then there are no turns, and the log says why.

        Raises:
            Unavailable: the database does not answer.
        """
        if not self._turns() or not (message.thread or message.direct):
            return Conversation()
        try:
            async with asyncio.timeout(_WAIT_S):
                found = await (self._replies if message.thread else self._latest)(api, message)
        except (AnswerloopError, TimeoutError, OSError) as error:
            api.complaints.about(
                "history", f"Earlier messages cannot be read, so questions stand alone: {error}"
            )
            return Conversation()
        earlier = [one for one in found if _moment(one) < _moment({"ts": message.ts})]
        return await self._conversation(api, message, sorted(earlier, key=_moment))

    async def text(self, api: Api, text: str) -> str:
        """What a message says, the people in it by their names."""
        users = list(named_users(text, api.bot_user))[:_NAMES]
        people = await asyncio.gather(*(self._identity.person(api, user) for user in users))
        return readable(text, api.bot_user, {person.id: person.name for person in people})

    async def _replies(self, api: Api, message: Message) -> list[Payload]:
        """The thread's messages; of a very long thread, which Slack gives from its beginning, the first thousand."""
        return await _paged(
            api, "conversations.replies", channel=message.channel, ts=message.thread, latest=message.ts
        )

    async def _latest(self, api: Api, message: Message) -> list[Payload]:
        """The newest of a direct message that stand in no thread."""
        said = await api.call(
            "conversations.history",
            channel=message.channel,
            latest=message.ts,
            oldest=f"{_moment({'ts': message.ts})[0] - RECENT_S}.000000",
            limit=min(_PAGE, self._turns() * 3),
        )
        return [
            one for one in said.get("messages") or () if one.get("thread_ts") in (None, "", one.get("ts"))
        ]

    async def _conversation(self, api: Api, message: Message, earlier: Sequence[Payload]) -> Conversation:
        ours = await self._postings.of_messages(
            PLATFORM, message.channel, [str(one["ts"]) for one in earlier if _is_ours(one, api)]
        )
        people = [one for one in earlier if _is_a_persons(one, api)]
        others = [one for one in earlier if _is_a_persons(one, api) or str(one["ts"]) in ours]
        wanted = [one for one in earlier if _says(one, ours, api)][-self._turns() :]
        turns = [
            turn for one in wanted for turn in await self._of(api, one, ours.get(str(one["ts"]))) if turn.text
        ]
        last = others[-1] if others else None
        return Conversation(
            turns=tuple(turns[-self._turns() :]),
            files=tuple(
                file for one in people for file in one.get("files") or () if isinstance(file, Mapping)
            ),
            last_by="" if last is None or str(last["ts"]) in ours else str(last.get("user") or ""),
        )

    async def _of(self, api: Api, one: Payload, posting: Posting | None) -> Sequence[Turn]:
        if posting is not None:
            return await turns_of(self._feedback, posting)
        return (Turn("user", await self.text(api, message_of(one, api.bot_user).text)),)


def _moment(one: Payload) -> tuple[int, ...]:
    """A ts as numbers, which order as the messages do."""
    return tuple(int(part) for part in str(one.get("ts") or "").split(".") if part.isdigit())


async def _paged(api: Api, method: str, **arguments: Any) -> list[Payload]:
    found: list[Payload] = []
    cursor = ""
    for _ in range(_PAGES):
        said = await api.call(method, **arguments, limit=_PAGE, cursor=cursor or None)
        found += [one for one in said.get("messages") or () if isinstance(one, Mapping)]
        cursor = str((said.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            break
    return found


def _is_ours(one: Payload, api: Api) -> bool:
    return bool(one.get("ts")) and (
        (bool(api.bot_user) and one.get("user") == api.bot_user)
        or (bool(api.bot_id) and one.get("bot_id") == api.bot_id)
    )


def is_written(one: Payload) -> bool:
    """Whether a person wrote it: no bot did, and it is no note such as that somebody joined."""
    named = bool(one.get("ts")) and bool(one.get("user"))
    return named and one.get("subtype") in _WRITTEN and not one.get("bot_id")


def _is_a_persons(one: Payload, api: Api) -> bool:
    return is_written(one) and not _is_ours(one, api)


def _says(one: Payload, ours: Mapping[str, Posting], api: Api) -> bool:
    """Whether it is a turn: a person's words, or the first message of an answer of ours."""
    posting = ours.get(str(one.get("ts")))
    if posting is None:
        return _is_a_persons(one, api)
    return posting.answer_id is not None and posting.part == 0 and posting.kind == "answer"
