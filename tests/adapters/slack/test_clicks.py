"""What a click or a submitted modal says."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.slack.clicks import click_of, entered, kept_in, user_of
from adapters.slack.ids import Ids

IDS = Ids("answerloop")
ACTION = {"type": "button", "action_id": "answerloop_vote:up", "value": "up:a1"}


@pytest.mark.parametrize("place", [
    {"container": {"channel_id": "C1", "message_ts": "2.2", "thread_ts": "1.1"}},
    {"channel": {"id": "C1"}, "message": {"ts": "2.2", "thread_ts": "1.1"}},
])  # fmt: skip
def test_where_a_click_was_is_known_by_whatever_slack_tells(place: dict[str, Any]) -> None:
    """Of the container, or of message and channel."""
    click = click_of({"user": {"id": "U1"}, "actions": [ACTION], "trigger_id": "t", **place}, IDS)
    assert (click.channel, click.message, click.thread) == ("C1", "2.2", "1.1")
    assert (click.name, click.value, click.user, click.is_button) == ("vote:up", "up:a1", "U1", True)


def test_of_several_actions_ours_is_read() -> None:
    """An app that the bot was added to has its own."""
    click = click_of({"actions": [{"action_id": "theirs", "value": "x"}, ACTION]}, IDS)
    assert click.value == "up:a1"


@pytest.mark.parametrize("body", [
    {}, {"actions": None, "user": None, "container": None}, {"actions": ["x"], "user": "U1", "view": "V1"},
    {"view": {"state": {"values": {"b": {"a": None}}}, "private_metadata": "no json"}},
    {"view": {"state": {"values": {"b": {"a": {"value": None, "selected_option": None}}}}, "private_metadata": "[]"}},
])  # fmt: skip
def test_what_is_missing_is_empty(body: dict[str, Any]) -> None:
    """Slack leaves out what does not apply."""
    assert click_of(body, IDS).value == ""
    assert entered(body, "b") == ""
    assert kept_in(body) == {}
    assert user_of(body) == ""


def test_an_input_gives_its_text_or_the_option_chosen() -> None:
    """Without white space at its ends."""
    values = {
        "text": {"any": {"type": "plain_text_input", "value": " 20 days \n"}},
        "choice": {"any": {"type": "radio_buttons", "selected_option": {"value": "other"}}},
    }
    body = {"view": {"state": {"values": values}}}
    assert (entered(body, "text"), entered(body, "choice")) == ("20 days", "other")
