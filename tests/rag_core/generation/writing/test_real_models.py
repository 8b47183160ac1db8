"""A question end to end with a real language model: in a process of its own, and behind `transformers serve`."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from rag_core.bootstrap import Core, make_assistant, warm_up
from rag_core.errors import Unavailable
from rag_core.generation.models.openai import OpenAIModel
from rag_core.generation.protocol import Message
from rag_core.generation.writing.prompt import VERSION
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.messages import say
from rag_core.records.database import transaction
from rag_core.records.tables import answers
from rag_core.settings import Generator, Settings
from rag_core.types import Principal, Question
from tests.models import QUESTION
from tests.servers.transformers_serve import Serving

pytestmark = pytest.mark.slow
KEPT = "Deleted files are kept for 27 days."
ELSEWHERE = "The archive of deleted files has its own shelf in the cellar."
ASKER = Principal("console", "root", direct=True)


@pytest.fixture(params=["local", "openai"])
def settings(request: pytest.FixtureRequest, home: Path) -> Settings:
    more: dict[str, object] = {"model": str(request.getfixturevalue("causal_model")), "window": 1024}
    if request.param == "openai":
        served = request.getfixturevalue("transformers_serve")
        more |= {"base_url": served.url, "model": served.model}
    generator = Generator.model_validate(
        {"kind": request.param, "max_tokens": 40, "first_token_timeout_s": 60, "timeout_s": 120, **more}
    )
    return Settings(home=home, generator=generator)


async def stored(core: Core, text: str) -> None:
    indexer = Indexer(core.embedder, core.store, core.compute)
    parsed = Parsed("docs/files", "docs", "public", "Files", "https://docs.example/files", text)
    await indexer.write([await indexer.divide(parsed)])
    await warm_up(core)


async def test_a_model_writes_the_answer_and_its_source_is_shown(core: Core) -> None:
    """Piece by piece; and it is recorded, as each answer is (tests/rag_core/test_recorded.py), with its prompt's version and
    how many tokens that had."""
    await stored(core, KEPT)
    said: list[str] = []
    answer = await make_assistant(core).ask(Question(QUESTION, ASKER), said.append)
    assert answer.text == "Deleted files are kept for 27 days. [1]"
    assert said[-1] == answer.text
    assert answer.citations[0].quote == KEPT
    assert answer.generator == core.generator.name
    assert answer.generator.startswith(f"{core.settings.generator.kind}:")
    async with transaction(core.database) as connection:
        row = (await connection.execute(select(answers).where(answers.c.id == answer.id))).one()
    assert row.generator == core.generator.name
    assert row.prompt_version == VERSION
    assert row.prompt_tokens
    stages = [ms for stage, ms in row.timings_ms.items()]
    assert sum(stages) - 0.1 <= row.took_ms <= answer.timings_ms["total"]
    assert (row.release, row.generation) == ("r1", (await core.store.state()).generation)


async def test_what_it_learned_by_heart_is_not_told_where_the_documents_do_not_say_it(core: Core) -> None:
    """The model says the same as before, now without any support."""
    await stored(core, ELSEWHERE)
    answer = await make_assistant(core).ask(Question(QUESTION, ASKER))
    assert "27 days" not in answer.text
    assert answer.abstained or answer.notices == (say("en", "answer-unsupported"),)


async def test_transformers_serve_says_what_it_refuses(transformers_serve: Serving) -> None:
    """A real server's words come through."""
    unknown = {"model": "scripted", "base_url": transformers_serve.url, "timeout_s": 30, "retries": 0}
    model = OpenAIModel(Generator.model_validate({"kind": "openai", "first_token_timeout_s": 20, **unknown}))
    with pytest.raises(Unavailable, match=r"\(400\).*scripted"):
        async for _ in model.stream([Message("user", "hi there")], 100):
            pass
    await model.close()
