"""Golden questions asked of a real release, over a folder that changes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from rag_core.answering import Made
from rag_core.bootstrap import open_core, open_library, open_records
from rag_core.generation.protocol import Draft
from rag_core.index.embedding import ModelCard
from rag_core.records.database import transaction
from rag_core.records.evaluation.golden import GoldenQuestion, GoldenQuestions, GoldenResult
from rag_core.records.index.releases import Releases
from rag_core.records.tables import answers
from rag_core.retrieval.search import Found
from rag_core.review.answering import by_itself
from rag_core.review.golden.checking import check_release, judged, lost
from rag_core.review.golden.picking import expected_of
from rag_core.settings import FolderSource, Settings
from rag_core.types import Citation, Passage, Place, Ranked
from tests.conftest import EXPORTED

LEAVE = """# Leave

## Vacation

Everybody at Beacon has 27 days of paid vacation in each calendar year. Days that are left over in December may be taken
until the end of March, and are lost after that. Ask your lead two weeks ahead for anything longer than three days.
"""
OTHERS = {
    "router.md": "# Router\n\nHold the reset button for ten seconds until the light turns amber, then let go of it.\n",
    "travel.md": "# Travel\n\nTrains are booked in second class. Hotels may cost up to 140 euros a night in big cities.\n",
}
ASKED = "How many vacation days does everybody have?"


@dataclass(frozen=True)
class Installed:
    settings: Settings
    folder: Path

    async def sync(self) -> None:
        async with open_core(self.settings) as core, open_library(core) as library:
            await library.configure(self.settings.sources)
            for source in self.settings.sources:
                await library.sync(source)

    async def check(self) -> list[GoldenResult]:
        return await check_release(self.settings)


@pytest.fixture
async def place(tmp_path: Path, model_folder: Path) -> Installed:
    """A release that has read a folder, with a golden question and one that must be abstained from."""
    folder, home = tmp_path / "docs", tmp_path / "home"
    folder.mkdir()
    for name, text in {"leave.md": LEAVE, **OTHERS}.items():
        (folder / name).write_text(text)
    (home / "models").mkdir(parents=True)
    (home / "models" / EXPORTED).symlink_to(model_folder)
    made = Installed(Settings(home=home, sources=(FolderSource(name="docs", path=folder),)), folder)
    async with open_records(made.settings) as database:
        await Releases(database).activate(
            (await Releases(database).add(EXPORTED, ModelCard.read(model_folder))).id
        )
    await made.sync()
    async with open_core(made.settings) as core:
        best = (await by_itself(core)(ASKED, frozenset({"public"}))).ranked[0].passage
        golden = GoldenQuestions(core.database)
        await golden.add(ASKED, ["public"], [asdict(expected_of(best))])
        await golden.add("Who painted the Mona Lisa?", ["public"], [])
    return made


async def test_a_release_passes_what_it_finds_and_cites_and_what_it_abstains_from(place: Installed) -> None:
    """The results are kept, the questions are not recorded as asked."""
    seen: list[tuple[int, int]] = []
    results = await check_release(place.settings, None, lambda done, total: seen.append((done, total)))
    assert [(r.release, r.passed, r.rank, r.detail) for r in results] == [
        ("r1", True, 1, ""),
        ("r1", True, None, ""),
    ]
    assert seen == [(1, 2), (2, 2)]
    async with open_records(place.settings) as database:
        assert sorted(await GoldenQuestions(database).results("r1"), key=lambda r: r.rank or 9) == results
        async with transaction(database) as connection:
            assert await connection.scalar(select(func.count()).select_from(answers)) == 0


@pytest.mark.parametrize("name", ["leave.md", "handbook/absences.md"])
async def test_it_is_found_again_after_the_document_was_moved_and_cut_otherwise(
    place: Installed, name: str
) -> None:
    """With another title, and the passage in the middle of a longer one."""
    (place.folder / "leave.md").unlink()
    moved = place.folder / name
    moved.parent.mkdir(exist_ok=True)
    body = LEAVE.split("## Vacation\n\n")[1]
    moved.write_text(
        f"# Absences\n\nThis page was rewritten.\n{body}Sick leave is another matter; see your lead.\n"
    )
    await place.sync()
    results = await place.check()
    assert [result.detail for result in results] == ["", ""]


async def test_a_document_that_is_gone_is_a_question_lost(place: Installed) -> None:
    """And named as such against what the release did before."""
    before = await place.check()
    (place.folder / "leave.md").unlink()
    await place.sync()
    after = await place.check()
    assert [result.passed for result in after] == [False, True]
    assert "not among the first 10" in after[0].detail
    assert lost(before, after) == [after[0]]
    assert lost(after, after) == []


async def test_what_the_scopes_hide_is_not_found(place: Installed) -> None:
    """A golden question sees what its asker would see."""
    async with open_records(place.settings) as database:
        golden = GoldenQuestions(database)
        for entry in await golden.all():
            await golden.edit(entry.id, "local:ada", scopes=frozenset({"secret"}))
    assert [result.passed for result in await place.check()] == [False, True]


async def test_what_is_switched_off_is_not_asked(place: Installed) -> None:
    async with open_records(place.settings) as database:
        golden = GoldenQuestions(database)
        await golden.disable((await golden.all())[0].id, "local:ada")
    assert len(await place.check()) == 1


# --- by itself -----------------------------------------------------------------------------------------------------

TEXT = "Everybody at Beacon has 27 days of paid vacation in each calendar year."


def passage(number: int, text: str = "x", document: str = "docs:other.md") -> Passage:
    return Passage(f"{document}#{number}", document, "docs", "public", document, (), text, "", Place())


WANTED = passage(0, TEXT, "docs:leave.md")
SISTER = passage(7, "Something else on the same page.", "docs:leave.md")
GOLDEN = GoldenQuestion("q?", (expected_of(WANTED),))


def made(*passages: Passage, cites: Passage | None = None) -> Made:
    """cites: None is an abstention."""
    cited = () if cites is None else (Citation(1, cites.title, "", "", cites.id),)
    ranked = [Ranked(one, 0.5, 1.0, 0.5) for one in passages]
    return Made(
        Found(np.zeros(1, np.float32), np.zeros(1, np.float32), ranked, {}),
        Draft("", cited, 0.5, cites is None),
    )


@pytest.mark.parametrize(
    ("found", "rank", "why"),
    [
        (made(WANTED, cites=WANTED), 1, ""),
        (made(SISTER, WANTED, cites=SISTER), 2, ""),
        (made(WANTED, passage(1), cites=passage(1)), 1, "cites other documents"),
        (made(WANTED), 1, "says that it does not know"),
        (made(*(passage(n) for n in range(10)), WANTED, cites=WANTED), None, "not among the first 10"),
        (made(), None, "not among the first 10"),
    ],
)
def test_it_must_be_found_and_its_document_cited(found: Made, rank: int | None, why: str) -> None:
    """Which of the document's passages an answer cites is its own affair."""
    at, detail = judged(GOLDEN, found)
    assert at == rank
    assert (why in detail) if why else detail == ""


def test_who_must_abstain_and_answers_fails() -> None:
    assert judged(GoldenQuestion("q?"), made(WANTED, cites=WANTED))[1]
    assert not judged(GoldenQuestion("q?"), made())[1]


def test_only_what_both_were_asked_can_be_lost() -> None:
    """Neither what was never passed, nor what is new."""
    now = datetime(2026, 11, 23, tzinfo=UTC)

    def of(**passed: bool) -> list[GoldenResult]:
        return [GoldenResult(id, "r", ok, None, "", now) for id, ok in passed.items()]

    gone = lost(of(a=True, b=True, c=False, d=True), of(a=True, b=False, c=False, new=False))
    assert [result.golden_id for result in gone] == ["b"]
