"""The database away for seconds, while people write, click and submit; and what the log then says."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.connection.logs import Discreet
from adapters.discord.rest.redaction import redaction_installed
from tests.adapters.discord.personal.conftest import Visited
from tests.fakes import Written, an_answer
from tests.servers.discord import readable

QUESTION = "How long do refunds take, canaryquestion?"


@contextlib.asynccontextmanager
async def locked(home: Path) -> AsyncIterator[None]:
    """Nobody else writes meanwhile."""
    other = sqlite3.connect(home / "answerloop.db", isolation_level=None, timeout=30, check_same_thread=False)
    try:
        await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")
        yield
    finally:
        with contextlib.suppress(sqlite3.OperationalError):
            other.execute("ROLLBACK")
        other.close()


def unanswered(visit: Visited) -> list[str]:
    """What Discord shows as 'This interaction failed'."""
    return [one.name for one in visit.discord.interactions if not one.acked]


async def test_what_arrives_while_the_database_is_locked_is_not_lost_and_said(
    bench: Any, tmp_path: Path
) -> None:
    """A message is answered later; who clicks, submits or commands is told that it failed, with a reference."""
    visit = await Visited(bench).start()
    anna, ben = visit.anna, visit.ben
    answer = await visit.answered()
    ben.clicks(answer, "👎")
    await visit.discord.until(lambda: ben.modal)
    await bench.settled()
    async with locked(tmp_path):
        anna.asks("talk", QUESTION)
        clicked = anna.clicks(answer, "👍")
        submitted = ben.submits({"answerloop:comment": "Since March, canarycomment."})
        asked = anna.runs("ask", "help", question=QUESTION)
        mine = anna.runs("mydata", "help")
        await asyncio.sleep(4)
    await visit.discord.until(lambda: visit.discord.answers("talk"))
    await bench.settled()
    assert unanswered(visit) == []
    assert "30 days" in readable(visit.discord.answers("talk")[0])
    for one in (asked, mine):
        assert one.original is not None, one.name
        assert readable(one.original).strip(), one.name
    for one in (clicked, submitted):
        assert [readable(m) for m in one.followups], one.name
    shown = "\n".join(readable(m) for person in (anna, ben) for m in visit.discord.ephemerals(person))
    assert "Traceback" not in shown
    assert "sqlite" not in shown.lower()


async def test_while_it_is_answered_the_database_may_be_away(bench: Any, tmp_path: Path) -> None:
    """One answer, once it is back; the question is asked once."""
    visit = await Visited(bench).start()
    bench.assistant.script = [Written(["The half ", "The half of it "], an_answer(), pause_s=0.9)]
    visit.anna.asks("help", QUESTION)
    await visit.discord.until(lambda: visit.discord.answers("help"))
    async with locked(tmp_path):
        await asyncio.sleep(3)
    await bench.settled(40)
    [answer] = visit.discord.answers("help")
    assert "within 30 days" in readable(answer)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Any:
    """All that ours say, and discord.py's warnings, as a process of our own has them."""
    caplog.set_level(logging.DEBUG, "adapters")
    caplog.set_level(logging.DEBUG, "rag_core")
    logging.getLogger("discord.ext.commands.bot").addFilter(discreet := Discreet())
    with redaction_installed():
        yield caplog
    logging.getLogger("discord.ext.commands.bot").removeFilter(discreet)


async def test_the_log_has_no_words_and_no_tokens_whatever_happens(
    bench: Any, tmp_path: Path, log: Any
) -> None:
    """Neither of questions, answers, comments and names, nor of the bot and of interactions."""
    visit = await Visited(bench).start()
    local, ben = visit.discord, visit.ben
    mallory = local.user("Canaryname")
    bench.assistant.script = [
        an_answer("c1", text="In canaryanswer days [1]."),
        RuntimeError(),
        an_answer("c2", text="In canaryanswer days [1]."),
    ]
    answer = await visit.answered(QUESTION)
    await visit.answered(QUESTION)
    ben.clicks(answer, "👎")
    await local.until(lambda: ben.modal)
    ben.submits({"answerloop:comment": "canarycomment"})
    await bench.settled()
    for route in ("POST /channels/{id}/messages", "PATCH /webhooks/{id}/{token}/messages/@original"):
        local.fail(route, 400, 50035, message="canaryrefusal", times=2)
    local.fail("POST /interactions/{id}/{token}/callback", 500, message="canaryrefusal", times=3)
    mallory.asks("help", QUESTION)
    mallory.runs("ask", "help", question=QUESTION, private=True)
    mallory.runs("ask", "help", question=QUESTION)
    await bench.settled()
    local.heal()
    local.limit("POST /channels/{id}/messages", retry_after=0.2, times=2)
    local.lose_response("POST /webhooks/{id}/{token}")
    mallory.clicks(answer, "👍")
    mallory.asks("talk", QUESTION)
    async with locked(tmp_path):
        mallory.clicks(answer, "👎")
        mallory.asks("help", QUESTION)
        mallory.runs("mydata", "help")
        await asyncio.sleep(3.5)
    await bench.settled(40)
    said = "\n".join(log.handler.format(record) for record in log.records)
    assert "canary" not in said.lower()
    assert local.bot_token not in said
    assert [one.name for one in local.interactions if one.token in said] == []
