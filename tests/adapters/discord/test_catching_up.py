"""What is written while the bot is away, against the local Discord: asked, then a bot begins a session of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket

from adapters.discord import arrivals, catching_up

QUESTION = "How long do refunds take?"
HISTORY = "GET /channels/{id}/messages"
Restart = Callable[..., Awaitable[Any]]


@pytest.fixture
async def restarted(bench: Any, tmp_path: Path) -> AsyncIterator[Restart]:
    """Another bot on the same database, once the one before has ended; what it looks for at its start is found."""
    made = [bench]

    async def restart(**settings: Any) -> Any:
        await made[-1].close()
        made.append(type(bench)(bench.discord, bench.database, tmp_path))
        made[-1].configure(**settings)
        await started(made[-1])
        return made[-1]

    yield restart
    for one in made[1:]:
        await one.close()


async def started(bench: Any) -> None:
    parts = bench.talking()
    await bench.start(*parts.parts, failed=parts.failures.tell)
    await looked(bench)


async def looked(bench: Any) -> None:
    """All that was missed is taken and handled."""
    task = bench.client.cogs["answerloop"].catching_up._task
    if task is not None:
        await asyncio.wait({task}, timeout=20)
    await bench.settled()


async def away(bench: Any) -> Any:
    """A bot that answered once and has ended; the local Discord, in which things go on."""
    await started(bench)
    await bench.asked("Is it open on Sundays?", "lobby")
    await bench.close()
    return bench.discord


def replied(local: Any, channel: Any) -> list[str]:
    """Ids of the messages that were answered there, in the order of their answers."""
    return [answer.reference["message_id"] for answer in local.answers(channel) if answer.reference]


async def test_what_was_asked_while_it_was_away_is_answered_once(bench: Any, restarted: Restart) -> None:
    """At the next start, in order; and not again at the one after."""
    local = await away(bench)
    anna = local.user("Anna")
    asked = [anna.asks("help", QUESTION).id, anna.asks("help", "And on Sundays?").id]
    await restarted()
    assert sorted(replied(local, "help")) == asked
    again = await restarted()
    assert again.assistant.questions == []
    assert len(replied(local, "help")) == 2


async def test_what_was_answered_before_is_not_answered_again(bench: Any, restarted: Restart) -> None:
    """Though it is read again."""
    await started(bench)
    asked, _ = await bench.asked()
    before = len(bench.discord.calls(HISTORY, channel=asked.channel))
    again = await restarted()
    assert len(bench.discord.calls(HISTORY, channel=asked.channel)) == before + 1
    assert again.assistant.questions == []
    assert len(bench.discord.answers("help")) == 1


async def test_what_nobody_asked_of_it_is_not_answered(bench: Any, restarted: Restart) -> None:
    """Nor what bots and webhooks wrote."""
    local = await away(bench)
    local.user("Anna").says("help", "How long do refunds take, Ben?")
    local.other_bot().asks("help", QUESTION)
    again = await restarted()
    assert again.handled == ["message"]
    assert not local.answers("help")


async def test_what_is_too_old_is_left_alone(bench: Any, restarted: Restart) -> None:
    """Nobody waits for it any more, and nothing is offered."""
    local = await away(bench)
    local.user("Anna").asks("help", QUESTION)
    await asyncio.sleep(4)
    local.user("Ben").asks("elsewhere", QUESTION)
    again = await restarted(discord={"useful_for": "4s"})
    assert again.handled == ["message"]
    assert not local.answers("help")
    assert len(local.answers("elsewhere")) == 1


async def test_a_first_start_reads_nothing(bench: Any) -> None:
    """What was written before the bot was there was not written to it."""
    bench.discord.user("Anna").asks("help", QUESTION)
    await started(bench)
    assert not bench.discord.calls(HISTORY)
    assert not bench.discord.answers("help")


async def test_read_again_a_message_is_what_it_was_when_it_arrived(bench: Any) -> None:
    """One key, so that it is taken once, one lane, and all that is looked at; but for what the person is in the server."""
    arrived: list[Any] = []

    async def on_message(message: discord.Message) -> None:
        if (arrival := arrivals.written(message)) is not None:
            arrived.append((arrival, message.channel))

    bench.client.add_listener(on_message)
    await bench.start()
    anna = bench.discord.user("Anna")
    thread = anna.starts_thread(anna.asks("help", QUESTION))
    anna.replies(anna.says(thread, "Ben?", files=[("a.txt", b"words")]), "And on Sundays?")
    anna.writes(QUESTION)
    await bench.discord.until(lambda: len(arrived) == 4)
    for live, channel in arrived:
        [raw] = await bench.rest.messages(str(channel.id), after=str(int(live.payload["id"]) - 1), limit=1)
        again = arrivals.read_again(raw, channel)
        assert again is not None
        assert (again.key, again.kind, again.lane) == (live.key, live.kind, live.lane)
        for name in ("id", "type", "channel_id", "guild_id", "guild_locale", "content", "channel"):
            assert again.payload[name] == live.payload[name], name
        assert [one["id"] for one in again.payload["attachments"]] == [
            one["id"] for one in live.payload["attachments"]
        ]
        reply, lived = (one.payload.get("message_reference") or {} for one in (again, live))
        assert reply.get("message_id") == lived.get("message_id")


async def test_threads_and_posts_are_read_too(bench: Any, restarted: Restart) -> None:
    """Those that were begun meanwhile, as their channels and forums say."""
    bench.discord.forum("questions")
    local = await away(bench)
    anna = local.user("Anna")
    thread = anna.starts_thread(anna.says("help", "Look at this"))
    anna.asks("help", QUESTION, thread)
    post = anna.posts("questions", "Refunds", QUESTION)
    await restarted()
    assert len(local.answers(thread)) == 1
    assert len(local.answers(post)) == 1


async def test_direct_messages_are_read_where_it_answered_lately(bench: Any, restarted: Restart) -> None:
    """Discord tells of none when a session begins."""
    await started(bench)
    anna, ben = (bench.discord.user(name) for name in ("Anna", "Ben"))
    for person in (anna, ben):
        person.writes(QUESTION)
        await bench.discord.until(lambda person=person: bench.discord.answers(person.dm))
    await bench.settled()
    await bench.close()
    anna.writes("And on Sundays?")
    anna.writes("And at night?")
    again = await restarted()
    assert [asked.text for asked in again.assistant.questions] == ["And on Sundays?", "And at night?"]
    assert len(bench.discord.answers(anna.dm)) == 3
    assert len(bench.discord.answers(ben.dm)) == 1


async def test_roles_count_as_they_are_when_it_is_read(bench: Any, restarted: Restart) -> None:
    """A message that is read again does not tell them; Discord is asked."""
    local = await away(bench)
    support = local.role("Support")
    for name, roles in (("Anna", ["Support"]), ("Ben", [])):
        local.user(name, roles=roles).asks("help", QUESTION)
    rule = {"platform": "discord", "id": local.channel("help").id, "allowed": [support.id]}
    again = await restarted(channels=[rule])
    assert len(again.assistant.questions) == 1
    assert len(local.answers("help")) == 1


async def test_where_it_may_not_read_it_does_not_try(bench: Any, restarted: Restart) -> None:
    """Calls that Discord refuses are counted by it."""
    local = await away(bench)
    for n in range(5):
        local.user("Anna").asks(f"secret-{n}", QUESTION)
        local.remove_permission(f"secret-{n}", "view_channel" if n % 2 else "read_message_history")
    local.user("Anna").asks("help", QUESTION)
    await restarted()
    assert len(local.answers("help")) == 1
    assert local.invalid_requests == []
    assert not any(local.calls(HISTORY, channel=local.channel(f"secret-{n}").id) for n in range(5))


async def test_a_resumed_session_does_not_look(bench: Any) -> None:
    """Discord delivers itself what was written meanwhile."""
    await started(bench)
    await bench.asked()
    before = len(bench.discord.calls(HISTORY))
    bench.discord.drop()
    await bench.discord.until(lambda: bench.discord.resumes and bench.discord.live_sessions)
    await looked(bench)
    assert len(bench.discord.calls(HISTORY)) == before


async def test_a_new_session_of_a_running_bot_looks(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after an outage that was too long."""
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(bench.discord.gateway_url))
    await started(bench)
    local = bench.discord
    await bench.asked("Is it open on Sundays?", "lobby")
    local.invalidate()
    asked = local.user("Anna").asks("help", QUESTION)
    await local.until(lambda: local.answers("help"))
    await looked(bench)
    assert replied(local, "help") == [asked.id]


async def test_what_arrives_before_it_looks_hides_nothing(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events come before it is known which channels there are."""
    monkeypatch.setattr(catching_up, "_OVERLAP", timedelta(0))
    local = await away(bench)
    asked = local.user("Anna").asks("help", QUESTION)
    again = type(bench)(local, bench.database, tmp_path)
    again.client._connection.guild_ready_timeout = 1.0
    starting = asyncio.create_task(started(again))
    await local.connected()
    live = local.user("Ben").asks("elsewhere", QUESTION)
    await local.until(lambda: local.answers("elsewhere"))
    assert not local.answers("help")
    await starting
    assert replied(local, "help") == [asked.id]
    assert replied(local, "elsewhere") == [live.id]
    await again.close()


async def test_a_place_that_cannot_be_read_keeps_no_other_from_it(
    bench: Any, restarted: Restart, caplog: pytest.LogCaptureFixture
) -> None:
    """One line says so, without a word of anybody."""
    local = await away(bench)
    anna = local.user("Anna")
    closed = anna.asks("closed", "secret words").channel
    anna.asks("help", QUESTION)
    local.fail(HISTORY, 403, 50001, times=9, channel=closed)
    caplog.set_level(logging.INFO)
    await restarted()
    assert len(local.answers("help")) == 1
    assert not local.answers("closed")
    [said] = [record for record in caplog.messages if "written meanwhile" in record]
    assert "1 of 3 places" in said
    assert "secret words" not in caplog.text


async def test_it_can_be_stopped_while_it_reads(bench: Any, restarted: Restart) -> None:
    """And the next start reads it."""
    local = await away(bench)
    local.user("Anna").asks("help", QUESTION)
    local.slow(HISTORY, 2)
    again = type(bench)(local, bench.database, bench._home)
    parts = again.talking()
    await again.start(*parts.parts, failed=parts.failures.tell)
    await local.until(lambda: local.world.in_flight)
    reading = again.client.cogs["answerloop"].catching_up._task
    await again.client.remove_cog("answerloop")
    assert reading.cancelled()
    await again.close()
    local.heal()
    await restarted()
    assert len(local.answers("help")) == 1


async def test_loaded_again_it_looks_too(bench: Any) -> None:
    """A bot that stays connected while the extension is away."""
    await started(bench)
    await bench.asked("Is it open on Sundays?", "lobby")
    cog = bench.client.cogs["answerloop"]
    await bench.client.remove_cog("answerloop")
    bench.discord.user("Anna").asks("help", QUESTION)
    await bench.settled()
    await bench.client.add_cog(cog)
    await looked(bench)
    assert len(bench.discord.answers("help")) == 1


async def test_what_others_delivered_hides_nothing_that_a_lost_connection_missed(bench: Any) -> None:
    """Of several connections one may be away while the others go on: it is read from when the first one broke."""
    await started(bench)
    await bench.asked()  # delivered just now
    looking = bench.client.cogs["answerloop"].catching_up
    now = datetime.now(UTC)
    broke = now - timedelta(minutes=5)
    assert await looking._since(now, broke) < broke
    assert await looking._since(now, None) > broke
