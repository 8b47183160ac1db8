"""The chunks of one streamed chat completion -> its text, why it ended and what it took."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

from rag_core.generation.models.failures import Failure, Where
from rag_core.generation.protocol import Usage

__all__ = ["Chunks", "Completion"]

CHARACTERS = 16
"""Of an answer for each token it may have. A word of a vocabulary has four on average, and rarely more than ten."""


class Chunks(Protocol):
    """As openai.AsyncStream gives them."""

    def __aiter__(self) -> AsyncIterator[Any]: ...

    async def close(self) -> None: ...


class Completion:
    """Chunks are taken as they are: the openai library checks no shape, and neither do all endpoints."""

    def __init__(self, chunks: Chunks, max_tokens: int, where: Where) -> None:
        self.usage: Usage | None = None
        """As the endpoint told it."""
        self.text = ""
        self._chunks = chunks
        self._iterator = aiter(chunks)
        self._most = max_tokens * CHARACTERS
        self._where = where
        self._finish: str | None = None
        self._seen = False

    async def piece(self) -> str:
        """The next piece of text; '' at the end.

        Raises:
            Failure: the answer is not whole, or was stopped for its content.
            Exception: any of the library's, where the connection or the endpoint fails before the answer is whole.
        """
        try:
            async for chunk in self._iterator:
                self._note(chunk)
                if text := self._text(chunk):
                    return text
                if len(self.text) >= self._most:
                    return ""
        except Exception as error:
            if self._finish is None or isinstance(error, Failure):
                raise
            return ""  # only the count of the tokens is missing
        self._refuse_unfinished()
        return ""

    async def close(self) -> None:
        """The endpoint sees that nobody reads on."""
        await self._chunks.close()
        await self._iterator.aclose()  # type: ignore[attr-defined]

    def _note(self, chunk: Any) -> None:
        if (error := getattr(chunk, "error", None)) is not None:
            raise Failure(
                f"{self._where.place} broke off with an error: {type(error).__name__}.", passing=True
            )
        usage = getattr(chunk, "usage", None)
        prompt, answer = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
        if isinstance(prompt, int) and isinstance(answer, int) and prompt >= 0 and answer >= 0:
            self.usage = Usage(prompt, answer)
        choice = _choice(chunk)
        self._seen = self._seen or choice is not None
        self._finish = getattr(choice, "finish_reason", None) or self._finish
        if self._finish == "content_filter":
            raise Failure(f"{self._where.place} stopped the answer for its content (content filter).")

    def _text(self, chunk: Any) -> str:
        """What the chunk adds to the answer. Thoughts, tool calls and refusals are no part of it."""
        content = getattr(getattr(_choice(chunk), "delta", None), "content", None)
        text = content[: self._most - len(self.text)] if isinstance(content, str) else ""
        self.text += text
        return text

    def _refuse_unfinished(self) -> None:
        if self._finish is not None:
            return
        if self._seen:
            raise Failure(
                f"{self._where.place} broke off before the answer was whole; see its log.", passing=True
            )
        raise Failure(
            f"{self._where.place} sent no chat completion; see generator.base_url, which ends in /v1 as a rule."
        )


def _choice(chunk: Any) -> Any:
    choices = getattr(chunk, "choices", None)
    return choices[0] if isinstance(choices, list) and choices else None
