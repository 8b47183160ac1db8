"""'Answer this', on a message."""

from __future__ import annotations

from typing import Any

from adapters.discord.cog import MENU
from tests.servers.discord import readable

QUESTION = "How long do refunds take?"


async def test_the_answer_replies_to_the_message(bot: Any) -> None:
    """Asked by who used it, whoever wrote the message; to them nothing else is shown."""
    anna, ben = bot.discord.user("Anna"), bot.discord.user("Ben")
    said = anna.says("help", QUESTION)
    ben.uses_menu(MENU, said)
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert answer.referenced is said
    [question] = bot.assistant.questions
    assert (question.text, question.principal.user, question.principal.direct) == (QUESTION, ben.id, False)
    assert not bot.discord.ephemerals(ben)
    assert (await bot.postings.of_answer("a1"))[0].question_message == said.id


async def test_a_message_is_answered_once(bot: Any) -> None:
    asked, _ = await bot.asked()
    ben = bot.discord.user("Ben")
    ben.uses_menu(MENU, asked)
    await bot.settled()
    assert len(bot.discord.answers("help")) == 1
    assert "already" in readable(bot.discord.ephemerals(ben)[0])


async def test_where_the_bot_or_who_used_it_may_not_write_they_alone_see_it(bot: Any) -> None:
    anna, ben = bot.discord.user("Anna"), bot.discord.user("Ben")
    said = anna.says("help", QUESTION)
    bot.discord.remove_permission("help", "send_messages")
    ben.uses_menu(MENU, said)
    await bot.settled()
    assert not bot.discord.answers("help")
    assert "30 days" in readable(bot.discord.ephemerals(ben)[0])
    [question] = bot.assistant.questions
    assert question.principal.direct


async def test_a_message_without_words_is_told_so(bot: Any) -> None:
    anna = bot.discord.user("Anna")
    said = anna.says("help", "", files=[("a.txt", b"words")])
    anna.uses_menu(MENU, said)
    await bot.settled()
    assert "in words" in readable(bot.discord.ephemerals(anna)[0])
    assert not bot.assistant.questions


async def test_who_may_not_ask_is_told_so(bot: Any) -> None:
    channel = bot.discord.channel("help")
    bot.configure(channels=[{"platform": "discord", "id": channel.id, "allowed": ["1"]}])
    anna = bot.discord.user("Anna")
    anna.uses_menu(MENU, anna.says("help", QUESTION))
    await bot.settled()
    assert "may not answer you" in readable(bot.discord.ephemerals(anna)[0])


async def test_in_direct_messages_it_answers_there(bot: Any) -> None:
    """An answer to a message that failed, for instance."""
    anna = bot.discord.user("Anna")
    bot.configure(channels=[{"platform": "discord", "allowed": ["1"]}])
    said = anna.writes(QUESTION)
    await bot.settled()
    bot.configure()
    anna.uses_menu(MENU, said)
    await bot.settled()
    assert "30 days" in readable(bot.discord.answers(anna.dm)[-1])
    assert bot.assistant.questions[0].principal.direct


async def test_without_message_content_it_reads_what_it_is_used_on(bench: Any) -> None:
    """Discord gives the message with the click."""
    bench.discord.without_message_content()
    bench.client._connection._intents.message_content = False
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell)
    anna = bench.discord.user("Anna")
    anna.uses_menu(MENU, anna.says("help", QUESTION))
    await bench.settled()
    assert [question.text for question in bench.assistant.questions] == [QUESTION]
