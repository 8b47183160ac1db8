"""`/ask`, and sharing what it answered."""

from __future__ import annotations

from typing import Any

import pytest

from rag_core.messages import say
from tests.fakes import Written, an_answer
from tests.servers.discord import buttons, pings, readable

LONG = "\n\n".join(f"Paragraph {n}: " + "word " * 200 for n in range(8))
QUESTION = "How long do refunds take?"


async def run(bot: Any, text: str = QUESTION, where: Any = "help", **options: Any) -> Any:
    """What Anna asks, for herself unless said; she."""
    anna = bot.discord.user("Anna")
    options = {"private": True} | options
    anna.runs("ask", where, question=text, **options)
    await bot.settled()
    return anna


def shown(bot: Any, anna: Any, words: str) -> Any:
    """The message for her eyes that has these words."""
    [one] = [one for one in bot.discord.ephemerals(anna) if words in readable(one)]
    return one


async def test_everybody_reads_a_public_answer_with_its_question_above(bot: Any) -> None:
    """It is made from what all there may read; votes find it, and so does a reply to it."""
    anna = await run(bot, "How long do @everyone's refunds take?", private=False)
    [answer] = bot.discord.answers("help")
    assert "30 days" in readable(answer)
    assert answer.content.startswith("> How long do")
    assert not pings(answer)
    assert not bot.discord.ephemerals(anna)
    [question] = bot.assistant.questions
    assert not question.principal.direct
    [posting] = await bot.postings.of_answer("a1")
    assert (posting.channel, posting.message) == (answer.channel, answer.id)
    assert "Share" not in " ".join(buttons(answer))
    anna.replies(answer, "And for contractors?")
    await bot.settled()
    assert len(bot.discord.answers("help")) == 2
    assert [turn.role for turn in bot.assistant.questions[1].turns] == ["user", "assistant"]


async def test_only_the_asker_sees_a_private_answer(bot: Any) -> None:
    anna = await run(bot)
    assert "Share" in " ".join(buttons(shown(bot, anna, "30 days")))
    assert len(bot.discord.ephemerals(anna)) == 1
    assert not bot.discord.answers("help")
    assert bot.assistant.questions[0].principal.direct


async def test_both_are_deferred_before_they_are_answered(bot: Any) -> None:
    bot.assistant.script = [Written(["Within "], an_answer(), pause_s=1)]
    await run(bot)
    await run(bot, private=False)
    assert [ack.type for ack in bot.discord.acks] == ["deferred", "deferred"]
    assert all(ack.latency_s < 1 for ack in bot.discord.acks)


async def test_a_long_answer_goes_on_in_further_messages(bot: Any) -> None:
    bot.assistant.script = [an_answer("long", text=LONG)]
    await run(bot, private=False)
    parts = bot.discord.answers("help")
    assert len(parts) > 1
    assert [row.message for row in await bot.postings.of_answer("long")] == [one.id for one in parts]


async def test_in_direct_messages_it_is_theirs_alone_and_there_is_nothing_to_share(bot: Any) -> None:
    anna = bot.discord.user("Anna")
    await run(bot, where=anna.dm, private=False)
    [answer] = bot.discord.answers(anna.dm)
    assert "30 days" in readable(answer)
    assert "Share" not in " ".join(buttons(answer))
    assert bot.assistant.questions[0].principal.direct
    anna.writes("And for contractors?")
    await bot.settled()
    assert [turn.role for turn in bot.assistant.questions[1].turns] == ["user", "assistant"]


async def test_a_thread_that_it_was_asked_in_is_followed(bot: Any) -> None:
    anna = bot.discord.user("Anna")
    thread = anna.starts_thread("help", "Refunds")
    await run(bot, where=thread, private=False)
    anna.says(thread, "And for contractors?")
    await bot.settled()
    assert len(bot.discord.answers(thread)) == 2


@pytest.mark.parametrize("text", ["help", "Hilfe"])
async def test_who_asks_for_help_alone_is_told_how_to_ask(bot: Any, text: str) -> None:
    anna = await run(bot, text, private=False)
    assert "/ask" in readable(shown(bot, anna, "documents"))
    assert not bot.assistant.questions


async def test_who_may_not_ask_is_told_so_alone(bot: Any) -> None:
    channel = bot.discord.channel("help")
    bot.configure(channels=[{"platform": "discord", "id": channel.id, "allowed": ["1"]}])
    anna = await run(bot, private=False)
    assert shown(bot, anna, "may not answer you")
    assert not bot.discord.answers("help")


async def test_a_channel_with_drafts_answers_no_command(bot: Any) -> None:
    channel = bot.discord.channel("help")
    bot.configure(channels=[{"platform": "discord", "id": channel.id, "draft": True}])
    anna = await run(bot, private=False)
    assert shown(bot, anna, "a person checks")
    assert not bot.assistant.questions


async def test_names_in_a_question_are_read(bot: Any) -> None:
    ben, sales = bot.discord.user("Ben"), bot.discord.channel("sales")
    await run(bot, f"What may {ben.mention} spend in <#{sales.id}>?")
    assert bot.assistant.questions[0].text == "What may @Ben spend in #sales?"


async def test_the_person_s_language_is_spoken(bot: Any) -> None:
    bot.assistant.script = [an_answer(abstained=True, text="Nichts gefunden.")]
    bot.discord.user("Anna", locale="de")
    await run(bot, "Hilfe")
    assert "Ich beantworte" in readable(bot.discord.ephemerals(bot.discord.user("Anna"))[0])
    await run(bot)
    assert bot.assistant.questions[0].language == "de"


@pytest.mark.parametrize("private", [True, False])
async def test_a_failure_is_told_with_a_button_that_asks_again(bot: Any, private: bool) -> None:
    """In the same message, which shows the question; nothing of what broke."""
    bot.assistant.script = [RuntimeError("secret"), an_answer("better")]
    anna = await run(bot, private=private)
    find = bot.discord.answers if not private else (lambda _: bot.discord.ephemerals(anna))
    [failed] = find("help")
    assert "reference" in readable(failed)
    assert QUESTION in readable(failed)
    assert "secret" not in readable(failed)
    anna.clicks(failed, "Try again")
    await bot.settled()
    [answer] = find("help")
    assert answer.id == failed.id
    assert "30 days" in readable(answer)
    assert [q.text for q in bot.assistant.questions] == [QUESTION] * 2
    assert [q.principal.direct for q in bot.assistant.questions] == [private] * 2


async def test_two_clicks_ask_again_once(bot: Any) -> None:
    bot.assistant.script = [RuntimeError(), an_answer("better")]
    anna = await run(bot, private=False)
    [failed] = bot.discord.answers("help")
    anna.clicks(failed, "Try again")
    anna.clicks(failed, "Try again")
    await bot.settled()
    assert len(bot.assistant.questions) == 2
    assert "30 days" in readable(failed)


async def test_what_all_may_read_is_shared_as_it_is(bot: Any) -> None:
    """In the channel, once, with who shares it; votes and follow-ups find it, and the private one goes."""
    anna = await run(bot, "How long do @everyone's refunds take?")
    private = shown(bot, anna, "30 days")
    anna.clicks(private, "Share with the channel")
    anna.clicks(private, "Share with the channel")
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert "30 days" in readable(answer)
    assert f"<@{anna.id}>" in answer.content
    assert not pings(answer)
    [posting] = await bot.postings.of_answer("a1")
    assert (posting.message, posting.thread, posting.user_id) == (answer.id, answer.id, anna.id)
    assert len(bot.assistant.questions) == 1
    assert "30 days" not in readable(private)
    assert "in the channel now" in readable(private)
    anna.replies(answer, "And for contractors?")
    await bot.settled()
    assert len(bot.discord.answers("help")) == 2
    assert [turn.role for turn in bot.assistant.questions[1].turns] == ["user", "assistant"]


async def test_the_small_print_is_shared_as_well(bot: Any) -> None:
    """That a language model wrote it, and what became of its words."""
    bot.assistant.script = [an_answer(generator="openai:gpt-4o-mini")]
    bot.assistant.notices = ("sentences-removed",)
    anna = await run(bot)
    anna.clicks(shown(bot, anna, "30 days"), "Share with the channel")
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert say("en", "sentences-removed") in readable(answer)
    assert "openai:gpt-4o-mini" in readable(answer)


async def test_a_long_answer_is_shared_whole(bot: Any) -> None:
    bot.assistant.script = [an_answer("long", text=LONG)]
    anna = await run(bot)
    last = bot.discord.ephemerals(anna)[-1]
    anna.clicks(last, "Share with the channel")
    await bot.settled()
    parts = bot.discord.answers("help")
    assert len(parts) > 1
    assert len(await bot.postings.of_answer("long")) == len(parts)


async def test_what_the_channel_may_not_read_is_not_posted(bot: Any) -> None:
    """It is made again from what the channel may read, shown to the asker, and that one can be shared."""
    anna = bot.discord.user("Anna")
    bot.configure(access={"rules": [{"user": [anna.id], "platform": "discord", "scopes": ["secret"]}]})
    bot.assistant.access = bot.access
    bot.assistant.script = [
        an_answer("all", text="The secret is tangerine."),
        an_answer("public", text="Ask your boss."),
    ]
    await run(bot, "What is the secret?")
    anna.clicks(shown(bot, anna, "tangerine"), "Share with the channel")
    await bot.settled()
    assert not bot.discord.answers("help")
    assert [q.principal.direct for q in bot.assistant.questions] == [True, False]
    anna.clicks(shown(bot, anna, "Ask your boss"), "Share with the channel")
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert "Ask your boss" in readable(answer)
    assert "tangerine" not in readable(answer)


async def test_where_the_bot_may_not_write_the_command_still_answers_and_shares(bot: Any) -> None:
    bot.discord.remove_permission("help", "send_messages")
    anna = await run(bot)
    anna.clicks(shown(bot, anna, "30 days"), "Share with the channel")
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert "30 days" in readable(answer)
    assert [row.message for row in await bot.postings.of_answer("a1")] == [answer.id]


async def test_an_answer_that_is_not_known_any_more_is_told_so(bot: Any) -> None:
    anna = await run(bot)
    private = shown(bot, anna, "30 days")
    bot.discord.inside(lambda _: _renamed(private, "a1", "a0"))
    anna.clicks(private, "Share with the channel")
    await bot.settled()
    assert shown(bot, anna, "do not know this answer")


def _renamed(message: Any, before: str, after: str) -> None:
    for row in message.components:
        for one in row["components"]:
            one["custom_id"] = one["custom_id"].replace(before, after)
