"""`answerloop init slack` and what `answerloop doctor` says of Slack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bots.commands.slack_checks import examined
from rag_core.errors import AnswerloopError
from rag_core.settings import Settings
from tests.place import Place, made
from tests.servers.slack import LocalSlack

FILE = "deploy/slack/manifest.yaml"


@pytest.fixture
def empty(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as local:
        yield local


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
        (["mattermost"], "init slack and init discord"),
    ],
)
def test_a_wrong_call_is_a_sentence(empty: Place, arguments: list[str], said: str) -> None:
    """Nothing is written."""
    done = empty.run("init", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (empty.path / FILE).exists()


def test_doctor_says_how_to_mend_what_slack_refuses(
    tmp_path: Path, model_folder: Path, slack: LocalSlack
) -> None:
    """Beside the other parts; what it looks at follows below."""
    variables = {**slack.environment, "SLACK_APP_TOKEN": "xapp-wrong"}
    checks = made(tmp_path, model_folder).json("doctor", code=1, **variables)["checks"]
    [told] = [check for check in checks if check["part"] == "slack"]
    assert (told["ok"], told["found"]) == (False, "Slack refuses SLACK_APP_TOKEN: invalid_auth.")
    assert "answerloop init slack" in told["remedy"]


def configured(slack: LocalSlack, **changed: object) -> Settings:
    tokens = {"bot_token": slack.bot_token, "app_token": slack.app_token, "signing_secret": "s"}
    return Settings.model_validate({"slack": {"api_url": slack.api_url, **tokens, **changed}})


async def test_tokens_that_slack_takes(slack: LocalSlack) -> None:
    assert await examined(configured(slack)) == "socket mode, workspace Test, all scopes granted"


async def test_missing_scopes_are_named_with_what_needs_them(slack: LocalSlack) -> None:
    slack.set_scopes("app_mentions:read", "chat:write", "users:read", "commands")
    with pytest.raises(AnswerloopError, match=r"lacks scopes: .*reactions:read \(votes by reaction\)"):
        await examined(configured(slack))


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"bot_token": "xoxb-wrong"}, "Slack refuses SLACK_BOT_TOKEN: invalid_auth."),
        ({"app_token": None}, "set SLACK_APP_TOKEN in the environment"),
        ({"mode": "http", "signing_secret": None}, "set SLACK_SIGNING_SECRET in the environment"),
        ({"api_url": "http://127.0.0.1:9/api/"}, "Slack is not reached"),
    ],
)
async def test_what_is_wrong_is_a_sentence_that_names_it(
    slack: LocalSlack, changed: dict[str, object], wrong: str
) -> None:
    """But not the token."""
    with pytest.raises(AnswerloopError) as caught:
        await examined(configured(slack, **changed))
    assert wrong in str(caught.value)
    assert "xoxb" not in str(caught.value)


async def test_in_http_mode_the_app_token_is_not_looked_at(slack: LocalSlack) -> None:
    """Nor with many workspaces a bot token: each has its own."""
    assert (
        await examined(configured(slack, mode="http", app_token=None))
        == "http mode, workspace Test, all scopes granted"
    )
    many = {"bot_token": None, "client_id": "1.2", "client_secret": "secret"}
    assert await examined(configured(slack, **many)) == "socket mode, many workspaces"
