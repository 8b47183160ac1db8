"""The local Discord's gateway, as discord.py lives with it: sessions, shards, intents, drops, outages."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest

from tests.adapters.discord.clients import INTENTS, Bot, running
from tests.servers.discord import LocalDiscord


@pytest.fixture
async def bot(local: LocalDiscord) -> AsyncIterator[Bot]:
    async with running(local) as made:
        yield made


class Socket:
    """A client that says to the gateway what it is told to."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws

    async def send(self, op: int, data: Any) -> None:
        await self._ws.send_json({"op": op, "d": data})

    async def next(self) -> dict[str, Any]:
        return json.loads((await self._ws.receive(timeout=5)).data)

    async def closing(self) -> int | None:
        """The code it is closed with, whatever comes before."""
        async with asyncio.timeout(10):
            async for _ in self._ws:
                pass
        return self._ws.close_code


@pytest.fixture
async def socket(local: LocalDiscord) -> AsyncIterator[Socket]:
    async with aiohttp.ClientSession() as session, session.ws_connect(local.gateway_url + "?v=10") as ws:
        made = Socket(ws)
        assert (await made.next())["op"] == 10
        yield made


def identify(local: LocalDiscord, **fields: Any) -> dict[str, Any]:
    return {"token": local.bot_token, "intents": INTENTS.value, "properties": {}} | fields


async def test_every_shard_hears_of_its_own_guilds(local: LocalDiscord) -> None:
    """Two shards, a guild for each; direct messages come to the first."""
    local.world.shards = 2
    zero, one = local.add_guild("Zero", shard=0), local.add_guild("One", shard=1)
    async with running(local) as bot:
        assert {g.name: g.shard_id for g in bot.guilds if g.name != "Test"} == {"Zero": 0, "One": 1}
        anna = local.user("Anna", guild=zero)
        anna.asks("general", "in zero?")
        anna.joins(one).asks("general", "in one?")
        anna.writes("here?")
        await local.until(lambda: len(bot.heard) == 3)
        assert {m.guild.name if m.guild else None for m in bot.heard} == {"Zero", "One", None}
        assert [(i.shard, i.shards) for i in local.identifies] == [(0, 2), (1, 2)]
        assert local.world.session_starts_left == 998


async def test_a_client_without_shards_or_commands_is_served_too(local: LocalDiscord) -> None:
    """discord.Client, which asks nobody how many shards there should be."""
    heard: list[str] = []

    class Plain(discord.Client):
        async def on_message(self, message: discord.Message) -> None:
            heard.append(message.content)

    async with running(local, Plain(intents=INTENTS, guild_ready_timeout=0.1)) as client:  # type: ignore[arg-type]
        local.user("Anna").says("general", "How?")
        await local.until(lambda: heard)
        assert [guild.name for guild in client.guilds] == ["Test"]
    assert [(one.shard, one.shards) for one in local.identifies] == [(0, 1)]


async def test_a_dropped_connection_is_resumed_with_what_was_missed(local: LocalDiscord, bot: Bot) -> None:
    """Without a word or with a code, nothing is lost and nobody identifies again."""
    anna = local.user("Anna")
    for number, code in enumerate((None, 4000, 1001, 4008, None)):
        local.drop(code)
        anna.says("general", f"{number}")
        await local.until(lambda number=number: local.resumes == number + 1 and local.live_sessions)
    await local.until(lambda: len(bot.heard) == 5)
    assert [m.content for m in bot.heard] == ["0", "1", "2", "3", "4"]
    assert (len(local.identifies), bot.resumed) == (1, 5)
    local.reconnect()
    await local.until(lambda: bot.resumed == 6)


async def test_a_session_that_is_invalid_begins_anew(local: LocalDiscord, bot: Bot) -> None:
    """Op 9 by itself, or when it is resumed; where it is resumable it goes on."""
    local.invalidate(resumable=True)
    await local.until(lambda: local.resumes == 1 and local.live_sessions == 1)
    local.invalidate()
    await local.until(lambda: len(local.identifies) == 2 and local.live_sessions == 1)
    local.forget_sessions()
    local.drop()
    await local.until(lambda: len(local.identifies) == 3 and local.live_sessions == 1)
    local.user("Anna").says("general", "Still there?")
    await local.until(lambda: bot.heard)


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (4004, {"token": "other"}),
        (4010, {"shard": [2, 2]}),
        (4013, {"intents": 1 << 30}),
        (4014, {"intents": 1 << 1}),
        (4014, {"intents": 1 << 8}),
    ],
)
async def test_an_identify_that_is_wrong_is_closed_with_its_code(
    local: LocalDiscord, socket: Socket, code: int, fields: dict[str, Any]
) -> None:
    """Token, shard, unknown intents, and intents that the application may not have."""
    await socket.send(2, identify(local, **fields))
    assert await socket.closing() == code


@pytest.mark.parametrize(
    ("code", "op", "data"),
    [(4001, 99, None), (4003, 3, {}), (4004, 6, {"token": "x", "session_id": "x", "seq": 1})],
)
async def test_frames_out_of_place_are_closed_with_their_codes(
    socket: Socket, code: int, op: int, data: Any
) -> None:
    """Unknown ones, those before an identify, and a resume with another token."""
    await socket.send(op, data)
    assert await socket.closing() == code


async def test_heartbeats_are_acknowledged_unless_it_is_silent(local: LocalDiscord, socket: Socket) -> None:
    """And identifies that follow each other too fast are refused where that is asked for."""
    await socket.send(1, None)
    assert (await socket.next())["op"] == 11
    local.silence()
    await socket.send(1, None)
    local.identify_pace(5.0)
    await socket.send(2, identify(local))
    assert (await socket.next())["t"] == "READY"
    async with aiohttp.ClientSession() as session, session.ws_connect(local.gateway_url) as ws:
        second = Socket(ws)
        await second.next()
        await second.send(2, identify(local))
        assert await second.next() == {"op": 9, "d": False, "s": None, "t": None}


async def test_a_stream_may_be_compressed(local: LocalDiscord) -> None:
    """One zlib stream for the connection, flushed after each frame."""
    stream = zlib.decompressobj()
    url = local.gateway_url + "?v=10&encoding=json&compress=zlib-stream"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        first = (await ws.receive()).data
        assert first.endswith(b"\x00\x00\xff\xff")
        assert json.loads(stream.decompress(first))["op"] == 10


async def test_without_the_content_intent_only_what_calls_the_bot_is_readable(local: LocalDiscord) -> None:
    """Mentions, direct messages and its own; the rest is empty, in events and, without the flag, in REST."""
    local.without_message_content()
    intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
    async with running(local, Bot(intents)) as bot:
        anna = local.user("Anna")
        anna.says("general", "secret", files=[("a.txt", b"x")])
        anna.asks("general", "open")
        anna.writes("private")
        await local.until(lambda: len(bot.heard) == 3)
        assert [m.content.removeprefix(f"{local.mention} ") for m in bot.heard] == ["", "open", "private"]
        assert bot.heard[0].attachments == []
        shown = [m.content async for m in bot.heard[0].channel.history(oldest_first=True)]
        assert shown == ["", f"{local.mention} open"]
        answer = await bot.heard[1].reply("So.")
        anna.replies(local.answers("general")[0], "And then?")
        await local.until(lambda: len(bot.heard) == 4)
        assert (bot.heard[3].content, answer.content) == ("And then?", "So.")
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(local):
            pass


async def test_the_gateway_goes_down_while_rest_lives_and_the_other_way_round(
    local: LocalDiscord, bot: Bot
) -> None:
    """Then both on the same port, with the state that there was."""
    channel = bot.get_channel(int(local.channel("general").id))
    local.gateway_down()
    await channel.send("REST lives")
    local.gateway_up()
    await local.until(lambda: local.live_sessions == 1, within_s=40)
    local.rest_down()
    local.user("Anna").says("general", "The gateway lives")
    await local.until(lambda: bot.heard)
    port = local.port
    local.down()
    with pytest.raises(aiohttp.ClientError):
        await channel.send("x")
    local.up()
    assert local.port == port
    await channel.send("Both live")
    assert len(local.messages("general")) == 3


async def test_a_new_token_ends_the_old_ones_sessions(local: LocalDiscord) -> None:
    """4004, and 401 for calls with the old one."""
    old = {"Authorization": f"Bot {local.bot_token}"}
    async with running(local) as bot:
        new = local.reset_token()
        await local.until(lambda: bot.is_closed() and not local.live_sessions)
    async with (
        aiohttp.ClientSession(headers=old) as session,
        session.get(f"{local.api_url}/users/@me") as answer,
    ):
        assert answer.status == 401
    assert local.environment["DISCORD_BOT_TOKEN"] == new


async def test_events_come_twice_or_in_no_shape_at_all(local: LocalDiscord, bot: Bot) -> None:
    """Duplicates have numbers of their own, and unknown events are left alone."""
    local.duplicate("MESSAGE_CREATE")
    local.user("Anna").says("general", "twice")
    local.send_raw("SOMETHING_NEW", {"id": None})
    await local.until(lambda: len(bot.heard) == 2)
    assert bot.heard[0].id == bot.heard[1].id
    local.user("Anna").says("general", "once")
    await local.until(lambda: len(bot.heard) == 3)


async def test_guilds_are_left_joined_and_unavailable(local: LocalDiscord, bot: Bot) -> None:
    """Each tells the app, and where the bot is not any more nothing is heard and nothing may be done."""
    guild = local.add_guild("Second")
    await local.until(lambda: len(bot.guilds) == 2)
    local.guild_down(guild)
    await local.until(lambda: bot.of("guild_unavailable"))
    local.guild_up(guild)
    await local.until(lambda: bot.of("guild_available"))
    local.kick_bot(guild)
    await local.until(lambda: len(bot.guilds) == 1)
    with pytest.raises(discord.Forbidden):
        await bot.fetch_guild(int(guild.id))
    local.user("Anna", guild=guild).says(next(iter(guild.channels.values())), "Unheard")
    local.user("Anna").says("general", "Heard")
    await local.until(lambda: bot.heard)
    assert [m.content for m in bot.heard] == ["Heard"]


async def test_edits_and_deletions_arrive(local: LocalDiscord, bot: Bot) -> None:
    """And hidden channels are silent."""
    anna = local.user("Anna")
    asked = anna.says("general", "How?")
    anna.edits(asked, "How long?")
    await local.until(lambda: bot.of("raw_message_edit"))
    anna.deletes(asked)
    [gone] = await local.until(lambda: bot.of("raw_message_delete"))
    assert gone.message_id == int(asked.id)
    local.role("Staff")
    local.channel("secret")
    local.hide("secret", "Staff")
    local.remove_permission("secret", "view_channel")
    anna.says("secret", "Unheard")
    thread = anna.starts_thread("general", "Between us", private=True)
    anna.says(thread, "Unheard too")
    anna.asks(thread, "Heard: a mention adds the bot")
    await local.until(lambda: bot.heard[1:])
    await asyncio.sleep(0.05)
    assert [m.content.removeprefix(f"{local.mention} ") for m in bot.heard] == [
        "How?",
        "Heard: a mention adds the bot",
    ]


def test_it_needs_no_loop_and_serves_any_process() -> None:
    """A plain context manager, with what a bot's process needs in its environment."""
    with LocalDiscord() as local:
        assert set(local.environment) == {"DISCORD_BOT_TOKEN", "DISCORD_API_URL", "DISCORD_GATEWAY_URL"}
        asked = local.user("Anna").writes("Anybody?")
        assert local.messages(local.user("Anna").dm) == [asked]
        assert local.wait(lambda: local.is_settled)
