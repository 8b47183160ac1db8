"""run_once, for real: documents, reviews, training, an index, the gate and the promotion of a small installation."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from rag_core.bootstrap import make_search, open_core, open_records
from rag_core.errors import Busy
from rag_core.index.embedding import CARD
from rag_core.records.evaluation.golden import GoldenQuestions
from rag_core.records.evaluation.runs import Runs
from rag_core.records.index.documents import Documents
from rag_core.records.index.releases import Release, Releases
from rag_core.records.leases import held
from rag_core.records.people.people import People
from rag_core.review.releasing.promoting import roll_back
from rag_core.settings import Settings
from tests.training.job.installation import copied, settings_of
from training.dataset.files import datasets_folder, read
from training.job import run_once
from training.job.folder import folders
from training.job.run import LEASE, Outcome
from training.tasks.task import Nobody

pytestmark = pytest.mark.slow

SAID = "Where do I get the walrus for the jungle?"
"""It means the invoice for the garden."""
MEANT = "set/0-0.md"


class Stopped(Exception):
    """By a test."""


class Heard(Nobody):
    """Notes the steps; at the one named it stops the run, or does something else."""

    def __init__(self, at: str = "", then: Callable[[], None] | None = None) -> None:
        self.steps: list[str] = []
        self._at, self._then = at, then

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        if words not in self.steps:
            self.steps.append(words)
            if words == self._at:
                self._do()

    def _do(self) -> None:
        if self._then is None:
            raise Stopped(self._at)
        self._then()


async def ran(settings: Settings, heard: Heard | None = None, fresh: bool = False) -> Outcome:
    async with open_records(settings) as database:
        return await run_once(settings, database, watched=lambda recording: heard or Nobody(), fresh=fresh)


async def stopped(settings: Settings, at: str) -> Heard:
    """A run that is interrupted at that step."""
    heard = Heard(at)
    with pytest.raises(Stopped):
        await ran(settings, heard)
    return heard


@asynccontextmanager
async def releases_of(settings: Settings) -> AsyncIterator[Releases]:
    async with open_records(settings) as database:
        yield Releases(database)


async def active_of(settings: Settings) -> Release:
    async with releases_of(settings) as releases:
        active = await releases.active()
        assert active is not None
        return active


async def found(settings: Settings, question: str, among: int) -> list[str]:
    """Documents, best first."""
    async with open_core(settings) as core:
        ranked = (await make_search(core)(question, None, keep=among)).ranked
    return [one.passage.document for one in ranked]


def begun_again(outcome: Outcome) -> None:
    """As if its process had been killed just after the release was put in force."""
    state = outcome.report.with_name("job.json")
    was = json.loads(state.read_text())
    steps = {name: said for name, said in was["steps"].items() if name != "outcome"}
    state.write_text(json.dumps({**was, "ended": "", "steps": steps}))


def indexes(home: Path) -> set[str]:
    return {one.name for one in (home / "index").glob("*.lance")}


def models(home: Path) -> set[str]:
    return {one.name for one in (home / "models").iterdir()}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    """With so small models threads on busy cores mostly wait for each other."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def home(installation: Path, tmp_path: Path) -> Path:
    return copied(installation, tmp_path)


@pytest.fixture
def settings(home: Path) -> Settings:
    return settings_of(home)


async def test_too_few_rows_are_refused(home: Path) -> None:
    """Nothing is trained, and what answered goes on answering."""
    settings = settings_of(home, min_rows=1000)
    outcome = await ran(settings)
    assert (outcome.state, outcome.release) == ("refused", None)
    assert outcome.reason.startswith("Too little was reviewed: 101 rows, and it takes 1000")
    assert (await active_of(settings)).id == "r1"
    assert models(home) == {"tiny"}


async def test_what_is_better_is_promoted_and_the_next_run_without_a_gain_is_refused(home: Path) -> None:
    """A query map for people's own words: the release tells where it comes from. The second run changes nothing."""
    settings = settings_of(home)
    outcome = await ran(settings)
    assert (outcome.state, outcome.release) == ("succeeded", "r2"), outcome.reason
    active = await active_of(settings)
    assert (active.id, active.parent, active.run) == ("r2", "r1", outcome.run)
    assert active.note == "trained: query-side"
    assert active.metrics
    assert active.metrics["ndcg@10"] > 0.3
    assert outcome.report.read_text(encoding="utf-8").startswith(f"# Training run {outcome.run}")

    kept = models(home)
    again = await ran(settings)
    assert again.state == "refused"
    assert again.run != outcome.run
    assert (await active_of(settings)).id == "r2"
    assert (models(home), len(indexes(home))) == (kept, 1)


async def test_a_run_is_recorded_with_its_report(settings: Settings) -> None:
    outcome = await ran(settings)
    async with open_records(settings) as database:
        [run] = await Runs(database).latest()
    assert (run.kind, run.state, run.release) == ("training", "succeeded", outcome.release)
    assert run.detail["folder"] == outcome.run
    assert "was promoted" in run.report


async def test_a_lost_golden_question_refuses(settings: Settings) -> None:
    """However much better the rest is."""
    answers = settings.answers.model_copy(update={"min_confidence": 0.0})
    settings = settings.model_copy(update={"answers": answers})
    async with open_core(settings) as core:
        [first, *_] = (await make_search(core)("Which thunder?", None, keep=10)).ranked
        told = first.passage
        expected = {name: getattr(told, name) for name in ("document", "source", "title", "text")}
        await GoldenQuestions(core.database).add("Which thunder?", None, [expected])
    outcome = await ran(settings)
    assert outcome.state == "refused"
    assert "Golden questions lost: 1 of 2" in outcome.reason
    assert (await active_of(settings)).id == "r1"


async def test_two_runs_at_a_time_are_refused(settings: Settings) -> None:
    async with open_records(settings) as database, held(database, LEASE):
        with pytest.raises(Busy, match="at the same work"):
            await ran(settings)
    assert not (settings.home / "training").exists()


async def test_when_another_release_was_promoted_meanwhile_it_is_refused(settings: Settings) -> None:
    """It was measured against a release that does not answer any more."""
    async with releases_of(settings) as releases:
        active = await releases.active()
        assert active
        other = await releases.add_from(active, None, "by hand", own_index=False)

    def promoted() -> None:
        with closing(sqlite3.connect(settings.home / "answerloop.db")) as database, database:
            database.execute("UPDATE releases SET active = (id = ?)", (other.id,))

    outcome = await ran(settings, Heard("Changing over", promoted))
    assert outcome.state == "refused"
    assert f"{other.id} was made the active release meanwhile" in outcome.reason
    assert (await active_of(settings)).id == other.id


async def test_with_a_canary_the_release_is_tried_out_first(home: Path) -> None:
    settings = settings_of(home, watch={"canary": 0.2})
    outcome = await ran(settings)
    assert (outcome.state, outcome.release) == ("trying", "r2")
    async with releases_of(settings) as releases:
        canary = await releases.canary()
    assert canary
    assert (canary.id, canary.canary) == ("r2", 0.2)
    assert (await active_of(settings)).id == "r1"


async def test_an_interrupted_run_goes_on_and_repeats_nothing_that_was_finished(settings: Settings) -> None:
    """Stopped at four steps, one after the other; nothing answers otherwise meanwhile."""
    stops = (
        "Passages that answer are embedded",
        "Fusion and confidence are fitted to the models",
        "Both are timed in turn",
        "Changing over",
    )
    heard = [await stopped(settings, at) for at in stops]
    assert (await active_of(settings)).id == "r1"
    last = Heard()
    outcome = await ran(settings, last)
    assert outcome.state == "succeeded", outcome.reason
    assert [one.id for one in folders(settings.home)] == [outcome.run]
    assert heard[1].steps[0] == "What was reviewed is read"
    assert "training the query map" in heard[1].steps
    assert heard[2].steps[0] == "Fusion and confidence are fitted to the models"
    assert heard[3].steps[0].startswith("Release r1 is asked")
    assert last.steps[-1] == "Changing over"
    assert not any(one.startswith("Release r1 is asked") for one in last.steps)
    async with releases_of(settings) as releases:
        assert [one.id for one in await releases.all()] == ["r1", "r2"]


async def test_when_a_person_is_forgotten_between_two_attempts_it_begins_anew_without_them(
    settings: Settings,
) -> None:
    """What the first attempt made of their rows is gone."""
    await stopped(settings, "Fusion and confidence are fitted to the models")
    [run] = folders(settings.home)
    before = read(datasets_folder(settings.home) / run.id)
    people = [who for one in before.of("train") for who in one.origin.people if who.startswith("web:p")]
    who = people[0]
    async with open_records(settings) as database:
        await People(database, settings.home).forget(*who.split(":"))
    outcome = await ran(settings)
    assert outcome.run != run.id
    assert {one.id: one.ended for one in folders(settings.home)}[run.id] == "abandoned"
    assert f"{run.id}-query-side" not in models(settings.home)
    learned_from = read(datasets_folder(settings.home) / outcome.run).examples
    assert len(learned_from) < len(before.examples)
    assert not any(who in one.origin.people for one in learned_from)


async def test_a_run_whose_release_answers_already_is_only_written_down(settings: Settings) -> None:
    """The release keeps its models, whatever the settings are now."""
    outcome = await ran(settings)
    answer = await found(settings, SAID, 5)
    begun_again(outcome)
    again = await ran(settings_of(settings.home, min_rows=20))
    assert replace(again, report=outcome.report) == outcome
    assert await found(settings, SAID, 5) == answer


async def test_a_release_that_was_rolled_back_is_not_promoted_again_by_its_interrupted_run(
    settings: Settings,
) -> None:
    outcome = await ran(settings)
    begun_again(outcome)
    async with open_records(settings) as database:
        await roll_back(settings, database, "r1", "local:ada")
    again = await ran(settings)
    assert (again.run, again.state) == (outcome.run, "succeeded")
    assert (await active_of(settings)).id == "r1"


async def test_a_run_that_is_given_up_after_its_release_answered_leaves_it_whole(settings: Settings) -> None:
    outcome = await ran(settings)
    answer = await found(settings, SAID, 5)
    begun_again(outcome)
    again = await ran(settings_of(settings.home, min_rows=1000), fresh=True)
    assert again.run != outcome.run
    assert {one.id: one.ended for one in folders(settings.home)}[outcome.run] == "succeeded"
    assert await found(settings, SAID, 5) == answer


@pytest.fixture(scope="module")
def built(installation: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where a trained embedder's index is built, and the run was interrupted after that."""
    import asyncio
    import threading

    home = copied(installation, tmp_path_factory.mktemp("built"))
    at = "Fusion and confidence are fitted to the models"
    running = threading.Thread(target=lambda: asyncio.run(stopped(settings_of(home, "full"), at)))
    running.start()  # where this is called from, a loop may run already
    running.join()
    return home


async def test_a_trained_embedder_gets_an_index_of_the_same_documents(built: Path, tmp_path: Path) -> None:
    """Built beside the active one; rolling back is done at once, with the index that is still there."""
    home = copied(built, tmp_path)
    settings = settings_of(home, "full")
    outcome = await ran(settings)
    assert outcome.state == "succeeded", outcome.reason
    assert [one.attempts for one in folders(home)] == [2]
    active = await active_of(settings)
    async with open_records(settings) as database:
        before = await Releases(database).get("r1")
        records = [
            [(r.key, r.digest, r.passages) for r in await Documents(database, one.index_name).records("set")]
            for one in (before, active)
        ]
        assert sorted(records[0]) == sorted(records[1])
        assert len(records[0]) == 100
        async with open_core(settings) as core:
            assert (await core.store.state()).passages == 100
        assert MEANT in await found(settings, SAID, 5)

        there = sorted(path for path in home.rglob("*") if "index" in path.parts)
        await roll_back(settings, database, "r1", "local:ada")
        assert (await active_of(settings)).id == "r1"
        assert sorted(path for path in home.rglob("*") if "index" in path.parts) == there


async def test_a_run_that_is_given_up_leaves_no_model_and_no_index(built: Path, tmp_path: Path) -> None:
    home = copied(built, tmp_path)
    assert (len(models(home)), len(indexes(home))) == (2, 2)
    settings = settings_of(home, "full", min_rows=1000)
    outcome = await ran(settings)
    assert outcome.reason.startswith("Too little was reviewed")
    assert (models(home), len(indexes(home))) == ({"tiny"}, 1)
    async with open_records(settings) as database:
        left = await Releases(database).get("r2")
        assert not await Documents(database, left.index_name).passages()
    given_up = next(one for one in folders(home) if one.id != outcome.run)
    assert given_up.ended == "abandoned"
    assert not [path for path in given_up.path.iterdir() if path.is_dir()]
    assert (home / "models" / "tiny" / CARD).is_file()
    assert {one.name for one in datasets_folder(home).iterdir()} == {"parts.json", outcome.run}
