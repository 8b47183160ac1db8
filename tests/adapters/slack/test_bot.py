"""What is taken, and what each delivery is handed to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.inbox import Inbox
from adapters.pacing import APART_S, FIRST_S, MANY
from adapters.slack.arrivals import Arrival
from adapters.slack.bot import SlackBot
from adapters.slack.ids import Ids
from adapters.slack.received import Received
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import TokenGone
from adapters.slack.web_api.wire import Wire
from rag_core.records.database import open_database
from rag_core.records.platforms.deliveries import Deliveries


class OneTeam:
    """Apis: a token for T1 alone; nothing is ever sent with it."""

    def __init__(self) -> None:
        self._api = Api(Wire("xoxb-1", "http://127.0.0.1:9/api/"))

    async def of(self, body: Mapping[str, Any]) -> Api:
        if body.get("team_id") != "T1":
            raise TokenGone("a call", "not_installed")
        return self._api

    async def drop(self, body: Mapping[str, Any]) -> None:
        return

    async def close(self) -> None:
        await self._api.close()


class Made:
    """A bot, what it handled, and its inbox."""

    def __init__(self, database: AsyncEngine) -> None:
        self.handled: list[str] = []
        self.began: list[float] = []
        self.many = 0
        """None is done with before so many have begun."""
        self._all_began = asyncio.Event()
        self.departed: list[str] = []
        self.failures: list[str] = []
        self.bot = SlackBot(
            OneTeam(),
            Ids(),
            "/ask",
            {"message": self._handle, "action:vote": self._handle},
            {},
            self._failed,
            {"app_uninstalled": self._leave},
        )
        self.bot.inbox = self.inbox = Inbox(
            Deliveries(database), self.bot.handle, failed=self.bot.failed, pauses=()
        )

    async def _handle(self, received: Received) -> None:
        if received.body.get("broken"):
            raise RuntimeError("broken")
        self.began.append(asyncio.get_running_loop().time())
        if len(self.began) == self.many:
            self._all_began.set()
        if self.many:
            await self._all_began.wait()
        self.handled.append(received.delivery.key)

    async def _leave(self, body: Mapping[str, Any]) -> None:
        self.departed.append(str(body["team_id"]))

    async def _failed(self, received: Received, reference: str) -> None:
        self.failures.append(received.delivery.key)

    async def take(self, kind: str, key: str, team: str = "T1", **more: Any) -> None:
        await self.bot.take(Arrival(key, kind, key), {"team_id": team, "token": "verification", **more})


@pytest.fixture
async def made(database_address: str) -> AsyncIterator[Made]:
    database = await open_database(database_address)
    made = Made(database)
    yield made
    await made.inbox.close(1)
    await database.dispose()


async def settled(made: Made) -> None:
    await made.inbox.close(5)


async def test_each_kind_goes_to_its_handler(made: Made) -> None:
    """What nothing handles is not even kept."""
    await made.take("message", "m1")
    await made.take("action:vote", "v1")
    await made.take("app_home_opened", "h1")
    await settled(made)
    assert sorted(made.handled) == ["m1", "v1"]


async def test_the_app_being_removed_needs_no_token(made: Made) -> None:
    """There is none any more when that is told."""
    await made.take("app_uninstalled", "e1", team="T9")
    await settled(made)
    assert (made.departed, made.failures) == (["T9"], [])


async def test_what_comes_from_where_the_app_is_no_more_is_left(
    made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    """One line in the log for all of it; nobody could be told."""
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            await made.take("message", f"m{number}", team="T9")
        await settled(made)
    assert (made.handled, made.failures) == ([], [])
    assert len(caplog.records) == 1


async def test_a_failure_is_told_with_what_failed(made: Made) -> None:
    """By the inbox, after the last attempt."""
    await made.take("message", "m1", broken=True)
    await settled(made)
    assert made.failures == ["m1"]


async def test_what_arrives_together_is_acknowledged_before_work_begins(made: Made) -> None:
    """Slack waits three seconds for each."""
    order: list[str] = []

    async def acknowledged(key: str) -> None:
        await made.take("message", key)
        order.append(f"{key} acknowledged, {len(made.handled)} handled")

    await asyncio.gather(*(acknowledged(f"m{number}") for number in range(50)))
    assert all(line.endswith(" 0 handled") for line in order)
    await settled(made)
    assert len(made.handled) == 50


async def test_many_questions_that_come_together_begin_apart(made: Made) -> None:
    """So that what is delivered meanwhile is still acknowledged soon; none waits for the answer to another."""
    made.many = 3 * MANY
    await asyncio.gather(*(made.take("message", f"m{number}") for number in range(made.many)))
    await settled(made)
    assert len(made.began) == made.many
    apart = [later - earlier for earlier, later in pairwise(made.began)]
    assert sum(gap > APART_S / 2 for gap in apart) >= MANY


async def test_a_few_questions_wait_for_nothing_but_their_turn(made: Made) -> None:
    """However many are asked, as long as they do not come faster than they begin."""
    made.many = MANY
    await asyncio.gather(*(made.take("message", f"m{number}") for number in range(made.many)))
    await settled(made)
    apart = sorted(later - earlier for earlier, later in pairwise(made.began))
    assert apart[len(apart) // 2] < APART_S


async def test_questions_are_answered_while_more_and_more_is_delivered(made: Made) -> None:
    """Each waits about a second for acknowledgements at most, and they wait together."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    with made.bot._pacing.arriving():
        await asyncio.gather(*(made.take("message", f"m{number}") for number in range(5)))
        await settled(made)
    assert len(made.handled) == 5
    assert loop.time() - began < 3 * FIRST_S
