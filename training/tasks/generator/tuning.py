"""Approved answers and votes -> a language model that answers as this team does. Read train_generator() first."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_core.errors import NotReady
from rag_core.settings.training import GeneratorRecipe
from training.dataset.rows import Example
from training.tasks.generator.base import Base, prepared
from training.tasks.generator.checkpoints import Checkpoint, State, restore
from training.tasks.generator.course import Course, plan_of
from training.tasks.generator.lessons import Lessons, Row, Rows, Stage, lessons_of, stages_of
from training.tasks.generator.measure import Measure, answer_loss, margin, preference_loss, vote_loss
from training.tasks.generator.prompts import Prompts, Serving
from training.tasks.generator.saving import save
from training.tasks.generator.trainers import optimiser_of, trainer_of
from training.tasks.task import Nobody, Refused, Result, Watcher

__all__ = ["train_generator"]

_NAMES: dict[Stage, str] = {"sft": "loss", "dpo": "DPO loss", "kto": "KTO loss"}


def train_generator(
    examples: Sequence[Example],
    base: str,
    recipe: GeneratorRecipe,
    out: Path,
    *,
    device: str = "auto",
    watcher: Watcher | None = None,
    checkpoints: Path | None = None,
    serving: Serving | None = None,
) -> Result:
    """Train `base` on the part 'train', stop and choose by 'validation', and write an adapter or a model to `out`.

    base: hub name or folder of a causal or seq2seq model in safetensors. serving: what prompts depend on,
    Serving.of(settings). checkpoints: a folder of this task's own, removed by who began the run when it is no longer of use.

    An interrupted run that is called again with the same examples, base and recipe goes on where it was last validated:
    weights, the optimiser's moments, the order of rows and the learning rate are as they would have been. Only what is drawn
    by chance within a step (dropout, where a model has any) is drawn anew. Finished stages are not repeated.

    Under `accelerate launch` each process has its GPU and its share of every step (data parallel; weights that are
    themselves divided, as by FSDP or ZeRO-3, are not supported).

    Raises:
        Refused: too few rows, or nothing was gained.
        NotReady: the base or the device cannot be used; names the remedy.
    """
    began = time.monotonic()
    watcher = watcher or Nobody()
    serving = serving or Serving()
    # 1. The base, as serving opens it; and what the examples teach, as serving would ask.
    watcher.step(f"The generator's base {base} is loaded")
    source = _opened(base, recipe, device, serving)
    lessons = lessons_of(examples, Prompts(source, serving, recipe.max_length, recipe.seed))
    stages = stages_of(lessons, recipe, seq2seq=source.seq2seq)
    # 2. What is trained of it, and how it does now.
    model = prepared(source, recipe).to(source.device)
    tuning = _Tuning(source, model, recipe, watcher, checkpoints)
    before = tuning.standing(lessons)
    # 3. One stage after the other; each keeps the best weights it had, those it began with among them.
    states = {stage: tuning.learn(stage, lessons.of[stage]) for stage in stages}
    if not any(state.best_step for state in states.values()):
        raise Refused(_no_gain(states))
    # 4. What was gained, and the files.
    after = tuning.standing(lessons)
    measure = "loss" if "loss" in before else _NAMES[stages[-1]]
    figures = _figures(lessons, states, before, after) | {"seconds": round(time.monotonic() - began, 3)}
    if tuning.main:
        watcher.step("The generator is saved")
        save(source, model, recipe, stages, out)
        for name, value in figures.items():
            watcher.figure(f"generator {name}", value)
    last = states[stages[-1]]
    return Result(
        out,
        before.get("loss", last.before),
        after.get("loss", last.best),
        measure,
        max(len(lessons.of[stage].train) for stage in stages),
        figures,
    )


def _opened(base: str, recipe: GeneratorRecipe, device: str, serving: Serving) -> Base:
    name = (
        str(Path(base).resolve()) if Path(base).is_dir() else base
    )  # an adapter names it, wherever it is opened
    try:
        return Base(name, device, serving.window, serving.max_tokens, whole=not recipe.lora_rank)
    except ImportError as error:
        raise NotReady(
            f"Training needs {error.name}, which is not installed: run `pip install 'answerloop[train]'`."
        ) from None


@dataclass(frozen=True, slots=True)
class _Tuning:
    """A model and all that its stages share."""

    base: Base
    model: Any
    recipe: GeneratorRecipe
    watcher: Watcher
    checkpoints: Path | None

    @property
    def main(self) -> bool:
        """Whether this is the process that writes."""
        return os.environ.get("RANK", "0") == "0"

    def standing(self, lessons: Lessons) -> dict[str, float]:
        """What the model of the moment makes of the validation part."""
        measure = self._measure()
        figures = {}
        if answers := lessons.of["sft"].validation:
            figures["loss"] = answer_loss(measure, answers)
        if pairs := lessons.of["dpo"].validation:
            margins = margin(measure, pairs)
            figures["margin"] = sum(margins) / len(margins)
        return figures

    def learn(self, stage: Stage, rows: Rows) -> State:
        """Train the model in place."""
        trained = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        checkpoint = Checkpoint(self.checkpoints / stage if self.checkpoints else None)
        state = checkpoint.state(self._fingerprint(stage, rows))
        if state and state.done:
            restore(checkpoint.best(), trained)
            return state
        loss = self._loss(stage, rows.validation)
        if state is None:
            before = loss()
            state = State(self._fingerprint(stage, rows), before, before)
        with tempfile.TemporaryDirectory() as scratch:
            return self._trained(stage, rows, trained, loss, state, checkpoint, Path(scratch))

    def _trained(
        self,
        stage: Stage,
        rows: Rows,
        trained: dict[str, Any],
        loss: Callable[[], float],
        state: State,
        checkpoint: Checkpoint,
        scratch: Path,
    ) -> State:
        recipe = self.recipe
        plan = plan_of(len(rows.train), recipe.batch_size * recipe.accumulate * _processes(), recipe)
        optimiser = optimiser_of(trained, recipe, stage)
        trainer = trainer_of(
            stage, self.base, self.model, rows.train, plan, state.step, optimiser, recipe, scratch
        )
        course = Course(stage, plan, trained, loss, state, checkpoint, self.watcher, recipe.patience)
        course.begin(optimiser)
        trainer.add_callback(course.callback(optimiser))
        if state.step < plan.steps and state.without_gain < recipe.patience:
            trainer.train()
        if "ref" in getattr(
            self.model, "peft_config", {}
        ):  # trl's copy, that the preference was measured against
            self.model.delete_adapter("ref")
        return course.end(main=self.main)

    def _loss(self, stage: Stage, rows: Sequence[Row]) -> Callable[[], float]:
        """What the stage makes less, on the validation part; held to what the model says now."""
        measure, beta = self._measure(), self.recipe.beta
        if stage == "sft":
            return lambda: answer_loss(measure, rows)
        if stage == "dpo":
            margins = margin(measure, rows)
            return lambda: preference_loss(margin(measure, rows), margins, beta)
        pairs = [(row.prompt, row.answer) for row in rows]
        sums = measure(pairs)
        return lambda: vote_loss(measure(pairs), sums, rows, beta)

    def _measure(self) -> Measure:
        return Measure(self.base, self.model, self.recipe.batch_size)

    def _fingerprint(self, stage: Stage, rows: Rows) -> str:
        parts = [stage, self.base.name, self.recipe.model_dump(mode="json"), rows.fingerprint, _processes()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _processes() -> int:
    """That `accelerate launch` started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def _no_gain(states: dict[Stage, State]) -> str:
    told = "; ".join(
        f"{_NAMES[stage]} {state.before:.4g} before, never less in {state.step} steps"
        for stage, state in states.items()
    )
    return f"Nothing was gained on the validation part ({told}), so the generator stays as it is."


def _figures(
    lessons: Lessons, states: dict[Stage, State], before: dict[str, float], after: dict[str, float]
) -> dict[str, float]:
    figures = lessons.figures()
    for stage, state in states.items():
        figures |= {
            f"{stage} loss before": state.before,
            f"{stage} loss after": state.best,
            f"{stage} steps": state.step,
            f"{stage} step kept": state.best_step,
        }
    for name in before:
        figures |= {f"{name} before": before[name], f"{name} after": after[name]}
    return figures
