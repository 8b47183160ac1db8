"""`answerloop serve --only discord` as a process, against the local Discord."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator

import pytest

from tests.bots.test_slack_serving import serving, wait_for
from tests.place import Place
from tests.servers.discord import LocalDiscord, Message, readable

READY = "answerloop is ready: Discord, 1 server, as answerloop"


@pytest.fixture
def local() -> Iterator[LocalDiscord]:
    with LocalDiscord() as running:
        yield running


def answer(local: LocalDiscord) -> str:
    return "\n".join(readable(message) for message in local.answers("help"))


def asks(local: LocalDiscord) -> Message:
    return local.user("Anna").asks("help", "How many days of leave do I have?")


def test_it_answers_until_it_is_stopped(installed: Place, local: LocalDiscord) -> None:
    """One line says that it is ready; the commands are registered; SIGTERM ends it with 0."""
    with serving(installed, "--only", "discord", **local.environment) as process:
        assert process.line() == READY
        asks(local)
        wait_for(lambda: "30 days" in answer(local))
        wait_for(lambda: {command["name"] for command in local.commands} >= {"ask", "review", "mydata"})
        assert process.stop() == 0
        assert "Traceback" not in process.said
        assert local.live_sessions == 0


def test_commands_are_registered_once(installed: Place, local: LocalDiscord) -> None:
    """Another start changes nothing of them."""
    route = "PUT /applications/{id}/commands"
    for _ in range(2):
        with serving(installed, "--only", "discord", **local.environment) as process:
            process.line()
            before = len(local.calls("GET /applications/{id}/commands"))
            wait_for(lambda: len(local.commands) >= 4)
            wait_for(lambda before=before: len(local.calls("GET /applications/{id}/commands")) > 0)
            assert process.stop() == 0
    assert len(local.calls(route)) == 1


@pytest.mark.parametrize("part", ["gateway", "rest", "all"])
def test_discord_away_at_the_start_is_waited_for(installed: Place, local: LocalDiscord, part: str) -> None:
    """It says once that it keeps trying, and serves when Discord is there."""
    away = {"gateway": local.gateway_down, "rest": local.rest_down, "all": local.down}[part]
    back = {"gateway": local.gateway_up, "rest": local.rest_up, "all": local.up}[part]
    away()
    with serving(installed, "--only", "discord", **local.environment) as process:
        process.until_said("Discord is not reached")
        back()
        assert process.line() == READY
        assert process.said.count("is not reached") == process.said.count("is reached again") == 1
        assert "Traceback" not in process.said
        assert process.stop() == 0


def test_while_discord_is_away_it_can_be_stopped(installed: Place) -> None:
    """It does not wait for it first."""
    address = "http://127.0.0.1:9/api/v10"
    with serving(
        installed, "--only", "discord", DISCORD_BOT_TOKEN="MTIz.x.y", DISCORD_API_URL=address
    ) as process:
        process.until_said("Discord is not reached")
        assert process.stop(10) == 0


def test_while_discord_does_not_answer_it_can_be_stopped(installed: Place) -> None:
    """Nor is a connection waited for that says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"http://127.0.0.1:{mute.getsockname()[1]}/api/v10"
        variables = {"DISCORD_BOT_TOKEN": "MTIz.x.y", "DISCORD_API_URL": address}
        with serving(installed, "--only", "discord", **variables) as process:
            mute.accept()
            assert process.stop(10) == 0


def test_a_gateway_that_says_nothing_does_not_keep_it(installed: Place, local: LocalDiscord) -> None:
    """Though the API answers."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        variables = {**local.environment, "DISCORD_GATEWAY_URL": f"ws://127.0.0.1:{mute.getsockname()[1]}"}
        with serving(installed, "--only", "discord", **variables) as process:
            mute.accept()
            assert process.stop(10) == 0
            assert "Traceback" not in process.said


def test_a_token_that_discord_refuses_is_a_mistake_in_the_settings(
    installed: Place, local: LocalDiscord
) -> None:
    """Exit code 2 and one sentence that names the variable, but not the token."""
    variables = {**local.environment, "DISCORD_BOT_TOKEN": "MTIz.wrong.token"}
    with serving(installed, "--only", "discord", **variables) as process:
        assert process.ended() == 2
        assert "Discord refuses DISCORD_BOT_TOKEN" in process.said
        assert "MTIz.wrong" not in process.said
        assert "Traceback" not in process.said


def test_a_token_that_is_reset_ends_it_with_a_sentence(installed: Place, local: LocalDiscord) -> None:
    """After a few attempts, each with a line."""
    with serving(installed, "--only", "discord", **local.environment) as process:
        assert process.line() == READY
        local.reset_token()
        assert process.ended(60) == 2
        assert process.said.count("I try again in") == 3
        assert "takes the bot's token no more" in process.said
        assert "Traceback" not in process.said
        assert local.environment["DISCORD_BOT_TOKEN"] not in process.said


def test_what_nobody_can_read_ends_nothing(installed: Place, local: LocalDiscord) -> None:
    """Nor do drops; and the log has none of the words."""
    with serving(installed, "--only", "discord", **local.environment) as process:
        assert process.line() == READY
        local.send_raw("MESSAGE_CREATE", {"content": "secret words"})
        local.send_raw("INTERACTION_CREATE", {"data": "secret words"})
        local.send_text("secret words")
        local.drop(1000)
        asks(local)
        wait_for(lambda: "30 days" in answer(local))
        assert process.stop() == 0
        assert "secret words" not in process.said
        assert "How many days" not in process.said
        assert len(local.identifies) == 1


def test_without_the_content_intent_mentions_are_answered(installed: Place, local: LocalDiscord) -> None:
    """And it says what there is not."""
    local.without_message_content()
    with serving(installed, "--only", "discord", **local.environment) as process:
        assert process.line() == READY
        process.until_said("The message content intent is not switched on for the application")
        asks(local)
        wait_for(lambda: "30 days" in answer(local))
        assert process.stop() == 0


def test_a_part_that_is_not_configured_names_its_variable(installed: Place) -> None:
    """Before anything is opened."""
    done = installed.run("serve", "--only", "discord", DISCORD_BOT_TOKEN="")
    assert done.returncode == 2
    assert "DISCORD_BOT_TOKEN" in done.stderr


def test_it_is_served_without_only_where_its_token_is_set(installed: Place, local: LocalDiscord) -> None:
    """Beside the chat page."""
    with serving(installed, "--port", "0", **local.environment) as process:
        lines = {process.line(), process.line()}
        assert process.stop() == 0
    assert READY in lines


def test_a_second_signal_waits_for_nothing(installed: Place, local: LocalDiscord) -> None:
    """It ends at once."""
    with serving(installed, "--only", "discord", **local.environment) as process:
        process.line()
        process.signal(signal.SIGINT)
        process.signal(signal.SIGTERM)
        assert process.ended(10) == 0


def test_stopped_while_it_answers_it_ends_the_answer(installed: Place, local: LocalDiscord) -> None:
    """Or leaves it to the next process: one answer either way."""
    local.slow("POST /channels/{id}/messages", 1.5)
    with serving(installed, "--only", "discord", **local.environment) as process:
        assert process.line() == READY
        asks(local)
        wait_for(lambda: local.calls("POST /channels/{id}/typing"))
        assert process.stop() == 0
        assert "Traceback" not in process.said
    local.heal()
    with serving(installed, "--only", "discord", **local.environment) as process:
        assert process.line() == READY
        wait_for(lambda: "30 days" in answer(local))
        assert process.stop() == 0
    assert len(local.answers("help")) == 1


def test_what_was_asked_while_it_was_not_running_is_answered_at_the_start(
    installed: Place, local: LocalDiscord
) -> None:
    """Once; Discord itself tells nobody of it."""
    with serving(installed, "--only", "discord", **local.environment) as process:
        assert process.line() == READY
        asks(local)
        wait_for(lambda: "30 days" in answer(local))
        assert process.stop() == 0
    asks(local)
    with serving(installed, "--only", "discord", **local.environment) as process:
        assert process.line() == READY
        wait_for(lambda: len(local.answers("help")) == 2)
        assert process.stop() == 0
        assert "Traceback" not in process.said
    assert len(local.answers("help")) == 2
