"""What is said in threads that the bot answered in, and in replies to its messages."""

from __future__ import annotations

from typing import Any

import pytest

from rag_core.records.platforms.postings import Posting
from tests.fakes import an_answer
from tests.servers.discord import readable


def texts(bot: Any) -> list[str]:
    return [question.text for question in bot.assistant.questions]


async def in_thread(bot: Any) -> tuple[Any, Any]:
    """Anna, and a thread in which the bot has answered her."""
    anna = bot.discord.user("Anna")
    thread = anna.starts_thread("help", "Refunds")
    anna.asks("help", "How long do refunds take?", thread)
    await bot.settled()
    return anna, thread


async def said(bot: Any, person: Any, thread: Any, *words: str) -> None:
    for text in words:
        person.says("help", text, thread)
        await bot.settled()


async def test_a_follow_up_in_a_thread_needs_no_mention(bot: Any) -> None:
    """It comes with what was said before it; the bot's own turn is the answer as it was recorded."""
    anna, thread = await in_thread(bot)
    await said(bot, anna, thread, "And for contractors?")
    assert len(bot.discord.answers(thread)) == 2
    turns = bot.assistant.questions[1].turns
    assert [(turn.role, turn.answer) for turn in turns] == [("user", ""), ("assistant", "a1")]
    assert turns[1].text == "Expenses are refunded within 30 days [1]."


async def test_a_follow_up_in_a_thread_that_hangs_on_the_question_or_the_answer(bot: Any) -> None:
    """People open it from either, and go on in there."""
    asked, [answer] = await bot.asked()
    anna = bot.discord.user("Anna")
    await said(bot, anna, anna.starts_thread(answer, "More"), "And for contractors?")
    await said(bot, anna, anna.starts_thread(asked, "Even more"), "And in Vienna?")
    assert texts(bot)[1:] == ["And for contractors?", "And in Vienna?"]
    assert [turn.role for turn in bot.assistant.questions[1].turns] == ["assistant"]
    assert [turn.text for turn in bot.assistant.questions[2].turns] == ["How long do refunds take?"]


async def test_a_reply_to_the_bot_goes_on_and_needs_no_mention(bot: Any) -> None:
    """The chain of replies is the conversation, to its beginning and not beyond; talk beside it is none of it."""
    _, [answer] = await bot.asked()
    anna, ben = bot.discord.user("Anna"), bot.discord.user("Ben")
    ben.says("help", "Lunch?")
    follow_up = anna.replies(answer, "And for contractors?")
    await bot.settled()
    second = bot.discord.answers("help")[1]
    assert second.referenced is follow_up
    ben.replies(second, "And in Vienna?")
    await bot.settled()
    first, *_, last = bot.assistant.questions
    assert [turn.role for turn in last.turns] == ["user", "assistant", "user", "assistant"]
    assert last.turns[2].text == "And for contractors?"
    assert {question.thread for question in bot.assistant.questions} == {first.thread}
    assert last.principal.user == ben.id


async def test_a_reply_to_a_later_part_of_a_long_answer_is_about_all_of_it(bot: Any) -> None:
    long = "\n\n".join(f"Paragraph {n}: " + "word " * 200 for n in range(8))
    bot.assistant.script = [an_answer("long", text=long), an_answer("last")]
    _, parts = await bot.asked()
    assert len(parts) > 1
    bot.discord.user("Anna").replies(parts[-1], "And for contractors?")
    await bot.settled()
    assert [turn.text for turn in bot.assistant.questions[1].turns] == ["How long do refunds take?", long]


async def test_a_question_below_the_question_that_was_answered_counts_as_a_follow_up(bot: Any) -> None:
    """In reply to the person, whom it concerns as much: answered without a mention if it is the asker's."""
    asked, _ = await bot.asked()
    bot.discord.user("Anna").replies(asked, "And for contractors?")
    await bot.settled()
    assert texts(bot)[1:] == ["And for contractors?"]


@pytest.mark.parametrize("text", ["Thanks!", "ok, got it", "👍", "Danke dir", "Perfect, thank you :pray:"])
async def test_thanks_are_not_answered(bot: Any, text: str) -> None:
    """In a thread, and in a reply, though Discord makes that call the bot."""
    anna, thread = await in_thread(bot)
    await said(bot, anna, thread, text)
    anna.replies(bot.discord.answers(thread)[0], text)
    await bot.settled()
    assert len(bot.assistant.questions) == 1


async def test_what_people_say_to_each_other_is_not_answered(bot: Any) -> None:
    """A mention of somebody else; a remark of who did not ask; the asker's reply to that."""
    anna, thread = await in_thread(bot)
    ben = bot.discord.user("Ben")
    await said(bot, anna, thread, f"{ben.mention} is that still so?")
    await said(bot, ben, thread, "It was changed in March.")
    await said(bot, anna, thread, "I will write that down.")
    assert len(bot.assistant.questions) == 1


async def test_replies_to_what_the_bot_wrote_to_people_are_theirs(bot: Any) -> None:
    """A draft that somebody talks about, and a message that no answer is known of: a remark is no question."""
    _, [answer] = await bot.asked()
    where, ben = bot.discord.channel("help").id, bot.discord.user("Ben")
    await bot.postings.record([Posting("discord", where, answer.id, kind="draft", answer_id="a1")])
    ben.replies(answer, "I would send it like this")
    await bot.postings.remove("discord", where, answer.id)
    ben.replies(answer, "That was quick")
    await bot.settled()
    assert len(bot.assistant.questions) == 1
    ben.replies(answer, "How long do they take in Vienna?")
    await bot.settled()
    assert len(bot.assistant.questions) == 2


async def test_a_question_of_somebody_else_is_answered_if_it_is_sure(bot: Any) -> None:
    """Nobody addressed the bot: below the confidence nothing is shown, not even that it writes."""
    _, thread = await in_thread(bot)
    bot.assistant.script = [an_answer("low", confidence=0.3), an_answer("high", confidence=0.9)]
    ben = bot.discord.user("Ben")
    calls = len(bot.discord.calls("POST /channels/{id}/typing"))
    await said(bot, ben, thread, "Does that hold for Vienna?")
    assert len(bot.discord.answers(thread)) == 1
    assert len(bot.discord.calls("POST /channels/{id}/typing")) == calls
    await said(bot, ben, thread, "Does that hold for Paris?")
    assert len(bot.discord.answers(thread)) == 2


async def test_follow_ups_can_be_off_in_a_channel(bot: Any) -> None:
    """In its threads; a reply that calls the bot calls it all the same."""
    channel = bot.discord.channel("help")
    bot.configure(channels=[{"platform": "discord", "id": channel.id, "follow_ups": False}])
    anna, thread = await in_thread(bot)
    await said(bot, anna, thread, "And for contractors?")
    assert len(bot.assistant.questions) == 1
    anna.replies(bot.discord.answers(thread)[0], "And in Vienna?")
    await bot.settled()
    assert len(bot.assistant.questions) == 2


@pytest.mark.parametrize(
    ("stop", "go"), [("stop", "continue"), ("Sei still!", "Mach weiter."), ("para", "sigue")]
)
async def test_a_thread_is_silenced_by_words_and_followed_again(bot: Any, stop: str, go: str) -> None:
    """Meanwhile a mention is answered all the same."""
    anna, thread = await in_thread(bot)
    bot_ = bot.discord.mention
    await said(bot, anna, thread, f"{bot_} {stop}", "And for contractors?")
    assert len(bot.assistant.questions) == 1
    await said(bot, anna, thread, f"{bot_} And in Vienna?", f"{bot_} {go}", "And for contractors?")
    assert texts(bot)[1:] == ["And in Vienna?", "And for contractors?"]


async def test_a_thread_is_silenced_by_a_button(bot: Any) -> None:
    """It is there in threads alone."""
    _, [elsewhere] = await bot.asked()
    anna, thread = await in_thread(bot)
    [answer] = bot.discord.answers(thread)
    assert "Stop answering" not in readable(elsewhere)
    anna.clicks(answer, "Stop answering in this thread")
    await bot.settled()
    await said(bot, anna, thread, "And for contractors?")
    assert len(bot.assistant.questions) == 2
    assert "only when I am mentioned" in readable(bot.discord.ephemerals(anna)[0])


async def test_a_locked_thread_costs_nothing_but_a_direct_message(bot: Any) -> None:
    """An archived one opens by itself."""
    anna, thread = await in_thread(bot)
    bot.discord.archive(thread)
    await said(bot, anna, thread, "And for contractors?")
    assert len(bot.discord.answers(thread)) == 2
    bot.discord.archive(thread, locked=True)
    await said(bot, anna, thread, f"{bot.discord.mention} And in Vienna?")
    [told] = bot.discord.answers(anna.dm)
    assert "may not write there" in readable(told)
