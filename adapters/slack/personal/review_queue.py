"""Reviewers decide on their Home tab about what waits for it: at once, or in a modal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from adapters.inputs import parts, together
from adapters.reviewing import LONGEST as LONGEST_CORRECTION
from adapters.reviewing import Reviewing
from adapters.slack.bot import PLATFORM, Refusal
from adapters.slack.clicks import click_of, entered, kept_in, user_of
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.personal.home import Home, offset_in
from adapters.slack.personal.review_items import item
from adapters.slack.received import Handler, Received
from adapters.slack.showing.blocks import Json
from adapters.slack.showing.modals import LONGEST, PART, modal, text_input
from adapters.slack.showing.views import reading
from adapters.slack.showing.whispers import Whispers
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback, RecordedAnswer
from rag_core.records.reviews.reviews import Review
from rag_core.types import Vote

__all__ = ["ReviewQueue"]

_TEXT, _NOTE = "text", "note"


class ReviewQueue:
    """Who is a reviewer is asked anew with each decision. A decision counts once; the Home tab shows what came of it."""

    def __init__(
        self,
        ids: Ids,
        reviewing: Reviewing,
        feedback: Feedback,
        identity: Identity,
        home: Home,
        whispers: Whispers,
    ) -> None:
        self._ids = ids
        self._reviewing = reviewing
        self._feedback = feedback
        self._identity = identity
        self._home = home
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "action:review_page": self._turn,
            "action:review_approve": self._approve,
            "action:review_correct": self._correct,
            "action:review_reject": self._reject,
            "action:review_open": self._open,
            "view:review_corrected": self._corrected,
            "view:review_rejected": self._rejected,
        }

    def refusals(self) -> Mapping[str, Refusal]:
        return {"view:review_corrected": self._wrong, "view:review_rejected": self._wrong_note}

    async def _turn(self, received: Received) -> None:
        click = click_of(received.body, self._ids)
        offset = int(click.value) if click.value.isdecimal() else 0
        await self._home.show(received.api, click.user, offset)

    async def _approve(self, received: Received) -> None:
        review = click_of(received.body, self._ids).value
        await self._decide(received, review, lambda who: self._reviewing.approve(review, who))

    async def _rejected(self, received: Received) -> None:
        review, note = self._kept(received), entered(received.body, self._ids.of(_NOTE))
        await self._decide(received, review, lambda who: self._reviewing.reject(review, who, note))

    async def _corrected(self, received: Received) -> None:
        body, review = received.body, self._kept(received)
        text, note = self._text(body), entered(body, self._ids.of(_NOTE))
        await self._decide(received, review, lambda who: self._reviewing.correct(review, who, text, note))

    async def _decide(
        self, received: Received, review: str, decision: Callable[[str], Awaitable[bool]]
    ) -> None:
        api, user = received.api, user_of(received.body)
        notice = ""
        if await self._identity.is_reviewer(api, user):
            who = f"{PLATFORM}:{user}"
            if not await decision(who) and not await self._reviewing.is_by(review, who):
                notice = "draft-decided"
        await self._home.show(api, user, offset_in(received), notice)

    async def _open(self, received: Received) -> None:
        def view(language: str, review: Review, given: RecordedAnswer, votes: list[Vote]) -> Json:
            title, close = say(language, "review-open"), say(language, "close")
            return reading(title, close, item(given, votes, review, language))

        await self._show(received, view)

    async def _correct(self, received: Received) -> None:
        def view(language: str, review: Review, given: RecordedAnswer, votes: list[Vote]) -> Json:
            pieces, between = parts((review.proposed or given.text)[:LONGEST_CORRECTION], PART)
            label, note = say(language, "review-text"), say(language, "review-note")
            inputs = [
                text_input(self._part(n), label, piece, optional=n > 0) for n, piece in enumerate(pieces)
            ]
            inputs.append(text_input(self._ids.of(_NOTE), note))
            kept = self._keep(received, review, language) | {"parts": len(pieces), "between": between}
            title, send, close = (say(language, w) for w in ("review-correct", "page-send", "page-cancel"))
            shown = [*item(given, votes, review, language), *inputs]
            return modal(self._ids.of("review_corrected"), title, send, close, kept, shown)

        await self._show(received, view)

    async def _reject(self, received: Received) -> None:
        def view(language: str, review: Review, given: RecordedAnswer, votes: list[Vote]) -> Json:
            note = text_input(self._ids.of(_NOTE), say(language, "review-note"))
            title, close = say(language, "review-reject"), say(language, "page-cancel")
            kept = self._keep(received, review, language)
            shown = [*item(given, [], review, language, brief=True), note]
            return modal(self._ids.of("review_rejected"), title, title, close, kept, shown)

        await self._show(received, view)

    async def _show(
        self, received: Received, view: Callable[[str, Review, RecordedAnswer, list[Vote]], Json]
    ) -> None:
        """A modal over the Home tab; the tab anew, where it is decided or the modal does not open."""
        api, click = received.api, click_of(received.body, self._ids)
        notice = ""
        if await self._identity.is_reviewer(api, click.user):
            review = await self._reviewing.get(click.value)
            given = await self._reviewing.given(review) if review else None
            if review is None or given is None or not review.is_pending:
                notice = "draft-decided"
            else:
                language = await self._whispers.language_at_once(api, "", click.user)
                made = view(language, review, given, await self._feedback.votes_on(given.id))
                if await self._whispers.open(api, click.trigger, made):
                    return
                notice = "modal-not-opened"
        await self._home.show(api, click.user, offset_in(received), notice)

    def _keep(self, received: Received, review: Review, language: str) -> dict[str, object]:
        return {"review": review.id, "offset": offset_in(received), "language": language}

    def _kept(self, received: Received) -> str:
        """The review that a modal is about."""
        return str(kept_in(received.body).get("review") or "")

    def _part(self, number: int) -> str:
        return self._ids.of(f"{_TEXT}:{number}")

    def _pieces(self, body: Mapping[str, object]) -> list[str]:
        count = int(str(kept_in(body).get("parts") or 1))
        return [entered(body, self._part(number)) for number in range(count)]

    def _text(self, body: Mapping[str, object]) -> str:
        between = [str(one) for one in kept_in(body).get("between") or ()]
        return together(self._pieces(body), between)

    def _wrong(self, body: Mapping[str, object]) -> Mapping[str, str]:
        language, pieces = str(kept_in(body).get("language") or ""), self._pieces(body)
        if not any(pieces):
            return {self._part(0): say(language, "draft-empty")}
        texts = {self._part(number): text for number, text in enumerate(pieces)}
        return _too_long(texts, language) | self._wrong_note(body)

    def _wrong_note(self, body: Mapping[str, object]) -> dict[str, str]:
        block, language = self._ids.of(_NOTE), str(kept_in(body).get("language") or "")
        return _too_long({block: entered(body, block)}, language)


def _too_long(texts: Mapping[str, str], language: str) -> dict[str, str]:
    return {
        block: say(language, "modal-too-long", length=len(text), most=LONGEST)
        for block, text in texts.items()
        if len(text) > LONGEST
    }
