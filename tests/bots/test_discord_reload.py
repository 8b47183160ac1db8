"""The extension taken out of a team's bot and put back while the bot runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.place import Place
from tests.servers.discord import LocalDiscord, readable

pytestmark = pytest.mark.slow
HOST = """
import discord
from examples import discord_plugin

class Host(discord_plugin.TeamBot):
    def __init__(self, prefix, intents):
        intents.message_content = False
        super().__init__(prefix, intents=intents)

    async def setup_hook(self):
        @self.tree.command(description="Of theirs")
        async def review(interaction: discord.Interaction):
            await interaction.response.send_message("theirs")

        await super().setup_hook()

    async def on_message(self, message):
        word = message.content.split(" ")[-1]
        if word in ("load", "unload", "reload") and not message.author.bot:
            await getattr(self, f"{word}_extension")("adapters.discord")
            await message.channel.send(f"done: {word}")
        await super().on_message(message)

discord_plugin.TeamBot = Host
discord_plugin.main()
"""
LEAVE = "How many days of leave do I have?"


@contextmanager
def hosted(place: Place, local: LocalDiscord) -> Iterator[None]:
    with (place.path / "host.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", HOST], cwd=place.path, env=place.environment(**local.environment),
            text=True, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def log_of(place: Place) -> str:
    """Without an exception in it."""
    log = (place.path / "host.log").read_text()
    assert "Traceback" not in log
    return log


async def test_a_command_that_the_bot_has_already_stays_its_own(copied: Place) -> None:
    """Ours has the prefix before it then."""
    async with LocalDiscord() as local:
        with hosted(copied, local):
            await local.until(lambda: {"answerloop-review"} <= {one["name"] for one in local.commands}, 40)
            await local.connected()
            anna = local.user("Anna")
            theirs, ours = anna.runs("review", "help"), anna.runs("answerloop-review", "help")
            await local.until(lambda: theirs.original and theirs.original.content == "theirs")
            await local.until(lambda: ours.original and "Only reviewers" in readable(ours.original))
    assert "so ours is answerloop-review" in log_of(copied)


async def test_it_can_be_unloaded_and_loaded_again(copied: Place) -> None:
    """Unloaded it does nothing, and the host goes on; loaded again it answers once, and old answers can be voted on. What
    this bot may not read is said."""
    async with LocalDiscord() as local:
        with hosted(copied, local):
            await local.until(lambda: {"ask", "deploy"} <= {one["name"] for one in local.commands}, 40)
            await local.connected()
            anna = local.user("Anna")

            async def said(text: str, channel: str, expected: str) -> None:
                anna.asks(channel, text)
                await local.until(lambda: any(expected in readable(one) for one in local.answers(channel)))

            await said(LEAVE, "one", "30 days")
            await said("unload", "talk", "done: unload")
            anna.asks("two", LEAVE)
            deployed = anna.runs("deploy", "talk", service="web")
            await local.until(lambda: deployed.original)
            assert not local.answers("two")
            await said("load", "talk", "done: load")
            await said("reload", "talk", "done: reload")
            await said(LEAVE, "three", "30 days")
            [answer] = local.answers("one")
            anna.clicks(answer, "👍")
            await local.until(lambda: local.ephemerals(anna, "one"))
            assert len(local.answers("three")) == 1
            assert not local.answers("two")
    log = log_of(copied)
    assert log.count("The bot has no message content intent: there are no auto-answers") == 3
