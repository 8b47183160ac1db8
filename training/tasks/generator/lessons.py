"""What the examples teach: rows of tokens for each stage, and which stages there are rows enough for. No torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from rag_core.settings.training import GeneratorRecipe
from training.dataset.rows import Example
from training.tasks.generator.prompts import Prompts, Written
from training.tasks.task import Refused

__all__ = ["LEAST_VALIDATION", "Lessons", "Row", "Rows", "Stage", "lessons_of", "stages_of"]

Stage = Literal["sft", "dpo", "kto"]
LEAST_VALIDATION = 3
"""Rows that decide when to stop."""
_NAMES: Mapping[Stage, tuple[str, str]] = {
    "sft": ("approved answers", "min_rows"),
    "dpo": ("pairs of a better and a worse answer", "min_pairs"),
    "kto": ("votes of the rarer kind", "min_pairs"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """In tokens; the model learns from the answer alone."""

    prompt: list[int]
    answer: list[int]
    rejected: list[int] = field(default_factory=list)
    """The worse answer of a pair."""
    liked: bool = True
    """Of a single vote, whether the answer was voted for."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Of one stage."""

    train: list[Row] = field(default_factory=list)
    validation: list[Row] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Lessons:
    of: Mapping[Stage, Rows]
    abstentions: int
    """Of the train part's answers that say that the documents do not answer."""
    ungrounded: int
    """Approved answers that are left out, because no passage is known that says so."""
    too_long: int
    """Examples whose prompt or passages do not fit max_length."""

    def figures(self) -> dict[str, float]:
        """Their numbers."""
        figures: dict[str, float] = {}
        for stage, rows in self.of.items():
            figures[f"{stage} rows"] = len(rows.train)
            figures[f"{stage} validation rows"] = len(rows.validation)
        return figures | {
            "abstentions": self.abstentions,
            "left out: no passage": self.ungrounded,
            "left out: too long": self.too_long,
        }


def lessons_of(examples: Iterable[Example], prompts: Prompts) -> Lessons:
    """The part 'test' is not looked at."""
    rows: dict[Stage, Rows] = {"sft": Rows(), "dpo": Rows(), "kto": Rows()}
    abstentions = ungrounded = too_long = 0
    for example in examples:
        if example.part == "test" or not (example.answer or example.rejected or example.abstain):
            continue
        grounded = bool(example.right) or example.abstain
        ungrounded += bool(example.answer) and not grounded
        if not (example.right or example.wrong or example.mined):
            continue
        written = prompts.written(example if grounded else example.moved(answer=""))
        if written is None:
            too_long += 1
            continue
        abstentions += example.abstain and example.part == "train"
        for stage, row in _taught(example, written):
            (rows[stage].train if example.part == "train" else rows[stage].validation).append(row)
    return Lessons(rows, abstentions, ungrounded, too_long)


def _taught(example: Example, written: Written) -> list[tuple[Stage, Row]]:
    prompt, answer, rejected = written.prompt, written.answer, written.rejected
    if answer == rejected:
        rejected = []
    rows: list[tuple[Stage, Row]] = []
    if answer:
        rows.append(("sft", Row(prompt, answer)))
    if answer and rejected:
        rows.append(("dpo", Row(prompt, answer, rejected)))
    if answer and (rejected or example.votes > 0):
        rows.append(("kto", Row(prompt, answer)))
    if rejected:
        rows.append(("kto", Row(prompt, rejected, liked=False)))
    return rows


def stages_of(lessons: Lessons, recipe: GeneratorRecipe, *, seq2seq: bool) -> tuple[Stage, ...]:
    """In their order.

    Raises:
        Refused: there are too few rows for the recipe's method, or it cannot be had with this kind of model.
    """
    if recipe.method == "off":
        raise Refused('The generator is not trained: training.generator.method = "off".')
    if recipe.method != "auto":
        asked: list[Stage] = [stage for stage in ("sft", "dpo", "kto") if stage in recipe.method.split("+")]
        return tuple(_checked(stage, lessons, recipe, seq2seq=seq2seq) for stage in asked)
    possible: list[Stage] = []
    reasons = []
    for stage in ("sft", "dpo", "kto"):
        try:
            possible.append(_checked(stage, lessons, recipe, seq2seq=seq2seq))
        except Refused as refused:
            reasons.append(str(refused))
    if not possible:
        raise Refused(" ".join(reasons))
    if "dpo" in possible and "kto" in possible:  # the votes of pairs are in both
        possible.remove("kto")
    return tuple(possible)


def _checked(stage: Stage, lessons: Lessons, recipe: GeneratorRecipe, *, seq2seq: bool) -> Stage:
    if stage == "kto" and seq2seq:
        raise Refused(
            'KTO is not there for seq2seq models; take training.generator.method = "dpo" with corrected answers.'
        )
    if stage == "kto" and recipe.batch_size < 2:
        raise Refused("KTO compares the answers of a batch: set training.generator.batch_size to 2 or more.")
    rows, (name, setting) = lessons.of[stage], _NAMES[stage]
    there, least = _count(stage, rows.train), getattr(recipe, setting)
    if there < least:
        raise Refused(f"{there} {name} to learn from; it takes {least} (training.generator.{setting}).")
    if len(rows.validation) < LEAST_VALIDATION:
        raise Refused(
            f"{len(rows.validation)} {name.replace('of the rarer kind', '').strip()} to validate on; it takes "
            f"{LEAST_VALIDATION}. More of them, or a larger training.data.validation, would do."
        )
    return stage


def _count(stage: Stage, rows: Sequence[Row]) -> int:
    if stage != "kto":
        return len(rows)
    liked = sum(row.liked for row in rows)
    return min(liked, len(rows) - liked)
