"""👍 and 👎 by buttons and reactions, and the modal in which people say what was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from adapters.chat import REASONS
from adapters.slack.bot import PLATFORM, Refusal
from adapters.slack.clicks import Click, click_of, entered, kept_in, user_of
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.received import Handler, Received
from adapters.slack.showing.blocks import Json
from adapters.slack.showing.controls import ballot
from adapters.slack.showing.modals import LONGEST, TITLE, choice, modal, text_input
from adapters.slack.showing.whispers import Pressed, Spot, Whispers
from adapters.slack.web_api.api import Api
from adapters.voting import Voting
from rag_core.messages import say
from rag_core.records.platforms.postings import Postings
from rag_core.types import Vote

__all__ = ["FeedbackControls"]

_REACTIONS: dict[str, Literal[-1, 1]] = {"+1": 1, "thumbsup": 1, "-1": -1, "thumbsdown": -1}
_WORDS = _REASON, _COMMENT, _CORRECTION = "reason", "comment", "correction"


class FeedbackControls:
    """The last vote of a person stands, however it was cast. Who votes down is asked why, once, and need not say."""

    def __init__(
        self, ids: Ids, voting: Voting, postings: Postings, identity: Identity, whispers: Whispers
    ) -> None:
        self._ids = ids
        self._voting = voting
        self._postings = postings
        self._identity = identity
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "action:vote": self._vote,
            "action:tell_more": self._tell_more,
            "view:explain": self._explained,
            "reaction_added": self._reacted,
            "reaction_removed": self._unreacted,
        }

    def refusals(self) -> Mapping[str, Refusal]:
        return {"view:explain": self._too_long}

    async def _vote(self, received: Received) -> None:
        click = click_of(received.body, self._ids)
        voted = ballot(click.value)
        if voted is None:
            return
        answer, value = voted
        vote = Vote(answer, PLATFORM, click.user, value)
        changed = await self._cast(received.api, vote, _spot(click))
        if changed is None:
            return
        if value == -1:
            await self._ask_why(received.api, click, answer)
        elif changed and click.is_button:  # Slack's own feedback buttons show that they were pressed
            await self._whispers.tell(received.api, _spot(click), "vote-good")

    async def _tell_more(self, received: Received) -> None:
        click = click_of(received.body, self._ids)
        await self._ask_why(received.api, click, click.value)

    async def _explained(self, received: Received) -> None:
        body, kept = received.body, kept_in(received.body)
        reason, comment, correction = self._words(body)
        answer = str(kept.get("answer") or "")
        if not answer or not (reason or comment or correction):
            return
        spot = Spot(str(kept.get("channel") or ""), user_of(body), str(kept.get("thread") or ""))
        known = reason if reason in REASONS else ""
        vote = Vote(answer, PLATFORM, spot.user, -1, known, comment[:LONGEST], correction[:LONGEST])
        if await self._cast(received.api, vote, spot):
            await self._whispers.tell(received.api, spot, "vote-explained")

    async def _reacted(self, received: Received) -> None:
        vote, spot = await self._by_reaction(received)
        if vote is None:
            return
        if await self._cast(received.api, vote, spot) and vote.value == -1:
            more = Pressed(self._ids.of("tell_more"), "vote-tell-more", vote.answer)
            await self._whispers.tell(received.api, spot, "vote-bad", [more])

    async def _unreacted(self, received: Received) -> None:
        vote, _ = await self._by_reaction(received)
        if vote is not None:
            await self._voting.take_back(vote)

    async def _by_reaction(self, received: Received) -> tuple[Vote | None, Spot]:
        """What a reaction says of an answer of ours; nothing of any other message, and of other reactions."""
        event, nowhere = received.event, Spot("", "")
        name = str(event.get("reaction") or "").partition("::")[0]
        item, user = event.get("item") or {}, str(event.get("user") or "")
        if name not in _REACTIONS or not user or not item.get("ts"):
            return None, nowhere
        channel = str(item.get("channel") or "")
        posting = await self._postings.of_message(PLATFORM, channel, str(item["ts"]))
        if posting is None or posting.answer_id is None or posting.kind != "answer":
            return None, nowhere
        if await self._is_bot(received.api, user):
            return None, nowhere
        vote = Vote(posting.answer_id, PLATFORM, user, _REACTIONS[name])
        return vote, Spot(channel, user, posting.thread if posting.thread != channel else "")

    async def _is_bot(self, api: Api, user: str) -> bool:
        return user == api.bot_user or (await self._identity.person(api, user)).is_bot

    async def _cast(self, api: Api, vote: Vote, spot: Spot) -> bool | None:
        """Whether it changed anything; None: there is no such answer, which the voter is told."""
        changed = await self._voting.recorded(vote)
        if changed is None:
            await self._whispers.tell(api, spot, "vote-unknown")
        return changed

    async def _ask_why(self, api: Api, click: Click, answer: str) -> None:
        """The vote is recorded: who closes the modal loses nothing. Where it is too late for one, a button opens it."""
        given = await self._voting.given(answer, PLATFORM, click.user)
        language = await self._whispers.language_at_once(api, click.channel, click.user)
        view = self._modal(language, answer, click, given)
        if not await self._whispers.open(api, click.trigger, view):
            more = Pressed(self._ids.of("tell_more"), "vote-tell-more", answer)
            await self._whispers.tell(api, _spot(click), "vote-bad", [more])

    def _modal(self, language: str, answer: str, click: Click, given: Vote | None) -> Json:
        """given: what was said before is there to be changed."""
        kept = {"answer": answer, "channel": click.channel, "thread": click.thread, "language": language}
        before = given or Vote(answer, PLATFORM, click.user, -1)
        reasons = {code: say(language, words) for code, words in REASONS.items()}
        questions = ("page-wrong", "page-comment", "page-correction")
        wrong, comment, correction = (say(language, words) for words in questions)
        return modal(
            self._ids.of("explain"),
            wrong if len(wrong) <= TITLE else say(language, "page-bad"),
            say(language, "page-send"),
            say(language, "page-cancel"),
            kept,
            [
                choice(self._ids.of(_REASON), wrong, reasons, before.reason),
                text_input(self._ids.of(_COMMENT), comment, before.comment),
                text_input(self._ids.of(_CORRECTION), correction, before.correction),
            ],
        )

    def _too_long(self, body: Mapping[str, Any]) -> Mapping[str, str]:
        language = str(kept_in(body).get("language") or "")
        return {
            self._ids.of(name): say(language, "modal-too-long", length=len(text), most=LONGEST)
            for name in (_COMMENT, _CORRECTION)
            if len(text := entered(body, self._ids.of(name))) > LONGEST
        }

    def _words(self, body: Mapping[str, Any]) -> tuple[str, str, str]:
        reason, comment, correction = (entered(body, self._ids.of(name)) for name in _WORDS)
        return reason, comment, correction


def _spot(click: Click) -> Spot:
    return Spot(click.channel, click.user, click.thread, click.response_url)
