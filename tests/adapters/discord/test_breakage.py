"""Discord, the database and the process broken on purpose at each step: one answer or one sentence, nothing lost or left."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import Written, an_answer
from tests.servers.discord import readable

QUESTION = "How long do refunds take?"
SEND = "POST /channels/{id}/messages"
EDIT = "PATCH /channels/{id}/messages/{id}"
ORIGINAL = "PATCH /webhooks/{id}/{token}/messages/@original"
SLOW = Written(["The half ", "The half of it, and more "], an_answer(), pause_s=0.8)


# what people undo meanwhile


async def test_a_question_deleted_while_its_edit_is_answered_has_no_answer(bot: Any) -> None:
    """The edit's work is broken off as the question's own would be."""
    asked, [_] = await bot.asked()
    bot.assistant.script = [SLOW]
    anna = bot.discord.user("Anna")
    anna.edits(asked, f"{bot.discord.mention} How long do claims take?")
    await bot.discord.until(lambda: len(bot.assistant.questions) == 2)
    anna.deletes(asked)
    await bot.settled()
    assert bot.discord.answers("help") == []


async def test_of_two_edits_the_last_is_answered(bot: Any) -> None:
    """And not in turn: the first is broken off."""
    asked, [_] = await bot.asked()
    bot.assistant.script = [Written([], an_answer(), pause_s=5.0), an_answer(text="It takes 14 days.")]
    anna = bot.discord.user("Anna")
    anna.edits(asked, f"{bot.discord.mention} How long do claims take?")
    await bot.discord.until(lambda: len(bot.assistant.questions) == 2)
    anna.edits(asked, f"{bot.discord.mention} How long do trips take?")
    await bot.settled(4)
    [answer] = bot.discord.answers("help")
    assert "14 days" in readable(answer)
    assert bot.assistant.questions[-1].text == "How long do trips take?"


async def test_a_message_deleted_while_it_grows_costs_no_answer(bot: Any) -> None:
    bot.assistant.script = [SLOW]
    bot.discord.user("Anna").asks("help", QUESTION)
    [growing] = await bot.discord.until(lambda: bot.discord.answers("help"))
    bot.discord.user("Moderator").deletes(growing)
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert "30 days" in readable(answer)


# places that close meanwhile


async def started(bot: Any, where: Any = "help") -> Any:
    """Anna asks; the bot is answering, and shows nothing yet."""
    bot.assistant.script = [Written([], an_answer(), pause_s=0.5)]
    anna = bot.discord.user("Anna")
    anna.asks(where, QUESTION)
    await bot.discord.until(lambda: bot.assistant.questions)
    return anna


@pytest.mark.parametrize("how", ["channel deleted", "permissions", "hidden", "locked", "thread deleted"])
async def test_where_a_place_closes_meanwhile_the_asker_is_told_directly_once(bot: Any, how: str) -> None:
    """With a reference, and nothing of the answer."""
    local, where = bot.discord, "help"
    if how in ("locked", "thread deleted"):
        where = local.user("Anna").starts_thread("help", "Refunds")
    anna = await started(bot, where)
    if how.endswith("deleted"):
        local.delete_channel(where)
    elif how == "locked":
        local.archive(where, locked=True)
    else:
        local.remove_permission(where, "view_channel" if how == "hidden" else "send_messages")
    await bot.settled()
    [told] = local.answers(anna.dm)
    assert "reference" in readable(told).lower()
    assert "30 days" not in readable(told)
    assert len(bot.assistant.questions) == 1


async def test_where_direct_messages_are_closed_as_well_nobody_is_told(bot: Any) -> None:
    """And the bot goes on elsewhere."""
    bot.discord.user("Anna", accepts_dms=False)
    anna = await started(bot)
    bot.discord.delete_channel("help")
    await bot.settled()
    assert bot.discord.answers(anna.dm) == []
    _, [answer] = await bot.asked(channel="talk")
    assert "30 days" in readable(answer)


async def test_an_archived_thread_is_answered_all_the_same(bot: Any) -> None:
    thread = bot.discord.user("Anna").starts_thread("help", "Refunds")
    await started(bot, thread)
    bot.discord.archive(thread)
    await bot.settled()
    [answer] = bot.discord.answers(thread)
    assert "30 days" in readable(answer)


async def test_a_bot_that_is_removed_meanwhile_tells_the_asker_and_goes_on_elsewhere(bot: Any) -> None:
    anna = await started(bot)
    bot.discord.kick_bot()
    await bot.settled()
    assert len(bot.discord.answers(anna.dm)) <= 1
    bot.discord.invite_bot()
    _, [answer] = await bot.asked(channel="talk")
    assert "30 days" in readable(answer)


# Discord that fails

FAULTS = {
    "500": lambda local, route: local.fail(route, 500, times=2),
    "502": lambda local, route: local.fail(route, 502, times=2),
    "503": lambda local, route: local.fail(route, 503, times=2),
    "504 performed": lambda local, route: local.fail(route, 504, performed=True),
    "lost": lambda local, route: local.lose_response(route),
    "limited": lambda local, route: local.limit(route, retry_after=0.4, times=2),
    "globally": lambda local, route: local.limit(route, retry_after=0.4, global_=True),
    "cloudflare": lambda local, route: local.limit(route, retry_after=0.4, via=False),
}


@pytest.mark.parametrize("fault", ["500", "503", "504 performed", "lost", "globally", "cloudflare"])
async def test_a_question_is_answered_once_whatever_sending_meets(bot: Any, fault: str) -> None:
    """Once when the message is first sent, once while it grows, once at its end."""
    bot.assistant.script = [SLOW]
    for route in (SEND, EDIT):
        FAULTS[fault](bot.discord, route)
    _, answers = await bot.asked()
    assert len(answers) == 1
    assert "within 30 days" in readable(answers[0])
    assert "half" not in readable(answers[0])
    assert len(bot.assistant.questions) == 1


@pytest.mark.parametrize(
    ("fault", "private"), [("502", False), ("504 performed", True), ("lost", False), ("limited", True)]
)
async def test_a_command_is_answered_once_whatever_its_response_meets(
    bot: Any, fault: str, private: bool
) -> None:
    bot.assistant.script = [SLOW]
    FAULTS[fault](bot.discord, ORIGINAL)
    anna = bot.discord.user("Anna")
    asked = anna.runs("ask", "help", question=QUESTION, private=private)
    await bot.settled()
    assert asked.original is not None
    assert "within 30 days" in readable(asked.original)
    assert len(bot.discord.answers("help")) == (0 if private else 1)
    assert len(bot.discord.answers(anna.dm)) == 0
    assert len(asked.followups) == 0
