"""Numbers fitted to rankings made by chance, and to a real release."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag_core.bootstrap import Core
from rag_core.generation.calibration import UNSCALED, Scale
from rag_core.records.index.tuning import Tuning
from rag_core.retrieval.fusion import SHIPPED
from tests.training.evaluate.office import DOCUMENTS, example, fill, texts
from training.evaluate.releases import Served
from training.evaluate.tuning import Drafted, fit_fusion, fit_threshold, judged_by, scaled, tune
from training.fusion import Judged, Prior, fit
from training.tasks.task import Nobody, Refused

CANDIDATES = 20


def rankings(count: int, tells: float, seed: int = 0) -> list[Judged]:
    """Questions, two of a group, whose right candidate stands out by similarity so much (`tells`), and by keywords not at
    all."""
    rng = np.random.default_rng(seed)
    judged = []
    for n in range(count):
        features = rng.normal(0.4, 0.1, (CANDIDATES, 3)) * [1, 1, 0]
        features[0, 0] += tells
        gaps = rng.normal([0.3, 0.1], 0.05)
        names = [f"p{i}" for i in range(CANDIDATES)]
        judged.append(Judged(f"group {n // 2}", False, names, features, gaps, {"p0": 1}))
    return judged


def drafts(count: int, right: float, shift: float = 0.0, seed: int = 0) -> list[Drafted]:
    """Of which this share is right, as sure as they ought to be, but for the shift of the logit; a third of the others the
    documents do not answer."""
    rng = np.random.default_rng(seed)
    made = []
    for n in range(count):
        logit = rng.normal(2 * (right - 0.5), 2)
        truth = bool(rng.random() < 1 / (1 + np.exp(-logit)))
        sure = float(1 / (1 + np.exp(-(logit + shift))))
        made.append(Drafted(f"g{n}", sure, truth, truth or n % 3 > 0))
    return made


def test_fusion_is_fitted_where_it_helps_on_questions_held_out() -> None:
    """Vectors that tell everything get the weight that keywords had."""
    found = fit_fusion(rankings(150, tells=0.2))
    assert found.reasons["fusion"].startswith("It helps: nDCG@10 on held-out questions")
    assert found.figures["fusion_ndcg_after"] > found.figures["fusion_ndcg_before"]
    at_rest = (
        found.tuning.fusion.bias
        + found.tuning.fusion.keyword_gap * 0.3
        + found.tuning.fusion.vector_gap * 0.1
    )
    assert at_rest < SHIPPED.bias + SHIPPED.keyword_gap * 0.3 + SHIPPED.vector_gap * 0.1


def test_few_questions_move_the_fusion_little() -> None:
    """The fewer, the nearer it stays to the shipped numbers."""

    def moved(count: int) -> float:
        bias, keyword, vector, *_ = fit(rankings(count, tells=0.2), Prior())
        there = bias + keyword * 0.3 + vector * 0.1
        return float(abs(there - (SHIPPED.bias + SHIPPED.keyword_gap * 0.3 + SHIPPED.vector_gap * 0.1)))

    assert moved(10) < moved(60) < moved(400)
    assert moved(10) < moved(400) / 3


def test_fusion_stays_where_nothing_is_gained() -> None:
    """Scores that tell nothing teach nothing."""
    found = fit_fusion(rankings(60, tells=0.0))
    assert found.tuning.fusion == SHIPPED
    assert found.reasons["fusion"].startswith("It does not help beyond chance")


def test_fusion_stays_with_too_few_questions() -> None:
    """And says how many it takes."""
    found = fit_fusion(rankings(29, tells=0.2))
    assert (found.tuning, found.figures) == (Tuning(), {})
    assert found.reasons["fusion"] == "There are 29 questions to fit it to; it takes 30."


def test_fusion_that_was_fitted_before_stays_until_another_is_better() -> None:
    """A release that is trained again does not lose it for want of questions, nor for no gain."""
    before = fit_fusion(rankings(150, tells=0.2)).tuning.fusion
    assert fit_fusion(rankings(20, tells=0.2), before).tuning.fusion == before
    assert fit_fusion(rankings(150, tells=0.2), before).tuning.fusion == before


def test_the_scale_is_corrected_where_confidence_is_off() -> None:
    """Two logits too sure come down; what is right already stays; a few say nothing."""
    off = scaled(drafts(400, 0.6, shift=2.0))
    assert off.tuning.scale.intercept < -0.8
    assert off.figures["confidence_loss_after"] < off.figures["confidence_loss_before"]
    assert off.reasons["confidence"].startswith("It helps")
    assert scaled(drafts(400, 0.6)).tuning.scale == UNSCALED
    few = scaled(drafts(20, 0.6, shift=2.0))
    assert few.tuning.scale == UNSCALED
    assert few.reasons["confidence"].startswith("There are too few questions: 20")


def test_the_threshold_moves_where_it_parts_better_what_the_documents_answer() -> None:
    """One that lets everything through is raised; one that is right stays as the release has it; few drafts say nothing."""
    right = [Drafted(f"r{n}", 0.6 + n / 1000, True, True) for n in range(200)]
    unanswerable = [Drafted(f"u{n}", 0.3, False, False) for n in range(40)]
    raised = fit_threshold([*right, *unanswerable], UNSCALED, shipped=0.1)
    assert raised.tuning.threshold is not None
    assert 0.6 <= raised.tuning.threshold < 0.61
    assert raised.figures["threshold_balance_before"] == pytest.approx(0.5)
    assert fit_threshold([*right, *unanswerable], UNSCALED, shipped=0.5).tuning.threshold is None
    few = fit_threshold([*right, *unanswerable[:9]], UNSCALED, shipped=0.1)
    assert few.reasons["threshold"] == (
        "There are 200 right drafts and 9 questions without an answer; it takes 100 and 10."
    )
    scaled_down = fit_threshold([*right, *unanswerable], Scale(1.0, -2.0), shipped=0.01).tuning.threshold
    assert scaled_down is not None
    assert scaled_down < 0.2


def test_a_scale_alone_changes_no_decision() -> None:
    """The shipped threshold is taken along with it."""
    down = Scale(1.0, -2.0)
    threshold = fit_threshold([], down, shipped=0.3).tuning.threshold
    assert threshold == pytest.approx(down.corrected(0.3), abs=1e-4)


async def test_a_release_is_tuned_on_questions_that_it_did_not_learn_from(core: Core) -> None:
    """With a handful of them everything stays as it is, and says why; the training part is used where nothing learned."""
    await fill(core)
    of, served = await texts(core), Served.of(core)
    examples = [example(f"What about {name}?", [of[name]], "train") for name in DOCUMENTS]
    examples.append(example("When are salaries paid?", [of["pay"]], "validation"))
    found = await tune(served, examples, Nobody())
    assert found.tuning == Tuning()
    assert set(found.reasons) == {"fusion", "confidence", "threshold"}
    assert found.figures["confidence_questions"] == 1
    assert (await tune(served, examples, Nobody(), learned=False)).figures["confidence_questions"] == 6


async def test_settings_that_say_the_numbers_go_before_what_is_fitted(core: Core) -> None:
    """What is fixed by somebody is not fitted."""
    await fill(core)
    said = core.settings.model_copy(
        update={
            "retrieval": core.settings.retrieval.model_copy(update={"dense_weight": 0.5}),
            "answers": core.settings.answers.model_copy(update={"min_confidence": 0.5}),
        }
    )
    found = await tune(Served.of(replace(core, settings=said)), [], Nobody())
    assert found.reasons["fusion"] == "retrieval.dense_weight says how searches are fused."
    assert found.reasons["threshold"] == "answers.min_confidence says when to abstain."


async def test_test_questions_are_refused(core: Core) -> None:
    """Before anything is asked."""
    with pytest.raises(Refused, match="never fitted to test questions"):
        await tune(Served.of(core), [example("When are salaries paid?")], Nobody())


async def test_candidates_are_judged_by_what_refining_looks_at(core: Core) -> None:
    """The right passage among them is known; a question whose passage is not found says nothing."""
    await fill(core)
    of, served = await texts(core), Served.of(core)
    judged = await judged_by(served, example("When are salaries paid?", [of["pay"]], "validation"))
    assert judged is not None
    assert judged.relevant == {of["pay"].id: 1}
    assert judged.features.shape == (len(DOCUMENTS), 3)
    gone = replace(
        of["pay"], id="gone#0", document="gone", text="Something that stands nowhere in these few documents."
    )
    assert await judged_by(served, example("When are salaries paid?", [gone], "validation")) is None
    assert await judged_by(served, example("?!", [of["pay"]], "validation")) is None
