"""Whether a candidate may answer in the active release's place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag_core.review.comparing.comparing import HumanVerdict
from rag_core.settings.training import Gate
from training.gate import Abstaining, Measured, Paired, Verdict, decide

SETTINGS = Gate()


def pair(gain: float, n: int = 200, measure: str = "nDCG@10", spread: float = 0.1) -> Paired:
    """Independent questions of which the scores change by `gain` in the mean."""
    rng = np.random.default_rng(n)
    change = rng.normal(0, spread, n)
    before = rng.uniform(0.4, 0.8, n)
    after = before + change - change.mean() + gain
    return Paired(measure, before.tolist(), after.tolist(), [str(i) for i in range(n)])


def abstaining(hits_before: int, hits_after: int, of: int = 50, false: int = 5) -> Abstaining:
    should = [True] * of + [False] * 150
    made = [
        [True] * hits + [False] * (of - hits) + [True] * false + [False] * (150 - false)
        for hits in (hits_before, hits_after)
    ]
    return Abstaining(should, *made, [str(i) for i in range(len(should))])


BETTER = Measured(
    primary=pair(0.05),
    others=(pair(0.04, measure="recall@10"),),
    general=(pair(0.0, 400, "general nDCG@10", 0.05),),
    golden=12,
    abstaining=abstaining(40, 40),
    latency_ms=(150.0, 180.0),
    people=HumanVerdict(14, 6, 3, 0.48, 0.86, 2, 0.7),
)


def verdict(measured: Measured) -> Verdict:
    return decide(measured, SETTINGS, resamples=1000)


def refused_for(measured: Measured) -> list[str]:
    return [check.name for check in verdict(measured).checks if not check.passed]


def test_a_better_candidate_that_breaks_nothing_is_promoted() -> None:
    """And each check says so in a sentence with the numbers."""
    found = verdict(BETTER)
    assert found.promoted
    assert found.reasons == ()
    assert [check.name for check in found.checks] == [
        *("gain", "golden", "general", "others", "abstention", "abstention", "latency", "people")
    ]
    assert found.checks[0].sentence.startswith("nDCG@10 rises from .6")
    assert "lower bound of the gain is +.0" in found.checks[0].sentence
    assert 0 < found.gain.low < found.gain.estimate == pytest.approx(0.05)


def test_no_better_is_refused() -> None:
    """A gain within what chance gives."""
    found = verdict(replace(BETTER, primary=pair(0.002)))
    assert not found.promoted
    assert found.reasons[0].startswith("No significant gain: nDCG@10 rises from")
    assert refused_for(replace(BETTER, primary=pair(-0.05))) == ["gain"]
    assert refused_for(replace(BETTER, primary=pair(0.0, spread=0.0))) == ["gain"]


def test_a_gain_that_a_handful_of_questions_carries_may_be_chance() -> None:
    """The bootstrap's bound of five gains among sixty is above 0, but one in 32 ways of tossing coins gives as many."""
    before, after = [0.5] * 60, [0.9] * 5 + [0.5] * 55
    found = verdict(replace(BETTER, primary=Paired("nDCG@10", before, after, [str(i) for i in range(60)])))
    assert found.gain.low > 0
    assert not found.promoted
    assert "may be chance" in found.reasons[0]


def test_few_test_questions_promote_nothing() -> None:
    """However great the gain on them."""
    found = verdict(replace(BETTER, primary=pair(0.3, 12)))
    assert found.reasons == ("Too few test questions: 12, and it takes 30. Review more of what was asked.",)


def test_a_lost_golden_question_refuses() -> None:
    """Whatever was gained."""
    found = verdict(replace(BETTER, golden_lost=("vpn", "leave")))
    assert found.reasons == ("Golden questions lost: 2 of 12 (vpn, leave).",)


def test_general_quality_may_fall_by_one_in_a_hundred() -> None:
    """Of what it was: by .5% it may, by 3% not."""
    assert refused_for(replace(BETTER, general=(pair(-0.003, 400, spread=0.05),))) == []
    found = verdict(replace(BETTER, general=(pair(-0.018, 400, "squad", 0.05),)))
    assert found.reasons[0].startswith(
        "General quality falls by 3.0%, and 1.0% is allowed: squad falls from .6"
    )


def test_a_general_set_that_could_hide_a_loss_refuses_and_says_how_many_questions_tell() -> None:
    """60 questions whose changes are wide."""
    found = verdict(replace(BETTER, general=(pair(0.0, 60, spread=0.2),)))
    assert found.reasons[0].startswith("General quality may have fallen by ")
    assert "60 questions cannot rule that out; about " in found.reasons[0]


def test_another_measure_that_falls_beyond_chance_refuses() -> None:
    """A fall within chance does not."""
    assert refused_for(replace(BETTER, others=(pair(-0.05, measure="groundedness"),))) == ["others"]
    assert refused_for(replace(BETTER, others=(pair(-0.004, measure="groundedness"),))) == []


def test_abstaining_is_kept() -> None:
    """Neither fewer of the questions to abstain from, nor more of the others."""
    found = verdict(replace(BETTER, abstaining=abstaining(40, 20)))
    assert {check.name for check in found.checks if not check.passed} == {"abstention"}
    assert "recall of abstaining falls from .800 (40 of 50) to .400 (20 of 50)" in found.reasons[-1]
    less_precise = Abstaining(
        abstaining(40, 40).should,
        abstaining(40, 40).before,
        abstaining(40, 40, false=40).after,
        abstaining(40, 40).groups,
    )
    assert "precision of abstaining falls" in verdict(replace(BETTER, abstaining=less_precise)).reasons[0]
    assert refused_for(replace(BETTER, abstaining=abstaining(40, 39))) == []
    assert refused_for(replace(BETTER, abstaining=abstaining(0, 0, false=0))) == []


def test_a_slow_candidate_is_refused() -> None:
    """1.5 times the time, and what one measurement differs from the next."""
    found = verdict(replace(BETTER, latency_ms=(100.0, 160.0)))
    assert found.reasons == ("The 95th percentile takes 160 ms instead of 100 ms; 155 ms are allowed.",)
    assert refused_for(replace(BETTER, latency_ms=(2.0, 6.0))) == []


def test_people_who_prefer_the_active_release_have_the_last_word() -> None:
    """Where their interval says so; few votes do not."""
    found = verdict(replace(BETTER, people=HumanVerdict(5, 20, 1, 0.09, 0.39, 2, 0.7)))
    assert found.reasons == (
        "People prefer the active release: the candidate is better on 5 questions and worse on 20.",
    )
    assert refused_for(replace(BETTER, people=HumanVerdict(1, 2, 0, 0.06, 0.79, 1, None))) == []
    assert refused_for(replace(BETTER, people=HumanVerdict(0, 0, 9, 0.0, 1.0, 1, None))) == []


def test_where_documents_are_missing_the_advice_is_to_write_them() -> None:
    """Only where nothing was gained, and it is a good part of what was reviewed."""
    lacking = replace(BETTER, primary=pair(0.0), lacking=21, reviewed=50)
    assert verdict(lacking).advice == (
        "Fix the documents instead: 21 of 50 reviewed questions have no document that answers them."
    )
    assert verdict(replace(lacking, lacking=5)).advice == ""
    assert verdict(replace(lacking, primary=BETTER.primary)).advice == ""


def test_what_was_not_measured_is_not_checked() -> None:
    """The gain alone decides then."""
    found = verdict(Measured(BETTER.primary))
    assert found.promoted
    assert [check.name for check in found.checks] == ["gain"]


def test_the_same_numbers_give_the_same_verdict() -> None:
    """Bounds and all."""
    assert verdict(BETTER) == verdict(BETTER)


def test_scores_of_other_questions_are_refused() -> None:
    """Before and after must be of the same."""
    with pytest.raises(ValueError, match="same questions"):
        Paired("nDCG@10", [0.5], [0.5, 0.6], ["a", "b"])
