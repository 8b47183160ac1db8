"""What was said before a question."""

from __future__ import annotations

from typing import Any

from tests.fakes import an_answer


def said(bot: Any, number: int = -1) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in bot.assistant.questions[number].turns]


async def test_a_first_message_asks_discord_for_nothing(bot: Any) -> None:
    await bot.asked()
    assert not bot.discord.calls("GET /channels/{id}/messages")
    assert not bot.discord.calls("GET /channels/{id}/messages/{id}")


async def test_a_thread_that_the_bot_is_called_into_is_read(bot: Any) -> None:
    """From the message that it hangs on, by people's words; other bots and Discord's notes are left out."""
    anna, ben = bot.discord.user("Anna"), bot.discord.user("Ben")
    root = anna.says("help", "The refund for Vienna is late.")
    thread = anna.starts_thread(root, "Refund")
    ben.says(thread, f"{anna.mention} which one & when?")
    bot.discord.other_bot().says(thread, "Beep.")
    anna.asks(thread, "How long do refunds take?")
    anna.says(thread, "Later words.")
    await bot.settled()
    assert said(bot, 0) == [("user", "The refund for Vienna is late."), ("user", "@Anna which one & when?")]


async def test_abstentions_and_failures_are_no_turns(bot: Any) -> None:
    """What was asked counts; that nothing was found does not."""
    bot.assistant.script = [an_answer("none", abstained=True), RuntimeError(), an_answer("last")]
    anna = bot.discord.user("Anna")
    thread = anna.starts_thread("help", "Royals")
    for text in ("Who is the queen?", "And the king?", "And the prince?"):
        anna.asks(thread, text)
        await bot.settled()
    assert said(bot) == [("user", "Who is the queen?"), ("user", "And the king?")]


async def test_a_long_thread_gives_its_latest_turns(bot: Any) -> None:
    bot.configure(conversation={"turns": 4})
    anna = bot.discord.user("Anna")
    thread = anna.starts_thread("help", "Numbers")
    for number in range(120):
        anna.says(thread, f"number {number}")
    anna.asks(thread, "And now?")
    await bot.settled()
    assert [text for _, text in said(bot)] == [f"number {n}" for n in range(116, 120)]


async def test_a_direct_message_is_one_conversation_for_some_hours(bot: Any) -> None:
    """A long answer is one turn, as it was recorded."""
    long = "\n\n".join(f"Paragraph {n}: " + "word " * 200 for n in range(8))
    bot.assistant.script = [an_answer("old"), an_answer("long", text=long), an_answer("new")]
    anna = bot.discord.user("Anna")
    bot.discord.world.clock.advance(-7 * 3600)
    bot.discord.inside(lambda world: setattr(world.state, "_last", 0))
    bot.configure(discord={"useful_for": "9h"})
    anna.writes("Long ago?")
    await bot.settled()
    bot.discord.world.clock.advance(7 * 3600)
    anna.writes("How long do refunds take?")
    await bot.settled()
    anna.writes("And in Vienna?")
    await bot.settled()
    assert said(bot) == [("user", "How long do refunds take?"), ("assistant", long)]


async def test_a_chain_of_replies_is_followed_as_far_as_it_can_be_read(bot: Any) -> None:
    """And no further than the turns that are wanted."""
    bot.configure(conversation={"turns": 3})
    anna, ben = bot.discord.user("Anna"), bot.discord.user("Ben")
    last = ben.says("help", "number 0")
    for number in range(1, 6):
        last = ben.replies(last, f"number {number}")
    anna.replies(last, f"{bot.discord.mention} And now?")
    await bot.settled()
    assert said(bot) == [("user", f"number {n}") for n in (3, 4, 5)]
    ben.deletes(bot.discord.messages("help")[4])
    anna.replies(last, f"{bot.discord.mention} And then?")
    await bot.settled()
    assert said(bot) == [("user", "number 5")]


async def test_no_turns_are_asked_for_where_none_are_wanted(bot: Any) -> None:
    bot.configure(conversation={"turns": 0})
    anna = bot.discord.user("Anna")
    anna.writes("How long do refunds take?")
    anna.writes("And in Vienna?")
    await bot.settled()
    assert not bot.discord.calls("GET /channels/{id}/messages")
    assert said(bot) == []


async def test_our_own_message_without_a_record_is_no_turn(bot: Any) -> None:
    """What it was made from is not known, so it is kept from who may not read it."""
    anna = bot.discord.user("Anna")
    thread = anna.starts_thread("help", "Refunds")
    anna.asks(thread, "How long do refunds take?")
    await bot.settled()
    [answer] = bot.discord.answers(thread)
    await bot.postings.remove("discord", thread.id, answer.id)
    anna.asks(thread, "And in Vienna?")
    await bot.settled()
    assert said(bot) == [("user", "How long do refunds take?")]


async def test_history_that_cannot_be_read_costs_no_answer(bot: Any) -> None:
    """As where the bot may write but not read what was written before; then the answer is no reply either."""
    bot.discord.remove_permission("help", "read_message_history")
    anna = bot.discord.user("Anna")
    thread = anna.starts_thread("help", "Refunds")
    for text in ("How long do refunds take?", "And for contractors?"):
        anna.asks(thread, text)
        await bot.settled()
    assert len(bot.discord.answers(thread)) == 2
    assert bot.assistant.questions[1].turns == ()
