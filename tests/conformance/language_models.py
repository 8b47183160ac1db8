"""The language models that the conformance suite runs over. A new one joins by a line in BACKENDS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest

from rag_core.generation.models.local import LocalModel
from rag_core.generation.models.openai import OpenAIModel
from rag_core.generation.protocol import LanguageModel
from rag_core.settings import Generator
from tests.models import ANSWER, ENDLESS, LEARNED, QUESTION, SCRIPTS, WINDOW
from tests.servers.language_model import Asked, LanguageServer, Reply

__all__ = ["BACKENDS", "Backend"]

GENEROUS_S = 60.0
"""These tests are about what is answered, not about when."""


@dataclass(frozen=True)
class Backend:
    """Something that answers, and what it answers."""

    open: Callable[[], LanguageModel]
    """A model of one's own; the suite closes it."""
    answers: Mapping[str, str]
    """To two questions at least, one of them with characters of several bytes."""
    endless: str
    """To this there is no end."""


def _settings(model: str, url: str) -> Generator:
    return Generator(
        kind="openai",
        model=model,
        base_url=url,
        window=WINDOW,
        timeout_s=GENEROUS_S,
        first_token_timeout_s=GENEROUS_S,
    )


_LEARNED = {QUESTION: ANSWER, SCRIPTS: LEARNED[SCRIPTS]}


def _by_heart(asked: Asked) -> Reply:
    if asked.last == ENDLESS:
        return Reply(("one ", "two ", "three "), endless=True, between_s=0.002)
    return Reply.text(_LEARNED[asked.last], between_s=0.002)


@asynccontextmanager
async def scripted(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    """Our own server, which knows the answers by heart."""
    async with LanguageServer(answering=_by_heart) as server:
        yield Backend(lambda: OpenAIModel(_settings("scripted", server.url)), _LEARNED, ENDLESS)


@asynccontextmanager
async def transformers_serve(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    """`transformers serve` over a tiny model."""
    served = request.getfixturevalue("transformers_serve")
    yield Backend(lambda: OpenAIModel(_settings(served.model, served.url)), _LEARNED, ENDLESS)


@asynccontextmanager
async def local(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    """The tiny model in a process of its own."""
    said = Generator(
        kind="local",
        model=str(request.getfixturevalue("causal_model")),
        device="cpu",
        timeout_s=4 * GENEROUS_S,
        first_token_timeout_s=2 * GENEROUS_S,  # its process is started by the first question
    )
    yield Backend(lambda: LocalModel(said), _LEARNED, ENDLESS)


BACKENDS: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Backend]]] = {
    "openai, scripted": scripted,
    "openai, transformers serve": transformers_serve,
    "local": local,
}
SLOW = {"openai, transformers serve", "local"}
"""Are marked so."""
