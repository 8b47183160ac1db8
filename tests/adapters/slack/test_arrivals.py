"""What Slack delivers, sorted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.arrivals import Arrival, arrival, changed_ts, question_key
from adapters.slack.ids import Ids

IDS = Ids("answerloop")


def of(body: dict[str, Any]) -> Arrival | None:
    return arrival(body, IDS, "/ask")


def event(**fields: Any) -> dict[str, Any]:
    return {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": fields}


def message(**fields: Any) -> dict[str, Any]:
    return event(**{"type": "message", "channel": "C1", "ts": "2.0", "user": "U1", "text": "Hi", **fields})


def test_a_mention_has_one_key_whichever_way_it_comes() -> None:
    """Slack delivers it as app_mention and as message, in any order, or the one of them only."""
    mention = of(message(type="app_mention"))
    assert mention == of(message()) == Arrival(question_key("C1", "2.0"), "message", "C1:2.0")


def test_messages_of_a_thread_wait_for_each_other_and_for_no_others() -> None:
    """A direct message without threads is one conversation."""
    first, second = of(message()), of(message(ts="3.0", thread_ts="2.0"))
    other = of(message(ts="4.0"))
    assert first
    assert second
    assert other
    assert first.lane == second.lane != other.lane
    lanes = {found.lane for ts in "12" if (found := of(message(ts=ts, channel="D1", channel_type="im")))}
    assert lanes == {"D1"}


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message", None])
def test_what_people_write_is_a_message(subtype: str | None) -> None:
    """With files, and shown in the channel too."""
    found = of(message(subtype=subtype))
    assert found
    assert found.kind == "message"


@pytest.mark.parametrize(
    "fields",
    [
        {"subtype": "bot_message"},
        {"bot_id": "B1"},
        {"subtype": "channel_join"},
        {"subtype": "channel_topic"},
        {"subtype": "message_replied"},
        {"user": "USLACKBOT"},
        {"user": None},
        {"hidden": True, "subtype": "tombstone"},
    ],
)
def test_what_bots_write_and_mere_notes_are_nothing_to_do(fields: dict[str, Any]) -> None:
    """So that no two bots talk to each other, and this one not to itself."""
    assert of(message(**fields)) is None


def test_an_edit_waits_for_the_question_it_changes() -> None:
    """And has a key of its own; a link that is unfolded edits nothing."""
    edit = event(
        type="message",
        subtype="message_changed",
        channel="C1",
        ts="9.0",
        message={"ts": "2.0", "user": "U1", "text": "How high?"},
        previous_message={"ts": "2.0", "user": "U1", "text": "How hi?"},
    )
    assert of(edit) == Arrival("event:Ev1", "message_changed", "C1:2.0")
    edit["event"]["previous_message"]["text"] = "How high?"
    assert of(edit) is None


def test_a_deleted_question_is_told_of_in_its_lane() -> None:
    """With the message as it was, or with no more than its time."""
    gone = {
        "type": "message",
        "subtype": "message_deleted",
        "channel": "C1",
        "deleted_ts": "2.0",
        "ts": "9.0",
    }
    assert of(event(**gone)) == Arrival("event:Ev1", "message_deleted", "C1:2.0")
    before = {"ts": "2.0", "thread_ts": "1.0", "user": "U1"}
    assert of(event(**gone, previous_message=before)) == Arrival("event:Ev1", "message_deleted", "C1:1.0")


def test_a_deleted_message_with_replies_leaves_a_tombstone() -> None:
    """Slack tells of it as of an edit."""
    edit = event(
        type="message",
        subtype="message_changed",
        channel="C1",
        ts="9.0",
        message={
            "ts": "2.0",
            "thread_ts": "2.0",
            "subtype": "tombstone",
            "user": "USLACKBOT",
            "text": "Gone.",
        },
        previous_message={"ts": "2.0", "thread_ts": "2.0", "user": "U1", "text": "How hi?"},
    )
    assert of(edit) == Arrival("event:Ev1", "message_deleted", "C1:2.0")
    assert changed_ts(edit["event"]) == "2.0"


def test_what_has_no_id_is_known_by_all_that_is_in_it() -> None:
    """Two commands are not one because neither says which it is."""
    first, second = (of({"command": "/ask", "text": text}) for text in ("Hi", "Ho"))
    assert first
    assert second
    assert first.key != second.key
    assert first == of({"text": "Hi", "command": "/ask"})


def test_a_click_waits_for_no_answer() -> None:
    """Only for what the same person clicked on the same message before."""
    click: dict[str, Any] = {
        "type": "block_actions",
        "trigger_id": "1.2.3",
        "user": {"id": "U1"},
        "container": {"channel_id": "C1", "message_ts": "2.0"},
        "actions": [{"action_id": "answerloop_vote", "action_ts": "5.0", "value": "up:a1"}],
    }
    found = of(click)
    assert found
    assert (found.kind, found.lane) == ("action:vote", "action:U1:C1:2.0")
    click["actions"][0]["action_ts"] = "6.0"
    again = of(click)
    assert again
    assert again.lane == found.lane
    assert again.key != found.key


def test_what_a_person_does_to_a_message_is_handled_in_order() -> None:
    """By buttons and by reactions alike; what others do to it meanwhile waits for nothing."""

    def reaction(kind: str, user: str) -> str:
        item = {"type": "message", "channel": "C1", "ts": "2.2"}
        found = of({**event(type=kind, user=user, item=item), "event_id": f"Ev{kind}{user}"})
        assert found
        return found.lane

    body = {
        "type": "block_actions",
        "user": {"id": "U1"},
        "container": {"channel_id": "C1", "message_ts": "2.2"},
        "actions": [{"action_id": "answerloop_vote", "action_ts": "1"}],
    }
    click = of(body)
    assert click
    assert reaction("reaction_added", "U1") == reaction("reaction_removed", "U1") == click.lane
    assert reaction("reaction_added", "U2") != click.lane


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"command": "/ask", "trigger_id": "1.2", "text": "Hi"}, "command"),
        ({"command": "/other", "trigger_id": "1.2", "text": "Hi"}, None),
        ({"type": "message_action", "callback_id": "answerloop_answer", "trigger_id": "1.2"}, "shortcut:answer"),
        ({"type": "message_action", "callback_id": "answer", "trigger_id": "1.2"}, None),
        ({"type": "view_submission", "view": {"id": "V1", "callback_id": "answerloop_explain"}}, "view:explain"),
        ({"type": "view_submission", "view": {"id": "V1", "hash": "h", "callback_id": "their_own"}}, None),
        ({"type": "view_closed", "view": {"id": "V1", "hash": "h", "callback_id": "answerloop_explain"}}, "closed:explain"),
        ({"type": "block_actions", "actions": [{"action_id": "their_own"}]}, None),
        (event(type="reaction_added", user="U1"), "reaction_added"),
        (event(type="team_join"), None),
        ({"type": "url_verification", "challenge": "x"}, None),
    ],
)  # fmt: skip
def test_only_what_has_our_prefix_is_ours(body: dict[str, Any], kind: str | None) -> None:
    """Buttons, modals, shortcuts and commands of the app that the bot was added to are left to it."""
    found = of(body)
    assert (found and found.kind) == kind


def test_keys_fit_the_database() -> None:
    """However long Slack's ids become."""
    found = of({"command": "/ask", "trigger_id": "1" * 500})
    assert found
    assert len(found.key) <= 200
    assert len(found.lane) <= 200


names = st.sampled_from(
    ["actions", "view", "user", "channel", "message", "previous_message", "subtype", "ts", "thread_ts", "container",
     "id", "callback_id", "action_id", "trigger_id", "event_id", "channel_type", "text", "bot_id"]
)  # fmt: skip
anything = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5), st.sampled_from(["C1", "answerloop_vote"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=5)),
    max_leaves=12,
)
types = st.sampled_from(
    ["block_actions", "view_submission", "view_closed", "message_action", "shortcut", 7, None]
)
subtypes = st.sampled_from(["message_changed", "message_deleted", "file_share", None, 7])
events = st.builds(
    lambda fields, subtype, kind: {
        "type": "event_callback",
        "event": {**fields, "type": kind, "subtype": subtype},
    },
    st.dictionaries(names, anything, max_size=6),
    subtypes,
    st.sampled_from(["message", "app_mention", "reaction_added", 7]),
)
interactions = st.builds(
    lambda fields, kind: {**fields, "type": kind}, st.dictionaries(names, anything), types
)


@given(st.one_of(events, interactions))
def test_nothing_that_is_delivered_breaks_it(body: dict[str, Any]) -> None:
    """A payload of another shape is nothing of ours, or one that its handler looks at."""
    found = of(body)
    assert found is None or (len(found.key) <= 200 and len(found.lane) <= 200)
