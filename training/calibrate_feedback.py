"""Votes -> an installation's own correction of the confidence, kept only where it helps on votes it was not made from.

Two numbers correct the logit of every confidence (Platt 1999), so that the order of answers stays as it is. They are drawn
towards changing nothing, so that few votes move little. `answerloop calibrate` is the command.
"""

from __future__ import annotations

import json
import os
import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import Unavailable
from rag_core.generation.calibration import Scale, logit
from rag_core.records.database import transaction
from rag_core.records.reviews.reviews import FOUND_GOOD
from rag_core.records.tables import answers, reviews, votes
from training.reliability import calibration_error, log_loss

__all__ = ["Judged", "Outcome", "Row", "calibrate_on", "fit_scale", "judged", "read_votes", "write_scale"]

ENOUGH = 30
"""Answers with a vote."""
EACH_KIND = 5
"""Of them, at least so many held to be right, and so many held to be wrong."""
PER_PERSON = 20
"""Votes of one person that count in full. Of more, all count, but together as much as these."""
SLOPE_SPREAD, INTERCEPT_SPREAD = 0.3, 0.5
"""Standard deviations of the prior around slope 1 and intercept 0: how far installations may lie from the sets that the
calibration was made from. Thirty votes then move the intercept about half of the way that they point."""
LEAST_SLOPE = 0.1
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One person's vote on one answer."""

    answer: str
    question: str
    confidence: float
    """As it was shown."""
    version: str
    """Of the generator: tells which correction the confidence had gone through."""
    person: str
    value: int


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer that was voted on."""

    question: str
    confidence: float
    """Before any correction of the installation's own."""
    right: float
    """The mean of its votes, 0 to 1."""
    weight: float
    """At most 1."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the votes say of the confidence, and what is done about it."""

    scale: Scale
    kept: bool
    reason: str
    """One sentence."""
    judged: tuple[Judged, ...]
    held_out: tuple[float, ...] = ()
    """The corrected confidence of each judged answer, by a correction that its vote did not help to make."""
    log_loss_before: float = 0.0
    log_loss_after: float = 0.0
    """On held-out votes."""
    error_before: float = 0.0
    error_after: float = 0.0
    """Expected calibration error; after: on held-out votes."""


async def read_votes(database: AsyncEngine, kind: str) -> list[Row]:
    """All votes that count on answers that this kind of generator gave: 'extractive', 'openai', 'local', but for those that
    a reviewer decided otherwise than. An abstention has a confidence, but a vote on it does not say whether it was deserved.

    Raises:
        Unavailable: the database does not answer.
    """
    query = (
        select(answers, votes.c.platform.label("voted_on"), votes.c.user_id.label("voter"), votes.c.value)
        .join(votes, votes.c.answer_id == answers.c.id)
        .where(answers.c.abstained.is_(False))
        .where(votes.c.excluded == "", ~_contradicted())
        .where((answers.c.generator == kind) | answers.c.generator.startswith(f"{kind}:", autoescape=True))
        .order_by(answers.c.created_at, answers.c.id)
    )
    async with transaction(database) as connection:
        rows = (await connection.execute(query)).mappings().all()
    return [
        Row(
            r["id"], r["standalone"] or r["question"], r["confidence"], r["generator_version"],
            f"{r['voted_on']} {r['voter']}", r["value"],
        )
        for r in rows
    ]  # fmt: skip


def _contradicted() -> ColumnElement[bool]:
    """That a reviewer found the answer good which was voted down, or bad which was voted up."""
    r = reviews.c
    resolved = and_(r.answer_id == votes.c.answer_id, r.state == "resolved")
    good = r.resolution.in_(FOUND_GOOD)
    return exists().where(resolved, or_(and_(good, votes.c.value < 0), and_(~good, votes.c.value > 0)))


def judged(rows: Sequence[Row]) -> list[Judged]:
    """One for each answer, its votes averaged, in the order of the rows."""
    cast = Counter(row.person for row in rows)
    of_answer: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_answer[row.answer].append(row)
    return [_judged(own, cast) for own in of_answer.values()]


def _judged(rows: Sequence[Row], cast: Counter[str]) -> Judged:
    weights = [min(1.0, PER_PERSON / cast[row.person]) for row in rows]
    right = sum(w for w, row in zip(weights, rows, strict=True) if row.value > 0) / sum(weights)
    first = rows[0]
    plain = Scale.marked(first.version).uncorrected(first.confidence)
    return Judged(" ".join(first.question.lower().split()), plain, right, min(1.0, sum(weights)))


def calibrate_on(votes: Sequence[Judged]) -> Outcome:
    """Fit on all, judge on each fold by what the others teach. Answers to one question are in one fold."""
    if refusal := _too_few(votes):
        return Outcome(Scale(), False, refusal, tuple(votes))
    folds = [zlib.crc32(v.question.encode()) % FOLDS for v in votes]
    scales = [fit_scale([v for v, own in zip(votes, folds, strict=True) if own != f]) for f in range(FOLDS)]
    held_out = [scales[own].corrected(v.confidence) for v, own in zip(votes, folds, strict=True)]
    before, right = [v.confidence for v in votes], [v.right for v in votes]
    weights = [v.weight for v in votes]
    losses = log_loss(before, right, weights), log_loss(held_out, right, weights)
    better = losses[0] - losses[1] > _chance(before, held_out, right)
    told = f"log loss on held-out votes {losses[0]:.3f} before, {losses[1]:.3f} after"
    return Outcome(
        scale=fit_scale(votes) if better else Scale(),
        kept=better,
        reason=f"It helps: {told}." if better else f"It does not help beyond chance: {told}.",
        judged=tuple(votes),
        held_out=tuple(held_out),
        log_loss_before=losses[0],
        log_loss_after=losses[1],
        error_before=calibration_error(before, right),
        error_after=calibration_error(held_out, right),
    )


def _chance(before: Sequence[float], after: Sequence[float], right: Sequence[float]) -> float:
    """The standard error of the mean gain: what a correction that changes nothing may seem to gain."""
    gains = [log_loss([b], [y]) - log_loss([a], [y]) for b, a, y in zip(before, after, right, strict=True)]
    return float(np.std(gains, ddof=1) / len(gains) ** 0.5)


def _too_few(votes: Sequence[Judged]) -> str:
    right = sum(v.right > 0.5 for v in votes)
    wrong = sum(v.right < 0.5 for v in votes)
    if len(votes) >= ENOUGH and min(right, wrong) >= EACH_KIND:
        return ""
    return (
        f"There are too few votes: {len(votes)} answers have one, {right} held to be right and {wrong} to be wrong; it "
        f"takes {ENOUGH}, and {EACH_KIND} of each kind."
    )


def fit_scale(votes: Sequence[Judged]) -> Scale:
    """The most probable slope and intercept by these votes and the prior, by Newton's method; to three decimals, as the
    version of an answer has them."""
    x = np.column_stack([[logit(v.confidence) for v in votes], np.ones(len(votes))])
    y, weights = (np.array([getattr(v, name) for v in votes]) for name in ("right", "weight"))
    middle = np.array([1.0, 0.0])
    precision = np.diag([SLOPE_SPREAD**-2, INTERCEPT_SPREAD**-2])
    w = middle.copy()
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (weights * (p - y)) + precision @ (w - middle)
        step = np.linalg.solve((x * (weights * p * (1 - p))[:, None]).T @ x + precision, gradient)
        w = w - step
        if np.abs(step).max() < 1e-9:
            break
    return Scale(max(LEAST_SLOPE, round(float(w[0]), 3)), round(float(w[1]), 3))


def write_scale(outcome: Outcome, path: Path) -> None:
    """Wholly or not at all: a process that starts meanwhile reads the old one or the new one.

    Raises:
        Unavailable: it cannot be written.
    """
    values = {
        "slope": outcome.scale.slope,
        "intercept": outcome.scale.intercept,
        "answers": len(outcome.judged),
        "log_loss_before": round(outcome.log_loss_before, 4),
        "log_loss_after": round(outcome.log_loss_after, 4),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Unavailable(f"{path} cannot be written: {error.strerror}.") from None
