"""Looks for better hyperparameters on the validation part, within a time budget, by a tree-structured Parzen estimator.

Bergstra et al., Algorithms for hyper-parameter optimization (2011), as Optuna has it. The recipe as it is comes first, so
that what is returned is never worse than that on the validation part. What was tried stands in a journal of JSON lines;
nothing is pickled.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from rag_core.errors import NotReady
from rag_core.settings.group import duration_s
from rag_core.settings.training import RecipeSearch
from training.tasks.task import Nobody, Refused, Watcher

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

__all__ = ["GENERATOR", "RERANKER", "RETRIEVER", "Between", "OneOf", "Space", "search_recipe"]

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Between:
    """Numbers whose logarithms are equally likely, both ends included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OneOf:
    """These values, and the recipe's own."""

    values: tuple[int | float | str, ...]


Space = Mapping[str, Between | OneOf]
"""A setting of the recipe -> what is tried for it."""

RETRIEVER: Space = {
    "learning_rate": Between(2e-5, 5e-4),
    "batch_size": OneOf((16, 32, 64, 128)),
    "epochs": OneOf((1.0, 2.0, 3.0, 4.0)),
    "min_steps": OneOf((0, 32, 64)),
    "frozen_layers": OneOf((0, 2, 3, 4)),
    "weight_decay": OneOf((0.0, 0.01, 0.1)),
}
RERANKER: Space = {
    "learning_rate": Between(2e-5, 5e-4),
    "batch_size": OneOf((8, 16, 32)),
    "epochs": OneOf((1.0, 2.0, 3.0)),
    "frozen_layers": OneOf((0, 2, 3, 4)),
    "weight_decay": OneOf((0.0, 0.01, 0.1)),
}
GENERATOR: Space = {
    "learning_rate": Between(2e-5, 5e-4),
    "preference_learning_rate": Between(5e-7, 5e-5),
    "beta": OneOf((0.05, 0.1, 0.3)),
    "epochs": OneOf((1.0, 2.0, 3.0)),
    "lora_rank": OneOf((8, 16, 32)),
}


def search_recipe(
    recipe: R,
    space: Space,
    objective: Callable[[R], float],
    search: RecipeSearch,
    watcher: Watcher | None = None,
    journal: Path | None = None,
) -> R:
    """The best recipe that was tried; without a budget the recipe as it is.

    objective: trains by a recipe, and measures on the validation part, the more the better. What it refuses, or has no
    memory for, counts as the worst. journal: a file that an interrupted search goes on from, the time of what was tried
    counted; None: it begins anew. A trial is not cut off, and one that would not fit what is left of the budget is not
    begun.

    Raises:
        NotReady: Optuna is not installed.
    """
    if search.budget is None:
        return recipe
    watcher = watcher or Nobody()
    study = _study(recipe, space, journal)
    while len(_tried(study)) < search.trials and _fits(study, duration_s(search.budget)):
        watcher.step("Looking for better hyperparameters", len(_tried(study)), search.trials)
        _try(study, recipe, space, objective)
        if done := _done(study):
            watcher.point("best recipe", len(_tried(study)), max(trial.value or 0.0 for trial in done))
    return _with(recipe, study.best_params) if _done(study) else recipe


def _study(recipe: BaseModel, space: Space, journal: Path | None) -> Study:
    try:
        import optuna
    except ImportError:
        raise NotReady(
            "Looking for hyperparameters needs optuna: run `pip install 'answerloop[train]'`, or unset "
            "training.search.budget."
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=_storage(journal) if journal else None,
        study_name=_digest(recipe, space),
        direction="maximize",
        load_if_exists=True,
    )
    for trial in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):  # it was interrupted
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    # Of one seed alone a search that goes on would draw the same numbers again.
    study.sampler = optuna.samplers.TPESampler(seed=getattr(recipe, "seed", 0) + len(study.trials))
    if not _tried(study):
        study.enqueue_trial({name: getattr(recipe, name) for name in space})
    return study


def _storage(journal: Path) -> BaseStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    class Alone(JournalFileOpenLock):
        """A run has a lease of its own, and a lock's file would outlive a process that was killed."""

        def acquire(self) -> bool:
            return True

        def release(self) -> None: ...

    journal.parent.mkdir(parents=True, exist_ok=True)
    _whole_lines(journal)
    return JournalStorage(JournalFileBackend(str(journal), lock_obj=Alone(str(journal))))


def _whole_lines(journal: Path) -> None:
    """What was written half when a process was killed would make the next line unreadable."""
    written = journal.read_bytes() if journal.exists() else b""
    if written and not written.endswith(b"\n"):
        journal.write_bytes(written[: written.rfind(b"\n") + 1])


def _digest(recipe: BaseModel, space: Space) -> str:
    """Of another recipe or space another study is made, in the same journal."""
    return hashlib.sha256(f"{recipe!r} {sorted(space.items())!r}".encode()).hexdigest()[:16]


def _done(study: Study) -> list[FrozenTrial]:
    """What was measured."""
    return [trial for trial in study.trials if trial.state.name == "COMPLETE"]


def _tried(study: Study) -> list[FrozenTrial]:
    """With what was refused; without what was interrupted."""
    return [trial for trial in study.trials if trial.state.name in ("COMPLETE", "PRUNED")]


def _fits(study: Study, budget_s: float) -> bool:
    """Whether another trial is likely to end within the budget: one that takes as long as they did on average."""
    took = [trial.duration.total_seconds() for trial in _tried(study) if trial.duration]
    spent = sum(took)
    return spent + (spent / len(took) if took else 0.0) < budget_s


def _try(study: Study, recipe: R, space: Space, objective: Callable[[R], float]) -> None:
    from optuna.trial import TrialState

    trial = study.ask()
    values = {name: _suggested(trial, name, one, getattr(recipe, name)) for name, one in space.items()}
    measured = _measured(_with(recipe, values), objective)
    if math.isfinite(measured):
        study.tell(trial, measured)
    else:
        study.tell(trial, state=TrialState.PRUNED)


def _measured(recipe: R, objective: Callable[[R], float]) -> float:
    """-inf where nothing came of it."""
    try:
        return objective(recipe)
    except (Refused, NotReady, MemoryError):
        return -math.inf
    except RuntimeError as error:
        if type(error).__name__ != "OutOfMemoryError":  # torch's, of a GPU
            raise
        return -math.inf


def _suggested(trial: Trial, name: str, one: Between | OneOf, own: Any) -> Any:
    """The recipe's own value is among what is tried, wherever it lies."""
    if isinstance(one, Between):
        return trial.suggest_float(name, min(one.low, own), max(one.high, own), log=True)
    return trial.suggest_categorical(name, [*one.values, *({own} - set(one.values))])


def _with(recipe: R, values: Mapping[str, Any]) -> R:
    return type(recipe).model_validate({**recipe.model_dump(), **values})
