"""What is learned from: one example for each question, with where it comes from. Pure; knows no database and no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

__all__ = ["PARTS", "SOURCES", "Example", "Origin", "Part", "Source", "Text", "example_of", "row_of"]

Source = Literal["review", "golden", "standard", "heading", "synthetic"]
SOURCES: tuple[Source, ...] = get_args(Source)
"""review: a question that was asked, and what a reviewer resolved of it. golden: a golden question. standard: a standard
answer. heading: a section's heading and what stands below it. synthetic: a question that a language model wrote."""
Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an example comes from."""

    source: Source
    id: str
    """Of the review, the golden question, the standard answer, or the passage."""
    platform: str = ""
    """Where it was asked; '': nowhere."""
    reviewer: str = ""
    """PLATFORM:USER who vouches for it; '': nobody need."""
    people: tuple[str, ...] = ()
    """PLATFORM:USER of all whose words it holds: who forgets one of them forgets the row (records/exchange/removing.py)."""
    scopes: tuple[str, ...] | None = ()
    """Whose eyes it was for: what the asker might read; None: everything."""
    licence: str = "own"
    """What allows its use: 'own', the organisation's documents and people; else the setting that does, such as
    'training.data.slack'."""
    at: str = ""
    """When it was decided or written: ISO 8601, UTC."""


@dataclass(frozen=True, slots=True)
class Text:
    """A passage, as it was when it was judged."""

    id: str
    """Of a text that is not in the index any more: DOCUMENT#, and a part of its hash."""
    document: str
    text: str
    """As the index embeds it: title and headings in the first line, then the text."""
    scope: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    question: str
    """Standing by itself."""
    origin: Origin
    right: tuple[Text, ...] = ()
    """Passages that answer it."""
    wrong: tuple[Text, ...] = ()
    """Passages that a person judged not to answer it, or to be out of date: hard negatives."""
    mined: tuple[Text, ...] = ()
    """Passages that are found for it and do not answer it, as far as can be told: hard negatives. Where the documents do not
    answer it: what was found when it was asked."""
    answer: str = ""
    """Approved by a person, as corrected; '': there is none. [n] is the n-th of (*right, *wrong), as in rejected."""
    rejected: str = ""
    """An answer that was corrected or voted down; '': there is none."""
    votes: int = 0
    """Votes for its answer as it was given, less those against it, as far as they count."""
    abstain: bool = False
    """Whether the documents do not answer it, so that the bot must say so."""
    route: str = ""
    """What kind of question it is, as reviewers said: 'answer', 'small-talk', 'person' or a topic of the team's own; '':
    nobody said."""
    group: str = ""
    """Equal for examples that must not be parted: like questions, and questions of one document."""
    part: Part = "train"

    def moved(self, **changes: Any) -> Example:
        return replace(self, **changes)


def row_of(example: Example) -> dict[str, Any]:
    """As JSON holds it."""
    return asdict(example)


def example_of(row: Mapping[str, Any]) -> Example:
    """
    Raises:
        TypeError, KeyError, ValueError: the row is none of row_of.
    """
    values = dict(row)
    origin = dict(values.pop("origin"))
    origin["people"] = tuple(origin.get("people", ()))
    origin["scopes"] = None if origin.get("scopes") is None else tuple(origin["scopes"])
    for name in ("right", "wrong", "mined"):
        values[name] = tuple(Text(**one) for one in values.get(name, ()))
    if values.get("part", "train") not in PARTS or origin["source"] not in SOURCES:
        raise ValueError("this is no part or source of an example")
    return Example(origin=Origin(**origin), **values)
