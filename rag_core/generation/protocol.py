"""What generators have in common, and what language models have in common.

A `Generator` turns a question and the passages found for it into a `Draft`: `extractive.Extractive` quotes, and
`generative.Generative` has a `LanguageModel` write: `openai.OpenAIModel` at an endpoint, `local.LocalModel` in a process
of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rag_core.types import Citation, Ranked, Turn

__all__ = ["Draft", "Generator", "LanguageModel", "Message", "Request", "Said", "Usage", "nothing"]

Said = Callable[[str], None]
"""Is told the whole text of an answer so far, whenever there is more of it. What it was told may yet be replaced."""


def nothing(text: str) -> None:
    """A Said that does not listen."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that one call to a language model took, as it counted them itself; or estimated."""

    prompt: int
    answer: int
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What a generator answers."""

    text: str
    """The question, standing alone."""
    vector: NDArray[np.float32]
    """Of the question, (dimension,)."""
    ranked: Sequence[Ranked]
    """Best first, at least one."""
    turns: tuple[Turn, ...] = ()
    """What was said before, where the question follows up on it; oldest first."""
    tone: str = ""
    """How the answer should sound, in one line; '' as the settings say. A generator that quotes has no use for it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before it has an id."""

    text: str
    """'' with an abstention: its sentence is the bot's own, in the asker's language (rag_core/messages)."""
    citations: tuple[Citation, ...]
    confidence: float
    abstained: bool
    nearest: tuple[Citation, ...] = ()
    generator: str = "extractive"
    """What wrote it: 'extractive', 'openai:MODEL', 'local:MODEL'."""
    notices: tuple[str, ...] = ()
    """What the reader should know of how it came about, by the ids of messages: 'generator-failed', 'sentences-removed'."""
    usage: Usage | None = None
    """Of the language model, where one was asked."""
    prompt_version: str = ""
    """Of the prompt that it was written to; '': no language model wrote it."""

    @property
    def passing(self) -> bool:
        """Whether another try may give a better answer, so that this one is not kept."""
        return "generator-failed" in self.notices


class Generator(Protocol):
    """Writes answers from passages."""

    @property
    def name(self) -> str:
        """As Draft.generator gives it."""

    @property
    def version(self) -> str:
        """Of all that its answers depend on besides question and passages: settings, prompt, calibration. Grows a new
        value when they would differ; part of cache keys and of the record."""

    async def generate(self, request: Request, said: Said = nothing) -> Draft:
        """The answer, or an abstention. A language model that fails is no error: the draft says so in its notices."""


class LanguageModel(Protocol):
    """Continues a conversation."""

    @property
    def name(self) -> str:
        """Kind and model: 'openai:gpt-4o-mini'. Holds no secret."""

    @property
    def window(self) -> int:
        """Tokens that prompt and answer may have together."""

    async def ready(self) -> None:
        """Wait until it can be asked, however long that takes: a model of our own is loaded first.

        Raises:
            Unavailable: it cannot be loaded; the message names the remedy.
        """

    def count(self, text: str) -> int:
        """Tokens of a text, or an estimate that is rarely too low. Takes far less than a millisecond per kilobyte."""

    def stream(self, messages: Sequence[Message], max_tokens: int) -> AsyncIterator[str | Usage]:
        """The answer's text in pieces as they are written, then its Usage.

        Closing the iterator, or cancelling who reads it, stops the model's work.

        Raises:
            Unavailable: it cannot be reached, refuses, is too slow to begin or broke off; the message names what to do.
            PromptTooLong: prompt and answer do not fit its window.
        """

    async def close(self) -> None:
        """Let go of connections and processes."""
