"""`answerloop serve --only slack` as a process, against the local Slack."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.commands import Running
from tests.place import Place
from tests.servers.slack import LocalSlack, Message, readable, sign

READY_WITHIN_S = 60


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as local:
        yield local


class Process:
    """The command, running; its lines on standard output."""

    def __init__(self, place: Place, *arguments: str, **variables: str) -> None:
        self.log = place.path / "serve.log"
        reads, writes = os.pipe()
        self._printed = os.fdopen(reads, encoding="utf-8")
        with self.log.open("w") as errors:
            streams = [writes, writes, errors.fileno()]  # nothing is read from the first
            self.running = Running(["serve", *arguments], place.path, streams, variables)
        os.close(writes)

    def line(self) -> str:
        """The next line that it prints; '' at its end."""
        return self._printed.readline().rstrip("\n")

    def rest(self) -> str:
        """What it prints until its end."""
        return self._printed.read()

    def ended(self, within_s: float = 30) -> int:
        return self.running.wait(within_s)

    def signal(self, number: signal.Signals) -> None:
        self.running.send_signal(number)

    def close(self) -> None:
        """Kill it, should it still run."""
        self.running.__exit__()
        self._printed.close()

    def stop(self, within_s: float = 30) -> int:
        self.signal(signal.SIGTERM)
        return self.ended(within_s)

    @property
    def said(self) -> str:
        """Its log."""
        return self.log.read_text()

    def until_said(self, text: str, within_s: float = READY_WITHIN_S) -> None:
        end = time.monotonic() + within_s
        while text not in self.said:
            assert time.monotonic() < end, self.said
            time.sleep(0.05)


@contextmanager
def serving(place: Place, *arguments: str, **variables: str) -> Iterator[Process]:
    process = Process(place, *arguments, **variables)
    try:
        yield process
    finally:
        process.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def listens(process: Process) -> set[int]:
    """Ports that the process listens on."""
    import psutil

    found = psutil.Process(process.running.pid).net_connections(kind="tcp")
    return {one.laddr.port for one in found if one.status == psutil.CONN_LISTEN}


def test_socket_mode_serves_without_a_port_and_stops_cleanly(installed: Place, slack: LocalSlack) -> None:
    """One line says that it is ready; events are acknowledged; SIGTERM ends it with 0."""
    with serving(installed, "--only", "slack", **slack.environment) as process:
        assert process.line() == "answerloop is ready: Slack, Socket Mode, workspace Test"
        assert listens(process) == set()
        asked = slack.user("U0ANNA").asks("C0HELP", "How many days of leave do I have?")
        wait_for(lambda: "30 days" in answer(slack, asked))
        assert process.stop() == 0
        assert "Traceback" not in process.said


def answer(slack: LocalSlack, asked: Message) -> str:
    """What the bot wrote in the question's thread."""
    return "\n".join(readable(message) for message in slack.answers(asked.channel, asked))


def wait_for(condition: object, within_s: float = 20) -> None:
    end = time.monotonic() + within_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


def test_http_mode_takes_what_slack_signed(installed: Place) -> None:
    """Events come to POST /slack/events on slack.port."""
    port = free_port()
    with LocalSlack(events_url=f"http://127.0.0.1:{port}/slack/events") as slack:
        variables = {
            **slack.environment,
            "ANSWERLOOP_SLACK__MODE": "http",
            "ANSWERLOOP_SLACK__PORT": str(port),
        }
        del variables["SLACK_APP_TOKEN"]
        with serving(installed, "--only", "slack", **variables) as process:
            assert process.line() == (
                f"answerloop is ready: Slack, HTTP mode, workspace Test, http://127.0.0.1:{port}/slack/events"
            )
            asked = slack.user("U0ANNA").asks("C0HELP", "How many days of leave do I have?")
            wait_for(lambda: "30 days" in answer(slack, asked))
            state = httpx.get(f"http://127.0.0.1:{port}/healthz").json()
            answered = challenged(port, slack.signing_secret)
            assert process.stop() == 0
        assert (state["ready"], state["release"]) == (True, "r1")
        assert "passages" not in state
        assert answered.json() == {"challenge": "c"}


def challenged(port: int, secret: str) -> httpx.Response:
    """What Slack sends when the address is entered in the app's settings."""
    body = json.dumps({"type": "url_verification", "challenge": "c"}).encode()
    stamp = str(int(time.time()))
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(secret, stamp, body)}
    return httpx.post(f"http://127.0.0.1:{port}/slack/events", content=body, headers=headers)


def test_everything_configured_is_served_without_only(installed: Place, slack: LocalSlack) -> None:
    """The chat page, the admin pages with the first admin's password, and Slack since its tokens are set."""
    with serving(installed, "--port", "0", **slack.environment) as process:
        lines = {process.line() for _ in range(4)}
        assert process.stop() == 0
    assert "answerloop is ready: Slack, Socket Mode, workspace Test" in lines
    assert any(re.fullmatch(r"answerloop is ready: http://127\.0\.0\.1:\d+", line) for line in lines)
    assert any(
        re.fullmatch(r"answerloop is ready: http://127\.0\.0\.1:\d+ \(admin\)", line) for line in lines
    )


def test_slack_away_at_the_start_is_waited_for(installed: Place) -> None:
    """It says once that it keeps trying, and serves when Slack is there."""
    port = free_port()
    slack = LocalSlack(port=port)
    environment = {**slack.environment, "SLACK_API_URL": f"http://127.0.0.1:{port}/api"}
    try:
        with serving(installed, "--only", "slack", **environment) as process:
            process.until_said("Slack is not reached")
            slack.start()
            assert process.line() == "answerloop is ready: Slack, Socket Mode, workspace Test"
            assert process.said.count("The connection to Slack stands") == 1
            assert "Traceback" not in process.said
            assert process.stop() == 0
    finally:
        slack.start()
        slack.close()


@pytest.mark.parametrize("mode", ["socket", "http"])
def test_a_workspace_installs_it_asks_and_removes_it(copied: Place, mode: str) -> None:
    """With a client id and secret in place of a token, in either mode; afterwards nothing of it is kept."""
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    with LocalSlack(events_url=f"{home}/slack/events" if mode == "http" else None) as slack:
        variables = {
            **slack.environment,
            "SLACK_CLIENT_ID": slack.client_id,
            "SLACK_CLIENT_SECRET": slack.client_secret,
            "ANSWERLOOP_SLACK__MODE": mode,
            "ANSWERLOOP_SLACK__PORT": str(port),
        }
        del variables["SLACK_BOT_TOKEN"]
        with serving(copied, "--only", "slack", **variables) as process:
            assert "answerloop is ready: Slack" in process.line()
            state = httpx.get(f"{home}/slack/install").headers["set-cookie"].split(";")[0]
            installed = httpx.get(
                f"{home}/slack/oauth_redirect",
                params={"code": slack.oauth_code(), "state": state.partition("=")[2]},
                headers={"Cookie": state},
            )
            assert installed.status_code == 200
            asked = slack.user("U0ANNA").asks("C0HELP", "How many days of leave do I have?")
            wait_for(lambda: "30 days" in answer(slack, asked))
            slack.uninstall()
            process.until_said("the app was removed from workspace T0MAIN; deleted: ", 20)
            assert process.stop() == 0
    with sqlite3.connect(copied.home / "answerloop.db") as database:
        for table in ("answers", "votes", "postings", "threads", "slack_bots", "slack_installations"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
        kept = database.execute("SELECT count(*) FROM deliveries WHERE payload IS NOT NULL").fetchone()
    assert kept == (0,)


def test_while_slack_is_away_it_can_be_stopped(installed: Place) -> None:
    """It does not wait for it first."""
    port = free_port()
    variables = {"SLACK_API_URL": f"http://127.0.0.1:{port}/api/", "SLACK_BOT_TOKEN": "xoxb-1"}
    with serving(installed, "--only", "slack", **variables, SLACK_APP_TOKEN="xapp-1") as process:
        process.until_said("Slack is not reached")
        assert process.stop(15) == 0


def test_missing_scopes_are_told_at_the_start(installed: Place, slack: LocalSlack) -> None:
    """With what does not work without them; the rest does."""
    slack.set_scopes("app_mentions:read", "chat:write", "users:read", "commands", "channels:history")
    with serving(installed, "--only", "slack", **slack.environment) as process:
        assert process.line().startswith("answerloop is ready")
        process.until_said(
            "the bot token lacks the scope reactions:read, without which there is no: votes by reaction"
        )
        asked = slack.user("U0ANNA").asks("C0HELP", "How many days of leave do I have?")
        wait_for(lambda: "30 days" in answer(slack, asked))


@pytest.mark.parametrize("variable", ["SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"])
def test_a_token_that_slack_refuses_is_a_mistake_in_the_settings(
    installed: Place, slack: LocalSlack, variable: str
) -> None:
    """Exit code 2 and one sentence that names the variable, but not the token."""
    with serving(installed, "--only", "slack", **{**slack.environment, variable: "xapp-wrong"}) as process:
        assert process.ended() == 2
        assert f"Slack refuses {variable} (invalid_auth)" in process.said
        assert "xapp-wrong" not in process.said
        assert "Traceback" not in process.said


def test_a_part_that_is_not_configured_names_its_variables(installed: Place) -> None:
    """Before anything is opened."""
    done = installed.run("serve", "--only", "slack", SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="")
    assert done.returncode == 2
    assert "SLACK_BOT_TOKEN" in done.stderr
    assert "SLACK_APP_TOKEN" in done.stderr


def test_a_part_that_does_not_exist_is_refused(installed: Place) -> None:
    """With the names of those that do."""
    done = installed.run("serve", "--only", "slak")
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "--only: there is no part 'slak'; there are web, admin, slack, discord.",
    )


def test_a_second_signal_waits_for_nothing(installed: Place, slack: LocalSlack) -> None:
    """It ends at once."""
    with serving(installed, "--only", "slack", **slack.environment) as process:
        process.line()
        process.signal(signal.SIGINT)
        process.signal(signal.SIGTERM)
        assert process.ended(10) == 0
