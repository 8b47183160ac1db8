"""'Answer this', on a message."""

from __future__ import annotations

from typing import Any

from tests.servers.slack import readable

HELP = "C0HELP"
ANSWER = "answerloop_answer"


async def test_the_answer_stands_in_the_message_s_thread(bot: Any) -> None:
    """Asked by who used it, whoever wrote the message."""
    anna, ben = bot.slack.user("U0ANNA"), bot.slack.user("U0BEN")
    said = anna.says(HELP, "How long do refunds take?")
    ben.uses_shortcut(ANSWER, said)
    await bot.settled()
    assert len(bot.slack.answers(HELP, said)) == 1
    [question] = bot.assistant.questions
    assert (question.text, question.principal.user) == ("How long do refunds take?", "U0BEN")


async def test_a_message_is_answered_once(bot: Any) -> None:
    anna = bot.slack.user("U0ANNA")
    said = anna.asks(HELP, "How long do refunds take?")
    await bot.settled()
    anna.uses_shortcut(ANSWER, said)
    await bot.settled()
    assert len(bot.slack.answers(HELP, said)) == 1
    assert "already" in readable(anna.ephemerals(HELP)[0])


async def test_where_the_bot_is_not_only_who_asked_sees_it(bot: Any) -> None:
    anna = bot.slack.user("U0ANNA")
    bot.slack.channel("C0ELSE", bot=False)
    said = anna.says("C0ELSE", "How long do refunds take?")
    said_to_bot = bot.slack.channel("C0ELSE")
    bot.slack.inside(
        lambda world: (
            said_to_bot.members.remove(bot.slack.bot_user)
            if bot.slack.bot_user in said_to_bot.members
            else None
        )
    )
    anna.uses_shortcut(ANSWER, said)
    await bot.settled()
    shown = [readable(one) for one in anna.ephemerals("C0ELSE")]
    assert any("not in this conversation" in one for one in shown)
    assert any("30 days" in one for one in shown)
    assert not bot.slack.answers("C0ELSE", said)


async def test_a_message_without_words_is_told_so(bot: Any) -> None:
    anna = bot.slack.user("U0ANNA")
    said = anna.says(HELP, "", files=[("a.txt", b"words")])
    anna.uses_shortcut(ANSWER, said)
    await bot.settled()
    assert "in words" in readable(anna.ephemerals(HELP)[0])
