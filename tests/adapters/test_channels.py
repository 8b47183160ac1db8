"""How the bot behaves in a channel: the settings file, and before it what was set in the chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.channels import SETTABLE, Channel, Channels
from rag_core.errors import SettingsError
from rag_core.records.database import open_database
from rag_core.records.platforms.channels import ChannelRecords
from rag_core.settings import ChannelSettings


@pytest.fixture
async def records(database_address: str) -> AsyncIterator[ChannelRecords]:
    database = await open_database(database_address)
    yield ChannelRecords(database)
    await database.dispose()


def channels(records: ChannelRecords, *settings: dict[str, Any]) -> Channels:
    given = [ChannelSettings(**one) for one in settings]
    return Channels(lambda: given, records)


async def test_nothing_set_is_the_ordinary_channel(records: ChannelRecords) -> None:
    """Everybody may ask, follow-ups are answered, questions to nobody are not."""
    found = await channels(records).of("slack", "T1", "C1")
    assert found == Channel()
    assert found.admits("U1", ())


async def test_what_names_the_channel_goes_before_what_names_the_platform(records: ChannelRecords) -> None:
    """Whatever stands first in the file; of two alike the later one; value by value."""
    made = channels(
        records,
        {"platform": "slack", "id": "C1", "tone": "of C1"},
        {"tone": "of all", "auto_answer": 0.5, "draft": True},
        {"platform": "slack", "tone": "of slack", "auto_answer": 0.7},
        {"platform": "slack", "id": ["C1", "C2"], "language": "de"},
        {"platform": "slack", "id": "C1", "language": "fr"},
        {"platform": "discord", "tone": "of discord"},
    )
    here = await made.of("slack", "T1", "C1")
    assert (here.tone, here.language, here.auto_answer, here.draft) == ("of C1", "fr", 0.7, True)
    other = await made.of("slack", "T1", "C9")
    assert (other.tone, other.language) == ("of slack", "")
    assert (await made.of("discord", "G1", "C1")).tone == "of discord"


async def test_what_is_set_in_the_chat_goes_before_the_file(records: ChannelRecords) -> None:
    """In that channel of that workspace alone; the rest stays as the file has it, and as it comes to have it."""
    said: list[ChannelSettings] = [ChannelSettings(tone="of all", draft=True)]
    made = Channels(lambda: said, records)
    await made.save("slack", "T1", "C1", {"tone": "here", "scopes": ["public"]}, "U1")
    here = await made.of("slack", "T1", "C1")
    assert (here.tone, here.scopes, here.draft) == ("here", frozenset({"public"}), True)
    assert here.set_here == {"tone": "here", "scopes": ["public"]}
    assert (await made.of("slack", "T2", "C1")).tone == "of all"
    assert made.of_file("slack", "C1").tone == "of all"
    said[:] = [ChannelSettings(tone="changed", draft=False)]
    here = await made.of("slack", "T1", "C1")
    assert (here.tone, here.draft) == ("here", False)
    await made.save("slack", "T1", "C1", {}, "U1")
    assert await made.of("slack", "T1", "C1") == made.of_file("slack", "C1")


async def test_what_the_file_says_can_be_switched_off_in_the_chat(records: ChannelRecords) -> None:
    """Each setting, back to what is in force where nobody sets anything."""
    full: dict[str, Any] = {
        "scopes": ["hr"],
        "auto_answer": 0.5,
        "follow_ups": False,
        "posts": False,
        "tags": ["help"],
        "draft": True,
        "allowed": ["U1"],
        "escalation": "C9",
        "remind_after": "1h",
        "language": "de",
        "tone": "brief",
    }
    assert set(full) == set(SETTABLE)
    made = channels(records, full)
    await made.save("slack", "T1", "C1", dict.fromkeys(full), "U1")
    here = await made.of("slack", "T1", "C1")
    assert here == Channel(set_here=dict.fromkeys(full))


async def test_a_thread_is_as_its_channel_until_it_is_set_otherwise(records: ChannelRecords) -> None:
    """In the file and in the chat."""
    made = channels(records, {"platform": "discord", "id": "C1", "tone": "of C1"})
    assert (await made.of("discord", "G1", "thread", within=["C1"])).tone == "of C1"
    await made.save("discord", "G1", "C1", {"tone": "set for C1", "draft": True}, "U1")
    await made.save("discord", "G1", "thread", {"tone": "set for the thread"}, "U1")
    here = await made.of("discord", "G1", "thread", within=["C1"])
    assert (here.tone, here.draft) == ("set for the thread", True)


async def test_only_what_makes_a_difference_is_worth_setting(records: ChannelRecords) -> None:
    """What the file says already, or what is so anyway, is left to it."""
    made = channels(records, {"platform": "slack", "id": "C1", "tone": "brief", "scopes": ["b", "a"]})
    same = {"tone": "brief", "scopes": ["a", "b"], "draft": False, "follow_ups": None, "remind_after": "240m"}
    assert await made.beyond("slack", "T1", "C1", same) == {}
    other = {"tone": None, "scopes": None, "draft": True}
    assert await made.beyond("slack", "T1", "C1", {**same, **other}) == other


@pytest.mark.parametrize(
    "values",
    [{"auto_answer": 1.5}, {"remind_after": "soon"}, {"language": "tlh"}, {"allowed": ["<@U1>"]}, {"colour": "red"},
     {"scopes": ["no spaces please"]}, {"tone": "x" * 301}],
)  # fmt: skip
async def test_what_a_setting_cannot_be_is_not_saved(records: ChannelRecords, values: dict[str, Any]) -> None:
    """The error names the setting; what was set before stays."""
    made = channels(records)
    await made.save("slack", "T1", "C1", {"tone": "before"}, "U1")
    with pytest.raises(SettingsError, match=next(iter(values))):
        await made.save("slack", "T1", "C1", values, "U1")
    assert (await made.of("slack", "T1", "C1")).tone == "before"


async def test_what_another_version_set_costs_nobody_an_answer(records: ChannelRecords) -> None:
    """Settings and values unknown to this one are passed over, one by one."""
    odd = {"remind_after": "soon", "colour": "red", "auto_answer": "much", "tone": "brief", "platform": "irc"}
    await records.put("slack", "T1", "C1", odd, "U1")
    here = await channels(records).of("slack", "T1", "C1")
    assert here == Channel(tone="brief", set_here={"tone": "brief"})
