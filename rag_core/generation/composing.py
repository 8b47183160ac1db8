"""Chosen units -> a text that reads as an answer, with a citation for each passage quoted. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from rag_core.generation.evidence import Evidence
from rag_core.generation.inert import visible
from rag_core.types import Citation, Passage

__all__ = ["beginning", "cite", "compose", "says_the_same", "unit_text"]

FOLLOWERS = 8
"""List items, table rows or code blocks that come along with the sentence that introduces them, at most."""
FOLLOWING = 800
"""Characters of them, at most; the first comes whole."""
BEGINNING = 200
"""Characters of a document that came near."""
_OPENS = re.compile(r"(?:https?|file):|(?![A-Za-z][A-Za-z0-9+.-]*:)", re.IGNORECASE)
"""With one of these schemes, or with none."""
_WORD = re.compile(r"\w+")
_MARK = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_RULE = re.compile(r"^\|(?:\s*:?-+:?\s*\|)+$")
_DEPENDENT = re.compile(
    r"^(?:it|its|they|their|this|that|these|those|he|his|she|her|such|however|therefore|but|also|then|otherwise|instead)\b",
    re.IGNORECASE,
)


def compose(evidence: Evidence, chosen: Sequence[int], limit: int) -> tuple[str, tuple[Citation, ...]]:
    """The chosen units in reading order, passage by passage, the passage of the best unit first."""
    by_passage: dict[int, list[int]] = {}
    for i in chosen:
        by_passage.setdefault(int(evidence.owner[i]), []).append(int(evidence.number[i]))
    spare = limit - len(chosen)
    said = [unit_text(evidence, i) for i in chosen]
    parts: list[str] = []
    citations: list[Citation] = []
    for number, (owner, units) in enumerate(by_passage.items(), start=1):
        passage = evidence.passages[owner]
        units = sorted(units)
        if spare > 0 and _leans_on_previous(passage, units[0]):
            previous = _text(passage, units[0] - 1)
            if not any(says_the_same(previous, other) for other in said):
                units.insert(0, units[0] - 1)
                spare -= 1
        parts.append(_passage_text(passage, units, number))
        citations.append(cite(passage, number, " … ".join(_runs(passage, units))))
    return "\n\n".join(parts), tuple(citations)


def _leans_on_previous(passage: Passage, unit: int) -> bool:
    """'It takes two days.' needs the sentence before, to say what does."""
    return unit > 0 and bool(_DEPENDENT.match(_text(passage, unit))) and _is_prose(_text(passage, unit - 1))


def _text(passage: Passage, unit: int) -> str:
    a, b = passage.units[unit]
    return passage.text[a:b]


def _is_prose(text: str) -> bool:
    return not (_MARK.match(text) or text.lstrip().startswith(("|", "```")))


def _runs(passage: Passage, units: Sequence[int]) -> list[str]:
    """The text of neighbouring units as it stands in the passage."""
    runs: list[list[int]] = []
    for unit in units:
        if runs and unit == runs[-1][-1] + 1:
            runs[-1].append(unit)
        else:
            runs.append([unit])
    return [passage.text[passage.units[run[0]][0] : passage.units[run[-1]][1]].strip() for run in runs]


def _passage_text(passage: Passage, units: Sequence[int], number: int) -> str:
    """Sentences flow; list items and code stand on lines of their own; a table row is spelt out."""
    lines: list[str] = []
    flowing = False
    several_items = sum(bool(_MARK.match(_text(passage, unit))) for unit in units) > 1
    for unit in units:
        text = _text(passage, unit).strip("\n")
        if text.lstrip().startswith("```"):
            # Below a sentence of the same passage its citation covers the code as well.
            lines.append(_dedented(text) if lines else f"{_dedented(text)}\n[{number}]")
            flowing = False
            continue
        if text.lstrip().startswith("|"):
            text = _spelt_out(passage, unit)
        elif _MARK.match(text) and not several_items:
            text = _MARK.sub("", text)
        followers = _followers(passage, unit, units)
        said = f"{text.strip()} [{number}]" + "".join(f"\n{_dedented(line)}" for line in followers)
        if flowing and _is_prose(said):
            lines[-1] += " " + said
        else:
            lines.append(said)
        flowing = _is_prose(said) and not followers
    return "\n".join(lines)


def _followers(passage: Passage, unit: int, chosen: Sequence[int]) -> list[str]:
    """The list, table or code block that a sentence ending in a colon introduces."""
    if not _text(passage, unit).rstrip().endswith(":"):
        return []
    followers: list[str] = []
    for following in range(unit + 1, min(unit + 1 + FOLLOWERS, len(passage.units))):
        text = _text(passage, following)
        if _is_prose(text) or following in chosen:
            break
        if followers and sum(map(len, followers)) + len(text) > FOLLOWING:
            break
        followers.append(_spelt_out(passage, following) if text.startswith("|") else text)
        if text.lstrip().startswith("```"):
            break
    return followers


def _dedented(text: str) -> str:
    lines = text.split("\n")
    margin = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[margin:] if line[:margin].isspace() else line for line in lines)


def _spelt_out(passage: Passage, unit: int) -> str:
    """A table row with the head of each column before its cell: 'City: Oslo; Rate: 80 €'."""
    begin, end = passage.units[unit]
    cells = _cells(passage.text[begin:end])
    above = passage.text[:begin].rstrip("\n").split("\n")
    rule = next((i for i in range(len(above) - 1, 0, -1) if _RULE.match(above[i].replace(" ", ""))), None)
    heads = _cells(above[rule - 1]) if rule else []
    if len(heads) != len(cells):
        return "; ".join(cell for cell in cells if cell)
    return (
        "; ".join(
            f"{head}: {cell}" if head else cell for head, cell in zip(heads, cells, strict=True) if cell
        )
        + "."
    )


def _cells(row: str) -> list[str]:
    return [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def cite(passage: Passage, number: int, quote: str) -> Citation:
    """Title and place on one line, without signs that are not seen; markup in them is for each adapter to show as it is.

    What documents and sources name as their address is no link unless a browser or file manager opens it.
    """
    headings = [h for h in passage.headings if h != passage.title]
    place = ", ".join(part for part in (" › ".join(headings), passage.place.words()) if part)
    location = visible(passage.location).strip()
    if not _OPENS.match(location):
        location = ""
    return Citation(number, _line(passage.title), location, quote, passage.id, _line(place))


def _line(text: str) -> str:
    return " ".join(visible(text).split())


def beginning(passage: Passage) -> str:
    """The first words of a passage: what a reader needs to tell whether to open it."""
    spelt = (
        _spelt_out(passage, n) if _text(passage, n).startswith("|") else _text(passage, n)
        for n in range(min(3, len(passage.units)))
    )
    return textwrap.shorten(" ".join(spelt), BEGINNING, placeholder=" …")


def unit_text(evidence: Evidence, i: int) -> str:
    a, b = evidence.passages[evidence.owner[i]].units[evidence.number[i]]
    return str(evidence.passages[evidence.owner[i]].text[a:b])


def says_the_same(one: str, other: str) -> bool:
    """Most of the shorter one's words, and all numbers, stand in the other."""
    a, b = sorted((set(_WORD.findall(text.lower())) for text in (one, other)), key=len)
    return len(a & b) >= 0.8 * len(a) and not any(word.isdigit() for word in a - b)
