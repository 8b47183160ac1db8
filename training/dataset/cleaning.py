"""What is wrong with examples is taken out, each with a reason. Pure.

In this order:

1. outliers (outliers.py)
2. contradictions: questions that ask the same, of which one calls a passage right and the other wrong, or one an answer and
   the other says that there is none. Who contradicts an earlier decision of their own has changed their mind: the later one
   stands. What two people say against each other is taken out of both, since nobody knows who is right. Only a passage that
   was found right after it had been said that nothing answers stands against that: the document was written meanwhile.
3. duplicates: of questions that ask the same, for the same readers and by the same licence, one remains: the one of most
   weight, the latest of these. It takes over what the others say of passages, and the people whose words they are.
4. a question of which only wrong passages are known takes over the right ones of a like question that its asker may read.

Golden questions are never changed: they are measured on, and nobody learns from them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from training.dataset.citing import renumbered
from training.dataset.drops import Dropped
from training.dataset.outliers import without_outliers
from training.dataset.rows import SOURCES, Example, Text
from training.dataset.similar import Vectors, matrix_of, near, same_questions

__all__ = [
    "ANSWERED_SINCE",
    "CONTRADICTED",
    "DUPLICATE",
    "LEAKED",
    "OLDER_DECISION",
    "cleaned",
    "paired",
    "without_contradictions",
    "without_duplicates",
    "without_leaked",
]

CONTRADICTED = "reviewers contradict each other"
OLDER_DECISION = "its reviewer decided otherwise later"
ANSWERED_SINCE = "somebody found a passage that answers it since"
DUPLICATE = "asks the same as another"
LEAKED = "asks the same as a question that is measured on"
LIKE = 0.97
"""Cosine of questions that the same passages are taken to answer, where nobody said so."""
_WEIGHT = {source: n for n, source in enumerate(("golden", "review", "standard", "synthetic", "heading"))}
assert set(_WEIGHT) == set(SOURCES)
Cleaned = tuple[list[Example], list[Dropped]]


def cleaned(examples: Sequence[Example], vectors: Vectors) -> Cleaned:
    """Those that remain, in their order, and those that do not. vectors: of all their questions."""
    kept, unlike = without_outliers(examples, vectors)
    kept, disputed = without_contradictions(kept)
    kept, again = without_duplicates(kept, vectors)
    return paired(kept, vectors), [*unlike, *disputed, *again]


def without_contradictions(examples: Sequence[Example]) -> Cleaned:
    """Of each pair of questions that ask the same, what they say against each other is taken out by the rules of this
    module; what is left with nothing to say is dropped."""
    kept: list[Example | Dropped] = list(examples)
    for a, b in sorted(same_questions(examples)):
        one, other = sorted((a, b), key=lambda row: (examples[row].origin.at, row))
        earlier, later = kept[one], kept[other]
        if isinstance(earlier, Example) and isinstance(later, Example):
            kept[one], kept[other] = _settled(earlier, later)
    return _divided(kept)


def _settled(earlier: Example, later: Example) -> tuple[Example | Dropped, Example | Dropped]:
    if "golden" in (earlier.origin.source, later.origin.source):
        return earlier, later
    own = bool(later.origin.reviewer) and earlier.origin.reviewer == later.origin.reviewer
    if earlier.abstain and later.right:
        return Dropped(OLDER_DECISION if own else ANSWERED_SINCE, earlier), later
    if earlier.right and later.abstain:
        if own:
            return Dropped(OLDER_DECISION, earlier), later
        return Dropped(CONTRADICTED, earlier), Dropped(CONTRADICTED, later)
    disputed = _ids(earlier.right) & _ids(later.wrong) | _ids(earlier.wrong) & _ids(later.right)
    if not disputed:
        return earlier, later
    if own:
        return _left(_without(earlier, disputed), OLDER_DECISION), later
    return _left(_without(earlier, disputed), CONTRADICTED), _left(_without(later, disputed), CONTRADICTED)


def _without(example: Example, ids: set[str]) -> Example:
    """Its answer goes with a passage that it may stand in."""
    right = tuple(text for text in example.right if text.id not in ids)
    wrong = tuple(text for text in example.wrong if text.id not in ids)
    answer = example.answer if right == example.right else ""
    rejected = example.rejected if (right, wrong) == (example.right, example.wrong) else ""
    return example.moved(right=right, wrong=wrong, answer=answer, rejected=rejected)


def _left(example: Example, reason: str) -> Example | Dropped:
    says = example.right or example.wrong or example.answer or example.abstain or example.route
    return example if says else Dropped(reason, example)


def without_duplicates(examples: Sequence[Example], vectors: Vectors) -> Cleaned:
    """One of each set of questions that ask the same, with what the others say. Questions that are nearly the same ask the
    same where a passage answers both: they may differ in a name."""
    order = sorted(range(len(examples)), key=lambda row: _rank(examples[row], row))
    same: defaultdict[int, set[int]] = defaultdict(set)
    surely = same_questions(examples)
    for a, b in surely.union(near(examples, vectors)):
        agree = (a, b) in surely or _ids(examples[a].right) & _ids(examples[b].right)
        if agree and _mergeable(examples[a], examples[b]):
            same[a].add(b)
            same[b].add(a)
    kept: list[Example | Dropped] = list(examples)
    for row in order:
        first = kept[row]
        for other in sorted(same[row], key=lambda other: _rank(examples[other], other)):
            second = kept[other]
            if other != row and isinstance(first, Example) and isinstance(second, Example):
                kept[other] = Dropped(DUPLICATE, examples[other])
                first = _merged(first, second)
        kept[row] = first
    return _divided(kept)


def _rank(example: Example, row: int) -> tuple[int, list[int], int]:
    """What is decided last comes first, within a source."""
    return _WEIGHT[example.origin.source], [-ord(sign) for sign in example.origin.at], -row


def _mergeable(one: Example, other: Example) -> bool:
    """A question of readers who may read more has other right passages; and a licence that is taken back takes its rows."""
    if "golden" in (one.origin.source, other.origin.source):
        return False
    same_use = (one.origin.scopes, one.origin.licence) == (other.origin.scopes, other.origin.licence)
    return same_use or _is_made(one) != _is_made(other)


def _is_made(example: Example) -> bool:
    """Of documents, by a machine."""
    return example.origin.source in ("heading", "synthetic")


def _merged(first: Example, second: Example) -> Example:
    """first, with what second knows besides, as it was asked first: a question that is asked again and again keeps its key,
    by which it stays in its part. What a machine made of documents adds nothing to what a person said."""
    if _is_made(second) and not _is_made(first):
        return first
    new = (text for text in second.right if not first.abstain and text.id not in _ids(first.wrong))
    right = _union(first.right, new)
    wrong = tuple(text for text in _union(first.wrong, second.wrong) if text.id not in _ids(right))
    return first.moved(
        question=min(first, second, key=lambda one: one.origin.at).question,
        right=right,
        wrong=wrong,
        answer=_placed(first.answer, first, right, wrong),
        rejected=_placed(first.rejected, first, right, wrong),
        votes=first.votes + second.votes,
        route=first.route or second.route,
        origin=replace(
            first.origin, people=tuple(dict.fromkeys((*first.origin.people, *second.origin.people)))
        ),
    )


def _placed(text: str, before: Example, right: Sequence[Text], wrong: Sequence[Text]) -> str:
    """Its marks stand for the same passages where these have other numbers now."""
    now = {one.id: n for n, one in enumerate((*right, *wrong), 1)}
    old = enumerate((*before.right, *before.wrong), 1)
    return renumbered(text, {n: now[one.id] for n, one in old if one.id in now})


def paired(examples: Sequence[Example], vectors: Vectors) -> list[Example]:
    """Each question of which only wrong passages are known with the right ones of the nearest like question, as far as its
    asker may read these and they are not those that are wrong."""
    needy = [n for n, one in enumerate(examples) if one.wrong and not one.right and not one.abstain]
    known = [n for n, one in enumerate(examples) if one.right and one.origin.source in ("review", "standard")]
    if not needy or not known:
        return list(examples)
    matrix = matrix_of(examples, vectors)
    made = list(examples)
    for row, cosines in zip(needy, matrix[needy] @ matrix[known].T, strict=True):
        for best in np.argsort(-cosines, kind="stable")[:5]:
            if cosines[best] >= LIKE and (right := _readable(examples[known[best]].right, examples[row])):
                made[row] = _adopted(examples[row], right, examples[known[best]])
                break
    return made


def _readable(right: Iterable[Text], example: Example) -> tuple[Text, ...]:
    scopes, wrong = example.origin.scopes, _ids(example.wrong)
    return tuple(text for text in right if (scopes is None or text.scope in scopes) and text.id not in wrong)


def _adopted(example: Example, right: tuple[Text, ...], giver: Example) -> Example:
    people = tuple(dict.fromkeys((*example.origin.people, *giver.origin.people)))
    origin = replace(example.origin, people=people)
    return example.moved(
        right=right, rejected=_placed(example.rejected, example, right, example.wrong), origin=origin
    )


def without_leaked(
    examples: Sequence[Example], measured: Sequence[Example], vectors: Vectors
) -> tuple[list[Example], list[Dropped]]:
    """Those that ask nothing of what is measured on: the same words, nearly the same words, or nearly the same vector."""
    both = [*examples, *measured]
    alike = same_questions(both).union(near(both, vectors))
    leaked = {a for a, b in alike if a < len(examples) <= b}
    return _divided([Dropped(LEAKED, one) if row in leaked else one for row, one in enumerate(examples)])


def _divided(made: Iterable[Example | Dropped]) -> Cleaned:
    made = list(made)
    return [one for one in made if isinstance(one, Example)], [
        one for one in made if isinstance(one, Dropped)
    ]


def _ids(texts: Iterable[Text]) -> set[str]:
    return {text.id for text in texts}


def _union(one: Iterable[Text], other: Iterable[Text]) -> tuple[Text, ...]:
    """The first of each id, in order."""
    found: dict[str, Text] = {}
    for text in (*one, *other):
        found.setdefault(text.id, text)
    return tuple(found.values())
