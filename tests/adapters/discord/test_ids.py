"""The ids of buttons, menus and modals."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.ids import LONGEST, Ids

NAMES = st.from_regex(r"[a-z_]{1,20}", fullmatch=True)


@given(NAMES, st.text(max_size=40))
def test_what_an_id_is_made_from_is_read_from_it(name: str, argument: str) -> None:
    """Whatever the argument holds."""
    ids = Ids("docs")
    assert ids.parts(ids.of(name, argument)) == (name, argument)
    assert re.fullmatch(ids.pattern, ids.of(name, argument), re.S)


@pytest.mark.parametrize("id", ["", "answerloop", "answerloop:", "answerlooper:vote:1", "other:vote:1"])
def test_ids_of_the_host_are_left_to_it(id: str) -> None:
    assert Ids().parts(id) is None


def test_an_id_longer_than_discord_takes_is_refused() -> None:
    """Rather than by Discord, with the message that bears it."""
    with pytest.raises(ValueError, match=str(LONGEST)):
        Ids().of("share", "x" * LONGEST)
