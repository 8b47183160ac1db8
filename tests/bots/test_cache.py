"""`answerloop cache`: what another process sees of the cache that a bot fills."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bots.cli import app
from rag_core.bootstrap import make_assistant, open_core, open_records
from rag_core.errors import NotReady, Unavailable
from rag_core.index.embedding import ModelCard
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.records.index.releases import Releases
from rag_core.settings import Cache, Settings
from rag_core.types import Principal, Question
from tests.conftest import EXPORTED
from tests.servers.redis import Server, server


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("redis"), "--requirepass", "geheim") as made:
        yield made


@pytest.fixture
def shared(redis: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    """The environment names it; nobody else's keys are touched."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSWERLOOP_CACHE__URL", redis.url)
    monkeypatch.setenv("ANSWERLOOP_CACHE__PASSWORD", "geheim")
    redis.command("FLUSHALL", password="geheim")
    redis.command("SET", "somebody:else", "x", password="geheim")
    return redis


def run(home: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["--home", str(home), "cache", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def used(home: Path, model_folder: Path, cache: Cache) -> None:
    """A release of its own, one document, and a question asked three times."""

    async def use() -> None:
        settings = Settings(home=home, cache=cache)
        async with open_records(settings) as database:
            releases = Releases(database)
            await releases.activate((await releases.add(EXPORTED, ModelCard.read(model_folder))).id)
        async with open_core(settings) as core:
            indexer = Indexer(core.embedder, core.store, core.compute)
            text = "You have 30 days of leave a year."
            parsed = Parsed("docs/leave", "docs", "public", "leave", "https://docs.example/leave", text)
            await indexer.write([await indexer.divide(parsed)])
            for _ in range(3):
                question = Question("How many days of leave?", Principal("console", "me"))
                await make_assistant(core).ask(question)

    asyncio.run(use())


def cache_of(redis: Server) -> Cache:
    return Cache.model_validate({"url": redis.url, "password": "geheim", "timeout_ms": 1000})


def test_stats_of_a_shared_cache(home: Path, model_folder: Path, shared: Server) -> None:
    """What the other process kept and how often it found something, of all releases of this installation."""
    for _ in range(2):
        used(home, model_folder, cache_of(shared))
    said: Any = json.loads(run(home, "stats", "--json"))
    assert (said["backend"], said["state"], said["place"]) == ("redis", "ready", shared.url)
    assert said["entries"] == {"embedding": 2, "ranking": 2, "answer": 2}
    assert said["lookups"]["answer"] == {"hits": 4, "misses": 2, "errors": 0, "hit_rate": 0.6667}
    assert said["lookups"]["embedding"] == {"hits": 0, "misses": 2, "errors": 0, "hit_rate": 0.0}
    assert 0 < said["bytes"] < said["used_bytes"]
    shown = run(home, "stats")
    assert "67%" in shown
    assert "geheim" not in shown


def test_clear_removes_what_is_ours(home: Path, model_folder: Path, shared: Server) -> None:
    """Entries and numbers; keys of others in the same Redis stay."""
    used(home, model_folder, cache_of(shared))
    assert json.loads(run(home, "clear", "--json")) == {"backend": "redis", "removed": 3}
    assert run(home, "clear") == "Removed 0 entries.\n"
    assert shared.command("KEYS", "*", password="geheim") == ["somebody:else"]
    assert json.loads(run(home, "stats", "--json"))["lookups"]["answer"]["hits"] == 0


def test_a_cache_in_process_is_told_to_be_one(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its numbers are in the process that serves; there is nothing here to show or clear."""
    monkeypatch.chdir(tmp_path)
    for command in ("stats", "clear"):
        assert "The cache is in each process" in run(home, command)
    assert json.loads(run(home, "stats", "--json")) == {"backend": "local"}
    assert json.loads(run(home, "clear", "--json")) == {"backend": "local", "removed": 0}
    monkeypatch.setenv("ANSWERLOOP_CACHE__ENABLED", "false")
    assert "switched off" in run(home, "stats")
    assert json.loads(run(home, "stats", "--json")) == {"backend": "off"}


@pytest.mark.parametrize("command", ["stats", "clear"])
def test_a_redis_that_is_down_is_one_sentence(
    command: str, home: Path, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person asked for it, so they are told; without the password."""
    monkeypatch.chdir(tmp_path)
    used(home, model_folder, Cache())
    monkeypatch.setenv("ANSWERLOOP_CACHE__URL", "redis://:geheim@127.0.0.1:1")
    with pytest.raises(Unavailable, match=r"^redis://127\.0\.0\.1:1 is down \(.*\)\.$"):
        run(home, command)


def test_before_the_first_document_there_is_nothing_to_tell(home: Path, shared: Server) -> None:
    """The command to begin with is named."""
    with pytest.raises(NotReady, match="answerloop ingest"):
        run(home, "stats")
