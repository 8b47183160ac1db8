"""What is learned from each resolution of a review. Pure.

    good_example      what it cites is right, and the answer is approved; an abstention that was right is one to learn
    right_passage     these passages are right, others wrong; nothing was said of the answer
    wrong_passage     these are wrong; cleaning may find right ones at a like question
    corrected_answer  the correction is approved, the answer as it was given is rejected
    missing_document  it must abstain; an answer that was given all the same is rejected
    stale_document    what is stale is wrong; whether another passage answers is not known
    no_fault          an abstention was right; an answer is approved where votes speak for it as well, and else there is
                      nothing to learn but its route

An answer that was voted down more than up is rejected too, where the reviewer approved no answer. In answer and rejected,
[n] stands for the n-th of the passages (*right, *wrong), from 1; a mark of another passage is taken out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag_core.records.reviews.judging import Judged
from rag_core.review.resolving.previewing import readable
from rag_core.types import Citation
from training.dataset.citing import renumbered
from training.dataset.drops import Dropped
from training.dataset.passages import Named, Standing
from training.dataset.rows import Example, Origin, Text

__all__ = ["FILES", "NOTHING", "Reviewed", "cited_by", "learned", "named_by"]

FILES = "made from files of a chat, which nobody else has"
"""No word of it is kept."""
NOTHING = "nothing to learn from"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review that is resolved, with the answer it is of."""

    id: str
    resolution: str
    correction: str
    citations: tuple[Citation, ...]
    """Of the correction."""
    reviewer: str
    proposed_by: str
    at: str
    route: str
    platform: str
    user: str
    question: str
    """Standing by itself."""
    answer: str
    abstained: bool
    cited: tuple[Citation, ...]
    """By the answer."""
    scopes: tuple[str, ...] | None
    """As they are recorded, with the names of files."""
    judged: tuple[Judged, ...] = ()
    votes: int = 0
    """That count, those for it less those against it."""


def named_by(reviewed: Reviewed) -> list[Named]:
    """The passages that it judges or quotes."""
    cited = [cited_by(one) for one in (*reviewed.cited, *reviewed.citations)]
    return [*map(_named, reviewed.judged), *(one for one in cited if one is not None)]


def cited_by(citation: Citation) -> Named | None:
    """What it quotes; None: no passage, such as a link that a person wrote."""
    document = citation.passage.rpartition("#")[0]
    if not document:
        return None
    source = document.partition("/")[0]
    return Named(document, source, citation.title, citation.quote, citation.passage, quoted=True)


def learned(reviewed: Reviewed, texts: Standing, licence: str) -> Example | Dropped:
    """texts: what became of named_by. licence: what allows its use."""
    example = Example(
        reviewed.question, _origin(reviewed, licence), votes=reviewed.votes, route=reviewed.route
    )
    if readable(reviewed.scopes).files:
        return Dropped(FILES, Example("", example.origin))
    right, wrong = _passages(reviewed, texts)
    example = example.moved(right=right, wrong=wrong, abstain=_abstains(reviewed, right))
    answer, rejected = _answers(reviewed, example)
    given, said = _numbers(reviewed.cited, texts, example), _numbers(reviewed.citations, texts, example)
    numbers = said if reviewed.resolution == "corrected_answer" else given
    example = example.moved(answer=renumbered(answer, numbers), rejected=renumbered(rejected, given))
    return example if _says_something(example) else Dropped(NOTHING, example)


def _origin(reviewed: Reviewed, licence: str) -> Origin:
    asker = f"{reviewed.platform}:{reviewed.user}" if reviewed.user else ""
    proposer = reviewed.proposed_by if reviewed.resolution == "corrected_answer" else ""
    people = tuple(dict.fromkeys(one for one in (asker, reviewed.reviewer, proposer) if one))
    readers = readable(reviewed.scopes).scopes
    return Origin(
        "review",
        reviewed.id,
        reviewed.platform,
        reviewed.reviewer,
        people,
        None if readers is None else tuple(sorted(readers)),
        licence,
        reviewed.at,
    )


def _named(judged: Judged) -> Named:
    return Named(judged.document, judged.source, judged.title, judged.text, judged.passage, judged.scope)


def _passages(reviewed: Reviewed, texts: Standing) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """Right and wrong ones. A decision made in a chat judges no passage: then those that are cited are right, as
    rag_core/review/resolving/resolving.py has it."""
    right = _texts((one for one in reviewed.judged if one.label == "right"), texts)
    wrong = _texts((one for one in reviewed.judged if one.label != "right"), texts)
    cited = {"good_example": reviewed.cited, "corrected_answer": reviewed.citations}
    if not reviewed.judged:
        places = (cited_by(one) for one in cited.get(reviewed.resolution, ()))
        right = _unique(text for place in places if place for text in texts.get(place, ()))
    wrong_alone = {text.id for text in wrong} - {text.id for text in right}
    return right, tuple(text for text in wrong if text.id in wrong_alone)


def _texts(judged: Iterable[Judged], texts: Standing) -> tuple[Text, ...]:
    return _unique(text for one in judged for text in texts.get(_named(one), ()))


def _unique(texts: Iterable[Text]) -> tuple[Text, ...]:
    return tuple({text.id: text for text in texts}.values())


def _abstains(reviewed: Reviewed, right: Sequence[Text]) -> bool:
    if reviewed.resolution == "missing_document":
        return True
    return reviewed.abstained and not right and reviewed.resolution in ("good_example", "no_fault")


def _answers(reviewed: Reviewed, example: Example) -> tuple[str, str]:
    """Approved and rejected, as they were written. The sentence of an abstention is neither."""
    given = "" if reviewed.abstained else reviewed.answer
    if reviewed.resolution == "corrected_answer":
        return reviewed.correction, given
    if reviewed.resolution == "missing_document":
        return "", given
    if reviewed.resolution == "good_example":
        return given, ""
    if reviewed.resolution == "no_fault":
        return (given, "") if reviewed.votes > 0 else ("", "")
    return "", given if example.votes < 0 else ""


def _numbers(citations: Iterable[Citation], texts: Standing, example: Example) -> Mapping[int, int]:
    """By the number of a citation, that of its passage."""
    places = {text.id: n for n, text in enumerate((*example.right, *example.wrong), 1)}
    found = {}
    for citation in citations:
        place = cited_by(citation)
        text = next(iter(texts.get(place, ())), None) if place else None
        if text is not None and text.id in places:
            found[citation.number] = places[text.id]
    return found


def _says_something(example: Example) -> bool:
    taught = (example.right, example.wrong, example.answer, example.rejected, example.route)
    return example.abstain or any(taught)
