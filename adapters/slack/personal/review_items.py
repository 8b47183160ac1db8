"""What a reviewer reads of an answer: question, answer with its sources, what people said of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.chat import REASONS
from adapters.slack.bot import PLATFORM
from adapters.slack.showing.blocks import Json, context, section
from adapters.slack.showing.escaping import escaped, label, link
from adapters.slack.showing.mrkdwn import SECTION, sections
from adapters.slack.showing.quoting import quoted
from adapters.text import linkable, readable_place, shortened
from rag_core.messages import say
from rag_core.records.feedback.recording import RecordedAnswer
from rag_core.records.reviews.reviews import Review
from rag_core.types import Citation, Vote

__all__ = ["item"]

_QUESTION, _ANSWER, _BRIEF, _PROPOSED, _WORDS = 2_000, 12_000, 500, 6_000, 1_000
_TITLE, _PLACE = 150, 80
_MOST_VOTES, _MOST_SOURCES = 10, 20


def item(
    given: RecordedAnswer, votes: Sequence[Vote], review: Review, language: str, *, brief: bool = False
) -> list[Json]:
    """votes: on the answer; those against it are shown, the latest ten. brief: question and answer alone, and its
    beginning."""
    text = shortened(given.text, _BRIEF if brief else _ANSWER)
    blocks = [
        *quoted(shortened(given.question, _QUESTION)),
        *[section(part) for part in sections(text)],
    ]
    if brief:
        return blocks
    blocks += _sources(given.citations[:_MOST_SOURCES], language)
    for vote in [vote for vote in votes if vote.value == -1][-_MOST_VOTES:]:
        blocks += _vote(vote, language)
    if review.proposed:
        blocks.append(context(escaped(say(language, "review-proposed"))))
        blocks += quoted(shortened(review.proposed, _PROPOSED))
    return blocks


def _sources(citations: Sequence[Citation], language: str) -> Iterator[Json]:
    for citation in citations:
        title = label(citation.title, _TITLE) or escaped(say(language, "script-untitled"))
        place = label(readable_place(citation.place, language), _PLACE)
        address = linkable(citation.location)
        line = f"[{citation.number}] {link(address, title) if address else title}"
        line += f" · {place}" if place else ""
        yield context(line if len(line) <= SECTION else f"[{citation.number}] {title}")


def _vote(vote: Vote, language: str) -> Iterator[Json]:
    """In a modal a mention shows a name and calls nobody."""
    who = f"<@{escaped(vote.user)}>" if vote.platform == PLATFORM and vote.user else escaped(vote.platform)
    reason = escaped(say(language, REASONS[vote.reason])) if vote.reason in REASONS else ""
    yield context(" · ".join(filter(None, ("👎", who, reason))))
    for words in (vote.comment, vote.correction):
        yield from quoted(shortened(words, _WORDS))
