"""A text as it is written -> its sentences, list items, table rows and code blocks, each as soon as it is whole. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rag_core.ingest.sentences import sentence_spans

__all__ = ["Kind", "Piece", "Pieces", "without_thoughts"]

Kind = Literal["sentence", "row", "code", "frame"]

_CITED = re.compile(r"\s*\[\s*\d{1,3}(?:\s*[,;]\s*\d{1,3})*\s*\]")
_NUMBER = re.compile(r"\d+")
_LEAD = re.compile(r"\s*(?:>\s*)*(?:(?:[-*+•]|\d{1,3}[.)])\s+)?")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_RULE = re.compile(r"\|?(?:\s*:?-+:?\s*\|)+\s*:?-*:?\s*")
_FILLER = "”"
"""Stands for a citation mark while sentences are looked for: like a closing quotation mark it belongs to the one before."""
INTRODUCTION = 12
"""A line of so many words or fewer that ends in a colon introduces what follows, and claims nothing itself."""
THOUGHTS = ("<think>", "</think>")


@dataclass(frozen=True, slots=True)
class Piece:
    """The smallest thing that is checked, and kept or left out, as a whole."""

    kind: Kind
    """frame: a heading, a line that introduces a list, a table's rule: says nothing by itself."""
    before: str
    """White space and list mark between the piece before and this one."""
    text: str
    """Without citation marks."""
    cited: tuple[int, ...] = ()
    """The numbers in its citation marks, in order, each once."""

    def marked(self, text: str, marks: str) -> str:
        """A text with '[1][2]' where they belong: behind a sentence, in the last cell of a row, below code."""
        if not marks:
            return text
        if self.kind == "row" and text.rstrip().endswith("|"):
            return f"{text.rstrip()[:-1].rstrip()} {marks} |"
        return text + ("\n" if self.kind == "code" else " ") + marks


class Pieces:
    """Feed it text in any portions; it gives back what is whole."""

    def __init__(self) -> None:
        self._line = ""
        """What is not yet given back of the line that is being written."""
        self._begun = False
        """Whether something of that line was."""
        self._fence = ""
        self._code: list[str] = []
        self._breaks = ""
        """Line breaks since the last piece."""
        self._table = False
        """Whether the last piece was of a table."""

    def feed(self, text: str) -> Iterator[Piece]:
        self._line += text.replace("\r", "")
        while "\n" in self._line:
            line, _, following = self._line.partition("\n")
            self._line = line
            yield from self._whole_line()
            self._line, self._begun = following, False
            if not self._fence:
                self._breaks += "\n"
        prose = self._begun or not self._line.lstrip().startswith(("|", "#", "`", "~"))
        if prose and not self._fence:
            yield from self._sentences(ended=False)

    def end(self) -> Iterator[Piece]:
        """What is left when nothing more comes."""
        if self._line.strip():
            yield from self._whole_line()
        if self._fence:  # was never closed
            yield self._block()
        self._line = ""

    def _whole_line(self) -> Iterator[Piece]:
        line = self._line
        fence = None if self._begun else _FENCE.match(line)
        if self._fence:
            if fence and fence[1].startswith(self._fence) and fence[1] == line.strip():
                yield self._block()
            else:
                self._code.append(line)
        elif fence:
            self._fence, self._code = fence[1], [line.strip()]
        elif not self._begun and line.lstrip().startswith("|"):
            is_head = not self._table or "\n\n" in self._breaks
            yield self._piece(
                "frame" if is_head or _RULE.fullmatch(line.strip()) else "row", "", line.strip()
            )
            self._table = True
        elif not self._begun and line.lstrip().startswith("#"):
            yield self._piece("frame", "", line.strip())
        else:
            yield from self._sentences(ended=True)

    def _sentences(self, *, ended: bool) -> Iterator[Piece]:
        """ended: the line is whole; otherwise its last sentence may go on."""
        lead = _LEAD.match(self._line)
        at = lead.end() if lead and not self._begun else 0
        before = self._line[:at] if not self._begun else " "
        body = self._line[at:]
        spans = sentence_spans(_CITED.sub(lambda mark: _FILLER * len(mark[0]), body))
        if not ended:
            half_a_mark = bool(spans) and body[spans[-1][0]] == "["
            spans = spans[: -2 if half_a_mark else -1]
        for begin, end in spans:
            text = body[begin:end]
            introduces = ended and text.endswith((":", "：")) and text.count(" ") < INTRODUCTION
            yield self._piece("frame" if introduces else "sentence", before, text)
            self._begun, before = True, " "
            self._line = body[end:]

    def _block(self) -> Piece:
        piece = self._piece("code", "", "\n".join([*self._code, self._fence]))
        self._fence, self._code = "", []
        return piece

    def _piece(self, kind: Kind, lead: str, text: str) -> Piece:
        before, self._breaks, self._table = self._breaks + lead, "", False
        if kind == "code":
            return Piece(kind, before, text)
        cited = (int(n) for mark in _CITED.findall(text) for n in _NUMBER.findall(mark))
        return Piece(kind, before, _CITED.sub("", text).strip(), tuple(dict.fromkeys(cited)))


def without_thoughts(text: str) -> str:
    """The text behind what a reasoning model thought aloud; '' while it is still thinking."""
    begin, end = THOUGHTS
    stripped = text.lstrip()
    if stripped.startswith(begin):
        return stripped.partition(end)[2].lstrip() if end in stripped else ""
    return "" if stripped and begin.startswith(stripped) else text
