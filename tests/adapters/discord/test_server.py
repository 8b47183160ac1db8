"""The local Discord's REST API, spoken to by discord.py: messages, reactions, threads, refusals, limits."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import aiohttp
import discord
import pytest

from tests.adapters.discord.clients import Bot, running
from tests.servers.discord import LocalDiscord, pings, readable

NOBODY = discord.AllowedMentions.none()


@pytest.fixture
async def bot(local: LocalDiscord) -> AsyncIterator[Bot]:
    local.channel("help")
    async with running(local) as made:
        yield made


def place(bot: Bot, local: LocalDiscord, name: str = "help") -> discord.TextChannel:
    found = bot.get_channel(int(local.channel(name).id))
    assert isinstance(found, discord.TextChannel)
    return found


async def refused(call: Awaitable[Any]) -> tuple[int, int]:
    """Status and code that Discord answers with."""
    with pytest.raises(discord.HTTPException) as caught:
        await call
    return caught.value.status, caught.value.code


async def test_messages_are_kept_with_their_replies(local: LocalDiscord, bot: Bot) -> None:
    """What is sent, edited and deleted is what history shows, oldest last, a reply with what it replies to."""
    channel = place(bot, local)
    asked = local.user("Anna").says("help", "How?")
    [heard] = await local.until(lambda: bot.heard)
    answer = await heard.reply("So.", mention_author=False)
    await channel.send("more")
    await answer.edit(content="Like this.")
    shown = [message async for message in channel.history(limit=10)]
    assert [m.content for m in shown] == ["more", "Like this.", "How?"]
    assert shown[1].reference
    assert shown[1].reference.message_id == int(asked.id)
    assert shown[1].edited_at
    assert len(local.answers("help")[0].edits) == 1
    await answer.delete()
    assert [m.content for m in local.messages("help")] == ["How?", "more"]
    assert await refused(channel.fetch_message(answer.id)) == (404, 10008)
    assert await refused(heard.edit(content="x")) == (403, 50005)
    assert await refused(heard.delete()) == (403, 50013)


async def test_a_nonce_that_came_before_brings_the_same_message(local: LocalDiscord, bot: Bot) -> None:
    """Sent twice it stands once; after a while it is forgotten; more than 25 characters are no nonce."""
    channel = place(bot, local)
    first = await channel.send("once", nonce="n1")
    assert (await channel.send("once", nonce="n1")).id == first.id
    assert (await channel.send("once", nonce="n2")).id != first.id
    local.world.clock.advance(301)
    await channel.send("once", nonce="n1")
    assert len(local.answers("help")) == 3
    assert await refused(channel.send("x", nonce="n" * 26)) == (400, 50035)


@pytest.mark.parametrize(
    ("place_", "content"),
    [
        ("content", {"content": "x" * 2001}),
        ("embeds", {"embeds": [{"title": "x"}] * 11}),
        ("embeds", {"embeds": [{"description": "x" * 4097}]}),
        ("embeds", {"embeds": [{"title": "x" * 257}]}),
        ("embeds", {"embeds": [{"fields": [{"name": "x", "value": "x"}] * 26}]}),
        ("embeds", {"embeds": [{"fields": [{"name": "x", "value": "x" * 1025}]}]}),
        ("embeds", {"embeds": [{"fields": [{"name": "", "value": "x"}]}]}),
        ("embeds", {"embeds": [{"footer": {"text": "x" * 2049}}]}),
        ("embeds", {"embeds": [{"description": "x" * 3001}, {"description": "x" * 3001}]}),
        ("embeds", {"embeds": [{"title": "x", "url": "file:///etc/passwd"}]}),
        ("components", {"components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x"}]}]}),
        ("components", {"components": [{"type": 99}]}),
        ("components", {"components": [{"type": 10, "content": "x"}]}),
        (
            "components",
            {
                "components": [
                    {"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "a"}] * 2}
                ]
            },
        ),
        (
            "components",
            {
                "components": [
                    {"type": 1, "components": [{"type": 2, "style": 1, "label": "x" * 81, "custom_id": "a"}]}
                ]
            },
        ),
        (
            "components",
            {
                "components": [
                    {"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "a" * 101}]}
                ]
            },
        ),
        ("components", {"components": [{"type": 1, "components": []}]}),
        ("allowed_mentions", {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}),
        ("content", {"content": "x", "flags": 1 << 15, "components": [{"type": 10, "content": "x"}]}),
    ],
)
async def test_a_message_over_a_limit_is_refused(
    local: LocalDiscord, bot: Bot, place_: str, content: dict[str, Any]
) -> None:
    """Each of the documented limits brings 50035, with where it is."""
    channel = place(bot, local)
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=channel.id)
    assert await refused(bot.http.request(route, json=content)) == (400, 50035)
    assert place_ in local.calls("POST /channels/{id}/messages")[-1].answer["errors"]


async def test_a_message_at_the_limits_is_taken(local: LocalDiscord, bot: Bot) -> None:
    """2,000 characters, 6,000 in embeds, five rows of five buttons; and a layout of text displays."""
    channel = place(bot, local)
    view = discord.ui.View(timeout=None)
    for number in range(25):
        view.add_item(discord.ui.Button(label="x" * 80, custom_id=f"{number}"))
    embeds = [discord.Embed(description="x" * 4096), discord.Embed(description="x" * 1904)]
    await channel.send("x" * 2000, embeds=embeds, view=view)
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(discord.ui.Container(discord.ui.TextDisplay("In a box")))
    await channel.send(view=layout)
    assert "In a box" in readable(local.answers("help")[-1])
    assert await refused(channel.send(" ")) == (400, 50006)


async def test_only_allowed_mentions_call_anybody(local: LocalDiscord, bot: Bot) -> None:
    """Without rules all that is written; everyone and closed roles need a permission; none means nobody."""
    anna, role = local.user("Anna"), local.role("Experts", mentionable=True)
    closed = local.role("Closed")
    text = f"@everyone {anna.mention} {role.mention} {closed.mention}"
    channel = place(bot, local)
    await channel.send(text)
    await channel.send(text, allowed_mentions=NOBODY)
    local.give_permission("help", "mention_everyone")
    await channel.send(text)
    await channel.send(
        text, allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, users=True)
    )
    asked = anna.says("help", "How?")
    await channel.send(
        "x", reference=discord.MessageReference(message_id=int(asked.id), channel_id=channel.id)
    )
    assert [pings(m) for m in local.answers("help")] == [
        [anna.mention, role.mention],
        [],
        ["@everyone", anna.mention, role.mention, closed.mention],
        [anna.mention],
        [anna.mention],
    ]


async def test_where_the_bot_may_not_it_is_told(local: LocalDiscord, bot: Bot) -> None:
    """Unknown and hidden channels, and each permission that is missing."""
    channel = place(bot, local)
    assert await refused(bot.fetch_channel(1)) == (404, 10003)
    asked = local.user("Anna").says("help", "How?")
    local.remove_permission("help", "embed_links", "attach_files", "add_reactions")
    assert await refused(channel.send(embed=discord.Embed(title="x"))) == (403, 50013)
    assert await refused(channel.send(file=discord.File(io.BytesIO(b"x"), "a.txt"))) == (403, 50013)
    assert await refused(bot.http.add_reaction(channel.id, int(asked.id), "👍")) == (403, 50013)
    await channel.send("plain")
    local.remove_permission("help", "read_message_history")
    reference = discord.MessageReference(message_id=int(asked.id), channel_id=channel.id)
    assert await refused(channel.send("x", reference=reference)) == (403, 160002)
    assert [m async for m in channel.history()] == []
    local.remove_permission("help", "send_messages")
    assert await refused(channel.send("x")) == (403, 50013)
    local.remove_permission("help", "view_channel")
    assert await refused(channel.send("x")) == (403, 50001)
    local.delete_channel("help")
    assert await refused(channel.send("x")) == (404, 10003)


async def test_direct_messages_reach_those_who_take_them(local: LocalDiscord, bot: Bot) -> None:
    """One channel per person; 50007 for whom it is closed."""
    anna = local.user("Anna")
    user = await bot.fetch_user(int(anna.id))
    await user.send("psst")
    assert [m.content for m in local.messages(anna.dm)] == ["psst"]
    anna.user.accepts_dms = False
    assert await refused(user.send("psst")) == (403, 50007)


async def test_reactions_are_counted_per_person(local: LocalDiscord, bot: Bot) -> None:
    """The bot's and people's, each once; taken back they are gone, and the gateway tells of people's."""
    asked = local.user("Anna").says("help", "How?")
    [heard] = await local.until(lambda: bot.heard)
    await heard.add_reaction("👀")
    await heard.add_reaction("👀")
    local.user("Ben").reacts(asked, "👀")
    assert asked.reactions == {"👀": [local.bot.id, local.user("Ben").id]}
    added = await local.until(lambda: [e for e in bot.of("raw_reaction_add") if e.user_id != bot.user.id])
    assert added[0].message_id == heard.id
    assert added[0].member.name == "ben"
    await heard.remove_reaction("👀", discord.Object(int(local.bot.id)))
    assert await refused(heard.remove_reaction("👀", discord.Object(int(local.user("Ben").id)))) == (
        403,
        50013,
    )
    local.user("Ben").unreacts(asked, "👀")
    await local.until(lambda: [e for e in bot.of("raw_reaction_remove") if e.user_id != bot.user.id])
    assert await refused(heard.add_reaction("smile")) == (400, 10014)


async def test_threads_hold_messages_of_their_own(local: LocalDiscord, bot: Bot) -> None:
    """From a message, once; archived ones open when somebody writes, but nothing in them is edited; locked ones do not."""
    asked = local.user("Anna").says("help", "How?")
    [heard] = await local.until(lambda: bot.heard)
    thread = await heard.create_thread(name="How?")
    assert thread.id == heard.id
    assert await refused(heard.create_thread(name="Again")) == (400, 160004)
    answer = await thread.send("So.")
    [channel] = local.threads("help")
    assert channel is local.thread_of(asked)
    assert channel.message_count == 1
    local.archive(channel)
    assert await refused(answer.edit(content="x")) == (400, 50083)
    await thread.send("again")
    assert not channel.is_archived
    local.archive(channel, locked=True)
    assert await refused(thread.send("x")) == (400, 50083)
    first, *_ = [m async for m in thread.history(oldest_first=True)]
    assert first.type is discord.MessageType.thread_starter_message
    assert [m.content for m in local.messages(channel)] == ["So.", "again"]
    await local.until(lambda: bot.of("thread_create"))


async def test_forums_hold_posts_with_tags(local: LocalDiscord, bot: Bot) -> None:
    """A person's post arrives as a thread and its message, of the same id; messages do not fit, tags may be needed."""
    forum = local.forum("questions", tags=["billing", "other"], requires_tag=True)
    await local.until(lambda: bot.get_channel(int(forum.id)))
    post = local.user("Anna").posts("questions", "Refunds", "How long?", tags=["billing"])
    [heard] = await local.until(lambda: bot.heard)
    thread = heard.channel
    assert isinstance(thread, discord.Thread)
    assert heard.id == thread.id == int(post.id)
    assert [tag.name for tag in thread.applied_tags] == ["billing"]
    await thread.send("Five days.")
    assert [m.content for m in local.answers(post)] == ["Five days."]
    found = bot.get_channel(int(forum.id))
    assert isinstance(found, discord.ForumChannel)
    assert await refused(found.create_thread(name="x", content="x")) == (400, 40067)
    made = await found.create_thread(name="x", content="x", applied_tags=[found.available_tags[1]])
    assert made.message.id == made.thread.id
    assert await refused(
        bot.http.send_message(found.id, params=discord.http.handle_message_parameters("x"))
    ) == (
        400,
        50008,
    )


async def test_files_are_served_where_messages_say(local: LocalDiscord, bot: Bot) -> None:
    """The bot's, with their descriptions, and people's."""
    channel = place(bot, local)
    sent = await channel.send("here", file=discord.File(io.BytesIO(b"text"), "a.txt", description="A text"))
    assert (sent.attachments[0].description, await sent.attachments[0].read()) == ("A text", b"text")
    local.user("Anna").says("help", "look", files=[("b.png", b"png")])
    [heard] = await local.until(lambda: bot.heard)
    assert (heard.attachments[0].content_type, await heard.attachments[0].read()) == ("image/png", b"png")
    local.world.attachment_limit = 3
    assert await refused(channel.send(file=discord.File(io.BytesIO(b"text"), "a.txt"))) == (413, 40005)


async def test_a_limit_is_told_as_discord_or_as_cloudflare_tells_it(local: LocalDiscord, bot: Bot) -> None:
    """discord.py waits where there is a Via header, and gives up without; both count as invalid requests."""
    channel = place(bot, local)
    local.limit("POST /channels/{id}/messages", retry_after=0.1, channel=str(channel.id))
    await channel.send("waited")
    assert [c.status for c in local.calls("POST /channels/{any}/messages")] == [429, 200]
    local.limit("POST /channels/{id}/messages", via=False)
    assert await refused(channel.send("not sent")) == (429, 0)
    local.limit("POST /channels/{id}/messages", retry_after=0.1, global_=True)
    await channel.send("waited too")
    assert local.invalid_requests == [429, 429, 429]


async def test_buckets_empty_and_fill_again(local: LocalDiscord, bot: Bot) -> None:
    """Two calls in half a second: the third is refused with when to come again, and other channels are others."""
    local.pace("POST /channels/{id}/messages", 2, per_s=0.5)
    help_, other = local.channel("help"), local.channel("other")
    headers = {"Authorization": f"Bot {local.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def post(channel: Any) -> tuple[int, Any, Any]:
            url = f"{local.api_url}/channels/{channel.id}/messages"
            async with session.post(url, json={"content": "x"}) as answer:
                return answer.status, answer.headers["X-RateLimit-Remaining"], await answer.json()

        assert [(await post(help_))[:2] for _ in range(2)] == [(200, "1"), (200, "0")]
        status, _, body = await post(help_)
        assert status == 429
        assert 0 < body["retry_after"] <= 0.5
        assert body["global"] is False
        assert (await post(other))[0] == 200
        local.world.clock.advance(0.6)
        assert (await post(help_))[0] == 200


async def test_the_rest_api_says_what_it_does_not_know(local: LocalDiscord) -> None:
    """Bad tokens, routes and methods that are not there, JSON that is none."""
    async with aiohttp.ClientSession() as session:
        bot = {"Authorization": f"Bot {local.bot_token}"}
        calls = [
            ("GET", "/users/@me", {}, None, 401),
            ("GET", "/users/@me", {"Authorization": "Bot other"}, None, 401),
            ("GET", "/nothing", bot, None, 404),
            ("PUT", "/users/@me", bot, None, 405),
            ("POST", f"/channels/{local.channel('help').id}/messages", bot, "{", 400),
        ]
        for method, path, headers, data, status in calls:
            async with session.request(method, local.api_url + path, headers=headers, data=data) as answer:
                assert (answer.status, answer.content_type) == (status, "application/json")
    assert local.invalid_requests == [401, 401]


async def test_a_lost_response_was_carried_out(local: LocalDiscord, bot: Bot) -> None:
    """The message stands though the connection broke; a nonce finds it again."""
    channel = place(bot, local)
    local.lose_response("POST /channels/{id}/messages")
    with pytest.raises(aiohttp.ClientError):
        await channel.send("once", nonce="n")
    await channel.send("once", nonce="n")
    assert [m.content for m in local.answers("help")] == ["once"]
    local.fail("POST /channels/{id}/messages", 403, 50013)
    assert await refused(channel.send("x")) == (403, 50013)
    local.rest_down(503)
    assert (await refused(channel.send("x")))[0] == 503
    local.rest_up()
    await channel.send("x")
    assert local.live_sessions == 1
