"""Where an answer is shown while it is made: signs, growing text, and what takes its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import pytest

from adapters.chat import Reply
from adapters.progress import Progress
from adapters.slack.showing.streaming import Pace, Place
from adapters.slack.showing.surfaces import EphemeralSurface, Look, ThreadSurface
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import PlaceClosed, SlackRefusal
from adapters.slack.web_api.posts import metadata_of
from adapters.slack.web_api.wire import Wire
from rag_core.errors import Unavailable
from tests.servers.slack import ALL, LocalSlack, Message

QUICK = Pace(first=0.0, appended=0.05, edited=0.05)
QUESTION = "How long do refunds take?"


def final(reply: Reply) -> Sequence[Mapping[str, Any]]:
    """Each page of the text a message."""
    return [
        {"text": page, "blocks": [{"type": "markdown", "text": page}], "unfurl_links": False}
        for page in reply.text.split("\f")
    ]


LOOK = Look(final, str)


class Attempts:
    """What the inbox keeps of a delivery."""

    def __init__(self, key: str = "Ev1") -> None:
        self.key = key
        self.noted: Mapping[str, Any] = {}
        self.count = 0

    def next(self) -> Progress:
        self.count += 1
        return Progress(self.key, self.count, self.noted, self._note)

    async def _note(self, progress: Mapping[str, Any]) -> None:
        self.noted = dict(progress)


class Scene:
    """A question in a channel, and the surface for its answer."""

    def __init__(self, slack: LocalSlack, api: Api) -> None:
        self.slack = slack
        self.api = api
        self.anna = slack.user("U0ANNA")
        slack.channel("C0HELP", members=["U0ANNA"])
        self.asked = self.anna.asks("C0HELP", QUESTION)
        self.place = Place("C0HELP", "U0ANNA", slack.team, self.asked.ts, self.asked.ts)
        self.attempts = Attempts()

    def surface(self, place: Place | None = None, pace: Pace = QUICK, language: str = "en") -> ThreadSurface:
        return ThreadSurface(self.api, place or self.place, self.attempts.next(), LOOK, language, pace)

    @property
    def shown(self) -> list[Message]:
        return self.slack.answers("C0HELP", self.asked)

    @property
    def reactions(self) -> dict[str, list[str]]:
        return self.asked.reactions

    def streamed(self) -> str:
        """What was appended to the stream so far."""
        calls = [
            c for c in self.slack.calls() if c.method in ("chat.startStream", "chat.appendStream") and c.ok
        ]
        return "".join(call.args["markdown_text"] for call in calls)

    async def until(self, condition: Callable[[], Any]) -> Any:
        return await self.slack.until(condition, 10)


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack() as made:
        yield made


@pytest.fixture
async def scene(slack: LocalSlack) -> AsyncIterator[Scene]:
    api = Api(Wire(slack.bot_token, slack.api_url), trying_s=2.0, settling_s=0.1)
    yield Scene(slack, api)
    await api.close()


async def test_the_sign(scene: Scene) -> None:
    """A question gets 👀 and a status at once, in the asker's language; both are gone once it is answered."""
    surface = scene.surface(language="de")
    await surface.begin()
    await scene.until(lambda: scene.reactions and scene.slack.status("C0HELP", scene.asked.ts))
    assert scene.reactions == {"eyes": [scene.slack.bot_user]}
    assert scene.slack.status("C0HELP", scene.asked.ts) == "denkt nach …"
    await surface.finish(Reply("Thirty days."))
    assert scene.reactions == {}
    assert scene.slack.status("C0HELP", scene.asked.ts) is None


async def test_the_sign_in_the_assistant_container(scene: Scene) -> None:
    """In a thread of the assistant container the status is the sign, without a reaction."""
    thread = scene.anna.opens_assistant_thread()
    asked = scene.anna.writes(QUESTION, thread)
    surface = scene.surface(
        Place(asked.channel, "U0ANNA", scene.slack.team, thread, asked.ts, assistant=True)
    )
    await surface.begin()
    await scene.until(lambda: scene.slack.status(asked.channel, thread))
    await surface.finish(Reply("Thirty days."))
    assert scene.slack.status(asked.channel, thread) is None
    assert scene.slack.calls("reactions.add") == []


async def test_a_sign_that_is_refused(scene: Scene) -> None:
    """Without the scope for reactions the answer comes all the same, and the reaction is not tried for each question."""
    scene.slack.set_scopes(*(ALL - {"reactions:write"}))
    for n in range(2):
        scene.attempts = Attempts(f"Ev{n}")
        surface = scene.surface()
        await surface.begin()
        await surface.finish(Reply("Thirty days."))
    assert len(scene.shown) == 2
    assert len(scene.slack.calls("reactions.add")) == 1
    assert scene.slack.calls("reactions.remove") == []


async def test_a_status_that_goes_slowly(scene: Scene) -> None:
    """👀 goes with the answer, however long Slack takes to take the status away."""
    surface = scene.surface()
    await surface.begin()
    await scene.until(lambda: scene.reactions and scene.slack.status("C0HELP", scene.asked.ts))
    scene.slack.slow("assistant.threads.setStatus", 2.0)
    finishing = asyncio.create_task(surface.finish(Reply("Thirty days.")))
    await scene.until(lambda: scene.shown and not scene.reactions)
    assert not finishing.done()
    await finishing


async def test_an_answer_that_comes_at_once(scene: Scene) -> None:
    """What is said right before the answer is not streamed: the answer is posted whole, once, and can be found again."""
    surface = scene.surface(pace=Pace(first=5.0))
    await surface.begin()
    surface.said("Thirty days.")
    messages = await surface.finish(Reply("Thirty days. [1]"))
    assert [(message.ts, message.text) for message in scene.shown] == [(messages[0], "Thirty days. [1]")]
    assert scene.shown[0].metadata == metadata_of("Ev1", 0)
    assert scene.slack.calls("chat.startStream") == scene.slack.calls("chat.update") == []
    assert scene.attempts.noted == {"ts": messages[0]}


async def test_streaming(scene: Scene) -> None:
    """Text is streamed as it comes, each word once, for the asker; the answer then takes its place in the same message."""
    surface = scene.surface()
    await surface.begin()
    surface.said("Refunds take ")
    await scene.until(lambda: scene.streamed() == "Refunds take ")
    surface.said("Refunds take thirty days after the cl")
    await scene.until(lambda: scene.streamed() == "Refunds take thirty days after the ")
    (stream,) = scene.slack.calls("chat.startStream")
    assert stream.args["recipient_user_id"] == "U0ANNA"
    assert stream.args["recipient_team_id"] == scene.slack.team
    assert scene.attempts.noted == {"ts": scene.shown[0].ts}
    messages = await surface.finish(Reply("Refunds take thirty days after the claim. [1]"))
    (message,) = scene.shown
    assert (message.ts, message.text) == (messages[0], "Refunds take thirty days after the claim. [1]")
    assert not message.is_streaming
    assert message.metadata == metadata_of("Ev1", 0)
    assert scene.slack.calls("chat.postMessage") == []
    assert [call.ok for call in scene.slack.calls("chat.update")] == [True]


async def test_streaming_is_paced(scene: Scene) -> None:
    """However often text is said, it is appended only so often."""
    surface = scene.surface(pace=Pace(first=0.0, appended=0.2))
    words = ""
    for n in range(50):
        words += f"word{n} "
        surface.said(words)
        await asyncio.sleep(0.01)
    await scene.until(lambda: scene.streamed() == words)
    await surface.finish(Reply(words))
    assert len(scene.slack.calls("chat.appendStream")) <= 6


async def test_revised_text(scene: Scene) -> None:
    """Text that changes what was streamed is not appended to it; the answer replaces all."""
    surface = scene.surface()
    surface.said("Refunds take ten days, or ")
    await scene.until(scene.streamed)
    surface.said("Refunds take thirty days after the claim ")
    await asyncio.sleep(0.3)
    assert scene.streamed() == "Refunds take ten days, or "
    await surface.finish(Reply("Refunds take thirty days."))
    assert [message.text for message in scene.shown] == ["Refunds take thirty days."]


async def test_a_workspace_without_streaming(scene: Scene) -> None:
    """Where the API refuses streams, one message is posted and edited; for an hour a stream is not tried again."""
    scene.slack.without_streaming()
    for n in (1, 2):
        scene.attempts = Attempts(f"Ev{n}")
        surface = scene.surface()
        surface.said("Refunds take ")
        await scene.until(lambda n=n: len(scene.shown) == n)  # type: ignore[misc]
        surface.said("Refunds take thirty ")
        await scene.until(lambda: scene.shown[-1].text == "Refunds take thirty ")
        await surface.finish(Reply("Thirty days."))
    assert [message.text for message in scene.shown] == ["Thirty days.", "Thirty days."]
    assert len(scene.slack.calls("chat.startStream")) == 1


async def test_the_first_words_are_shown_as_soon_without_streaming(scene: Scene) -> None:
    """The pause between two edits is for the second; that streams are refused is no edit."""
    scene.slack.without_streaming()
    for n in (1, 2):
        scene.attempts = Attempts(f"Ev{n}")
        surface = scene.surface(pace=Pace(first=0.01, edited=60))
        surface.said("Refunds take ")
        await scene.until(lambda n=n: len(scene.shown) == n)  # type: ignore[misc]
        await surface.finish(Reply("Thirty days."))


async def test_a_channel_without_streaming(scene: Scene) -> None:
    """What one kind of channel refuses is tried elsewhere."""
    scene.slack.fail("chat.startStream", "channel_type_not_supported", channel="C0HELP")
    surface = scene.surface()
    surface.said("Refunds take ")
    await scene.until(lambda: scene.shown)
    await surface.finish(Reply("Thirty days."))
    dm = scene.anna.writes(QUESTION)
    scene.attempts = Attempts("Ev2")
    surface = scene.surface(Place(dm.channel, "U0ANNA", scene.slack.team, dm.ts, dm.ts))
    surface.said("Refunds take ")
    await scene.until(lambda: scene.slack.calls("chat.startStream", channel=dm.channel))
    await surface.finish(Reply("Thirty days."))
    assert [message.text for message in scene.slack.answers(dm.channel, dm)] == ["Thirty days."]


async def test_outside_a_thread(scene: Scene) -> None:
    """Where there is no thread, a message is posted and edited."""
    surface = scene.surface(Place("C0HELP", "U0ANNA", scene.slack.team))
    surface.said("Refunds take ")
    await scene.until(lambda: scene.slack.answers("C0HELP"))
    await surface.finish(Reply("Thirty days."))
    assert [message.text for message in scene.slack.answers("C0HELP")] == ["Thirty days."]
    assert scene.slack.calls("chat.startStream") == []


async def test_a_stream_that_slack_ended(scene: Scene) -> None:
    """After five quiet minutes Slack ends a stream: the text goes on in the same message, by edits."""
    surface = scene.surface()
    surface.said("Refunds take ")
    await scene.until(scene.streamed)
    scene.slack.world.clock.advance(301)
    surface.said("Refunds take thirty ")
    await scene.until(lambda: scene.shown[0].text == "Refunds take thirty ")
    await surface.finish(Reply("Thirty days."))
    assert [message.text for message in scene.shown] == ["Thirty days."]


async def test_a_stream_that_ended_before_the_answer(scene: Scene) -> None:
    """Where the stream ended unnoticed, the answer still takes its place."""
    surface = scene.surface()
    surface.said("Refunds take ")
    await scene.until(scene.streamed)
    scene.slack.world.clock.advance(301)
    await surface.finish(Reply("Thirty days."))
    assert [message.text for message in scene.shown] == ["Thirty days."]


async def test_too_many_appended(scene: Scene) -> None:
    """A 429 while streaming is waited out; nothing is appended twice or left out."""
    surface = scene.surface()
    surface.said("Refunds take ")
    await scene.until(scene.streamed)
    scene.slack.limit("chat.appendStream", retry_after=1)
    surface.said("Refunds take thirty ")
    await scene.until(lambda: scene.slack.calls("chat.appendStream"))
    surface.said("Refunds take thirty days ")
    await scene.until(lambda: scene.streamed() == "Refunds take thirty days ")
    await surface.finish(Reply("Thirty days."))


async def test_too_many_streams(scene: Scene) -> None:
    """A 429 for a new stream has this answer edited instead; the next one may be streamed."""
    scene.slack.limit("chat.startStream", retry_after=0.1)
    surface = scene.surface()
    surface.said("Refunds take ")
    await scene.until(lambda: scene.shown)
    await surface.finish(Reply("Thirty days."))
    assert not scene.api.unsupported.knows("chat.startStream", "C0HELP")
    assert [message.text for message in scene.shown] == ["Thirty days."]


async def test_long_answers(scene: Scene) -> None:
    """What does not fit one message goes on in the thread, in order."""
    surface = scene.surface()
    surface.said("One ")
    await scene.until(scene.streamed)
    messages = await surface.finish(Reply("One\fTwo\fThree"))
    assert [(message.ts, message.text) for message in scene.shown] == list(
        zip(messages, ("One", "Two", "Three"), strict=True)
    )


async def test_a_second_attempt(scene: Scene) -> None:
    """After a crash the messages of the first attempt show the new answer; none is posted twice, what is too many goes."""
    first = scene.surface()
    before = await first.finish(Reply("One\fTwo\fThree"))
    second = scene.surface()
    await second.begin()
    second.said("Something else ")
    after = await second.finish(Reply("Uno\fDos"))
    assert after == before[:2]
    assert [message.text for message in scene.shown] == ["Uno", "Dos"]
    assert scene.slack.calls("chat.startStream") == []


async def test_a_crash_between_post_and_note(scene: Scene) -> None:
    """A message that was posted but not noted is found by what it carries."""
    before = await scene.surface().finish(Reply("One"))
    scene.attempts.noted = {}
    assert await scene.surface().finish(Reply("Uno")) == before
    assert [message.text for message in scene.shown] == ["Uno"]


async def test_a_crash_while_streaming(scene: Scene) -> None:
    """A stream that a crash left open, noted or not, becomes the answer. One that was noted is stopped first."""
    for noted in (True, False):
        scene.attempts = Attempts(f"Ev{noted}")
        crashed = scene.surface()
        crashed.said("Refunds take ")
        await scene.until(lambda: scene.shown and scene.shown[-1].is_streaming)
        stream = scene.shown[-1].ts
        await crashed._growth.close()  # nothing more of it is done, as in a process that was killed
        if not noted:
            scene.attempts.noted = {}
        assert await scene.surface().finish(Reply("Thirty days.")) == [stream]
        assert not noted or all(call.ok for call in scene.slack.calls("chat.update"))
    assert [message.text for message in scene.shown] == ["Thirty days.", "Thirty days."]


async def test_a_message_deleted_meanwhile(scene: Scene) -> None:
    """Where somebody deleted the growing message, the answer is posted anew."""
    surface = scene.surface()
    surface.said("Refunds take ")
    await scene.until(scene.streamed)
    scene.slack.inside(lambda world: world.remove(scene.shown[0]))
    await surface.finish(Reply("Thirty days."))
    assert [message.text for message in scene.shown] == ["Thirty days."]


async def test_withdrawn(scene: Scene) -> None:
    """What is taken back leaves nothing: no message, no sign."""
    surface = scene.surface()
    await surface.begin()
    surface.said("Refunds take ")
    await scene.until(scene.streamed)
    await surface.withdraw()
    assert scene.shown == []
    assert scene.reactions == {}
    assert scene.slack.status("C0HELP", scene.asked.ts) is None


async def test_withdrawn_before_anything(scene: Scene) -> None:
    """An unasked question that gets no answer leaves no trace: Slack is not even called."""
    calls = len(scene.slack.calls())
    await scene.surface().withdraw()
    assert len(scene.slack.calls()) == calls


async def test_an_archived_channel(scene: Scene) -> None:
    """A channel that was closed meanwhile refuses the answer, which is said to the caller; the surface does not hang."""
    surface = scene.surface()
    await surface.begin()
    surface.said("Refunds take ")
    await scene.until(scene.streamed)
    scene.slack.archive("C0HELP")
    with pytest.raises(PlaceClosed):
        await asyncio.wait_for(surface.finish(Reply("Thirty days.")), 10)


async def test_slack_is_down_for_the_answer(scene: Scene) -> None:
    """An answer that Slack does not take now is another attempt's: that one goes on with the same message."""
    surface = scene.surface()
    await surface.begin()
    surface.said("Refunds take ")
    await scene.until(scene.streamed)
    stream = scene.shown[0].ts
    scene.slack.down(503)
    with pytest.raises(Unavailable):
        await surface.finish(Reply("Thirty days."))
    scene.slack.up()
    assert await scene.surface().finish(Reply("Thirty days.")) == [stream]
    assert [message.text for message in scene.shown] == ["Thirty days."]
    assert scene.reactions == {}


async def test_shown_again_in_another_look(scene: Scene) -> None:
    """A surface that finished in part, or wholly, shows the next look of the answer in the same messages."""
    scene.slack.fail("chat.postMessage", "invalid_blocks", text="Three")
    surface = scene.surface()
    with pytest.raises(SlackRefusal):
        await surface.finish(Reply("One\fTwo\fThree"))
    await surface.finish(Reply("Uno\fDos\fTres"))
    assert [message.text for message in scene.shown] == ["Uno", "Dos", "Tres"]


async def test_interrupted(scene: Scene) -> None:
    """A surface whose handling is cancelled does nothing more in the background."""
    surface = scene.surface()
    await surface.begin()
    scene.slack.slow("chat.postMessage", 30)
    finishing = asyncio.create_task(surface.finish(Reply("Thirty days.")))
    await scene.until(lambda: scene.slack.calls("chat.postMessage"))
    finishing.cancel()
    await asyncio.wait((finishing,))
    await asyncio.sleep(0.1)
    assert {task for task in asyncio.all_tasks() if "Sign" in repr(task) or "Growth" in repr(task)} == set()


async def test_growing_costs_no_answer(scene: Scene) -> None:
    """While Slack refuses everything that shows the text so far, the answer comes none the less."""
    for method in ("chat.startStream", "chat.postMessage"):
        scene.slack.fail(method, "invalid_arguments")
    surface = scene.surface()
    surface.said("Refunds take ")
    await scene.until(lambda: scene.slack.calls("chat.postMessage"))
    await surface.finish(Reply("Thirty days."))
    assert [message.text for message in scene.shown] == ["Thirty days."]


class Asking:
    """A command, whose answer only its asker sees."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.url = scene.slack.inside(
            lambda world: world.new_response_url(scene.slack.team, "C0HELP", "U0ANNA")
        )

    def surface(self, url: str | None = None, after_s: float = 0.0) -> EphemeralSurface:
        place = Place("C0HELP", "U0ANNA", self.scene.slack.team)
        url = self.url if url is None else url
        progress = self.scene.attempts.next()
        return EphemeralSurface(self.scene.api, place, url, progress, LOOK, "en", after_s)

    @property
    def seen(self) -> list[str]:
        return [message.text for message in self.scene.slack.ephemerals("U0ANNA", "C0HELP")]


async def test_a_command(scene: Scene) -> None:
    """Its asker is told that it is looked for, then the answer; nobody else sees either."""
    asking = Asking(scene)
    surface = asking.surface()
    await surface.begin()
    await scene.until(lambda: asking.seen == ["Looking in the documents…"])
    surface.said("Refunds take ")
    assert await surface.finish(Reply("Thirty days.\fAfter the claim.")) == []
    assert asking.seen[1:] == ["Thirty days.", "After the claim."]
    assert scene.shown == []


@pytest.mark.parametrize("withdrawn", [False, True])
async def test_a_command_that_is_answered_at_once(scene: Scene, withdrawn: bool) -> None:
    """The answer comes alone: Slack would leave above it what was said before."""
    asking = Asking(scene)
    surface = asking.surface(after_s=20)
    await surface.begin()
    await asyncio.sleep(0.05)
    await (surface.withdraw() if withdrawn else surface.finish(Reply("Thirty days.")))
    assert asking.seen == ([] if withdrawn else ["Thirty days."])
    assert len(scene.slack.calls("response_url")) == len(asking.seen)


async def test_a_command_whose_answer_slack_shows_in_another_look(scene: Scene) -> None:
    """A refusal of blocks is said to the caller, who may not be able to post there either; what is there is not repeated."""
    asking = Asking(scene)
    scene.slack.fail("response_url", "invalid_blocks", text="Two", status=400)
    surface = asking.surface()
    with pytest.raises(SlackRefusal, match="invalid_blocks"):
        await surface.finish(Reply("One\fTwo"))
    await surface.finish(Reply("Uno\fDos"))
    assert asking.seen == ["One", "Dos"]
    assert not scene.slack.calls("chat.postEphemeral")


async def test_a_long_answer_to_a_command(scene: Scene) -> None:
    """More messages than a response_url takes are shown all the same."""
    asking = Asking(scene)
    surface = asking.surface()
    await surface.begin()
    pages = [str(n) for n in range(8)]
    await surface.finish(Reply("\f".join(pages)))
    assert asking.seen[1:] == pages
    assert all(call.ok for call in scene.slack.calls("response_url"))


async def test_a_response_url_that_is_used_up(scene: Scene) -> None:
    """A response_url that takes no more costs no answer; nor does none."""
    asking = Asking(scene)
    scene.slack.fail("response_url", "expired_url", 9, status=404)
    await asking.surface().finish(Reply("Thirty days."))
    await asking.surface(url="").finish(Reply("Thirty-one."))
    assert asking.seen == ["Thirty days.", "Thirty-one."]
