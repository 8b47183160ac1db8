"""The Web API as the bot uses it: in turn, patient, and never posting twice."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import (
    Limited,
    NotSent,
    NotSupported,
    PlaceClosed,
    ScopeMissing,
    SlackRefusal,
    TokenGone,
    Unconfirmed,
)
from adapters.slack.web_api.queues import Queues
from adapters.slack.web_api.wire import Wire
from rag_core.errors import InvalidEntry, Unavailable
from tests.servers.slack import ALL, LocalSlack
from tests.servers.slack.methods_files import new_file


class Losing:
    """Stands before Slack, passes on every call, and loses the reply to the next ones of some methods."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self.lose: list[str] = []
        self.bot_token, self.api_url = slack.bot_token, ""

    async def __aenter__(self) -> Losing:
        self._client = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._pass_on)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.api_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        await self._runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        headers = {
            name: request.headers[name]
            for name in ("Authorization", "Content-Type")
            if name in request.headers
        }
        url, body = self._slack.api_url + method, await request.read()
        asked = self._client.request(request.method, url, params=request.query, data=body, headers=headers)
        async with asked as response:
            reply = web.Response(status=response.status, body=await response.read())
            reply.content_type = response.content_type
        if method in self.lose:
            self.lose.remove(method)
            assert request.transport is not None
            request.transport.close()
        return reply


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack() as made:
        made.channel("C1")
        made.channel("C2")
        yield made


def texts(slack: LocalSlack, channel: str) -> list[str]:
    return [message.text for message in slack.messages(channel)]


@asynccontextmanager
async def connected(slack: LocalSlack | Losing, **options: Any) -> AsyncIterator[Api]:
    queues = options.pop("queues", None)
    wire = Wire(slack.bot_token, slack.api_url, timeout_s=options.pop("timeout_s", 5.0))
    api = Api(wire, queues, **{"trying_s": 5.0, "settling_s": 0.1, **options})
    try:
        yield api
    finally:
        await api.close()


@pytest.fixture
async def api(slack: LocalSlack) -> AsyncIterator[Api]:
    async with connected(slack) as made:
        yield made


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Callable[[str], int]:
    caplog.set_level(logging.WARNING)
    return lambda words: sum(words in record.getMessage() for record in caplog.records)


async def test_who_it_speaks_for(slack: LocalSlack, api: Api) -> None:
    """auth.test tells the bot's ids, asked once; the base URL needs no slash at its end."""
    assert api.bot_user == ""
    await asyncio.gather(api.ready())
    await api.identity()
    assert (api.bot_user, api.bot_id, api.team) == (slack.bot_user, slack.workspace.bot_id, slack.team)
    assert len(slack.calls("auth.test")) == 1


async def test_arguments_arrive(slack: LocalSlack, api: Api) -> None:
    """Structures, Booleans and what is None arrive as Slack reads them, whatever the method takes."""
    reply = await api.call("chat.postMessage", channel="C1", text="a & b", thread_ts=None, unfurl_links=False)
    assert slack.calls("chat.postMessage")[0].args == {
        "channel": "C1",
        "text": "a & b",
        "unfurl_links": False,
    }
    read = await api.call("conversations.history", channel="C1", inclusive=True, oldest=reply["ts"])
    assert [message["text"] for message in read["messages"]] == ["a & b"]


async def test_too_many_in_a_channel(slack: LocalSlack, api: Api) -> None:
    """After a 429 nothing is posted in that channel until Slack said; then all is, in order, a second apart: what was left
    of the burst is gone. Other channels do not wait."""
    slack.limit("chat.postMessage", "C1", times=2, retry_after=1)
    began = time.monotonic()
    waiting = [asyncio.create_task(api.call("chat.postMessage", channel="C1", text=str(n))) for n in range(3)]
    await asyncio.sleep(0.05)
    await api.call("chat.postMessage", channel="C2", text="elsewhere")
    assert time.monotonic() - began < 1
    await asyncio.gather(*waiting)
    assert texts(slack, "C1") == ["0", "1", "2"]
    tries = [call.at for call in slack.calls("chat.postMessage") if call.args["channel"] == "C1"]
    assert len(tries) == 5
    assert all(later - earlier > 0.99 for earlier, later in pairwise(tries))


async def test_too_many_of_a_method(slack: LocalSlack, api: Api) -> None:
    """Of calls that run side by side, one alone tries again after a 429; none is lost."""
    slack.limit("users.info", times=1, retry_after=1)
    slack.user("U1")
    replies = await asyncio.gather(*(api.call("users.info", user="U1") for _ in range(5)))
    assert all(reply["ok"] for reply in replies)
    tries = [call.at for call in slack.calls("users.info")]
    assert len(tries) == 6
    assert tries[-1] - tries[0] > 0.99


async def test_patience_ends(slack: LocalSlack) -> None:
    """A call whose turn would come too late fails now, and says so."""
    slack.limit("chat.update", times=9, retry_after=60)
    async with connected(slack, queues=Queues(patience_s=2)) as api:
        with pytest.raises(Unavailable, match="try again later"):
            await api.call("chat.update", channel="C1", ts="1.1", text="x")


async def test_posts_are_paced(slack: LocalSlack) -> None:
    """Beyond a short burst, posts in a channel keep Slack's pace, so that it never has to refuse one."""
    async with connected(slack, queues=Queues(burst=2, per_second=10)) as api:
        began = time.monotonic()
        await asyncio.gather(*(api.call("chat.postMessage", channel="C1", text=str(n)) for n in range(6)))
    assert time.monotonic() - began >= 0.35
    assert texts(slack, "C1") == [str(n) for n in range(6)]


async def test_an_attempt_does_not_wait(slack: LocalSlack, api: Api) -> None:
    """What is nice to have is tried once; while a method is closed it is not even sent."""
    slack.limit("reactions.add", times=1, retry_after=30)
    for _ in range(2):
        with pytest.raises(Limited) as limited:
            await api.attempt("reactions.add", channel="C1", timestamp="1.1", name="eyes")
        assert 28 < limited.value.retry_after <= 30
    assert len(slack.calls("reactions.add")) == 1


@pytest.mark.parametrize(
    "fault", [("service_unavailable", 503), ("internal_error", 200), ("fatal_error", 500)]
)
async def test_slack_breaks_down_for_a_moment(slack: LocalSlack, api: Api, fault: tuple[str, int]) -> None:
    """What Slack says went wrong on its side is tried again, and posted once."""
    error, status = fault
    slack.fail("chat.postMessage", error, 2, status=status)
    await api.post(delivery="Ev1", part=0, channel="C1", text="hello")
    assert texts(slack, "C1") == ["hello"]


async def test_a_reply_that_is_no_json(slack: LocalSlack, api: Api) -> None:
    """A proxy's page in the place of a reply is a failure of the moment."""
    slack.down(502)
    asked = asyncio.create_task(api.call("auth.test"))
    await asyncio.sleep(0.2)
    slack.up()
    assert (await asked)["ok"]


async def test_a_method_that_is_not_there(slack: LocalSlack, api: Api) -> None:
    """404 without Slack's words means that what stands there does not know the method, and is not asked again; of what every
    Slack knows it means that something stands before Slack, for the moment."""
    slack.down(404)
    with pytest.raises(NotSupported):
        await api.call("assistant.threads.setStatus", channel_id="C1", thread_ts="1.1", status="")
    posting = asyncio.create_task(api.post(delivery="Ev1", part=0, channel="C1", text="hello"))
    await asyncio.sleep(0.2)
    slack.up()
    await posting
    assert texts(slack, "C1") == ["hello"]


async def test_slack_is_down_at_the_start(slack: LocalSlack, warnings: Callable[[str], int]) -> None:
    """Connections refused: it keeps trying, says so in the log, and goes on when Slack is there."""
    slack.down()
    async with connected(slack, trying_s=0.0) as down:
        with pytest.raises(NotSent):
            await down.call("chat.postMessage", channel="C1", text="x")
    async with connected(slack) as api:
        asked = asyncio.create_task(api.ready())
        await asyncio.sleep(0.3)
        slack.up()
        await asked
        assert api.team == slack.team
    assert warnings("does not take what I send") == 1


async def test_posting_through_an_outage(slack: LocalSlack) -> None:
    """A post while connections are refused arrives once they are taken."""
    slack.down()
    async with connected(slack) as api:
        posting = asyncio.create_task(api.post(delivery="Ev1", part=0, channel="C1", text="hello"))
        await asyncio.sleep(0.3)
        slack.up()
        assert await posting in [message.ts for message in slack.messages("C1")]


@pytest.mark.parametrize("in_thread", [False, True])
async def test_a_reply_lost_on_its_way(slack: LocalSlack, in_thread: bool) -> None:
    """Slack posted, but its reply was lost: the post is found again, in a thread or a channel, and not repeated."""
    async with Losing(slack) as losing, connected(losing) as api:
        root = await api.post(delivery="Ev0", part=0, channel="C1", text="root")
        losing.lose = ["chat.postMessage"]
        where = {"channel": "C1", "thread_ts": root if in_thread else None}
        ts = await api.post(delivery="Ev1", part=0, since=root, text="hello", **where)
    assert [(message.ts, message.text) for message in slack.messages("C1")] == [(root, "root"), (ts, "hello")]


async def test_another_part_is_no_double(slack: LocalSlack, api: Api) -> None:
    """Parts of one delivery, and the same part of another, are posts of their own."""
    for delivery, part in (("Ev1", 0), ("Ev1", 1), ("Ev2", 0)):
        await api.post(delivery=delivery, part=part, look_first=True, channel="C1", text=f"{delivery} {part}")
    again = await api.post(delivery="Ev1", part=1, look_first=True, channel="C1", text="not this")
    assert texts(slack, "C1") == ["Ev1 0", "Ev1 1", "Ev2 0"]
    found = await api.posted(delivery="Ev1", channel="C1", thread_ts=None)
    assert found.keys() == {0, 1}
    assert found[1] == again


async def test_in_doubt_without_sight(slack: LocalSlack) -> None:
    """Where the bot may not read, a post whose reply was lost is not repeated: it is told that nobody knows."""
    slack.set_scopes(*(ALL - {"channels:history"}))
    async with Losing(slack) as losing, connected(losing, trying_s=1.2) as api:
        losing.lose = ["chat.postMessage"]
        with pytest.raises(Unconfirmed):
            await api.post(delivery="Ev1", part=0, channel="C1", text="hello")
    assert texts(slack, "C1") == ["hello"]


async def test_calls_that_would_show_twice(slack: LocalSlack) -> None:
    """A call that posts is not sent again when its reply is lost; one that changes nothing more is."""
    async with Losing(slack) as losing, connected(losing) as api:
        losing.lose = ["chat.postMessage", "chat.update"]
        with pytest.raises(Unconfirmed):
            await api.call("chat.postMessage", channel="C1", text="hello")
        (message,) = slack.messages("C1")
        await api.call("chat.update", channel="C1", ts=message.ts, text="changed")
    assert texts(slack, "C1") == ["changed"]
    assert len(slack.calls("chat.update")) == 2


async def test_a_hanging_slack(slack: LocalSlack) -> None:
    """A call that Slack does not answer ends within its time."""
    slack.slow("auth.test", 30)
    async with connected(slack, timeout_s=0.2, trying_s=0.3) as api:
        with pytest.raises(Unconfirmed):
            await asyncio.wait_for(api.identity(), 5)


async def test_revoked(slack: LocalSlack, api: Api, warnings: Callable[[str], int]) -> None:
    """A revoked token is told apart, with its remedy, in one line of the log, however often it is met."""
    slack.revoke_token()
    for _ in range(3):
        with pytest.raises(TokenGone):
            await api.post(delivery="Ev1", part=0, channel="C1", text="hello")
    assert api.signed_out
    assert warnings("install the app anew") == 1
    assert warnings(slack.bot_token) == 0


@pytest.mark.parametrize("code", ["is_archived", "not_in_channel", "channel_not_found", "restricted_action"])
async def test_closed_places(slack: LocalSlack, api: Api, code: str) -> None:
    """A channel that takes nothing is told apart, and others go on."""
    slack.fail("chat.postMessage", code, channel="C1")
    with pytest.raises(PlaceClosed) as refused:
        await api.post(delivery="Ev1", part=0, channel="C1", text="hello")
    assert (refused.value.code, refused.value.method) == (code, "chat.postMessage")
    await api.post(delivery="Ev1", part=0, channel="C2", text="hello")


async def test_a_missing_scope(slack: LocalSlack, api: Api, warnings: Callable[[str], int]) -> None:
    """A missing scope is named with the remedy, in one line of the log for all calls that miss it."""
    slack.set_scopes(*(ALL - {"reactions:write"}))
    for _ in range(3):
        with pytest.raises(ScopeMissing) as refused:
            await api.call("reactions.add", channel="C1", timestamp="1.1", name="eyes")
    assert refused.value.needed == "reactions:write"
    assert warnings("reactions:write") == 1
    assert warnings("manifest") == 1


async def test_other_refusals(api: Api) -> None:
    """What the API does not know is told apart from a mistake in what was sent."""
    with pytest.raises(NotSupported):
        await api.call("chat.noSuchMethod")
    with pytest.raises(SlackRefusal) as refused:
        await api.call("chat.postMessage", channel="C1", blocks=[{"type": "nonsense"}], text="x")
    assert type(refused.value) is SlackRefusal


async def test_downloads(slack: LocalSlack, api: Api) -> None:
    """A file is read with the token."""
    file = new_file(slack.world, slack.team, "U1", "notes.txt", b"Expenses: 30 days")
    assert await api.download(file.url) == b"Expenses: 30 days"


async def test_download_of_a_page(slack: LocalSlack, api: Api) -> None:
    """A file that is HTML itself is not taken for Slack's sign-in page."""
    file = new_file(slack.world, slack.team, "U1", "notes.html", b"<h1>Expenses</h1>")
    assert await api.download(file.url) == b"<h1>Expenses</h1>"


@pytest.mark.parametrize("name", ["notes.txt", "notes.html"])
async def test_download_without_scope(slack: LocalSlack, api: Api, name: str) -> None:
    """Slack's sign-in page is not taken for the file: the scope is missing."""
    file = new_file(slack.world, slack.team, "U1", name, b"x")
    slack.set_scopes(*(ALL - {"files:read"}))
    with pytest.raises(ScopeMissing) as refused:
        await api.download(file.url)
    assert refused.value.needed == "files:read"


async def test_download_of_too_much(slack: LocalSlack, api: Api) -> None:
    """A file over the limit is not read to its end."""
    file = new_file(slack.world, slack.team, "U1", "film.bin", b"x" * (20 * 2**20 + 1))
    with pytest.raises(InvalidEntry, match="20 MB"):
        await api.download(file.url)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a",
        "https://slack.com.evil.example/a",
        "https://evilslack.com/a",
        "http://files.slack.com/a",
        "https://files.slack.com:8443/a",
        "file:///etc/passwd",
        "http://127.0.0.1:1/a",
        "https://files.slack.com@evil.example/a",
        "https://files.slack.com:99999/a",
    ],
)
async def test_the_token_goes_to_slack_alone(api: Api, url: str) -> None:
    """An address elsewhere is refused before anything is sent."""
    with pytest.raises(InvalidEntry):
        await api.download(url)


async def test_redirects_elsewhere(slack: LocalSlack, api: Api) -> None:
    """A redirect to another host is not followed: the token stays."""
    seen: list[str | None] = []

    async def catch(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(body=b"caught")

    other = web.Application()
    other.router.add_get("/caught", catch)
    runner = web.AppRunner(other)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    elsewhere = f"http://127.0.0.1:{runner.addresses[0][1]}/caught"
    try:
        with pytest.raises(InvalidEntry):
            await _download_redirected(slack, api, elsewhere)
    finally:
        await runner.cleanup()
    assert seen == []


async def _download_redirected(slack: LocalSlack, api: Api, target: str) -> None:
    app = web.Application()

    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPFound(target)

    app.router.add_get("/file", redirect)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    here = f"http://127.0.0.1:{runner.addresses[0][1]}"
    redirected = Api(Wire("xoxb-secret", f"{here}/api/"))
    try:
        await redirected.download(f"{here}/file")
    finally:
        await redirected.close()
        await runner.cleanup()


async def test_responses(slack: LocalSlack, api: Api) -> None:
    """A response_url is sent to without the token, and says when it takes no more."""
    url = slack.world.new_response_url(slack.team, "C1", "U1")
    for n in range(5):
        await api.respond(url, text=str(n))
    with pytest.raises(SlackRefusal) as refused:
        await api.respond(url, text="6")
    assert refused.value.code == "used_url"
    assert all(call.token is None for call in slack.calls("response_url"))


async def test_connections_are_let_go(slack: LocalSlack) -> None:
    """Closing closes the connection pool; a closed API opens it again when it is called."""
    api = Api(Wire(slack.bot_token, slack.api_url))
    await api.identity()
    session: aiohttp.ClientSession = api.wire.session()
    await api.close()
    assert session.closed
    await api.call("auth.test")
    await api.close()
