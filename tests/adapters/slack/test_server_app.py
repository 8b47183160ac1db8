"""The local Slack reaches a real Bolt app by Socket Mode, through every surface, as Slack does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncAssistant
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slack import LocalSlack, readable

CHANNEL = "C0GENERAL"
MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "why",
    "title": {"type": "plain_text", "text": "What was wrong?"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": {"type": "plain_text", "text": "Reason"},
            "element": {
                "type": "radio_buttons",
                "action_id": "reason",
                "options": [
                    {"text": {"type": "plain_text", "text": text}, "value": text} for text in ("wrong", "old")
                ],
            },
        },
        {
            "type": "input",
            "optional": True,
            "label": {"type": "plain_text", "text": "Comment"},
            "element": {"type": "plain_text_input", "action_id": "comment", "max_length": 20},
        },
    ],
}
BUTTON = {
    "type": "actions",
    "elements": [
        {"type": "button", "action_id": "bad", "value": "7", "text": {"type": "plain_text", "text": "👎 Bad"}}
    ],
}


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack() as made:
        made.channel(CHANNEL)
        made.retry_after(0.05, ack_within_s=0.5)
        yield made


@pytest.fixture
def client(slack: LocalSlack) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


@pytest.fixture
def app(slack: LocalSlack, client: AsyncWebClient) -> AsyncApp:
    return AsyncApp(client=client, signing_secret=slack.signing_secret)


@asynccontextmanager
async def socket_mode(slack: LocalSlack, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    before = slack.sockets.count
    handler = AsyncSocketModeHandler(app, slack.app_token, web_client=app.client, ping_interval=0.2)
    await handler.connect_async()
    try:
        await slack.connected(before + 1)
        yield handler
    finally:
        await handler.close_async()


def listen(app: AsyncApp) -> list[dict[str, Any]]:
    """Every event's whole payload, as it comes."""
    heard: list[dict[str, Any]] = []

    async def hear(body: dict[str, Any]) -> None:
        heard.append(body)

    for kind in ("app_mention", "message", "reaction_added", "reaction_removed", "member_joined_channel"):
        app.event(kind)(hear)
    return heard


async def test_a_mention_comes_twice_and_a_message_once(slack: LocalSlack, app: AsyncApp) -> None:
    """As app_mention and as message, with two event ids; in a direct message there are no mentions."""
    heard = listen(app)
    anna = slack.user()
    async with socket_mode(slack, app):
        asked = anna.asks(CHANNEL, "How?")
        await slack.until(lambda: len(heard) == 2)
        anna.says(CHANNEL, "More", asked)
        anna.writes("Hi")
        await slack.until(lambda: len(heard) == 4 and slack.is_settled)
    mention, message, reply, direct = (body["event"] for body in heard)
    assert (mention["type"], message["type"], message["channel_type"]) == (
        "app_mention",
        "message",
        "channel",
    )
    assert mention["ts"] == message["ts"] == reply["thread_ts"] == asked.ts
    assert (direct["channel_type"], direct["channel"]) == ("im", anna.dm)
    assert len({body["event_id"] for body in heard}) == 4
    assert all(ack.latency_s < 0.5 for ack in slack.acks)


async def test_edits_deletions_and_reactions_are_events(slack: LocalSlack, app: AsyncApp) -> None:
    """A deleted question with answers leaves a tombstone; the bot's own messages are events too."""
    heard = listen(app)
    anna = slack.user()
    async with socket_mode(slack, app):
        alone, asked = anna.says(CHANNEL, "Oops"), anna.says(CHANNEL, "How?")
        answer = await app.client.chat_postMessage(channel=CHANNEL, thread_ts=asked.ts, text="So.")
        [posted] = slack.answers(CHANNEL, asked)
        anna.edits(asked, "Why?")
        anna.reacts(posted, "+1")
        anna.unreacts(posted, "+1")
        anna.deletes(alone)
        anna.deletes(asked)
        await slack.until(lambda: len(heard) == 7 and slack.is_settled)  # Bolt keeps the bot's own to itself
    events = [delivery.payload["event"] for delivery in slack.deliveries]
    own, edit, added, removed, gone, stone = events[2:]
    assert (own["ts"], own["bot_id"], own["app_id"]) == (answer["ts"], "B0BOT", "A0APP")
    assert (edit["message"]["text"], edit["previous_message"]["text"]) == ("Why?", "How?")
    assert (added["item"]["ts"], added["item_user"]) == (posted.ts, slack.bot_user)
    assert removed["type"] == "reaction_removed"
    assert (gone["subtype"], gone["deleted_ts"]) == ("message_deleted", alone.ts)
    assert (stone["subtype"], stone["message"]["subtype"]) == ("message_changed", "tombstone")


async def test_a_click_opens_a_modal_and_a_submission_is_judged(slack: LocalSlack, app: AsyncApp) -> None:
    """Errors keep the modal open, agreement closes it; the values arrive by block and action."""
    listen(app)
    sent: list[Any] = []

    @app.action("bad")
    async def clicked(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        sent.append((body["actions"][0]["value"], body["message"]["text"]))
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("why")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        values = view["state"]["values"]
        if values["reason"]["reason"]["selected_option"]["value"] == "wrong":
            await ack(response_action="errors", errors={"reason": "Say more."})
        else:
            await ack()
        sent.append(values)

    anna = slack.user()
    async with socket_mode(slack, app):
        await app.client.chat_postMessage(channel=CHANNEL, text="So.", blocks=[BUTTON])
        anna.clicks(slack.messages(CHANNEL)[0], "👎 Bad")
        modal = await slack.until(lambda: anna.modal)
        assert "What was wrong?" in readable(modal)
        with pytest.raises(AssertionError, match="required"):
            anna.submits({"Comment": "x"})
        anna.submits({"Reason": "wrong"})
        await slack.until(lambda: modal.errors == {"reason": "Say more."})
        anna.submits({"Reason": "old", "Comment": "since March"})
        await slack.until(lambda: anna.modal is None)
    assert sent[0] == ("7", "So.")
    [comment] = [v for name, v in sent[-1].items() if name != "reason"]
    assert comment["comment"]["value"] == "since March"


async def test_a_trigger_serves_once_and_briefly(slack: LocalSlack, client: AsyncWebClient) -> None:
    """After three seconds it has expired; the second view finds it exchanged."""
    slack.hold()
    anna = slack.user()
    first, late = (anna.runs("/ask", "", CHANNEL).payload["trigger_id"] for _ in range(2))
    await client.views_open(trigger_id=first, view=MODAL)
    errors = []
    for trigger in (first, late, "none"):
        if trigger == late:
            slack.world.clock.advance(3.5)
            trigger = anna.runs("/ask", "", CHANNEL).payload["trigger_id"]
            slack.world.clock.advance(3.5)
        with pytest.raises(SlackApiError) as caught:
            await client.views_open(trigger_id=trigger, view=MODAL)
        errors.append(caught.value.response["error"])
    assert errors == ["exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id"]
    long = MODAL | {"title": {"type": "plain_text", "text": "x" * 25}}
    with pytest.raises(SlackApiError) as caught:
        await client.views_open(trigger_id=anna.runs("/ask", "", CHANNEL).payload["trigger_id"], view=long)
    assert caught.value.response["error"] == "invalid_arguments"


async def test_commands_and_shortcuts_reach_the_app(slack: LocalSlack, app: AsyncApp) -> None:
    """What a command is acknowledged with is its caller's; a shortcut brings its message."""
    shortcuts: list[Any] = []

    @app.command("/ask")
    async def asked(ack: Any, command: dict[str, Any], respond: Any) -> None:
        await ack(f"You asked {command['text']}")
        await respond("All of you", response_type="in_channel")

    @app.message_shortcut("answer")
    async def used(ack: Any, shortcut: dict[str, Any]) -> None:
        await ack()
        shortcuts.append(shortcut["message"]["text"])

    listen(app)
    anna = slack.user()
    async with socket_mode(slack, app):
        anna.runs("/ask", "How?", CHANNEL)
        await slack.until(lambda: slack.messages(CHANNEL) and anna.ephemerals(CHANNEL))
        anna.uses_shortcut("answer", anna.says(CHANNEL, "Why?"))
        await slack.until(lambda: shortcuts)
    assert [m.text for m in anna.ephemerals(CHANNEL)] == ["You asked How?"]
    assert slack.messages(CHANNEL)[0].text == "All of you"
    assert shortcuts == ["Why?"]


async def test_what_is_not_acknowledged_comes_again_unless_it_is_a_command(
    slack: LocalSlack, app: AsyncApp
) -> None:
    """Events are retried with their number and reason, over the same event id; commands are not."""
    anna = slack.user()
    async with socket_mode(slack, app):  # no listener: Bolt acknowledges nothing
        anna.says(CHANNEL, "How?")
        command = anna.runs("/ask", "How?", CHANNEL)
        await slack.until(lambda: slack.is_settled)
    [event] = [d for d in slack.deliveries if d.kind == "events_api"]
    assert [(a.number, a.reason) for a in event.attempts] == [(0, ""), (1, "timeout")]
    assert not event.acked
    assert len(command.attempts) == 1


async def test_sockets_take_turns_and_one_event_may_come_over_both(slack: LocalSlack, app: AsyncApp) -> None:
    """Two replicas share the events; a duplicate has the same event id; a lost ack brings it again."""
    heard = listen(app)
    anna = slack.user()
    async with socket_mode(slack, app), socket_mode(slack, app):
        for number in range(4):
            anna.says(CHANNEL, f"{number}")
        await slack.until(lambda: len(heard) == 4)
        assert {a.socket for d in slack.deliveries for a in d.attempts} == {1, 2}
        slack.duplicate()
        anna.says(CHANNEL, "twice")
        await slack.until(lambda: len(heard) == 6)
        assert heard[4]["event_id"] == heard[5]["event_id"]
        slack.lose_acks()
        anna.says(CHANNEL, "again")
        await slack.until(lambda: len(heard) == 8)
        await slack.until(lambda: slack.is_settled)
    assert slack.deliveries[-1].acked


async def test_a_dropped_or_refreshed_socket_is_opened_anew(slack: LocalSlack, app: AsyncApp) -> None:
    """And what came meanwhile is delivered on the new one."""
    heard = listen(app)
    slack.retry_after(0, 1, 1, 1, ack_within_s=2)
    async with socket_mode(slack, app):
        slack.refresh_sockets()
        await slack.until(lambda: slack.sockets.opened == 2)
        slack.drop_sockets()
        slack.user().says(CHANNEL, "How?")
        await slack.until(lambda: heard)
    assert slack.sockets.opened >= 3


async def test_home_and_assistant_are_served(slack: LocalSlack, app: AsyncApp) -> None:
    """A Home is published to one person; a thread of the assistant has prompts, a title and a status."""
    assistant = AsyncAssistant()

    @assistant.thread_started
    async def started(set_suggested_prompts: Any) -> None:
        await set_suggested_prompts(prompts=["How?"])

    @assistant.user_message
    async def asked(set_title: Any, set_status: Any, say: Any) -> None:
        await set_title("On how")
        await set_status("thinking")
        await say("So.")

    app.use(assistant)

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        text = {"type": "plain_text", "text": "Welcome"}
        view = {"type": "home", "blocks": [{"type": "header", "text": text}]}
        await client.views_publish(user_id=event["user"], view=view)

    anna = slack.user()
    async with socket_mode(slack, app):
        anna.opens_home()
        home = await slack.until(lambda: anna.home)
        thread = anna.opens_assistant_thread(CHANNEL)
        await slack.until(lambda: slack.prompts(anna.dm, thread))
        anna.writes("How?", thread)
        [answer] = await slack.until(lambda: slack.answers(anna.dm, thread))
    assert (readable(home), answer.text, slack.title(anna.dm, thread)) == ("Welcome", "So.", "On how")
    assert (slack.statuses, slack.status(anna.dm, thread)) == (["thinking"], None)
