from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from rag_core.errors import DocumentError, SourceError
from rag_core.ingest.sources.addresses import PrivateAddress, is_public
from rag_core.ingest.sources.fetching import Client, Download, Gunzip, Times, shown
from tests.servers.website import Page, Website


class Names:
    """A resolver that answers from a table, in turn where a name has several answers; and counts."""

    def __init__(self, **answers: Sequence[str]) -> None:
        self.answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[host][:1] if len(self.answers[host]) == 1 else [self.answers[host].pop(0)]


@pytest.fixture
def site() -> Iterator[Website]:
    with Website() as website:
        yield website


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    made = Client(tmp_path, 1, allow_private=True, times=Times(connect=1, read=0.3, total=1))
    yield made
    await made.close()


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def get(client: Client, url: str) -> Download:
    download = await client.get(url)
    assert download is not None
    return download


# What may be reached


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "3fff::1",
        "100::1",
        "localhost",
        "0x7f.1",
        "2130706433",
    ],
)
def test_private_addresses(address: str) -> None:
    """Loopback, private, link-local, shared, reserved, multicast and embedded addresses are not public."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808"],
)
def test_public_addresses(address: str) -> None:
    """Hosts of the public internet are, also through NAT64, by which networks without IPv4 reach them."""
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "127。0。0。1",
    ],
)
async def test_refuses_loopback_however_spelt(tmp_path: Path, site: Website, host: str) -> None:
    """A loopback address is refused in decimal, hexadecimal, short, IPv6 and full-width spelling."""
    client = Client(tmp_path, 1)
    with pytest.raises(PrivateAddress, match="unless the source's setting allow_private is true"):
        await client.get(f"http://{host}:{site.port}/")
    await client.close()
    assert site.asked == []


async def test_refuses_octal_addresses(tmp_path: Path, site: Website) -> None:
    """An address in octal spelling, which programs read differently, is no address."""
    client = Client(tmp_path, 1)
    with pytest.raises(DocumentError):
        await client.get(f"http://0177.0.0.1:{site.port}/")
    await client.close()
    assert site.asked == []


@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.0.1", "169.254.169.254", "fe80::1", "fd00::1"])
async def test_refuses_a_name_that_resolves_to_a_private_address(tmp_path: Path, address: str) -> None:
    """A harmless name whose address is private is refused, and the message says where it leads."""
    client = Client(tmp_path, 1, resolve=Names(docs_example=[address]))
    with pytest.raises(PrivateAddress, match=f"leads to {address} \\(docs.example\\)"):
        await client.get("https://docs.example/")
    await client.close()


async def test_refuses_a_name_with_one_private_address_among_public_ones(tmp_path: Path) -> None:
    """One private address among public ones is enough to refuse a name."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34", "10.0.0.7"]

    client = Client(tmp_path, 1, resolve=resolve)
    with pytest.raises(PrivateAddress):
        await client.get("https://docs.example/")
    await client.close()


async def test_redirects_are_checked_like_addresses(tmp_path: Path, site: Website) -> None:
    """Every hop passes the same check: here the first host is allowed, and a redirect to another refused."""
    site.redirect("/", "http://inside.example/secret")

    async def resolve(host: str, port: int) -> Sequence[str]:
        return [{"docs.example": "127.0.0.1", "inside.example": "10.0.0.7"}[host]]

    client = Client(tmp_path, 1, resolve=resolve, is_allowed=lambda address: address == "127.0.0.1")
    with pytest.raises(PrivateAddress, match=r"leads to 10\.0\.0\.7 \(inside\.example\)"):
        await client.get(f"http://docs.example:{site.port}/")
    await client.close()
    assert site.paths() == ["/"]


async def test_connects_to_the_address_that_was_checked(tmp_path: Path, site: Website) -> None:
    """A name is resolved once for a connection, so no second answer can slip in (DNS rebinding)."""
    site.add("/", "checked")
    names = Names(docs_example=["127.0.0.1", "10.0.0.7", "10.0.0.7"])
    client = Client(tmp_path, 1, resolve=names, is_allowed=lambda address: address == "127.0.0.1")
    download = await get(client, f"http://docs.example:{site.port}/")
    await client.close()
    assert download.path.read_text() == "checked"
    assert names.asked == 1
    assert site.asked[0].headers["host"] == f"docs.example:{site.port}"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/", "gopher://x/"])
async def test_other_schemes_are_refused(client: Client, site: Website, target: str) -> None:
    """A redirect leads to http and https only."""
    site.redirect("/", target)
    with pytest.raises(DocumentError):
        await client.get(site.url + "/")


async def test_proxies_of_the_environment_are_not_used(
    client: Client, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would resolve names where nothing checks them."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    site.add("/", "direct")
    assert (await get(client, site.url + "/")).path.read_text() == "direct"


async def test_tls_verifies_the_name(client: Client) -> None:
    """A server without a certificate for the name is not read over https."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # it has no certificate at all
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(SourceError, match="cannot be reached"):
        await client.get(f"https://127.0.0.1:{port}/")
    server.close()


# What a server answers


async def test_what_is_known_of_a_page(client: Client, site: Website) -> None:
    """A download knows its address after redirects, its type, encoding, ETag and date."""
    site.redirect("/old", "/new", status=301)
    site.add(
        "/new",
        "text",
        'Text/HTML; Charset="UTF-8"',
        ETag='"1"',
        Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT",
    )
    download = await get(client, site.url + "/old")
    assert (download.url, download.media_type, download.charset) == (site.url + "/new", "text/html", "utf-8")
    assert (download.etag, download.modified) == ('"1"', "Mon, 01 Jan 2024 00:00:00 GMT")
    assert site.asked[0].headers["user-agent"].startswith("answerloop/")


async def test_unchanged_since(client: Client, site: Website) -> None:
    """Asked with the ETag that it still has, a page comes back as None, without its body."""
    site.add("/", "text", ETag='"1"')
    assert await client.get(site.url + "/", etag='"1"') is None
    assert await client.get(site.url + "/", etag='"0"') is not None


@pytest.mark.parametrize(
    ("status", "error"), [(404, DocumentError), (410, DocumentError), (401, DocumentError)]
)
async def test_pages_that_are_gone(client: Client, site: Website, status: int, error: type) -> None:
    """A page that is gone or closed is a DocumentError that names the status."""
    site.pages["/"] = Page(status=status)
    with pytest.raises(error, match=str(status)):
        await client.get(site.url + "/")


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
async def test_servers_in_trouble(client: Client, site: Website, status: int) -> None:
    """A server in trouble is a SourceError: the page may come back."""
    site.pages["/"] = Page(status=status)
    with pytest.raises(SourceError, match=str(status)):
        await client.get(site.url + "/")


async def test_waits_as_long_as_the_server_asks(client: Client, site: Website) -> None:
    """A server that names a short time is asked once more after it."""
    answers = iter([Page(status=503, headers={"Retry-After": "0"}), Page(b"back")])
    site.pages["/"] = lambda: next(answers)
    assert (await get(client, site.url + "/")).path.read_text() == "back"


async def test_endless_redirects(client: Client, site: Website) -> None:
    """More than five redirects are given up."""
    site.redirect("/", "/")
    with pytest.raises(DocumentError, match="redirects more than 5 times"):
        await client.get(site.url + "/")
    assert len(site.paths()) == 6


async def test_nobody_listens(client: Client) -> None:
    """A server that cannot be reached is a SourceError that names the address without its password."""
    with pytest.raises(SourceError, match=r"^http://127\.0\.0\.1:9/ cannot be reached"):
        await client.get("http://me:secret@127.0.0.1:9/")


async def test_server_that_stops_sending(client: Client, site: Website) -> None:
    """A server that stops in the middle is given up after the time limit for a read."""
    site.pages["/"] = Page(b"text", pause_s=0.6)
    with pytest.raises(SourceError, match="stopped sending"):
        await client.get(site.url + "/")


async def test_server_that_drips(tmp_path: Path) -> None:
    """A server that sends a byte now and then, each in time, is given up after the limit for the whole."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(20):
            await asyncio.sleep(0.1)
            writer.write(b"x")

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    client = Client(tmp_path, 1, allow_private=True, times=Times(total=0.5))
    with pytest.raises(SourceError, match=r"took longer than 0\.5 s"):
        await client.get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    await client.close()
    server.close()


async def test_no_cookies_are_kept(client: Client, site: Website) -> None:
    """A page cannot mark the requests that follow."""
    site.add("/", "text", Set_Cookie="who=you")
    await client.get(site.url + "/")
    await client.get(site.url + "/")
    assert "cookie" not in site.asked[1].headers


# How much a server may send


async def test_large_body(client: Client, site: Website, tmp_path: Path) -> None:
    """A body is given up as soon as it passes the limit, and nothing of it stays on disk."""
    site.add("/", b"x" * (2**20 + 1))
    with pytest.raises(DocumentError, match=r"ingest\.max_file_mb allows 1 MB"):
        await client.get(site.url + "/")
    assert leftovers(tmp_path) == []


async def test_gzip_bomb(client: Client, site: Website, tmp_path: Path) -> None:
    """A few bytes that expand to gigabytes are given up at the limit."""
    site.add_packed("/", b"\0" * 2**26)
    with pytest.raises(DocumentError, match=r"ingest\.max_file_mb"):
        await client.get(site.url + "/")
    assert leftovers(tmp_path) == []


async def test_layers_of_gzip(client: Client, site: Website) -> None:
    """A body packed several times over, each time a thousandfold, is refused before any of it is unpacked."""
    site.add_packed("/", b"\0" * 2**20, layers=3)
    with pytest.raises(DocumentError, match="content encoding"):
        await client.get(site.url + "/")


async def test_gzip_is_undone(client: Client, site: Website) -> None:
    """A packed body is stored unpacked."""
    site.add_packed("/", b"text" * 1000)
    assert (await get(client, site.url + "/")).path.read_bytes() == b"text" * 1000


async def test_gzip_cut_short(client: Client, site: Website, tmp_path: Path) -> None:
    """A packed body that ends in the middle is no document."""
    body = gzip.compress(b"text" * 1000)[:-12]
    site.pages["/"] = Page(body, {"Content-Encoding": "gzip"})
    with pytest.raises(DocumentError, match="cut short"):
        await client.get(site.url + "/")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 5 * 2**20 + 3])
@pytest.mark.parametrize("step", [7, 65536])
def test_gunzip_loses_nothing(size: int, step: int) -> None:
    """Unpacking in bounded pieces gives back every byte, whatever the sizes; members follow each other."""
    data = b"ab" * (size // 2) + b"c" * (size % 2)
    packed = gzip.compress(data) + gzip.compress(b"more")
    gunzip = Gunzip()
    pieces = [p for at in range(0, len(packed), step) for p in gunzip.pieces(packed[at : at + step])]
    gunzip.finish()
    assert b"".join(pieces) == data + b"more"
    assert max(map(len, pieces)) <= 2**20


def test_addresses_are_shown_without_passwords() -> None:
    """No message holds a user name or password."""
    assert shown("https://me:secret@example.org/a@b") == "https://example.org/a@b"
