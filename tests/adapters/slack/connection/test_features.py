"""Which scopes and events each feature needs, and the manifest made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from adapters.slack.arrivals import EVENTS
from adapters.slack.connection.features import FEATURES, events_of, features_of, lacking, scopes_of
from adapters.slack.connection.manifest import as_yaml, manifest
from rag_core.settings import Settings, Slack
from tests.servers.slack import ALL

OPTIONAL = [name for name, feature in FEATURES.items() if not feature.always and name != "groups"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_the_smallest_app_answers_mentions_and_no_more(settings: Settings) -> None:
    """Everything else can be left out."""
    assert scopes_of(features_of(settings, OPTIONAL)) == ["app_mentions:read", "chat:write", "users:read"]


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_feature_left_out_takes_its_scopes_along(settings: Settings, name: str) -> None:
    """Unless another needs them too."""
    left = features_of(settings, [name])
    others = {scope for other in left for scope in FEATURES[other].scopes}
    assert name not in left
    assert set(scopes_of(left)) == others


def test_what_needs_another_feature_goes_with_it(settings: Settings) -> None:
    """The export is asked for in the App Home, and the assistant container is a direct message."""
    assert {"export", "home"}.isdisjoint(features_of(settings, ["home"]))
    assert {"assistant", "messages"}.isdisjoint(features_of(settings, ["messages"]))


@pytest.mark.parametrize(
    "values",
    [
        {
            "access": {
                "rules": [{"scopes": "hr", "platform": "slack", "workspace": "T1", "role": "S0614TZR7"}]
            }
        },
        {"channels": [{"platform": "slack", "id": "C1", "allowed": ["S0614TZR7"]}]},
        {"channels": [{"platform": "slack", "id": "C1", "escalation": "S0614TZR7"}]},
        {"review": {"reviewers": ["slack:S0614TZR7"]}},
        {"slack": {"managers": ["S0614TZR7"]}},
    ],
)
def test_user_groups_are_read_where_something_names_one(tmp_path: Path, values: dict[str, object]) -> None:
    """A rule, a channel, a reviewer or a manager."""
    assert "usergroups:read" in scopes_of(features_of(Settings(home=tmp_path, **values)))  # type: ignore[arg-type]


def test_user_groups_are_not_read_otherwise(tmp_path: Path) -> None:
    """People and channels alone need no such scope; nor does what is said of Discord's roles."""
    settings = Settings(
        home=tmp_path,
        channels=[{"platform": "discord", "id": "1", "allowed": ["S1"]}, {"platform": "slack", "id": "C1"}],  # type: ignore[list-item]
        slack={"managers": ["U1"]},  # type: ignore[arg-type]
    )
    assert "usergroups:read" not in scopes_of(features_of(settings))


def test_every_event_that_is_handled_can_be_subscribed_to_and_no_other(settings: Settings) -> None:
    """message.* arrive as message."""
    subscribed = {event.partition(".")[0] for event in events_of(features_of(settings))}
    assert subscribed == EVENTS


def test_every_scope_is_one_of_slacks(settings: Settings) -> None:
    """A misspelt one makes Slack refuse the whole manifest."""
    assert {scope for feature in FEATURES.values() for scope in feature.scopes} <= ALL


def test_what_a_token_lacks_is_told_with_what_does_not_work(settings: Settings) -> None:
    """By scope."""
    granted = set(scopes_of(features_of(settings))) - {"reactions:read"}
    assert lacking(features_of(settings), granted) == {"reactions:read": "votes by reaction"}


def test_the_manifest_for_socket_mode_names_no_address(settings: Settings) -> None:
    """Slack delivers over the connection that the bot makes."""
    made = manifest(settings.slack, features_of(settings))
    assert made["settings"]["socket_mode_enabled"] is True
    assert "https" not in json.dumps(made)


def test_the_manifest_for_http_names_one_address_everywhere(settings: Settings) -> None:
    """Events, clicks and the command; and where the installation comes back to."""
    made = manifest(settings.slack, features_of(settings), "https://bot.example.com/")
    url = "https://bot.example.com/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == url
    assert made["settings"]["interactivity"]["request_url"] == url
    assert made["features"]["slash_commands"][0]["url"] == url
    assert made["oauth_config"]["redirect_urls"] == ["https://bot.example.com/slack/oauth_redirect"]


def test_command_and_prefix_are_those_of_the_settings() -> None:
    """The shortcut's id is what the bot listens for."""
    made = manifest(Slack(command="/docs", prefix="docs", suggestions=("How do I get access?",)), FEATURES)
    assert made["features"]["slash_commands"][0]["command"] == "/docs"
    assert made["features"]["shortcuts"][0]["callback_id"] == "docs_answer"
    prompts = made["features"]["assistant_view"]["suggested_prompts"]
    assert prompts == [{"title": "How do I get access?", "message": "How do I get access?"}]


def test_the_manifest_keeps_slacks_limits(settings: Settings) -> None:
    """Name 35, description 140, the command's description 2,000, the shortcut's name 24 and description 150 characters."""
    made = manifest(settings.slack, FEATURES)
    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    assert len(made["features"]["shortcuts"][0]["name"]) <= 24
    assert len(made["features"]["shortcuts"][0]["description"]) <= 150


def test_the_yaml_reads_as_what_it_was_made_from(settings: Settings) -> None:
    """Also with texts that YAML would take for something else."""
    made = manifest(Slack(suggestions=("yes", '- "a": #b', "ü 🎉")), FEATURES, "https://bot.example.com")
    assert yaml.safe_load(as_yaml(made)) == made
