"""What is kept of a person: given to them, and forgotten."""

from __future__ import annotations

import json
import logging

import pytest
from sqlalchemy import select

from rag_core.records.tables import deliveries
from tests.adapters.slack.conftest import Bench
from tests.adapters.slack.visiting import Visited, visited
from tests.servers.slack import ALL, Message, pings, readable


@pytest.fixture
async def visit(bench: Bench) -> Visited:
    return await visited(bench)


def direct(visit: Visited) -> list[Message]:
    """What the bot wrote to Anna alone; a file's message has a subtype."""
    return [message for message in visit.slack.messages(visit.anna.dm) if message.is_ours]


async def asked(visit: Visited) -> Message:
    answer = await visit.answered()
    visit.anna.clicks(answer, "answerloop_vote", "👎")
    await visit.slack.until(lambda: visit.anna.modal)
    visit.anna.submits({"answerloop_comment": "Not since <!channel> “März” ``` March."})
    await visit.bench.settled()
    return answer


async def test_a_person_is_given_all_that_is_kept_of_them(visit: Visited) -> None:
    """As a file, in a message that they alone see."""
    await asked(visit)
    await visit.home(visit.anna)
    await visit.presses(visit.anna, "answerloop_export_mine")
    [sent] = direct(visit)
    [file] = sent.files
    stored = visit.slack.inside(lambda world: world.state.files[file["id"]])
    data = json.loads(stored.content)
    assert data == await visit.records_of_people().export("slack", "U0ANNA")
    assert data["questions"][0]["question"] == "How long do refunds take?"
    assert data["votes"][0]["comment"] == "Not since <!channel> “März” ``` March."
    assert visit.anna.home is not None
    assert "sent you your data" in readable(visit.anna.home)


async def test_without_the_right_to_upload_files_the_data_comes_in_messages(visit: Visited) -> None:
    """As it stands, in code that calls nobody; and what the app lacks is said."""
    await asked(visit)
    visit.slack.set_scopes(*(ALL - {"files:write"}))
    await visit.home(visit.anna)
    await visit.presses(visit.anna, "answerloop_export_mine")
    why, *pieces = direct(visit)
    assert "files:write" in readable(why)
    elements = [element for piece in pieces for element in piece.blocks[0]["elements"]]
    data = json.loads("".join(element["elements"][0]["text"] for element in elements))
    assert data["votes"][0]["comment"] == "Not since <!channel> “März” ``` March."
    assert [pings(piece) for piece in pieces] == [[] for _ in pieces]


async def test_data_that_slack_does_not_take_is_told_on_the_home_tab(visit: Visited) -> None:
    await visit.home(visit.anna)
    visit.slack.fail("files.completeUploadExternal", error="posting_to_channel_denied", times=10)
    await visit.presses(visit.anna, "answerloop_export_mine")
    assert visit.anna.home is not None
    assert "could not send you your data" in readable(visit.anna.home)
    assert direct(visit) == []


async def test_nothing_is_forgotten_before_a_person_says_so_twice(visit: Visited) -> None:
    """They read first what goes and what stays."""
    await asked(visit)
    await visit.home(visit.anna)
    modal = await visit.opens(visit.anna, "answerloop_forget_mine")
    assert "cannot be undone" in readable(modal)
    assert "stay there" in readable(modal)
    visit.anna.closes()
    await visit.bench.settled()
    assert len((await visit.records_of_people().export("slack", "U0ANNA"))["questions"]) == 1


async def test_a_person_is_forgotten(visit: Visited, caplog: pytest.LogCaptureFixture) -> None:
    """Records, and what was remembered of them; what was removed is told; the answer in the channel stays."""
    answer = await asked(visit)
    await visit.home(visit.anna)
    await visit.opens(visit.anna, "answerloop_forget_mine")
    await visit.submits(visit.anna, {})
    kept = await visit.records_of_people().export("slack", "U0ANNA")
    assert {name: rows for name, rows in kept.items() if isinstance(rows, list) and rows} == {}
    [told] = direct(visit)
    assert "questions with their answers: 1, votes: 1," in readable(told)
    assert visit.anna.home is not None
    shown = readable(visit.anna.home)
    assert "I have forgotten you" in shown
    assert "You have not asked me anything yet" in shown
    assert answer.ts in [message.ts for message in visit.slack.messages("C0HELP", answer.thread_ts)]
    assert all("U0ANNA" not in people._kept for people in visit.bench.identity._people.values())
    async with visit.bench.database.connect() as connection:
        rows = [str(row) for row in await connection.execute(select(deliveries))]
    assert [row for row in rows if "U0ANNA" in row] == []
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == []


async def test_others_are_not_forgotten_with_a_person(visit: Visited) -> None:
    await visit.answered("Ben asks", by=visit.ben)
    await asked(visit)
    await visit.home(visit.anna)
    await visit.opens(visit.anna, "answerloop_forget_mine")
    await visit.submits(visit.anna, {})
    assert "Ben asks" in readable(await visit.home(visit.ben))


async def test_who_deletes_the_question_after_being_forgotten_takes_the_answer_along(visit: Visited) -> None:
    """As they were told."""
    question = visit.anna.asks("C0HELP", "How long?")
    await visit.slack.until(lambda: visit.slack.answers("C0HELP", question))
    await visit.bench.settled()
    await visit.home(visit.anna)
    await visit.opens(visit.anna, "answerloop_forget_mine")
    await visit.submits(visit.anna, {})
    visit.anna.deletes(question)
    await visit.bench.settled()
    assert visit.slack.answers("C0HELP", question) == []


async def test_a_person_is_forgotten_while_slack_takes_no_messages(visit: Visited) -> None:
    """That nobody can be told keeps nothing."""
    await asked(visit)
    await visit.home(visit.anna)
    await visit.opens(visit.anna, "answerloop_forget_mine")
    visit.slack.fail("conversations.open", error="user_disabled", times=10)
    await visit.submits(visit.anna, {})
    assert (await visit.records_of_people().export("slack", "U0ANNA"))["questions"] == []
    assert visit.bench.handled[-1] == "view:forget_mine"
