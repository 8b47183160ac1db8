"""Messages in which an answer is shown while it is made: the sign, growing text, and what takes its place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import discord
import pytest

from adapters.chat import Reply
from adapters.discord.rest.errors import DiscordRefusal
from adapters.discord.rest.rest import Rest
from adapters.discord.showing.rendering import body, embed
from adapters.discord.showing.surfaces import Look, MessageSurface, Pace
from adapters.progress import Progress
from rag_core.errors import Unavailable
from tests.adapters.discord.showing.scenes import LOOK, QUESTION, QUICK, Attempts
from tests.servers.discord import LocalDiscord, Message, pings

SEND, EDIT = "POST /channels/{id}/messages", "PATCH /channels/{id}/messages/{id}"
TYPING = "POST /channels/{id}/typing"


class Scene:
    """A question in a channel, and the surface for its answer."""

    def __init__(self, local: LocalDiscord, rest: Rest) -> None:
        self.local = local
        self.rest = rest
        self.anna = local.user("Anna")
        self.asked = self.anna.asks("help", QUESTION)
        self.channel = self.asked.channel
        self.attempts = Attempts()

    def surface(
        self, *, pace: Pace = QUICK, look: Look = LOOK, question: str | None = None, **more: Any
    ) -> MessageSurface:
        question = self.asked.id if question is None else question
        return MessageSurface(self.rest, self.channel, question, self.attempts.next(**more), look, pace)

    async def grown(self, text: str = "Thirty") -> MessageSurface:
        """A surface that shows this so far."""
        surface = self.surface()
        await surface.begin()
        surface.said(text)
        await self.until(lambda: [m for m in self.shown if m.content == text])
        return surface

    @property
    def shown(self) -> list[Message]:
        return self.local.answers("help")

    @property
    def texts(self) -> list[str]:
        return [message.content for message in self.shown]

    async def until(self, condition: Callable[[], Any]) -> Any:
        return await self.local.until(condition, 10)


@pytest.fixture
def scene(local: LocalDiscord, rest: Rest) -> Scene:
    return Scene(local, rest)


def calls(scene: Scene, route: str) -> list[Any]:
    return scene.local.calls(route)


async def test_the_sign(scene: Scene) -> None:
    """The bot is seen to write, again and again until something is shown."""
    surface = scene.surface()
    await surface.begin()
    await scene.until(lambda: len(calls(scene, TYPING)) >= 3)
    surface.said("Thirty")
    await scene.until(lambda: scene.texts)
    await asyncio.sleep(0.1)
    given = len(calls(scene, TYPING))
    await asyncio.sleep(0.4)
    assert len(calls(scene, TYPING)) == given
    await surface.finish(Reply("Thirty days."))
    assert scene.texts == ["Thirty days."]


async def test_a_sign_that_is_slow_or_refused(scene: Scene) -> None:
    """The answer does not wait for the sign, and comes where the sign is refused."""
    scene.local.slow(TYPING, 5)
    began = time.monotonic()
    surface = scene.surface()
    await surface.begin()
    await surface.finish(Reply("Thirty days."))
    assert time.monotonic() - began < 4
    scene.local.heal()
    scene.local.fail(TYPING, 403, 50013)
    scene.attempts = Attempts("message:2")
    refused = scene.surface()
    await refused.begin()
    await refused.finish(Reply("Sixty days."))
    assert scene.texts == ["Thirty days.", "Sixty days."]


async def test_an_answer_that_comes_at_once(scene: Scene) -> None:
    """What is answered before anything was shown is one message, sent whole, in reply to the question and calling nobody."""
    surface = scene.surface(pace=Pace())
    await surface.begin()
    surface.said("Thirty")
    ids = await surface.finish(Reply("Thirty days."))
    [message] = scene.shown
    assert ids == [message.id]
    assert message.reference
    assert message.reference["message_id"] == scene.asked.id
    assert not pings(message)
    assert message.edits == []


async def test_a_growing_answer(scene: Scene) -> None:
    """An answer grows in one message, the latest text each time, and its edits keep apart, the last one too."""
    pace = Pace(first=0.1, edited=0.4)
    surface = scene.surface(pace=pace)
    for n in range(30):
        surface.said("word " * (n + 1))
        await asyncio.sleep(0.05)
    await surface.finish(Reply("word " * 30 + "in all"))
    [message] = scene.shown
    assert message.content == "word " * 30 + "in all"
    asked_at = [call.at for call in calls(scene, EDIT)]
    assert len(asked_at) >= 3
    sent = next(version.at for version in message.versions)
    assert all(later - earlier >= pace.edited - 0.01 for earlier, later in pairwise([sent, *asked_at]))
    assert not pings(message)


def test_the_pace() -> None:
    """Something is shown after 0.7 s, and one message is edited every 1.2 s at most."""
    assert (Pace().first, Pace().edited) == (0.7, 1.2)


async def test_text_beyond_one_message(scene: Scene) -> None:
    """A growing answer that one message cannot hold stays at its beginning, cut at a whole character."""
    surface = scene.surface()
    surface.said("😀" * 1_500)
    await scene.until(lambda: scene.texts)
    [text] = scene.texts
    assert text == "😀" * 999 + "…"
    await surface.finish(Reply("😀" * 500 + "\f" + "😀" * 500))
    assert scene.texts == ["😀" * 500] * 2


async def test_looks_that_are_limited(scene: Scene) -> None:
    """Where Discord takes no edits for a while, looks at the answer are lost, and never the answer."""
    surface = await scene.grown()
    scene.local.limit(EDIT, retry_after=0.5, times=2)
    surface.said("Thirty days")
    await scene.until(lambda: [call for call in calls(scene, EDIT) if call.status == 429])
    surface.said("Thirty days from")
    await surface.finish(Reply("Thirty days from the day."))
    assert scene.texts == ["Thirty days from the day."]


async def test_looks_that_are_refused(scene: Scene) -> None:
    """Where Discord refuses a look or breaks at it, the answer is shown all the same."""
    scene.local.fail(SEND, 400, 50035)
    surface = scene.surface()
    surface.said("Thirty")
    await scene.until(lambda: calls(scene, SEND))
    surface.said("Thirty days")
    await surface.finish(Reply("Thirty days."))
    scene.local.fail(EDIT, 500)
    scene.attempts = Attempts("message:2")
    other = scene.surface()
    other.said("Sixty")
    await scene.until(lambda: scene.texts == ["Thirty days.", "Sixty"])
    other.said("Sixty days")
    await other.finish(Reply("Sixty days."))
    assert scene.texts == ["Thirty days.", "Sixty days."]


async def test_lost_responses(scene: Scene) -> None:
    """Where Discord's replies are lost, while it grows and at its end, there is one message per part."""
    scene.local.lose_response(SEND, times=2)
    surface = scene.surface()
    surface.said("Thirty")
    await scene.until(lambda: len(calls(scene, SEND)) >= 2)
    scene.local.lose_response(SEND)
    scene.local.lose_response(EDIT)
    await surface.finish(Reply("Thirty days.\fFrom the day."))
    assert scene.texts == ["Thirty days.", "From the day."]


async def test_a_message_that_is_deleted_meanwhile(scene: Scene) -> None:
    """Where somebody deletes the growing answer, it is sent anew."""
    surface = await scene.grown()
    scene.anna.deletes(scene.shown[0])
    ids = await surface.finish(Reply("Thirty days."))
    [message] = scene.shown
    assert message.content == "Thirty days."
    assert ids == [message.id]


@pytest.mark.parametrize("grows", [False, True])
async def test_a_process_that_ends_before_it_notes(scene: Scene, grows: bool) -> None:
    """The next attempt finds by its nonce what was sent, and shows the whole answer there."""
    await scene.grown()
    scene.attempts.forget()
    scene.local.remove_permission("help", "read_message_history")
    surface = scene.surface()
    if grows:
        surface.said("Thir")
        await asyncio.sleep(0.3)
    ids = await surface.finish(Reply("Thirty days.\fFrom the day."))
    assert scene.texts == ["Thirty days.", "From the day."]
    assert ids == [message.id for message in scene.shown]


@pytest.mark.parametrize("grows", [False, True])
async def test_a_process_that_ended_long_ago(scene: Scene, grows: bool) -> None:
    """Where the nonce counts no more, the reply to the question is looked up, and is not touched while the answer grows."""
    await scene.grown()
    scene.attempts.forget()
    scene.local.world.clock.advance(400)
    for n in range(60):
        scene.anna.says("help", f"Something else {n}")
    surface = scene.surface()
    if grows:
        surface.said("Thir")
        await asyncio.sleep(0.3)
    assert scene.texts == ["Thirty"]
    await surface.finish(Reply("Thirty days."))
    assert scene.texts == ["Thirty days."]


async def test_an_attempt_that_goes_on(scene: Scene) -> None:
    """What an earlier attempt noted is edited, and parts that are too many are deleted."""
    first = scene.surface()
    ids = await first.finish(Reply("One\fTwo\fThree"))
    again = await scene.surface().finish(Reply("Uno\fDue"))
    assert again == ids[:2]
    assert scene.texts == ["Uno", "Due"]
    assert len(calls(scene, SEND)) == 3


async def test_an_attempt_that_is_interrupted(scene: Scene, client: discord.Client) -> None:
    """Where Discord is away when the answer is there, the next attempt goes on with the same message."""
    scene.rest = Rest(client, trying_s=0)
    surface = await scene.grown("One")
    scene.local.rest_down()
    with pytest.raises(Unavailable):
        await surface.finish(Reply("One\fTwo"))
    scene.local.rest_up()
    await scene.surface().finish(Reply("One\fTwo"))
    assert scene.texts == ["One", "Two"]


async def test_nothing_of_before_stays(scene: Scene) -> None:
    """A message that is edited keeps no embed, button or text of what it showed."""
    button = {"type": 1, "components": [{"type": 2, "style": 2, "label": "Go", "custom_id": "x:go"}]}
    rich = Look(lambda reply: [body(reply.text, embed("Sources"), [button])], str)
    bare = Look(lambda reply: [{"content": reply.text}], str)
    await scene.surface(look=rich).finish(Reply("Thirty days."))
    assert scene.shown[0].embeds
    assert scene.shown[0].components
    await scene.surface(look=bare).finish(Reply("Sixty days."))
    [message] = scene.shown
    assert (message.content, message.embeds, message.components) == ("Sixty days.", [], [])


async def test_withdrawing(scene: Scene) -> None:
    """What was shown of an answer is deleted, also where it is not known what came of it."""
    surface = await scene.grown()
    await surface.withdraw()
    assert scene.texts == []
    scene.attempts = Attempts("message:2")
    scene.local.lose_response(SEND, times=9)
    doubtful = scene.surface()
    doubtful.said("Sixty")
    await scene.until(lambda: scene.texts)
    await doubtful.withdraw()
    assert scene.texts == []


async def test_an_attempt_after_one_that_gave_up(scene: Scene) -> None:
    """What was taken back is sent anew, although Discord knows its nonce."""
    surface = await scene.grown("Thirty days.")
    await surface.give_up()
    assert scene.texts == []
    await scene.surface().finish(Reply("Thirty days."))
    assert scene.texts == ["Thirty days."]


async def test_an_earlier_answer(scene: Scene) -> None:
    """An answer that is to be replaced stays as it is until there is a better one, and where there is none."""
    await scene.surface().finish(Reply("Thirty days."))
    surface = scene.surface(replaces=True)
    surface.said("Six")
    await asyncio.sleep(0.3)
    await surface.give_up()
    assert scene.texts == ["Thirty days."]
    await scene.surface(replaces=True).finish(Reply("Sixty days."))
    assert scene.texts == ["Sixty days."]


async def test_a_question_that_is_gone(scene: Scene) -> None:
    """The answer to a message that was deleted meanwhile stands alone."""
    scene.anna.deletes(scene.asked)
    await scene.surface().finish(Reply("Thirty days."))
    assert scene.texts == ["Thirty days."]


async def test_without_read_message_history(scene: Scene) -> None:
    """Where the bot may not reply, it answers without a reference."""
    scene.local.remove_permission("help", "read_message_history")
    await scene.surface().finish(Reply("Thirty days."))
    [message] = scene.shown
    assert message.content == "Thirty days."
    assert message.reference is None


async def test_without_embed_links(scene: Scene) -> None:
    """Where the bot may not show embeds, their words stand in the message."""
    scene.local.remove_permission("help", "embed_links")
    sources = embed("[1] Refunds", title="Sources", footer="Release 7")
    look = Look(lambda reply: [body(reply.text, sources)], str)
    await scene.surface(look=look).finish(Reply("Thirty days."))
    [message] = scene.shown
    assert message.content == "Thirty days.\n\n**Sources**\n[1] Refunds\n-# Release 7"
    assert message.embeds == []


async def test_a_place_that_is_closed(scene: Scene) -> None:
    """Where the bot may not write, that is raised."""
    scene.local.remove_permission("help", "send_messages")
    surface = scene.surface()
    surface.said("Thirty")
    with pytest.raises(DiscordRefusal):
        await surface.finish(Reply("Thirty days."))


async def test_notes_that_cannot_be_kept(scene: Scene) -> None:
    """Where the database does not answer, the answer is shown all the same."""

    async def refuse(progress: Any) -> None:
        raise Unavailable("The database is away")

    progress = Progress("message:1", 1, {}, refuse)
    surface = MessageSurface(scene.rest, scene.channel, scene.asked.id, progress, LOOK, QUICK)
    surface.said("Thirty")
    await scene.until(lambda: scene.texts)
    await surface.finish(Reply("Thirty days."))
    assert scene.texts == ["Thirty days."]
