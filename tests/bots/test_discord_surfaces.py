"""The bot's process, driven through every surface: one installation, one local Discord, a channel for each test.

The bot has the permissions that the link of `answerloop init discord` asks for, and no others.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.discord.connection.inviting import permission_bits
from tests.bots.test_discord_serving import READY
from tests.bots.test_slack_serving import Process, serving, wait_for
from tests.bots.test_slack_surfaces import slowly
from tests.place import Place
from tests.servers.discord import (
    Call,
    Channel,
    Interaction,
    LocalDiscord,
    Message,
    Modal,
    Person,
    pings,
    readable,
)
from tests.servers.discord.permissions import EVERYONE
from tests.servers.language_model import LanguageServer

LEAVE, NOWHERE = "How many days of leave do I have?", "How deep is the Mariana Trench?"
SECRET = "# Bonus\n\nThe bonus of engineers is 4200 euros a year.\n"
BONUS = "How much is the bonus of engineers?"
FILE = """
[review]
reviewers = ["discord:{rita}"]

[[access.rules]]
platform = "discord"
workspace = "{server}"
role = "{engineers}"
scopes = ["engineering"]

[[channels]]
platform = "discord"
id = "{server}"
escalation = "{people}"

[[channels]]
platform = "discord"
id = "{auto}"
auto_answer = 0.2

[[channels]]
platform = "discord"
id = "{draft}"
draft = true

[[channels]]
platform = "discord"
id = "{role}"
escalation = "{experts}"

[[channels]]
platform = "discord"
id = "{questions}"
tags = ["help"]
"""


class Scene:
    def __init__(self, local: LocalDiscord, process: Process, place: Place) -> None:
        self.local, self.process, self.place = local, process, place
        self.anna, self.ben, self.rita = (person(local, name) for name in ("Anna", "Ben", "Rita"))

    def asked(self, channel: str, text: str = LEAVE) -> tuple[Message, Message]:
        """Anna's question, and its answer when all of it is there."""
        question = self.anna.asks(channel, text)
        return question, self.answer(channel)

    def answer(self, channel: str | Channel, says: str = "Release") -> Message:
        return self.found(lambda: self.local.answers(channel), says)

    def found(self, messages: Callable[[], list[Message]], says: str) -> Message:
        """The latest of these messages that says it, once there is one."""
        wait_for(lambda: any(says in readable(one) for one in messages()))
        return next(one for one in reversed(messages()) if says in readable(one))

    def told(self, who: Person, says: str, where: str | None = None) -> Message:
        """What this person alone sees."""
        return self.found(lambda: self.local.ephemerals(who, where), says)

    def response(self, interaction: Interaction, says: str) -> Message:
        wait_for(lambda: interaction.original is not None and says in readable(interaction.original))
        assert interaction.original is not None
        return interaction.original

    def modal(self, who: Person) -> Modal:
        wait_for(lambda: who.modal is not None)
        assert who.modal is not None
        return who.modal

    def submits(self, who: Person, **values: object) -> None:
        self.modal(who)
        who.submits({f"answerloop:{name}": value for name, value in values.items()})
        wait_for(lambda: who.modal is None)

    def remembers(self, message: Message) -> bool:
        """Whether the bot has noted what this message of its own is."""
        return self.count("postings WHERE message = ?", message.id) > 0

    def quiet(self) -> None:
        """Nothing is on its way, and everything taken was handled."""
        wait_for(lambda: self.local.is_settled and not self.count("deliveries WHERE payload IS NOT NULL"))

    def count(self, rows: str, *values: str) -> int:
        """Of the database."""
        with closing(sqlite3.connect(self.place.home / "answerloop.db")) as database:
            return int(database.execute(f"SELECT count(*) FROM {rows}", values).fetchone()[0])


def person(local: LocalDiscord, name: str, *roles: str, **fields: object) -> Person:
    """Who may what people usually may; @everyone may nothing here, so that the bot has its own role alone."""
    return local.user(name, roles=["Members", *roles], **fields)  # type: ignore[arg-type]


def invited(local: LocalDiscord) -> None:
    """The bot by its link."""
    local.role("Members", permissions=EVERYONE)
    guild = local.main_guild

    def restrict(_: object) -> None:
        guild.roles[guild.id].permissions = 0
        [own] = [role for role in guild.roles.values() if role.is_managed]
        own.permissions = permission_bits()

    local.inside(restrict)


def configured(local: LocalDiscord) -> str:
    """The settings file, with Discord's ids."""
    channels = {name: local.channel(name).id for name in ("people", "auto", "draft", "role")}
    return FILE.format(
        **channels,
        questions=local.forum("questions", tags=["help", "chat"]).id,
        server=local.main_guild.id,
        rita=person(local, "Rita").id,
        experts=local.role("Experts", mentionable=True).id,
        engineers=local.role("Engineers").id,
    )


def over(call: Call) -> bool:
    """A command's 15 minutes are, and Discord says so."""
    return "50027" in (call.error or "")


def wrong(local: LocalDiscord) -> list[str]:
    """Calls that Discord refuses for want of a permission, and what is sent so that it might double or call somebody."""
    refused = [
        f"{call.route}: {call.error}"
        for call in local.calls()
        if call.status in (401, 403) and not over(call)
    ]
    sent = [call.body for call in local.calls("POST /channels/{id}/messages")]
    shown = [*sent, *(call.body for call in local.calls("PATCH /channels/{id}/messages/{id}"))]
    return [
        *refused,
        *(f"no nonce: {body}" for body in sent if not (body.get("nonce") and body.get("enforce_nonce"))),
        *(f"mentions: {body}" for body in shown if body["allowed_mentions"].get("parse") != []),
    ]


@pytest.fixture(scope="module")
def scene(installed: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    place = Place(tmp_path_factory.mktemp("surfaces") / "copy")
    shutil.copytree(installed.path, place.path, symlinks=True)
    (place.path / "secret").mkdir()
    (place.path / "secret" / "bonus.md").write_text(SECRET, encoding="utf-8")
    done = place.run("ingest", "secret", "--scope", "engineering")
    assert done.returncode == 0, done.stderr
    with LocalDiscord() as local:
        invited(local)
        (place.path / "answerloop.toml").write_text(configured(local), encoding="utf-8")
        with serving(place, "--only", "discord", **local.environment) as process:
            assert process.line() == READY
            wait_for(lambda: len(local.commands) >= 5)
            yield Scene(local, process, place)
            assert "Traceback" not in process.said
            assert wrong(local) == []
            assert [each.name for each in local.interactions if not each.acked] == []


def test_a_mention_and_what_follows_it(scene: Scene) -> None:
    """A reply with its source, release and votes, that calls nobody; a reply to it is answered without a mention."""
    question, answer = scene.asked("talk")
    for part in ("30 days", "leave.md", "Release r1", "👍", "Ask a person"):
        assert part in readable(answer)
    assert answer.referenced is question
    assert pings(answer) == []
    scene.anna.replies(answer, "And where is the office in Porto?")
    scene.answer("talk", "Rua do Farol")


def test_a_thread_is_followed_until_it_is_silenced(scene: Scene) -> None:
    """Follow-ups need no mention; after the button they do; "continue" undoes it."""
    thread = scene.anna.starts_thread("threads", "Leave")
    scene.anna.asks(thread, LEAVE)
    answer = scene.answer(thread, "30 days")
    scene.anna.says(thread, "And where is the office in Porto?")
    scene.answer(thread, "Rua do Farol")
    scene.anna.clicks(answer, "Stop answering in this thread")
    scene.told(scene.anna, "only when I am mentioned")
    count = len(scene.local.answers(thread))
    scene.anna.says(thread, "And who won the last FIFA World Cup?")
    scene.quiet()
    assert len(scene.local.answers(thread)) == count
    scene.anna.asks(thread, "continue")
    scene.answer(thread, "I follow this thread again")


def test_direct_messages_and_files(scene: Scene) -> None:
    """Of a file that comes with a question the answer may be made."""
    scene.anna.writes(LEAVE)
    scene.answer(scene.anna.dm, "30 days")
    note = ("note.md", b"# Note\n\nThe code word of this note is marzipan.\n")
    scene.anna.writes("What is the code word of this note?", files=[note])
    scene.answer(scene.anna.dm, "marzipan")


def test_the_command_for_all_and_for_one(scene: Scene) -> None:
    """For all the question stands above the answer; for one it is theirs alone, until they share it."""
    shown = scene.response(scene.anna.runs("ask", "command", question=LEAVE), "30 days")
    assert readable(shown).startswith(f"> {LEAVE}")
    asked = scene.anna.runs("ask", "private", question=LEAVE, private=True)
    answer = scene.response(asked, "30 days")
    assert answer.shown_to == scene.anna.id
    assert not scene.local.answers("private")
    scene.anna.clicks(answer, "Share with the channel")
    assert "30 days" in readable(scene.answer("private", "shares an answer"))


def test_the_context_menu(scene: Scene) -> None:
    """It answers somebody's message by a reply to it."""
    said = scene.ben.says("menu", LEAVE)
    scene.anna.uses_menu("Answer this", said)
    assert scene.answer("menu", "30 days").referenced is said


def test_a_forum(scene: Scene) -> None:
    """New posts with the tag are answered, and what is asked after it; posts without it are left alone."""
    other = scene.anna.posts("questions", "Lunch", LEAVE, ["chat"])
    post = scene.anna.posts("questions", "Leave", LEAVE, ["help"])
    scene.answer(post, "30 days")
    scene.anna.says(post, "And where is the office in Porto?")
    scene.answer(post, "Rua do Farol")
    scene.quiet()
    assert not scene.local.answers(other)


def test_an_auto_answer_channel(scene: Scene) -> None:
    """A question to nobody is answered; what is not sure enough, or no question, leaves no trace."""
    scene.ben.says("auto", NOWHERE)
    scene.ben.says("auto", "What a nice day for leave.")
    sure = scene.ben.says("auto", LEAVE)
    assert scene.answer("auto", "30 days").referenced is sure
    scene.quiet()
    assert len(scene.local.answers("auto")) == 1


def test_draft_mode(scene: Scene) -> None:
    """People see the answer first; the asker is told; once it is approved it replies to the question."""
    question = scene.anna.asks("draft", LEAVE)
    draft = scene.answer("people", "My draft")
    scene.answer(scene.anna.dm, "A person checks my answer")
    assert not scene.local.answers("draft")
    scene.ben.clicks(draft, "Approve")
    assert scene.answer("draft", "30 days").referenced is question
    scene.answer("people", "Approved by **Ben**")


def test_roles_and_scopes(scene: Scene) -> None:
    """What a role may read is answered to whom it is given alone, and to nobody in a channel that all read."""
    erik = person(scene.local, "Erik", "Engineers")
    erik.writes(BONUS)
    scene.answer(erik.dm, "4200")
    scene.response(erik.runs("ask", "roles", question=BONUS, private=True), "4200")
    shown = scene.response(erik.runs("ask", "roles", question=BONUS), "Release")
    hidden = scene.response(scene.anna.runs("ask", "roles", question=BONUS, private=True), "Release")
    for answer in (shown, hidden):
        assert "4200" not in readable(answer)


def test_a_question_that_is_edited_and_deleted(scene: Scene) -> None:
    """Its answer is made anew in the same place, and goes with it."""
    question, answer = scene.asked("edit")
    scene.anna.edits(question, f"{scene.local.mention} Where is the office in Porto?")
    assert scene.answer("edit", "Rua do Farol").id == answer.id
    scene.anna.deletes(question)
    wait_for(lambda: not scene.local.answers("edit"))


def test_a_failure_is_told_and_tried_again(scene: Scene) -> None:
    """A sentence, a reference that the log has too, and a button that leads to the answer in the same place."""
    channel = scene.local.channel("fail").id
    scene.local.fail("POST /channels/{id}/messages", 400, 50035, channel=channel)
    scene.anna.asks("fail", LEAVE)
    told = scene.answer("fail", "reference")
    reference = readable(told).split("reference ")[1].split(")")[0]
    assert f"reference {reference}" in scene.process.said
    assert LEAVE not in scene.process.said
    wait_for(lambda: scene.remembers(told))
    scene.anna.clicks(told, "Try again")
    assert scene.answer("fail", "30 days").id == told.id
    scene.process.log.write_text("")  # its traceback was called for


def test_a_vote_down_is_explained_corrected_and_told(scene: Scene) -> None:
    """The modal's reason reaches the reviewer's /review; the correction reaches the channel and the voters."""
    _, answer = scene.asked("vote")
    scene.anna.clicks(answer, "👎")
    scene.submits(scene.anna, reason=["Out of date"], comment="It was 28 last year.")
    scene.ben.reacts(answer, "👎")
    scene.answer(scene.ben.dm, "What was wrong")
    scene.quiet()
    page = scene.response(scene.rita.runs("review", "vote"), "It was 28 last year.")
    scene.rita.clicks(page, "Correct it")
    modal = scene.modal(scene.rita)
    assert "30 days" in readable(modal)
    scene.rita.submits({"What the answer should be": "You have 31 days of leave a year."})
    for where in ("vote", scene.anna.dm, scene.ben.dm):
        told = readable(scene.answer(where, "A reviewer corrected"))
        assert "30 days" in told.split("Before")[1].split("Now")[0]
        assert "31 days" in told.split("Now")[1]
    scene.response(scene.anna.runs("review", "vote"), "Only reviewers")


def test_a_person_is_asked_and_answers(scene: Scene) -> None:
    """Once; the reply comes back with a name, and waits for review when it is settled."""
    _, answer = scene.asked("esc", NOWHERE)
    for _ in range(2):
        scene.anna.clicks(answer, "Ask a person")
    call = scene.answer("people", "asks for a person")
    assert NOWHERE in readable(call)
    wait_for(lambda: scene.local.thread_of(call))
    thread = scene.local.thread_of(call)
    assert thread is not None
    scene.ben.says(thread, "Almost 11 kilometres.")
    assert "Ben" in readable(scene.answer("esc", "11 kilometres"))
    scene.ben.clicks(call, "Resolve")
    scene.answer("people", "Settled by **Ben**")
    scene.response(scene.rita.runs("review", "esc"), "answered by a person")
    assert len([one for one in scene.local.answers("people") if NOWHERE in readable(one)]) == 1


def test_a_role_is_called_where_the_answer_stands(scene: Scene) -> None:
    """In a thread of the message that calls it; nothing else that the bot said called anybody."""
    eve = person(scene.local, "Eve", "Experts")
    _, answer = scene.asked("role", NOWHERE)
    scene.anna.clicks(answer, "Ask a person")
    call = scene.answer("role", "asks for a person")
    assert pings(call) == [scene.local.role("Experts").mention]
    wait_for(lambda: scene.local.thread_of(call))
    thread = scene.local.thread_of(call)
    assert thread is not None
    eve.says(thread, "Nearly 11 kilometres.")
    wait_for(lambda: scene.count("escalations WHERE reply LIKE ?", "Nearly%"))
    eve.clicks(call, "Resolve")
    scene.answer("role", "Settled by **Eve**")
    said = [one for each in ("talk", "vote", "esc", "people") for one in scene.local.answers(each)]
    assert [pings(one) for one in said if pings(one)] == []


def test_channel_settings(scene: Scene) -> None:
    """They count from the next question on."""
    mia = person(scene.local, "Mia", permissions=["manage_guild"])
    shown = scene.response(mia.runs("answerloop settings", "set"), "Settings of this channel")
    mia.chooses(shown, "answerloop:setting:c:0:auto_answer", "0.3")
    scene.response(mia.runs("answerloop settings", "set"), "0.3")
    mia.chooses(shown, "answerloop:setting:c:0:language", "de")
    wait_for(lambda: "in**: Deutsch" in readable(shown))
    scene.ben.says("set", LEAVE)
    assert "Einen Menschen fragen" in readable(scene.answer("set", "30 days"))


def test_ones_own_data(scene: Scene) -> None:
    """What is kept of a person is given to them as a file; once they are forgotten nothing is."""
    clara = person(scene.local, "Clara")
    clara.writes(LEAVE)
    scene.answer(clara.dm, "30 days")
    page = scene.response(clara.runs("mydata", "data"), "Questions with their answers: 1")
    clara.clicks(page, "Download")
    given = scene.told(clara, "all that I keep")
    assert [file.name for file in given.attachments] == ["answerloop.json"]
    clara.clicks(page, "Forget me")
    wait_for(lambda: "cannot be undone" in readable(page))
    clara.clicks(page, "Forget all of it")
    wait_for(lambda: "I have forgotten you" in readable(page))
    scene.response(clara.runs("mydata", "data"), "Questions with their answers: 0")


def test_a_language_model_is_seen_writing(scene: Scene, tmp_path: Path) -> None:
    """By edits of one message, not too often; a command's answer comes though its 15 minutes are over. When the model is
    down the documents are quoted. What was answered before a restart can still be judged."""
    shutil.copytree(scene.place.path, tmp_path / "copy", symlinks=True)
    place = Place(tmp_path / "copy")
    with LocalDiscord() as local, LanguageServer(partial(slowly, between_s=0.15), answering=slowly) as model:
        invited(local)
        variables = {
            **local.environment,
            "ANSWERLOOP_GENERATOR__KIND": "openai",
            "ANSWERLOOP_GENERATOR__MODEL": "scripted",
            "ANSWERLOOP_GENERATOR__BASE_URL": model.url,
            "ANSWERLOOP_GENERATOR__API_KEY": "sk-1",
            "ANSWERLOOP_GENERATOR__RETRIES": "0",
            "ANSWERLOOP_CACHE__ENABLED": "false",
        }
        with serving(place, "--only", "discord", **variables) as process:
            assert process.line() == READY
            wait_for(lambda: len(local.commands) >= 5)
            there = Scene(local, process, place)
            _, answer = there.asked("stream")
            times = answer.edits
            assert times
            assert all(later - earlier > 1.1 for earlier, later in pairwise(times))
            late = there.anna.runs("ask", "late", question=LEAVE)
            wait_for(lambda: late.original is not None and readable(late.original))
            local.world.clock.advance(901)
            there.found(lambda: [one for one in local.answers("late") if one is not late.original], "Release")
            model.stop()
            there.anna.asks("stream", LEAVE)
            there.answer("stream", "did not answer, so this is quoted")
            assert process.stop() == 0
        with serving(place, "--only", "discord", **local.environment) as process:
            assert process.line() == READY
            there.anna.clicks(answer, "👎")
            assert "Out of date" in readable(there.modal(there.anna))
            assert wrong(local) == []
