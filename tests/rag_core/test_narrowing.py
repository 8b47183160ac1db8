"""A question that is to be answered from less than its asker may read: a channel's setting."""

from __future__ import annotations

import asyncio
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from rag_core.access import narrowed
from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.messages import say
from rag_core.records.database import transaction
from rag_core.records.tables import answers
from rag_core.settings import Access, AccessRule, Settings
from rag_core.standard.answer import StandardAnswer
from rag_core.types import Answer, Principal, Question, Turn

SCOPES = ("public", "hr", "it")
BONUS = "How much is the yearly bonus?"
SAID = {"public": "1,111 euros", "hr": "2,222 euros", "it": "3,333 euros"}
ADA = Principal("slack", "ada", "T1", direct=True)
CONSOLE = Principal("console", "root")
SETS = [frozenset(chosen) for n in range(4) for chosen in combinations((*SCOPES, "board"), n)]

scopes = st.frozensets(st.sampled_from([*SCOPES, "board"]))


@pytest.fixture
def settings(home: object) -> Settings:
    rule = AccessRule(scopes=("hr", "it"), platform="slack", user=("ada",))
    return Settings(home=home, access=Access(rules=(rule,)))


@pytest.fixture
async def assistant(core: Core) -> Assistant:
    """Over one document in each scope, all about the same."""
    indexer = Indexer(core.embedder, core.store, core.compute)
    for scope in SCOPES:
        text = f"The yearly bonus is {SAID[scope]}. It is paid in March."
        parsed = Parsed(
            f"{scope}/bonus", scope, scope, f"{scope} bonus", f"https://docs.example/{scope}", text
        )
        await indexer.write([await indexer.divide(parsed)])
        await core.documents.put_source(f"{scope}-files", {"scope": scope}, from_settings=True)
    return make_assistant(core)


def asked(
    to: frozenset[str] | None, principal: Principal = ADA, text: str = BONUS, **more: object
) -> Question:
    return Question(text, principal, thread="t1", scopes=to, **more)  # type: ignore[arg-type]


def told(answer: Answer) -> set[str]:
    """The scopes that an answer shows anything of."""
    return {scope for scope in SCOPES if SAID[scope] in str(answer) or f"{scope} bonus" in str(answer)}


@given(may=st.none() | scopes, to=st.none() | scopes)
def test_a_narrowing_never_widens(may: frozenset[str] | None, to: frozenset[str] | None) -> None:
    """What is left is what may be read and was named, 'public' included; None stands for everything on either side."""
    left = narrowed(may, to)
    for scope in (*SCOPES, "board"):
        named = to is None or scope in to
        readable = may is None or scope in may
        assert (left is None or scope in left) == (named and readable)
    assert (left is None) == (may is None and to is None)


async def test_a_narrowed_question_shows_nothing_beyond_and_shares_nothing(
    core: Core, assistant: Assistant
) -> None:
    """Whatever it is narrowed to, whoever asks, after and beside everybody else who asks the same, with the cache on; and
    an answer that was narrowed is given to nobody else."""
    principals = (ADA, Principal("slack", "bob", "T1", direct=True), CONSOLE)
    may = {ADA: frozenset(SCOPES), principals[1]: frozenset({"public"}), CONSOLE: None}
    asks = [(who, to) for _ in range(2) for who in principals for to in (None, *SETS)]
    given = await asyncio.gather(*(assistant.ask(asked(to, who)) for who, to in asks))
    given += [await assistant.ask(asked(to, who)) for who, to in asks]
    for (who, to), answer in zip(asks * 2, given, strict=True):
        left = narrowed(may[who], to)
        readable = set(SCOPES) if left is None else left & set(SCOPES)
        assert told(answer) <= readable
        assert bool(told(answer)) == bool(readable)
        if not readable:
            assert answer.text == say("en", "no-documents")
        async with transaction(core.database) as connection:
            row = (
                (await connection.execute(select(answers).where(answers.c.id == answer.id))).mappings().one()
            )
        assert row["scopes"] == (None if left is None else sorted(left))
        assert {p["passage"].partition("/")[0] for p in row["passages"]} <= readable
    assert any(answer.cached for answer in given)


async def test_a_narrowed_question_forgets_what_was_read_beyond(assistant: Assistant) -> None:
    """A turn of the thread that was answered from more is none of its turns."""
    before = await assistant.ask(asked(None, text="What is paid in March?"))
    turns = (Turn("user", "What is paid in March?"), Turn("assistant", before.text, before.id))
    wide = await assistant.ask(asked(None, text="How much is it?", turns=turns))
    narrow = await assistant.ask(asked(frozenset({"public"}), text="How much is it?", turns=turns))
    assert wide.standalone
    assert narrow.standalone == ""


async def test_an_abstention_names_only_what_was_searched(assistant: Assistant) -> None:
    """Sources that the narrowing leaves out were not."""
    answer = await assistant.ask(asked(frozenset({"it"}), text="What is the boiling point of tungsten?"))
    assert answer.abstained
    assert "it-files" in answer.text
    assert not {"public-files", "hr-files"} & set(answer.text.replace(".", "").split())


async def test_a_standard_answer_counts_only_if_what_it_needs_is_left(
    core: Core, assistant: Assistant
) -> None:
    """One made from what the narrowing leaves out is not given."""
    made = StandardAnswer("Two thousand.", questions=(BONUS,), scopes=frozenset({"hr"}), author="eve")
    await core.standard.save(made)
    assert (await assistant.ask(asked(None))).generator.startswith("standard:")
    assert (await assistant.ask(asked(frozenset({"hr"})))).generator.startswith("standard:")
    assert (await assistant.ask(asked(frozenset({"it", "public"})))).generator == "extractive"


async def test_a_tone_is_part_of_what_makes_two_questions_the_same(core: Core, assistant: Assistant) -> None:
    """Answers in two tones are two answers; white space in a tone changes nothing."""
    await assistant.ask(asked(None))
    async with transaction(core.database) as connection:
        await connection.execute(delete(answers))
    assert (await assistant.ask(asked(None))).cached
    assert not (await assistant.ask(asked(None, tone="Like a pirate."))).cached
    assert (await assistant.ask(asked(None, tone=" Like a\n pirate. "))).cached
    assert not (await assistant.ask(asked(None, tone="Like a lawyer."))).cached
