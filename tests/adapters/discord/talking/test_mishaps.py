"""Questions that wait too long, that a stopped process left, and a Discord that is ill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from rag_core.records.tables import deliveries
from tests.fakes import Written, an_answer
from tests.servers.discord import readable

QUESTION = "How long do refunds take?"
POST = "POST /channels/{id}/messages"


def turned_back(local: Any, seconds: float) -> None:
    """Discord's clock, and the ids that it gives."""
    local.world.clock.advance(-seconds)
    local.inside(lambda world: setattr(world.state, "_last", 0))


async def test_a_question_that_waited_too_long_is_told_so(bot: Any) -> None:
    """Delivered long after it was sent: asked once whether it is still wanted."""
    turned_back(bot.discord, 3600)
    _, [told] = await bot.asked()
    assert "60 min ago" in readable(told)
    assert not bot.assistant.questions
    bot.discord.user("Anna").clicks(told, "Try again")
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert answer.id == told.id
    assert "30 days" in readable(answer)


async def test_a_question_that_is_gone_when_it_is_to_be_asked_again_is_told_so(bot: Any) -> None:
    turned_back(bot.discord, 3600)
    asked, [told] = await bot.asked()
    bot.discord.world.clock.advance(3600)
    anna = bot.discord.user("Anna")
    bot.discord.inside(lambda world: world.state.channels[asked.channel].messages.pop(asked.id))
    anna.clicks(told, "Try again")
    await bot.settled()
    assert "cannot find the question" in readable(bot.discord.ephemerals(anna)[0])


async def test_what_nobody_asked_the_bot_is_not_answered_late(bot: Any) -> None:
    channel = bot.discord.channel("help")
    bot.configure(channels=[{"platform": "discord", "id": channel.id, "auto_answer": 0.1}])
    turned_back(bot.discord, 3600)
    bot.discord.user("Anna").says("help", QUESTION)
    await bot.settled()
    assert not bot.discord.answers("help")


async def test_a_command_that_waited_too_long_is_told_so_directly(bot: Any) -> None:
    """Its interaction is over; the button asks again."""
    anna = bot.discord.user("Anna")
    turned_back(bot.discord, 3600)
    anna.runs("ask", "help", question=QUESTION, private=True)
    await bot.settled()
    bot.discord.world.clock.advance(3600)
    [told] = bot.discord.answers(anna.dm)
    assert "60 min ago" in readable(told)
    anna.clicks(told, "Try again")
    await bot.settled()
    assert "30 days" in readable(bot.discord.answers(anna.dm)[0])


async def test_a_discord_with_another_clock_is_answered(bot: Any) -> None:
    """What is stamped more than a day ago was not delivered late, since Discord gives up before."""
    turned_back(bot.discord, 400 * 86_400)
    _, answers = await bot.asked()
    assert "30 days" in readable(answers[0])


async def test_a_reply_that_is_lost_and_a_limit_cost_no_second_message(bot: Any) -> None:
    bot.discord.lose_response(POST)
    _, answers = await bot.asked()
    assert len(answers) == 1
    bot.discord.limit(POST, retry_after=0.3)
    _, answers = await bot.asked(channel="talk")
    assert len(answers) == 1


async def test_where_the_bot_may_not_embed_it_is_answered_all_the_same(bot: Any) -> None:
    bot.discord.remove_permission("help", "embed_links")
    _, [answer] = await bot.asked()
    assert "30 days" in readable(answer)
    assert "Travel handbook" in readable(answer)
    assert not answer.embeds


async def _restarted(bench: Any, tmp_path: Path) -> Any:
    """The next process, on the same records."""
    await bench.close()
    second = type(bench)(bench.discord, bench.database, tmp_path)
    made = second.talking()
    await second.start(*made.parts, failed=made.failures.tell)
    return second


async def test_what_a_stopped_process_left_is_answered_by_the_next(bench: Any, tmp_path: Path) -> None:
    """In one message, though the first had shown half of it."""
    bench.assistant.script = [Written(["The half ", "The half of it "], an_answer(), pause_s=1.0)]
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell)
    bench.discord.user("Anna").asks("help", QUESTION)
    await bench.discord.until(lambda: bench.discord.answers("help"))
    second = await _restarted(bench, tmp_path)
    try:
        await bench.discord.until(lambda: second.assistant.questions)
        await second.settled()
        [answer] = bench.discord.answers("help")
        assert "within 30 days" in readable(answer)
    finally:
        await second.close()


async def test_a_question_left_by_a_crash_is_told_that_it_waited(bench: Any, tmp_path: Path) -> None:
    """By our own clock, whatever Discord's says."""
    turned_back(bench.discord, 400 * 86_400)
    bench.assistant.script = [Written([], an_answer(), pause_s=30)]
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell)
    bench.discord.user("Anna").asks("help", QUESTION)
    await bench.discord.until(lambda: bench.assistant.questions)
    await bench.close()
    async with bench.database.begin() as connection:
        before = datetime.now(UTC) - timedelta(hours=2)
        await connection.execute(update(deliveries).values(received_at=before))
    second = await _restarted(bench, tmp_path)
    try:
        await bench.discord.until(lambda: bench.discord.answers("help"))
        await second.settled()
        [told] = bench.discord.answers("help")
        assert "120 min ago" in readable(told)
        assert not second.assistant.questions
    finally:
        await second.close()


async def test_buttons_work_after_a_restart(bench: Any, tmp_path: Path) -> None:
    """All that they need is in their ids and in the records."""
    bench.assistant.script = [an_answer("one"), RuntimeError()]
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell)
    anna = bench.discord.user("Anna")
    anna.runs("ask", "help", question=QUESTION, private=True)
    await bench.settled()
    anna.runs("ask", "help", question=QUESTION, private=True)
    await bench.settled()
    shared, failed = bench.discord.ephemerals(anna)
    second = await _restarted(bench, tmp_path)
    try:
        anna.clicks(shared, "Share with the channel")
        anna.clicks(failed, "Try again")
        await second.settled()
        assert len(bench.discord.answers("help")) == 1
        assert "30 days" in readable(failed)
    finally:
        await second.close()
