"""Who is told that something failed for good, and where."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import Written, an_answer
from tests.servers.slack import readable

HELP = "C0HELP"


async def test_the_asker_is_told_in_the_place_of_the_answer(bot: Any) -> None:
    """With a reference and a button, whatever broke; the button asks again there."""
    bot.slack.fail("chat.postMessage", "a_new_error", 1)
    anna = bot.slack.user("U0ANNA")
    asked = anna.asks(HELP, "How long do refunds take?")
    await bot.settled()
    [told] = bot.slack.answers(HELP, asked)
    assert "reference" in readable(told)
    assert "a_new_error" not in readable(told)
    anna.clicks(told, "answerloop_retry")
    await bot.settled()
    [answer] = bot.slack.answers(HELP, asked)
    assert answer.ts == told.ts
    assert "30 days" in readable(answer)


async def test_what_was_shown_of_the_answer_is_replaced(bot: Any) -> None:
    """Nobody is left with half an answer."""
    bot.assistant.script = [Written(["The half ", "The half of it "], an_answer(), pause_s=1.2)]
    anna = bot.slack.user("U0ANNA")
    bot.slack.fail("chat.update", "a_new_error", 1)
    asked = anna.asks(HELP, "How long do refunds take?")
    await bot.settled()
    [told] = bot.slack.answers(HELP, asked)
    assert "reference" in readable(told)
    assert "half" not in readable(told)


@pytest.mark.parametrize("error", ["restricted_action", "a_new_error"])
async def test_who_asked_where_the_bot_cannot_write_is_told_directly(bot: Any, error: str) -> None:
    anna = bot.slack.user("U0ANNA")
    bot.slack.fail("chat.postMessage", error, 2)
    anna.asks(HELP, "How long do refunds take?")
    await bot.settled()
    [told] = bot.slack.answers(anna.dm)
    assert "may not write there" in readable(told)


async def test_nobody_is_told_of_what_nobody_asked_for(bot: Any) -> None:
    bot.configure(channels=[{"platform": "slack", "id": HELP, "auto_answer": 0.1}])
    bot.slack.fail("chat.postMessage", "a_new_error", 1)
    anna = bot.slack.user("U0ANNA")
    asked = anna.says(HELP, "How long do refunds take?")
    await bot.settled()
    assert not bot.slack.answers(HELP, asked)
    assert not bot.slack.answers(anna.dm)


async def test_a_click_that_fails_is_told_to_who_clicked(bench: Any) -> None:
    class Broken:
        def handlers(self) -> Any:
            async def handle(received: Any) -> None:
                raise ValueError("broken")

            return {"command": handle}

    await bench.start(Broken(), failed=bench.talking().failures.tell)
    anna = bench.slack.user("U0ANNA")
    anna.runs("/ask", "How long?", HELP)
    await bench.settled()
    assert "reference" in readable(anna.ephemerals(HELP)[0])


async def test_a_place_that_is_closed_costs_no_other(bot: Any) -> None:
    """An archived channel is one line in the log; the next question elsewhere is answered."""
    anna = bot.slack.user("U0ANNA")
    bot.slack.channel("C0OLD")
    bot.slack.hold()
    anna.asks("C0OLD", "How long do refunds take?")
    bot.slack.archive("C0OLD")
    bot.slack.let_go()
    asked = anna.asks(HELP, "How long do refunds take?")
    await bot.settled()
    assert len(bot.slack.answers(HELP, asked)) == 1
