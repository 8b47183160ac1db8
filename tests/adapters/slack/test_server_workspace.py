"""The local Slack's workspaces, people and views behave as Slack's; asked by slack_sdk, heard as deliveries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slack import LocalSlack

CHANNEL = "C0GENERAL"


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack() as made:
        made.channel(CHANNEL)
        made.hold()
        yield made


@pytest.fixture
def client(slack: LocalSlack) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


async def refused(call: Awaitable[Any]) -> str:
    """The error that Slack answers with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


def text(value: str) -> dict[str, str]:
    return {"type": "plain_text", "text": value}


def modal(**fields: Any) -> dict[str, Any]:
    blocks = [{"type": "section", "text": text("Hello")}]
    return {"type": "modal", "title": text("Title"), "blocks": blocks, **fields}


def typed(label: str, **fields: Any) -> dict[str, Any]:
    return {"type": "input", "label": text(label), "element": {"type": "plain_text_input"} | fields}


def events(slack: LocalSlack) -> list[tuple[str, str | None]]:
    """Type and subtype of what was sent so far."""
    sent = [d.payload["event"] for d in slack.deliveries if d.kind == "events_api"]
    return [(event["type"], event.get("subtype")) for event in sent]


@pytest.mark.parametrize(
    "view",
    [
        modal(title=text("x" * 25)),
        modal(submit=text("x" * 25)),
        modal(private_metadata="x" * 3001),
        modal(callback_id="x" * 256),
        modal(blocks=[]),
        modal(blocks=[{"type": "divider"}] * 101),
        modal(blocks=[{"type": "markdown", "text": "x"}]),
        modal(blocks=[typed("Comment")]),
        modal(submit=text("Send"), blocks=[typed("x" * 2001)]),
        modal(submit=text("Send"), blocks=[typed("Comment", max_length=3001)]),
        modal(submit=text("Send"), blocks=[typed("Comment", initial_value="x" * 3001)]),
        {"type": "home", "blocks": [{"type": "divider"}], "submit": text("Send")},
    ],
)
async def test_a_view_over_a_limit_is_refused(
    slack: LocalSlack, client: AsyncWebClient, view: dict[str, Any]
) -> None:
    """Titles, metadata, blocks and inputs have their sizes; markdown blocks are for messages."""
    trigger = slack.user().runs("/ask", "", CHANNEL).payload["trigger_id"]
    assert await refused(client.views_open(trigger_id=trigger, view=view)) == "invalid_arguments"


async def test_views_are_stacked_and_updated(slack: LocalSlack, client: AsyncWebClient) -> None:
    """A second lies on the first; an update with an old hash is refused; closing shows the one below."""
    anna = slack.user()
    content = modal(
        blocks=[{"type": "actions", "elements": [{"type": "button", "action_id": "a", "text": text("More")}]}]
    )
    first = await client.views_open(
        trigger_id=anna.runs("/ask", "", CHANNEL).payload["trigger_id"], view=content
    )
    outside = anna.runs("/ask", "", CHANNEL).payload["trigger_id"]
    assert await refused(client.views_push(trigger_id=outside, view=modal())) == "not_found"
    assert anna.modal
    trigger = anna.clicks(anna.modal, "More").payload["trigger_id"]
    second = await client.views_push(trigger_id=trigger, view=modal(notify_on_close=True))
    assert second["view"]["previous_view_id"] == first["view"]["id"]

    known = {"view_id": first["view"]["id"], "hash": first["view"]["hash"]}
    await client.views_update(**known, view=modal(title=text("Other")))
    assert await refused(client.views_update(**known, view=modal())) == "hash_conflict"
    anna.closes()
    assert anna.modal.content["title"]["text"] == "Other"
    assert slack.deliveries[-1].payload["type"] == "view_closed"
    anna.closes()
    assert await refused(client.views_update(view_id=first["view"]["id"], view=modal())) == "not_found"


async def test_only_one_table_is_allowed(client: AsyncWebClient) -> None:
    """And none of more than a hundred rows."""
    cell = {"type": "raw_text", "text": "x"}
    two = [{"type": "table", "rows": [[cell]]}] * 2
    assert (
        await refused(client.chat_postMessage(channel=CHANNEL, text="x", blocks=two)) == "invalid_attachments"
    )
    long = [{"type": "table", "rows": [[cell]] * 101}]
    assert await refused(client.chat_postMessage(channel=CHANNEL, text="x", blocks=long)) == "invalid_blocks"


async def test_nobody_is_heard_where_the_bot_is_not(slack: LocalSlack) -> None:
    """In channels that it never was in, or was removed from, and without the scope for what is said."""
    anna = slack.user()
    slack.channel("C0OUT", bot=False)
    anna.asks("C0OUT", "How?")
    anna.asks(CHANNEL, "How?")
    assert events(slack) == [("app_mention", None), ("message", None)]
    slack.remove_bot(CHANNEL)
    anna.asks(CHANNEL, "How?")
    assert events(slack)[2:] == [("member_left_channel", None)]
    slack.invite_bot(CHANNEL)
    slack.set_scopes("app_mentions:read")
    anna.asks(CHANNEL, "How?")
    assert events(slack)[3:] == [("member_joined_channel", None), ("app_mention", None)]


async def test_others_speak_too(slack: LocalSlack) -> None:
    """Other bots with their bot_id, people who join with a subtype, and Slackbot."""
    slack.other_bot().says(CHANNEL, "beep", subtype="bot_message")
    slack.user().joins(CHANNEL)
    slack.slackbot().says(CHANNEL, "A reminder")
    sent = [delivery.payload["event"] for delivery in slack.deliveries]
    assert [(e["type"], e.get("subtype")) for e in sent] == [
        ("message", "bot_message"),
        ("message", "channel_join"),
        ("member_joined_channel", None),
        ("message", None),
    ]
    assert (sent[0]["bot_id"], sent[-1]["user"]) == ("B0OTHERBOT", "USLACKBOT")


async def test_a_workspace_is_installed_and_uninstalled(slack: LocalSlack, client: AsyncWebClient) -> None:
    """Slack's page sends back a code and the state; an uninstalled app hears that, and nothing after."""
    other = slack.add_workspace("T0OTHER", "Other", is_installed=False)
    olga = slack.user("U0OLGA", team=other.id)
    olga.asks("C0OTHER", "How?")
    assert events(slack) == []
    query = {"client_id": slack.client_id, "state": "s", "redirect_uri": "http://here/back", "team": other.id}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{slack.url}/oauth/v2/authorize", params=query, allow_redirects=False) as answer,
    ):
        back = answer.headers["Location"]
    assert back.startswith("http://here/back?code=")
    assert back.endswith("&state=s")
    code = back.partition("code=")[2].partition("&")[0]
    given = await client.oauth_v2_access(
        client_id=slack.client_id, client_secret=slack.client_secret, code=code
    )
    assert given["team"]["id"] == other.id
    olga.asks("C0OTHER", "How?")
    slack.uninstall(other.id)
    olga.asks("C0OTHER", "How?")
    assert events(slack) == [
        ("app_mention", None),
        ("message", None),
        ("app_uninstalled", None),
        ("tokens_revoked", None),
    ]
    assert {d.payload["team_id"] for d in slack.deliveries} == {other.id}


async def test_a_person_cannot_click_what_is_not_there(slack: LocalSlack, client: AsyncWebClient) -> None:
    """A driver's click names a button by its id or text; a menu's option or one of the feedback buttons likewise."""
    option = {"text": text("Silence"), "value": "silence"}
    halves = {
        f"{side}_button": {"text": text(sign), "value": side}
        for side, sign in (("positive", "👍"), ("negative", "👎"))
    }
    blocks = [
        {
            "type": "section",
            "text": text("So."),
            "accessory": {"type": "overflow", "action_id": "menu", "options": [option]},
        },
        {
            "type": "context_actions",
            "elements": [{"type": "feedback_buttons", "action_id": "vote", **halves}],
        },
    ]
    await client.chat_postMessage(channel=CHANNEL, text="So.", blocks=blocks)
    [answer] = slack.messages(CHANNEL)
    anna = slack.user()
    actions = [
        anna.clicks(answer, *names).payload["actions"][0]
        for names in (("👎",), ("vote", "positive"), ("Silence",), ("menu", "silence"))
    ]
    assert [a.get("value") or a["selected_option"]["value"] for a in actions] == [
        "negative",
        "positive",
        "silence",
        "silence",
    ]
    with pytest.raises(AssertionError, match="Nothing to click named 'Share'"):
        anna.clicks(answer, "Share")


async def test_files_are_downloaded_with_a_token_only(slack: LocalSlack, client: AsyncWebClient) -> None:
    """Without one there is the page to sign in, with 200, as Slack does; uploads reach the thread."""
    anna = slack.user()
    asked = anna.writes("What does it say?", files=[("notes.md", b"# Notes")])
    url = asked.files[0]["url_private"]
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            assert answer.content_type == "text/html"
        async with session.get(url, headers={"Authorization": f"Bearer {slack.bot_token}"}) as answer:
            assert (await answer.read(), answer.content_type) == (b"# Notes", "text/markdown")
    await client.files_upload_v2(channel=anna.dm, thread_ts=asked.ts, filename="out.csv", content="a,b")
    [posted] = slack.messages(anna.dm, asked)
    assert slack.world.state.files[posted.files[0]["id"]].content == b"a,b"


async def test_people_groups_and_channels_are_listed(slack: LocalSlack, client: AsyncWebClient) -> None:
    """With locale, membership and cursor."""
    anna = slack.user("U0ANNA", name="Anna", locale="de-DE")
    slack.group("S0EXPERTS", "experts", [anna.id])
    slack.channel("C0SECRET", "private", members=[anna.id])
    assert (await client.users_info(user=anna.id, include_locale=True))["user"]["locale"] == "de-DE"
    assert (await client.usergroups_users_list(usergroup="S0EXPERTS"))["users"] == [anna.id]
    kinds = "public_channel,private_channel"
    listed = [p["channels"][0]["id"] async for p in await client.conversations_list(types=kinds, limit=1)]
    assert listed == [CHANNEL, "C0SECRET"]
    assert (await client.conversations_members(channel="C0SECRET"))["members"] == [anna.id, slack.bot_user]
    opened = await client.conversations_open(users=anna.id)
    assert opened["channel"]["id"] == anna.dm


async def test_an_installation_is_paid_with_a_code(slack: LocalSlack, client: AsyncWebClient) -> None:
    """oauth.v2.access gives the token of the workspace that the code is of, once."""
    other = slack.add_workspace("T0OTHER", "Other")
    slack.user("U0OLGA", team=other.id)
    known = {"client_id": slack.client_id, "client_secret": slack.client_secret}
    code = slack.oauth_code(other.id)
    given = await client.oauth_v2_access(**known, code=code)
    assert (given["access_token"], given["authed_user"]["id"]) == (other.bot_token, "U0OLGA")
    assert (await client.auth_test(token=other.bot_token))["team_id"] == other.id
    assert await refused(client.oauth_v2_access(**known, code=code)) == "invalid_code"
