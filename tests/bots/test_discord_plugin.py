"""examples/discord_plugin.py: a team's own discord.py bot with answerloop added, as a process against the local Discord."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.place import ROOT, Place
from tests.servers.discord import LocalDiscord, readable

EXAMPLE = ROOT / "examples" / "discord_plugin.py"

pytestmark = pytest.mark.slow


@contextmanager
def running(place: Place, local: LocalDiscord) -> Iterator[subprocess.Popen[str]]:
    with (place.path / "example.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(EXAMPLE)], cwd=place.path, env=place.environment(**local.environment),
            text=True, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


async def test_both_answer_and_nothing_collides(copied: Place) -> None:
    """Their command and their word reach them; mentions, /ask and its buttons reach answerloop."""
    async with LocalDiscord() as local:
        with running(copied, local):
            await local.until(
                lambda: {"ask", "deploy"} <= {one["name"] for one in local.commands}, within_s=40
            )
            await local.connected()
            anna = local.user("Anna")
            anna.asks("help", "How many days of leave do I have?")
            await local.until(lambda: any("30 days" in readable(one) for one in local.answers("help")))
            anna.says("talk", "ping")
            await local.until(lambda: [one.content for one in local.answers("talk")] == ["pong"])
            deployed = anna.runs("deploy", "talk", service="web")
            await local.until(lambda: deployed.original and deployed.original.content == "Deploying web.")
            asked = anna.runs("ask", "talk", question="Where is the office?", private=True)
            await local.until(lambda: asked.original and "Porto" in readable(asked.original))
            [answer] = [one for one in local.answers("help") if one.components]
            anna.clicks(answer, "👍")
            await local.until(lambda: local.ephemerals(anna, "help"))
    assert "Traceback" not in (copied.path / "example.log").read_text()


async def test_what_it_was_asked_is_answered_once_after_it_was_killed(copied: Place) -> None:
    """What was accepted is in the database; the next process goes on."""
    async with LocalDiscord() as local:
        with running(copied, local) as process:
            await local.connected(within_s=40)
            await local.until(lambda: local.commands, within_s=20)
            local.slow("POST /channels/{id}/messages", 5)
            anna = local.user("Anna")
            anna.asks("help", "How many days of leave do I have?")
            await local.until(lambda: local.calls("POST /channels/{id}/typing"))
            process.kill()
        local.heal()
        with running(copied, local):
            await local.until(lambda: any(one.components for one in local.answers("help")), within_s=60)
        assert len([one for one in local.answers("help") if "30 days" in readable(one)]) == 1
