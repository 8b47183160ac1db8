"""What belongs to interactions: first responses in time, and messages under the interaction's token."""

from __future__ import annotations

import asyncio
import logging
import time

import discord
import pytest

from adapters.discord.rest.errors import Limited, Unconfirmed, Vanished
from adapters.discord.rest.rest import Rest
from rag_core.errors import Unavailable
from tests.servers.discord import Interaction, LocalDiscord

FIRST = "POST /interactions/{id}/{token}/callback"
FOLLOW_UP = "POST /webhooks/{id}/{token}"
ALONE = {"type": 5, "data": {"flags": 64}}


async def test_an_interaction_is_deferred_shown_followed_and_taken_back(
    local: LocalDiscord, rest: Rest, asked: Interaction
) -> None:
    """With the interaction's token; the bot's own goes nowhere near."""
    anna = local.user("Anna")
    await rest.respond(asked.id, asked.token, ALONE)
    await rest.original(asked.token, {"content": "an answer"})
    more = await rest.follow_up(asked.token, {"content": "more"}, files=[("a.txt", b"a")])
    public = await rest.follow_up(asked.token, {"content": "for all"}, ephemeral=False)
    await rest.change(asked.token, more["id"], {"content": "still more"})

    assert [each.content for each in local.ephemerals(anna)] == ["an answer", "still more"]
    assert [each.content for each in local.answers("help")] == ["for all"]
    await rest.take_back(asked.token, public["id"])
    await rest.take_back(asked.token, public["id"])
    await rest.take_back(asked.token)
    assert [each.content for each in local.ephemerals(anna)] == ["still more"]
    assert not local.answers("help")


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_a_first_response_is_tried_again_at_once(
    local: LocalDiscord, rest: Rest, asked: Interaction, status: int
) -> None:
    """There are three seconds."""
    if status == 429:
        local.limit(FIRST, retry_after=0.2, times=2)
    else:
        local.fail(FIRST, status, times=2)
    started = time.monotonic()
    await rest.respond(asked.id, asked.token, ALONE)

    assert time.monotonic() - started < 2.5
    assert [call.status for call in local.calls(FIRST)] == [status, status, 204]


async def test_nothing_overtakes_a_first_response(
    local: LocalDiscord, rest: Rest, asked: Interaction
) -> None:
    """What is shown meanwhile waits while it is tried again: Discord would not know of the interaction."""
    local.fail(FIRST, 503, times=2)
    responding = asyncio.create_task(rest.respond(asked.id, asked.token, ALONE))
    await asyncio.sleep(0)
    await rest.original(asked.token, {"content": "an answer"})
    await responding
    assert [each.content for each in local.ephemerals(local.user("Anna"))] == ["an answer"]


async def test_a_first_response_whose_reply_was_lost_is_done(
    local: LocalDiscord, rest: Rest, asked: Interaction
) -> None:
    """The second is told that the interaction was acknowledged already."""
    local.lose_response(FIRST)
    await rest.respond(asked.id, asked.token, ALONE)
    await rest.respond(asked.id, asked.token, ALONE)

    assert [call.status for call in local.calls(FIRST)] == [0, 400, 400]


async def test_a_first_response_is_given_up_before_discord_waits_no_more(
    local: LocalDiscord, rest: Rest, asked: Interaction
) -> None:
    """Whether nothing answers or the answer is too late."""
    local.slow(FIRST, 30)
    started = time.monotonic()
    with pytest.raises(Unconfirmed):
        await rest.respond(asked.id, asked.token, ALONE)
    assert time.monotonic() - started < 4
    assert len(local.calls(FIRST)) >= 2
    local.heal()
    local.world.clock.advance(3.5)
    with pytest.raises(Vanished):
        await rest.respond(asked.id, asked.token, ALONE)


async def test_first_responses_wait_for_no_limit_of_the_bots_own(
    local: LocalDiscord, client: discord.Client, rest: Rest, asked: Interaction
) -> None:
    """Interactions are not bound to its global limit."""
    local.limit("GET /channels/{id}", retry_after=60, global_=True)
    with pytest.raises(Limited):
        await rest.channel(local.channel("help").id)
    assert not client.http._global_over.is_set()
    await asyncio.wait_for(rest.respond(asked.id, asked.token, ALONE), 2)

    await asyncio.wait_for(rest.original(asked.token, {"content": "an answer"}), 2)


async def test_many_first_responses_leave_at_once(
    local: LocalDiscord, rest: Rest, client: discord.Client, asked: Interaction
) -> None:
    """No number of connections, no bucket and no turn holds them up: Discord has them all before one of them is given up.
    A busy machine may be too slow for it once or twice, a limit always is."""
    local.slow(FIRST, 20)  # longer than any is tried
    assert any([await _leave_at_once(local, rest, f"t{attempt}-") for attempt in range(4)])


async def _leave_at_once(local: LocalDiscord, rest: Rest, tokens: str) -> bool:
    def arrived() -> list[str]:
        return [call.path for call in local.calls(FIRST) if tokens in call.path]

    responding = [asyncio.create_task(rest.respond(str(n), f"{tokens}{n}", ALONE)) for n in range(120)]
    await local.until(lambda: len(set(arrived())) == 120 or all(task.done() for task in responding))
    at_once = len(arrived()) == 120 and not any(task.done() for task in responding)
    for task in responding:
        task.cancel()
    await asyncio.gather(*responding, return_exceptions=True)
    return at_once


async def test_an_interactions_token_is_in_no_log_and_no_error(
    local: LocalDiscord, rest: Rest, asked: Interaction, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in the addresses, and whoever has it can speak as the bot."""
    caplog.set_level(logging.DEBUG)
    await rest.respond(asked.id, asked.token, ALONE)
    local.limit("PATCH /webhooks/{id}/{token}/messages/{id}", retry_after=0.1, via=False)
    await rest.original(asked.token, {"content": "what Anna wrote"})
    local.rest_down(status=0)
    with pytest.raises(Unavailable) as caught:
        await rest.original(asked.token, {"content": "what Anna wrote"}, trying_s=0)

    assert asked.token not in str(caught.value)
    ours = [each.getMessage() for each in caplog.records if each.name.startswith(("adapters", "discord"))]
    assert ours
    assert not [line for line in ours if asked.token in line or "what Anna wrote" in line]


async def test_a_follow_up_whose_reply_was_lost_is_not_repeated(
    local: LocalDiscord, rest: Rest, asked: Interaction
) -> None:
    """It has no nonce, and would stand there twice."""
    await rest.respond(asked.id, asked.token, ALONE)
    local.lose_response(FOLLOW_UP)
    with pytest.raises(Unconfirmed):
        await rest.follow_up(asked.token, {"content": "one"})
    local.fail(FOLLOW_UP, 502, performed=True)
    with pytest.raises(Unconfirmed) as caught:
        await rest.follow_up(asked.token, {"content": "two"})

    assert caught.value.refused
    assert len(local.calls(FOLLOW_UP)) == 2


async def test_a_follow_up_that_did_not_arrive_is_repeated(
    local: LocalDiscord, rest: Rest, asked: Interaction
) -> None:
    """Too many, and a 503: nothing was done."""
    await rest.respond(asked.id, asked.token, ALONE)
    local.limit(FOLLOW_UP, retry_after=0.2)
    local.fail(FOLLOW_UP, 503)
    await rest.follow_up(asked.token, {"content": "one"})

    assert [call.status for call in local.calls(FOLLOW_UP)] == [429, 503, 200]


async def test_an_expired_interaction_is_no_word_about_the_bots_token(
    local: LocalDiscord, rest: Rest, asked: Interaction
) -> None:
    """It is a 401 that counts as an invalid request, so the next call with it does not leave."""
    await rest.respond(asked.id, asked.token, ALONE)
    local.world.clock.advance(901)
    for _ in range(3):
        with pytest.raises(Vanished):
            await rest.original(asked.token, {"content": "too late"})

    assert not rest.token_gone.is_set()
    assert len(local.calls("PATCH /webhooks/{id}/{token}/messages/{id}")) == 1


async def test_while_discord_is_away_a_first_response_is_given_up_in_time(
    local: LocalDiscord, rest: Rest, asked: Interaction
) -> None:
    """Said within the time that Discord waits."""
    local.down()
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await rest.respond(asked.id, asked.token, ALONE)

    assert time.monotonic() - started < 4
    local.up()
