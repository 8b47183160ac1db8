"""Calls of Discord's REST API, against the local Discord with a real discord.py client."""

from __future__ import annotations

import asyncio
import time

import discord
import pytest

from adapters.discord.rest.errors import (
    DiscordRefusal,
    NotSent,
    Unconfirmed,
    Vanished,
)
from adapters.discord.rest.rest import Rest, nonce_of
from tests.servers.discord import Channel, LocalDiscord

POST = "POST /channels/{id}/messages"
EDIT = "PATCH /channels/{id}/messages/{id}"


@pytest.fixture
def channel(local: LocalDiscord) -> Channel:
    return local.channel("help")


async def test_messages_are_posted_read_edited_and_deleted(
    local: LocalDiscord, rest: Rest, channel: Channel
) -> None:
    """What the parts of the bot do all day."""
    posted = await rest.send(channel.id, {"content": "one"}, nonce="1")
    await rest.send(channel.id, {"content": "two"}, nonce="2")
    await rest.edit(channel.id, posted["id"], {"content": "uno"})

    assert [each["content"] for each in await rest.messages(channel.id)] == ["two", "uno"]
    assert (await rest.message(channel.id, posted["id"]))["content"] == "uno"
    assert [each["content"] for each in await rest.messages(channel.id, limit=1)] == ["two"]
    await rest.delete(channel.id, posted["id"])
    assert [each.content for each in local.messages("help")] == ["two"]
    await rest.delete(channel.id, posted["id"])
    with pytest.raises(Vanished):
        await rest.edit(channel.id, posted["id"], {"content": "again"})


async def test_places_and_people_are_read(local: LocalDiscord, rest: Rest, channel: Channel) -> None:
    """As Discord's JSON."""
    anna = local.user("Anna", roles=["Support"])
    guild = local.main_guild

    assert (await rest.channel(channel.id))["name"] == "help"
    assert (await rest.guild(guild.id))["id"] == guild.id
    assert "Support" in [role["name"] for role in await rest.roles(guild.id)]
    assert (await rest.member(guild.id, anna.id))["user"]["id"] == anna.id
    assert (await rest.user_of(anna.id))["username"]
    assert await rest.direct(anna.id) == anna.dm.id
    await rest.typing(channel.id)
    assert rest.user == local.bot.id
    assert rest.application


async def test_files_are_sent_with_the_message_and_again_at_each_try(
    local: LocalDiscord, rest: Rest, channel: Channel
) -> None:
    """A form is read once; each try has its own. Names are made harmless."""
    local.fail(POST, 502)
    files = [("export.json", b'{"a": 1}'), ('a"b\r\nc/ü\ud800.txt', b"x" * 100_000)]
    posted = await rest.send(channel.id, {"content": "your data"}, nonce="1", files=files)

    assert [each["filename"] for each in posted["attachments"]] == ["export.json", "a_b__c_ü?.txt"]
    assert await rest.download(posted["attachments"][0]["url"], 100) == b'{"a": 1}'
    assert len(await rest.download(posted["attachments"][1]["url"], 100_000)) == 100_000
    [message] = local.messages("help")
    assert message.content == "your data"


async def test_half_a_character_in_a_text_is_sent_without_breaking(rest: Rest, channel: Channel) -> None:
    """JSON can hold what UTF-8 cannot."""
    posted = await rest.send(channel.id, {"content": "half \ud83d"}, nonce="1")

    assert posted["id"]


async def test_a_thread_that_is_there_already_is_given(
    local: LocalDiscord, rest: Rest, channel: Channel
) -> None:
    """Such as when the reply to the call that started it was lost; both have the message's id."""
    asked = local.user("Anna").says("help", "Hello")
    local.lose_response("POST /channels/{id}/messages/{id}/threads")
    thread = await rest.start_thread(channel.id, asked.id, "A name " * 50)

    assert thread["id"] == asked.id
    assert (await rest.start_thread(channel.id, asked.id, "again"))["id"] == asked.id
    assert len(local.threads("help")) == 1


async def test_a_call_is_repeated_while_discord_is_broken(local: LocalDiscord, rest: Rest) -> None:
    """discord.py repeats only some of these."""
    statuses = [500, 502, 503, 504, 520, 522, 524]
    channels = {status: local.channel(f"status-{status}").id for status in statuses}
    for status, id in channels.items():
        local.fail(POST, status, times=2, channel=id)
    await asyncio.gather(*(rest.send(id, {"content": "one"}, nonce="1") for id in channels.values()))

    for status, id in channels.items():
        assert [call.status for call in local.calls(POST, channel=id)] == [status, status, 200]


async def test_a_message_whose_reply_was_lost_is_there_once(
    local: LocalDiscord, rest: Rest, channel: Channel
) -> None:
    """The same nonce gives the same message, at a repeated call and at another attempt."""
    local.lose_response(POST)
    local.fail(POST, 502, performed=True)
    posted = await rest.send(channel.id, {"content": "one"}, nonce=nonce_of("message:1"))
    again = await rest.send(channel.id, {"content": "one"}, nonce=nonce_of("message:1"))

    assert len(local.calls(POST)) == 4
    assert [each.id for each in local.messages("help")] == [posted["id"]] == [again["id"]]


def test_nonces_differ_between_deliveries_and_their_parts() -> None:
    """And are as long as Discord takes."""
    nonces = [nonce_of("message:1"), nonce_of("message:1", 1), nonce_of("message:2"), nonce_of("\ud800", "x")]

    assert len(set(nonces)) == 4
    assert {len(each) for each in nonces} == {25}


async def test_a_deletion_whose_reply_was_lost_is_done(
    local: LocalDiscord, rest: Rest, channel: Channel
) -> None:
    """The repeated call finds no message."""
    posted = await rest.send(channel.id, {"content": "one"}, nonce="1")
    local.lose_response("DELETE /channels/{id}/messages/{id}")
    await rest.delete(channel.id, posted["id"])

    assert not local.messages("help")


async def test_what_is_tried_once_is_tried_once(local: LocalDiscord, rest: Rest, channel: Channel) -> None:
    """Such as an edit that the next one replaces."""
    posted = await rest.send(channel.id, {"content": "one"}, nonce="1")
    local.fail(EDIT, 503)
    with pytest.raises(NotSent):
        await rest.edit(channel.id, posted["id"], {"content": "two"}, trying_s=0)

    assert len(local.calls(EDIT)) == 1


async def test_when_discord_stays_away_it_is_said_in_time(
    local: LocalDiscord, client: discord.Client, channel: Channel
) -> None:
    """As NotSent where nothing can have happened."""
    rest = Rest(client, trying_s=1.5)
    local.rest_down()
    started = time.monotonic()
    with pytest.raises(NotSent, match="503"):
        await rest.send(channel.id, {"content": "one"}, nonce="1")
    assert time.monotonic() - started < 5
    local.rest_down(status=0)
    with pytest.raises(Unconfirmed, match="lost"):
        await rest.send(channel.id, {"content": "one"}, nonce="1")


async def test_a_server_that_is_back_is_found_again(
    local: LocalDiscord, rest: Rest, channel: Channel
) -> None:
    """Connections refused, then taken."""
    local.down()
    posting = asyncio.create_task(rest.send(channel.id, {"content": "one"}, nonce="1"))
    await asyncio.sleep(0.8)
    assert not posting.done()
    local.up()
    await posting

    assert [each.content for each in local.messages("help")] == ["one"]


async def test_a_call_that_hangs_ends_and_holds_up_nobody_for_longer(
    local: LocalDiscord, client: discord.Client, channel: Channel
) -> None:
    """Those behind it in its bucket have their turn."""
    rest = Rest(client, trying_s=1.5)
    local.slow(POST, 30)
    with pytest.raises(Unconfirmed, match="TimeoutError"):
        await rest.send(channel.id, {"content": "one"}, nonce="1")
    local.heal()
    await rest.send(channel.id, {"content": "two"}, nonce="2")

    assert "two" in [each.content for each in local.messages("help")]


async def test_a_call_that_is_cancelled_gives_its_turn_back(
    local: LocalDiscord, rest: Rest, channel: Channel
) -> None:
    """Those who wait for it, and come later, have theirs."""
    local.slow(POST, 30)
    tasks = [asyncio.create_task(rest.send(channel.id, {"content": str(n)}, nonce=str(n))) for n in range(3)]
    await local.until(lambda: local.calls(POST))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    local.heal()
    await rest.send(channel.id, {"content": "later"}, nonce="later")


async def test_refusals_name_the_call_and_are_not_repeated(
    local: LocalDiscord, rest: Rest, channel: Channel
) -> None:
    """They hold no words of people."""
    with pytest.raises(DiscordRefusal, match=r"POST /channels/\{channel_id\}/messages: 400") as caught:
        await rest.send(channel.id, {"content": "secret " * 500}, nonce="1")

    assert caught.value.code == 50035
    assert "content" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert len(local.calls(POST)) == 1
    with pytest.raises(DiscordRefusal, match="channel_id is empty"):
        await rest.send("", {"content": "one"}, nonce="1")


async def test_without_a_login_nothing_is_sent(local: LocalDiscord, channel: Channel) -> None:
    """As Unavailable: the bot may log in later."""
    rest = Rest(discord.Client(intents=discord.Intents.none()), trying_s=0.3)
    with pytest.raises(NotSent, match="not logged in"):
        await rest.send(channel.id, {"content": "one"}, nonce="1")
    with pytest.raises(NotSent, match="not logged in"):
        await rest.original("token", {"content": "one"})


async def test_a_closed_client_is_not_sent_through(client: discord.Client, channel: Channel) -> None:
    """What is asked of it at the end is NotSent."""
    rest = Rest(client, trying_s=0.3)
    await rest.channel(channel.id)
    await client.close()

    with pytest.raises(NotSent):
        await rest.channel(channel.id)
