"""What may be kept as a standard answer. Everything is checked before anything is written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from rag_core.errors import InvalidEntry
from rag_core.standard.answer import LEAST_COSINE, MATCHES, StandardAnswer
from rag_core.standard.links import check_links
from rag_core.standard.pattern import Pattern
from rag_core.standard.wording import normalised

__all__ = ["LONGEST_ANSWER", "LONGEST_QUESTION", "MOST_QUESTIONS", "checked"]

LONGEST_ANSWER = 8_000
LONGEST_QUESTION = 500
MOST_QUESTIONS = 50
MOST_NAMES = 200
"""Channels, or scopes."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ID = re.compile(r"[\w.\-]{1,32}", re.ASCII)


def checked(answer: StandardAnswer) -> StandardAnswer:
    """The same, without white space around its parts and without repetitions.

    Raises:
        InvalidEntry: names the field and the remedy.
    """
    answer = replace(
        answer,
        answer=_CONTROL.sub(" ", answer.answer.replace("\r\n", "\n")).strip(),
        questions=_lines(answer.questions),
        pattern=_line(answer.pattern),
        platform=_line(answer.platform),
        channels=_lines(answer.channels),
        scopes=frozenset(_lines(answer.scopes)),
        author=_line(answer.author)[:200],
    )
    _check_matching(answer)
    _check_place(answer)
    if not answer.answer:
        raise InvalidEntry("answer: it is empty; say what is to be answered.")
    if len(answer.answer) > LONGEST_ANSWER:
        raise InvalidEntry(
            f"answer: it has {len(answer.answer):,} characters; shorten it to {LONGEST_ANSWER:,} and link to the rest."
        )
    check_links(answer.answer, answer.citations)
    for field, id in (("id", answer.id), ("from_answer", answer.from_answer)):
        if id and not _ID.fullmatch(id):
            raise InvalidEntry(f"{field}: {id[:40]!r} is none; leave it out.")
    return answer


def _check_matching(answer: StandardAnswer) -> None:
    if answer.match not in MATCHES:
        raise InvalidEntry(f"match: {answer.match!r} is none of {', '.join(MATCHES)}.")
    if answer.match == "pattern":
        if not answer.pattern:
            raise InvalidEntry(
                "pattern: it is empty; say what questions look like, such as 'how * reset * password'."
            )
        Pattern(answer.pattern)
    elif answer.pattern:
        raise InvalidEntry(
            f"pattern: it is not used with match {answer.match!r}; leave it out, or set match to pattern."
        )
    elif not answer.questions:
        raise InvalidEntry("questions: there is none; give at least one wording.")
    if len(answer.questions) > MOST_QUESTIONS:
        raise InvalidEntry(
            f"questions: {len(answer.questions)} wordings are too many; give up to {MOST_QUESTIONS}."
        )
    for question in answer.questions:
        if not normalised(question):
            raise InvalidEntry(f"questions: {question!r} has no word; give a question.")
        if len(question) > LONGEST_QUESTION:
            raise InvalidEntry(
                f"questions: {question[:40]!r}… is too long; shorten it to {LONGEST_QUESTION} characters."
            )
    if not LEAST_COSINE <= answer.threshold <= 1:
        raise InvalidEntry(
            f"threshold: {answer.threshold:g} is not between {LEAST_COSINE} and 1; it may be raised, not lowered."
        )


def _check_place(answer: StandardAnswer) -> None:
    if answer.channels and not answer.platform:
        raise InvalidEntry("platform: channels are named and it is not; say slack, discord or web.")
    if len(answer.platform) > 32:
        raise InvalidEntry("platform: it is too long; say slack, discord or web.")
    if max(len(answer.channels), len(answer.scopes)) > MOST_NAMES:
        raise InvalidEntry(f"channels, scopes: these are too many; name up to {MOST_NAMES} of each.")
    for channel in answer.channels:
        if channel.startswith("#") or " " in channel:
            raise InvalidEntry(
                f"channels: {channel[:40]!r} is a name; give the channel's id, which nobody else can take."
            )


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    """In their order, each once."""
    return tuple(dict.fromkeys(line for line in map(_line, texts) if line))
