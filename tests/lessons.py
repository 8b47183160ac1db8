"""What a tiny language model learns from, how long things are kept; how it is trained, and who watches it."""

from __future__ import annotations

from dataclasses import dataclass, field

from rag_core.settings.training import GeneratorRecipe
from training.dataset.rows import Example, Origin, Part, Text
from training.tasks.generator import Serving

__all__ = ["RECIPE", "SERVING", "THINGS", "Watched", "lesson", "lessons", "passage"]

SERVING = Serving(max_tokens=60, top_k=3)
RECIPE = GeneratorRecipe(
    method="sft+dpo",
    learning_rate=2e-2,
    preference_learning_rate=2e-4,
    batch_size=2,
    accumulate=1,
    epochs=2,
    lora_rank=8,
    min_rows=8,
    min_pairs=8,
)

THINGS = (
    "invoices mails logs photos drafts keys tickets notes letters reports plans maps lists cards books disks tapes files "
    "stamps badges forms scans codes labels songs films votes tables charts boxes"
).split()


def passage(thing: str, days: int) -> Text:
    return Text(
        f"p-{thing}",
        f"d-{thing}",
        f"Handbook > {thing.title()}\nAll {thing} are kept for {days} days.",
        "all",
        "docs",
    )


def lesson(number: int, part: Part = "train", *, pair: bool = True, votes: int = 0) -> Example:
    """One whose answer stands in its passage, between two that answer other questions."""
    thing, days = THINGS[number % len(THINGS)], 10 + number
    others = [(number + step) % len(THINGS) for step in (7, 11)]
    return Example(
        f"How long are {thing} kept?",
        Origin("review", str(number)),
        right=(passage(thing, days),),
        wrong=tuple(passage(THINGS[n], 10 + n) for n in others[:1]),
        mined=tuple(passage(THINGS[n], 10 + n) for n in others[1:]),
        answer=f"The {thing} are kept for {days} days [1].",
        rejected=f"Nobody knows about {thing}." if pair else "",
        votes=votes,
        group=thing,
        part=part,
    )


def lessons(train: int = 24, validation: int = 6) -> list[Example]:
    return [lesson(n, "train" if n < train else "validation") for n in range(train + validation)]


@dataclass
class Watched:
    """Notes what it is told; `stops` at a step, as a process that is killed."""

    stops: int = -1
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    steps: list[tuple[str, int, int]] = field(default_factory=list)

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        self.steps.append((words, done, total))
        if done == self.stops:
            raise KeyboardInterrupt

    def point(self, curve: str, x: float, y: float) -> None:
        self.curves.setdefault(curve, []).append((x, y))

    def figure(self, name: str, value: float) -> None:
        self.figures[name] = value
