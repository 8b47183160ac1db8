"""Scores of made replies against values worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.generation.protocol import Draft, Usage
from rag_core.types import Citation
from training.evaluate import Reply, judged, scores
from training.evaluate.answers import Asked, Kind
from training.evaluate.scores import area_under_roc


def replied(
    text: str,
    confidence: float = 0.9,
    *,
    kind: Kind = "answerable",
    accepted: Sequence[str] = ("Paris",),
    relevant: Sequence[str] = ("d1",),
    cited: Sequence[str] = (),
    notices: Sequence[str] = (),
    usage: Usage | None = None,
    threshold: float = 0.5,
    ms: float = 10,
) -> Reply:
    """A reply that cites these documents; below the threshold an abstention."""
    if kind != "answerable":
        accepted = relevant = ()
    asked = Asked("q", kind, "Where?", tuple(accepted), frozenset(relevant))
    citations = tuple(Citation(n, d, d, "", f"{d}#0") for n, d in enumerate(cited, start=1))
    draft = Draft(text, citations, confidence, False, notices=tuple(notices), usage=usage)
    return Reply(asked, draft, confidence < threshold, ms, {f"{d}#0": d for d in cited})


def declined(confidence: float = 0.1, kind: Kind = "unanswerable") -> Reply:
    return replied("Perhaps Rome.", confidence, kind=kind)


def test_an_abstention_on_an_answerable_question_scores_nothing() -> None:
    """One right reply, and one that would have been right."""
    result = scores([replied("Paris"), replied("Paris", 0.2)])
    assert (result["exact_match"], result["f1"], result["rouge_l"], result["answer_in_reply"]) == (0.5,) * 4
    assert result["abstained_on_answerable"] == 0.5
    assert (result["answerable"], result["unanswerable"]) == (2, 0)


def test_citation_marks_are_no_words_of_the_reply() -> None:
    """Where they are marks: a bracketed number that no citation has is text."""
    result = scores([replied("Paris [1].", cited=["d1"])])
    assert (result["exact_match"], result["f1"]) == (1.0, 1.0)
    assert scores([replied("Paris [7].", cited=["d1"])])["exact_match"] == 0.0
    assert scores([replied("Paris. [?]", cited=["d1"])])["exact_match"] == 1.0


def test_citation_precision_is_the_share_of_relevant_documents_among_those_cited() -> None:
    """Of answers given to questions that have judgements."""
    replies = [
        replied("Paris [1][2].", cited=["d1", "d2"]),
        replied("Paris [1].", cited=["d1"]),
        replied("Paris [1].", 0.1, cited=["d9"]),
        replied("Paris [1].", cited=["d9"], relevant=()),
        replied("Rome [1].", kind="unanswerable", cited=["d9"]),
    ]
    assert scores(replies)["citation_precision"] == pytest.approx(2 / 3, abs=1e-4)
    assert scores([replied("Paris")])["citation_precision"] is None


def test_abstentions_are_judged_by_whether_the_question_has_an_answer() -> None:
    """Three of four on unanswerable questions, of which there are five; strangers count by themselves."""
    replies = [
        replied("Paris"),
        declined(kind="answerable"),
        *[declined()] * 3,
        *[declined(0.8)] * 2,
        *[declined(kind="stranger"), declined(0.8, kind="stranger")],
    ]
    result = scores(replies)
    assert (result["abstention_precision"], result["abstention_recall"]) == (0.75, 0.6)
    assert (result["strangers"], result["abstained_on_strangers"]) == (2, 0.5)


def test_measures_that_a_set_cannot_tell_are_none() -> None:
    """Of unanswerable questions alone, and of answerable ones alone."""
    result = scores([declined()])
    words = ("exact_match", "f1", "rouge_l", "bleu", "answer_in_reply", "citation_precision")
    assert {result[name] for name in words} == {None}
    assert (result["abstention_precision"], result["abstention_recall"]) == (None, 1.0)
    assert (result["coverage_at_80_precision"], result["area_under_roc"]) == (None, None)
    result = scores([replied("Paris")])
    assert (result["abstention_precision"], result["abstention_recall"]) == (None, None)
    unknown = scores([replied("Paris", accepted=()), declined()])
    assert (unknown["f1"], unknown["abstention_recall"]) == (None, 1.0)


def test_coverage_is_how_many_can_be_answered_at_a_precision_the_surest_first() -> None:
    """Also below the threshold: right, right, wrong, right, right, then a question without an answer."""
    replies = [
        replied("Paris", 0.95),
        replied("Paris", 0.9),
        replied("Rome", 0.8),
        replied("Paris", 0.4),
        replied("Paris", 0.3),
        declined(0.2),
    ]
    result = scores(replies)
    assert result["coverage_at_80_precision"] == pytest.approx(5 / 6, abs=1e-4)
    assert result["coverage_at_90_precision"] == pytest.approx(2 / 6, abs=1e-4)
    # four are right: one wrong answer may go with them at 80%, none at 90%
    assert result["best_coverage_at_80_precision"] == pytest.approx(5 / 6, abs=1e-4)
    assert result["best_coverage_at_90_precision"] == pytest.approx(4 / 6, abs=1e-4)


def test_equally_sure_answers_are_given_together() -> None:
    """So that the order of the file cannot help: one of two right is no precision of 80%."""
    assert scores([replied("Paris"), replied("Rome")])["coverage_at_80_precision"] == 0.0


def test_questions_whose_answer_is_not_known_and_strangers_do_not_count_for_confidence() -> None:
    """Neither as right nor as wrong."""
    replies = [
        replied("Paris", 0.9),
        replied("Rome", 0.8, accepted=()),
        replied("Rome", 0.7, kind="stranger"),
    ]
    assert judged(replies) == ([0.9], [True])
    assert scores(replies)["coverage_at_90_precision"] == 1.0


def test_an_empty_reply_is_never_right() -> None:
    """A language model may abstain however unsure it was told to be."""
    assert replied("").right is False
    assert replied("", kind="unanswerable").right is False


def test_what_a_language_model_used_and_where_it_failed_is_counted() -> None:
    """Tokens together and apart; each kind of notice."""
    result = scores(
        [
            replied("Paris", usage=Usage(100, 20), notices=["sentences-removed"], ms=30),
            replied("Paris", usage=Usage(50, 5), ms=10),
            replied("Paris", notices=["generator-failed"], ms=20),
        ]
    )
    assert (result["tokens"], result["prompt_tokens"], result["answer_tokens"]) == (175, 150, 25)
    assert (result["generator_failed"], result["sentences_removed"], result["answer_unsupported"]) == (
        1,
        1,
        0,
    )
    assert (result["p50_ms"], result["p95_ms"]) == (20.0, 29.0)


@pytest.mark.parametrize(
    ("confidences", "right", "area"),
    [
        ([0.9, 0.1], [True, False], 1.0),
        ([0.1, 0.9], [True, False], 0.0),
        ([0.5, 0.5], [True, False], 0.5),
        ([0.9, 0.5, 0.5, 0.1], [True, True, False, False], 0.875),
        ([0.9], [True], None),
    ],
)
def test_the_area_under_roc_is_the_share_of_pairs_in_order(
    confidences: list[float], right: list[bool], area: float | None
) -> None:
    """A tie counts half."""
    assert area_under_roc(confidences, right) == area


outcomes = st.lists(
    st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), st.sampled_from(["Paris", "Rome"]), st.booleans()),
    min_size=1,
    max_size=12,
)


@given(outcomes)
def test_scores_hold_together(made: list[tuple[float, str, bool]]) -> None:
    """Whatever is replied: shares lie between 0 and 1, more precision is never had at more coverage, and an order of the
    file makes no difference."""
    replies = [
        replied(text, confidence, kind="answerable" if answerable else "unanswerable", cited=["d1", "d2"])
        for confidence, text, answerable in made
    ]
    result = scores(replies)
    shares = {
        n: v for n, v in result.items() if v is not None and n.split("_")[0] in {"exact", "f1", "coverage"}
    }
    assert all(0 <= value <= 1 for value in shares.values())
    if any(answerable for _, _, answerable in made):
        assert result["coverage_at_90_precision"] <= result["coverage_at_80_precision"]
        assert result["coverage_at_80_precision"] <= result["best_coverage_at_80_precision"]
        assert result["coverage_at_90_precision"] <= result["best_coverage_at_90_precision"]
        assert result["answer_in_reply"] + result["abstained_on_answerable"] <= 1.0001
    assert scores(replies[::-1]) == pytest.approx(result, abs=2e-4)
