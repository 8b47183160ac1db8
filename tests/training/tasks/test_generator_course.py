"""The order of rows, when to stop, and the losses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lessons import RECIPE, Watched
from training.tasks.generator.checkpoints import Checkpoint, State
from training.tasks.generator.course import Course, plan_of
from training.tasks.generator.lessons import Row
from training.tasks.generator.measure import preference_loss, vote_loss

pytestmark = pytest.mark.slow


def test_every_row_is_learned_once_in_every_epoch() -> None:
    """In another order each time; the steps after an interruption are the same ones."""
    plan = plan_of(10, 4, RECIPE.model_copy(update={"epochs": 2}))
    assert plan.steps == 5
    assert sorted(plan.order[:10]) == sorted(plan.order[10:]) == list(range(10))
    assert plan.order[:10] != plan.order[10:]
    assert plan.left(3) == list(plan.order[12:])
    assert plan == plan_of(10, 4, RECIPE.model_copy(update={"epochs": 2}))


def test_the_learning_rate_rises_and_falls() -> None:
    plan = plan_of(40, 4, RECIPE.model_copy(update={"epochs": 1, "warm_up": 0.2}))
    rates = [plan.rate(step) for step in range(plan.steps)]
    assert rates.index(max(rates)) == 2
    assert rates[2] == 1
    assert 0 < rates[-1] < rates[-2] < 1


def test_losses_are_those_of_the_papers() -> None:
    """DPO's is ln 2, and KTO's one half, where nothing has changed; both fall with the gain."""
    assert preference_loss([3.0, -1.0], [3.0, -1.0], 0.1) == pytest.approx(0.693147, abs=1e-6)
    assert preference_loss([13.0], [3.0], 0.1) == pytest.approx(0.313262, abs=1e-6)
    rows = [Row([1], [2]), Row([1], [3], liked=False)]
    assert vote_loss([0.0, 0.0], [0.0, 0.0], rows, 0.1) == pytest.approx(0.5)
    assert vote_loss([10.0, -10.0], [0.0, 0.0], rows, 0.1) == pytest.approx(0.268941, abs=1e-6)


def test_the_best_weights_are_kept_and_no_longer_looked_for(tmp_path: Path) -> None:
    """It stops after `patience` evaluations without a gain; the checkpoint of a stage that is done has the best alone."""
    import torch

    weight = torch.nn.Parameter(torch.zeros(2))
    losses = iter([0.9, 0.5, 0.7, 0.6, 0.4])
    checkpoint = Checkpoint(tmp_path / "sft")
    course = Course(
        "sft",
        plan_of(40, 1, RECIPE.model_copy(update={"epochs": 2})),
        {"weight": weight},
        lambda: next(losses),
        State("fingerprint", before=1.0, best=1.0),
        checkpoint,
        Watched(),
        patience=2,
    )
    optimiser = torch.optim.AdamW([weight])
    step, stop = 0, False
    while not stop:
        step += 1
        weight.data.fill_(step)
        stop = course.stepped(step, optimiser)
    state = course.end(main=True)
    assert (step, state.best, state.best_step) == (13 * 4, 0.5, 13 * 2)
    assert weight.tolist() == [26.0, 26.0]
    assert checkpoint.state("fingerprint") == state
    assert checkpoint.state("of something else") is None
    assert checkpoint.best()["weight"].tolist() == [26.0, 26.0]
    assert sorted(f.name for f in (tmp_path / "sft").iterdir()) == ["best.safetensors", "state.json"]
