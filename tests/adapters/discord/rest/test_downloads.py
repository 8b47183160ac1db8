"""Files that people attached are fetched from Discord, and from nowhere else."""

from __future__ import annotations

import discord
import pytest

from adapters.discord.rest.addresses import pointed_at
from adapters.discord.rest.errors import NotSent, Unconfirmed, Vanished
from adapters.discord.rest.rest import Rest
from rag_core.errors import InvalidEntry
from tests.servers.discord import LocalDiscord
from tests.servers.website import Page, Website


async def test_an_attachment_is_read_up_to_a_size(local: LocalDiscord, rest: Rest) -> None:
    """Larger ones are refused while they are read."""
    local.user("Anna").says("help", "see here", files=[("a.txt", b"x" * 1_000_000)])
    [message] = await rest.messages(local.channel("help").id)
    url = message["attachments"][0]["url"]

    assert await rest.download(url, 1_000_000) == b"x" * 1_000_000
    with pytest.raises(InvalidEntry, match="larger"):
        await rest.download(url, 999_999)
    with pytest.raises(Vanished):
        await rest.download(f"{local.url}/attachments/1/1/a.txt", 10)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.txt",
        "http://cdn.discordapp.com/a.txt",
        "https://cdn.discordapp.com.example.com/a.txt",
        "https://cdn.discordapp.com@example.com/a.txt",
        "https://cdn.discordapp.com:8443/a.txt",
        "https://notdiscordapp.com/a.txt",
        "file:///etc/passwd",
        "http://[",
        "",
    ],
)
async def test_other_addresses_are_not_asked(rest: Rest, url: str) -> None:
    """Whatever a payload says."""
    with pytest.raises(InvalidEntry, match="Discord"):
        await rest.download(url, 10)


async def test_no_redirect_leads_elsewhere(rest: Rest) -> None:
    """One to the same host is followed, for a few times. The bot's token goes nowhere."""
    with Website() as site, pointed_at(f"{site.url}/api/v10"):
        site.pages["/a"] = Page(status=302, headers={"Location": "/b"})
        site.pages["/b"] = Page(b"content")
        site.pages["/c"] = Page(status=302, headers={"Location": "http://localhost:1/b"})
        site.pages["/d"] = Page(status=302, headers={"Location": "/d"})

        assert await rest.download(f"{site.url}/a", 10) == b"content"
        with pytest.raises(InvalidEntry):
            await rest.download(f"{site.url}/c", 10)
        with pytest.raises(Vanished):
            await rest.download(f"{site.url}/d", 10)
        assert not any("authorization" in {name.lower() for name in each.headers} for each in site.asked)


async def test_what_may_work_later_is_unavailable(rest: Rest) -> None:
    """And an expired address is gone."""
    with Website() as site, pointed_at(f"{site.url}/api/v10"):
        site.pages["/broken"] = Page(status=503)
        site.pages["/expired"] = Page(b"This content is no longer available.", status=404)
        with pytest.raises(Unconfirmed):
            await rest.download(f"{site.url}/broken", 10)
        with pytest.raises(Vanished):
            await rest.download(f"{site.url}/expired", 10)
        with pytest.raises(NotSent):
            await rest.download("http://127.0.0.1:1/a", 10)


async def test_the_clients_proxy_is_used(local: LocalDiscord) -> None:
    """For calls and for downloads, as discord.py is configured."""
    with Website() as proxy:
        client = discord.Client(intents=discord.Intents.none())
        await client.login(local.bot_token)
        client.http.proxy = proxy.url
        rest = Rest(client, trying_s=0)
        for call in (rest.channel("1"), rest.download(f"{local.url}/attachments/1/1/a", 10)):
            with pytest.raises(Exception, match=r"."):
                await call
        await client.close()

        assert [each.path.startswith(local.url) for each in proxy.asked] == [True, True]
