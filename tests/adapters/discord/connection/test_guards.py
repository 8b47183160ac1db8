"""A host's bot, too, outlives a payload that cannot be read."""

from __future__ import annotations

import asyncio

import discord
import pytest

from adapters.discord.connection.guards import guard_parsers
from adapters.discord.connection.logs import Discreet
from tests.servers.discord import LocalDiscord


@pytest.mark.parametrize("guarded", [True, False])
async def test_one_payload_does_not_end_a_hosts_bot(
    local: LocalDiscord, caplog: pytest.LogCaptureFixture, guarded: bool
) -> None:
    """It would without the guards, which may be put up while the bot is connected."""
    async with discord.AutoShardedClient(intents=discord.Intents.default()) as client:
        await client.login(local.bot_token)
        connecting = asyncio.create_task(client.connect())
        await local.connected()
        if guarded:
            guard_parsers(client)
            guard_parsers(client)
        local.send_raw("MESSAGE_CREATE", {"content": "secret words"})
        said = "An event MESSAGE_CREATE of Discord's could not be read (KeyError)"
        await local.until(lambda: connecting.done() or said in caplog.text)
        assert connecting.done() is not guarded
        if guarded:
            assert caplog.text.count(said) == 1
            assert "secret words" not in caplog.text
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)


def test_an_exceptions_text_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Its type is."""
    import logging

    logger, discreet = logging.getLogger("discord.ui.view.test"), Discreet()
    logger.addFilter(discreet)
    try:
        raise ValueError("secret words")
    except ValueError:
        logger.exception("Ignoring exception in %s", "on_message")
    assert "Ignoring exception in on_message (ValueError)" in caplog.text
    assert "secret words" not in caplog.text
