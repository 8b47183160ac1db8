"""kill -9 at any point of a run: what answers is whole, and the next run goes on or starts cleanly."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag_core.bootstrap import make_assistant, open_core
from rag_core.index.embedding import CARD
from rag_core.types import Principal, Question
from tests.training.job.installation import EMBEDDER, GOLDEN, copied, settings_of
from tests.training.job.killing import Ended, Forks, forking

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("ANSWERLOOP_KILLS", "12"))
"""Of both ways to a better retriever together. 200 take nine minutes of processor time."""
OPENED_EVERY = 10
SEED = 9


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with forking() as made:
        yield made


@pytest.mark.parametrize(("method", "share"), [("query-side", 0.8), ("full", 0.2)])
def test_killed_anywhere(method: str, share: float, installation: Path, tmp_path: Path, forks: Forks) -> None:
    """Killed at any point, a run leaves a whole release that answers, and the next one ends as if nothing had been."""
    chance, kills, killed_in = random.Random(SEED), round(KILLS * share), Counter[str]()
    whole = forks.run(copied(installation, tmp_path / "whole"), method)
    assert whole.state == "succeeded", whole
    _is_clean(tmp_path / "whole" / "home")

    home, number, made = tmp_path, 0, 0
    while made < kills:
        if home == tmp_path:
            number += 1
            home = copied(installation, tmp_path / str(number))
        ended = _killed(forks, home, method, whole, chance)
        if ended.killed:
            made += 1
            killed_in[ended.step] += 1
            _answers(home, opened=made % OPENED_EVERY == 0)
        else:  # what was left of it ended before the point
            home = _gone_on(home, ended, tmp_path)
    if home != tmp_path:
        _gone_on(home, forks.run(home, method), tmp_path)
    print(f"\n{method}: {made} kills in {number} installations: {dict(killed_in)}")
    assert len(killed_in) >= min(6, kills // 3)


def _killed(forks: Forks, home: Path, method: str, whole: Ended, chance: random.Random) -> Ended:
    """Where something is about to change, or, every third time, at any moment."""
    if chance.random() < 1 / 3:
        return forks.run(home, method, after_s=chance.uniform(0.0, whole.cpu_s))
    return forks.run(home, method, at=chance.randint(1, whole.points))


def _gone_on(home: Path, ended: Ended, nothing: Path) -> Path:
    """The run has ended by itself."""
    assert ended.state == "succeeded", ended
    _answers(home, opened=True)
    _is_clean(home)
    return nothing


def _answers(home: Path, opened: bool) -> None:
    """Exactly one release is active, whole, and its index has all documents. opened: ask it, too."""
    with closing(sqlite3.connect(home / "answerloop.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        [(embedder, query_map, index)] = database.execute(
            "SELECT embedder, query_map, index_name FROM releases WHERE active"
        ).fetchall()
        named = database.execute("SELECT embedder, query_map FROM releases").fetchall()
        (documents,) = database.execute(
            "SELECT count(*) FROM documents WHERE index_name = ?", (index,)
        ).fetchone()
    assert documents == 100
    assert (home / "index" / f"{index}.lance").is_dir()
    for name in filter(None, (embedder, query_map)):
        assert (home / "models" / name / CARD).is_file()
    for folder in (home / "models" / name for row in named for name in row if name):
        assert not folder.exists() or (folder / CARD).is_file(), f"{folder} is half written"
    if opened:
        asyncio.run(_asked(home))


async def _asked(home: Path) -> None:
    settings = settings_of(home)
    async with open_core(settings) as core:
        assert (await core.store.state()).passages == 100
        answer = await make_assistant(core).ask(Question(GOLDEN, Principal("web", "anna")))
        assert answer.nearest or answer.citations


def _is_clean(home: Path) -> None:
    """After a run that ended nothing is left but what releases need that answer or have answered, and reports."""
    with closing(sqlite3.connect(home / "answerloop.db")) as database:
        answered = "SELECT embedder, query_map, index_name, run FROM releases WHERE id IN (SELECT release FROM activations)"
        releases = database.execute(answered).fetchall()
        indexes = {name for (name,) in database.execute("SELECT DISTINCT index_name FROM documents")}
        assert database.execute("SELECT count(*) FROM leases").fetchone() == (0,)
        last = "SELECT state, report <> '' FROM runs WHERE kind = 'training' ORDER BY started_at DESC LIMIT 1"
        assert database.execute(last).fetchone() == ("succeeded", 1)
    assert {one.name for one in (home / "models").iterdir()} == {n for r in releases for n in r[:2] if n} | {
        EMBEDDER
    }
    assert {one.name for one in (home / "index").glob("*.lance")} == {f"{r[2]}.lance" for r in releases}
    assert indexes == {r[2] for r in releases}
    assert {one.name for one in (home / "datasets").iterdir()} == {
        "parts.json",
        *(r[3] for r in releases if r[3]),
    }
    left = [path for path in home.rglob("*") if path.name.startswith(".") or path.suffix in (".new", ".tmp")]
    assert not left
    for run in (home / "training").iterdir():
        assert not [path for path in run.iterdir() if path.is_dir()]
        assert '"ended": ""' not in (run / "job.json").read_text()
