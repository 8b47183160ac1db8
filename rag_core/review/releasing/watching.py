"""A new release is watched by the votes on its answers: one that is less helpful, beyond chance, takes its leave by itself.

After a promotion: what a training run made is compared with the release before it, for `training.watch.within`; a drop
beyond chance rolls back. While one is tried out: it is compared with the active release on conversations drawn by chance;
after `training.watch.canary_votes` votes it is promoted, unless it does worse beyond chance: then it is given up.

Only votes that count are counted. Each minute one of all processes looks. What was done stands in the audit log, and as a
run with its report in the admin pages.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import AnswerloopError, Busy, NotReady, Unavailable
from rag_core.records.audit import ITSELF, Audit
from rag_core.records.evaluation.runs import Run, Runs
from rag_core.records.index.releases import Activation, Confirm, Release, Releases
from rag_core.records.leases import Lease, held
from rag_core.records.tables import releases
from rag_core.review.comparing.comparing import latest_for
from rag_core.review.releasing.promoting import promote_recorded, roll_back
from rag_core.review.releasing.sequential import dropped, p_of_drop
from rag_core.review.releasing.votes import Votes, votes_between
from rag_core.settings import Settings, duration_s
from rag_core.settings.training import Watch

__all__ = ["CANARY", "ROLLBACK", "keep_watching", "latest_rollback", "look"]

LOOK_EVERY_S = 60.0
AGAIN_AFTER = timedelta(hours=1)
"""A rollback that failed is tried again."""
RUNS = 100
"""The latest, that are looked through for what was tried."""
ROLLBACK, CANARY = "rollback", "canary"
"""Kinds of runs."""
LEASE = "watching the release"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """On a release that is tried out."""

    worse: bool
    chance: str
    """How likely that is by chance, in words."""


async def keep_watching(
    database: AsyncEngine, settings: Callable[[], Settings], look_every_s: float = LOOK_EVERY_S
) -> None:
    """Look again and again until cancelled. Processes that do so at once take turns.

    Raises:
        Unavailable: the database does not answer.
    """
    while True:
        try:
            async with held(database, LEASE) as lease:
                await look(database, settings(), lease)
        except Busy:
            pass  # another process looks
        except NotReady as error:
            log.warning("watching the release: %s", error)
        await asyncio.sleep(look_every_s)


async def look(database: AsyncEngine, settings: Settings, lease: Lease | None = None) -> None:
    """Once: do what the votes say now. lease: is confirmed where a release that is tried out is given up.

    Raises:
        Busy: another process has taken over, or somebody has changed the active release at this moment.
        NotReady: a release cannot be opened any more.
        Unavailable: the store or the database does not answer.
    """
    releases = Releases(database)
    active, canary = await releases.active(), await releases.canary()
    if active is not None:
        await _watch(database, settings, active)
    if active is not None and canary is not None and canary.id != active.id:
        await _judge(database, settings, active, canary, lease)


async def latest_rollback(database: AsyncEngine) -> Run | None:
    """The run that brought the active release back by itself; None: it is active by another decision."""
    history = await Releases(database).history()
    if not history or not history[-1].back or history[-1].actor != ITSELF:
        return None
    runs = await Runs(database).latest(RUNS)
    return next((one for one in runs if one.kind == ROLLBACK and one.state == "succeeded"), None)


# --- after a promotion ---------------------------------------------------------------------------------------------


async def _watch(database: AsyncEngine, settings: Settings, active: Release) -> None:
    releases, watch, now = Releases(database), settings.training.watch, datetime.now(UTC)
    within = timedelta(seconds=duration_s(watch.within))
    latest, before = (await releases.history())[-1:], await releases.previous()
    if not latest or before is None or not _is_watched(active, latest[0], now - within):
        return
    since = latest[0].at
    after = await votes_between(database, active.id, since)
    earlier = await votes_between(database, before, since - within, since)
    if after.all < watch.votes:
        return
    drop = dropped(earlier.good, earlier.bad, after.good, after.bad, watch.level)
    if not drop.decided or await _was_tried(database, latest[0], now):
        return
    log.warning("release %s is less helpful than %s, beyond chance: rolling back", active.id, before)
    async with Runs(database).recorded(ROLLBACK) as run:
        run.tell("activation", latest[0].number)
        for name, votes in ((active.id, after), (before, earlier)):
            run.figure(f"helpful, {name}", votes.rate)
            run.figure(f"votes, {name}", votes.all)
        run.figure("evidence of a drop", drop.evidence)
        await roll_back(settings, database, before, ITSELF)
        report = _rolled_back(active, before, since, after, earlier, drop.evidence, drop.needed)
        await run.ended("succeeded", report, before)


def _is_watched(active: Release, latest: Activation, since: datetime) -> bool:
    """Whether a training run made it, and somebody promoted it a short while ago."""
    return active.run is not None and latest.release == active.id and not latest.back and latest.at >= since


async def _was_tried(database: AsyncEngine, activation: Activation, now: datetime) -> bool:
    """Whether rolling back from it failed lately."""
    return any(
        run.kind == ROLLBACK
        and run.detail.get("activation") == activation.number
        and now - run.started_at < AGAIN_AFTER
        for run in await Runs(database).latest(RUNS)
    )


def _rolled_back(
    active: Release,
    before: str,
    since: datetime,
    after: Votes,
    earlier: Votes,
    evidence: float,
    needed: float,
) -> str:
    return (
        f"**{before} answers again instead of {active.id}, which people found less helpful.**\n\n"
        f"{_table((active.id, after), (before, earlier))}\n\n"
        f"{active.id} was promoted on {since:%d %B %Y at %H:%M} UTC. Such votes are {evidence:,.0f} times likelier of a "
        f"release that is less helpful than of one that is not; {needed:,.0f} times are needed. The votes cannot tell a "
        "worse release from a worse week: read the questions that were voted down before you promote it again.\n\n"
        "Nothing was embedded again. Documents that changed meanwhile are read soon. "
        f"`answerloop releases promote {active.id}` makes it the active one again."
    )


# --- while one is tried out ----------------------------------------------------------------------------------------


async def _judge(
    database: AsyncEngine, settings: Settings, active: Release, canary: Release, lease: Lease | None
) -> None:
    watch, since = settings.training.watch, await _tried_since(database, canary)
    votes = await votes_between(database, canary.id, since)
    control = await votes_between(database, active.id, since)
    if control.all < votes.all:  # too few beside it: those before it began count as well
        within = timedelta(seconds=duration_s(watch.within))
        control = await votes_between(database, active.id, since - within)
    verdict = _verdict(votes, control, watch)
    if verdict is None:
        return
    if not verdict.worse:
        people = await latest_for(database, canary.id, active.id)
        if people is not None and people.high < 0.5:
            reason = f"Who compared both blindly prefer {active.id}: on {people.losses} questions, and it on {people.wins}."
            return await _give_up(database, active, canary, (votes, control), reason, lease)
        try:
            still = _still_tried(active, canary, lease)
            promotion = await promote_recorded(settings, database, canary.id, ITSELF, confirm=still)
        except Busy as error:  # somebody decided otherwise while it was asked
            log.warning("release %s was tried out, and is not promoted: %s", canary.id, error)
            return None
        except Unavailable:
            raise
        except AnswerloopError as error:
            return await _give_up(database, active, canary, (votes, control), str(error), lease)
        if promotion.promoted:
            log.warning("release %s was tried out, and is active now", canary.id)
            return None
        reason = f"It loses {len(promotion.lost):,} golden questions that {active.id} passes."
        return await _give_up(database, active, canary, (votes, control), reason, lease)
    reason = f"People found it less helpful than {active.id}: {verdict.chance}."
    return await _give_up(database, active, canary, (votes, control), reason, lease)


def _still_tried(active: Release, canary: Release, lease: Lease | None) -> Confirm:
    """Nobody has ended the trial, or made another release the active one, since the votes were counted."""

    async def confirm(connection: AsyncConnection) -> None:
        if lease:
            await lease.confirm(connection)
        share = await connection.scalar(select(releases.c.canary).where(releases.c.id == canary.id))
        now = await connection.scalar(select(releases.c.id).where(releases.c.active))
        if not share or now != active.id:
            raise Busy(f"{canary.id} is not tried out beside {active.id} any more.")

    return confirm


def _verdict(votes: Votes, control: Votes, watch: Watch) -> _Verdict | None:
    """None: there are too few votes to say. Until there are those that were planned it may only be given up, by the test
    that may be looked at all the time; then, once, it is decided."""
    if votes.all >= watch.canary_votes:
        p = p_of_drop(control.good, control.bad, votes.good, votes.bad)
        return _Verdict(p < watch.level, f"by chance that comes with a probability of {p:.2g}")
    drop = dropped(control.good, control.bad, votes.good, votes.bad, watch.level)
    if votes.all < watch.votes or not drop.decided:
        return None
    return _Verdict(True, f"the votes are {drop.evidence:,.0f} times likelier so than if it were not")


async def _tried_since(database: AsyncEngine, canary: Release) -> datetime:
    """When it was last decided that it is tried out."""
    entries = await Audit(database).latest(1, subject=f"release:{canary.id}", action="release.canary")
    return entries[0].at if entries else canary.created_at


async def _give_up(
    database: AsyncEngine,
    active: Release,
    canary: Release,
    votes: tuple[Votes, Votes],
    reason: str,
    lease: Lease | None,
) -> None:
    """End what was tried out; a run says why."""
    confirm = lease.confirm if lease else None
    await Releases(database).try_out(canary.id, 0.0, ITSELF, confirm)
    log.warning("release %s was tried out, and is given up: %s", canary.id, reason)
    async with Runs(database).recorded(CANARY) as run:
        for name, counted in zip((canary.id, active.id), votes, strict=True):
            run.figure(f"helpful, {name}", counted.rate)
            run.figure(f"votes, {name}", counted.all)
        report = (
            f"**{canary.id} was tried out and is not promoted; {active.id} goes on answering.** {reason}\n\n"
            f"{_table((canary.id, votes[0]), (active.id, votes[1]))}"
        )
        await run.ended("refused", report, canary.id)


def _table(*rows: tuple[str, Votes]) -> str:
    head = "| release | helpful | good | bad |\n| --- | ---: | ---: | ---: |\n"
    return head + "\n".join(f"| {id} | {one.rate:.0%} | {one.good:,} | {one.bad:,} |" for id, one in rows)
