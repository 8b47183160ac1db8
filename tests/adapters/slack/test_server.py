"""The local Slack's Web API keeps Slack's promises, asked by the real slack_sdk."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.servers.slack import LocalSlack, pings, readable

CHANNEL = "C0GENERAL"


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack() as made:
        made.channel(CHANNEL)
        yield made


@pytest.fixture
def client(slack: LocalSlack) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


async def refused(call: Awaitable[Any]) -> str:
    """The error that Slack answers with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


def section(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **fields}


def button(text: str, action_id: str, **fields: Any) -> dict[str, Any]:
    label = {"type": "plain_text", "text": text}
    return {"type": "button", "text": label, "action_id": action_id, **fields}


async def test_a_token_is_known_revoked_unknown_or_missing(slack: LocalSlack, client: AsyncWebClient) -> None:
    """auth.test tells who the bot is; every other kind of token is refused by its own error."""
    known = await client.auth_test()
    assert (known["user_id"], known["team_id"]) == (slack.bot_user, slack.team)
    assert "chat:write" in known.headers["x-oauth-scopes"]
    assert await refused(client.auth_test(token="xoxb-other")) == "invalid_auth"
    assert await refused(AsyncWebClient(base_url=slack.api_url).auth_test()) == "not_authed"
    assert await refused(client.api_call("chat.dance")) == "unknown_method"
    slack.revoke_token()
    assert await refused(client.auth_test()) == "token_revoked"


async def test_a_scope_that_is_missing_is_named(slack: LocalSlack, client: AsyncWebClient) -> None:
    """missing_scope comes with what is needed and what is there."""
    slack.set_scopes("chat:write")
    with pytest.raises(SlackApiError) as caught:
        await client.users_info(user="U0ADMIN")
    answer = caught.value.response
    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "users:read",
        "chat:write",
    )


async def test_messages_are_kept_with_their_threads(slack: LocalSlack, client: AsyncWebClient) -> None:
    """What is posted, updated and deleted is what replies and history show, page by page."""
    asked = slack.user().says(CHANNEL, "How?")
    first = await client.chat_postMessage(channel=CHANNEL, thread_ts=asked.ts, text="So.")
    for number in range(3):
        await client.chat_postMessage(channel=CHANNEL, thread_ts=asked.ts, text=f"more {number}")
    await client.chat_update(channel=CHANNEL, ts=first["ts"], text="Like this.")

    pages = [
        [message["text"] for message in page["messages"]]
        async for page in await client.conversations_replies(channel=CHANNEL, ts=asked.ts, limit=2)
    ]
    assert pages == [["How?", "Like this."], ["more 0", "more 1"], ["more 2"]]
    [root] = (await client.conversations_history(channel=CHANNEL))["messages"]
    assert root["reply_count"] == 4

    await client.chat_delete(channel=CHANNEL, ts=first["ts"])
    assert [m.text for m in slack.messages(CHANNEL, asked)] == ["more 0", "more 1", "more 2"]
    assert await refused(client.chat_update(channel=CHANNEL, ts=asked.ts, text="x")) == "cant_update_message"
    assert await refused(client.chat_delete(channel=CHANNEL, ts=first["ts"])) == "message_not_found"


async def test_where_the_bot_may_not_post_it_is_told_why(slack: LocalSlack, client: AsyncWebClient) -> None:
    """Unknown, private, left and archived channels, and threads that are not there."""
    slack.channel("C0OUT", bot=False)
    slack.channel("C0SECRET", "private", bot=False)
    slack.channel("C0OLD")
    slack.archive("C0OLD")
    slack.add_workspace("T0OTHER", "Other")
    slack.channel("C0OTHER", team="T0OTHER")
    errors = [
        await refused(client.chat_postMessage(channel=channel, text="x"))
        for channel in ("C0NONE", "C0OUT", "C0SECRET", "C0OLD", "C0OTHER")
    ]
    assert errors == [
        "channel_not_found",
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "channel_not_found",
    ]
    lost = client.chat_postMessage(channel=CHANNEL, thread_ts="1.000001", text="x")
    assert await refused(lost) == "thread_not_found"


@pytest.mark.parametrize(
    ("error", "content"),
    [
        ("no_text", {}),
        ("msg_too_long", {"text": "x" * 40_001}),
        ("markdown_text_conflict", {"text": "x", "markdown_text": "y"}),
        ("msg_too_long", {"markdown_text": "x" * 12_001}),
        ("invalid_blocks", {"blocks": [section("x" * 3001)]}),
        ("invalid_blocks", {"blocks": [section("")]}),
        ("invalid_blocks", {"blocks": [{"type": "divider"}] * 51}),
        ("invalid_blocks", {"blocks": [{"type": "dance"}]}),
        ("invalid_blocks", {"blocks": [section("x", block_id="a"), section("y", block_id="a")]}),
        (
            "invalid_blocks",
            {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
        ),
        ("invalid_blocks", {"blocks": [{"type": "actions", "elements": [button("x" * 76, "a")]}]}),
        (
            "invalid_blocks",
            {"blocks": [{"type": "actions", "elements": [button("x", "a", value="x" * 2001)]}]},
        ),
        ("invalid_blocks", {"blocks": [{"type": "actions", "elements": [button("x", "a" * 256)]}]}),
        (
            "invalid_blocks",
            {"blocks": [{"type": "actions", "elements": [button("x", "a"), button("y", "a")]}]},
        ),
        (
            "invalid_blocks",
            {"blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}]},
        ),
        ("invalid_blocks", {"blocks": [section("x", accessory={"type": "overflow", "options": []})]}),
        ("msg_blocks_too_long", {"blocks": [{"type": "markdown", "text": "x" * 6001}] * 2}),
        ("msg_blocks_too_long", {"blocks": [section("x" * 2900)] * 5}),
    ],
)
async def test_a_message_over_a_limit_is_refused(
    client: AsyncWebClient, error: str, content: dict[str, Any]
) -> None:
    """Each of Slack's documented limits has its error."""
    assert await refused(client.api_call("chat.postMessage", json={"channel": CHANNEL, **content})) == error


async def test_a_message_at_the_limits_is_taken(slack: LocalSlack, client: AsyncWebClient) -> None:
    """Markdown of 12,000 characters with feedback buttons below it, unless this Slack does not know those."""
    halves = {
        f"{side}_button": {"text": {"type": "plain_text", "text": sign}, "value": side}
        for side, sign in (("positive", "👍"), ("negative", "👎"))
    }
    feedback = {"type": "feedback_buttons", "action_id": "feedback", **halves}
    blocks = [
        {"type": "markdown", "text": "x" * 12_000},
        {"type": "context_actions", "elements": [feedback]},
    ]
    await client.chat_postMessage(channel=CHANNEL, text="x", blocks=blocks)
    slack.without("feedback_buttons")
    assert (
        await refused(client.chat_postMessage(channel=CHANNEL, text="x", blocks=blocks)) == "invalid_blocks"
    )


async def test_a_stream_grows_until_it_is_stopped(slack: LocalSlack, client: AsyncWebClient) -> None:
    """The SDK's own stream: text is appended, blocks end it, and nothing is appended afterwards."""
    asked = slack.user().says(CHANNEL, "How?")
    stream = await client.chat_stream(
        channel=CHANNEL,
        thread_ts=asked.ts,
        recipient_team_id=slack.team,
        recipient_user_id="U0ANNA",
        buffer_size=1,
    )
    await stream.append(markdown_text="Like **")
    [message] = slack.messages(CHANNEL, asked)
    assert message.is_streaming
    busy = client.chat_update(channel=CHANNEL, ts=message.ts, text="x")
    assert await refused(busy) == "streaming_state_conflict"
    await stream.append(markdown_text="this**.")
    await stream.stop(blocks=[section("Sources")])
    assert readable(message) == "Like **this**.\nSources"
    late = client.chat_appendStream(channel=CHANNEL, ts=message.ts, markdown_text="x")
    assert await refused(late) == "message_not_in_streaming_state"
    await client.chat_update(channel=CHANNEL, ts=message.ts, text="x", blocks=[])


async def test_a_stream_needs_a_recipient_and_does_not_wait(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    """In channels both ids are needed; after five minutes without a word a stream is over; it may be unknown."""
    anna = slack.user()
    asked, written = anna.says(CHANNEL, "How?"), anna.writes("How?")
    to: dict[str, str] = {"channel": CHANNEL, "thread_ts": asked.ts}
    assert await refused(client.chat_startStream(**to)) == "missing_recipient_team_id"
    half = client.chat_startStream(**to, recipient_team_id=slack.team)
    assert await refused(half) == "missing_recipient_user_id"
    begun = await client.chat_startStream(channel=anna.dm, thread_ts=written.ts, markdown_text="So")
    slack.world.clock.advance(301)
    late = client.chat_appendStream(channel=anna.dm, ts=begun["ts"], markdown_text="x")
    assert await refused(late) == "message_not_in_streaming_state"
    slack.without_streaming()
    assert await refused(client.chat_startStream(**to)) == "unknown_method"


async def test_a_person_may_stop_a_stream(slack: LocalSlack, client: AsyncWebClient) -> None:
    """What was streamed stays, and appending more is refused with the reason."""
    anna = slack.user()
    begun = await client.chat_startStream(
        channel=anna.dm, thread_ts=anna.writes("How?").ts, markdown_text="So"
    )
    [message] = slack.answers(anna.dm)
    anna.stops(message)
    more = client.chat_appendStream(channel=anna.dm, ts=begun["ts"], markdown_text="x")
    assert await refused(more) == "stopped_by_user"
    assert message.text == "So"


async def test_a_limit_holds_for_its_method_and_channel(slack: LocalSlack, client: AsyncWebClient) -> None:
    """429 with Retry-After, as often as asked, and for nothing else."""
    slack.channel("C0B")
    slack.limit("chat.postMessage", CHANNEL, times=2, retry_after=7)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel=CHANNEL, text="x")
        assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
        assert caught.value.response.headers["retry-after"] == "7"
        await client.chat_postMessage(channel="C0B", text="x")
    await client.chat_postMessage(channel=CHANNEL, text="x")

    slack.limit("chat.postMessage", retry_after=1)
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    began = time.monotonic()
    await client.chat_postMessage(channel=CHANNEL, text="at last")
    assert time.monotonic() - began >= 1


async def test_a_pace_is_kept_per_channel(slack: LocalSlack, client: AsyncWebClient) -> None:
    """Two messages at once in one channel are one too many, in two channels they are not."""
    slack.channel("C0B")
    slack.pace("chat.postMessage", 60)
    await client.chat_postMessage(channel=CHANNEL, text="x")
    await client.chat_postMessage(channel="C0B", text="x")
    assert await refused(client.chat_postMessage(channel=CHANNEL, text="x")) == "ratelimited"


async def test_slack_goes_down_and_comes_back(slack: LocalSlack, client: AsyncWebClient) -> None:
    """Refused connections, then 503, then the same port and state as before."""
    await client.chat_postMessage(channel=CHANNEL, text="before")
    slack.down()
    with pytest.raises(aiohttp.ClientError):
        await client.auth_test()
    slack.up()
    slack.down(503)
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert caught.value.response.status_code == 503
    slack.up()
    await client.auth_test()
    assert [m.text for m in slack.messages(CHANNEL)] == ["before"]


async def test_reactions_are_added_once(slack: LocalSlack, client: AsyncWebClient) -> None:
    """A second time, and taking back what is not there, are refused."""
    asked = slack.user().says(CHANNEL, "How?")
    at: dict[str, str] = {"channel": CHANNEL, "timestamp": asked.ts, "name": "eyes"}
    await client.reactions_add(**at)
    assert await refused(client.reactions_add(**at)) == "already_reacted"
    assert asked.reactions == {"eyes": [slack.bot_user]}
    await client.reactions_remove(**at)
    assert await refused(client.reactions_remove(**at)) == "no_reaction"


async def test_ephemeral_messages_are_one_persons(slack: LocalSlack, client: AsyncWebClient) -> None:
    """They stand in nobody's history, and only for people who are in the channel."""
    anna = slack.user()
    anna.says(CHANNEL, "How?")
    await client.chat_postEphemeral(channel=CHANNEL, user=anna.id, text="psst")
    assert [m.text for m in anna.ephemerals(CHANNEL)] == ["psst"]
    assert [m.text for m in slack.messages(CHANNEL)] == ["How?"]
    away = client.chat_postEphemeral(channel=CHANNEL, user=slack.user("U0BEN").id, text="psst")
    assert await refused(away) == "user_not_in_channel"


async def test_a_response_url_serves_five_times_and_half_an_hour(slack: LocalSlack) -> None:
    """It shows to one or to all, and then it is used up or expired."""
    anna = slack.user()
    slack.hold()
    used = AsyncWebhookClient(anna.runs("/ask", "How?", CHANNEL).payload["response_url"])
    await used.send(text="only you")
    await used.send(text="everybody", response_type="in_channel")
    assert [m.text for m in anna.ephemerals(CHANNEL)] == ["only you"]
    assert [m.text for m in slack.messages(CHANNEL)] == ["everybody"]
    statuses = [(await used.send(text="x")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 404]
    late = AsyncWebhookClient(anna.runs("/ask", "How?", CHANNEL).payload["response_url"])
    slack.world.clock.advance(1801)
    answer = await late.send(text="x")
    assert (answer.status_code, "expired_url" in answer.body) == (404, True)


async def test_live_mentions_are_seen_wherever_they_are_read(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    """In text, mrkdwn and markdown blocks, and not where they are escaped or plain text."""
    live = [section("<!channel> and <@U0ANNA>"), {"type": "markdown", "text": "<!subteam^S0EXPERTS>"}]
    plain = {"type": "header", "text": {"type": "plain_text", "text": "<!here>"}}
    await client.chat_postMessage(channel=CHANNEL, text="&lt;!everyone&gt;", blocks=[*live, plain])
    [message] = slack.messages(CHANNEL)
    assert pings(message) == ["!channel", "@U0ANNA", "!subteam^S0EXPERTS"]
    assert "@channel and @U0ANNA" in readable(message)
