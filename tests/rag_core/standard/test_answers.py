"""Which standard answer a question gets, where, and who may see it."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.cache.semantic import THRESHOLD
from rag_core.index.embedding import Embedder
from rag_core.standard.answer import LEAST_COSINE, StandardAnswer
from rag_core.standard.answers import Embed, StandardAnswers
from rag_core.types import Principal

PUBLIC = frozenset({"public"})
SOMEBODY = Principal("slack", "ada", channel="C1")


def directions(**cosines: float) -> Embed:
    """Vectors that have this cosine to (1, 0), by a word of the text; (1, 0) for any other text."""

    async def embed(text: str) -> NDArray[np.float32]:
        cosine = next((c for word, c in cosines.items() if word in text), 1.0)
        return np.array([cosine, (1 - cosine**2) ** 0.5], np.float32)

    return embed


@pytest.fixture
def meaning(embedder: Embedder) -> Embed:
    async def embed(text: str) -> NDArray[np.float32]:
        return embedder.embed_query(text)

    return embed


async def of(database: AsyncEngine, *entries: StandardAnswer) -> StandardAnswers:
    standard = StandardAnswers(database)
    await standard.save(*entries)
    return standard


async def given(
    standard: StandardAnswers,
    question: str,
    who: Principal = SOMEBODY,
    scopes: frozenset[str] | None = PUBLIC,
    embed: Embed | None = None,
) -> str | None:
    found = await standard.find(question, who, scopes, embed or directions())
    return found.answer if found else None


def answer(text: str, *questions: str, **fields: Any) -> StandardAnswer:
    return StandardAnswer(text, questions, **fields)


# --- ways to match -----------------------------------------------------------------------------------------------


async def test_a_wording_is_matched_exactly_whatever_the_kind(database: AsyncEngine) -> None:
    """But for case, punctuation and white space."""
    standard = await of(
        database,
        answer("A", "How long is leave?", "Leave?"),
        answer("B", "Who is on call?", match="semantic"),
        answer("C", "What is the wifi?", match="pattern", pattern="* wifi *"),
    )
    asked = (
        "how long is leave",
        "LEAVE!",
        "who is on call",
        "what is the WiFi",
        "how long is my leave",
        "on call",
    )
    assert [await given(standard, q) for q in asked] == ["A", "A", "B", "C", None, None]


async def test_a_pattern_matches_by_words_and_beginnings_of_words(database: AsyncEngine) -> None:
    """Each pattern is found by a word of the question."""
    standard = await of(
        database,
        answer("A", match="pattern", pattern="how * {reset|change} * password"),
        answer("B", match="pattern", pattern="* install* * windows *"),
        answer("C", match="pattern", pattern="{deploy|release} *"),
    )
    asked = ("How do I change the password?", "installing on Windows", "Release it!", "how do I reset it?")
    assert [await given(standard, q) for q in asked] == ["A", "B", "C", None]


async def test_the_same_question_in_another_wrapping_is_matched_by_meaning(
    database: AsyncEngine, meaning: Embed
) -> None:
    """With the real embedder: greeting, politeness, contraction, plural, synonym, order."""
    standard = await of(database, answer("A", "How do I reset my VPN password on a Mac?", match="semantic"))
    asked = (
        "Hi all, could you please tell me how I can reset my VPN password on a Mac?",
        "On a Mac, how do I reset my VPN password?",
        "how to reset my vpn password on a mac",
    )
    assert [await given(standard, q, embed=meaning) for q in asked] == ["A"] * 3


@pytest.mark.parametrize(
    ("wording", "question"),
    [
        ("How many days of leave do I get?", "How many days of leave do I not get?"),
        ("How many of the 20 seats are free?", "How many of the 30 seats are free?"),
        ("How do I install the VPN on Windows?", "How do I install the VPN on Linux?"),
        ("How do I enable two-factor login?", "How do I disable two-factor login?"),
        ("How do I copy files from S3 to Azure?", "How do I copy files from Azure to S3?"),
        ("When does the office open?", "Where does the office open?"),
        ("Who approves travel over 500 euros?", "Who approves travel under 500 euros?"),
        ("Can all members see the channel?", "Can some members see the channel?"),
    ],
)
async def test_a_question_that_is_near_and_another_gets_nothing(
    database: AsyncEngine, meaning: Embed, wording: str, question: str
) -> None:
    """Negation, numbers, names, opposites, order, question word, quantifier: however near the vectors are."""
    standard = await of(database, answer("A", wording, match="semantic"))
    vectors = [await meaning(text) for text in (wording, question)]
    assert vectors[0] @ vectors[1] > 0.75
    assert await given(standard, question, embed=meaning) is None
    assert await given(standard, f"{wording} Thanks!", embed=meaning) == "A"


async def test_a_semantic_match_needs_the_cosine_of_its_answer(database: AsyncEngine) -> None:
    """And only answers of that kind are matched by meaning."""
    standard = await of(
        database,
        answer("A", "How do I reset the router?", match="semantic", threshold=0.95),
        answer("B", "How do I reset the printer?"),
    )
    asked = "please, how do I reset the router?"
    assert await given(standard, asked, embed=directions(please=0.96)) == "A"
    assert await given(standard, asked, embed=directions(please=0.94)) is None
    assert await given(standard, "please, how do I reset the printer?") is None


async def test_nothing_is_embedded_for_a_question_that_no_wording_is_read_as(database: AsyncEngine) -> None:
    """And a wording is embedded once."""
    standard = await of(database, answer("A", "How do I reset the router?", match="semantic"))
    asked: list[str] = []

    async def embed(text: str) -> NDArray[np.float32]:
        asked.append(text)
        return np.ones(1, np.float32)

    assert await given(standard, "How do I reset the printer?", embed=embed) is None
    assert asked == []
    for _ in range(3):
        assert await given(standard, "Hi, how do I reset the router?", embed=embed) == "A"
    assert asked.count("How do I reset the router?") == 1


def test_the_least_cosine_is_that_of_the_semantic_cache() -> None:
    """Where it is measured."""
    assert LEAST_COSINE == THRESHOLD


# --- precedence --------------------------------------------------------------------------------------------------


async def test_exact_goes_before_pattern_before_meaning(database: AsyncEngine) -> None:
    """Even where the others are newer or for this channel."""
    entries = [
        answer("exact", "How do I reset the router?"),
        answer("pattern", match="pattern", pattern="* reset * router", platform="slack", channels=("C1",)),
        answer("semantic", "How to reset the router?", match="semantic", platform="slack", channels=("C1",)),
    ]
    for order in (entries, entries[::-1]):
        standard = await of(database, *order)
        assert await given(standard, "How do I reset the router?") == "exact"
        assert await given(standard, "Hey, how do I reset the router?") == "pattern"
        assert await given(standard, "How can I reset the router, please?") == "semantic"
        for entry in await standard.all():
            await standard.remove(entry.id)


async def test_a_channels_own_goes_before_a_platforms_before_all(database: AsyncEngine) -> None:
    """Within one kind, whichever is newer."""
    places: list[dict[str, Any]] = [{"platform": "slack", "channels": ("C1",)}, {"platform": "slack"}, {}]
    for n, place in enumerate(places):
        await of(database, answer(str(n), "q?", **place))
    standard = StandardAnswers(database)
    asked = [SOMEBODY, Principal("slack", "ada", channel="C2"), Principal("discord", "ada", channel="C1")]
    assert [await given(standard, "q", who) for who in asked] == ["0", "1", "2"]


async def test_nearer_goes_before_newer_and_newer_before_older(database: AsyncEngine) -> None:
    """Within one kind and place."""
    standard = await of(database, answer("near", "How do I reset my router?", match="semantic"))
    await standard.save(answer("far", "How can I reset my router?", match="semantic"))
    await standard.save(answer("older", "q?"))
    await standard.save(answer("newer", "q?"))
    far = directions(can=0.9)
    assert await given(standard, "How to reset my router", embed=far) == "near"
    assert await given(standard, "q", embed=far) == "newer"


async def test_what_is_switched_off_gives_way(database: AsyncEngine) -> None:
    """To the next that may be given."""
    standard = await of(database, answer("A", "q?"))
    (newer,) = await standard.save(answer("B", "q?", enabled=False))
    assert await given(standard, "q") == "A"
    await standard.edit(newer.id, enabled=True)
    assert await given(standard, "q") == "B"


# --- where, and for whom -----------------------------------------------------------------------------------------


async def test_it_holds_in_the_channels_it_names_and_nowhere_else(database: AsyncEngine) -> None:
    """A channel of the same id on another platform is another, and a direct message is none."""
    standard = await of(database, answer("A", "q?", platform="slack", channels=("C1", "C2")))
    places = [
        ("slack", "C1"),
        ("slack", "C2"),
        ("slack", "C3"),
        ("slack", ""),
        ("discord", "C1"),
        ("console", ""),
    ]
    asked = [Principal(platform, "ada", channel=channel) for platform, channel in places]
    assert [await given(standard, "q", who, None) for who in asked] == ["A", "A", None, None, None, None]


KINDS: list[dict[str, Any]] = [
    {"questions": ("How much do we pay?",)},
    {"match": "pattern", "pattern": "* pay"},
    {"questions": ("How much do we pay?",), "match": "semantic"},
]


@pytest.mark.parametrize("kind", KINDS, ids=["exact", "pattern", "semantic"])
async def test_nobody_sees_what_needs_a_scope_they_have_not(
    database: AsyncEngine, kind: dict[str, Any]
) -> None:
    """All scopes are needed, however the question is matched; the next best that is open is given instead."""
    standard = await of(database, StandardAnswer("secret", scopes=frozenset({"hr", "board"}), **kind))
    asked = "Please, how much do we pay?" if kind.get("match") == "semantic" else "How much do we pay?"
    readers: list[frozenset[str] | None] = [
        frozenset(), PUBLIC, PUBLIC | {"hr"}, PUBLIC | {"board"}, PUBLIC | {"hr", "board"}, None,
    ]  # fmt: skip
    expected = [None, None, None, None, "secret", "secret"]
    assert [await given(standard, asked, scopes=scopes) for scopes in readers] == expected
    await standard.save(answer("open", "Please, how much do we pay?"))
    await standard.save(answer("open", match="pattern", pattern="how * pay"))
    assert [await given(standard, asked, scopes=scopes) for scopes in readers[:4]] == ["open"] * 4


async def test_a_hidden_answer_costs_no_embedding(database: AsyncEngine) -> None:
    """Its being there is not even told by the time a question takes."""
    standard = await of(database, answer("A", "How do I pay?", match="semantic", scopes=frozenset({"hr"})))

    async def embed(text: str) -> Any:
        raise AssertionError(text)

    assert await given(standard, "Please, how do I pay?", embed=embed) is None


async def test_without_any_nothing_is_compared(database: AsyncEngine) -> None:
    """No embedding, no reading."""
    assert await given(StandardAnswers(database), "q") is None


# --- many --------------------------------------------------------------------------------------------------------


async def test_ten_thousand_are_told_apart(database: AsyncEngine) -> None:
    """Of all kinds, asked at once: each question gets its own."""
    entries = [
        [
            answer(str(n), f"How do I set option {n}?"),
            answer(str(n), match="pattern", pattern=f"how * {{set|change}} * option {n} *"),
            answer(str(n), f"How do I set option {n}?", match="semantic"),
        ][n % 3]
        for n in range(10_000)
    ]
    standard = await of(database, *entries)
    await standard.open()
    chosen = random.Random(7).sample(range(10_000), 60)
    asked = [
        "how do I set option {}",
        "how can we change that option {} today",
        "Hi, how can I set option {}?",
    ]
    found = await asyncio.gather(*(given(standard, asked[n % 3].format(n)) for n in chosen))
    assert found == [str(n) for n in chosen]
    assert await given(standard, "how do I set option 10000") is None


async def test_what_is_like_a_question_is_told_with_its_cosine(database: AsyncEngine) -> None:
    """Also what is hidden, off, or too far: for the curator who asks why."""
    standard = await of(
        database,
        answer("A", "How do I reset the router?", match="semantic", threshold=0.99),
        answer("B", "Hey, how do I reset the router?", enabled=False),
        answer("C", match="pattern", pattern="* reset *", scopes=frozenset({"hr"})),
        answer("D", "Something else?"),
    )
    alike = await standard.alike("Hey, how do I reset the router?", directions(Hey=0.9))
    assert [(f.answer.answer, f.kind, round(f.cosine, 2)) for f in alike] == [
        ("B", "exact", 1.0),
        ("C", "pattern", 1.0),
        ("A", "semantic", 0.9),
    ]
