"""The connection to Discord, kept up whatever happens to it; discord.py against the local Discord."""

from __future__ import annotations

import asyncio

import pytest

from adapters.discord.connection import connections
from adapters.discord.connection.client import OwnBot, intents_with
from rag_core.errors import SettingsError
from rag_core.settings import Discord
from tests.adapters.discord.connection.conftest import QUICK, running
from tests.servers.discord import LocalDiscord


async def hears(local: LocalDiscord, run: object, text: str) -> None:
    """Whatever happened before, what people write arrives; once."""
    local.user("Anna").says("help", text)
    heard = run.heard  # type: ignore[attr-defined]
    await local.until(lambda: text in heard)
    assert heard.count(text) == 1


async def test_a_hundred_drops_of_all_kinds_take_no_further_session(local: LocalDiscord) -> None:
    """Closed with whatever code, by op 7 or without a word: resumed, and nothing is missed."""
    async with running(local) as run:
        await run.connected()
        codes = (1000, 1001, 1011, *range(4000, 4004), 4005, *range(4007, 4010))
        ways = [
            *(lambda code=code: local.drop(code) for code in codes),
            local.drop,
            local.reconnect,
            lambda: local.invalidate(resumable=True),
        ]
        for number in range(100):
            before = local.resumes
            ways[number % len(ways)]()
            if number % 10 == 0:
                local.user("Anna").says("help", f"while away {number}")
            await local.until(lambda before=before: local.resumes > before and local.live_sessions == 1)
        await hears(local, run, "and now?")
        assert len(local.identifies) == 1
        assert [text for text in run.heard if text.startswith("while away")] == [
            f"while away {number}" for number in range(0, 100, 10)
        ]


async def test_what_the_gateway_sends_and_nobody_can_read_is_skipped(
    local: LocalDiscord, said: pytest.LogCaptureFixture
) -> None:
    """Events of the wrong shape, unknown ones, and text that is no JSON; the log has none of their words."""
    async with running(local) as run:
        await run.connected()
        local.send_raw("MESSAGE_CREATE", {"id": "secret words"})
        local.send_raw("MESSAGE_CREATE", None)
        local.send_raw("GUILD_CREATE", ["secret words"])
        local.send_raw("CHANNEL_UPDATE", "secret words")
        local.send_raw("SOMETHING_NEW", {"text": "secret words"})
        for text in (
            "{",
            "[]",
            "null",
            '"secret words"',
            '{"op": 99}',
            '{"op": 10, "d": "secret words"}',
            "",
        ):
            local.send_text(text)
        await local.until(
            lambda: "An event MESSAGE_CREATE of Discord's could not be read (KeyError)" in said.text
        )
        await hears(local, run, "still there?")
        assert "secret words" not in said.text
        assert len(local.identifies) <= 2


async def test_a_command_that_nobody_can_read_is_skipped(
    local: LocalDiscord, said: pytest.LogCaptureFixture
) -> None:
    """With a line that holds none of its words."""
    user = {"id": "7", "username": "anna", "discriminator": "0", "avatar": None}
    payload = {
        "id": "5", "application_id": "1", "type": 2, "token": "t", "version": 1, "channel_id": "3", "user": user,
        "attachment_size_limit": 1, "data": {"id": "4", "type": 1, "name": {"secret": "words"}},
    }  # fmt: skip
    async with running(local) as run:
        await run.connected()
        local.send_raw("INTERACTION_CREATE", payload)
        await local.until(lambda: "A command could not be read (TypeError)" in said.text)
        assert "secret" not in said.text


async def test_a_stream_that_cannot_be_read_is_begun_anew(local: LocalDiscord) -> None:
    """It is resumed, at the address that Discord named for it."""
    async with running(local, gateway_url=None) as run:
        await run.connected()
        local.user("Anna").says("help", "before")
        local._each(lambda connection: connection._queue.put_nowait(b"no zlib\x00\x00\xff\xff"), None)
        local.user("Anna").says("help", "after")
        await local.until(lambda: run.heard == ["before", "after"])
        assert (len(local.identifies), local.resumes) == (1, 1)


async def test_a_gateway_away_at_first_is_waited_for(
    local: LocalDiscord, said: pytest.LogCaptureFixture
) -> None:
    """One line when it begins and one when it is over."""
    local.gateway_down()
    async with running(local) as run:
        await local.until(lambda: "Discord is not reached (status 503)" in said.text)
        await asyncio.sleep(0.5)
        local.gateway_up()
        await run.connected()
    assert said.text.count("is not reached") == said.text.count("is reached again") == 1


async def test_a_session_outlives_a_discord_that_is_away(
    local: LocalDiscord, said: pytest.LogCaptureFixture
) -> None:
    """However many attempts it takes: then it is resumed."""
    async with running(local) as run:
        await run.connected()
        local.down()
        await local.until(lambda: "is not reached" in said.text)
        await asyncio.sleep(1)
        local.up()
        await local.until(lambda: "is reached again" in said.text)
        await hears(local, run, "back?")
        assert len(local.identifies) == 1
    assert said.text.count("is not reached") == 1


async def test_an_api_away_at_first_is_waited_for(
    local: LocalDiscord, said: pytest.LogCaptureFixture
) -> None:
    """It logs in once it is there."""
    local.rest_down(503)
    made = OwnBot(Discord.model_validate({"bot_token": local.bot_token}), QUICK)
    async with made:
        task = asyncio.create_task(made.log_in())
        await local.until(lambda: "Discord is not reached (status 503)" in said.text)
        local.rest_up()
        async with asyncio.timeout(20):
            await task
        assert made.user is not None
    assert said.text.count("is reached again") == 1


async def test_a_session_that_is_over_is_begun_anew(local: LocalDiscord) -> None:
    """Said by op 9: also to the resume that is tried where a close code says that it is of no use."""
    async with running(local) as run:
        await run.connected()
        local.invalidate()
        await local.until(lambda: len(local.identifies) == 2 and local.live_sessions == 1)
        local.forget_sessions()
        local.drop(4009)
        await local.until(lambda: len(local.identifies) == 3 and local.live_sessions == 1)
        assert local.resumes == 1
        local.forget_sessions()
        local.drop()
        await local.until(lambda: len(local.identifies) == 4 and local.live_sessions == 1)
        await hears(local, run, "anew?")


async def test_a_connection_whose_heartbeats_nobody_acknowledges_is_made_anew(local: LocalDiscord) -> None:
    """It is resumed."""
    local.world.heartbeat_ms = 200
    async with running(local) as run:
        await run.connected()
        local.silence()
        await local.until(lambda: local.resumes >= 1)
        local.silence(False)
        await hears(local, run, "alive?")
        assert len(local.identifies) == 1


@pytest.mark.parametrize("token", ["wrong", "MTIz.wrong.token", "two\nlines", "é", "a b"])
async def test_a_token_that_discord_refuses_is_a_mistake_in_the_settings(
    local: LocalDiscord, token: str
) -> None:
    """At once, and by its name."""
    made = OwnBot(Discord.model_validate({"bot_token": token}), QUICK)
    async with made:
        with pytest.raises(SettingsError, match="Discord refuses DISCORD_BOT_TOKEN"):
            await made.log_in()


async def test_an_address_without_a_discord_is_a_mistake_in_the_settings(local: LocalDiscord) -> None:
    """Such as one without the version."""
    from adapters.discord.rest.addresses import pointed_at

    url = local.environment["DISCORD_API_URL"].removesuffix("/v10")
    made = OwnBot(Discord.model_validate({"bot_token": local.bot_token, "api_url": url}), QUICK)
    with pointed_at(url):
        async with made:
            with pytest.raises(SettingsError, match="DISCORD_API_URL leads to no Discord"):
                await made.log_in()


async def test_a_token_that_is_reset_is_tried_again_and_then_said(
    local: LocalDiscord, said: pytest.LogCaptureFixture
) -> None:
    """A few times, with a line each."""
    async with running(local) as run:
        await run.connected()
        local.reset_token()
        with pytest.raises(SettingsError, match=r"takes the bot's token no more.*DISCORD_BOT_TOKEN"):
            await run.ended()
    assert said.text.count("refuses the bot's token; I try again") == connections.ATTEMPTS
    assert local.bot_token not in said.text


async def test_a_token_refused_by_mistake_is_forgiven(local: LocalDiscord) -> None:
    """Where Discord takes it again."""
    async with running(local) as run:
        await run.connected()
        local.drop(4004)
        await local.until(lambda: len(local.identifies) == 2 and local.live_sessions == 1)
        await hears(local, run, "again?")


class Refusing:
    """Calls that were told that the token does not count."""

    def __init__(self) -> None:
        self.token_gone = asyncio.Event()
        self.forgiven = asyncio.Event()

    def signed_in(self) -> None:
        self.token_gone.clear()
        self.forgiven.set()


async def test_what_calls_hear_of_the_token_is_looked_into(local: LocalDiscord) -> None:
    """A mistake is forgiven, without another connection; a token that is gone ends it."""
    calls = Refusing()
    async with running(local, calls=calls) as run:
        await run.connected()
        calls.token_gone.set()
        async with asyncio.timeout(10):
            await calls.forgiven.wait()
        assert len(local.identifies) == 1
        local.fail("GET /users/@me", 401, times=100)
        calls.token_gone.set()
        with pytest.raises(SettingsError, match="DISCORD_BOT_TOKEN"):
            await run.ended()


async def test_without_the_content_intent_it_connects_and_says_what_is_missing(
    local: LocalDiscord, said: pytest.LogCaptureFixture
) -> None:
    """Nothing of what is not addressed to it can be read; a mention and a direct message can."""
    local.without_message_content()
    async with running(local) as run:
        await run.connected()
        assert not run.bot.sees_content
        local.user("Anna").says("help", "to nobody")
        local.user("Anna").asks("help", "to the bot")
        local.user("Anna").writes("direct")
        await local.until(lambda: len(run.heard) == 3)
        assert sorted(bool(text) for text in run.heard) == [False, True, True]
    assert "message content intent is not switched on" in said.text
    assert "auto-answers" in said.text


async def test_the_content_intent_asked_for_and_refused_is_done_without(
    local: LocalDiscord, said: pytest.LogCaptureFixture
) -> None:
    """4014 ends nothing."""
    local.without_message_content()
    async with running(local, message_content=True) as run:
        await run.connected()
        assert not run.bot.sees_content
    assert "refuses the message content intent" in said.text


@pytest.mark.parametrize(("setting", "sees"), [(None, True), (True, True), (False, False)])
async def test_the_content_intent_is_as_the_settings_and_the_application_have_it(
    local: LocalDiscord, setting: bool | None, sees: bool
) -> None:
    """Unset: where the application has it."""
    async with running(local, message_content=setting) as run:
        await run.connected()
        assert run.bot.sees_content is sees
        assert [made.intents for made in local.identifies] == [intents_with(sees).value]


async def test_each_shard_has_its_session(local: LocalDiscord) -> None:
    """As many as Discord recommends, one identified after the other; each is resumed by itself."""
    local.world.shards = 3
    local.identify_pace(0.04)
    async with running(local) as run:
        await run.connected()
        assert [(made.shard, made.shards) for made in local.identifies] == [(0, 3), (1, 3), (2, 3)]
        local.drop(shard=1)
        await local.until(lambda: local.resumes == 1 and local.live_sessions == 3)
        assert len(local.identifies) == 3
        assert run.bot.latency >= 0


async def test_when_discord_wants_more_shards_there_are_more(local: LocalDiscord) -> None:
    """4011: as many as it recommends now; a number in the settings is not changed by itself."""
    async with running(local) as run:
        await run.connected()
        local.world.shards = 2
        local.drop(4011)
        await local.until(lambda: local.live_sessions == 2)
        assert [made.shards for made in local.identifies] == [1, 2, 2]
    async with running(local, shards=1) as run:
        await run.connected()
        local.drop(4011)
        with pytest.raises(SettingsError, match=r"discord\.shards"):
            await run.ended()


@pytest.mark.parametrize("code", [4012, 4013])
async def test_what_no_attempt_would_mend_is_said(local: LocalDiscord, code: int) -> None:
    """With Discord's code."""
    async with running(local) as run:
        await run.connected()
        local.drop(code)
        with pytest.raises(SettingsError, match=str(code)):
            await run.ended()


async def test_where_few_sessions_are_left_it_waits_for_more(
    local: LocalDiscord, said: pytest.LogCaptureFixture
) -> None:
    """Before Discord would reset the token."""
    local.world.session_starts_left = 3
    async with running(local):
        await local.until(lambda: "Discord allows 3 more connections" in said.text)
        assert local.identifies == []


async def test_closing_waits_for_no_discord(local: LocalDiscord) -> None:
    """Not for one that is away."""
    async with running(local) as run:
        await run.connected()
        local.down()
        await asyncio.sleep(0.2)
        async with asyncio.timeout(5):
            await run.bot.close()
    local.up()


async def test_it_asks_for_as_little_as_it_needs(local: LocalDiscord) -> None:
    """No members, no presences; it calls nobody, and keeps no messages."""
    async with running(local) as run:
        await run.connected()
        bot = run.bot
        assert not bot.intents.members
        assert not bot.intents.presences
        assert bot.allowed_mentions is not None
        assert bot.allowed_mentions.to_dict() == {"parse": []}
        await hears(local, run, "kept?")
        assert list(bot.cached_messages) == []
