"""Files in a direct message can be asked about."""

from __future__ import annotations

from typing import Any

from rag_core.errors import DocumentError
from tests.servers.discord import readable

TEXT = ("rules.txt", b"Refunds take 30 days.")


async def test_a_file_comes_with_the_question_and_with_those_after_it(bot: Any) -> None:
    """Fetched and read once."""
    anna = bot.discord.user("Anna")
    anna.writes("How long do refunds take?", files=[TEXT])
    await bot.settled()
    anna.writes("And in Vienna?")
    await bot.settled()
    first, second = (question.attached for question in bot.assistant.questions)
    assert [one.title for one in first] == ["rules.txt"]
    assert first == second
    assert first[0].id.startswith("discord:")
    assert bot.assistant.read == ["rules.txt"]
    assert first[0].passages[0].text == "Refunds take 30 days."


async def test_a_file_alone_is_asked_about(bot: Any) -> None:
    anna = bot.discord.user("Anna")
    anna.writes("", files=[TEXT])
    await bot.settled()
    assert "know about it" in readable(bot.discord.answers(anna.dm)[0])
    anna.writes("How long do refunds take?")
    await bot.settled()
    assert [len(question.attached) for question in bot.assistant.questions] == [1]


async def test_files_in_channels_are_not_read(bot: Any) -> None:
    bot.discord.user("Anna").asks("help", "How long do refunds take?", files=[TEXT])
    await bot.settled()
    assert bot.assistant.questions[0].attached == ()
    assert not bot.assistant.files


async def test_a_file_that_cannot_be_read_is_told_so(bot: Any) -> None:
    bot.assistant.refuse_files = DocumentError("is damaged", "file-unreadable", name="rules.pdf")
    anna = bot.discord.user("Anna")
    anna.writes("How long do refunds take?", files=[("rules.pdf", b"%PDF")])
    await bot.settled()
    assert "could not read rules.pdf" in readable(bot.discord.answers(anna.dm)[0])
    assert not bot.assistant.questions


async def test_a_file_that_discord_does_not_hand_out_is_told_so(bot: Any) -> None:
    anna = bot.discord.user("Anna")
    bot.discord.inside(lambda world: setattr(world, "url", f"{world.url}/nowhere"))
    anna.writes("How long do refunds take?", files=[TEXT])
    await bot.settled()
    assert "upload it again" in readable(bot.discord.answers(anna.dm)[0])
