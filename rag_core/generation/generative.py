"""Answers that a language model writes, sentence by sentence held to the passages they cite.

What the documents' own words would answer is worked out first: it says how sure to be, whether to ask the model at all,
and it is the answer where the model fails.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Literal

from rag_core import compute
from rag_core.errors import PromptTooLong, Unavailable
from rag_core.generation.calibration import Calibration
from rag_core.generation.composing import cite
from rag_core.generation.extractive import Extractive, nearest
from rag_core.generation.grounding import Grounding, Support
from rag_core.generation.inert import inert
from rag_core.generation.pieces import Piece, Pieces, without_thoughts
from rag_core.generation.prompt import NOT_FOUND, VERSION, Prompt, write_prompt
from rag_core.generation.protocol import Draft, LanguageModel, Request, Said, Usage, nothing
from rag_core.settings import Generator as GeneratorSettings
from rag_core.types import Citation, Passage, Turn

__all__ = ["Generative"]

REFUSED = 0.5
"""The share of the confidence that is left when the model says that the passages do not answer."""
log = logging.getLogger(__name__)


class Generative:
    """A Generator that has a language model write."""

    def __init__(
        self,
        model: LanguageModel,
        quoting: Extractive,
        grounding: Grounding,
        settings: GeneratorSettings,
        top_k: int,
        calibration: Calibration | None = None,
        turn: compute.Turn | None = None,
    ) -> None:
        """quoting: how sure to be, and what answers when the model does not. turn: as for Extractive."""
        self.model = model
        self.name = model.name
        self._quoting = quoting
        self._grounding = grounding
        self._settings = settings
        self._top_k = top_k
        self._calibration = calibration or Calibration.read()
        self._turn = turn or compute.Turn()

    @property
    def version(self) -> str:
        own = self._settings.model_dump(mode="json", exclude={"api_key", "headers"})
        parts = [VERSION, self._quoting.version, own]
        digest = hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=8).hexdigest()
        return digest + self._calibration.scale.mark

    async def generate(self, request: Request, said: Said = nothing) -> Draft:
        async with self._turn:
            quoted = self._quoting.draft(request.text, request.vector, request.ranked)
        if quoted.abstained:
            return replace(quoted, generator=self.name)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self._written(request, quoted, said)
        except (Unavailable, PromptTooLong) as error:
            log.warning("%s did not answer, the documents are quoted instead: %s", self.name, error)
        except TimeoutError:
            log.warning(
                "%s did not answer within %g s (generator.timeout_s), the documents are quoted instead",
                self.name,
                self._settings.timeout_s,
            )
        return _instead(quoted, "generator-failed", said)

    async def _written(self, request: Request, quoted: Draft, said: Said) -> Draft:
        """
        Raises:
            Unavailable, PromptTooLong: the model did not write an answer.
        """
        most, turns = self._top_k, request.turns
        while True:
            prompt = self._prompt(request, most, turns)
            writing = _Writing(prompt.passages, self._grounding, self._settings.unsupported, said)
            try:
                usage = await self._read(prompt, writing)
            except PromptTooLong:  # by the model's own count: ours may be an estimate
                most, turns = len(prompt.passages) // 2, ()
                if not most:
                    raise
            else:
                return self._judged(request, quoted, writing, usage, said)

    def _prompt(self, request: Request, most: int, turns: Sequence[Turn]) -> Prompt:
        return write_prompt(
            request.text,
            [r.passage for r in request.ranked[:most]],
            turns,
            count=self.model.count,
            window=self.model.window,
            max_tokens=self._settings.max_tokens,
            instructions=self._settings.instructions,
        )

    async def _read(self, prompt: Prompt, writing: _Writing) -> Usage | None:
        """What the model says, into the writing as it comes."""
        usage = None
        async with aclosing(self.model.stream(prompt.messages, prompt.max_tokens)) as stream:  # type: ignore[type-var]
            async for part in stream:
                if isinstance(part, Usage):
                    usage = part
                else:
                    await writing.add(part)
        await writing.end()
        return usage

    def _judged(
        self, request: Request, quoted: Draft, writing: _Writing, usage: Usage | None, said: Said
    ) -> Draft:
        if writing.refused:
            return self._abstention(request, quoted.confidence * REFUSED, usage)
        supports, unsupported = writing.supports, writing.unsupported
        if not supports:  # nothing of it stands in the documents
            return replace(_instead(quoted, "answer-unsupported", said), usage=usage)
        confidence = self._calibration.written_probability(
            quoted.confidence,
            support_mean=sum(supports) / len(supports),
            support_min=min(supports),
            removed=unsupported / (unsupported + len(supports)),
        )
        if confidence < self._quoting.threshold:
            return self._abstention(request, confidence, usage)
        notice = "sentences-removed" if self._settings.unsupported == "remove" else "sentences-marked"
        return Draft(
            writing.text,
            writing.citations(),
            confidence,
            abstained=False,
            generator=self.name,
            notices=(notice,) if unsupported else (),
            usage=usage,
        )

    def _abstention(self, request: Request, confidence: float, usage: Usage | None) -> Draft:
        return Draft("", (), confidence, True, nearest(request.ranked), self.name, usage=usage)


def _instead(quoted: Draft, notice: str, said: Said) -> Draft:
    said(quoted.text)
    return replace(quoted, notices=(notice,))


class _Writing:
    """An answer as it is written: each piece is checked when it is whole, and kept, marked or left out."""

    def __init__(
        self,
        passages: Sequence[Passage],
        grounding: Grounding,
        unsupported: Literal["remove", "mark"],
        said: Said,
    ) -> None:
        self.raw = ""
        """As the model wrote it."""
        self.text = ""
        """What was kept."""
        self.supports: list[float] = []
        """How well each piece that was kept is supported."""
        self.unsupported = 0
        """Pieces that no passage supports."""
        self._passages = passages
        self._grounding = grounding
        self._mark = unsupported == "mark"
        self._said = said
        self._pieces = Pieces()
        self._read = 0
        """Characters of what the model wrote, without its thoughts, that were taken apart."""
        self._frames: list[Piece] = []
        """Headings and introductions, kept when something follows them."""
        self._lead = ""
        """The list mark of a sentence that was left out."""
        self._quotes: dict[int, list[tuple[int, int]]] = {}
        """passage -> what of it is cited; in the order of the citations' numbers."""

    @property
    def refused(self) -> bool:
        return not self.supports and NOT_FOUND.lower() in self.raw.lower().replace(" ", "_")

    def citations(self) -> tuple[Citation, ...]:
        return tuple(
            cite(self._passages[i], n, _quote(self._passages[i], ranges))
            for n, (i, ranges) in enumerate(self._quotes.items(), start=1)
        )

    async def add(self, text: str) -> None:
        self.raw += text
        answer = without_thoughts(self.raw)
        await self._take(self._pieces.feed(answer[self._read :]))
        self._read = len(answer)

    async def end(self) -> None:
        await self._take(self._pieces.end())

    async def _take(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if piece.kind == "frame":
                self._frames.append(piece)
            elif NOT_FOUND.lower() not in piece.text.lower():
                await self._weigh(piece)

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
        elif "\n" in piece.before or not self.text:
            self._lead = piece.before

    async def _supports(self, piece: Piece) -> dict[int, Support]:
        """The passages that support it: of those it cites each that does, or else the best of all that were shown."""
        cited = [n - 1 for n in piece.cited if 0 < n <= len(self._passages)]
        if len(cited) > 1:
            alone = {i: await self._grounding.check(piece.text, [self._passages[i]]) for i in cited}
            if found := {i: support for i, support in alone.items() if support.supported}:
                return found
        asked = cited or list(range(len(self._passages)))
        support = await self._grounding.check(piece.text, [self._passages[i] for i in asked])
        return {asked[support.passage]: support} if support.supported else {}

    def _keep(self, piece: Piece, supports: Mapping[int, Support]) -> None:
        self.supports.append(max(support.probability for support in supports.values()))
        for owner, support in supports.items():
            self._quotes.setdefault(owner, []).append(support.unit)
        order = list(self._quotes)
        marks = "".join(f"[{number}]" for number in sorted(order.index(owner) + 1 for owner in supports))
        self._write(piece, marks)

    def _write(self, piece: Piece, marks: str) -> None:
        quoted = "\n".join(self._passages[i].text for i in self._quotes)
        for frame in self._frames:
            self.text += _joined(self.text, frame.before, inert(frame.text, quoted))
        self._frames.clear()
        before = self._lead if self._lead and "\n" not in piece.before else piece.before
        self._lead = ""
        self.text += _joined(self.text, before, piece.marked(inert(piece.text, quoted), marks))
        self.text = inert(self.text, quoted)  # what only two pieces together make, goes as well
        self._said(self.text)


def _joined(text: str, before: str, piece: str) -> str:
    return before.lstrip("\n ") + piece if not text else before + piece


def _quote(passage: Passage, ranges: Sequence[tuple[int, int]]) -> str:
    """The ranges in reading order, neighbouring and overlapping ones as one."""
    runs: list[list[int]] = []
    for begin, end in sorted(ranges):
        if runs and begin <= runs[-1][1] + 1:
            runs[-1][1] = max(runs[-1][1], end)
        else:
            runs.append([begin, end])
    return " … ".join(passage.text[begin:end].strip() for begin, end in runs)
