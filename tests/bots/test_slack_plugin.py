"""examples/slack_plugin.py: a team's own Bolt app with the bot added, as a process against the local Slack."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.bots.test_slack_serving import answer, free_port, wait_for
from tests.place import ROOT, Place
from tests.servers.slack import LocalSlack, readable

EXAMPLE = ROOT / "examples" / "slack_plugin.py"


@contextmanager
def running(place: Place, **variables: str) -> Iterator[subprocess.Popen[str]]:
    with (place.path / "example.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(EXAMPLE)], cwd=place.path, env=place.environment(**variables), text=True,
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def answers(port: int) -> Callable[[], bool]:
    def answer() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/").status_code > 0
        except httpx.HTTPError:
            return False

    return answer


@pytest.mark.parametrize("mode", ["socket", "http"])
def test_both_answer_and_nothing_collides(copied: Place, mode: str) -> None:
    """Their command, button and word reach them; mentions and /docs reach the bot, and all is acknowledged."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events" if mode == "http" else None
    with LocalSlack(events_url=url) as slack:
        environment = {**slack.environment, "PORT": str(port)}
        del environment["SLACK_SIGNING_SECRET" if mode == "socket" else "SLACK_APP_TOKEN"]
        with running(copied, **environment):
            wait_for(answers(port) if mode == "http" else lambda: slack.sockets.count == 1, 60)
            anna = slack.user("U0ANNA")
            anna.says("C0HELP", "ping")
            wait_for(lambda: said(slack, "pong"))
            anna.runs("/deploy", "api", "C0HELP")
            wait_for(lambda: said(slack, "Deploy api?"))
            anna.clicks(said(slack, "Deploy api?")[0], "approve")
            wait_for(lambda: said(slack, "Deploying."))
            asked = anna.asks("C0HELP", "How many days of leave do I have?")
            wait_for(lambda: "30 days" in answer(slack, asked))
            anna.runs("/docs", "How many days of leave do I have?", "C0HELP")
            wait_for(lambda: any("30 days" in readable(m) for m in anna.ephemerals("C0HELP")))
            wait_for(lambda: slack.is_settled)
            assert [delivery.payload for delivery in slack.deliveries if not delivery.acked] == []


def said(slack: LocalSlack, text: str) -> list[object]:
    return [message for message in slack.messages("C0HELP") if text in readable(message)]
