"""Buttons, menus and modals within Discord's limits."""

from __future__ import annotations

import discord
import pytest
from discord.components import LabelComponent, _component_factory

from adapters.discord.showing.components import (
    DANGER,
    LONGEST,
    OPTIONS,
    Json,
    button,
    choice,
    entities,
    link_button,
    modal,
    picker,
    row,
    select,
    text_input,
)
from tests.servers.discord.components import check_modal, message_components
from tests.servers.discord.errors import Form

LONG = "😀 long words " * 500


def accepted(*rows: Json) -> None:
    form = Form()
    message_components(form, list(rows), False)
    form.check()
    for one in rows:
        assert _component_factory(one) is not None  # type: ignore[arg-type]


def test_long_texts_are_shortened() -> None:
    """To what Discord takes, and discord.py reads them back."""
    accepted(
        row(button(LONG, "a:1", DANGER), button("", "a:2", emoji="👍"), button(" ", "a:3", disabled=True)),
        row(select("a:4", {str(n): LONG for n in range(40)}, LONG, max=40)),
    )
    check_modal(
        modal(
            "a:5", LONG,
            text_input("a", LONG, LONG, placeholder=LONG, hint=LONG),
            text_input("b", "One line", lines=False, required=True, most=10),
            choice("c", LONG, {str(n): LONG for n in range(40)}, "3", hint=LONG),
            picker("d", "Roles", "role", ["1", "2", "3"], most=2),
            picker("e", "Channel", "channel", channel_types=[0, 5]),
        )
    )  # fmt: skip


def test_menus_of_people_roles_and_channels_know_what_was_chosen() -> None:
    """Nothing has to be; what is too much is left out."""
    many = {str(10**17 + number): "user" for number in range(30)}
    menu = entities("a:1", "mentionable", {"1": "role", **many}, most=40, placeholder=LONG)
    accepted(row(menu), row(entities("a:2", "channel", channel_types=[0, 5])))
    assert menu["default_values"][0] == {"id": "1", "type": "role"}
    assert (menu["min_values"], menu["max_values"], len(menu["default_values"])) == (0, 25, 25)


def test_a_label_that_is_too_long_stands_below_itself() -> None:
    """Where no hint does."""
    words = "Answer from these scopes only, wherever somebody asks"
    field = text_input("a", words)
    assert field["label"] == "Answer from these scopes only, wherever some…"
    assert field["description"] == words
    assert text_input("a", words, hint="A hint")["description"] == "A hint"
    assert "description" not in text_input("a", "Short")


def test_menus_in_modals_know_what_was_chosen() -> None:
    field = choice("a", "Why?", {"x": "X", "y": "Y"}, "y")
    read = LabelComponent(field, None)  # type: ignore[arg-type]
    assert isinstance(read.component, discord.SelectMenu)
    assert [(o.value, o.default) for o in read.component.options] == [("x", False), ("y", True)]
    assert (read.component.required, read.component.min_values, read.component.max_values) == (False, 0, 1)
    many = choice("a", "Which?", {"x": "X", "y": "Y"}, ["x", "y"], most=5, required=True)["component"]
    assert (many["min_values"], many["max_values"], many["required"]) == (1, 2, True)
    roles = picker("d", "Roles", "role", ["1", "2", "3"], most=2)["component"]
    assert roles["default_values"] == [{"id": "1", "type": "role"}, {"id": "2", "type": "role"}]


def test_what_stands_in_an_input_fits_it() -> None:
    field = text_input("a", "Text", "x" * 5_000)["component"]
    assert len(field["value"]) == field["max_length"] == LONGEST
    assert "value" not in text_input("a", "Text")["component"]


def test_buttons_that_open_addresses() -> None:
    shown = link_button("Open", "https://x.example/")
    assert shown is not None
    accepted(row(shown))
    assert link_button("Open", "") is None
    assert link_button("Open", "https://x.example/" + "y" * 600) is None


def test_more_than_fits_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="row takes 1 to 5"):
        row(*[button("a", f"a:{n}") for n in range(6)])
    with pytest.raises(ValueError, match="row takes 1 to 5"):
        row()
    with pytest.raises(ValueError, match="modal takes 1 to 5"):
        modal("a", "b")
    with pytest.raises(ValueError, match="option's value has 1 to 100"):
        select("a", {"x" * 101: "X"})
    assert len(select("a", {str(n): "x" for n in range(40)})["options"]) == OPTIONS
