"""What is said in threads that the bot answered in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import an_answer
from tests.servers.slack import readable

HELP = "C0HELP"


def texts(bot: Any) -> list[str]:
    return [question.text for question in bot.assistant.questions]


async def test_a_follow_up_needs_no_mention(bot: Any) -> None:
    """It comes with what was said before it; the bot's own turn is the answer as it was recorded."""
    asked, _ = await bot.asked()
    bot.slack.user("U0ANNA").says(HELP, "And for contractors?", thread=asked)
    await bot.settled()
    assert len(bot.slack.answers(HELP, asked)) == 2
    turns = bot.assistant.questions[1].turns
    assert [(turn.role, turn.answer) for turn in turns] == [("user", ""), ("assistant", "a1")]
    assert turns[1].text == "Expenses are refunded within 30 days [1]."


@pytest.mark.parametrize("text", ["Thanks!", "ok, got it", "👍", "Danke dir", "Perfect, thank you :pray:"])
async def test_thanks_are_not_answered(bot: Any, text: str) -> None:
    asked, _ = await bot.asked()
    bot.slack.user("U0ANNA").says(HELP, text, thread=asked)
    await bot.settled()
    assert len(bot.assistant.questions) == 1


async def test_what_people_say_to_each_other_is_not_answered(bot: Any) -> None:
    """A mention of somebody else; a remark of who did not ask; the asker's reply to that."""
    asked, _ = await bot.asked()
    anna, ben = bot.slack.user("U0ANNA"), bot.slack.user("U0BEN")
    anna.says(HELP, "<@U0BEN> is that still so?", thread=asked)
    ben.says(HELP, "It was changed in March.", thread=asked)
    anna.says(HELP, "I will write that down.", thread=asked)
    await bot.settled()
    assert len(bot.assistant.questions) == 1


async def test_a_question_of_somebody_else_is_answered_if_it_is_sure(bot: Any) -> None:
    """Nobody addressed the bot: below the confidence nothing is shown, not even a sign."""
    asked, _ = await bot.asked()
    bot.assistant.script = [an_answer("low", confidence=0.3), an_answer("high", confidence=0.9)]
    ben = bot.slack.user("U0BEN")
    calls = len(bot.slack.calls("reactions.add"))
    ben.says(HELP, "Does that hold for Vienna?", thread=asked)
    await bot.settled()
    assert len(bot.slack.answers(HELP, asked)) == 1
    assert len(bot.slack.calls("reactions.add")) == calls
    ben.says(HELP, "Does that hold for Paris?", thread=asked)
    await bot.settled()
    assert len(bot.slack.answers(HELP, asked)) == 2


async def test_follow_ups_can_be_off_in_a_channel(bot: Any) -> None:
    bot.configure(channels=[{"platform": "slack", "id": HELP, "follow_ups": False}])
    asked, _ = await bot.asked()
    bot.slack.user("U0ANNA").says(HELP, "And for contractors?", thread=asked)
    await bot.settled()
    assert len(bot.assistant.questions) == 1


@pytest.mark.parametrize(
    ("stop", "go"), [("stop", "continue"), ("Sei still!", "Mach weiter."), ("para", "sigue")]
)
async def test_a_thread_is_silenced_by_words_and_followed_again(bot: Any, stop: str, go: str) -> None:
    """Meanwhile a mention is answered all the same."""
    asked, _ = await bot.asked()
    anna = bot.slack.user("U0ANNA")
    for text in (f"{bot.slack.mention} {stop}", "And for contractors?"):
        anna.says(HELP, text, thread=asked)
        await bot.settled()
    assert len(bot.assistant.questions) == 1
    for text in (f"{bot.slack.mention} And in Vienna?", f"{bot.slack.mention} {go}", "And for contractors?"):
        anna.says(HELP, text, thread=asked)
        await bot.settled()
    assert texts(bot)[1:] == ["And in Vienna?", "And for contractors?"]


async def test_a_thread_is_silenced_in_the_menu(bot: Any) -> None:
    asked, [answer] = await bot.asked()
    anna = bot.slack.user("U0ANNA")
    anna.clicks(answer, "answerloop_more", "silence")
    await bot.settled()
    anna.says(HELP, "And for contractors?", thread=asked)
    await bot.settled()
    assert len(bot.assistant.questions) == 1
    assert "only when I am mentioned" in readable(anna.ephemerals(HELP)[0])
