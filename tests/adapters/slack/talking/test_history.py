"""What was said before a question."""

from __future__ import annotations

from typing import Any

from tests.fakes import an_answer

HELP = "C0HELP"


def said(bot: Any, number: int = -1) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in bot.assistant.questions[number].turns]


async def test_a_first_message_asks_slack_for_nothing(bot: Any) -> None:
    bot.slack.user("U0ANNA").asks(HELP, "How long do refunds take?")
    await bot.settled()
    assert not bot.slack.calls("conversations.replies")
    assert not bot.slack.calls("conversations.history")


async def test_a_thread_that_the_bot_is_called_into_is_read(bot: Any) -> None:
    """What people said, by their words; other bots and notes of Slack's are left out."""
    anna, ben = bot.slack.user("U0ANNA", name="Anna"), bot.slack.user("U0BEN", name="Ben")
    root = anna.says(HELP, "The refund for Vienna is late.")
    ben.says(HELP, "<@U0ANNA> which one &amp; when?", thread=root)
    bot.slack.other_bot().says(HELP, "Beep.", root)
    ben.says(HELP, "Ben has joined", thread=root, subtype="channel_join")
    anna.asks(HELP, "How long do refunds take?", thread=root)
    anna.says(HELP, "Later words.", thread=root)
    await bot.settled()
    assert said(bot, 0) == [("user", "The refund for Vienna is late."), ("user", "@Anna which one & when?")]


async def test_abstentions_and_failures_are_no_turns(bot: Any) -> None:
    """What was asked counts; that nothing was found does not."""
    bot.assistant.script = [an_answer("none", abstained=True), RuntimeError(), an_answer("last")]
    anna = bot.slack.user("U0ANNA")
    root = anna.asks(HELP, "Who is the queen?")
    await bot.settled()
    for text in ("And the king?", "And the prince?"):
        anna.asks(HELP, text, thread=root)
        await bot.settled()
    assert said(bot) == [("user", "Who is the queen?"), ("user", "And the king?")]


async def test_a_long_thread_gives_its_latest_turns(bot: Any) -> None:
    bot.configure(conversation={"turns": 4})
    anna = bot.slack.user("U0ANNA")
    root = anna.says(HELP, "number 0")
    for number in range(1, 230):
        anna.says(HELP, f"number {number}", thread=root)
    anna.asks(HELP, "And now?", thread=root)
    await bot.settled()
    assert [text for _, text in said(bot)] == [f"number {n}" for n in range(226, 230)]


async def test_a_direct_message_is_one_conversation_for_some_hours(bot: Any) -> None:
    """Without what stands in threads of it; a long answer is one turn, as it was recorded."""
    long = "\n\n".join(f"Paragraph {n}: " + "word " * 200 for n in range(40))
    bot.assistant.script = [an_answer("old"), an_answer("long", text=long), an_answer("new")]
    anna = bot.slack.user("U0ANNA")
    anna.writes("Long ago?")
    await bot.settled()
    bot.slack.world.clock.advance(7 * 3600)
    anna.writes("How long do refunds take?")
    await bot.settled()
    anna.writes("And in Vienna?")
    await bot.settled()
    assert said(bot) == [("user", "How long do refunds take?"), ("assistant", long)]


async def test_no_turns_are_asked_for_where_none_are_wanted(bot: Any) -> None:
    bot.configure(conversation={"turns": 0})
    anna = bot.slack.user("U0ANNA")
    anna.writes("How long do refunds take?")
    anna.writes("And in Vienna?")
    await bot.settled()
    assert not bot.slack.calls("conversations.history")
    assert said(bot) == []


async def test_our_own_message_without_a_record_is_no_turn(bot: Any) -> None:
    """What it was made from is not known, so it is kept from who may not read it."""
    anna = bot.slack.user("U0ANNA")
    root = anna.asks(HELP, "How long do refunds take?")
    await bot.settled()
    [answer] = bot.slack.answers(HELP, root)
    await bot.postings.remove("slack", HELP, answer.ts)
    anna.asks(HELP, "And in Vienna?", thread=root)
    await bot.settled()
    assert said(bot) == [("user", "How long do refunds take?")]
