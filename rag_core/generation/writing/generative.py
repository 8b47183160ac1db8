"""Answers that a language model writes, sentence by sentence held to the passages they cite.

What the documents' own words would answer is worked out first: it says how sure to be, whether to ask the model at all,
and it is the answer where the model fails.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from rag_core import compute
from rag_core.errors import PromptTooLong, Unavailable
from rag_core.generation.calibration import Calibration
from rag_core.generation.extractive import Extractive, nearest
from rag_core.generation.grounding import Grounding
from rag_core.generation.protocol import Draft, LanguageModel, Request, Said, Usage, nothing
from rag_core.generation.writing.checking import Writing
from rag_core.generation.writing.prompt import VERSION, Prompt, write_prompt
from rag_core.settings import Generator as GeneratorSettings
from rag_core.types import Turn

__all__ = ["Generative"]

REFUSED = 0.5
"""The share of the confidence that is left when the model says that the passages do not answer."""
UNREAD = 0.5
"""The same where only numbers and names could be compared, for passages in another language."""
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
        own = self._settings.model_dump(mode="json", exclude={"api_key", "headers", "concurrency"})
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
                draft = await self._written(request, quoted, said)
                return replace(draft, prompt_version=VERSION) if draft.generator == self.name else draft
        except (Unavailable, PromptTooLong) as error:
            log.warning("%s did not answer, the documents are quoted instead: %s", self.name, error)
        except TimeoutError:
            log.warning(
                "%s did not answer within %g s (generator.timeout_s), the documents are quoted instead",
                self.name,
                self._settings.timeout_s,
            )
        except Exception:  # a model may write anything; a mistake of ours in taking it apart costs no answer
            log.exception("what %s wrote could not be checked, the documents are quoted instead", self.name)
        return _instead(quoted, "generator-failed", said)

    async def _written(self, request: Request, quoted: Draft, said: Said) -> Draft:
        """
        Raises:
            Unavailable, PromptTooLong: the model did not write an answer.
        """
        most, turns = self._top_k, request.turns
        while True:
            prompt = self._prompt(request, most, turns)
            writing = Writing(
                request.text,
                prompt.passages,
                self._grounding,
                mark=self._settings.unsupported == "mark",
                said=said,
            )
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
            tone=request.tone,
        )

    async def _read(self, prompt: Prompt, writing: Writing) -> Usage | None:
        """What the model says, into the writing as it comes."""
        usage = None
        async with aclosing(self.model.stream(prompt.messages, prompt.max_tokens)) as stream:  # type: ignore[type-var]
            async for part in stream:
                if isinstance(part, Usage):
                    usage = part
                else:
                    await writing.add(part)
        await writing.end(cut=usage is not None and usage.answer >= prompt.max_tokens)
        return usage

    def _judged(
        self, request: Request, quoted: Draft, writing: Writing, usage: Usage | None, said: Said
    ) -> Draft:
        supports, unsupported = writing.supports, writing.unsupported
        if writing.refused and not supports:
            return self._abstention(request, quoted.confidence * REFUSED, usage)
        if writing.empty:
            log.warning(
                "%s wrote no answer; a model that thinks aloud needs a larger generator.max_tokens", self.name
            )
            return replace(_instead(quoted, "generator-failed", said), usage=usage)
        if not supports:  # nothing of it stands in the documents
            return replace(_instead(quoted, "answer-unsupported", said), usage=usage)
        confidence = self._calibration.written_probability(
            quoted.confidence,
            support_mean=sum(supports) / len(supports),
            support_min=min(supports),
            removed=unsupported / (unsupported + len(supports)),
        )
        notices = []
        if writing.refused:
            confidence *= REFUSED
            notices.append("answered-in-part")
        if writing.translated:
            confidence *= UNREAD
            notices.append("other-language")
        if unsupported:
            removed = self._settings.unsupported == "remove"
            notices.append("sentences-removed" if removed else "sentences-marked")
        if confidence < self._quoting.threshold:
            return self._abstention(request, confidence, usage)
        return Draft(
            writing.text,
            writing.citations(),
            confidence,
            abstained=False,
            generator=self.name,
            notices=tuple(notices),
            usage=usage,
        )

    def _abstention(self, request: Request, confidence: float, usage: Usage | None) -> Draft:
        return Draft("", (), confidence, True, nearest(request.ranked), self.name, usage=usage)


def _instead(quoted: Draft, notice: str, said: Said) -> Draft:
    said(quoted.text)
    return replace(quoted, notices=(notice,))
