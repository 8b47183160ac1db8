"""A transformers model, causal or seq2seq, in a process of its own; this one imports no torch.

local.py          LocalModel: time limits, counting
child.py          the process: started, listened to, started again
frames.py         what the two say to each other
pipes.py          the child's side: its pipes, one request after the other
worker.py         the child's model: loaded, prompted, written out (torch, transformers, peft)
layout.py         the prompt where there is no chat template; detokenising.py: tokens -> text
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from rag_core.errors import PromptTooLong, SettingsError, Unavailable
from rag_core.generation.models.child import Asked, Child, Reply
from rag_core.generation.models.frames import Broken, Done, Load, Piece, Ready, TooLong, well_formed
from rag_core.generation.models.tokens import counter, estimate
from rag_core.generation.protocol import Message, Usage
from rag_core.settings import Generator

__all__ = ["LocalModel"]

WINDOW = 2048
"""Until the model has told its own."""
PATIENCE_S = 10.0
"""Importing torch may hold the child's threads up for seconds."""
STOP_S = 60.0
"""At least, for a process to leave off a request that was given up. Between two layers it takes notice."""
log = logging.getLogger(__name__)


class LocalModel:
    """Implements LanguageModel with a child process that is started by open(), or by the first question.

    While the model is being loaded, a question waits for it as long as for a first word. One that cannot be loaded at all
    is Unavailable with the reason at once; it is logged as soon as it is known, and `ready` tells it.

    patience_s: after which a process that does not react is killed and started again. Looked at when a time limit is
    exceeded or a reader goes away.
    """

    def __init__(self, settings: Generator, *, patience_s: float = PATIENCE_S) -> None:
        assert settings.model, "settings refuse a local generator without a model"
        self._settings = settings
        self._model = settings.model
        self._window = settings.window or WINDOW
        self._count: Callable[[str], int] = estimate
        self._counting: asyncio.Task[None] | None = None
        load = Load(
            self._model,
            str(settings.adapter) if settings.adapter else None,
            settings.device,
            settings.window,
            settings.max_tokens,
            settings.temperature,
        )
        self._child = Child(load, patience_s, max(4 * settings.timeout_s, STOP_S), self._learn)

    @classmethod
    def open(cls, settings: Generator) -> LocalModel:
        """Begin to load, in the background; a model that cannot be loaded is no error here."""
        model = cls(settings)
        model.start()
        return model

    def start(self) -> None:
        """Begin to load, in the background. Tokens are counted exactly once the tokenizer is read."""
        if self._child.closed:
            return
        file = Path(self._model) / "tokenizer.json"
        if self._counting is None and file.is_file():
            self._counting = asyncio.create_task(self._read_tokenizer(file))
        self._child.start()

    @property
    def name(self) -> str:
        return f"local:{self._model}"

    @property
    def window(self) -> int:
        return self._window

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return self._child.pid

    def count(self, text: str) -> int:
        return self._count(well_formed(text))

    async def ready(self) -> None:
        """Wait until the model is loaded, however long it takes, and its tokenizer read.

        Raises:
            Unavailable: it cannot be loaded; the sentence names the remedy.
        """
        self.start()
        await self._child.ready()
        if self._counting:
            await asyncio.shield(self._counting)

    async def stream(self, messages: Sequence[Message], max_tokens: int) -> AsyncIterator[str | Usage]:
        """As LanguageModel.stream. Requests are answered one after the other, first come, first served."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        first = begun + self._settings.first_token_timeout_s
        last = begun + self._settings.timeout_s
        self.start()
        await self._ready(min(first, last))
        asked = self._child.ask(messages, max_tokens)
        try:
            limit = min(first, last)
            while True:
                reply = await self._reply(asked, limit)
                if isinstance(reply, Piece):
                    limit = last
                    yield reply.text
                    continue
                yield self._usage(reply)
                return
        finally:
            self._child.give_up(asked)

    async def _ready(self, limit: float) -> None:
        try:
            async with asyncio.timeout_at(limit):
                await self._child.ready()
        except TimeoutError:
            self._child.check()
            raise Unavailable(
                f"The model {self._model} is still loading; it answers once it is loaded, or raise "
                "generator.first_token_timeout_s."
            ) from None

    async def _reply(self, asked: Asked, limit: float) -> Reply:
        try:
            async with asyncio.timeout_at(limit):
                return await asked.replies.get()
        except TimeoutError:
            raise Unavailable(self._too_slow(asked)) from None

    def _too_slow(self, asked: Asked) -> str:
        waited = f", behind {asked.before} other questions" if asked.before else ""
        first, whole = self._settings.first_token_timeout_s, self._settings.timeout_s
        return (
            f"The model {self._model} took too long{waited}; raise generator.first_token_timeout_s ({first:g} s) or "
            f"generator.timeout_s ({whole:g} s), or take a smaller model."
        )

    def _usage(self, reply: Reply) -> Usage:
        match reply:
            case Done():
                return Usage(reply.prompt, reply.answer)
            case TooLong():
                raise PromptTooLong(
                    f"A prompt of {reply.tokens:,} tokens and the answer do not fit the {reply.window:,} of the model "
                    f"{self._model}; give it fewer passages."
                )
            case Broken():
                raise Unavailable(f"The model {self._model} {reply.reason}.")
            case Unavailable():
                raise reply
            case Piece():
                raise AssertionError("a piece is no ending")

    async def close(self) -> None:
        """End the process: asked first, killed after two seconds."""
        if self._counting:
            self._counting.cancel()
            self._counting = None
        await self._child.close()

    def _learn(self, ready: Ready) -> None:
        self._window = ready.window
        log.info(
            "The model %s is loaded on %s; its window is %d tokens.", self._model, ready.device, ready.window
        )
        if self._counting is None and ready.tokenizer:
            self._counting = asyncio.create_task(self._read_tokenizer(Path(ready.tokenizer)))

    async def _read_tokenizer(self, file: Path) -> None:
        """Off the event loop: a large vocabulary takes a second."""
        try:
            self._count = await asyncio.to_thread(counter, file)
        except SettingsError as error:
            log.warning("Tokens are estimated: %s", error)
