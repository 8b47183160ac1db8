"""Questions from the documents' own headings: which section stands below which. Pure over rows of the store.

The question is a section's heading, with the document's title before it where the heading alone says little ("Installation"
of what?). What stands below it is right, without that heading in its first line: else there would be nothing to learn but to
look for the same words (Lee et al. 2019, arXiv 1906.00300, take the question out of its passage for the same reason).

A share of the documents, by a hash so that it stays the same while others come and go, gives the general sample: it is never
trained on, and guards against forgetting. Its passages are as the index embeds them.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rag_core.access import PUBLIC
from rag_core.index.stores.protocol import Row
from training.dataset.passages import indexed
from training.dataset.rows import Example, Origin, Text

__all__ = ["MOST", "Headings", "headings", "is_general"]

GENERAL_SHARE = 0.25
"""Of the documents: fewer than some hundred questions cannot tell that nothing was lost (benchmarks/gate.py)."""
MOST_GENERAL = 1_000
MOST = 5_000
"""Questions from headings that are learned from."""
MOST_PASSAGES = 3
"""Of one section."""
MOST_ALIKE = 10
"""Documents that may answer one question of the general sample."""
LEAST_TEXT = 60
"""Characters of a passage."""
FEW_WORDS = 3
"""A heading of fewer says little by itself."""
REPEATED = 3
"""Documents that a heading may stand in and still say something by itself."""
SHORTEST, LONGEST = 4, 150
"""Characters of a question."""
_NUMBERING = re.compile(
    r"^\s*(?:(?:chapter|section|part|appendix)\s+)?(?:[\dIVX]+[.):]|\d+(?:\.\d+)+\.?|[A-Z]\.)\s+", re.I
)
_CODE = re.compile(r"[`{}<>=\\|$]|::|->|\(\)|\w\(|\w_\w|^[\w.\-/]*[./][\w.\-/]*$|^--?\w")


@dataclass(frozen=True, slots=True)
class Headings:
    train: tuple[Example, ...]
    general: tuple[Example, ...]
    """Of other documents; its part says test."""


@dataclass(frozen=True, slots=True)
class _Section:
    document: str
    title: str
    heading: str
    """'': the whole document's own, below its title."""
    rows: tuple[Row, ...]


def headings(rows: Iterable[Row], seed: int, most: int = MOST, most_general: int = MOST_GENERAL) -> Headings:
    """rows: all of the index. most, most_general: questions; of more a seeded sample is taken."""
    sections = _sections(rows)
    documents = _documents(sections)
    asked: defaultdict[str, list[tuple[str, _Section]]] = defaultdict(list)
    for section in sections:
        if question := _question(section, documents):
            asked[question.casefold()].append((question, section))
    general, train = list[Example](), list[Example]()
    for (question, first), *others in asked.values():
        apart = is_general(first.document, seed)
        if apart and len(others) < MOST_ALIKE:
            general.append(_with(_example(question, first, apart), [section for _, section in others]))
        elif not apart and not others:  # else other documents answer it as well, and would be taken for wrong
            train.append(_example(question, first, apart))
    return Headings(_sample(train, most, seed), _sample(general, most_general, seed))


def is_general(document: str, seed: int) -> bool:
    """Whether its headings are never trained on."""
    return _number(f"general:{seed}:{document}") < GENERAL_SHARE


def _sections(rows: Iterable[Row]) -> list[_Section]:
    found: defaultdict[tuple[str, tuple[str, ...]], list[Row]] = defaultdict(list)
    for row in rows:
        if len(row.passage.text.strip()) >= LEAST_TEXT:
            found[row.passage.document, row.passage.headings].append(row)
    sections = []
    for (document, names), below in sorted(found.items()):
        below.sort(key=lambda row: _place(row.passage.id))
        title = below[0].passage.title.strip()
        own = [name for name in names if name.strip() != title]
        sections.append(_Section(document, title, own[-1] if own else "", tuple(below[:MOST_PASSAGES])))
    return sections


def _documents(sections: Sequence[_Section]) -> Counter[str]:
    """In how many documents each heading stands."""
    pairs = {(section.heading.casefold(), section.document) for section in sections if section.heading}
    return Counter(heading for heading, _ in pairs)


def _question(section: _Section, documents: Counter[str]) -> str:
    """'': it says nothing that anybody would ask."""
    heading, title = _plain(section.heading), _plain(section.title)
    if section.heading and not heading:
        return ""
    known = documents[section.heading.casefold()]
    says_little = not heading.endswith("?") and (len(heading.split()) < FEW_WORDS or known > REPEATED)
    if not says_little or not heading:
        question = heading or title
    else:
        question = f"{title}: {heading}" if title.casefold() not in ("", heading.casefold()) else ""
    return question if SHORTEST <= len(question) <= LONGEST and " " in question else ""


def _plain(heading: str) -> str:
    """Without its number; '' of code, numbers, and what is hardly a word."""
    text = " ".join(_NUMBERING.sub("", heading.strip()).strip("#*_ ").split())
    letters = sum(sign.isalpha() for sign in text)
    return text if letters >= FEW_WORDS and letters > len(text) / 2 and not _CODE.search(text) else ""


def _example(question: str, section: _Section, general: bool) -> Example:
    texts = tuple(indexed(row) for row in section.rows)
    if not general:
        texts = tuple(_without(text, section) for text in texts)
    first = section.rows[0].passage
    origin = Origin("heading", first.id, scopes=tuple(sorted({PUBLIC, first.scope})))
    return Example(
        question, origin, texts, part="test" if general else "train", group=f"document:{section.document}"
    )


def _with(example: Example, others: Sequence[_Section]) -> Example:
    """What other documents have below the same heading is right as well."""
    return example.moved(right=(*example.right, *(indexed(section.rows[0]) for section in others)))


def _without(text: Text, section: _Section) -> Text:
    """Its first line without the heading that is the question."""
    asked = " ".join((section.heading or section.title).split())
    first, line, rest = text.text.partition("\n")
    names = [name for name in first.split(" > ") if name != asked]
    if not line or len(names) == len(first.split(" > ")):
        return text
    return replace(text, text="\n".join(part for part in (" > ".join(names), rest) if part))


def _sample(examples: Sequence[Example], most: int, seed: int) -> tuple[Example, ...]:
    """In their order; which ones is decided by hashes, so that most stay when others come."""
    if len(examples) <= most:
        return tuple(examples)
    by_number = sorted(examples, key=lambda one: _number(f"{seed}:{one.origin.id}"))
    chosen = {one.origin.id for one in by_number[:most]}
    return tuple(one for one in examples if one.origin.id in chosen)


def _number(text: str) -> float:
    """0 to 1, even over texts."""
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _place(id: str) -> tuple[str, int]:
    document, _, number = id.rpartition("#")
    return document, int(number) if number.isdecimal() else 0
