"""`answerloop releases`, on an installation that has read a document."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bots.cli import app
from bots.commands import releases
from rag_core.bootstrap import open_records
from rag_core.errors import NotFound, NotReady
from rag_core.records.audit import Audit
from rag_core.records.evaluation.runs import Runs
from rag_core.review.releasing.promoting import roll_back
from rag_core.review.releasing.watching import ROLLBACK
from rag_core.settings import Settings

Run = Callable[..., str]


@pytest.fixture
def run(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run(*words): what the command prints; the installation has read a page, twice, into a release each."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("The office is in Porto.\n")

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(app, ["--home", str(home), *words], catch_exceptions=False)
        assert result.exit_code == 0, result.stdout
        return result.stdout

    invoke("ingest", "docs")
    invoke("ingest", "--rebuild")
    return invoke


def test_releases_are_listed_shown_promoted_and_returned_to(run: Run, home: Path) -> None:
    """Rolling back undoes a rebuild; promoting does it again; the log says who."""
    listed = json.loads(run("releases", "list", "--json"))["releases"]
    assert [(one["release"], one["active"], one["passages"]) for one in listed] == [
        ("r2", True, 1),
        ("r1", False, 1),
    ]
    assert "r2" in run("releases", "list")
    assert json.loads(run("releases", "rollback", "--json")) == {"release": "r1", "before": "r2"}
    shown = json.loads(run("releases", "show", "r2", "--json"))
    assert (shown["active"], shown["gone"]) == (False, "")
    assert [one["name"] for one in shown["differences"]] == ["index"]
    assert "r2 is active" in run("releases", "promote", "r2")
    run("releases", "rollback")
    with pytest.raises(NotReady):  # before r1 there was none, whatever happened since
        run("releases", "rollback")

    async def recorded() -> tuple[list[str], list[str]]:
        async with open_records(Settings(home=home)) as database:
            entries = await Audit(database).latest(10, action="release.")
            return [entry.actor for entry in entries], [one.kind for one in await Runs(database).latest()]

    actors, kinds = asyncio.run(recorded())
    assert all(actor.startswith("console:") for actor in actors[:-1])
    assert kinds == ["promotion"]


def test_a_release_is_tried_out_by_a_command(run: Run, home: Path) -> None:
    """On a share of the conversations, by name of who did it; the active one is not, and neither is what is not there."""
    settings = Settings(home=home)
    asyncio.run(releases.try_out(settings, "r1", 0.1))
    assert "10%" in run("releases", "list")
    assert json.loads(run("releases", "show", "r1", "--json"))["canary"] == 0.1
    assert json.loads(run("releases", "list", "--json"))["rolled_back"] is None
    asyncio.run(releases.try_out(settings, "r1", 0))
    assert json.loads(run("releases", "show", "r1", "--json"))["canary"] == 0
    with pytest.raises(NotReady, match="answers everything already"):
        asyncio.run(releases.try_out(settings, "r2", 0.1))
    with pytest.raises(NotFound):
        asyncio.run(releases.try_out(settings, "r9", 0.1))


def test_a_rollback_that_happened_by_itself_is_said(run: Run, home: Path) -> None:
    """With its report, where releases are listed and the one that answers again is shown."""

    async def rolled_back() -> None:
        async with open_records(Settings(home=home)) as database, Runs(database).recorded(ROLLBACK) as one:
            await roll_back(Settings(home=home), database, "r1")
            await one.ended("succeeded", "People found r2 less helpful.", "r1")

    asyncio.run(rolled_back())
    assert "People found r2 less helpful." in run("releases", "list")
    assert "People found r2 less helpful." in run("releases", "show", "r1")
    assert "less helpful" not in run("releases", "show", "r2")
    shown = json.loads(run("releases", "show", "r1", "--json"))
    assert (shown["parent"], shown["run"], shown["router"], shown["tuning"]) == (None, None, None, None)
    assert shown["rolled_back"]["report"] == "People found r2 less helpful."
