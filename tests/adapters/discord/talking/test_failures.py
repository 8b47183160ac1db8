"""Who is told that something failed for good, and where."""

from __future__ import annotations

from typing import Any

from adapters.discord.cog import MENU
from rag_core.errors import Unavailable
from tests.fakes import Written, an_answer
from tests.servers.discord import readable

QUESTION = "How long do refunds take?"
POST = "POST /channels/{id}/messages"


async def test_the_asker_is_told_in_the_place_of_the_answer(bot: Any) -> None:
    """With a reference and a button, whatever broke; the button asks again there."""
    bot.discord.fail(POST, status=400, code=50_035, times=1)
    anna = bot.discord.user("Anna")
    asked = anna.asks("help", QUESTION)
    await bot.settled()
    [told] = bot.discord.answers("help")
    assert told.referenced is asked
    assert "reference" in readable(told)
    anna.clicks(told, "Try again")
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert answer.id == told.id
    assert "30 days" in readable(answer)


async def test_an_answer_that_could_not_be_made_is_asked_for_again_in_its_place(bot: Any) -> None:
    """By anybody, and once; nothing is told of what broke."""
    bot.assistant.script = [RuntimeError("secret detail"), an_answer("better")]
    _, [failed] = await bot.asked()
    assert "reference" in readable(failed)
    assert "secret" not in readable(failed)
    ben = bot.discord.user("Ben")
    ben.clicks(failed, "Try again")
    ben.clicks(failed, "Try again")
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert answer.id == failed.id
    assert "30 days" in readable(answer)
    assert [q.principal.user for q in bot.assistant.questions[1:]] == [ben.id]


async def test_what_was_shown_of_the_answer_is_replaced(bot: Any) -> None:
    """Nobody is left with half an answer."""
    bot.assistant.script = [Written(["The half ", "The half of it "], RuntimeError(), pause_s=1.4)]
    _, [told] = await bot.asked()
    assert "reference" in readable(told)
    assert "half" not in readable(told)


async def test_who_asked_where_the_bot_cannot_write_is_told_directly(bot: Any) -> None:
    anna = bot.discord.user("Anna")
    bot.discord.remove_permission("help", "send_messages")
    anna.asks("help", QUESTION)
    await bot.settled()
    [told] = bot.discord.answers(anna.dm)
    assert "may not write there" in readable(told)
    assert bot.discord.channel("help").mention in readable(told)
    assert "reference" in readable(told)


async def test_who_takes_no_direct_messages_costs_nothing(bot: Any) -> None:
    anna = bot.discord.user("Anna", accepts_dms=False)
    bot.discord.remove_permission("help", "send_messages")
    anna.asks("help", QUESTION)
    await bot.settled()
    anna.asks("elsewhere", QUESTION)
    await bot.settled()
    assert len(bot.discord.answers("elsewhere")) == 1


async def test_nobody_is_told_of_what_nobody_asked_for(bot: Any) -> None:
    channel = bot.discord.channel("help")
    bot.configure(channels=[{"platform": "discord", "id": channel.id, "auto_answer": 0.1}])
    bot.discord.remove_permission("help", "send_messages")
    anna = bot.discord.user("Anna")
    anna.says("help", QUESTION)
    await bot.settled()
    assert bot.assistant.questions
    assert not bot.discord.answers(anna.dm)


class _Broken:
    """Handles what it is told to by failing for good."""

    def __init__(self, *kinds: str) -> None:
        self._kinds = kinds

    def handlers(self) -> Any:
        async def handle(received: Any) -> None:
            raise ValueError("broken")

        return dict.fromkeys(self._kinds, handle)


async def test_a_command_that_fails_is_told_in_its_response(bench: Any) -> None:
    """With a button, behind which the question is asked again."""
    made = bench.talking()
    await bench.start(*made.parts, _Broken("command:ask", "menu:answer"), failed=made.failures.tell)
    anna = bench.discord.user("Anna")
    anna.runs("ask", "help", question=QUESTION, private=True)
    anna.uses_menu(MENU, anna.says("help", "Who is the boss?"))
    await bench.settled()
    told = bench.discord.ephemerals(anna)
    assert len(told) == 2
    for one in told:
        assert "reference" in readable(one)
        anna.clicks(one, "Try again")
        await bench.settled()
    assert [q.text for q in bench.assistant.questions] == [QUESTION, "Who is the boss?"]
    assert all("30 days" in readable(one) for one in bench.discord.ephemerals(anna))


async def test_a_command_that_fails_after_its_interaction_ended_is_told_directly(bench: Any) -> None:
    """Discord takes nothing for it after a quarter of an hour."""
    made = bench.talking()

    class Late(_Broken):
        def handlers(self) -> Any:
            async def handle(received: Any) -> None:
                object.__setattr__(received.delivery, "payload", {**received.body, "token": ""})
                raise ValueError("broken")

            return dict.fromkeys(self._kinds, handle)

    await bench.start(*made.parts, Late("command:ask"), failed=made.failures.tell)
    anna = bench.discord.user("Anna")
    anna.runs("ask", "help", question=QUESTION, private=True)
    await bench.settled()
    [told] = bench.discord.answers(anna.dm)
    assert "reference" in readable(told)
    anna.clicks(told, "Try again")
    await bench.settled()
    [answer] = bench.discord.answers(anna.dm)
    assert "30 days" in readable(answer)
    assert bench.assistant.questions[0].principal.direct


async def test_a_click_that_fails_is_told_to_who_clicked(bench: Any) -> None:
    made = bench.talking()
    await bench.start(*made.parts, _Broken("action:share"), failed=made.failures.tell)
    anna = bench.discord.user("Anna")
    anna.runs("ask", "help", question=QUESTION, private=True)
    await bench.settled()
    anna.clicks(bench.discord.ephemerals(anna)[0], "Share with the channel")
    await bench.settled()
    assert "reference" in readable(bench.discord.ephemerals(anna)[-1])


async def test_what_may_pass_is_tried_again_and_costs_one_answer(bench: Any) -> None:
    """Here the database was away for a moment, after the answer was shown."""
    from adapters.answering import Answering
    from rag_core.records.platforms.postings import Postings

    class Lost(Postings):
        lost = False

        async def record(self, rows: Any) -> None:
            await super().record(rows)
            if not self.lost:
                self.lost = True
                raise Unavailable("gone")

    bench.postings = Lost(bench.database)
    bench.answering = Answering(bench.chat, bench.postings, bench._propose)
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell)
    _, answers = await bench.asked()
    assert len(answers) == len(bench.assistant.questions) == 1
