"""An answer as a language model writes it: each piece is checked when it is whole, and kept, marked or left out.

pieces.py     text -> pieces; marks.py: what they cite
asides.py     what is said besides the answer, and left out without a word
outline.py    headings and introductions, kept when something follows them
translated.py what can be compared where the passages are in another language
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rag_core.generation.composing import cite
from rag_core.generation.grounding import Grounding, Support
from rag_core.generation.inert import inert
from rag_core.generation.protocol import Said
from rag_core.generation.statements import Statement, plain
from rag_core.generation.writing.asides import is_courtesy, is_echo, is_reference, is_refusal, says_not_found
from rag_core.generation.writing.languages import language_of
from rag_core.generation.writing.outline import FRAMES, Outline, indent_of, moved
from rag_core.generation.writing.pieces import Piece, Pieces, without_thoughts
from rag_core.generation.writing.translated import agrees, differs
from rag_core.types import Citation, Passage

__all__ = ["Writing"]

TRANSLATED = 0.5
"""How well a sentence counts as supported of which only numbers and names could be compared."""
LABEL = 2
"""Terms of a heading that may be the model's own; of a longer one half stand in passages or question."""
REPEATED = 4
"""A sentence of so many words is not said twice."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_FINISHED = re.compile(r"[.!?。！？…؟][\s\"'”’»)*_]*\Z")


class Writing:
    """Feed it what the model writes; it tells what is kept."""

    def __init__(
        self, question: str, passages: Sequence[Passage], grounding: Grounding, *, mark: bool, said: Said
    ) -> None:
        """passages: as shown to the model, in the order of their numbers. mark: unsupported pieces are kept, with '[?]'."""
        self.raw = ""
        """As the model wrote it."""
        self._question = question
        self._language = language_of(question)
        self._passages = passages
        self._grounding = grounding
        self._mark = mark
        self._said = said
        self._begin()

    def _begin(self) -> None:
        self.text = ""
        """What was kept."""
        self.supports: list[float] = []
        """How well each piece that was kept is supported."""
        self.unsupported = 0
        """Pieces that no passage supports."""
        self.refused = False
        """Whether the model says that the passages do not answer."""
        self.given_up = False
        """Whether it said so in the words it was asked to use, first: nothing that follows is an answer."""
        self.translated = False
        """Whether something was kept of which only numbers and names could be compared."""
        self._pieces = Pieces()
        self._answer = ""
        """What was taken apart: all that the model wrote, without its thoughts."""
        self._outline = Outline()
        self._references = False
        """Whether what comes now lists sources."""
        self._lead = ""
        """The list mark of a sentence that was left out."""
        self._breaks = 0
        """Line breaks before what was left out, since something was kept."""
        self._orphaned = -1
        """The indentation of a list item that was left out; items below it take its place."""
        self._repeats: set[str] = set()
        self._quotes: dict[int, list[tuple[int, int]]] = {}
        """passage -> what of it is cited; in the order of the citations' numbers."""

    @property
    def empty(self) -> bool:
        """Whether the model said nothing that could be an answer."""
        return not (self.text or self.unsupported or self.refused)

    def citations(self) -> tuple[Citation, ...]:
        return tuple(
            cite(self._passages[i], n, _quote(self._passages[i], ranges))
            for n, (i, ranges) in enumerate(self._quotes.items(), start=1)
        )

    async def add(self, text: str) -> None:
        self.raw += text
        await self._read(without_thoughts(self.raw))

    async def end(self, *, cut: bool = False) -> None:
        """cut: the model had no tokens left; a sentence or block that it did not finish may say the opposite of it."""
        await self._read(without_thoughts(self.raw, ended=True))
        last = list(self._pieces.end())
        await self._take(last[:-1] if cut and last and not _FINISHED.search(last[-1].text) else last)

    async def _read(self, answer: str) -> None:
        if not answer.startswith(self._answer):  # what seemed to be the answer was thought
            self._begin()
        new = answer[len(self._answer) :]
        self._answer = answer
        await self._take(self._pieces.feed(new))

    async def _take(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if self.given_up or self._is_aside(piece):
                self._breaks = max(self._breaks, piece.before.count("\n"))
            elif piece.kind in FRAMES:
                await self._frame(piece)
            else:
                await self._weigh(piece)

    def _is_aside(self, piece: Piece) -> bool:
        """What is no claim about documents, and is left out without a word; refusals are noted."""
        if piece.kind in ("heading", "introduction", "sentence") and is_reference(piece.text):
            self._references = True
            return True
        self._references = self._references and piece.kind != "heading"
        if piece.kind == "note" or self._references:
            return True
        if piece.kind not in ("sentence", "introduction", "heading"):
            return False
        if is_refusal(piece.text) and (not piece.cited or says_not_found(piece.text)):
            self.refused = True
            self.given_up = says_not_found(piece.text) and not self.supports
            return True
        return is_courtesy(piece.text) or is_echo(piece.text, self._question) or self._is_repeated(piece)

    def _is_repeated(self, piece: Piece) -> bool:
        words = " ".join(re.findall(r"\w+", piece.text.lower()))
        if piece.kind != "sentence" or words.count(" ") + 1 < REPEATED:
            return False
        if words in self._repeats:
            return True
        self._repeats.add(words)
        return False

    async def _frame(self, piece: Piece) -> None:
        known = self._known()
        if piece.kind == "head":
            text = _NUMBER.sub(lambda n: n[0] if _in(n[0], known) else "…", piece.text)
            self._outline.add(Piece(piece.kind, piece.before, text))
        elif _is_label(piece.text, known) or await self._supports(piece):
            self._outline.add(replace(piece, before=self._apart(piece.before)))
            self._breaks = 0
        else:
            self._leave_out(piece)

    def _known(self) -> frozenset[str]:
        texts = [self._question, *("\n".join((p.title, *p.headings, p.text)) for p in self._passages)]
        return frozenset().union(*(Statement.of(text).stems for text in texts))

    async def _weigh(self, piece: Piece) -> None:
        supports = await self._supports(piece)
        if supports and not next(iter(supports.values())).claim:
            self._write(piece, "")
            return
        if supports:
            self._keep(piece, supports)
            return
        self.unsupported += 1
        if self._mark:
            self._write(piece, "[?]")
        else:
            self._leave_out(piece)

    def _leave_out(self, piece: Piece) -> None:
        self._outline.lose()
        self._breaks = max(self._breaks, piece.before.count("\n"))
        if piece.kind != "sentence":
            return
        if "\n" in piece.before or not self.text:
            self._lead = piece.before
            indent = indent_of(piece.before)
            if self._orphaned < 0 or indent <= self._orphaned:
                self._orphaned = indent

    async def _supports(self, piece: Piece) -> dict[int, Support]:
        """The passages that support it: of those it cites each that does, or else the best of all that were shown."""
        cited = [n - 1 for n in piece.cited if 0 < n <= len(self._passages)]
        if len(cited) > 1:
            alone = {i: await self._grounding.check(piece.text, [self._passages[i]]) for i in cited}
            if found := {i: support for i, support in alone.items() if support.supported}:
                return found
        asked = cited or list(range(len(self._passages)))
        support = await self._grounding.check(piece.text, [self._passages[i] for i in asked])
        if support.supported:
            return {asked[support.passage]: support}
        return self._translates(piece.text, cited)

    def _translates(self, text: str, cited: Sequence[int]) -> dict[int, Support]:
        """The cited passages in another language that have all its numbers and names, for an asker in its own language."""
        if not cited or not self._language or self._language != language_of(plain(text)):
            return {}
        found = {
            i: Support(TRANSLATED, i, (0, len(self._passages[i].text)), supported=True)
            for i in cited
            if differs(text, [self._passages[i]]) and agrees(text, self._passages[i])
        }
        self.translated = self.translated or bool(found)
        return found

    def _keep(self, piece: Piece, supports: Mapping[int, Support]) -> None:
        self.supports.append(max(support.probability for support in supports.values()))
        for owner, support in supports.items():
            self._quotes.setdefault(owner, []).append(support.unit)
        order = list(self._quotes)
        marks = "".join(f"[{number}]" for number in sorted(order.index(owner) + 1 for owner in supports))
        self._write(piece, marks)

    def _write(self, piece: Piece, marks: str) -> None:
        quoted = "\n".join(self._passages[i].text for i in self._quotes)
        for frame in self._outline.above(piece, first=not self.text):
            self._join(frame.before, inert(frame.text, quoted))
        before = self._lead if self._lead and "\n" not in piece.before else piece.before
        self._lead = ""
        self._join(self._apart(before), piece.marked(inert(piece.text, quoted), marks))
        self._breaks = 0
        self.text = inert(self.text, quoted)  # what only two pieces together make, goes as well
        self._said(self.text)

    def _join(self, before: str, text: str) -> None:
        indent = indent_of(before)
        if indent > self._orphaned >= 0:
            before = moved(before, self._orphaned)
        elif indent >= 0 or "\n" in before:
            self._orphaned = -1
        self.text += before.lstrip("\n ") + text if not self.text else before + text

    def _apart(self, before: str) -> str:
        """With an empty line where there was one before what was left out."""
        missing = min(self._breaks, 2) - before.count("\n")
        return "\n" * missing + before if before.startswith("\n") else before


def _is_label(text: str, known: frozenset[str]) -> bool:
    """Whether a heading or introduction says too little to be wrong: few words of its own, and no number."""
    statement = Statement.of(text)
    terms = [statement.stems[i] for i in statement.content if statement.stems[i] not in statement.numbers]
    if any(not _in(n, known) and (len(n) > 1 or len(terms) > LABEL) for n in statement.numbers):
        return False
    return len(terms) <= LABEL or sum(t in known for t in terms) >= len(terms) / 2


def _in(number: str, known: frozenset[str]) -> bool:
    return bool(known.intersection(Statement.of(number).stems))


def _quote(passage: Passage, ranges: Sequence[tuple[int, int]]) -> str:
    """The ranges in reading order, neighbouring and overlapping ones as one."""
    runs: list[list[int]] = []
    for begin, end in sorted(ranges):
        if runs and begin <= runs[-1][1] + 1:
            runs[-1][1] = max(runs[-1][1], end)
        else:
            runs.append([begin, end])
    return " … ".join(passage.text[begin:end].strip() for begin, end in runs)
