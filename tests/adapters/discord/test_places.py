"""Channels as Discord describes them."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.discord.places import place_of


@pytest.mark.parametrize(
    ("type", "kind"),
    [(0, "channel"), (1, "direct"), (3, "group"), (5, "channel"), (11, "thread"), (15, "forum")],
)
def test_kinds(type: int, kind: str) -> None:
    assert place_of({"id": "1", "type": type}).kind == kind


def test_a_thread_counts_as_the_channel_that_it_is_in() -> None:
    """For rules and settings; its messages stand in itself."""
    thread = place_of({"id": "5", "type": 11, "parent_id": "2", "guild_id": "1"})
    assert (thread.id, thread.channel, list(thread.within)) == ("5", "2", ["1", "2"])


def test_a_post_is_a_thread_in_a_forum_with_its_tags_by_id_and_name() -> None:
    tags: list[dict[str, Any]] = [{"id": "8", "name": "question"}, {"id": "9", "name": "bug"}]
    facts = {"id": "5", "type": 11, "parent_id": "2", "parent_type": 15, "parent_tags": tags}
    post = place_of({**facts, "applied_tags": ["8"], "name": "How do I log in?"}, guild="1")
    assert (post.kind, post.is_thread, post.guild) == ("post", True, "1")
    assert post.tags == {"8", "question"}


def test_one_person_alone_reads_direct_messages() -> None:
    """A group of people is not direct."""
    assert place_of({"id": "1", "type": 1}).direct
    assert not place_of({"id": "1", "type": 3}).direct
