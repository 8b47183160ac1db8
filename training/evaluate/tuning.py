"""The numbers of a release, fitted to its models: how searches are fused, how sure to be, when to abstain.

A trained embedder spreads its similarities otherwise than the one that the shipped numbers were fitted to. Each number is
drawn towards the shipped one, and kept only where it does better, by more than a standard error, on groups of questions
that it was not fitted to; else the fusion stays that the release has, and the others are the shipped ones. Test questions
are refused. Where the models learned from the training part, only the validation part tells how they do with questions
that they have not seen.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rag_core.bootstrap import make_search
from rag_core.errors import InvalidQuestion
from rag_core.generation.calibration import UNSCALED, Calibration, Scale
from rag_core.generation.opening import make_generator
from rag_core.generation.protocol import Draft
from rag_core.records.index.tuning import Tuning
from rag_core.retrieval.fusion import SHIPPED, Fusion, gap, keyword_share
from rag_core.retrieval.merging import merge_neighbours
from rag_core.retrieval.refining import best_units, phrase_shares
from rag_core.retrieval.search import Found, clean_question
from training import calibrate_feedback
from training.dataset.rows import Example
from training.evaluate.finding import cites_right, rank_of, ranks_to_judge, scopes_of
from training.evaluate.releases import Served, asked, side_by_side
from training.fusion import Coefficients, Judged, Prior, fit
from training.tasks.task import Refused, Watcher

__all__ = ["Drafted", "Fitted", "fit_fusion", "fit_threshold", "judged_by", "scaled", "tune"]

ENOUGH = 30
"""Questions with a right passage among what is found, below which the fusion stays."""
ENOUGH_RIGHT, ENOUGH_UNANSWERABLE = 100, 10
"""Right drafts, and questions that the documents do not answer, below which the threshold stays."""
KEEP_RIGHT = 0.98
"""Share of the right drafts that a threshold lets through, as the shipped one does (training/calibrate.py)."""
FOLDS = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted, or left as it was, and why."""

    tuning: Tuning
    reasons: Mapping[str, str]
    """By 'fusion', 'confidence' and 'threshold': one sentence of each."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """On questions held out: fusion_ndcg, confidence_loss, threshold_balance, each with _before and _after, where there were
    enough; and how many questions told: fusion_questions, confidence_questions."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a release would say to a question, sure of it or not."""

    group: str
    confidence: float
    """Before any correction."""
    right: bool
    """Whether it cites a right passage."""
    answerable: bool
    """Whether the documents answer the question."""


async def tune(served: Served, examples: Sequence[Example], watcher: Watcher, learned: bool = True) -> Fitted:
    """Fit a release's numbers to its models.

    served: over an index that its embedder filled. learned: whether its models learned from the training part, so that only
    the validation part is of use.

    Raises:
        Refused: a test question is among the examples.
        Unavailable: the index does not work now.
    """
    if any(example.part == "test" for example in examples):
        raise Refused(
            "Numbers are never fitted to test questions; give those to train on and to validate with."
        )
    used = [e for e in examples if e.part == "validation" or not learned]
    watcher.step("Fusion and confidence are fitted to the models")
    fusion = await _fusion(served, [e for e in used if e.right])
    drafts = await _drafts(_fused(served, fusion.tuning.fusion), [e for e in used if e.right or e.abstain])
    scale = scaled(drafts)
    threshold = _threshold(served, drafts, scale.tuning.scale)
    watcher.step("Fusion and confidence are fitted to the models", 1, 1)
    tuning = Tuning(fusion.tuning.fusion, scale.tuning.scale, threshold.tuning.threshold)
    parts = (fusion, scale, threshold)
    return Fitted(
        tuning,
        {name: reason for part in parts for name, reason in part.reasons.items()},
        {name: round(value, 4) for part in parts for name, value in part.figures.items()},
    )


async def _fusion(served: Served, examples: Sequence[Example]) -> Fitted:
    now = served.release.tuning.fusion
    if served.core.settings.retrieval.dense_weight is not None:
        return Fitted(Tuning(now), {"fusion": "retrieval.dense_weight says how searches are fused."})

    async def judged(example: Example) -> Judged | None:
        return await judged_by(served, example)

    return fit_fusion([one for one in await side_by_side(judged, examples) if one is not None], now)


async def judged_by(served: Served, example: Example) -> Judged | None:
    """The candidates of both searches, as rag_core/retrieval/refining.py sees them; None: nothing right is among them."""
    core = served.core
    try:
        text = clean_question(example.question)
    except InvalidQuestion:
        return None
    vector = await served.search.embed(text)
    if core.query_map:
        vector = core.query_map(vector)
    scopes = scopes_of(example)
    candidates = {
        c.id: c for c in await core.store.search(vector, text, scopes, core.settings.retrieval.candidates)
    }
    passages = await core.store.fetch(list(candidates.values()), scopes)
    ranks = [rank_of(right, passages) for right in example.right]
    relevant = {passages[rank - 1].id: 1 for rank in ranks if rank}
    if not relevant:
        return None
    found = [candidates[passage.id] for passage in passages]
    similarity = (np.array([c.cosine for c in found]) + best_units(vector, passages)) / 2
    keyword = keyword_share([c.bm25 for c in found])
    features = np.column_stack([similarity, keyword, phrase_shares(text, passages)])
    gaps = np.array([gap(keyword), gap(similarity)])
    group = example.group or example.question
    judged = [rank - 1 for rank in ranks_to_judge(example.right, passages, ranks)]
    return Judged(group, False, [passages[n].id for n in judged], features[judged], gaps, relevant)


def fit_fusion(judged: Sequence[Judged], now: Fusion = SHIPPED) -> Fitted:
    """Drawn towards the shipped numbers. judged: their `set` is the group that they must not be parted from. now: what the
    release has, and keeps where nothing is better."""
    prior = Prior()
    if len(judged) < ENOUGH:
        return Fitted(
            Tuning(now), {"fusion": f"There are {len(judged)} questions to fit it to; it takes {ENOUGH}."}
        )
    groups = [one.set for one in judged]
    present = _coefficients(now)
    before = np.array([one.ndcg(present) for one in judged])
    after = np.zeros(len(judged))
    for taught, held in _folds(groups):
        learned = fit([judged[i] for i in taught], prior)
        after[held] = [judged[i].ndcg(learned) for i in held]
    figures = {
        "fusion_ndcg_before": float(before.mean()),
        "fusion_ndcg_after": float(after.mean()),
        "fusion_questions": float(len(judged)),
    }
    told = f"nDCG@10 on held-out questions {before.mean():.4f} before, {after.mean():.4f} after"
    if not _gains(before, after, groups):
        return Fitted(Tuning(now), {"fusion": f"It does not help beyond chance: {told}."}, figures)
    bias, keyword, vector, phrases, _ = fit(judged, prior).round(3).tolist()
    return Fitted(Tuning(Fusion(bias, keyword, vector, phrases)), {"fusion": f"It helps: {told}."}, figures)


def _coefficients(fusion: Fusion) -> Coefficients:
    return np.array([fusion.bias, fusion.keyword_gap, fusion.vector_gap, fusion.phrases, 1.0])


def _fused(served: Served, fusion: Fusion) -> Served:
    core = served.core
    release = replace(core.release, tuning=replace(core.release.tuning, fusion=fusion))
    return replace(served, search=make_search(replace(core, release=release)))


async def _drafts(served: Served, examples: Sequence[Example]) -> list[Drafted]:
    """As it would quote, without a threshold. A language model is not asked: what it writes is held to the same scale."""
    core = served.core
    unsure = core.settings.answers.model_copy(update={"min_confidence": 0.0})
    settings = core.settings.model_copy(update={"answers": unsure})
    generator = make_generator(settings, None, core.embedder, core.compute)
    own = Scale.marked(generator.version)
    quoting = replace(served, generator=generator)

    async def drafted(example: Example) -> Drafted:
        found, draft, _ = await asked(quoting, example)
        right = found is not None and _is_right(example, found, draft)
        group = example.group or example.question
        return Drafted(group, own.uncorrected(draft.confidence), right, not example.abstain)

    return await side_by_side(drafted, examples)


def _is_right(example: Example, found: Found, draft: Draft) -> bool:
    passages = {entry.passage.id: entry.passage for entry in merge_neighbours(found.ranked)}
    cited = [passages[c.passage] for c in draft.citations if c.passage in passages]
    return cites_right(example.right, cited)


def scaled(drafts: Sequence[Drafted]) -> Fitted:
    """The scale of the confidence, fitted as to votes (training/calibrate_feedback.py): right is a draft that cites a right
    passage."""
    votes = [calibrate_feedback.Judged(d.group, d.confidence, float(d.right), 1.0) for d in drafts]
    outcome = calibrate_feedback.calibrate_on(votes)
    figures = {"confidence_questions": float(len(drafts))}
    if outcome.held_out:
        losses = (outcome.log_loss_before, outcome.log_loss_after)
        figures |= dict(zip(("confidence_loss_before", "confidence_loss_after"), losses, strict=True))
    return Fitted(Tuning(scale=outcome.scale), {"confidence": _reason(outcome, drafts)}, figures)


def _reason(outcome: calibrate_feedback.Outcome, drafts: Sequence[Drafted]) -> str:
    if not outcome.held_out:
        return f"There are too few questions: {len(drafts)}, {sum(d.right for d in drafts)} of them drafted right."
    told = f"{outcome.log_loss_before:.3f} before, {outcome.log_loss_after:.3f} after"
    helps = "It helps" if outcome.kept else "It does not help beyond chance"
    return f"{helps}: log loss on held-out questions {told}."


def _threshold(served: Served, drafts: Sequence[Drafted], scale: Scale) -> Fitted:
    if served.core.settings.answers.min_confidence is not None:
        return Fitted(Tuning(), {"threshold": "answers.min_confidence says when to abstain."})
    return fit_threshold(drafts, scale, Calibration.read().threshold)


def fit_threshold(drafts: Sequence[Drafted], scale: Scale, shipped: float) -> Fitted:
    """Of the confidence as the scale has it: that which lets KEEP_RIGHT of the right drafts through, where it parts them
    from questions without an answer better than the shipped one does; else the shipped one, taken along with the scale,
    so that a scale alone changes no decision."""
    here = scale.corrected(shipped)
    stays = Tuning(threshold=None if scale == UNSCALED else round(here, 4))
    told = [d for d in drafts if d.right or not d.answerable]
    right = np.array([d.right and d.answerable for d in told], bool)
    if right.sum() < ENOUGH_RIGHT or (~right).sum() < ENOUGH_UNANSWERABLE:
        return Fitted(stays, {"threshold": _too_few(right)})
    sure = np.array([scale.corrected(d.confidence) for d in told])
    weights = np.where(right, 0.5 / right.sum(), 0.5 / (~right).sum()) * len(told)
    before = weights * ((sure >= here) == right)
    after = np.zeros(len(told))
    groups = [d.group for d in told]
    for taught, held in _folds(groups):
        mine = np.quantile(sure[taught][right[taught]], 1 - KEEP_RIGHT)
        after[held] = weights[held] * ((sure[held] >= mine) == right[held])
    figures = {
        "threshold_balance_before": float(before.mean()),
        "threshold_balance_after": float(after.mean()),
    }
    said = f"balanced accuracy on held-out questions {before.mean():.3f} before, {after.mean():.3f} after"
    if not _gains(before, after, groups):
        return Fitted(stays, {"threshold": f"It does not help beyond chance: {said}."}, figures)
    threshold = round(float(np.quantile(sure[right], 1 - KEEP_RIGHT)), 4)
    return Fitted(Tuning(threshold=threshold), {"threshold": f"It helps: {said}."}, figures)


def _too_few(right: NDArray[np.bool_]) -> str:
    return (
        f"There are {right.sum()} right drafts and {(~right).sum()} questions without an answer; it takes {ENOUGH_RIGHT} "
        f"and {ENOUGH_UNANSWERABLE}."
    )


def _folds(groups: Sequence[str]) -> list[tuple[list[int], list[int]]]:
    """Those to learn from and those held out, by index; a group is in one fold, and no fold is empty."""
    fold = np.array([zlib.crc32(group.encode()) % FOLDS for group in groups])
    parts = [np.flatnonzero(fold == f).tolist() for f in range(FOLDS)]
    return [(np.flatnonzero(fold != f).tolist(), held) for f, held in enumerate(parts) if held]


def _gains(before: Floats, after: Floats, groups: Sequence[str]) -> bool:
    """Whether the mean gain is above its standard error, groups rising and falling together."""
    gains = after - before
    apart = gains - gains.mean()
    names, owner = np.unique(np.asarray(groups, str), return_inverse=True)
    sums = np.bincount(owner, weights=apart)
    error = math.sqrt(float((sums**2).sum())) / len(gains)
    return len(names) > 1 and bool(gains.mean() > error)
