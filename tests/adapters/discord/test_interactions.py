"""Discord's payloads of interactions, read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.discord.ids import Ids
from adapters.discord.interactions import interaction_of, made_at

IDS = Ids()
ANNA = {"user": {"id": "7", "username": "anna", "global_name": "Anna"}, "roles": ["3"], "permissions": "32"}


def of(**fields: Any) -> Any:
    whole = {"id": "1", "token": "t", "guild_id": "9", "channel_id": "5", "locale": "de", "member": ANNA}
    return interaction_of({**whole, **fields}, IDS)


def test_a_command_has_its_options_by_name() -> None:
    """A subcommand is named with its command."""
    asked = of(data={"name": "ask", "type": 1, "options": [{"name": "question", "type": 3, "value": "Why?"}]})
    assert (asked.name, asked.options) == ("ask", {"question": "Why?"})
    below = {"name": "settings", "type": 1, "options": [{"name": "where", "type": 3, "value": "here"}]}
    found = of(data={"name": "answerloop", "type": 1, "options": [below]})
    assert (found.name, found.options) == ("answerloop settings", {"where": "here"})


def test_a_button_says_what_it_is_about() -> None:
    """And on which message it stands; whether only the person sees that."""
    data = {"custom_id": "answerloop:vote_good:a:1", "component_type": 2}
    pressed = of(data=data, message={"id": "44", "flags": 64})
    assert (pressed.name, pressed.argument) == ("vote_good", "a:1")
    assert (pressed.message_id, pressed.is_ephemeral) == ("44", True)


def test_what_was_entered_in_a_modal_is_found_by_the_names_of_its_inputs() -> None:
    """In rows, and in labels."""
    text = {"type": 4, "custom_id": "answerloop:comment", "value": "Since March."}
    menu = {"type": 3, "custom_id": "answerloop:reason", "values": ["out_of_date"]}
    components = [{"type": 1, "components": [text]}, {"type": 18, "component": menu}]
    sent = of(data={"custom_id": "answerloop:explain:a1", "components": components})
    assert sent.fields == {"comment": "Since March.", "reason": ("out_of_date",)}


def test_the_menu_of_a_message_gives_that_message() -> None:
    said = {"id": "12", "content": "How?"}
    data = {"name": "Answer this", "type": 3, "target_id": "12", "resolved": {"messages": {"12": said}}}
    assert of(data=data).message == said


def test_the_person_is_the_member_or_in_direct_messages_the_user() -> None:
    """Roles and permissions are those that Discord tells with this very interaction."""
    member = of(data={}).person
    assert (member.id, member.name, member.roles, member.manages_server) == ("7", "Anna", {"3"}, True)
    user = interaction_of({"user": {"id": "8", "username": "ben"}, "data": {}}, IDS).person
    assert (user.id, user.name, user.roles, user.manages_server) == ("8", "ben", frozenset(), False)


def test_what_belongs_to_an_interaction_is_taken_for_fifteen_minutes() -> None:
    """By its own id, which holds the time; a minute is kept in reserve."""
    made = made_at("175928847299117063")
    one = of(id="175928847299117063", data={})
    assert made == datetime(2016, 4, 30, 11, 18, 25, 796000, UTC)  # the example of Discord's documentation
    assert one.is_open(made + timedelta(minutes=13))
    assert not one.is_open(made + timedelta(minutes=14, seconds=1))


def test_an_id_that_holds_no_time_says_nothing_of_how_long_it_is_taken() -> None:
    """As those of a Discord with another clock: it will say so itself."""
    for id in ("7", "", "175928847299117063"):
        assert of(id=id, data={}).is_open()
    ahead = made_at("175928847299117063") - timedelta(minutes=30)
    assert of(id="175928847299117063", data={}).left(ahead) == timedelta(minutes=15)


def test_payloads_that_lack_everything_are_read() -> None:
    assert interaction_of({}, IDS).name == ""
