"""What is left of a model's answer reads as if nothing had been taken out of it."""

from __future__ import annotations

import asyncio

import pytest

from rag_core.generation.grounding import Grounding
from rag_core.generation.protocol import nothing
from rag_core.generation.writing.checking import Writing
from rag_core.types import Passage, Place

TEXT = "You have 30 days of leave a year. Ask your lead two weeks ahead. Unused days expire in March. A day has 8 hours."
LEAVE = Passage("p", "leave", "docs", "public", "Leave", (), TEXT, "https://docs.example/leave", Place())
DAYS, ASK, MARCH = TEXT.split(". ")[:3]
FALSE = "Ravens bring a golden watch [1]."
QUESTION = "How many days of leave do I have a year?"


async def written(text: str, question: str = QUESTION, *, size: int = 7, cut: bool = False) -> Writing:
    writing = Writing(question, [LEAVE], Grounding(), mark=False, said=nothing)
    for at in range(0, len(text), size):
        await writing.add(text[at : at + size])
    await writing.end(cut=cut)
    return writing


async def kept(text: str) -> str:
    return (await written(text)).text


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (
            f"{DAYS} [1].\n\n## Watches\n\n{FALSE}\n\n## Expiry\n\n{MARCH} [1].",
            f"{DAYS}. [1]\n\n## Expiry\n\n{MARCH}. [1]",
        ),
        (
            f"## Leave\n\n### Watches\n\n{FALSE}\n\n### Expiry\n\n{MARCH} [1].",
            f"## Leave\n\n### Expiry\n\n{MARCH}. [1]",
        ),
        (f"{DAYS} [1].\n\n**Watches**\n\n{FALSE}", f"{DAYS}. [1]"),
        (f"{DAYS} [1].\n\n---\n\n{FALSE}", f"{DAYS}. [1]"),
        (f"Here is what I found:\n\n- {FALSE}\n\n{MARCH} [1].", f"{MARCH}. [1]"),
        (f"Here it is:\n\n- {FALSE}\n- {MARCH} [1].", f"Here it is:\n\n- {MARCH}. [1]"),
        (f"- Watches:\n  - {FALSE}\n- {MARCH} [1].", f"- {MARCH}. [1]"),
        (
            f"- {DAYS} [1].\n- {FALSE}\n  - {ASK} [1].\n- {MARCH} [1].",
            f"- {DAYS}. [1]\n- {ASK}. [1]\n- {MARCH}. [1]",
        ),
        (f"| Kind | Days |\n|---|---|\n| Moon | 99 [1] |\n\n{MARCH} [1].", f"{MARCH}. [1]"),
        (
            "| What | How |\n|---|---|\n| moon | 55 |\n| unused days | expire in March [1] |",
            "| What | How |\n|---|---|\n| unused days | expire in March [1] |",
        ),
        (f"{DAYS} [1].\n\n1. {FALSE}\n2. {MARCH} [1].", f"{DAYS}. [1]\n\n2. {MARCH}. [1]"),
        (f"**{DAYS} [1]. {FALSE}** {MARCH} [1].", f"{DAYS}. [1] {MARCH}. [1]"),
    ],
    ids=range(12),
)
async def test_markdown_stays_whole_where_pieces_go(said: str, left: str) -> None:
    """No heading, introduction or table head is left alone; what stood below a lost list item takes its place."""
    assert await kept(said) == left


@pytest.mark.parametrize(
    "more",
    [
        "\n\n## References\n\n1. Leave\n2. Office",
        "\n\nSources:\n- [1] Leave\n- [2] Office",
        "\n\n**Sources:** [1][2]",
        "\n\n[1] Handbook, Leave",
        "\n\n[^1]: Handbook. Page 3.",
        " I hope this helps! Let me know if you have further questions.",
        f" {DAYS} [1].",
        f" {QUESTION}",
        "\n\n## The end",
    ],
)
async def test_what_is_no_part_of_the_answer_goes_without_a_word(more: str) -> None:
    """Lists of sources, courtesies, repetitions: the reader is not told of sentences that were left out."""
    writing = await written(f"{DAYS} [1].{more}")
    assert writing.text == f"{DAYS}. [1]"
    assert writing.unsupported == 0


async def test_headings_and_introductions_claim_nothing_either() -> None:
    """What is dressed up as one is held to the passages like a sentence."""
    made_up = "# You also get a golden watch and 5000 euros"
    assert await kept(f"{made_up}\n\n{DAYS} [1].") == f"{DAYS}. [1]"
    assert await kept(f"Ravens bring a golden watch every week to:\n\n- {DAYS} [1].") == f"- {DAYS}. [1]"
    assert await kept(f"# Days of leave a year\n\n{DAYS} [1].") == f"# Days of leave a year\n\n{DAYS}. [1]"
    assert "9000" not in await kept("| Salary | 9000 |\n|---|---|\n| unused days | expire in March [1] |")


async def test_a_refusal_is_noted_in_whatever_words() -> None:
    """With an answer beside it, the answer stays."""
    writing = await written("The provided passages do not answer this.")
    assert writing.refused
    assert writing.text == ""
    writing = await written(f"The passages do not mention parental leave. {DAYS} [1].")
    assert writing.refused
    assert writing.text == f"{DAYS}. [1]"


async def test_nothing_that_follows_the_words_asked_for_is_an_answer() -> None:
    writing = await written(f"NOT_IN_PASSAGES\n\n{DAYS} [1].")
    assert writing.refused
    assert writing.text == ""


@pytest.mark.parametrize("text", ["", " \n", "<think>Hm. You have 30 days.", "# Leave", "I hope this helps!"])
async def test_no_answer_is_told_from_one_without_support(text: str) -> None:
    assert (await written(text)).empty
    assert not (await written(FALSE)).empty


@pytest.mark.parametrize(
    "text",
    [
        f"<think>{FALSE}</think>\n\n{DAYS} [1].",
        f"Sure.\n<think>{ASK}.</think>\n{DAYS} [1].",
        f"{ASK}.\n</think>\n\n{DAYS} [1].",
        f"```markdown\n{DAYS} [1].\n```",
        f"<answer>{DAYS} [1].</answer>",
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
async def test_thoughts_and_wrapping_are_not_shown(text: str, size: int) -> None:
    """Not even where only their end tells that they were thoughts."""
    assert (await written(text, size=size)).text.removeprefix("Sure.\n") == f"{DAYS}. [1]"


async def test_a_sentence_that_the_model_had_no_tokens_to_finish_goes() -> None:
    """It may have been about to say the opposite."""
    assert (await written(f"{DAYS} [1]. Unused days expire", cut=True)).text == f"{DAYS}. [1]"
    assert (await written(f"{DAYS} [1]. {MARCH}.", cut=True)).text == f"{DAYS}. [1] {MARCH}. [1]"


async def test_an_answer_in_the_askers_language_is_compared_by_numbers_and_names() -> None:
    """Where its passages are in another one; and it is noted."""
    german = "Wie viele Tage Urlaub habe ich im Jahr?"
    writing = await written(
        "Sie haben 30 Tage Urlaub im Jahr [1]. Sie haben 45 Tage Urlaub im Winter [1].", german
    )
    assert writing.text == "Sie haben 30 Tage Urlaub im Jahr. [1]"
    assert writing.translated
    assert (await written("Sie haben 30 Tage Urlaub im Jahr [1].")).text == ""


@pytest.mark.parametrize(
    "part", ["[", "[1-", " ", "*", "`", "<", "(see ", "sorry ", "in den texten ", "</think>", "- "]
)
async def test_no_answer_takes_long_to_take_apart(part: str) -> None:
    """Whatever a model repeats until it is stopped."""
    async with asyncio.timeout(20):
        await written(part * (11_000 // len(part)), size=500)
