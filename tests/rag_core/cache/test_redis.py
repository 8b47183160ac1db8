"""Redis killed, hung, full, loading, refusing: nothing fails for it but the cache itself, and it is used again after."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from rag_core.cache import Address
from rag_core.cache.redis import READS, RedisCache
from rag_core.errors import Unavailable
from tests.servers.redis import Server, cluster, free_port, sentinels, server

LIMIT_S = 0.2
KEY, VALUE = "test:answer:a", b"an answer"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as made:
        yield made


@pytest.fixture
async def cache(redis: Server) -> AsyncIterator[RedisCache]:
    """Holds VALUE under KEY."""
    async with opened(redis.url) as made:
        await made.put(KEY, VALUE)
        yield made


@asynccontextmanager
async def opened(url: str, password: str = "") -> AsyncIterator[RedisCache]:
    made = RedisCache.open(Address.parse(url), ttl_s=60, limit_s=LIMIT_S, password=password)
    yield made
    await made.close()


async def asked(cache: RedisCache, key: str = KEY) -> bytes | Unavailable | None:
    """Nothing else is ever raised."""
    try:
        return await cache.get(key)
    except Unavailable as error:
        return error


async def times_unavailable(cache: RedisCache, times: int) -> int:
    """Of so many questions in a row."""
    return sum([isinstance(await asked(cache), Unavailable) for _ in range(times)])


async def until(happened: Callable[[], bool], limit_s: float = 30) -> None:
    async with asyncio.timeout(limit_s):
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def until_found(cache: RedisCache, value: bytes | None = VALUE, limit_s: float = 30) -> None:
    """Within the half minute that is promised."""
    async with asyncio.timeout(limit_s):
        while await asked(cache) != value:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


async def test_a_redis_that_is_not_there_yet_is_used_once_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Opening does not fail; a thousand questions are told at once, and the log once."""
    made = Server(tmp_path)
    async with opened(made.url) as cache:
        results = [await asked(cache) for _ in range(1_000)]
        assert all(isinstance(result, Unavailable) for result in results)
        assert cache.state.startswith("down (")
        with pytest.raises(Unavailable):
            await cache.put(KEY, VALUE)
        with pytest.raises(Unavailable, match="is down"):
            await cache.report("test:")
        made.start()
        await until_found(cache, None)
        await cache.put(KEY, VALUE)
        assert await cache.get(KEY) == VALUE
        made.kill()
    assert len(messages(caplog)) == 2
    assert messages(caplog)[1] == f"{made.url}: in use again"


async def test_a_redis_that_is_killed_is_used_again_after_it_has_come_back(
    redis: Server, cache: RedisCache, caplog: pytest.LogCaptureFixture
) -> None:
    """Empty, since this one keeps nothing on disk."""
    assert await cache.get(KEY) == VALUE
    redis.kill()
    assert await times_unavailable(cache, 100) == 100
    redis.start()
    await until_found(cache, None)
    await cache.put(KEY, VALUE)
    assert await cache.get(KEY) == VALUE
    assert len(messages(caplog)) == 2


async def test_a_redis_that_hangs_costs_one_limit_and_not_one_for_each_question(
    redis: Server, cache: RedisCache, caplog: pytest.LogCaptureFixture
) -> None:
    """It takes connections and answers nothing: 300 questions in a row and 300 at once are over long before their limits
    could have passed one by one."""
    redis.hang()
    started = time.monotonic()
    at_once = await asyncio.gather(*(asked(cache) for _ in range(300)))
    in_a_row = [await asked(cache) for _ in range(300)]
    assert all(isinstance(result, Unavailable) for result in (*at_once, *in_a_row))
    assert time.monotonic() - started < 300 / READS * LIMIT_S
    assert "within 200 ms" in cache.state
    redis.resume()
    await until_found(cache)
    assert len(messages(caplog)) == 2


async def test_a_redis_that_is_full_is_still_read_from(
    redis: Server, cache: RedisCache, caplog: pytest.LogCaptureFixture
) -> None:
    """Writes are refused at once, which is logged once; they are taken again when there is room."""
    redis.fill()
    for number in range(20):
        with pytest.raises(Unavailable, match="maxmemory"):
            await cache.put(f"test:answer:{number}", VALUE)
        with pytest.raises(Unavailable, match="maxmemory"):
            await cache.add("test:", {"answer.hits": 1})
    assert await cache.get(KEY) == VALUE
    assert cache.state.startswith("refuses writes (")
    redis.empty()
    await cache.put("test:answer:b", VALUE)
    assert cache.state == "ready"
    assert [line.split(": ")[0] for line in messages(caplog)] == [
        f"{redis.url} takes nothing new",
        f"{redis.url} takes new entries again",
    ]


async def test_a_replica_that_takes_no_writes_is_read_from(
    redis: Server, cache: RedisCache, tmp_path: Path
) -> None:
    """Such as after a switch that nobody told the bot of."""
    redis.command("REPLICAOF", "127.0.0.1", 1)
    with pytest.raises(Unavailable, match="read only"):
        await cache.put("test:answer:b", VALUE)
    assert await cache.get(KEY) == VALUE


async def test_a_wrong_password_is_told_and_mended_without_a_restart(
    redis: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says what is wrong, without the password."""
    redis.command("CONFIG", "SET", "requirepass", "right")
    async with opened(redis.url, password="geheim") as cache:
        assert await times_unavailable(cache, 50) == 50
        assert "password" in cache.state
        redis.command("CONFIG", "SET", "requirepass", "geheim", password="right")
        await until_found(cache, None)
    assert len(messages(caplog)) == 2
    assert "geheim" not in "".join(messages(caplog))


@pytest.mark.parametrize(
    "reply",
    [
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"-MASTERDOWN Link with MASTER is down\r\n",
        b"-BUSY Redis is busy running a script\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"$-7\r\n",
        b"",
    ],
)
async def test_whatever_else_it_says_is_no_answer(reply: bytes) -> None:
    """Loading, busy, no Redis at all, closing the connection: the cache is down, and used when that is over."""
    sick = True

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await reader.read(4096):
                writer.write(reply if sick else b"$2\r\nok\r\n")
                if sick and not reply.startswith(b"-"):
                    break
        writer.close()

    port = free_port()
    listening = await asyncio.start_server(serve, "127.0.0.1", port)
    async with listening, opened(f"redis://127.0.0.1:{port}") as cache:
        assert await times_unavailable(cache, 50) == 50
        assert cache.state.startswith("down (")
        sick = False
        await until_found(cache, b"ok")


async def test_a_key_that_holds_something_else_says_nothing_of_the_others(
    redis: Server, cache: RedisCache
) -> None:
    """Somebody put a list there."""
    redis.command("LPUSH", "test:answer:list", "x")
    assert isinstance(await asked(cache, "test:answer:list"), Unavailable)
    assert cache.state == "ready"
    assert await cache.get(KEY) == VALUE


async def test_an_event_loop_that_is_held_up_does_not_make_redis_seem_slow(
    redis: Server, cache: RedisCache, caplog: pytest.LogCaptureFixture
) -> None:
    """Work that holds the loop for longer than the limit, while replies lie waiting."""

    async def hold() -> None:
        for _ in range(2):
            time.sleep(LIMIT_S * 2)  # noqa: ASYNC251
            await asyncio.sleep(0)

    found, _ = await asyncio.gather(asyncio.gather(*(cache.get(KEY) for _ in range(100))), hold())
    assert found == [VALUE] * 100
    assert cache.state == "ready"
    assert messages(caplog) == []


async def test_an_asker_who_goes_leaves_the_connection_in_order(redis: Server, cache: RedisCache) -> None:
    """Nobody reads the reply to another's question."""
    await cache.put("test:answer:b", b"another")
    for _ in range(50):
        gone = asyncio.create_task(cache.get(KEY))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gone.cancel()
        assert await cache.get("test:answer:b") == b"another"
    await asyncio.gather(gone, return_exceptions=True)
    assert cache.state == "ready"


async def test_no_more_connections_are_made_than_are_needed(redis: Server, cache: RedisCache) -> None:
    """A thousand questions at once share a few."""
    await asyncio.gather(*(cache.get(KEY) for _ in range(1_000)))
    assert int(redis.command("INFO", "clients")["connected_clients"]) <= READS + 8


async def test_closing_does_not_wait_for_a_redis_that_hangs(redis: Server) -> None:
    """Nor leave anything behind."""
    async with asyncio.timeout(10):
        async with opened(redis.url) as cache:
            await cache.put(KEY, VALUE)
            redis.hang()
            asking = [asyncio.create_task(asked(cache)) for _ in range(5)]
            await asyncio.sleep(0.01)
        await asyncio.gather(*asking)
    redis.resume()
    await asyncio.sleep(0.01)
    assert len(asyncio.all_tasks()) == 1


async def test_another_master_takes_over(tmp_path: Path) -> None:
    """The Sentinels name it, with what was replicated; no restart is needed."""
    with sentinels(tmp_path) as service:
        async with opened(service.url) as cache:
            await cache.put(KEY, VALUE)
            await until(lambda: service.replica.command("EXISTS", KEY) == 1)
            service.master.kill()
            assert isinstance(await asked(cache), Unavailable)
            await until_found(cache)
            assert service.replica.command("INFO", "replication")["role"] == "master"
            async with asyncio.timeout(30):
                while True:
                    with suppress(Unavailable):
                        await cache.put("test:answer:b", VALUE)
                        break
                    await asyncio.sleep(0.05)
            assert await cache.get("test:answer:b") == VALUE


async def test_a_node_of_a_cluster_comes_back(tmp_path: Path) -> None:
    """While it is gone its keys are not found, and nothing else is raised; afterwards all are served again."""
    keys = [f"test:answer:{number}" for number in range(30)]
    with cluster(tmp_path) as nodes:
        async with opened(f"redis+cluster://127.0.0.1:{nodes[0].port}") as cache:
            for key in keys:
                await cache.put(key, VALUE)
            nodes[0].kill()
            results = [await asked(cache, key) for key in keys]
            assert any(isinstance(result, Unavailable) for result in results)
            nodes[0].start()
            async with asyncio.timeout(30):
                while True:
                    results = [await asked(cache, key) for key in keys]
                    if not any(isinstance(result, Unavailable) for result in results):
                        break
                    await asyncio.sleep(0.05)
            assert set(results) == {VALUE, None}  # what the killed node held is gone
