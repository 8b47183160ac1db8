"""👍 and 👎 by buttons and reactions, and the modal in which people say what was wrong."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Literal

from adapters.chat import REASONS
from adapters.discord.bot import RESPONDED, UNCHANGED
from adapters.discord.ids import Ids
from adapters.discord.interactions import Interaction, interaction_of
from adapters.discord.people.rooms import Rooms, address_of
from adapters.discord.people.standing import given_here
from adapters.discord.persons import person_of
from adapters.discord.places import Places
from adapters.discord.received import PLATFORM, First, Handler, Json, Received
from adapters.discord.rest.errors import DiscordRefusal
from adapters.discord.rest.rest import Rest, nonce_of
from adapters.discord.showing.components import button, choice, modal, row, text_input
from adapters.discord.showing.escaping import escaped, link
from adapters.discord.showing.rendering import body
from adapters.discord.whispers import Pressed, Whispers
from adapters.voting import Voting
from rag_core.errors import NotFound
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.types import Vote

__all__ = ["MODAL", "FeedbackControls"]

MODAL = 9
"""The type of a first response that opens a modal."""
_THUMBS: dict[str, Literal[-1, 1]] = {"👍": 1, "👎": -1}
_REASON, _COMMENT, _CORRECTION = "reason", "comment", "correction"
log = logging.getLogger(__name__)


class FeedbackControls:
    """The last vote of a person stands, however it was cast. Who votes down is asked why, once, and need not say.

    A reaction can open no modal: who votes down by one gets a button for that in a direct message, once for each answer.
    """

    def __init__(
        self,
        ids: Ids,
        voting: Voting,
        feedback: Feedback,
        postings: Postings,
        places: Places,
        whispers: Whispers,
        rooms: Rooms,
    ) -> None:
        self._ids = ids
        self._voting = voting
        self._feedback = feedback
        self._postings = postings
        self._places = places
        self._whispers = whispers
        self._rooms = rooms

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "action:vote_good": self._vote_good,
            "action:vote_bad": self._vote_bad,
            "action:tell_more": self._tell_more,
            "modal:explain": self._explained,
            "reaction_added": self._reacted,
            "reaction_removed": self._unreacted,
        }

    def firsts(self) -> Mapping[str, Json | First]:
        """Discord opens a modal in the very first response and never later, so that it comes before the vote is kept."""
        return {
            "action:vote_bad": self._ask_why,
            "action:tell_more": self._ask_why,
            "modal:explain": UNCHANGED,
        }

    async def _vote_good(self, received: Received) -> None:
        click = interaction_of(received.body, self._ids)
        if await self._cast(received, Vote(click.argument, PLATFORM, click.person.id, 1)):
            await self._tell(received, "vote-good")

    async def _vote_bad(self, received: Received) -> None:
        click = interaction_of(received.body, self._ids)
        if await self._cast(received, Vote(click.argument, PLATFORM, click.person.id, -1)) is not None:
            await self._offer_modal(received, click)

    async def _tell_more(self, received: Received) -> None:
        click = interaction_of(received.body, self._ids)
        if await self._is_known(received.body, received.rest):
            await self._offer_modal(received, click)
        else:
            await self._tell(received, "vote-unknown")

    async def _explained(self, received: Received) -> None:
        sent = interaction_of(received.body, self._ids)
        chosen = sent.fields.get(_REASON) or ()
        reason = chosen if isinstance(chosen, str) else next(iter(chosen), "")
        comment, correction = (str(sent.fields.get(name) or "") for name in (_COMMENT, _CORRECTION))
        if not (reason or comment or correction):
            return
        known = reason if reason in REASONS else ""
        if await self._cast(
            received, Vote(sent.argument, PLATFORM, sent.person.id, -1, known, comment, correction)
        ):
            await self._tell(received, "vote-explained")

    async def _reacted(self, received: Received) -> None:
        posting, vote = await self._by_reaction(received)
        if posting is None or vote is None or person_of(received.body).is_bot:
            return
        if await self._voting.recorded(vote) and vote.value == -1:
            await self._ask_by_message(received, posting, vote)

    async def _unreacted(self, received: Received) -> None:
        _, vote = await self._by_reaction(received)
        if vote is not None:
            await self._voting.take_back(vote)

    async def _by_reaction(self, received: Received) -> tuple[Posting | None, Vote | None]:
        """What a reaction says of an answer of ours; nothing of any other message, and of other reactions."""
        told, emoji = received.body, received.body.get("emoji") or {}
        value = _THUMBS.get(str(emoji.get("name") or "")[:1])  # a skin tone comes behind the thumb
        user = person_of(told).id
        if value is None or emoji.get("id") or not user or user == received.rest.user:
            return None, None
        channel, message = str(told.get("channel_id") or ""), str(told.get("message_id") or "")
        posting = await self._postings.of_message(PLATFORM, channel, message)
        if posting is None or posting.answer_id is None or posting.kind != "answer":
            return None, None
        return posting, Vote(posting.answer_id, PLATFORM, user, value)

    async def _ask_by_message(self, received: Received, posting: Posting, vote: Vote) -> None:
        """Nothing happens where this person takes no direct messages. That they were asked is kept as a notice that replies
        to the answer's first message."""
        shown = [one for one in await self._postings.of_answer(vote.answer) if one.kind == "answer"]
        first = shown[0].message if shown else posting.message
        language = await self._rooms.language(posting.channel, posting.workspace)
        where = address_of(posting.workspace, posting.channel, posting.message)
        told = f"{escaped(say(language, 'vote-bad'))}\n-# {link(where, say(language, 'open-thread'))}"
        more = button(say(language, "vote-tell-more"), self._ids.of("tell_more", vote.answer))
        nonce = nonce_of(f"tell_more:{vote.answer}:{vote.user}")
        try:
            channel = await received.rest.direct(vote.user)
            if await self._postings.of_question(PLATFORM, channel, first):
                return
            sent = await received.rest.send(channel, body(told, components=[row(more)]), nonce=nonce)
        except DiscordRefusal as error:
            log.info("Somebody could not be asked what was wrong: %s", error)
            return
        message, user = str(sent["id"]), vote.user
        notice = Posting(PLATFORM, channel, message, question_message=first, kind="notice", user_id=user)
        await self._postings.record([notice])

    async def _offer_modal(self, received: Received, click: Interaction) -> None:
        """Where the first response was no modal, since the answer was looked up too slowly, a button opens it."""
        if received.body.get(RESPONDED) != MODAL:
            more = Pressed("tell_more", click.argument, "vote-tell-more")
            await self._tell(received, "vote-bad", more)

    async def _cast(self, received: Received, vote: Vote) -> bool | None:
        """Whether it changed anything; None: there is no such answer for them, which the voter is told."""
        known = await self._is_known(received.body, received.rest)
        changed = await self._voting.recorded(vote) if known else None
        if changed is None:
            await self._tell(received, "vote-unknown")
        return changed

    async def _tell(self, received: Received, words: str, *buttons: Pressed) -> None:
        await self._whispers.tell(received.rest, await self._whispers.spot(received), words, buttons)

    async def _is_known(self, payload: Mapping[str, Any], rest: Rest) -> bool:
        """Whether there is such an answer, and it was given there or to this person, or they have voted on it before."""
        click = interaction_of(payload, self._ids)
        try:
            answer = await self._feedback.answer(click.argument)
        except NotFound:
            return False
        if given_here(answer, click.person.id, await self._places.of(rest, payload)):
            return True
        return await self._voting.given(answer.id, PLATFORM, click.person.id) is not None

    async def _ask_why(self, payload: Mapping[str, Any], rest: Rest) -> Json:
        """The vote is recorded beside it: who closes the modal loses nothing. What was said before can be changed in it."""
        click = interaction_of(payload, self._ids)
        if not await self._is_known(payload, rest):
            return UNCHANGED
        given = await self._voting.given(click.argument, PLATFORM, click.person.id)
        before = given or Vote(click.argument, PLATFORM, click.person.id, -1)
        language = await self._whispers.language(await self._places.of(rest, payload), click.locale)
        reasons = {code: say(language, words) for code, words in REASONS.items()}
        questions = ("page-wrong", "page-comment", "page-correction")
        wrong, comment, correction = (say(language, words) for words in questions)
        asked = modal(
            self._ids.of("explain", click.argument),
            wrong,
            choice(self._ids.of(_REASON), wrong, reasons, before.reason),
            text_input(self._ids.of(_COMMENT), comment, before.comment),
            text_input(self._ids.of(_CORRECTION), correction, before.correction),
        )
        return {"type": MODAL, "data": asked}
