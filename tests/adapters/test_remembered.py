"""What a platform said a short while ago is not asked again."""

from __future__ import annotations

import asyncio
import logging

import pytest

from adapters.remembered import Remembered
from rag_core.errors import Unavailable


class Platform:
    """Tells names; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.down = False

    async def name(self) -> str:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise Unavailable("down")
        return f"Anna {self.asked}"


async def test_it_is_asked_once_in_a_while() -> None:
    """For each key; by all who ask at the same time together."""
    names, platform = Remembered[str]("Slack", 60), Platform()
    assert await asyncio.gather(*(names.get("U1", platform.name) for _ in range(5))) == ["Anna 1"] * 5
    assert await names.get("U1", platform.name) == "Anna 1"
    assert await names.get("U2", platform.name) == "Anna 2"


async def test_what_is_old_or_forgotten_is_asked_again() -> None:
    platform = Platform()
    names = Remembered[str]("Slack", 0)
    assert [await names.get("U1", platform.name) for _ in range(2)] == ["Anna 1", "Anna 2"]
    names = Remembered[str]("Slack", 60)
    await names.get("U1", platform.name)
    names.forget("U1")
    names.forget("U2")
    assert await names.get("U1", platform.name) == "Anna 4"


async def test_what_fails_is_none_and_not_repeated_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """The log names the platform."""
    names, platform = Remembered[str]("Discord", 60), Platform()
    platform.down = True
    with caplog.at_level(logging.INFO):
        assert [await names.get("U1", platform.name) for _ in range(2)] == [None, None]
    assert platform.asked == 1
    assert caplog.messages == ["Discord does not tell now: down"]


async def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest goes first."""
    monkeypatch.setattr("adapters.remembered._KEPT", 2)
    names, platform = Remembered[str]("Slack", 60), Platform()
    for user in ("U1", "U2", "U3", "U3", "U2", "U1"):
        await names.get(user, platform.name)
    assert platform.asked == 4
