"""Questions that are not searched for: small talk, and what only a person can do, told apart by the release's router."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from rag_core.answering import Answering
from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant, make_search, model_folder, open_core
from rag_core.errors import NotReady
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.messages import say
from rag_core.records.database import transaction
from rag_core.records.evaluation.golden import Expected, GoldenQuestion
from rag_core.records.index.releases import Release, Releases
from rag_core.records.tables import answers
from rag_core.review.golden.checking import judged
from rag_core.routing import Router, RouterCard, RouterHead
from rag_core.settings import Settings
from rag_core.standard.answer import StandardAnswer
from rag_core.types import Answer, Principal, Question, Turn

LEAVE = "How many days of leave do I have?"
HELLO = "Hello there, how are you today?"
HUMAN = "Can I please talk to a real person?"
TAUGHT = {"answer": LEAVE, "small-talk": HELLO, "person": HUMAN, "travel": "Which train ticket may I book?"}
SAYS = "You have 30 days of leave a year."
GUEST = Principal("slack", "ada", "T1", "C1")


def taught(core: Core, folder: str = "router-1", **changes: object) -> str:
    """A router that takes what is nearest to one of these; its folder below home/models."""
    weight = np.stack([core.embedder.embed_query(text) for text in TAUGHT.values()]) * 20
    card = core.embedder.card
    told = RouterCard(tuple(TAUGHT), dict.fromkeys(TAUGHT, 0.9), card.dimension, card.weights_sha256)
    where = model_folder(core.settings, folder)
    where.mkdir()
    RouterHead(replace(told, **changes), weight, np.zeros(len(TAUGHT), np.float32)).write(where)  # type: ignore[arg-type]
    return folder


async def with_router(core: Core, router: str) -> Release:
    return await Releases(core.database).add_from(replace(core.release, router=router), None, "", False)


@pytest.fixture
async def routed(core: Core, settings: Settings) -> AsyncIterator[Core]:
    """A release with a router, over one document."""
    indexer = Indexer(core.embedder, core.store, core.compute)
    parsed = Parsed("docs/leave", "docs", "public", "leave", "https://docs.example/leave", SAYS)
    await indexer.write([await indexer.divide(parsed)])
    async with open_core(settings, await with_router(core, taught(core))) as opened:
        yield opened


@pytest.fixture
def assistant(routed: Core) -> Assistant:
    return make_assistant(routed)


def asked(text: str, turns: tuple[Turn, ...] = (), language: str = "en") -> Question:
    return Question(text, GUEST, turns=turns, language=language)


async def recorded(core: Core, answer: Answer) -> dict[str, object]:
    async with transaction(core.database) as connection:
        row = (await connection.execute(select(answers).where(answers.c.id == answer.id))).mappings().one()
    return dict(row)


async def test_small_talk_gets_a_word_back(routed: Core, assistant: Assistant) -> None:
    """In the asker's language, without a search; it is no abstention, and cites nothing."""
    answer = await assistant.ask(asked(HELLO, language="de-AT"))
    assert answer.text == say("de", "small-talk")
    assert (answer.abstained, answer.citations, answer.generator) == (False, (), "router:small-talk")
    assert answer.confidence >= 0.9
    assert "search" not in answer.timings_ms
    row = await recorded(routed, answer)
    assert (row["generator"], row["abstained"], row["passages"]) == ("router:small-talk", False, [])


async def test_who_wants_a_person_is_told_the_way(routed: Core, assistant: Assistant) -> None:
    """As with an abstention, so that a person can be asked."""
    answer = await assistant.ask(asked(HUMAN))
    assert answer.text == f"{say('en', 'for-a-person')} {say('en', 'ask-person')}"
    assert (answer.abstained, answer.generator) == (True, "router:person")
    named = routed.settings.model_copy(
        update={"answers": routed.settings.answers.model_copy(update={"ask_person": "Ask #it."})}
    )
    said = await make_assistant(replace(routed, settings=named)).ask(asked(HUMAN))
    assert said.text == f"{say('en', 'for-a-person')} Ask #it."


async def test_a_question_is_answered(routed: Core, assistant: Assistant) -> None:
    """And so is one of a topic of the team's own."""
    answer = await assistant.ask(asked(LEAVE))
    assert SAYS in answer.text
    assert answer.generator == "extractive"
    of_topic = await assistant.ask(asked("Which train ticket may I book?"))
    assert of_topic.abstained
    assert of_topic.generator == "extractive"


async def test_a_detour_is_not_kept_in_the_cache(assistant: Assistant) -> None:
    """Asked twice it is told twice."""
    assert [(await assistant.ask(asked(HELLO))).cached for _ in range(2)] == [False, False]
    assert [(await assistant.ask(asked(LEAVE))).cached for _ in range(2)] == [False, True]


async def test_what_leans_on_a_conversation_is_searched_for(routed: Core) -> None:
    """Only what stands by itself is told apart, here by a router that takes everything for small talk."""
    card = RouterCard(("answer", "small-talk"), {"small-talk": 0.5}, routed.embedder.card.dimension, "")
    head = RouterHead(card, np.zeros((2, card.dimension), np.float32), np.array([0, 9], np.float32))
    assistant = make_assistant(replace(routed, router=Router(head)))
    turns = (Turn("user", LEAVE), Turn("assistant", SAYS))
    follow_up = await assistant.ask(asked("And for interns?", turns))
    assert follow_up.standalone
    assert follow_up.generator == "extractive"
    assert (await assistant.ask(asked("Who gets how much?"))).generator == "router:small-talk"


async def test_a_standard_answer_goes_first(routed: Core, assistant: Assistant) -> None:
    """Somebody approved it for these words."""
    await routed.standard.save(StandardAnswer("Hello! The porter says hello too.", (HELLO,)))
    assert (await assistant.ask(asked(HELLO))).text.startswith("Hello! The porter")


async def test_a_preview_goes_the_same_way(assistant: Assistant) -> None:
    """A reviewer sees what the asker would see."""
    preview = await assistant.preview(asked(HELLO), frozenset({"public"}))
    assert preview.answer.text == say("en", "small-talk")
    assert preview.ranked == ()


async def test_a_release_whose_router_swallows_a_golden_question_loses_it(core: Core, routed: Core) -> None:
    """Also one that must be abstained from."""
    expected = Expected("docs/leave", "docs", "leave", SAYS)
    swallowed = GoldenQuestion(HELLO, (expected,), author="local:ada")
    with_one = Answering(make_search(routed), routed.generator, routed.compute, routed.router)
    assert judged(swallowed, await with_one(HELLO, None))[1] != ""
    assert judged(replace(swallowed, expected=()), await with_one(HELLO, None))[1] != ""
    assert judged(replace(swallowed, question=LEAVE), await with_one(LEAVE, None))[1] == ""


async def test_a_router_of_another_embedder_is_refused(core: Core, settings: Settings) -> None:
    """Its release cannot be opened."""
    release = await with_router(core, taught(core, "router-2", weights_sha256="of another"))
    with pytest.raises(NotReady, match="another embedding model"):
        async with open_core(settings, release):
            pass


async def test_without_a_router_everything_is_searched_for(core: Core) -> None:
    """As ever."""
    assert (await make_assistant(core).ask(asked(HELLO))).generator == "extractive"
