"""What Discord tells, taken: kept, responded to, handed to the part that handles it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from discord import app_commands

from adapters.discord.bot import ALONE, EVERYBODY, UNCHANGED
from adapters.discord.connection.guards import guard_parsers
from adapters.discord.interactions import interaction_of
from adapters.discord.received import First, Handler, Json, Received
from adapters.discord.rest.rest import Rest
from rag_core.errors import Unavailable
from tests.adapters.discord.conftest import Bench
from tests.servers.discord import readable


class Part:
    """Handles everything, and keeps it."""

    def __init__(self, bench: Bench, *kinds: str, **firsts: Json | First) -> None:
        self.bench = bench
        self.kinds = kinds
        self.own = firsts
        self.seen: list[Received] = []

    def handlers(self) -> Mapping[str, Handler]:
        return dict.fromkeys(self.kinds, self._see)

    def firsts(self) -> Mapping[str, Json | First]:
        return {kind.replace("_", ":", 1): first for kind, first in self.own.items()}

    async def _see(self, received: Received) -> None:
        self.seen.append(received)

    @property
    def bodies(self) -> list[Mapping[str, Any]]:
        return [received.body for received in self.seen]


async def test_a_message_arrives_in_discords_own_words(bench: Bench) -> None:
    """As REST gives the same message, so that one piece of code reads both."""
    part = Part(bench, "message")
    await bench.start(part)
    anna = bench.discord.user("Anna")
    asked = anna.asks("help", "How long do refunds take?")
    await bench.settled()
    [body] = part.bodies
    again = await bench.rest.message(body["channel_id"], body["id"])
    for name in ("id", "channel_id", "content", "type"):
        assert str(body[name]) == str(again[name])
    assert body["author"]["id"] == again["author"]["id"]
    assert [one["id"] for one in body["mentions"]] == [one["id"] for one in again["mentions"]]
    assert asked


async def test_a_command_is_deferred_for_the_person_alone_unless_a_part_says_otherwise(bench: Bench) -> None:
    part = Part(bench, "command:ask", "command:mydata", command_ask=EVERYBODY)
    await bench.start(part)
    anna = bench.discord.user("Anna")
    anna.runs("ask", "help", question="How long do refunds take?")
    anna.runs("mydata", "help")
    await bench.settled()
    names = [interaction_of(body, bench.ids).name for body in part.bodies]
    assert sorted(names) == ["ask", "mydata"]
    assert len(bench.discord.acks) == 2


async def test_a_button_of_an_old_message_works_in_a_new_process(bench: Bench) -> None:
    """Its custom id carries all there is to know: nothing of it was ever in this process."""
    part = Part(bench, "action:vote_good")
    await bench.start(part)
    pressed = {"type": 2, "style": 2, "label": "Good", "custom_id": bench.ids.of("vote_good", "a1")}
    theirs = {"type": 2, "style": 2, "label": "Deploy", "custom_id": "deploy:a1"}
    channel = bench.discord.channel("help")
    await bench.rest.send(
        channel.id, {"content": "30 days.", "components": [{"type": 1, "components": [pressed, theirs]}]},
        nonce="n1",
    )  # fmt: skip
    [answer] = bench.discord.answers("help")
    anna = bench.discord.user("Anna")
    click = anna.clicks(answer, "Good")
    await bench.settled()
    [body] = part.bodies
    assert interaction_of(body, bench.ids).argument == "a1"
    assert click.response_type == UNCHANGED["type"]


@pytest.mark.parametrize("known", [True, False])
async def test_an_interaction_may_tell_of_its_channel_no_more_than_the_id(bench: Bench, known: bool) -> None:
    """As one that discord.py knows it is described; another one is left to be looked up."""
    part = Part(bench, "action:vote_good")
    await bench.start(part)
    guard_parsers(bench.client)
    channel = bench.discord.channel("help")
    row = {
        "type": 1,
        "components": [
            {"type": 2, "style": 2, "label": "Good", "custom_id": bench.ids.of("vote_good", "a1")}
        ],
    }
    await bench.rest.send(channel.id, {"content": "30 days.", "components": [row]}, nonce="n1")
    [answer] = bench.discord.answers("help")
    told = bench.discord.user("Anna").clicks(answer, "Good").payload
    await bench.settled()
    left_out = ("channel", "version", "attachment_size_limit")
    where = channel.id if known else "4711"
    bare = {name: value for name, value in told.items() if name not in left_out}
    bench.discord.send_raw("INTERACTION_CREATE", {**bare, "id": "12", "channel_id": where})
    await bench.discord.until(lambda: len(part.bodies) == 2)
    body = part.bodies[1]
    assert body["channel_id"] == body["message"]["channel_id"] == where
    assert body["channel"]["type"] == (0 if known else None)


async def test_a_modal_is_opened_at_once_and_read_although_this_process_did_not_open_it(bench: Bench) -> None:
    """A restart between the two loses nothing: discord.py itself would know no modal that it has not sent."""
    field = {"type": 4, "custom_id": bench.ids.of("text"), "style": 1, "label": "Text"}
    modal = {
        "type": 9,
        "data": {
            "custom_id": bench.ids.of("explain", "a1"),
            "title": "Why?",
            "components": [{"type": 1, "components": [field]}],
        },
    }

    async def opens(payload: Mapping[str, Any], rest: Rest) -> Json:
        return modal

    part = Part(bench, "modal:explain", command_ask=opens)
    await bench.start(part)
    anna = bench.discord.user("Anna")
    anna.runs("ask", "help", question="Why?")
    await bench.discord.until(lambda: anna.modal)
    anna.submits({"Text": "Since March."})
    await bench.settled()
    [body] = part.bodies
    sent = interaction_of(body, bench.ids)
    assert (sent.name, sent.argument, sent.fields) == ("explain", "a1", {"text": "Since March."})


async def test_an_interaction_whose_response_cannot_be_made_is_deferred(bench: Bench) -> None:
    """'The application did not respond' is never shown."""

    async def fails(payload: Mapping[str, Any], rest: Rest) -> Json:
        raise RuntimeError("no database")

    part = Part(bench, "command:ask", command_ask=fails)
    await bench.start(part)
    asked = bench.discord.user("Anna").runs("ask", "help", question="Why?")
    await bench.settled()
    assert (asked.response_type, len(part.seen)) == (ALONE["type"], 1)


async def test_what_discord_tells_twice_is_handled_once(bench: Bench) -> None:
    """As after a resumed connection, or with two processes side by side."""
    part = Part(bench, "message")
    await bench.start(part)
    bench.discord.user("Anna").asks("help", "How long do refunds take?")
    await bench.settled()
    bench.discord.duplicate("MESSAGE_CREATE")
    await bench.settled()
    assert len(part.seen) == 1


async def test_a_message_that_cannot_be_kept_now_is_kept_later(bench: Bench) -> None:
    """Discord does not tell it again; the person who commands is told at once."""
    part = Part(bench, "message", "command:ask")
    await bench.start(part)
    assert bench.bot is not None
    inbox = bench.bot.inbox
    bench.bot.inbox = Away()  # type: ignore[assignment]
    anna = bench.discord.user("Anna")
    anna.asks("help", "How long do refunds take?")
    asked = anna.runs("ask", "help", question="Why?")
    await bench.discord.until(lambda: asked.original and "reference" in readable(asked.original).lower())
    bench.bot.inbox = inbox
    await bench.discord.until(lambda: part.seen)
    assert part.seen[0].delivery.kind == "message"


class Silent(app_commands.Translator):
    """Of a host that translates what is its own."""

    async def translate(self, *asked: object) -> None:
        return None


@pytest.mark.parametrize("translates", [False, True])
async def test_a_host_that_synchronises_its_commands_keeps_our_languages(
    bench: Bench, translates: bool
) -> None:
    """With a translator of its own, too."""
    await bench.start(Part(bench, "message"))
    if translates:
        await bench.client.tree.set_translator(Silent())
    await bench.client.tree.sync()
    known = {one["name"]: one for one in bench.discord.commands}
    [question, _] = known["ask"]["options"]
    for worded in (known["ask"], question, known["answerloop"], *known["answerloop"]["options"]):
        assert set(worded["description_localizations"]) == {"de", "fr", "es-ES", "es-419"}


async def test_bots_and_notes_are_no_deliveries(bench: Bench) -> None:
    """Bots that answer each other never end."""
    part = Part(bench, "message")
    await bench.start(part)
    bench.discord.other_bot().says("help", f"{bench.discord.mention} How long do refunds take?")
    await bench.settled()
    assert part.seen == []


class Away:
    """An inbox whose database is away."""

    async def accept(self, *delivery: object) -> bool:
        raise Unavailable("no database")

    def interrupt(self, platform: str, key: str) -> bool:
        return False
