"""`answerloop init slack` and what `answerloop doctor` says of Slack."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.bots.test_cli import Place
from tests.servers.slack import LocalSlack

FILE = "deploy/slack/manifest.yaml"


@pytest.fixture
def empty(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_init_slack_writes_the_manifest_and_tells_three_steps(empty: Place) -> None:
    """With addresses to go to."""
    done = empty.run("init", "slack")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1. https://api.slack.com/apps" in done.stdout
    assert "SLACK_BOT_TOKEN" in done.stdout
    assert "SLACK_APP_TOKEN" in done.stdout
    assert "3. Run `answerloop serve --only slack`" in done.stdout
    made = yaml.safe_load((empty.path / FILE).read_text())
    assert made["settings"]["socket_mode_enabled"] is True
    assert "assistant:write" in made["oauth_config"]["scopes"]["bot"]


def test_features_and_the_address_are_chosen_on_the_command_line(empty: Place) -> None:
    """What is left out takes its scopes along."""
    done = empty.run(
        "init", "slack", "--no-assistant", "--without", "reactions", "--http", "https://bot.example.com"
    )
    made = yaml.safe_load((empty.path / FILE).read_text())
    scopes = made["oauth_config"]["scopes"]["bot"]
    assert "SLACK_SIGNING_SECRET" in done.stdout
    assert {"assistant:write", "reactions:read"}.isdisjoint(scopes)
    assert made["settings"]["event_subscriptions"]["request_url"] == "https://bot.example.com/slack/events"


def test_a_manifest_that_is_there_is_kept(empty: Place) -> None:
    """Unless --force is given."""
    (empty.path / FILE).parent.mkdir(parents=True)
    (empty.path / FILE).write_text("mine")
    refused = empty.run("init", "slack")
    assert (refused.returncode, (empty.path / FILE).read_text()) == (2, "mine")
    assert empty.run("init", "slack", "--force").returncode == 0
    assert (empty.path / FILE).read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["slack", "--without", "mentions"], "there is no feature 'mentions'"),
        (["slack", "--http", "http://bot.example.com"], "is no address that Slack could call"),
        (["discord"], "init discord"),
    ],
)
def test_a_wrong_call_is_a_sentence(empty: Place, arguments: list[str], said: str) -> None:
    """Nothing is written."""
    done = empty.run("init", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (empty.path / FILE).exists()


def found(empty: Place, **variables: str) -> dict[str, object]:
    checks = empty.json("doctor", **variables)["checks"]
    [check] = [one for one in checks if one["part"] == "slack"]
    return dict(check)


def test_doctor_looks_at_the_tokens(empty: Place) -> None:
    """What is refused, and which scopes are missing and what does not work without them; without tokens nothing."""
    assert found(empty)["found"] == "not configured"
    with LocalSlack() as slack:
        assert found(empty, **slack.environment)["found"] == "socket mode, workspace Test, all scopes granted"
        refused = found(empty, **{**slack.environment, "SLACK_APP_TOKEN": "xapp-wrong"})
        slack.set_scopes("app_mentions:read", "chat:write", "users:read", "commands")
        lacking = found(empty, **slack.environment)
    assert (refused["ok"], refused["found"]) == (False, "Slack refuses SLACK_APP_TOKEN: invalid_auth.")
    assert lacking["ok"] is False
    assert "reactions:read (votes by reaction)" in str(lacking["found"])
