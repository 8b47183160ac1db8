"""What a run left in its folder -> all that a report says of it, however early the run ended.

Nobody's words come through here: a report is a file that forgetting does not reach, and a run's page is open to all who may
sign in. Golden questions that would be lost are counted, and rows that were left out are, by reason.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rag_core.errors import AnswerloopError
from training.dataset import Dataset, read, summary
from training.dataset.files import datasets_folder
from training.evaluate.measured import Measured, Scored
from training.gate import Check, Verdict
from training.job.folder import RunFolder
from training.job.job import Learned
from training.report.figures import Figure, figures_of, gains_of
from training.significance import Interval

__all__ = ["Reported", "read_run", "verdict_of"]

VERDICT, BEFORE, AFTER, LATENCIES = "verdict.json", "before.json", "after.json", "latencies.json"
TASKS = ("query-side", "retriever", "router", "generator", "reranker")
STEPS = ("data", *TASKS, "tuning", "measured")
CONFIDENCE = 0.975
"""Where there is no verdict to take it from."""
NAMED = 10
"""Documents named, at most."""
_QUESTIONS = re.compile(r"(Golden questions lost: \d+ of \d+).*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reported:
    run: str
    began_at: datetime
    state: str
    """succeeded, trying, refused; 'abandoned' or 'failed'; '': it has not ended."""
    sentence: str
    """What happened and why."""
    base: str
    """The release that answered when it began."""
    release: str | None
    """That was made."""
    attempts: int = 1
    checks: tuple[Check, ...] = ()
    """Of the gate; () where it was not asked."""
    advice: str = ""
    figures: tuple[Figure, ...] = ()
    gains: tuple[float, ...] = ()
    """What each test question gained in nDCG@10, ascending."""
    learned: tuple[Learned, ...] = ()
    rows: Mapping[str, int] | None = None
    """As Dataset.counts has it; None: there is no data set."""
    dropped: Mapping[str, int] | None = None
    """Rows by the reason they were left out for, the commonest first."""
    notes: tuple[str, ...] = ()
    shared: int = 0
    """Documents whose questions are in more than one part."""
    unfound: tuple[tuple[str, int], ...] = ()
    """Documents that answer test questions and are not found for them, and for how many; the most first."""
    tuned: Mapping[str, float] | None = None

    def as_json(self) -> dict[str, Any]:
        """What is infinite or unknown is null."""
        found: dict[str, Any] = _finite({**asdict(self), "began_at": self.began_at.isoformat()})
        return found


def verdict_of(folder: Path) -> Verdict | None:
    """Of the gate, as the run kept it; None: there is none, or it cannot be read."""
    found = _json(folder / VERDICT)
    try:
        checks = tuple(Check(**{**one, "interval": _interval(one["interval"])}) for one in found["checks"])
        gain = Interval(**found["gain"])
        return Verdict(bool(found["promoted"]), checks, gain, str(found.get("advice", "")))
    except (TypeError, KeyError, AttributeError):
        return None


def read_run(folder: RunFolder, home: Path) -> Reported:
    """What is missing because the run ended early is left out."""
    verdict, data = verdict_of(folder.path), _dataset(home, folder.id)
    outcome = folder.finished("outcome") or {}
    before, after = _measured(folder.path / BEFORE), _measured(folder.path / AFTER)
    shown = Reported(
        folder.id,
        folder.began_at,
        outcome.get("state") or folder.ended,
        "",
        folder.release,
        outcome.get("release"),
        folder.attempts,
        checks=tuple(map(_wordless, verdict.checks)) if verdict else (),
        advice=verdict.advice if verdict else "",
        learned=_learned(folder),
        rows=folder.finished("data"),
        dropped={one.reason: one.count for one in summary(data.dropped)} if data else None,
        notes=data.notes if data else (),
        shared=len(data.shared) if data else 0,
        tuned=(folder.finished("tuning") or {}).get("figures"),
    )
    if before and after and before.keys == after.keys and len(before.general) == len(after.general):
        confidence = verdict.gain.confidence if verdict else CONFIDENCE
        shown = replace(
            shown,
            figures=figures_of(before, after, _json(folder.path / LATENCIES), confidence),
            gains=gains_of(before, after),
            unfound=_unfound(after.scored, data) if data else (),
        )
    return replace(shown, sentence=_sentence(shown, verdict, folder, str(outcome.get("reason", ""))))


def _sentence(shown: Reported, verdict: Verdict | None, folder: RunFolder, reason: str) -> str:
    first = shown.checks[0].sentence if shown.checks else ""
    if shown.state == "succeeded" and shown.release:
        return f"{shown.release} was promoted in the place of {shown.base}: {first}"
    if shown.state == "trying":
        return (
            f"{shown.release} answers a share of the conversations beside {shown.base}, and is promoted when people "
            f"like it: {first}"
        )
    if shown.state == "refused":
        refused = [check.sentence for check in shown.checks if not check.passed] or [
            _without_questions(reason)
        ]
        return f"Nothing was promoted; {shown.base} goes on answering. {' '.join(refused)}".strip()
    done = [step for step in STEPS if folder.finished(step) is not None]
    got = f"finished last: {done[-1]}" if done else "it had finished nothing"
    if not shown.state:
        return f"The run has not ended; {got}. {shown.base} answers."
    return f"The run was {shown.state}; {got}. {shown.base} goes on answering."


def _wordless(check: Check) -> Check:
    """Without the golden questions that it names."""
    return replace(check, sentence=_without_questions(check.sentence))


def _without_questions(text: str) -> str:
    """Whatever follows them as well: a question may hold anything."""
    return _QUESTIONS.sub(r"\1.", text)


def _learned(folder: RunFolder) -> tuple[Learned, ...]:
    return tuple(Learned(**known) for task in TASKS if (known := folder.finished(task)))


def _dataset(home: Path, run: str) -> Dataset | None:
    try:
        return read(datasets_folder(home) / run)
    except (AnswerloopError, OSError):
        return None


def _measured(path: Path) -> Measured | None:
    try:
        return Measured.read(path)
    except AnswerloopError:
        return None


def _unfound(scored: Sequence[Scored], data: Dataset) -> tuple[tuple[str, int], ...]:
    """By the candidate, among the first ten passages."""
    examples = {f"{one.origin.source}:{one.origin.id}": one for one in data.of("test")}
    missed = (examples[one.key] for one in scored if one.recall == 0 and one.key in examples)
    counted = Counter(name for one in missed for name in {text.document for text in one.right})
    return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:NAMED])


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _interval(found: Mapping[str, Any] | None) -> Interval | None:
    return Interval(**found) if found else None


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
