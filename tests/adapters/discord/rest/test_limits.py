"""Discord's limits are kept: of its buckets, of all calls together, and of calls that are refused."""

from __future__ import annotations

import asyncio
import time

import discord
import pytest

from adapters.discord.rest.errors import (
    Limited,
    NotSent,
    PlaceClosed,
    Vanished,
)
from adapters.discord.rest.invalid import ClosedPlaces, InvalidRequests
from adapters.discord.rest.rest import Rest
from tests.servers.discord import Channel, LocalDiscord

POST = "POST /channels/{id}/messages"


@pytest.fixture
def channel(local: LocalDiscord) -> Channel:
    return local.channel("help")


@pytest.mark.parametrize("via", [True, False])
async def test_too_many_is_obeyed_with_and_without_via(
    local: LocalDiscord, rest: Rest, channel: Channel, via: bool
) -> None:
    """Cloudflare's comes without it and in plain text; discord.py raises on that."""
    local.limit(POST, retry_after=0.6, via=via)
    started = time.monotonic()
    await rest.send(channel.id, {"content": "one"}, nonce="1")

    assert time.monotonic() - started >= 0.6
    assert [call.status for call in local.calls(POST)] == [429, 200]


async def test_a_limit_holds_up_its_own_channel_alone(
    local: LocalDiscord, rest: Rest, channel: Channel
) -> None:
    """Others go on, and what waits in the same is not refused once more."""
    other = local.channel("other")
    local.limit(POST, retry_after=1.0, channel=channel.id)
    started = time.monotonic()
    done: dict[str, float] = {}

    async def post(where: str, nonce: str) -> None:
        await rest.send(where, {"content": nonce}, nonce=nonce)
        done[nonce] = time.monotonic() - started

    first = asyncio.create_task(post(channel.id, "1"))
    await local.until(lambda: local.calls(POST))
    await asyncio.gather(first, post(channel.id, "2"), post(other.id, "3"))

    assert done["3"] < 0.9 <= min(done["1"], done["2"])
    assert [call.status for call in local.calls(POST)].count(429) == 1


async def test_a_global_limit_holds_up_the_clients_other_calls_too(
    local: LocalDiscord, client: discord.Client, rest: Rest, channel: Channel
) -> None:
    """They would be refused as well, and refused calls count."""
    local.limit(POST, retry_after=0.8, global_=True)
    started = time.monotonic()
    posting = asyncio.create_task(rest.send(channel.id, {"content": "one"}, nonce="1"))
    await local.until(lambda: local.calls(POST))
    await asyncio.sleep(0.1)
    await asyncio.gather(client.fetch_channel(int(channel.id)), rest.channel(channel.id))

    assert time.monotonic() - started >= 0.8
    await posting


async def test_buckets_are_kept(local: LocalDiscord, rest: Rest, channel: Channel) -> None:
    """Twelve messages at five a second and a half; who keeps no bucket has seven refused at once. Those on their way when
    the next span begins may be refused. A reply comes when it comes, not when the bucket is full again."""
    local.pace(POST, 5, 1.5)
    await rest.send(channel.id, {"content": "0"}, nonce="0")
    took: list[float] = []

    async def post(n: int) -> None:
        started = time.monotonic()
        posted = await rest.send(channel.id, {"content": str(n)}, nonce=str(n))
        call = next(each for each in local.calls(POST) if each.answer.get("id") == posted["id"])
        took.append(time.monotonic() - max(started, call.at))

    await asyncio.gather(*(post(n) for n in range(1, 12)))

    refused = [call for call in local.calls(POST) if call.status != 200]
    assert len(local.calls(POST)) - len(refused) == 12
    assert len(refused) < 7
    assert max(took) < 1.4


async def test_a_limit_that_lasts_too_long_is_told_with_its_time(
    local: LocalDiscord, rest: Rest, channel: Channel
) -> None:
    """The inbox tries later, and knows when; until then no call leaves."""
    local.limit(POST, retry_after=600)
    with pytest.raises(Limited) as caught:
        await rest.send(channel.id, {"content": "one"}, nonce="1")
    assert caught.value.retry_after == pytest.approx(600)
    with pytest.raises(Limited) as caught:
        await rest.send(channel.id, {"content": "one"}, nonce="1", trying_s=0)

    assert 500 < caught.value.retry_after <= 600
    assert len(local.calls(POST)) == 1


async def test_a_closed_channel_is_not_called_on_and_on(
    local: LocalDiscord, rest: Rest, channel: Channel
) -> None:
    """After a few refusals within a minute none leaves; told of a change, it does."""
    local.remove_permission("help", "send_messages")
    for n in range(20):
        with pytest.raises(PlaceClosed):
            await rest.send(channel.id, {"content": "one"}, nonce=str(n))
    assert len(local.calls(POST)) == 3 == rest.refused_lately == len(local.invalid_requests)
    local.give_permission("help", "send_messages")
    rest.opened(channel.id)
    await rest.send(channel.id, {"content": "one"}, nonce="1")


async def test_after_too_many_refusals_no_call_leaves_but_what_answers_people_at_once(
    local: LocalDiscord, client: discord.Client, channel: Channel
) -> None:
    """Long before Discord would shut the bot out."""
    rest = Rest(client, trying_s=0, invalid=InvalidRequests(slowed_from=6, most=6), closed=ClosedPlaces(99))
    local.remove_permission("help", "send_messages")
    for n in range(6):
        with pytest.raises(PlaceClosed):
            await rest.send(channel.id, {"content": "one"}, nonce=str(n))
    before = len(local.calls())
    with pytest.raises(NotSent, match="refused 6 calls within 10 minutes"):
        await rest.channel(channel.id)
    assert len(local.calls()) == before

    with pytest.raises(Vanished):
        await rest.respond("1", "token", {"type": 5})
    assert len(local.calls()) == before + 1
