"""What a reviewer reads of an answer, and what they press: a page of the queue, all of an answer, the modals. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from adapters.chat import REASONS
from adapters.discord.ids import Ids
from adapters.discord.received import PLATFORM, Json
from adapters.discord.showing.components import DANGER, SUCCESS, button, modal, row, text_input
from adapters.discord.showing.escaping import escaped, label, length, link
from adapters.discord.showing.markup import as_discord
from adapters.discord.showing.quoting import quoted
from adapters.discord.showing.rendering import body, contents, embed
from adapters.inputs import parts
from adapters.reviewing import LONGEST as LONGEST_CORRECTION
from adapters.reviewing import SOURCES
from adapters.text import linkable, readable_place, shortened
from rag_core.generation.inert import inert
from rag_core.messages import say
from rag_core.records.feedback.recording import RecordedAnswer
from rag_core.records.reviews.reviews import Review
from rag_core.types import Citation, Vote

__all__ = ["NOTE", "Item", "correcting", "nothing", "page", "piece", "rejecting", "whole"]

NOTE = "note"
"""The name of the input for a note."""
_QUESTION, _QUOTE, _ANSWER, _SHOWN, _SOURCES, _VOTES, _PROPOSED = 500, 900, 2_200, 2_400, 700, 900, 800
"""Characters on a page: within the 6,000 of all embeds of a message. The whole answer is a button away."""
_ALL_QUESTION, _ALL_ANSWER, _ALL_PROPOSED = 2_000, 12_000, 10_000
_MOST_SOURCES, _MOST_VOTES, _WORDS = 20, 10, 1_000
_TITLE, _PLACE, _ADDRESS = 150, 80, 300
_PART, _FULL, _PARTS, _NOTE = 3_900, 4_000, 4, 3_000
"""Characters of an input with room to add some, and at most; inputs besides the note; characters of the note."""
_BETWEEN = {"p": "\n\n", "l": "\n", "w": " ", "n": ""}
"""What stands between two inputs, as a letter of the modal's id."""


@dataclass(frozen=True, slots=True)
class Item:
    """What waits for a decision."""

    review: Review
    given: RecordedAnswer
    votes: Sequence[Vote]
    """On the answer; those against it are shown, the latest ten."""
    number: int = 0
    """How many wait before it."""
    count: int = 1
    """How many wait in all."""

    @property
    def argument(self) -> str:
        """What its buttons carry."""
        return f"{self.review.id}:{self.number}"


def page(item: Item, week: Sequence[str], language: str, ids: Ids, notice: str = "") -> Json:
    """One answer, with what can be decided about it. week: lines of plain text. notice: plain text above all."""
    shown = [embed(_asked(item))]
    if about := "\n".join(_about(item, language)):
        shown.append(embed(about))
    made = body(_top(week, language, notice, item), components=_controls(item, language, ids))
    return made | {"embeds": shown}


def nothing(week: Sequence[str], language: str, notice: str = "") -> Json:
    """The page where nothing waits."""
    return body(f"{_top(week, language, notice)}\n{escaped(say(language, 'review-nothing'))}")


def whole(item: Item, language: str) -> list[Json]:
    """All of an answer and of what was said of it, in as many messages as that takes."""
    given = item.given
    markdown = shortened(given.text, _ALL_ANSWER)
    links = {one.number: linkable(one.location) for one in given.citations}
    short_links = {number: address for number, address in links.items() if 0 < len(address) <= _ADDRESS}
    lines = [
        *quoted(shortened(given.question, _ALL_QUESTION)),
        as_discord(inert(markdown, markdown), short_links),
        *_sources(item, language),
        *(line for vote in _against(item) for line in _vote(vote, language)),
        *_proposed(item, language),
    ]
    return [body(text) for text in contents("\n".join(lines))]


def correcting(item: Item, language: str, ids: Ids) -> Json:
    """The modal to write what the answer should be, beginning with what was proposed or the answer itself."""
    pieces, between = _pieces(item.review.proposed or item.given.text)
    inputs = [
        text_input(ids.of(f"text_{n}"), say(language, "review-text"), text, required=n == 0)
        for n, text in enumerate(pieces)
    ]
    id = ids.of("review_corrected", f"{item.argument}:{between}")
    return modal(id, say(language, "review-correct"), *inputs, _note(language, ids))


def rejecting(item: Item, language: str, ids: Ids) -> Json:
    id = ids.of("review_rejected", item.argument)
    return modal(id, say(language, "review-reject"), _note(language, ids))


def piece(letter: str) -> str:
    """What stands between two inputs of correcting(), by a letter of its id."""
    return _BETWEEN.get(letter, " ")


def _pieces(text: str) -> tuple[list[str], str]:
    """For as many inputs as hold it, and a letter for what stands between each two."""
    text = text[:LONGEST_CORRECTION]
    pieces, between = parts(text, _PART, length)
    if len(pieces) > _PARTS:  # white space makes them short
        full = _FULL if length(text) == len(text) else _FULL // 2
        pieces = [text[at : at + full] for at in range(0, len(text), full)][:_PARTS]
        between = [""] * (len(pieces) - 1)
    return pieces, "".join(map(_letter, between))


def _letter(between: str) -> Literal["p", "l", "w", "n"]:
    if "\n\n" in between:
        return "p"
    if "\n" in between:
        return "l"
    return "w" if between else "n"


def _note(language: str, ids: Ids) -> Json:
    return text_input(ids.of(NOTE), say(language, "review-note"), most=_NOTE)


def _top(week: Sequence[str], language: str, notice: str, item: Item | None = None) -> str:
    count = item.count if item else 0
    lines = [
        *([f"ℹ️ {escaped(notice)}"] if notice else []),
        f"**{escaped(say(language, 'figures'))}**",
        *(f"- {escaped(line)}" for line in week),
        f"**{escaped(say(language, 'review-queue', number=count))}**",
    ]
    if item:
        why = say(language, SOURCES.get(item.review.source, "review-by-vote"))
        values = [vote.value for vote in item.votes]
        where = say(language, "review-position", number=item.number + 1, total=item.count)
        made = f"<t:{int(item.review.created_at.timestamp())}:d>"
        thumbs = f"👍 {values.count(1)} 👎 {values.count(-1)}"
        lines.append(" · ".join((f"**{escaped(where)}**", escaped(why), thumbs, made)))
    return "\n".join(lines)


def _controls(item: Item, language: str, ids: Ids) -> list[Json]:
    def decide(words: str, name: str, style: int) -> Json:
        return button(say(language, words), ids.of(name, item.argument), style)

    def turn(words: str, number: int) -> Json:
        is_there = 0 <= number < item.count
        return button(say(language, words), ids.of("review_page", str(number)), disabled=not is_there)

    return [
        row(
            decide("review-approve", "review_approve", SUCCESS),
            decide("review-correct", "review_correct", 1),
            decide("review-reject", "review_reject", DANGER),
            decide("review-open", "review_open", 2),
        ),
        row(turn("review-previous", item.number - 1), turn("review-next", item.number + 1)),
    ]


def _asked(item: Item) -> str:
    """The beginnings of question and answer."""
    markdown = shortened(item.given.text, _ANSWER, length)
    shown = next(iter(contents(as_discord(inert(markdown, markdown)), _SHOWN)), "")
    return "\n".join([*quoted(shortened(item.given.question, _QUESTION), _QUOTE)[:1], shown])


def _about(item: Item, language: str) -> list[str]:
    """Sources, votes and what was proposed, as far as there is room."""
    votes = [line for vote in reversed(_against(item)) for line in _vote(vote, language, brief=True)]
    return [
        *_fitting(_sources(item, language), _SOURCES),
        *_fitting(votes, _VOTES),
        *_fitting(_proposed(item, language, brief=True), _PROPOSED),
    ]


def _sources(item: Item, language: str) -> list[str]:
    return [_source(one, language) for one in item.given.citations[:_MOST_SOURCES]]


def _source(citation: Citation, language: str) -> str:
    title = shortened(" ".join(citation.title.split()), _TITLE) or say(language, "script-untitled")
    place = label(readable_place(citation.place, language), _PLACE)
    address = linkable(citation.location)
    shown = link(address, title) if 0 < len(address) <= _ADDRESS else escaped(title)
    return " · ".join(filter(None, (f"-# [{citation.number}] {shown}", place)))


def _against(item: Item) -> list[Vote]:
    return [vote for vote in item.votes if vote.value == -1][-_MOST_VOTES:]


def _vote(vote: Vote, language: str, brief: bool = False) -> list[str]:
    """In an ephemeral message a mention shows a name and calls nobody."""
    who = f"<@{vote.user}>" if vote.platform == PLATFORM and vote.user.isdecimal() else escaped(vote.platform)
    reason = escaped(say(language, REASONS[vote.reason])) if vote.reason in REASONS else ""
    said = [
        line for text in (vote.comment, vote.correction) for line in _words(text, _WORDS, _VOTES // 3, brief)
    ]
    return [" · ".join(filter(None, ("👎", who, reason))), *said]


def _proposed(item: Item, language: str, brief: bool = False) -> list[str]:
    if not item.review.proposed:
        return []
    said = escaped(say(language, "review-proposed"))
    return [f"-# {said}", *_words(item.review.proposed, _ALL_PROPOSED, _PROPOSED - 200, brief)]


def _words(text: str, most: int, few: int, brief: bool) -> list[str]:
    """Somebody's words as a quote: most of them, or what one of so few characters holds."""
    return quoted(shortened(text, few), few)[:1] if brief else quoted(shortened(text, most))


def _fitting(lines: Iterable[str], most: int) -> list[str]:
    """As many as there is room for, and a sign that there are more."""
    found: list[str] = []
    for line in lines:
        if sum(length(one) + 1 for one in found) + length(line) > most:
            return [*found, "…"]
        found.append(line)
    return found
