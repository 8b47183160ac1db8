"""What every Cache does, held against each implementation, and against Redis in each way it can be reached."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rag_core.cache import Address, Cache, LocalCache
from rag_core.cache.connecting import Tls
from rag_core.cache.redis import RedisCache
from tests.servers.redis import Certificate, cluster, free_port, sentinels, server

LIMIT_S = 2.0
"""Generous: these tests are about what is kept, not about when."""
Open = Callable[[float], Cache]


def local(folder: Path, stack: ExitStack) -> Open:
    return lambda ttl_s: LocalCache(16 << 20, ttl_s)


def opener(url: str, tls: Tls | None = None, password: str = "") -> Open:
    address = Address.parse(url)
    return lambda ttl_s: RedisCache.open(address, ttl_s=ttl_s, limit_s=LIMIT_S, tls=tls, password=password)


def one_server(folder: Path, stack: ExitStack) -> Open:
    return opener(stack.enter_context(server(folder)).url + "/3")


def with_password(folder: Path, stack: ExitStack) -> Open:
    return opener(stack.enter_context(server(folder, "--requirepass", "s/e:c@ret")).url, password="s/e:c@ret")


def by_socket(folder: Path, stack: ExitStack) -> Open:
    path = f"/tmp/answerloop-{secrets.token_hex(4)}.sock"
    stack.callback(Path(path).unlink, missing_ok=True)
    stack.enter_context(server(folder, "--unixsocket", path))
    return opener(f"unix://{path}")


def by_tls(folder: Path, stack: ExitStack) -> Open:
    """Server and client both show a certificate."""
    made, port = Certificate.make(folder), free_port()
    files = ("--tls-cert-file", str(made.certificate), "--tls-key-file", str(made.key))
    options = ("--tls-port", str(port), *files, "--tls-ca-cert-file", str(made.certificate))
    stack.enter_context(server(folder / "server", *options))
    return opener(f"rediss://127.0.0.1:{port}", Tls(made.certificate, made.certificate, made.key))


def by_sentinels(folder: Path, stack: ExitStack) -> Open:
    return opener(stack.enter_context(sentinels(folder)).url)


def in_a_cluster(folder: Path, stack: ExitStack) -> Open:
    nodes = stack.enter_context(cluster(folder))
    return opener(f"redis+cluster://127.0.0.1:{nodes[0].port},127.0.0.1:{nodes[1].port}")


BACKENDS = {
    "local": local,
    "redis": one_server,
    "redis with a password": with_password,
    "redis by socket": by_socket,
    "redis by tls": by_tls,
    "redis by sentinels": by_sentinels,
    "redis cluster": in_a_cluster,
}


@pytest.fixture(scope="module", params=list(BACKENDS))
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    with ExitStack() as stack:
        yield BACKENDS[request.param](tmp_path_factory.mktemp("cache"), stack)


@pytest.fixture
async def cache(opened: Open) -> AsyncIterator[Cache]:
    made = opened(60.0)
    yield made
    await made.close()


@pytest.fixture
def prefix() -> str:
    """Of an installation that no other test has."""
    return f"test:{secrets.token_hex(6)}:"


async def test_what_was_put_is_found(cache: Cache, prefix: str) -> None:
    """Byte for byte, whatever the bytes; nothing where nothing was put."""
    values = [b"x", b"", bytes(range(256)), b"\r\n$5\r\n", "größer 🎉".encode(), b"\x00" * 100_000]
    for number, value in enumerate(values):
        await cache.put(f"{prefix}answer:{number}", value)
    assert [await cache.get(f"{prefix}answer:{number}") for number in range(len(values))] == values
    assert await cache.get(f"{prefix}answer:none") is None
    assert cache.state == "ready"


async def test_the_last_value_put_counts(cache: Cache, prefix: str) -> None:
    await cache.put(f"{prefix}answer:a", b"before")
    await cache.put(f"{prefix}answer:a", b"after")
    assert await cache.get(f"{prefix}answer:a") == b"after"


async def test_many_at_once(cache: Cache, prefix: str) -> None:
    """Five hundred readers and writers at the same moment all get their own."""
    keys = [f"{prefix}embedding:{number}" for number in range(500)]
    await asyncio.gather(*(cache.put(key, key.encode()) for key in keys))
    assert await asyncio.gather(*(cache.get(key) for key in keys)) == [key.encode() for key in keys]
    assert cache.state == "ready"


async def test_an_entry_goes_when_its_time_is_over(opened: Open, prefix: str) -> None:
    """Nothing is kept for ever."""
    cache = opened(0.1)
    await cache.put(f"{prefix}answer:a", b"x")
    await asyncio.sleep(0.3)
    assert await cache.get(f"{prefix}answer:a") is None
    await cache.close()


async def test_a_report_tells_what_is_kept(cache: Cache, prefix: str) -> None:
    """Entries by kind, about how many bytes, the numbers added up; of one installation only."""
    other = f"{prefix[:-1]}x:"
    for key in ("embedding:a", "answer:a", "answer:b"):
        await cache.put(prefix + key, b"x" * 1000)
    await cache.put(other + "answer:a", b"x" * 1000)
    await cache.add(prefix, {"answer.hits": 2, "answer.misses": 1})
    await cache.add(prefix, {"answer.hits": 3})
    await cache.add(other, {"answer.hits": 100})
    report = await cache.report(prefix)
    assert dict(report.entries) == {"embedding": 1, "answer": 2}
    assert 3_000 <= report.bytes <= 6_000
    assert report.used_bytes >= report.bytes
    assert dict(report.counts) == {"answer.hits": 5, "answer.misses": 1}
    assert report.place


async def test_a_report_of_nothing(cache: Cache, prefix: str) -> None:
    report = await cache.report(prefix)
    assert (dict(report.entries), dict(report.counts), report.bytes) == ({}, {}, 0)


async def test_clearing_removes_what_is_under_the_prefix_and_nothing_else(cache: Cache, prefix: str) -> None:
    """All entries and numbers, however many; those of an installation whose name begins alike stay, and so does what
    looks like a pattern."""
    neighbours = (f"{prefix[:-1]}x:", f"other:{prefix}", prefix.replace("t", "*", 1))
    for name in (*neighbours, prefix):
        await cache.add(name, {"answer.hits": 1})
        await asyncio.gather(*(cache.put(f"{name}answer:{number}", b"x") for number in range(1_200)))
    assert await cache.clear(prefix) == 1_200
    assert await cache.clear(prefix) == 0
    assert (await cache.report(prefix)).counts == {}
    for name in neighbours:
        report = await cache.report(name)
        assert (dict(report.entries), dict(report.counts)) == ({"answer": 1_200}, {"answer.hits": 1})


async def test_a_prefix_is_no_pattern(cache: Cache, prefix: str) -> None:
    """Clearing '*' removes nothing but what begins with an asterisk."""
    await cache.put(f"{prefix}answer:a", b"x")
    assert await cache.clear("*") == 0
    assert await cache.clear(f"{prefix[:-2]}?:") == 0
    assert await cache.clear(f"[{prefix[0]}]{prefix[1:]}") == 0
    assert await cache.get(f"{prefix}answer:a") == b"x"


async def test_closing_ends_what_it_began(opened: Open, prefix: str) -> None:
    """No task is left, used or not."""
    used, unused = opened(60.0), opened(60.0)
    await used.put(f"{prefix}answer:a", b"x")
    await used.close()
    await unused.close()
    assert len(asyncio.all_tasks()) == 1
