"""What is kept of a person: counted, given to them, and forgotten."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from sqlalchemy import select

from rag_core.records.tables import metadata
from tests.servers.discord import buttons, pings, readable


async def test_a_person_sees_how_much_is_kept_of_them(visit: Any) -> None:
    """In the server, and in the direct messages as well."""
    await visit.start()
    await visit.voted_down()
    shown = await visit.runs(visit.anna, "mydata")
    assert "answers: 1, votes: 1, questions to people: 0, reviews: 0" in readable(shown)
    assert buttons(shown) == ["Download", "Forget me"]
    visit.anna.runs("mydata", visit.anna.dm)
    await visit.bench.settled()
    [direct] = visit.discord.ephemerals(visit.anna, visit.anna.dm)
    assert "answers: 1, votes: 1" in readable(direct)
    assert "answers: 0, votes: 0" in readable(await visit.runs(visit.ben, "mydata"))


@pytest.mark.parametrize("direct", [False, True])
async def test_a_person_is_given_all_that_is_kept_of_them(visit: Any, direct: bool) -> None:
    """As a file that they alone see."""
    await visit.start()
    await visit.voted_down(comment="Not since @everyone “März” ``` March.")
    where = visit.anna.dm if direct else "help"
    shown = await visit.runs(visit.anna, "mydata", where)
    await visit.clicks(visit.anna, shown, "Download")
    sent = visit.discord.ephemerals(visit.anna, where)[-1]
    [file] = sent.attachments
    data = json.loads(file.content)
    assert data == await visit.records.export("discord", visit.anna.id)
    assert data["questions"][0]["question"] == "How long do refunds take?"
    assert data["votes"][0]["comment"] == "Not since @everyone “März” ``` March."
    assert file.name == "answerloop.json"
    assert pings(sent) == []
    assert buttons(shown) == ["Download", "Forget me"]


async def test_data_that_discord_does_not_take_is_told(visit: Any) -> None:
    await visit.start()
    shown = await visit.runs(visit.anna, "mydata")
    visit.discord.fail("POST /webhooks/{id}/{token}", status=413, code=40005)
    await visit.clicks(visit.anna, shown, "Download")
    assert "could not send you your data" in readable(visit.discord.ephemerals(visit.anna)[-1])


async def test_nothing_is_forgotten_before_a_person_says_so_twice(visit: Any) -> None:
    """They read first what goes and what stays, and can go back."""
    await visit.start()
    await visit.answered()
    shown = await visit.runs(visit.anna, "mydata")
    await visit.clicks(visit.anna, shown, "Forget me")
    assert "cannot be undone" in readable(shown)
    assert "stay there" in readable(shown)
    assert buttons(shown) == ["Forget all of it", "Not now"]
    await visit.clicks(visit.anna, shown, "Not now")
    assert buttons(shown) == ["Download", "Forget me"]
    assert len((await visit.records.export("discord", visit.anna.id))["questions"]) == 1


async def test_a_person_is_forgotten(visit: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Records, and what was remembered of them; what was removed is told; the answer in the channel stays."""
    await visit.start()
    await visit.voted_down()
    answers = len(visit.discord.answers("help"))
    visit.anna.writes("And in direct messages?")
    await visit.bench.settled()
    shown = await visit.runs(visit.anna, "mydata")
    await visit.clicks(visit.anna, shown, "Forget me")
    await visit.clicks(visit.anna, shown, "Forget all of it")
    assert "questions with their answers: 2, votes: 1," in readable(shown)
    assert buttons(shown) == []
    kept = await visit.records.export("discord", visit.anna.id)
    assert {name: rows for name, rows in kept.items() if isinstance(rows, list) and rows} == {}
    assert len(visit.discord.answers("help")) == answers
    assert [key for key in visit.bench.identity._members._kept if visit.anna.id in key] == []
    assert visit.bench.whispers.locales.of(visit.anna.id) == ""
    async with visit.bench.database.connect() as connection:
        for table in metadata.sorted_tables:
            rows = [str(row) for row in await connection.execute(select(table))]
            assert [row for row in rows if visit.anna.id in row] == []
    ours = [one for one in caplog.records if not one.name.startswith("discord.")]
    assert [one.getMessage() for one in ours if one.levelno >= logging.WARNING] == []


async def test_others_are_not_forgotten_with_a_person(visit: Any) -> None:
    await visit.start()
    await visit.answered("Ben asks", by=visit.ben)
    await visit.answered()
    shown = await visit.runs(visit.anna, "mydata")
    await visit.clicks(visit.anna, shown, "Forget me")
    await visit.clicks(visit.anna, shown, "Forget all of it")
    assert [
        row["question"] for row in (await visit.records.export("discord", visit.ben.id))["questions"]
    ] == ["Ben asks"]


async def test_a_person_is_forgotten_while_discord_takes_no_messages(visit: Any) -> None:
    """That nobody can be told keeps nothing."""
    await visit.start()
    await visit.answered()
    shown = await visit.runs(visit.anna, "mydata")
    await visit.clicks(visit.anna, shown, "Forget me")
    visit.discord.fail("PATCH /webhooks/{id}/{token}/messages/{message}", status=400, code=50035, times=10)
    await visit.clicks(visit.anna, shown, "Forget all of it")
    assert (await visit.records.export("discord", visit.anna.id))["questions"] == []
    assert visit.bench.handled[-1] == "action:data_forget_sure"


async def test_a_person_is_spoken_to_in_their_language(visit: Any) -> None:
    await visit.start()
    carl = visit.discord.user("Carl", locale="de")
    assert "Deine Daten" in readable(await visit.runs(carl, "mydata"))


async def test_a_page_that_was_left_open_goes_on(visit: Any) -> None:
    """An hour later: each click speaks for itself, and nothing of it is kept in the process."""
    await visit.start()
    await visit.answered()
    shown = await visit.runs(visit.anna, "mydata")
    visit.discord.world.clock.advance(3_600)
    await visit.clicks(visit.anna, shown, "Forget me")
    assert "cannot be undone" in readable(shown)
