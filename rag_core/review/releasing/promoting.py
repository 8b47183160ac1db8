"""One release in another's place: promoted where no golden question is lost by it, and returned from at once.

What the golden questions say is asked of the release itself before it answers anybody. Serving processes notice within
seconds that another release is active, open it, and change over (running/active.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import model_folder, named_models, open_core
from rag_core.errors import AnswerloopError, NotReady
from rag_core.index.embedding import CARD
from rag_core.index.stores.opening import index_folder
from rag_core.records.audit import ITSELF
from rag_core.records.evaluation.golden import GoldenQuestion, GoldenQuestions, GoldenResult
from rag_core.records.evaluation.runs import Runs
from rag_core.records.index.documents import Documents
from rag_core.records.index.releases import Confirm, Release, Releases
from rag_core.review.golden.checking import check_release, lost
from rag_core.settings import Settings

__all__ = [
    "Promotion",
    "Told",
    "checked",
    "obstacle",
    "promote",
    "promote_built",
    "promote_recorded",
    "roll_back",
]

Told = Callable[[str, int, int], None]
"""Is told what is done now, how much of it, and of how much; 0: not known."""


@dataclass(frozen=True, slots=True)
class Promotion:
    release: str
    before: str | None
    """The release that was active; None: none was."""
    lost: tuple[GoldenQuestion, ...]
    """Passed by the active release, and not by this one."""
    details: tuple[str, ...]
    """What becomes of each of them."""
    asked: int
    """Golden questions."""
    passed: int

    @property
    def promoted(self) -> bool:
        return not self.lost


async def promote(
    settings: Settings,
    database: AsyncEngine,
    release_id: str,
    actor: str = ITSELF,
    told: Told = lambda what, done, total: None,
    confirm: Confirm | None = None,
) -> Promotion:
    """Make a release the active one, unless it loses golden questions which the active one passes.

    confirm: asked in the transaction in which it becomes that.

    Raises:
        NotFound: there is no such release.
        NotReady: its models or its index are gone, or cannot be opened.
        Unavailable: the store or the database does not answer.
    """
    releases = Releases(database)
    release, active = await releases.get(release_id), await releases.active()
    if reason := await obstacle(settings, database, release, active):
        raise NotReady(f"{release_id} cannot be promoted: {reason}")
    return await promote_built(settings, database, release, actor, told, confirm)


async def promote_built(
    settings: Settings,
    database: AsyncEngine,
    release: Release,
    actor: str = ITSELF,
    told: Told = lambda what, done, total: None,
    confirm: Confirm | None = None,
) -> Promotion:
    """As promote, of a release whose models and index were made just now: they are not looked for."""
    releases = Releases(database)
    promotion = await checked(settings, database, release, await releases.active(), told)
    if promotion.promoted:
        told("Changing over", promotion.asked, promotion.asked)
        await releases.activate(release.id, actor, named_models(settings), confirm)
    return promotion


async def promote_recorded(
    settings: Settings,
    database: AsyncEngine,
    release_id: str,
    actor: str,
    begun: Callable[[str], None] = lambda run: None,
    confirm: Confirm | None = None,
) -> Promotion:
    """As promote, recorded as a run that everybody can watch. begun: is told its id at once."""
    async with Runs(database).recorded("promotion", actor) as run:
        run.tell("promotes", release_id)
        await run.write()
        begun(run.id)
        promotion = await promote(settings, database, release_id, actor, run.step, confirm)
        for name, value in (("golden questions", promotion.asked), ("passed", promotion.passed)):
            run.figure(name, value)
        gone = zip(promotion.lost, promotion.details, strict=True)
        run.tell("lost", [{"id": question.id, "detail": detail} for question, detail in gone])
        report, state = _reported(promotion)
        await run.ended(state, report, release_id)
    return promotion


def _reported(promotion: Promotion) -> tuple[str, Literal["succeeded", "refused"]]:
    asked = f"It passes {promotion.passed:,} of {promotion.asked:,} golden questions."
    if promotion.promoted:
        instead = (
            f" instead of {promotion.before}" if promotion.before not in (None, promotion.release) else ""
        )
        return f"**{promotion.release} is active now{instead}.** {asked}", "succeeded"
    return (
        f"**{promotion.release} was not promoted; {promotion.before} goes on answering.** {asked} "
        f"It loses {len(promotion.lost):,} that {promotion.before} passes.",
        "refused",
    )


async def roll_back(settings: Settings, database: AsyncEngine, expected: str, actor: str = ITSELF) -> None:
    """Return to the release that answered before; golden questions are not asked, for it has answered already.

    expected: that release, as Releases.previous gave it.

    Raises:
        NotReady: its models or its index are gone, or cannot be opened.
        Busy: by now it would be another.
    """
    releases = Releases(database)
    release = await releases.get(expected)
    if reason := await obstacle(settings, database, release, await releases.active()):
        raise NotReady(f"{expected} cannot be returned to: {reason}")
    async with open_core(settings, release):
        await releases.roll_back(expected, actor, named_models(settings))


async def obstacle(
    settings: Settings, database: AsyncEngine, release: Release, active: Release | None
) -> str:
    """Why a release cannot answer here, in a sentence; '': as far as can be told without opening it, it can."""
    for name in release.models:
        if not (model_folder(settings, name) / CARD).is_file():
            return f"the model {name} is not in {settings.home / 'models'} any more."
    if release.run and release.metrics is None:
        return "its training run has not measured it yet."
    if active is None or release.index_name == active.index_name:
        return ""
    if not (settings.store.url or settings.store.embedded) and not _is_on_disk(settings, release):
        return "its index is gone; `answerloop ingest --rebuild` builds a new one, in a new release."
    kept, present = (Documents(database, one.index_name) for one in (release, active))
    if await present.passages() and not await kept.passages():
        return "its index is empty or gone; `answerloop ingest --rebuild` builds a new one, in a new release."
    return ""


def _is_on_disk(settings: Settings, release: Release) -> bool:
    return (index_folder(settings) / f"{release.index_name}.lance").is_dir()


async def checked(
    settings: Settings,
    database: AsyncEngine,
    release: Release,
    active: Release | None,
    told: Told = lambda what, done, total: None,
) -> Promotion:
    """What promoting it would lose; nothing is changed but the results that are kept of the golden questions.

    Raises:
        NotReady: it cannot be opened.
        Unavailable: the store or the database does not answer.
    """
    questions = {one.id: one for one in await GoldenQuestions(database).all(enabled=True)}
    if not questions:
        told("Opening it", 0, 0)
        async with open_core(settings, release):
            return Promotion(release.id, active.id if active else None, (), (), 0, 0)
    results = await check_release(
        settings, release, lambda done, total: told("Asking it the golden questions", done, total)
    )
    before = await _now(settings, database, active, told) if active and active.id != release.id else []
    gone = [result for result in lost(before, results) if result.golden_id in questions]
    return Promotion(
        release.id,
        active.id if active else None,
        tuple(questions[result.golden_id] for result in gone),
        tuple(result.detail for result in gone),
        len(results),
        sum(result.passed for result in results),
    )


async def _now(settings: Settings, database: AsyncEngine, active: Release, told: Told) -> list[GoldenResult]:
    """What the active release passes with the documents of today; what it passed last, if it cannot be asked any more."""
    what = f"Asking {active.id} the golden questions"
    try:
        return await check_release(settings, active, lambda done, total: told(what, done, total))
    except AnswerloopError:
        return await GoldenQuestions(database).results(active.id)
