"""What every LanguageModel does, held against each implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from rag_core.errors import PromptTooLong
from rag_core.generation.protocol import LanguageModel, Message, Usage
from tests.conformance.language_models import BACKENDS, SLOW, Backend

pytestmark = pytest.mark.asyncio(loop_scope="module")
LIMIT_S = 60
_ALL = [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in BACKENDS]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=_ALL)
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    async with BACKENDS[request.param](request) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model(backend: Backend) -> AsyncIterator[LanguageModel]:
    opened = backend.open()
    yield opened
    await opened.close()


def said(text: str) -> list[Message]:
    return [Message("user", text)]


async def heard(model: LanguageModel, text: str, max_tokens: int = 100) -> list[str | Usage]:
    async with asyncio.timeout(LIMIT_S):
        return [part async for part in model.stream(said(text), max_tokens)]


async def _read_slowly(model: LanguageModel, text: str) -> None:
    async with asyncio.timeout(0.3):
        async for _ in model.stream(said(text), 600):
            await asyncio.sleep(0.1)


async def test_the_pieces_joined_are_the_answer(backend: Backend, model: LanguageModel) -> None:
    """It comes in several pieces, of whole characters, none of them empty."""
    for question, answer in backend.answers.items():
        *pieces, _ = await heard(model, question)
        assert "".join(str(piece) for piece in pieces) == answer
        assert len(pieces) > 1
        assert all(pieces)


async def test_the_usage_comes_last_and_once(backend: Backend, model: LanguageModel) -> None:
    """Tokens of the prompt and of the answer, above nothing."""
    parts = await heard(model, next(iter(backend.answers)))
    assert [isinstance(part, Usage) for part in parts].index(True) == len(parts) - 1
    assert isinstance(parts[-1], Usage)
    assert parts[-1].prompt > 0
    assert parts[-1].answer > 0


async def test_an_answer_is_no_longer_than_it_may_be(backend: Backend, model: LanguageModel) -> None:
    """One that has no end is cut."""
    parts = await heard(model, backend.endless, max_tokens=20)
    text = "".join(part for part in parts if isinstance(part, str))
    assert text.startswith("one two")
    assert len(text) <= 20 * 16


async def test_who_stops_reading_can_ask_again(backend: Backend, model: LanguageModel) -> None:
    """A closed stream costs the next one nothing."""
    question, answer = next(iter(backend.answers.items()))
    async with asyncio.timeout(LIMIT_S):
        for _ in range(3):
            async with aclosing(model.stream(said(backend.endless), 600)) as stream:  # type: ignore[type-var]
                assert await anext(stream)
        *pieces, _ = await heard(model, question)
    assert "".join(map(str, pieces)) == answer


async def test_a_cancelled_reader_gets_its_cancellation(backend: Backend, model: LanguageModel) -> None:
    """Also by a time limit of its own; and the model answers afterwards."""
    with pytest.raises(TimeoutError):
        await _read_slowly(model, backend.endless)
    begun = asyncio.Event()

    async def read() -> None:
        async for _ in model.stream([Message("user", backend.endless)], 600):
            begun.set()

    reading = asyncio.create_task(read())
    await begun.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await heard(model, next(iter(backend.answers)))


async def test_answers_side_by_side_do_not_mix(backend: Backend, model: LanguageModel) -> None:
    """Each asker gets the answer to what was asked, whole."""
    questions = [*backend.answers] * 4
    answered = await asyncio.gather(*(heard(model, question) for question in questions))
    for question, parts in zip(questions, answered, strict=True):
        assert "".join(p for p in parts if isinstance(p, str)) == backend.answers[question]


async def test_what_does_not_fit_the_window_is_refused(backend: Backend, model: LanguageModel) -> None:
    """Prompt and answer count together."""
    with pytest.raises(PromptTooLong):
        await heard(model, "Tell me more. " * model.window)
    with pytest.raises(PromptTooLong):
        await heard(model, next(iter(backend.answers)), max_tokens=model.window)


async def test_tokens_are_counted(model: LanguageModel) -> None:
    """More than none for any text, none for no text, and no fewer for more of it."""
    text = "Deleted files are kept for 27 days.\n\n| Größe | 你好 |\n```\nrm -rf /tmp\n``` 👋🏽 "
    assert model.count("") == 0
    counts = [model.count(text * times) for times in (1, 2, 3, 10)]
    assert counts[0] > 0
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


async def test_it_has_a_window_and_a_name(model: LanguageModel) -> None:
    """The name says what kind of model it is."""
    assert model.window >= 512
    kind, _, name = model.name.partition(":")
    assert kind in {"openai", "local"}
    assert name


async def test_closing_twice_is_closing_once(backend: Backend) -> None:
    """Nothing is raised, whether it was ever asked or not."""
    unasked, asked = backend.open(), backend.open()
    await heard(asked, next(iter(backend.answers)))
    for model in (unasked, asked):
        await model.close()
        await model.close()
