"""How replies do against what is known of their questions. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from training.evaluate.answers import Reply
from training.evaluate.retrieval import percentile
from training.evaluate.wording import bleu, exact_match, f1, rouge_l
from training.reliability import calibration_error, coverage_at_precision

__all__ = ["area_under_roc", "judged", "scores"]

OWN = ("answerable", "unanswerable")
NOTICES = ("generator-failed", "answer-unsupported", "sentences-removed")
"""Drafts that have these are counted."""


def scores(replies: Sequence[Reply]) -> dict[str, float | int | None]:
    """All measures, shares from 0 to 1 unless told otherwise; None where the set does not tell.

    Of the answerable questions that have accepted answers, an abstention scoring 0:

    - exact_match, f1, rouge_l, bleu (0 to 100): see wording.py. Replies that are sentences hold the answer and much
      else: they rarely match exactly.
    - answer_in_reply: the share answered with a reply that holds an accepted answer.

    Of the citations in answers to questions with judgements:

    - citation_precision: the share whose document is judged relevant. A document may answer and not be judged.

    Of the sentences with citations in all answers but strangers', where they were checked:

    - citation_support: the share that the passages they cite support (rag_core/generation/grounding.py).

    Of all questions but strangers, where an abstention is taken for the finding that a question has no answer:

    - abstention_precision: of the abstentions, the share on unanswerable questions. An abstention on an answerable
      question counts against it, also where the answer would have been wrong.
    - abstention_recall: of the unanswerable questions, the share abstained on.

    Of all questions whose right answer is known, in the order of confidence (selective answering: El-Yaniv and Wiener
    2010; Kamath et al. 2020). An answer is right when it holds an accepted answer, and always wrong to an unanswerable
    question; what would have been said below the threshold counts as well:

    - coverage_at_80_precision, coverage_at_90_precision: the largest share of these questions that can be answered, the
      surest first, with so many of the answers right. Equally sure ones are answered together or not at all.
    - best_coverage_at_80_precision, best_coverage_at_90_precision: what these answers would reach in the best of orders.
    - area_under_roc: the probability that a right answer has a higher confidence than a wrong one.
    - expected_calibration_error: how far confidence lies from the share of right answers, over ten bins.
    """
    of = {kind: [r for r in replies if r.asked.kind == kind] for kind in (*OWN, "stranger")}
    answered = [r for r in of["answerable"] if not r.abstained]
    return {
        **_of_words([r for r in of["answerable"] if r.asked.accepted]),
        "citation_precision": _citation_precision(answered),
        "citation_support": _mean(flag for kind in OWN for r in of[kind] for flag in r.supported),
        **_of_abstentions(of["answerable"], of["unanswerable"]),
        **_of_confidence(replies),
        "answerable": len(of["answerable"]),
        "unanswerable": len(of["unanswerable"]),
        "abstained_on_answerable": _mean(r.abstained for r in of["answerable"]),
        "strangers": len(of["stranger"]),
        "abstained_on_strangers": _mean(r.abstained for r in of["stranger"]),
        **_of_looks(answered),
        **_of_work(replies),
    }


def judged(replies: Iterable[Reply]) -> tuple[list[float], list[bool]]:
    """Confidence, and whether the answer is right, of all replies that are known to be right or wrong."""
    known = [
        (r.draft.confidence, r.right) for r in replies if r.asked.kind != "stranger" and r.right is not None
    ]
    return [confidence for confidence, _ in known], [right for _, right in known]


def _of_words(replies: Sequence[Reply]) -> dict[str, float | None]:
    def mean(measure: Callable[[str, Sequence[str]], float]) -> float | None:
        return _mean(measure(r.said, r.asked.accepted) for r in replies)

    return {
        "exact_match": mean(exact_match),
        "f1": mean(f1),
        "rouge_l": mean(rouge_l),
        "bleu": round(bleu([r.said for r in replies], [r.asked.accepted for r in replies]), 2)
        if replies
        else None,
        "answer_in_reply": _mean(bool(r.right) and not r.abstained for r in replies),
    }


def _citation_precision(answered: Iterable[Reply]) -> float | None:
    return _mean(document in r.asked.relevant for r in answered if r.asked.relevant for document in r.cited)


def _of_abstentions(answerable: Sequence[Reply], unanswerable: Sequence[Reply]) -> dict[str, float | None]:
    abstained = [r for r in (*answerable, *unanswerable) if r.abstained]
    both = answerable and unanswerable  # with one kind alone, precision would be 0 or 1 whatever is declined
    return {
        "abstention_precision": _mean(r.asked.kind == "unanswerable" for r in abstained) if both else None,
        "abstention_recall": _mean(r.abstained for r in unanswerable),
    }


def _of_confidence(replies: Sequence[Reply]) -> dict[str, float | None]:
    confidences, right = judged(replies)
    told = any(r.asked.accepted for r in replies)  # without accepted answers none can be right

    def rounded(value: float) -> float | None:
        return round(value, 4) if told else None

    return {
        "coverage_at_80_precision": rounded(coverage_at_precision(confidences, right, 0.8)),
        "coverage_at_90_precision": rounded(coverage_at_precision(confidences, right, 0.9)),
        "best_coverage_at_80_precision": rounded(_best_coverage(right, 0.8)),
        "best_coverage_at_90_precision": rounded(_best_coverage(right, 0.9)),
        "area_under_roc": area_under_roc(confidences, right),
        "expected_calibration_error": rounded(calibration_error(confidences, right)),
    }


def _best_coverage(right: Sequence[bool], precision: float) -> float:
    """All right answers, and as many wrong ones as the precision allows beside them."""
    return min(int(sum(right) / precision + 1e-9), len(right)) / len(right) if right else 0.0


def area_under_roc(confidences: Sequence[float], right: Sequence[bool]) -> float | None:
    """The probability that a right answer has a higher confidence than a wrong one, a tie counting half (Hanley and McNeil
    1982); None unless there are both."""
    values, flags = np.asarray(confidences, float), np.asarray(right, bool)
    good, bad = values[flags], np.sort(values[~flags])
    if not len(good) or not len(bad):
        return None
    below = (np.searchsorted(bad, good, "left") + np.searchsorted(bad, good, "right")) / 2
    return round(float(below.mean() / len(bad)), 4)


def _of_looks(answered: Sequence[Reply]) -> dict[str, float | None]:
    return {
        "median_words": statistics.median(len(r.text.split()) for r in answered) if answered else None,
        "mean_citations": round(statistics.fmean(len(r.cited) for r in answered), 2) if answered else None,
    }


def _of_work(replies: Sequence[Reply]) -> dict[str, Any]:
    used = [r.draft.usage for r in replies if r.draft.usage]
    prompt, answer = sum(u.prompt for u in used), sum(u.answer for u in used)
    return {
        **{name.replace("-", "_"): sum(name in r.draft.notices for r in replies) for name in NOTICES},
        "tokens": prompt + answer,
        "prompt_tokens": prompt,
        "answer_tokens": answer,
        "p50_ms": round(percentile([r.ms for r in replies], 50), 2),
        "p95_ms": round(percentile([r.ms for r in replies], 95), 2),
    }


def _mean(values: Iterable[float]) -> float | None:
    counted = list(values)
    return round(statistics.fmean(counted), 4) if counted else None
