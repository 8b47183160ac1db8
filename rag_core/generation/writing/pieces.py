"""A text as it is written -> its sentences, list items, table rows and code blocks, each as soon as it is whole. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rag_core.generation.writing.marks import (
    FOOTNOTE,
    OPENINGS,
    attributed,
    cited,
    each_mark,
    in_parentheses,
    unattributed,
)
from rag_core.ingest.sentences import sentence_spans

__all__ = ["Kind", "Piece", "Pieces", "without_thoughts"]

Kind = Literal["sentence", "row", "code", "heading", "introduction", "head", "note"]

_LEAD = re.compile(r"\s*(?:>\s*)*(?:(?:[-*+•]|\d{1,3}[.)])\s+)?")
_BOLD = re.compile(r"\s*(?P<bold>\*\*|__)(?!\s)(?:(?!(?P=bold)).)+(?P=bold):?\s*")
"""A line that is bold as a whole: a heading, as models write them."""
_MAYBE_BOLD = re.compile(r"\s*(?:\*|_)(?:\*(?:(?!\*\*).)*(?:\*\*:?\s*)?|_(?:(?!__).)*(?:__:?\s*)?)?")
_BOLD_ENDS = re.compile(r"(?<=[.!?。！？])(?:\*{1,3}|_{1,3})(?=\s|$)")
_NOTE = re.compile(r"\s*(?:[-*+]\s+)?\[\^?\d{1,3}\]:")
_DIVIDER = re.compile(r"\s*([-*_])(?:[ \t]*\1){2,}\s*")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_RULE = re.compile(r"\|?(?:\s*:?-+:?\s*\|)+\s*:?-*:?\s*")
_FILLER = "”"
"""Stands for a citation mark while sentences are looked for: like a closing quotation mark it belongs to the one before."""
INTRODUCTION = 12
"""A line of so many words or fewer that ends in a colon introduces what follows, and claims nothing itself."""
_THOUGHT_NAMES = "think|thinking|thought|reasoning"
_THOUGHT = re.compile(rf"<({_THOUGHT_NAMES})>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_ENDS = re.compile(rf"</(?:{_THOUGHT_NAMES})>", re.IGNORECASE)
_WRAPPING = re.compile(r"</?(?:answer|response|output)>", re.IGNORECASE)
_FENCED = re.compile(r"\A\s*```(?:markdown|md)[ \t]*\n", re.IGNORECASE)
_HALF_A_TAG = re.compile(r"<[/a-z]{0,11}\Z", re.IGNORECASE)
"""It may yet become one of those."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The smallest thing that is checked, and kept or left out, as a whole."""

    kind: Kind
    """head: a table's head or rule. heading: also a dividing line. introduction: a line that ends in a colon. note: what
    a citation's number stands for; citations say that themselves."""
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
        if not self._fence and (self._begun or not self._may_be_special()):
            yield from self._sentences(ended=False)

    def end(self) -> Iterator[Piece]:
        """What is left when nothing more comes."""
        if self._line.strip():
            yield from self._whole_line()
        if len(self._code) > 1:  # was never closed
            yield self._block()
        self._line = ""

    def _may_be_special(self) -> bool:
        """Whether the line, as far as it is there, may yet be no prose."""
        start = self._line.lstrip()
        return start.startswith(("|", "#", "`", "~")) or any(
            (_MAYBE_BOLD.fullmatch(self._line), _NOTE.match(self._line))
        )

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
            yield self._piece("head" if is_head or _RULE.fullmatch(line.strip()) else "row", "", line.strip())
            self._table = True
        elif not self._begun and (
            line.lstrip().startswith("#") or _BOLD.fullmatch(line) or _DIVIDER.fullmatch(line)
        ):
            yield self._piece("heading", "", line.strip())
        elif not self._begun and FOOTNOTE.fullmatch(line):
            yield self._piece("note", "", line.strip())
        else:
            yield from self._sentences(ended=True)

    def _sentences(self, *, ended: bool) -> Iterator[Piece]:
        """ended: the line is whole; otherwise its last sentence may go on."""
        lead = _LEAD.match(self._line)
        at = lead.end() if lead and not self._begun else 0
        before = self._line[:at] if not self._begun else " "
        body = self._line[at:]
        filled = each_mark(body, lambda mark: _FILLER * len(mark))
        spans = sentence_spans(_BOLD_ENDS.sub(lambda signs: _FILLER * len(signs[0]), filled))
        if not ended:
            half_a_mark = bool(spans) and body[spans[-1][0]] in OPENINGS
            spans = spans[: -2 if half_a_mark else -1]
        for begin, end in spans:
            text = body[begin:end]
            introduces = ended and text.endswith((":", "：")) and text.count(" ") < INTRODUCTION
            yield self._piece("introduction" if introduces else "sentence", before, text)
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
        numbers: list[int] = []

        def note(mark: str) -> str:
            numbers.extend(cited(mark))
            return ""

        text, named = attributed(text) if kind == "sentence" else (text, ())
        numbers.extend(named)
        text = each_mark(text, note).strip()
        if kind == "sentence" and numbers:
            text = unattributed(text)
        if kind == "sentence" and not numbers:
            text, named = in_parentheses(text)
            numbers.extend(named)
        if kind == "sentence" and text.count("**") % 2:  # its other half stands in another sentence
            text = text.replace("**", "")
        return Piece(kind, before, text, tuple(dict.fromkeys(numbers)))


def without_thoughts(text: str, *, ended: bool = False) -> str:
    """The answer without what it is wrapped in, and without what a reasoning model thought aloud, ended or not.

    Where a thought ends that never began, as with chat templates that begin it in the prompt, all before it goes.

    ended: no more comes.
    """
    text = _FENCED.sub("", text)
    if "<" not in text:
        return text
    text = _WRAPPING.sub("", _THOUGHT.sub("", text))
    *_, text = _THOUGHT_ENDS.split(text)
    if not ended and (half := _HALF_A_TAG.search(text)):
        text = text[: half.start()]
    return text.lstrip()
