"""The bot's process, driven through every surface: one installation, one local Slack, a channel for each test.

Its token has the scopes that `answerloop init slack` asks for, and no others.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from adapters.slack.connection.features import features_of, scopes_of
from rag_core.settings import Settings
from tests.bots.test_slack_serving import Process, serving, wait_for
from tests.place import Place
from tests.servers.language_model import Asked, LanguageServer, Reply, obeying
from tests.servers.slack import LocalSlack, Message, Person, View, readable

LEAVE, NOWHERE = "How many days of leave do I have?", "How deep is the Mariana Trench?"
FILE = """
[review]
reviewers = ["slack:U0RITA"]

[[channels]]
platform = "slack"
escalation = "C0PEOPLE"

[[channels]]
platform = "slack"
id = "C0AUTO"
auto_answer = 0.2

[[channels]]
platform = "slack"
id = "C0DRAFT"
draft = true
escalation = "C0PEOPLE"
"""


class Scene:
    def __init__(self, slack: LocalSlack, process: Process, place: Place) -> None:
        self.slack, self.process, self.place = slack, process, place
        self.anna = slack.user("U0ANNA", name="Anna")
        self.ben = slack.user("U0BEN", name="Ben")

    def asked(self, channel: str, text: str = LEAVE) -> tuple[Message, Message]:
        """Anna's question, and its answer when all of it is there."""
        question = self.anna.asks(channel, text)
        return question, self.answer(channel, question)

    def answer(self, channel: str, thread: Message | str | None, says: str = "Release") -> Message:
        return self.found(lambda: self.slack.answers(channel, thread), says)

    def found(self, messages: Callable[[], list[Message]], says: str) -> Message:
        """The latest of these messages that says it, once there is one."""
        wait_for(lambda: any(says in readable(one) for one in messages()))
        return next(one for one in reversed(messages()) if says in readable(one))

    def modal(self, person: Person) -> View:
        wait_for(lambda: person.modal is not None)
        assert person.modal is not None
        return person.modal

    def home(self, person: Person, says: str) -> View:
        """Opened again until it says it: it shows what was so when it was opened."""

        def shown() -> bool:
            person.opens_home()
            self.quiet()
            time.sleep(0.25)  # it is published after the delivery
            return person.home is not None and says in str(person.home.content)

        wait_for(shown)
        assert person.home is not None
        return person.home

    def remembers(self, message: Message) -> bool:
        """Whether the bot has noted what this message of its own is."""
        with closing(sqlite3.connect(self.place.home / "answerloop.db")) as database:
            query = "SELECT count(*) FROM postings WHERE message = ?"
            return bool(database.execute(query, (message.ts,)).fetchone()[0])

    def quiet(self) -> None:
        wait_for(lambda: self.slack.is_settled)


@pytest.fixture(scope="module")
def scene(installed: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    place = Place(tmp_path_factory.mktemp("surfaces") / "copy")
    shutil.copytree(installed.path, place.path, symlinks=True)
    (place.path / "answerloop.toml").write_text(FILE, encoding="utf-8")
    with LocalSlack(scopes=scopes_of(features_of(Settings()))) as slack:
        for channel in ("C0PEOPLE", "C0AUTO", "C0DRAFT"):
            slack.channel(channel)
        with serving(place, "--only", "slack", **slack.environment) as process:
            process.line()
            yield Scene(slack, process, place)
            assert "Traceback" not in process.said
            assert [call.method for call in slack.calls() if call.error == "missing_scope"] == []
            assert [delivery.payload for delivery in slack.deliveries if not delivery.acked] == []


def test_a_mention_and_what_follows_it(scene: Scene) -> None:
    """An answer with its source, release and votes; a follow-up without a mention; silence on request, and its end."""
    question, answer = scene.asked("C0TALK")
    for part in ("30 days", "[1]", "leave.md", "Release r1", "👍", "Ask a person"):
        assert part in readable(answer)
    more = scene.anna.says("C0TALK", "And where is the office in Porto?", question)
    scene.answer("C0TALK", question, "Rua do Farol")
    scene.anna.clicks(answer, "answerloop_more", "silence")
    scene.found(lambda: scene.anna.ephemerals("C0TALK"), "only when I am mentioned")
    count = len(scene.slack.answers("C0TALK", question))
    scene.anna.says("C0TALK", "And who won the last FIFA World Cup?", more)
    scene.anna.asks("C0TALK", "continue", question)
    scene.answer("C0TALK", question, "I follow this thread again")
    assert len(scene.slack.answers("C0TALK", question)) == count + 1


def test_direct_messages_and_files(scene: Scene) -> None:
    """Of a file that comes with a question the answer may be made."""
    scene.anna.writes(LEAVE)
    scene.answer(scene.anna.dm, None, "30 days")
    note = ("note.md", b"# Note\n\nThe code word of this note is marzipan.\n")
    scene.anna.writes("What is the code word of this note?", files=[note])
    scene.answer(scene.anna.dm, None, "marzipan")


def test_the_assistant_container(scene: Scene) -> None:
    """Suggested prompts, a status while it works, an answer, a title."""
    thread = scene.anna.opens_assistant_thread("C0TALK")
    wait_for(lambda: scene.slack.prompts(scene.anna.dm, thread))
    scene.anna.writes(LEAVE, thread)
    scene.answer(scene.anna.dm, thread, "30 days")
    wait_for(lambda: scene.slack.title(scene.anna.dm, thread) == LEAVE)
    assert scene.slack.calls("assistant.threads.setStatus", thread_ts=thread)
    assert not scene.slack.status(scene.anna.dm, thread)


def test_the_command_and_sharing(scene: Scene) -> None:
    """Only the asker sees the answer, until they share it."""
    scene.anna.runs("/ask", LEAVE, "C0TALK2")
    answer = scene.found(lambda: scene.anna.ephemerals("C0TALK2"), "30 days")
    scene.slack.channel("C0TALK2").members.append(scene.slack.bot_user)
    assert not scene.slack.answers("C0TALK2")
    scene.anna.clicks(answer, "Share with the channel")
    assert "30 days" in readable(scene.answer("C0TALK2", None, "shares an answer"))


def test_the_message_shortcut(scene: Scene) -> None:
    """It answers somebody's message in its thread."""
    said = scene.ben.says("C0TALK", LEAVE)
    scene.anna.uses_shortcut("answerloop_answer", said)
    scene.answer("C0TALK", said, "30 days")


def test_an_auto_answer_channel(scene: Scene) -> None:
    """A question to nobody is answered; what is not sure enough, or no question, leaves no trace."""
    unsure = scene.ben.says("C0AUTO", NOWHERE)
    said = scene.ben.says("C0AUTO", "What a nice day for leave.")
    sure = scene.ben.says("C0AUTO", LEAVE)
    scene.answer("C0AUTO", sure, "30 days")
    scene.quiet()
    for each in (unsure, said):
        assert not scene.slack.answers("C0AUTO", each)
        assert not each.reactions


def test_draft_mode(scene: Scene) -> None:
    """People see the answer first; once it is approved it stands in the thread."""
    question = scene.anna.asks("C0DRAFT", LEAVE)
    draft = scene.found(lambda: scene.slack.answers("C0PEOPLE"), "My draft")
    assert not scene.slack.answers("C0DRAFT", question)
    scene.ben.clicks(draft, "Approve")
    scene.answer("C0DRAFT", question, "30 days")
    scene.answer("C0PEOPLE", None, "Approved by *Ben*")


def test_a_question_that_is_edited_and_deleted(scene: Scene) -> None:
    """Its answer is made anew in the same place, and goes with it."""
    question, answer = scene.asked("C0EDIT")
    scene.anna.edits(question, f"{scene.slack.mention} Where is the office in Porto?")
    assert scene.answer("C0EDIT", question, "Rua do Farol").ts == answer.ts
    scene.anna.deletes(question)
    wait_for(lambda: not scene.slack.answers("C0EDIT", question))


def test_a_failure_is_told_and_tried_again(scene: Scene) -> None:
    """A sentence, a reference that the log has too, and a button that leads to the answer in the same place."""
    scene.slack.fail("chat.postMessage", "a_new_error", 1, channel="C0FAIL")
    question = scene.anna.asks("C0FAIL", LEAVE)
    told = scene.answer("C0FAIL", question, "reference")
    reference = readable(told).split("reference ")[1].split(")")[0]
    assert f"reference {reference}" in scene.process.said
    assert LEAVE not in scene.process.said
    wait_for(lambda: scene.remembers(told))
    scene.anna.clicks(told, "Try again")
    assert scene.answer("C0FAIL", question, "30 days").ts == told.ts
    scene.process.log.write_text("")  # its traceback was called for


def test_a_vote_down_is_explained_corrected_and_told(scene: Scene) -> None:
    """The modal's reason reaches the reviewer's queue in the Home tab; the correction reaches the thread and the voter."""
    question, answer = scene.asked("C0VOTE")
    scene.anna.clicks(answer, "answerloop_vote", "👎")
    scene.modal(scene.anna)
    scene.anna.submits({"What was wrong?": "Out of date", "Anything to add?": "It was 28 last year."})
    scene.ben.says("C0VOTE", "hm")
    scene.ben.reacts(answer, "-1")
    rita = scene.slack.user("U0RITA", name="Rita")
    scene.quiet()
    queue = scene.home(rita, "Correct it")
    scene.anna.opens_home()
    rita.clicks(queue, "Correct it")
    scene.modal(rita)
    rita.submits({"What the answer should be": "You have 31 days of leave a year."})
    for channel, thread in (("C0VOTE", question), (scene.anna.dm, None), (scene.ben.dm, None)):
        told = readable(scene.answer(channel, thread, "A reviewer corrected"))
        assert "30 days" in told.split("Before")[1].split("Now")[0]
        assert "31 days" in told.split("Now")[1]
    assert "Correct it" not in str(scene.home(scene.anna, "Your data").content)


def test_a_person_is_asked_and_answers(scene: Scene) -> None:
    """Once; the reply comes to the thread with a name, and waits for review when it is settled."""
    question, answer = scene.asked("C0ESC", NOWHERE)
    for _ in range(2):
        scene.anna.clicks(answer, "Ask a person")
    call = scene.answer("C0PEOPLE", None, "asks for a person")
    assert NOWHERE in readable(call)
    scene.ben.says("C0PEOPLE", "Almost 11 kilometres.", call)
    assert "Ben" in readable(scene.answer("C0ESC", question, "11 kilometres"))
    scene.ben.clicks(call, "Resolve")
    scene.answer("C0PEOPLE", None, "Settled by *Ben*")
    scene.home(scene.slack.user("U0RITA"), "answered by a person")
    assert len([one for one in scene.slack.answers("C0PEOPLE") if NOWHERE in readable(one)]) == 1


def test_channel_settings(scene: Scene) -> None:
    """They count from the next question on; who does not manage the channel is told so."""
    scene.ben.runs("/ask", "settings", "C0SET")
    scene.found(lambda: scene.ben.ephemerals("C0SET"), "can change its settings")
    ada = scene.slack.user("U0ADMIN")
    ada.runs("/ask", "settings", "C0SET")
    scene.modal(ada)
    ada.submits({"answerloop_setting:auto_answer": "0.2", "answerloop_setting:language": "Deutsch"})
    scene.found(lambda: ada.ephemerals("C0SET"), "0.2")
    scene.slack.channel("C0SET").members.append(scene.slack.bot_user)
    said = scene.ben.says("C0SET", LEAVE)
    assert "Einen Menschen fragen" in readable(scene.answer("C0SET", said, "30 days"))


def test_ones_own_data(scene: Scene) -> None:
    """What is kept of a person is given to them as a file; once they are forgotten nothing is."""
    clara = scene.slack.user("U0CLARA", name="Clara")
    clara.writes(LEAVE)
    scene.answer(clara.dm, None, "30 days")
    clara.clicks(scene.home(clara, LEAVE), "Send me my data")
    given = scene.found(lambda: scene.slack.messages(clara.dm), "all that I keep")
    assert [file["name"] for file in given.files] == ["answerloop.json"]
    clara.clicks(scene.home(clara, LEAVE), "Forget me")
    scene.modal(clara)
    clara.submits({})
    scene.answer(clara.dm, None, "I have forgotten you")
    assert LEAVE not in str(scene.home(clara, "You have not asked me anything yet").content)


def slowly(asked: Asked, between_s: float = 0.05) -> Reply:
    """An answer of some sentences, in a second or two."""
    whole = obeying(asked)
    return replace(whole, pieces=whole.pieces[:25], between_s=between_s)


def test_a_language_model_is_seen_writing(scene: Scene, tmp_path: Path) -> None:
    """Streamed; by edits where Slack has no streams; and where Slack ended the stream the answer comes all the same."""
    shutil.copytree(scene.place.path, tmp_path / "copy", symlinks=True)
    place = Place(tmp_path / "copy")
    with LocalSlack() as slack, LanguageServer(partial(slowly, between_s=0.1), answering=slowly) as model:
        variables = {
            **slack.environment,
            "ANSWERLOOP_GENERATOR__KIND": "openai",
            "ANSWERLOOP_GENERATOR__MODEL": "scripted",
            "ANSWERLOOP_GENERATOR__BASE_URL": model.url,
            "ANSWERLOOP_GENERATOR__API_KEY": "sk-1",
            "ANSWERLOOP_GENERATOR__RETRIES": "0",
            "ANSWERLOOP_CACHE__ENABLED": "false",
        }
        slack.channel("C0STREAM")
        with serving(place, "--only", "slack", **variables) as process:
            process.line()
            there = Scene(slack, process, place)
            there.asked("C0STREAM")
            assert slack.calls("chat.startStream")
            assert slack.calls("chat.appendStream")
            question = there.anna.asks("C0STREAM", LEAVE)
            wait_for(lambda: len(slack.calls("chat.startStream")) == 2)
            slack.world.clock.advance(301)
            there.answer("C0STREAM", question)
            slack.without_streaming()
            _, edited = there.asked("C0STREAM")
            assert len(edited.versions) > 1
            model.stop()
            _, quoted = there.asked("C0STREAM")
            assert "did not answer, so this is quoted" in readable(quoted)
