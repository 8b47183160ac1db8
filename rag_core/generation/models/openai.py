"""A language model behind any endpoint that speaks OpenAI's chat completions. See docs/generators.md."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from rag_core.errors import AnswerloopError, PromptTooLong, Unavailable
from rag_core.generation.models.breaker import Breaker
from rag_core.generation.models.completion import Completion
from rag_core.generation.models.endpoint import open_client, where_of
from rag_core.generation.models.failures import Failure, failure_of, named_parameters
from rag_core.generation.models.tokens import counter
from rag_core.generation.protocol import Message, Usage
from rag_core.settings import Generator

__all__ = ["OpenAIModel"]

WINDOW = 8192
BACKOFF_S = 0.5
"""Before the first request that is sent again; doubled before each further one …"""
LONGEST_BACKOFF_S = 8.0
"""… up to this. Chance takes away up to half, lest all come back together."""
CUT = 0.4
"""A prompt of which the endpoint counts no larger share than this was cut, as far as estimates go …"""
SURELY = 1000
"""… for one of so many tokens at least."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Dialect:
    """Which parameters the endpoint takes, as far as is known."""

    limit: str = "max_tokens"
    """What most know. OpenAI's newer models know max_completion_tokens alone."""
    limit_is_sure: bool = False
    usage: bool = True
    temperature: bool = True

    def parameters(self, max_tokens: int, temperature: float) -> dict[str, Any]:
        made: dict[str, Any] = {self.limit: max_tokens}
        if self.temperature:
            made["temperature"] = temperature
        if self.usage:
            made["stream_options"] = {"include_usage": True}
        return made

    def without(self, refused: Sequence[str]) -> _Dialect:
        """What to try after a refusal that named these; itself when nothing is left to try."""
        made = self
        if "stream_options" in refused:
            made = replace(made, usage=False)
        if "temperature" in refused:
            made = replace(made, temperature=False)
        if self.limit in refused and not self.limit_is_sure:
            other = "max_tokens" if self.limit == "max_completion_tokens" else "max_completion_tokens"
            made = replace(made, limit=other, limit_is_sure=True)
        return made


class OpenAIModel:
    """A LanguageModel. As many requests run side by side as generator.concurrency says."""

    def __init__(self, settings: Generator) -> None:
        """
        Raises:
            NotReady: the openai package is not installed.
            SettingsError: the key is missing, or the tokenizer cannot be read.
        """
        self.name = f"openai:{settings.model}"
        self.window = settings.window or WINDOW
        self.count = counter(settings.tokenizer)
        self._settings = settings
        self._where = where_of(settings)
        self._client = open_client(settings)
        self._breaker = Breaker(self._where.place)
        own = settings.base_url is None
        self._dialect = _Dialect(limit="max_completion_tokens" if own else "max_tokens")
        self._turns = asyncio.Semaphore(settings.concurrency)
        self._closed = False
        self._suspected = False

    async def stream(self, messages: Sequence[Message], max_tokens: int) -> AsyncIterator[str | Usage]:
        """As LanguageModel says. An answer that ran into max_tokens simply ends there.

        Raises:
            Unavailable: it cannot be reached, refuses, is too slow, broke off, or filtered the answer for its content.
            PromptTooLong: by our count, or by the endpoint's.
        """
        prompt = sum(self.count(message.text) for message in messages)
        self._refuse(prompt, max_tokens)
        end = time.monotonic() + self._settings.timeout_s
        async with self._turn(end):
            completion, piece = await self._begin(messages, max_tokens, end)
            try:
                while piece:
                    yield piece
                    piece = await self._next(completion, end)
            finally:
                await completion.close()
        self._suspect(prompt, completion.usage)
        yield completion.usage or Usage(prompt, self.count(completion.text), estimated=True)

    async def ready(self) -> None:
        """At once: whether the endpoint answers is seen when it is asked."""

    async def close(self) -> None:
        self._closed = True
        await self._client.close()

    @asynccontextmanager
    async def _turn(self, end: float) -> AsyncIterator[None]:
        """One of the requests that may run side by side; who waits counts neither for nor against the endpoint."""
        try:
            async with asyncio.timeout(end - time.monotonic()):
                await self._turns.acquire()
        except TimeoutError:
            raise Unavailable(
                f"{self._where.place} has {self._settings.concurrency} requests under way, and none ended in time; it "
                "answers faster with less to write (generator.max_tokens), or takes more (generator.concurrency)."
            ) from None
        try:
            yield
        finally:
            self._turns.release()

    def _refuse(self, prompt: int, max_tokens: int) -> None:
        if self._closed:
            raise Unavailable(f"The connection to {self._where.place} was closed; open the model again.")
        if prompt + max_tokens > self.window:
            raise PromptTooLong(
                f"A prompt of {prompt:,} tokens and an answer of {max_tokens:,} do not fit a window of {self.window:,}; see "
                "generator.window."
            )

    def _suspect(self, prompt: int, usage: Usage | None) -> None:
        """Ollama, for one, reads the end of a prompt that is too long for it, and raises nothing."""
        if usage is None or self._suspected or prompt < SURELY or usage.prompt > prompt * CUT:
            return
        self._suspected = True
        log.warning(
            "%s read %d tokens of a prompt of about %d: it may have cut it; see generator.window",
            self._where.place,
            usage.prompt,
            prompt,
        )

    async def _begin(
        self, messages: Sequence[Message], max_tokens: int, end: float
    ) -> tuple[Completion, str]:
        """An answer that has begun, and its first piece; asked for again while that may help and there is time."""
        for attempt in itertools.count(1):
            try:
                return await self._attempt(messages, max_tokens, end)
            except Failure as failure:
                pause = self._pause(failure, attempt)
                if pause is None or time.monotonic() + pause >= end:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("counting does not end")

    def _pause(self, failure: Failure, attempt: int) -> float | None:
        """Seconds until the next request; None: there shall be none."""
        if not failure.passing or attempt > self._settings.retries or self._breaker.is_open:
            return None
        if failure.wait_s is not None:
            return failure.wait_s
        backoff: float = min(BACKOFF_S * 2 ** (attempt - 1), LONGEST_BACKOFF_S)
        return backoff * random.uniform(0.5, 1.0)  # noqa: S311 - nothing secret

    async def _attempt(
        self, messages: Sequence[Message], max_tokens: int, end: float
    ) -> tuple[Completion, str]:
        ticket = self._breaker.admit()
        began = time.monotonic()
        opened: list[Completion] = []
        try:
            async with asyncio.timeout(self._limit_s(end)):
                opened.append(await self._open(messages, max_tokens))
                piece = await opened[0].piece()
        except BaseException as error:
            for completion in opened:
                await completion.close()
            if isinstance(error, Exception):
                raise self._noted(ticket, failure_of(error, self._where)) from None
            # Its asker went away: of his own accord, or for having waited too long.
            if time.monotonic() - began < self._settings.first_token_timeout_s / 2:
                self._breaker.released(ticket)
            else:
                self._breaker.failed(ticket, "it took too long to answer.")
            raise
        self._breaker.passed(ticket)
        return opened[0], piece

    def _noted(self, ticket: object, failure: AnswerloopError) -> AnswerloopError:
        if isinstance(failure, Failure) and failure.unreachable:
            self._breaker.failed(ticket, str(failure))
        else:
            self._breaker.passed(ticket)
        return failure

    async def _next(self, completion: Completion, end: float) -> str:
        """A further piece. What fails now is not asked for again: part of the answer was given."""
        try:
            async with asyncio.timeout(self._limit_s(end)):
                return await completion.piece()
        except Exception as error:
            raise failure_of(error, self._where) from None

    def _limit_s(self, end: float) -> float:
        return min(self._settings.first_token_timeout_s, end - time.monotonic())

    async def _open(self, messages: Sequence[Message], max_tokens: int) -> Completion:
        """Ask, and without what the endpoint refuses ask again; what it takes is remembered."""
        dialect = self._dialect
        create: Any = self._client.chat.completions.create
        said = [{"role": message.role, "content": message.text} for message in messages]
        while True:
            parameters = dialect.parameters(max_tokens, self._settings.temperature)
            try:
                chunks = await create(model=self._settings.model, messages=said, stream=True, **parameters)
            except Exception as error:
                further = dialect.without(named_parameters(error))
                if further == dialect:
                    raise
                dialect = further
            else:
                self._dialect = dialect
                return Completion(chunks, max_tokens, self._where)
