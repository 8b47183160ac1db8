"""Answers without embeds."""

from __future__ import annotations

from dataclasses import replace

from adapters.chat import Reply
from adapters.discord.showing.escaping import length
from adapters.discord.showing.rendering import CONTENT, answer
from adapters.discord.talking.plainly import without_embeds
from tests.fakes import HANDBOOK, an_answer


def test_all_of_it_is_said_within_the_limits_and_pressed_in_the_last_message() -> None:
    """Text, sources and small print, in this order."""
    sources = tuple(replace(HANDBOOK, number=n, title=f"Handbook {n}") for n in range(1, 40))
    long = "\n\n".join(f"Paragraph {n}: " + "word " * 100 for n in range(10))
    given = an_answer(text=long, citations=sources, generator="openai:gpt-4o-mini")
    shown = without_embeds(answer(Reply(long, given), "en"))
    assert all(0 < length(one["content"]) <= CONTENT and not one["embeds"] for one in shown)
    assert [bool(one["components"]) for one in shown] == [False] * (len(shown) - 1) + [True]
    text = "\n".join(one["content"] for one in shown)
    found = [text.index(words) for words in ("Paragraph 9", "**Sources**", "Handbook 39", "gpt-4o-mini")]
    assert found == sorted(found)
