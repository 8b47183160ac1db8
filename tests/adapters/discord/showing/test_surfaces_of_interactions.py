"""Interactions in which an answer is shown while it is made, and where it is shown when they are over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest

from adapters.chat import Reply
from adapters.discord.bot import ALONE, EVERYBODY
from adapters.discord.ids import Ids
from adapters.discord.interactions import interaction_of
from adapters.discord.rest.errors import PlaceClosed
from adapters.discord.rest.rest import Rest
from adapters.discord.showing.surfaces import InteractionSurface, Pace
from rag_core.errors import Unavailable
from tests.adapters.discord.showing.scenes import LOOK, QUESTION, QUICK, Attempts
from tests.servers.discord import LocalDiscord, Message, pings

ORIGINAL = "PATCH /webhooks/{id}/{token}/messages/{id}"
FOLLOW_UP, SEND = "POST /webhooks/{id}/{token}", "POST /channels/{id}/messages"
EXPIRED_S = 901


class Scene:
    """A command that was deferred, and the surface for its answer."""

    def __init__(self, local: LocalDiscord, rest: Rest) -> None:
        self.local = local
        self.rest = rest
        self.anna = local.user("Anna")
        self.attempts = Attempts("interaction:1")
        self.private = False

    async def asks(self, private: bool = False) -> None:
        self.asked = self.anna.runs("ask", "help", question=QUESTION)
        self.private = private
        self.one = interaction_of(self.asked.payload, Ids())
        await self.rest.respond(self.one.id, self.one.token, ALONE if private else EVERYBODY)

    def surface(self, *, pace: Pace = QUICK, **more: Any) -> InteractionSurface:
        return InteractionSurface(
            self.rest,
            self.one,
            self.attempts.next(**more),
            LOOK,
            channel=self.asked.channel,
            ephemeral=self.private,
            pace=pace,
        )

    @property
    def shown(self) -> list[Message]:
        return self.anna.ephemerals("help") if self.private else self.local.answers("help")

    @property
    def texts(self) -> list[str]:
        return [message.content for message in self.shown]

    @property
    def direct(self) -> list[str]:
        return [message.content for message in self.local.answers(self.anna.dm)]

    async def until(self, condition: Callable[[], Any]) -> Any:
        return await self.local.until(condition, 10)


@pytest.fixture
async def scene(local: LocalDiscord, rest: Rest, client: discord.Client) -> Scene:
    options = [{"name": "question", "description": "What?", "type": 3}]
    command: Any = {"name": "ask", "description": "Ask", "type": 1, "options": options}
    await client.http.bulk_upsert_global_commands(client.application_id or 0, [command])
    return Scene(local, rest)


async def test_an_answer_for_everybody(scene: Scene) -> None:
    """'Is thinking' grows and becomes the answer; it goes on in messages that have nonces. Nobody is called."""
    await scene.asks()
    surface = scene.surface()
    await surface.begin()
    surface.said("Thirty")
    await scene.until(lambda: scene.texts == ["Thirty"])
    ids = await surface.finish(Reply("Thirty days.\fFrom the day."))
    first, second = scene.shown
    assert scene.texts == ["Thirty days.", "From the day."]
    assert ids == [first.id, second.id]
    assert first is scene.asked.original
    assert second.nonce
    assert not pings(first)
    assert not pings(second)


async def test_an_answer_for_the_asker(scene: Scene) -> None:
    """What only the asker sees goes on where they alone see it, and no ids are told."""
    await scene.asks(private=True)
    surface = scene.surface()
    await surface.begin()
    surface.said("Thirty")
    await scene.until(lambda: scene.texts == ["Thirty"])
    assert await surface.finish(Reply("Thirty days.\fFrom the day.")) == []
    assert scene.texts == ["Thirty days.", "From the day."]
    assert scene.local.answers("help") == []
    assert scene.direct == []


async def test_where_the_bot_may_not_write(scene: Scene) -> None:
    """In a channel that takes nothing from the bot but responses, an answer goes on in follow-ups, also at the next
    attempt."""
    await scene.asks()
    scene.local.remove_permission("help", "send_messages")
    ids = await scene.surface().finish(Reply("One\fTwo\fThree"))
    assert scene.texts == ["One", "Two", "Three"]
    assert ids == [message.id for message in scene.shown]
    assert await scene.surface().finish(Reply("Uno\fDue")) == ids[:2]
    assert scene.texts == ["Uno", "Due"]
    assert len(scene.local.calls(FOLLOW_UP)) == 2


@pytest.mark.parametrize("private", [False, True])
async def test_another_attempt(scene: Scene, private: bool) -> None:
    """Another attempt shows its answer in the messages of the first, and deletes those that are too many."""
    await scene.asks(private)
    await scene.surface().finish(Reply("One\fTwo\fThree"))
    scene.attempts.noted = {name: v for name, v in scene.attempts.noted.items() if name != "done"}
    await scene.surface().finish(Reply("Uno\fDue"))
    assert scene.texts == ["Uno", "Due"]


async def test_a_lost_follow_up(scene: Scene) -> None:
    """Of follow-ups only that one may double of which it is not known whether it arrived."""
    await scene.asks(private=True)
    surface = scene.surface()
    scene.local.slow(ORIGINAL, 0)
    scene.local.fail(FOLLOW_UP, 500, times=1, performed=True)
    with pytest.raises(Unavailable):
        await surface.finish(Reply("One\fTwo\fThree"))
    await scene.surface().finish(Reply("One\fTwo\fThree"))
    assert sorted(scene.texts) == sorted(["One", "Two", "Two", "Three"])


async def test_an_answer_that_is_there_already(scene: Scene) -> None:
    """What the asker alone has seen whole is not shown again, neither there nor in direct messages."""
    await scene.asks(private=True)
    await scene.surface().finish(Reply("Thirty days."))
    scene.local.world.clock.advance(EXPIRED_S)
    await scene.surface().finish(Reply("Sixty days."))
    assert scene.texts == ["Thirty days."]
    assert scene.direct == []


async def test_after_fifteen_minutes(scene: Scene) -> None:
    """When the interaction is over, everybody's answer comes as a message that names the asker and the question and calls
    nobody; what was shown of it is gone."""
    await scene.asks()
    surface = scene.surface()
    await surface.begin()
    scene.local.world.clock.advance(EXPIRED_S)
    surface.said("Thirty")
    ids = await surface.finish(Reply("Thirty days.\fFrom the day."))
    assert scene.texts == [f"{scene.anna.mention}\n> {QUESTION}\nThirty days.", "From the day."]
    assert ids == [message.id for message in scene.shown]
    assert not pings(scene.shown[0])
    again = await scene.surface().finish(Reply("Sixty days."))
    assert scene.texts == [f"{scene.anna.mention}\n> {QUESTION}\nSixty days."]
    assert again == ids[:1]


async def test_what_grew_before_it_was_over(scene: Scene) -> None:
    """The part of an answer that stood there when the interaction ended is not left beside the whole."""
    await scene.asks()
    surface = scene.surface()
    surface.said("Thirty")
    await scene.until(lambda: scene.texts == ["Thirty"])
    scene.local.world.clock.advance(EXPIRED_S)
    await surface.finish(Reply("Thirty days."))
    assert [text.rpartition("\n")[2] for text in scene.texts] == ["Thirty days."]


async def test_a_long_answer_that_comes_late(scene: Scene) -> None:
    """Where the answer leaves no room for the question, that stands in a message before it."""
    await scene.asks()
    scene.local.world.clock.advance(EXPIRED_S)
    await scene.surface().finish(Reply("x" * 1_990))
    assert scene.texts == [f"{scene.anna.mention}\n> {QUESTION}", "x" * 1_990]


async def test_the_asker_after_fifteen_minutes(scene: Scene) -> None:
    """When the interaction is over, what the asker alone may see comes as a direct message, with the question."""
    await scene.asks(private=True)
    surface = scene.surface()
    await surface.begin()
    scene.local.world.clock.advance(EXPIRED_S)
    assert await surface.finish(Reply("Thirty days.\fFrom the day.")) == []
    assert scene.direct == [f"> {QUESTION}\nThirty days.", "From the day."]
    assert scene.local.answers("help") == []
    await scene.surface().finish(Reply("Thirty days.\fFrom the day."))
    assert len(scene.direct) == 2


async def test_over_between_two_parts(scene: Scene) -> None:
    """Where the interaction ends amid an answer for the asker alone, the whole comes as direct messages."""
    await scene.asks(private=True)
    surface = scene.surface()
    scene.local.fail(FOLLOW_UP, 401, 50027)
    await surface.finish(Reply("One\fTwo"))
    assert scene.direct == [f"> {QUESTION}\nOne", "Two"]


async def test_a_closed_channel_after_fifteen_minutes(scene: Scene) -> None:
    """Where the channel takes nothing from the bot, the answer goes to the asker directly; where they do not take it
    either, that is raised."""
    await scene.asks()
    scene.local.remove_permission("help", "send_messages")
    scene.local.world.clock.advance(EXPIRED_S)
    assert await scene.surface().finish(Reply("Thirty days.")) == []
    assert scene.direct == [f"> {QUESTION}\nThirty days."]
    await scene.asks()
    scene.attempts = Attempts("interaction:2")
    scene.local.user("Anna", accepts_dms=False)
    scene.local.world.clock.advance(EXPIRED_S)
    with pytest.raises(PlaceClosed):
        await scene.surface().finish(Reply("Sixty days."))


def nearly_over(scene: Scene) -> None:
    """Its token has a minute and a moment left."""
    begun = datetime.now(UTC) - timedelta(minutes=14, seconds=-0.4)
    scene.one = replace(scene.one, id=str(int(begun.timestamp() * 1000 - 1_420_070_400_000) << 22))


async def test_shortly_before_it_is_over(scene: Scene) -> None:
    """A minute before the interaction ends, 'is thinking' is taken back, and the answer comes apart from it."""
    await scene.asks()
    nearly_over(scene)
    surface = scene.surface()
    await surface.begin()
    assert len(scene.shown) == 1
    await scene.until(lambda: scene.shown == [])
    surface.said("Thirty")
    await surface.finish(Reply("Thirty days."))
    assert scene.texts == [f"{scene.anna.mention}\n> {QUESTION}\nThirty days."]
    assert scene.local.calls(ORIGINAL) == []


async def test_what_is_said_instead_of_an_answer(scene: Scene) -> None:
    """Where an attempt ended without a word, what others said in its place is not taken back."""
    await scene.asks()
    nearly_over(scene)
    await scene.surface().begin()
    await scene.rest.original(scene.one.token, {"content": "Something went wrong."})
    await scene.until(lambda: scene.local.calls("GET /webhooks/{id}/{token}/messages/{id}"))
    await asyncio.sleep(0.2)
    assert scene.texts == ["Something went wrong."]


async def test_one_that_discord_never_saw_deferred(scene: Scene) -> None:
    """Where the deferral was lost, the answer comes all the same."""
    scene.asked = scene.anna.runs("ask", "help", question=QUESTION)
    scene.one = interaction_of(scene.asked.payload, Ids())
    await scene.surface().finish(Reply("Thirty days."))
    assert scene.texts == [f"{scene.anna.mention}\n> {QUESTION}\nThirty days."]


@pytest.mark.parametrize("private", [False, True])
async def test_a_response_that_is_deleted(scene: Scene, private: bool) -> None:
    """Where somebody deletes what grows, the answer is sent anew where those who may see it do."""
    await scene.asks(private)
    surface = scene.surface()
    scene.anna.deletes(scene.shown[0])
    await surface.finish(Reply("Thirty days."))
    [text] = scene.texts
    assert text.endswith("Thirty days.")
    assert scene.direct == []


@pytest.mark.parametrize("private", [False, True])
async def test_withdrawing(scene: Scene, private: bool) -> None:
    """A question that is not answered leaves nothing behind, not even 'is thinking'."""
    await scene.asks(private)
    surface = scene.surface()
    await surface.begin()
    surface.said("Thirty")
    await scene.until(lambda: scene.texts == ["Thirty"])
    await surface.withdraw()
    assert scene.shown == []


async def test_withdrawing_after_fifteen_minutes(scene: Scene) -> None:
    """Also when the interaction is over."""
    await scene.asks()
    surface = scene.surface()
    surface.said("Thirty")
    await scene.until(lambda: scene.texts == ["Thirty"])
    scene.local.world.clock.advance(EXPIRED_S)
    await surface.withdraw()
    assert scene.shown == []


async def test_giving_up(scene: Scene) -> None:
    """What was shown stays for the next attempt, which takes its place."""
    await scene.asks()
    surface = scene.surface()
    await surface.begin()
    surface.said("Thirty")
    await scene.until(lambda: scene.texts == ["Thirty"])
    await surface.give_up()
    surface.said("Thirty days")
    await asyncio.sleep(0.3)
    assert scene.texts == ["Thirty"]
    await scene.surface().finish(Reply("Thirty days."))
    assert scene.texts == ["Thirty days."]


async def test_looks_that_are_limited(scene: Scene) -> None:
    """Where Discord takes no edits for a while, looks at the answer are lost, and never the answer."""
    await scene.asks()
    scene.local.limit(ORIGINAL, retry_after=0.5, times=2)
    surface = scene.surface()
    surface.said("Thirty")
    await scene.until(lambda: scene.local.calls(ORIGINAL))
    await surface.finish(Reply("Thirty days."))
    assert scene.texts == ["Thirty days."]
