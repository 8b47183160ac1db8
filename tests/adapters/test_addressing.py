"""Whom a message is for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.addressing import Address, Facts, addressed, certainly
from adapters.channels import Channel

PLAIN = Channel()
AUTO = Channel(auto_answer=0.7)
SAID = Facts("Where is the office?", "anna")
THREAD = replace(SAID, in_thread=True, askers=frozenset({"anna"}), silenced=False, last_by="")


@pytest.mark.parametrize("fact", ["direct", "mentions_bot"])
def test_what_is_said_to_the_bot_is_for_it(fact: str) -> None:
    """Whatever it says, whoever else is named, and also in a thread where it was asked to be quiet."""
    said = replace(THREAD, text="Thanks!", silenced=True, mentions_others=True, **{fact: True})
    assert addressed(said, Channel(follow_ups=False)) is Address.BOT


def test_what_is_said_to_others_is_not() -> None:
    """Even where questions to nobody are answered, and by whom the bot talks with."""
    for said in (SAID, THREAD, replace(SAID, post_tags=frozenset())):
        assert addressed(replace(said, mentions_others=True), AUTO) is Address.NOBODY


def test_a_question_to_nobody_may_be_for_the_bot_where_the_channel_says_so() -> None:
    """A question; not what is merely said."""
    assert addressed(SAID, AUTO) is Address.MAYBE
    assert addressed(SAID, Channel(auto_answer=0.0)) is Address.MAYBE
    assert addressed(SAID, PLAIN) is Address.NOBODY
    assert addressed(replace(SAID, text="The office has moved."), AUTO) is Address.NOBODY


@pytest.mark.parametrize(
    ("channel", "tags", "address"),
    [
        (PLAIN, set(), Address.BOT),
        (PLAIN, {"news"}, Address.BOT),
        (Channel(tags=frozenset({"Help", "17"})), {"help", "5"}, Address.BOT),
        (Channel(tags=frozenset({"Help", "17"})), {"billing", "17"}, Address.BOT),
        (Channel(tags=frozenset({"Help"})), {"news"}, Address.NOBODY),
        (Channel(tags=frozenset({"Help"})), set(), Address.NOBODY),
        (Channel(posts=False), {"help"}, Address.NOBODY),
        (Channel(posts=False, auto_answer=0.7), set(), Address.MAYBE),
    ],
)
def test_a_post_in_a_forum_is_for_the_bot_where_its_tags_fit(
    channel: Channel, tags: set[str], address: Address
) -> None:
    """By name, in whatever case, or by id; a forum whose posts are not answered is a channel like any other."""
    assert addressed(replace(SAID, post_tags=frozenset(tags)), channel) is address


def test_nothing_is_looked_up_that_is_not_needed() -> None:
    """Who was answered first, then whether the bot was asked to be quiet, then what stands before it."""
    said = replace(SAID, in_thread=True)
    assert addressed(said, PLAIN) is None
    assert addressed(replace(said, text="Thanks!"), PLAIN) is Address.NOBODY
    assert addressed(said, Channel(follow_ups=False)) is Address.NOBODY
    assert addressed(replace(said, askers=frozenset()), PLAIN) is Address.NOBODY
    said = replace(said, askers=frozenset({"anna"}))
    assert addressed(said, PLAIN) is None
    assert addressed(replace(said, user="ben", text="It has moved."), PLAIN) is Address.NOBODY
    assert addressed(replace(said, silenced=True), PLAIN) is Address.NOBODY
    said = replace(said, silenced=False)
    assert addressed(said, PLAIN) is None
    assert addressed(replace(said, last_by=""), PLAIN) is Address.BOT


@pytest.mark.parametrize(
    ("user", "text", "last_by", "address"),
    [
        ("anna", "And for contractors?", "", Address.BOT),
        ("anna", "And for contractors?", "anna", Address.BOT),
        ("anna", "And for contractors?", "ben", Address.MAYBE),
        ("anna", "I will write that down.", "", Address.MAYBE),
        ("anna", "I will write that down.", "ben", Address.NOBODY),
        ("ben", "Does that hold for Vienna?", "", Address.MAYBE),
        ("ben", "Does that hold for Vienna?", "anna", Address.MAYBE),
        ("ben", "It was changed in March.", "", Address.NOBODY),
    ],
)
def test_in_a_thread_it_depends_on_who_asks_and_who_spoke_last(
    user: str, text: str, last_by: str, address: Address
) -> None:
    """anna's question was answered there, ben's was not."""
    assert addressed(replace(THREAD, user=user, text=text, last_by=last_by), PLAIN) is address


def test_what_may_be_for_the_bot_is_answered_from_the_channels_confidence_on() -> None:
    """One half where it names none; zero is a confidence, too."""
    assert [certainly(channel) for channel in (PLAIN, AUTO, Channel(auto_answer=0.0))] == [0.5, 0.7, 0.0]
