"""`answerloop train`, and training by itself, on an installation that has read a few pages."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bots.cli import app
from bots.scheduler import keep_training, train_command
from rag_core.bootstrap import open_records
from rag_core.errors import Busy, NotReady
from rag_core.records.evaluation.runs import Runs
from rag_core.records.feedback.recording import Feedback
from rag_core.records.leases import held
from rag_core.records.reviews.reviews import Reviews
from rag_core.settings import Settings
from rag_core.types import Principal, Question
from tests.fakes import an_answer
from training.job.due import KIND
from training.job.run import LEASE

Run = Callable[..., str]


@pytest.fixture
def run(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run(*words): what the command prints."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    for n in range(3):
        (tmp_path / "docs" / f"{n}.md").write_text(f"# Office number {n}\n\nThe office {n} is in Porto.\n")

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(app, ["--home", str(home), *words], catch_exceptions=False)
        assert result.exit_code == 0, result.stdout
        return result.stdout

    invoke("ingest", "docs")
    return invoke


def reviewed(home: Path, count: int) -> None:
    async def done() -> None:
        async with open_records(Settings(home=home)) as database:
            for n in range(count):
                question = Question(f"Where is office {n} now?", Principal("web", "u1"))
                await Feedback(database).record_answer(
                    question, an_answer(f"a{n}"), passages=[], scopes=frozenset({"public"}), generation=1
                )
                await Reviews(database).propose(f"a{n}", "person")
            for review in await Reviews(database).pending(count):
                await Reviews(database).decide(review.id, "missing_document", "local:ada", note="more")

    asyncio.run(done())


def test_what_would_be_learned_from_is_shown(run: Run, home: Path) -> None:
    """By part and source, with what is left out and why; nothing is trained, and nothing kept."""
    reviewed(home, 4)
    told = json.loads(run("train", "--dry-run", "--json"))
    counted = sum(told["counts"].get(f"{part}.review", 0) for part in ("train", "validation", "test"))
    assert counted + sum(one["count"] for one in told["dropped"]) >= 4
    assert "Rows to learn from" in run("train", "--dry-run")
    assert not (home / "training").exists()
    assert not (home / "datasets").exists()


def test_too_little_is_a_result_with_a_reason_and_a_report(run: Run, home: Path) -> None:
    """The exit status is 0: nothing went wrong."""
    told = json.loads(run("train", "--json"))
    assert (told["state"], told["release"]) == ("refused", None)
    assert "Too little was reviewed: 0 rows, and it takes 30" in told["reason"]
    assert "Too little was reviewed" in Path(told["report"]).read_text()
    assert "Nothing was promoted. Too little was reviewed" in run("train")
    assert "Too little was reviewed" in run("report")


def test_it_trains_when_it_is_due_and_says_why_it_is_not(run: Run, home: Path) -> None:
    assert "it takes 20" in run("train", "--if-due")
    reviewed(home, 20)
    assert json.loads(run("train", "--if-due", "--json"))["state"] == "refused"
    assert json.loads(run("train", "--if-due", "--json"))["state"] == "not due"


def test_two_at_once_are_one_and_a_refusal(run: Run, home: Path) -> None:
    async def meanwhile() -> None:
        async with open_records(Settings(home=home)) as database, held(database, LEASE):
            await asyncio.to_thread(run, "train")

    with pytest.raises(Busy, match="Another process is at the same work"):
        asyncio.run(meanwhile())


def test_without_documents_it_says_what_to_do_first(home: Path) -> None:
    with pytest.raises(NotReady, match="answerloop ingest"):
        CliRunner().invoke(app, ["--home", str(home), "train"], catch_exceptions=False)


@pytest.mark.slow
async def test_serving_trains_by_itself_in_a_process_of_its_own(run: Run, home: Path) -> None:
    """When it is due, and once."""
    await asyncio.to_thread(reviewed, home, 20)
    settings = Settings(home=home)
    working = asyncio.create_task(
        keep_training(lambda: settings, train_command(home, None), look_every_s=0.2)
    )
    try:
        async with open_records(settings) as database, asyncio.timeout(120):
            while not (found := await Runs(database).latest()) or found[0].state == "running":  # noqa: ASYNC110
                await asyncio.sleep(0.2)
            await asyncio.sleep(1)
            assert [(one.kind, one.state) for one in await Runs(database).latest()] == [(KIND, "refused")]
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


@pytest.mark.slow
async def test_a_run_is_stopped_with_what_serves(home: Path) -> None:
    """Its process does not go on alone."""
    settings, marker = Settings(home=home), home / "began"
    program = (
        "import os, pathlib, sys, time; new = pathlib.Path(sys.argv[1] + '.new'); new.write_text(str(os.getpid())); "
        "new.rename(sys.argv[1]); time.sleep(600)"
    )
    async with open_records(settings):
        pass
    await asyncio.to_thread(reviewed, home, 20)
    working = asyncio.create_task(
        keep_training(lambda: settings, [sys.executable, "-c", program, str(marker)], 0.1)
    )
    async with asyncio.timeout(60):
        while not marker.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    pid = int(marker.read_text())
    os.kill(pid, 0)  # it runs
    working.cancel()
    async with asyncio.timeout(30):
        await asyncio.gather(working, return_exceptions=True)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
