"""The bot stays far from the number of refused calls at which Discord shuts it out."""

from __future__ import annotations

import asyncio

import pytest

from adapters.discord.rest.calls import Call
from adapters.discord.rest.errors import NotSent, PlaceClosed
from adapters.discord.rest.invalid import ClosedPlaces, InvalidRequests

POST = Call("POST", "/channels/{channel_id}/messages", {"channel_id": "1"})
GET = Call("GET", "/channels/{channel_id}/messages", {"channel_id": "1"})
ELSEWHERE = Call("POST", "/channels/{channel_id}/messages", {"channel_id": "2"})
FIRST = Call("POST", "/interactions/{interaction_id}/{webhook_token}/callback")
CLOSED = PlaceClosed(POST.name, 403, 50013)


def test_calls_wait_the_longer_the_more_were_refused_and_then_are_not_made() -> None:
    """First responses are never held up: they carry no token that could be refused."""
    invalid = InvalidRequests(slowed_from=10, most=20)
    pauses = []
    for _ in range(20):
        pauses.append(invalid.pause_s(POST))
        invalid.count(403)

    assert pauses[:10] == [0] * 10
    assert 0 < pauses[10] < pauses[19] <= 5
    with pytest.raises(NotSent, match="refused 20 calls"):
        invalid.pause_s(POST)
    assert invalid.pause_s(FIRST) == 0


def test_only_what_discord_counts_is_counted() -> None:
    """401, 403 and 429, but no limits that are shared with other bots."""
    invalid = InvalidRequests()
    for status, scope in ((401, ""), (403, ""), (429, "user"), (429, "shared"), (404, ""), (500, "")):
        invalid.count(status, scope)

    assert invalid.lately == 3


async def test_after_the_window_calls_are_made_again() -> None:
    """What was refused longer ago counts no more."""
    invalid = InvalidRequests(slowed_from=1, most=1, window_s=0.05)
    invalid.count(403)
    with pytest.raises(NotSent):
        invalid.pause_s(POST)
    await asyncio.sleep(0.08)

    assert invalid.pause_s(POST) == 0


async def test_a_call_that_a_place_refuses_again_and_again_is_not_made_there_for_a_while() -> None:
    """Others there, and the same elsewhere, are."""
    closed = ClosedPlaces(times=3, kept_s=0.1)
    for _ in range(2):
        closed.learn(POST, CLOSED)
    assert closed.refusal_of(POST) is None
    closed.learn(POST, CLOSED)

    assert closed.refusal_of(POST) is CLOSED
    assert [closed.refusal_of(GET), closed.refusal_of(ELSEWHERE)] == [None, None]
    await asyncio.sleep(0.15)
    assert closed.refusal_of(POST) is None


def test_a_place_is_open_again_when_it_takes_a_call_or_discord_tells_of_a_change() -> None:
    """So that a mended permission helps at once."""
    closed = ClosedPlaces(times=2)
    closed.learn(POST, CLOSED)
    closed.took(POST)
    closed.learn(POST, CLOSED)
    assert closed.refusal_of(POST) is None
    closed.learn(POST, CLOSED)
    assert closed.refusal_of(POST) is CLOSED
    closed.opened("1")

    assert closed.refusal_of(POST) is None


def test_other_refusals_say_nothing_about_the_place() -> None:
    """Such as that somebody takes no direct messages, or that a message is too long."""
    closed = ClosedPlaces(times=1)
    closed.learn(POST, PlaceClosed(POST.name, 403, 50007))

    assert closed.refusal_of(POST) is None
