"""Questions that wait behind another one in their thread."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import Written, an_answer

HELP = "C0HELP"
SLOW = Written(["Slowly "], an_answer("slow"), pause_s=1.0)


async def both(bot: Any, *, direct: bool = True, then: str = "And in Vienna?") -> tuple[Any, Any]:
    """Anna asks again while the first question is being answered."""
    bot.assistant.script = [SLOW, an_answer("fast")]
    anna = bot.slack.user("U0ANNA")
    first = anna.writes("How long?") if direct else anna.asks(HELP, "How long?")
    await bot.slack.until(lambda: bot.assistant.questions)
    second = anna.writes(then) if direct else anna.asks(HELP, then, first)
    return first, second


@pytest.mark.parametrize("direct", [True, False])
async def test_a_question_that_waits_is_marked_as_seen_at_once(bot: Any, direct: bool) -> None:
    """While the one before it is answered still; in the end no sign is left."""
    first, second = await both(bot, direct=direct)
    await bot.slack.until(lambda: second.reactions)
    assert len(bot.assistant.questions) == 1
    await bot.settled()
    assert len(bot.assistant.questions) == 2
    assert not first.reactions
    assert not second.reactions


@pytest.mark.parametrize("then", ["help", "quiet"])
async def test_no_sign_is_left_where_something_else_is_said(bot: Any, then: str) -> None:
    _, second = await both(bot, direct=False, then=then)
    await bot.slack.until(lambda: second.reactions)
    await bot.settled()
    assert len(bot.assistant.questions) == 1
    assert not second.reactions


async def test_no_sign_is_left_on_what_is_not_answered_at_all(bot: Any) -> None:
    """Here who asks is not admitted, and told so alone."""
    bot.configure(channels=[{"platform": "slack", "id": HELP, "allowed": ["U0ANNA"]}])
    bot.assistant.script = [SLOW, an_answer("fast")]
    first = bot.slack.user("U0ANNA").asks(HELP, "How long?")
    await bot.slack.until(lambda: bot.assistant.questions)
    second = bot.slack.user("U0BEN").asks(HELP, "How long?", first)
    await bot.slack.until(lambda: second.reactions)
    await bot.settled()
    await bot.slack.until(lambda: not second.reactions)
    assert len(bot.assistant.questions) == 1


async def test_no_sign_is_left_when_a_waiting_question_is_edited_away(bot: Any) -> None:
    _, second = await both(bot, direct=False)
    await bot.slack.until(lambda: second.reactions)
    bot.slack.user("U0ANNA").edits(second, "<@U0BEN> and in Vienna?")
    await bot.settled()
    await bot.slack.until(lambda: not second.reactions)
    assert [q.text for q in bot.assistant.questions] == ["How long?"]


async def test_what_nobody_asked_the_bot_waits_without_a_sign(bot: Any) -> None:
    bot.assistant.script = [SLOW, an_answer("fast")]
    first = bot.slack.user("U0ANNA").asks(HELP, "How long?")
    await bot.slack.until(lambda: bot.assistant.questions)
    talk = bot.slack.user("U0BEN").says(HELP, "Thanks, Anna.", thread=first)
    await bot.settled()
    assert [c.args["timestamp"] for c in bot.slack.calls("reactions.add")] == [first.ts]
    assert not talk.reactions
