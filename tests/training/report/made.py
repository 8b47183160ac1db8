"""Folders of runs, as the learning loop leaves them: made by its own pieces from numbers drawn by chance."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from pathlib import Path

from rag_core.settings.training import Gate
from tests.lessons import lesson
from training.dataset import Dataset, write
from training.dataset.drops import Dropped
from training.dataset.rows import Example, Origin
from training.evaluate.measured import Measured, Scored
from training.gate import Verdict, decide
from training.job.folder import RunFolder
from training.job.job import Learned
from training.job.judging import compared

__all__ = ["GENERAL", "LOST", "QUESTIONS", "a_dataset", "a_run", "begun"]

QUESTIONS, GENERAL = 60, 80
LOST = "What does Ada earn?"
"""A golden question that a candidate may lose."""


def begun(home: Path, release: str = "r1") -> RunFolder:
    """A run that has done nothing yet."""
    return RunFolder.begin(home, release, "settings")


def a_dataset(home: Path, run: RunFolder) -> Dataset:
    """Written as the run's own; two rows are dropped, one of them for being a question of somebody's."""
    train = [lesson(n) for n in range(20)]
    test = [lesson(n, "test") for n in range(QUESTIONS)]
    general = [replace(lesson(n), origin=Origin("heading", str(n))) for n in range(GENERAL)]
    dropped = [Dropped("near duplicate", lesson(n)) for n in (3, 4)] + [Dropped("too long", _secret())]
    data = Dataset((*train, *test), tuple(general), tuple(dropped), ("The validation part is small.",))
    write(home, run.id, data)
    run.finish("data", dict(data.counts))
    return data


def a_run(home: Path, gain: float = 0.2, lost: tuple[str, ...] = (), lacking: int = 0) -> RunFolder:
    """One that went to its end. gain: of nDCG@10, about. lost: golden questions. lacking: of 100 reviews."""
    run = begun(home)
    a_dataset(home, run)
    for learned in _learned(run.id, gain):
        run.finish(learned.task, learned.as_json())
    run.finish("tuning", {"tuning": None, "figures": {"threshold": 0.31}})
    before, after = _measured("r1", 0.0), _measured("r2", gain)
    before.write(run.path / "before.json")
    after.write(run.path / "after.json")
    latencies = [[20.0 + n % 5 for n in range(50)], [22.0 + n % 5 for n in range(50)]]
    (run.path / "latencies.json").write_text(json.dumps(latencies))
    run.finish("measured", {"questions": QUESTIONS, "general": GENERAL})
    found = compared("ndcg", before, after, (latencies[0], latencies[1]), (9, lost), None, lacking, 100)
    _ended(run, decide(found, Gate(), resamples=500))
    return run


def _ended(run: RunFolder, verdict: Verdict) -> None:
    (run.path / "verdict.json").write_text(json.dumps(asdict(verdict), default=float))
    reasons = " ".join([*verdict.reasons, verdict.advice]).strip()
    state, reason = ("succeeded", verdict.checks[0].sentence) if verdict.promoted else ("refused", reasons)
    run.finish("outcome", {"state": state, "reason": reason, "release": "r2"})


def _learned(run: str, gain: float) -> list[Learned]:
    return [
        Learned("query-side", refused="retriever was taken instead."),
        Learned("retriever", f"{run}-retriever", "", "nDCG@10", 0.61, 0.61 + gain, 20, {"seconds": 12.0}),
        Learned("router", refused="Too few rows have a route: 3, and it takes 8."),
    ]


def _measured(release: str, gain: float) -> Measured:
    """The same questions, and the same luck, for every release."""
    chance = random.Random(7)
    scored = [
        _scored(n, chance.random() * 0.6, gain + chance.gauss(0, 0.05) * bool(gain)) for n in range(QUESTIONS)
    ]
    general = [Scored(f"heading:{n}", f"h{n}", *[0.5 + chance.random() / 2] * 3) for n in range(GENERAL)]
    return Measured(release, tuple(scored), tuple(general), 21.0 + 10 * gain)


def _scored(n: int, base: float, gain: float) -> Scored:
    ndcg = 0.0 if n < 2 else min(1.0, max(0.0, base + gain))
    return Scored(
        f"review:{n}",
        f"g{n}",
        ndcg,
        float(ndcg > 0),
        ndcg,
        10.0,
        0.3 + ndcg / 3,
        0.8,
        should_abstain=float(n % 6 == 0),
        abstained=float(n % 6 == 0 or n == 1),
        reply=f"The answer to {n}.",
    )


def _secret() -> Example:
    return replace(lesson(1), question=LOST)
