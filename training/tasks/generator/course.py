"""A stage under way: what it tells, when it is validated, what is kept, when it stops."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rag_core.settings.training import GeneratorRecipe
from training.tasks.generator.checkpoints import Checkpoint, State, restore
from training.tasks.generator.lessons import Stage
from training.tasks.task import Watcher

__all__ = ["Course", "Plan", "plan_of"]

EVALUATIONS = 3
"""In each epoch."""
WORDS: Mapping[Stage, str] = {
    "sft": "The generator learns approved answers",
    "dpo": "The generator learns which answers are better",
    "kto": "The generator learns from votes",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Which rows are learned when: laid out beforehand, so that an interrupted stage goes on as it would have gone."""

    order: tuple[int, ...]
    """Of rows, over all epochs; every step takes `per_step` of them."""
    per_step: int
    steps: int
    warm: int
    """Steps in which the learning rate rises."""
    every: int
    """Steps between evaluations."""

    def left(self, done: int) -> list[int]:
        """The rows after so many steps."""
        return list(self.order[done * self.per_step :])

    def rate(self, step: int) -> float:
        """Share of the learning rate: up in the warm-up, then down to 0 in a straight line."""
        if step < self.warm:
            return (step + 1) / (self.warm + 1)
        return max(0.0, (self.steps - step) / max(1, self.steps - self.warm))


def plan_of(rows: int, per_step: int, recipe: GeneratorRecipe) -> Plan:
    """rows: of the train part. per_step: over all batches, accumulated ones too, and all processes."""
    chance = random.Random(recipe.seed)
    steps = max(1, math.ceil(recipe.epochs * rows / per_step))
    order: list[int] = []
    while len(order) < steps * per_step:
        order += chance.sample(range(rows), rows)
    every = max(1, round(rows / per_step / EVALUATIONS))
    return Plan(tuple(order[: steps * per_step]), per_step, steps, round(steps * recipe.warm_up), every)


class Course:
    """Validates, and keeps the best weights in memory and the state of things in the checkpoint."""

    def __init__(
        self,
        stage: Stage,
        plan: Plan,
        trained: Mapping[str, Any],
        loss: Callable[[], float],
        state: State,
        checkpoint: Checkpoint,
        watcher: Watcher,
        patience: int,
    ) -> None:
        """trained: parameters by name. loss: on the validation part, by the weights of the moment."""
        self._stage = stage
        self._plan = plan
        self._trained = trained
        self._loss = loss
        self._checkpoint = checkpoint
        self._watcher = watcher
        self._patience = patience
        self._best = checkpoint.best() if state.step else self._weights()
        self.state = state

    def begin(self, optimiser: Any) -> None:
        """Go on from the checkpoint, where there is one."""
        if self.state.step:
            restore(self._checkpoint.weights(), self._trained)
            self._checkpoint.resume(optimiser)
        else:
            self._watcher.point(f"{self._stage} validation loss", 0, self.state.before)
        self._watcher.step(WORDS[self._stage], self.state.step, self._plan.steps)

    def callback(self, optimiser: Any) -> Any:
        """For a Trainer; it tells the steps of its own run."""
        from transformers import TrainerCallback

        course, done = self, self.state.step

        class Follow(TrainerCallback):  # type: ignore[misc]
            def on_log(
                self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any
            ) -> None:
                if logs and "loss" in logs and state.is_world_process_zero:
                    course.told(done + state.global_step, float(logs["loss"]))

            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                stop = course.stepped(done + state.global_step, optimiser, main=state.is_world_process_zero)
                control.should_training_stop |= stop

        return Follow()

    def told(self, step: int, loss: float) -> None:
        self._watcher.point(f"{self._stage} loss", step, loss)

    def stepped(self, step: int, optimiser: Any, *, main: bool = True) -> bool:
        """Whether it is time to stop."""
        last = step >= self._plan.steps
        if last or step % self._plan.every == 0:
            self._weigh(step)
            if main:
                self._checkpoint.write(self.state, self._trained, self._best, optimiser)
                self._watcher.point(f"{self._stage} validation loss", step, self._latest)
        if main:
            self._watcher.step(WORDS[self._stage], step, self._plan.steps)
        return last or self.state.without_gain >= self._patience

    def _weigh(self, step: int) -> None:
        loss = self._latest = self._loss()
        state = self.state.moved(step=step, without_gain=self.state.without_gain + 1)
        if loss < state.best:
            state = state.moved(best=loss, best_step=step, without_gain=0)
            self._best = self._weights()
        self.state = state

    def end(self, *, main: bool) -> State:
        """The best weights are the model's now; those of the beginning, where nothing was better."""
        restore(self._best, self._trained)
        self.state = self.state.moved(done=True)
        if main:
            self._checkpoint.write(self.state, {}, self._best, None)
        return self.state

    def _weights(self) -> dict[str, Any]:
        return {name: parameter.detach().cpu().clone() for name, parameter in self._trained.items()}
