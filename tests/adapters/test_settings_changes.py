"""A channel's settings, changed in a chat: the part that is the same on all platforms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from adapters.channels import LABELS, SETTABLE, Channel, Channels
from adapters.settings_changes import change, in_words, number, origins, short_duration, wrong
from rag_core.records.database import open_database
from rag_core.records.platforms.channels import ChannelRecords
from rag_core.settings import ChannelSettings, duration_s


class Server:
    """Channel C1 of server G1, and what attempts at one change noted."""

    def __init__(self, records: ChannelRecords, *said: dict[str, Any]) -> None:
        self.channels = Channels(lambda: [ChannelSettings(**one) for one in said], records)
        self.noted: dict[str, Any] = {}

    async def change(
        self, values: Mapping[str, Any] | None, again: bool = False, id: str = "C1"
    ) -> tuple[str, ...]:
        """Names of what was changed. again: as another attempt at the change before."""
        progress = dict(self.noted) if again else {}
        within = ["G1"] if id != "G1" else []
        changed = await change(self.channels, "discord", "G1", id, values, "U1", progress, self._note, within)
        assert changed.now == await self.in_force(id)
        return changed.names

    async def in_force(self, id: str = "C1") -> Channel:
        return await self.channels.of("discord", "G1", id, ["G1"] if id != "G1" else [])

    async def _note(self, progress: Mapping[str, Any]) -> None:
        self.noted.update(progress)


@pytest.fixture
async def records(database_address: str) -> AsyncIterator[ChannelRecords]:
    database = await open_database(database_address)
    yield ChannelRecords(database)
    await database.dispose()


async def test_what_is_set_is_in_force_and_told_by_name(records: ChannelRecords) -> None:
    """What was set before stays; what is as it was is not told; lists are in no order."""
    server = Server(records, {"tone": "of the file"})
    assert await server.change({"draft": True, "scopes": ["b", "a"]}) == ("scopes", "draft")
    assert await server.change({"draft": True, "scopes": ["a", "b"], "tone": "of the file"}) == ()
    assert await server.change({"language": "de"}) == ("language",)
    here = await server.in_force()
    assert (here.draft, here.tone, here.language) == (True, "of the file", "de")
    assert set(here.set_here) == {"draft", "scopes", "language"}


async def test_another_attempt_tells_what_the_first_one_changed(records: ChannelRecords) -> None:
    """Although nothing is left to change."""
    server = Server(records)
    assert await server.change({"draft": True}) == ("draft",)
    assert await server.change({"draft": True}, again=True) == ("draft",)


async def test_a_reset_goes_back_to_the_file(records: ChannelRecords) -> None:
    server = Server(records, {"tone": "of the file"})
    await server.change({"tone": "here", "draft": True})
    assert await server.change(None) == ("draft", "tone")
    assert await server.in_force() == Channel(tone="of the file")


async def test_a_channel_may_differ_from_its_server_and_goes_on_following_it(records: ChannelRecords) -> None:
    """What the server says the same is left to it: also where it was set in the chat, and is then changed."""
    server = Server(records)
    await server.change({"draft": True, "tone": "brief"}, id="G1")
    assert await server.change({"draft": False, "tone": "brief"}) == ("draft",)
    here = await server.in_force()
    assert (here.draft, here.tone) == (False, "brief")
    await server.change({"tone": "long"}, id="G1")
    assert (await server.in_force()).tone == "long"
    await server.change(None)
    assert (await server.in_force()).draft


def test_what_is_wrong_is_told_for_each_setting() -> None:
    """The rules of the settings file, and the platform's own ids."""
    values = {
        "auto_answer": "much",
        "remind_after": "soon",
        "allowed": ["17", "@anna"],
        "escalation": None,
        "draft": True,
        "tone": "x" * 400,
        "language": "de",
        "scopes": None,
    }
    assert wrong("discord", values, str.isdigit) == {
        "auto_answer": "settings-wrong-number",
        "remind_after": "settings-wrong-duration",
        "allowed": "settings-wrong-id",
        "draft": "settings-draft-alone",
        "tone": "settings-wrong-value",
    }
    assert wrong("discord", {"draft": True, "escalation": "18"}, str.isdigit) == {}
    assert wrong("discord", {"draft": True}, str.isdigit) == {}


@pytest.mark.parametrize(("text", "value"), [("", None), ("0.5", 0.5), ("0,5", 0.5), ("much", "much")])
def test_a_number_is_read_as_people_write_it(text: str, value: object) -> None:
    assert number(text) == value


@pytest.mark.parametrize("written", ["1w", "2d", "5h", "90m", "61s"])
def test_a_duration_is_shown_as_it_is_written(written: str) -> None:
    """It may be entered again as it stands."""
    assert short_duration(int(duration_s(written))) == written


def test_it_is_told_what_comes_from_where() -> None:
    """What was set here goes before what the file says."""
    of_file = Channel(tone="brief", draft=True, remind_after_s=60)
    here = Channel(tone="long", draft=True, remind_after_s=60, set_here={"tone": "long"})
    mine, files = origins(here, of_file, "en")
    assert ("tone" in mine.lower(), "tone" in files.lower()) == (True, False)
    assert len(origins(Channel(), Channel(), "en")) == 1


def test_every_value_has_words() -> None:
    """Also where nothing is set, for each setting there is."""
    full = Channel(
        scopes=frozenset({"b", "a"}), auto_answer=0.5, follow_ups=False, posts=False, tags=frozenset({"help"}), draft=True,
        allowed=frozenset({"17"}), escalation="18", remind_after_s=5_400, language="de", tone="brief",
    )  # fmt: skip
    said = {name: in_words(name, full, "en") for name in LABELS}
    assert set(said) == set(SETTABLE)
    assert said["scopes"] == "a and b"
    assert (said["remind_after"], said["auto_answer"], said["draft"]) == ("90 min", "0.5", "yes")
    assert said["follow_ups"] == said["posts"] == "no"
    assert all(in_words(name, Channel(), "en") for name in SETTABLE)
    assert in_words("allowed", Channel(), "de") != in_words("allowed", Channel(), "en")


def test_what_is_set_above_is_told_apart() -> None:
    """For a server, of whose channels some differ; what is set here goes before it."""
    here, file = Channel(tone="x", set_here={"tone": "x"}), Channel(language="fr", tone="y", draft=True)
    mine, above, files = origins(here, file, "en", above={"tone", "draft"})
    assert "Tone" in mine
    assert "Set for the whole server: A person sees each answer" in above
    assert "My own sentences here" in files
    assert "Tone" not in above + files
