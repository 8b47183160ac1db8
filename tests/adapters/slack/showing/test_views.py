"""Home tabs and modals' menus, and what comes back from them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.slack.showing.views import chosen, date, home, menu_input, several_menu


def body(element: Any) -> dict[str, Any]:
    return {"view": {"state": {"values": {"b": {"a": element}}}}}


@pytest.mark.parametrize(
    ("element", "values"),
    [
        ({"type": "multi_static_select", "selected_options": [{"value": "x"}, {"value": "y"}]}, ("x", "y")),
        ({"type": "checkboxes", "selected_options": []}, ()),
        ({"type": "static_select", "selected_option": {"value": "x"}}, ("x",)),
        ({"type": "static_select", "selected_option": None}, ()),
        ({"type": "static_select", "selected_option": {"value": "-"}}, ()),
        ({"type": "multi_users_select", "selected_users": ["U1", "U2"]}, ("U1", "U2")),
        ({"type": "conversations_select", "selected_conversation": "C1"}, ("C1",)),
        ({"type": "conversations_select", "selected_conversation": None}, ()),
        ({"type": "multi_users_select"}, ()),
        (None, ()),
    ],
)
def test_what_is_chosen_is_read_from_any_menu(element: Any, values: tuple[str, ...]) -> None:
    assert chosen(body(element), "b") == values


@pytest.mark.parametrize(
    "payload", [{}, {"view": None}, {"view": {"state": None}}, {"view": {"state": {"values": []}}}]
)
def test_a_payload_without_state_chooses_nothing(payload: dict[str, Any]) -> None:
    assert chosen(payload, "b") == ()


def test_a_date_is_written_by_each_readers_slack() -> None:
    """With one in UTC for those that cannot."""
    at = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
    assert date(at) == "<!date^1795338300^{date_short_pretty} {time}|2026-11-22 09:05 UTC>"


def test_menus_have_no_empty_value_and_no_empty_beginning() -> None:
    """Slack refuses both; and more than a hundred options."""
    menu = menu_input("b", "Language", {"": "any", "de": "Deutsch"}, "")["element"]
    assert menu["initial_option"] == menu["options"][0]
    assert all(option["value"] for option in menu["options"])
    several = several_menu("b", "Scopes", [str(number) for number in range(150)], (), "")["element"]
    assert len(several["options"]) == 100
    assert "initial_options" not in several


def test_a_home_tab_is_never_too_long_for_slack() -> None:
    """What stands at the end is left out."""
    assert len(home([{"type": "divider"}] * 300, {})["blocks"]) < 100
