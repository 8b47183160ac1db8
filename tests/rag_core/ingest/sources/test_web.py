from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from rag_core.errors import DocumentError, SettingsError, SourceError
from rag_core.ingest.sources import Item, open_source
from rag_core.ingest.sources.robots import Robots
from rag_core.ingest.sources.source import Fetched
from rag_core.ingest.sources.web import Web, normalised, suffix_of
from rag_core.settings import Ingest, WebSource
from tests.servers.website import Page, Website


@pytest.fixture
def site() -> Iterator[Website]:
    with Website() as website:
        yield website


def source(work: Path, **settings: object) -> Web:
    made = WebSource.model_validate({"name": "site", "allow_private": True} | settings)
    opened = open_source(made, work, Ingest(max_file_mb=1))
    assert isinstance(opened, Web)
    return opened


async def listed(work: Path, known: Mapping[str, str] | None = None, **settings: object) -> list[Item]:
    return [item async for item in source(work, **settings).items(known or {})]


def leftovers(work: Path) -> list[str]:
    return [path.name for path in (work / "downloads").iterdir()]


async def keys(work: Path, site: Website, **settings: object) -> list[str]:
    """The addresses of the items, without the site's own part."""
    return [item.key.removeprefix(site.url) for item in await listed(work, **settings)]


async def fetch(work: Path, url: str, known: str = "") -> Fetched | None:
    [item] = await listed(work, {normalised(url): known}, urls=[url])
    return await item.fetch()


# Which pages


async def test_urls_are_items(tmp_path: Path, site: Website) -> None:
    """Each address is an item once, under one spelling: no fragment, no default port, host in lower case."""
    urls = [f"{site.url}/a#top", f"{site.url}/a", "HTTP://Example.ORG:80", "https://example.org/b?x=1"]
    items = await listed(tmp_path, urls=urls)
    assert [item.key for item in items] == [
        f"{site.url}/a",
        "http://example.org/",
        "https://example.org/b?x=1",
    ]
    assert items[0].url == items[0].key
    assert site.asked == []


@pytest.mark.parametrize("url", ["docs", "ftp://example.org", "https://", "https://me:secret@example.org/"])
def test_an_address_that_is_none(tmp_path: Path, url: str) -> None:
    """What cannot be read as a page is a SettingsError that names the key and no password."""
    with pytest.raises(SettingsError, match=r"sources\.site\.urls") as caught:
        source(tmp_path, urls=[url])
    assert "secret" not in str(caught.value)


async def test_sitemap(tmp_path: Path, site: Website) -> None:
    """Every page of a sitemap is an item, in its order and once; fragments and duplicates go."""
    site.add_sitemap("/sitemap.xml", f"{site.url}/b", f"{site.url}/a", f"{site.url}/b#part")
    assert await keys(tmp_path, site, sitemaps=[site.url + "/sitemap.xml"]) == ["/b", "/a"]


async def test_only_pages_of_the_same_site(tmp_path: Path, site: Website) -> None:
    """A sitemap speaks for its own host only, as the sitemap protocol has it."""
    site.add_sitemap(
        "/s.xml", f"{site.url}/a", "http://127.0.0.2/b", "https://example.org/c", "file:///etc/passwd"
    )
    assert await keys(tmp_path, site, sitemaps=[site.url + "/s.xml"]) == ["/a"]


async def test_sitemap_index(tmp_path: Path, site: Website) -> None:
    """An index leads to further sitemaps, of the same site, three deep."""
    site.add_sitemap("/1.xml", f"{site.url}/2.xml", "https://example.org/other.xml", index=True)
    site.add_sitemap("/2.xml", f"{site.url}/3.xml", f"{site.url}/1.xml", index=True)
    site.add_sitemap("/3.xml", f"{site.url}/a")
    assert await keys(tmp_path, site, sitemaps=[site.url + "/1.xml"]) == ["/a"]


async def test_sitemap_nested_too_deep(tmp_path: Path, site: Website) -> None:
    """A fourth level is a SourceError, so that nothing is removed for want of its pages."""
    for number in (1, 2, 3):
        site.add_sitemap(f"/{number}.xml", f"{site.url}/{number + 1}.xml", index=True)
    with pytest.raises(SourceError, match="more than 3 deep"):
        await keys(tmp_path, site, sitemaps=[site.url + "/1.xml"])


async def test_packed_and_plain_text_sitemaps(tmp_path: Path, site: Website) -> None:
    """A sitemap may be packed by gzip, and may be plain text with one address a line."""
    site.add(
        "/a.txt.gz", gzip.compress(f"\ufeff{site.url}/a\r\n\r\n{site.url}/b".encode()), "application/gzip"
    )
    assert await keys(tmp_path, site, sitemaps=[site.url + "/a.txt.gz"]) == ["/a", "/b"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<urlset><url><loc>", "is not well-formed XML"),
        (b"<html><body>Sign in</body></html>", "is XML, but no sitemap"),
        (b"Welcome", "is no sitemap"),
        (b"", "is no sitemap"),
        (gzip.compress(b"\0" * 2**20)[:-50], "cut short"),
    ],
)
async def test_damaged_sitemap(tmp_path: Path, site: Website, body: bytes, reason: str) -> None:
    """What is no sitemap is a SourceError that says why: a site that answers nonsense loses no pages."""
    site.add("/s.xml", body, "application/xml")
    with pytest.raises(SourceError, match=reason):
        await keys(tmp_path, site, sitemaps=[site.url + "/s.xml"])


async def test_one_sitemap_of_several_is_down(tmp_path: Path, site: Website) -> None:
    """When a sitemap fails, the pages of the others are items all the same before the SourceError."""
    site.add_sitemap("/1.xml", f"{site.url}/a")
    site.add_sitemap("/3.xml", f"{site.url}/c")
    items = source(tmp_path, sitemaps=[f"{site.url}/{n}.xml" for n in (1, 2, 3)]).items({})
    assert [(await anext(items)).key.removeprefix(site.url) for _ in range(2)] == ["/a", "/c"]
    with pytest.raises(SourceError, match=r"2\.xml"):
        await anext(items)


async def test_sitemap_names_no_files(tmp_path: Path, site: Website) -> None:
    """Entities of a sitemap are not read: neither a file of this machine nor a billion laughs."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    body = f"""<!DOCTYPE urlset [
    <!ENTITY f SYSTEM "{secret.as_uri()}"> <!ENTITY a "aaaa"> <!ENTITY b "&a;&a;">]>
    <urlset><url><loc>{site.url}/&f;&b;</loc></url><url><loc>{site.url}/x</loc></url></urlset>"""
    site.add("/s.xml", body, "application/xml")
    found = await keys(tmp_path, site, sitemaps=[site.url + "/s.xml"])
    assert not any("secret" in key or "aa" in key for key in found)


async def test_include_ignore_and_limit(tmp_path: Path, site: Website) -> None:
    """Globs over the address choose among a sitemap's pages, and the limit ends the list."""
    site.add_sitemap(
        "/s.xml", *(f"{site.url}/{p}" for p in ("docs/a", "blog/b", "docs/old/c", "docs/d", "docs/e"))
    )
    given = {"include": ["*/docs/*"], "ignore": ["*/old/*"], "limit": 2}
    assert await keys(tmp_path, site, sitemaps=[site.url + "/s.xml"], **given) == ["/docs/a", "/docs/d"]


# Fetching


async def test_fetches_a_page(tmp_path: Path, site: Website) -> None:
    """A page lies on disk, with its type's suffix and called as its address ends, until discarded."""
    site.add("/docs/install.php", "<p>text", "text/html; charset=utf-8")
    fetched = await fetch(tmp_path, site.url + "/docs/install.php")
    assert fetched is not None
    assert (fetched.path.name, fetched.suffix, fetched.path.read_text()) == (
        "install.html",
        ".html",
        "<p>text",
    )
    fetched.discard()
    fetched.discard()
    assert leftovers(tmp_path) == []


async def test_unchanged_by_etag_or_date(tmp_path: Path, site: Website) -> None:
    """A page that the server says is unchanged is not sent again."""
    date = "Mon, 01 Jan 2024 00:00:00 GMT"
    site.add("/etag", "text", ETag='"1"')
    site.add("/date", "text", Last_Modified=date)
    for path in ("/etag", "/date"):
        first = await fetch(tmp_path, site.url + path)
        assert first is not None
        assert await fetch(tmp_path, site.url + path, first.fingerprint) is None
    assert site.asked[-1].headers["if-modified-since"] == date


async def test_unchanged_by_content(tmp_path: Path, site: Website) -> None:
    """A page of a server that knows neither ETag nor date is unchanged when its content is."""
    site.add("/", "one")
    first = await fetch(tmp_path, site.url)
    assert first is not None
    first.discard()
    assert await fetch(tmp_path, site.url, first.fingerprint) is None
    assert leftovers(tmp_path) == []
    site.add("/", "two")
    second = await fetch(tmp_path, site.url, first.fingerprint)
    assert second is not None
    assert second.fingerprint != first.fingerprint


async def test_a_known_fingerprint_of_another_kind(tmp_path: Path, site: Website) -> None:
    """A kept fingerprint that is none of ours means: read the page."""
    site.add("/", "text")
    for known in ("nonsense", "[]", "3", "null", '{"a": 1}'):
        assert await fetch(tmp_path, site.url, known) is not None


async def test_private_address_is_refused(tmp_path: Path, site: Website) -> None:
    """A page at a private address is skipped by a reason that names the setting; nothing is asked for."""
    [item] = await listed(tmp_path, urls=[site.url], allow_private=False)
    with pytest.raises(DocumentError, match="allow_private"):
        await item.fetch()
    with pytest.raises(SourceError, match="allow_private"):
        await listed(tmp_path, sitemaps=[site.url + "/s.xml"], allow_private=False)
    assert site.asked == []


async def test_missing_page_and_server_in_trouble(tmp_path: Path, site: Website) -> None:
    """A missing page is a DocumentError; a server in trouble is a SourceError."""
    site.pages["/down"] = Page(status=500)
    with pytest.raises(DocumentError, match="does not exist any more"):
        await fetch(tmp_path, site.url + "/missing")
    with pytest.raises(SourceError, match="in trouble"):
        await fetch(tmp_path, site.url + "/down")


async def test_four_at_once(tmp_path: Path, site: Website) -> None:
    """However many pages are fetched at the same time, a server sees four requests at once at most."""
    for number in range(12):
        site.pages[f"/{number}"] = Page(b"text", {"Content-Type": "text/plain"}, pause_s=0.03)
    web = source(tmp_path, urls=[f"{site.url}/{n}" for n in range(12)])
    items = [item async for item in web.items({})]
    await asyncio.gather(*(item.fetch() for item in items))
    assert 2 <= site.most_at_once <= 4
    await web.close()
    assert not (tmp_path / "downloads").exists()


async def test_what_a_crash_left_is_removed(tmp_path: Path, site: Website) -> None:
    """Downloads that a crash left behind are gone when the pages are listed next."""
    (tmp_path / "downloads" / "old").mkdir(parents=True)
    await listed(tmp_path, urls=[site.url])
    assert not (tmp_path / "downloads").exists()


@pytest.mark.parametrize("charset", ["windows-1251", "UTF-16", "shift_jis", "latin-1"])
async def test_encoding_that_only_the_server_names(tmp_path: Path, site: Website, charset: str) -> None:
    """Text in an encoding that only the server names arrives as UTF-8, marked as such."""
    text = {"shift_jis": "日本", "latin-1": "café"}.get(charset, "Привет")
    site.add("/", f"<p>{text}".encode(charset), f"text/html; charset={charset}")
    fetched = await fetch(tmp_path, site.url)
    assert fetched is not None
    assert fetched.path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert fetched.path.read_text("utf-8-sig") == f"<p>{text}"


@pytest.mark.parametrize("charset", ["utf-8", "nonsense", "base64", "idna", "unicode_escape", ""])
async def test_encoding_that_is_none(tmp_path: Path, site: Website, charset: str) -> None:
    """UTF-8, and what is no encoding of text, leave the bytes as they are."""
    site.add("/", b"<p>\xc3\xa9", f"text/html; charset={charset}")
    fetched = await fetch(tmp_path, site.url)
    assert fetched is not None
    assert fetched.path.read_bytes() == b"<p>\xc3\xa9"


@pytest.mark.parametrize(
    ("media_type", "address", "suffix"),
    [
        ("text/html", "https://x/a.pdf", ".html"),
        ("application/pdf", "https://x/download?id=1", ".pdf"),
        ("text/plain", "https://x/README.md", ".md"),
        ("text/plain", "https://x/a", ".txt"),
        ("application/octet-stream", "https://x/a.DOCX", ".docx"),
        ("application/json", "https://x/a.ipynb", ".ipynb"),
        ("", "https://x/a", ".html"),
        ("", "https://x/a.rst", ".rst"),
    ],
)
def test_suffix_by_type_and_address(media_type: str, address: str, suffix: str) -> None:
    """The loader is chosen by the media type, or by the address where the type says little."""
    assert suffix_of(media_type, address) == suffix


async def test_type_that_no_loader_reads(tmp_path: Path, site: Website) -> None:
    """An image or a program is skipped with its type as the reason."""
    site.add("/", b"\x89PNG", "image/png")
    with pytest.raises(DocumentError, match=r"is of the type 'image/png', which no loader reads"):
        await fetch(tmp_path, site.url)


# robots.txt


async def test_robots_are_respected(tmp_path: Path, site: Website) -> None:
    """A page that robots.txt closes is not asked for, also not by a redirect; robots.txt is read once."""
    site.add("/robots.txt", "User-agent: *\nDisallow: /private", "text/plain")
    site.redirect("/open", "/private/a")
    site.add("/fine", "text")
    web = source(tmp_path, urls=[site.url + path for path in ("/private/a", "/open", "/fine")])
    items = [item async for item in web.items({})]
    for item in items[:2]:
        with pytest.raises(DocumentError, match=r"robots\.txt"):
            await item.fetch()
    assert await items[2].fetch() is not None
    await web.close()
    assert [asked.path for asked in site.asked] == ["/robots.txt", "/open", "/fine"]


async def test_robots_in_trouble(tmp_path: Path, site: Website) -> None:
    """While robots.txt cannot be read for an error of the server, no page may be read."""
    site.pages["/robots.txt"] = Page(status=503)
    site.add("/", "text")
    with pytest.raises(SourceError, match=r"robots\.txt is in trouble"):
        await fetch(tmp_path, site.url)
    assert site.paths() == []


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: AnswerLoop/1.0\nDisallow: /b", "/a", True),
        ("User-agent: answerloop\nUser-agent: other\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /\nAllow: /docs", "/docs/a", True),
        ("User-agent: *\nAllow: /docs\nDisallow: /docs/private", "/docs/private/a", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?x", True),
        ("User-agent: *\nDisallow: /a*c*e", "/a-c-d-e-f", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("\ufeffUser-agent: * # all\nDISALLOW : /a # this", "/a", False),
        ("User-agent: *\nDisallow: /" + "*a" * 5000 + "$", "/" + "a" * 4000, True),
    ],
)
def test_robots_rules(text: str, path: str, allowed: bool) -> None:
    """Our own group outranks the one for all, the longest rule wins, '*' and '$' are wildcards (RFC 9309)."""
    assert Robots.parse(text.removeprefix("\ufeff")).allows(path) is allowed


async def test_crawl_delay(tmp_path: Path, site: Website) -> None:
    """Requests keep the distance that robots.txt asks for."""
    site.add("/robots.txt", "User-agent: *\nCrawl-delay: 0.2", "text/plain")
    for path in ("/a", "/b", "/c"):
        site.add(path, "text")
    web = source(tmp_path, urls=[site.url + path for path in ("/a", "/b", "/c")])
    items = [item async for item in web.items({})]
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(item.fetch() for item in items))
    assert asyncio.get_running_loop().time() - began >= 0.4
    await web.close()
