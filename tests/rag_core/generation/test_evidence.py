"""What speaks for each unit of the passages found. No model: vectors are made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rag_core.generation.evidence import FEATURES, Evidence, gather
from rag_core.retrieval.terms import Terms
from rag_core.types import Passage, Place, Ranked

QUESTION = np.array([1, 0, 0, 0], np.float32)
TOWARDS, ASIDE = [127, 0, 0, 0], [0, 127, 0, 0]


def found(*units: str, title: str = "", score: float = 0.5, vectors: list[list[int]] | None = None) -> Ranked:
    """A passage of these units, each on a line of its own."""
    text, spans = "", []
    for unit in units:
        spans.append((len(text), len(text) + len(unit)))
        text += unit + "\n"
    blob = np.array(vectors or [TOWARDS] * len(units), np.int8).tobytes()
    passage = Passage(title, title, "s", "public", title, (), text, "", Place(), tuple(spans), blob)
    return Ranked(passage, cosine=score, bm25=0.0, score=score)


def feature(name: str, question: str, *ranked: Ranked) -> NDArray[np.float64]:
    values: NDArray[np.float64] = gathered(question, *ranked).features[:, FEATURES.index(name)]
    return values


def gathered(question: str, *ranked: Ranked, top_k: int = 8) -> Evidence:
    return gather(question, QUESTION, ranked, top_k)


def test_each_unit_has_a_row_of_features() -> None:
    """In the order of the passages, and within them as they stand there."""
    evidence = gathered("anything", found("One.", "Two."), found("Three."))
    assert evidence.features.shape == (3, len(FEATURES))
    assert list(zip(evidence.owner, evidence.number, strict=True)) == [(0, 0), (0, 1), (1, 0)]
    assert np.isfinite(evidence.features).all()


def test_only_the_best_passages_are_looked_into() -> None:
    """top_k of them; the others tell rare words from common ones."""
    evidence = gathered("anything", found("One."), found("Two."), found("Three."), top_k=2)
    assert len(evidence.passages) == 2
    assert set(evidence.owner) == {0, 1}


def test_the_cosine_is_that_of_question_and_unit() -> None:
    """A unit without a vector of its own has none."""
    values = feature("cosine", "x", found("One.", "Two.", "Three.", vectors=[TOWARDS, ASIDE, [0] * 4]))
    assert values == pytest.approx([1.0, 0.0, 0.0])


def test_the_lag_is_how_far_a_passage_is_behind_the_best() -> None:
    """In fused score; none for the best itself."""
    values = feature("passage_lag", "x", found("One.", score=0.6), found("Two.", score=0.4))
    assert values == pytest.approx([0.0, 0.2])


def test_coverage_is_the_share_of_the_questions_words() -> None:
    """All of them is 1, whatever their form; words without content do not count."""
    values = feature(
        "coverage",
        "When are the salaries paid?",
        found("The salary is paid monthly.", "Nobody is paid.", "When are the others?"),
    )
    assert values[0] == pytest.approx(1.0)
    assert 0 < values[1] < 1
    assert values[2] == 0.0


@pytest.mark.parametrize(
    ("asked", "stands"),
    [
        ("city", "city"),
        ("cities", "city"),
        ("city", "cities"),
        ("policy", "policies"),
        ("battery", "battery"),
    ],
)
def test_a_word_that_ends_in_y_is_found(asked: str, stands: str) -> None:
    """Its stem ends in i and stands in the plural alone."""
    assert feature("coverage", f"Which {asked}?", found(f"The {stands} it is.")) == pytest.approx([1.0])


def test_a_rare_word_counts_more_than_one_that_every_passage_has() -> None:
    """Rare among the passages found."""
    terms = Terms.of("lantern dimmer", ["a lantern", "the lantern", "lantern and dimmer"])
    weight = dict(zip(terms.stems, terms.weights, strict=True))
    assert weight["dimmer"] > weight["lantern"] > 0
    assert sum(weight.values()) == pytest.approx(1.0)


def test_a_short_word_must_begin_a_word() -> None:
    """'art' is not in 'party'; a longer one may stand in a compound."""
    terms = Terms.of("art lantern", ["x"])
    assert list(terms.found_in("a party")) == [False, False]
    assert list(terms.found_in("the arts")) == [True, False]
    assert list(terms.found_in("headlanterns")) == [False, True]


def test_a_question_of_nothing_but_small_words_is_asked_by_them() -> None:
    """'Who are you?' has terms as well."""
    assert Terms.of("Who are you?", ["x"]).stems == ("who", "are", "you")


@pytest.mark.parametrize(
    ("question", "answers", "does_not"),
    [
        ("When did it open?", "It opened in May 1998.", "It opened late."),
        ("How many rooms are there?", "There are 12 rooms.", "There are rooms."),
        ("Who built it?", "It was built by Maria Lopes.", "It was built by hand."),
    ],
)
def test_a_unit_is_of_the_kind_that_is_asked_for(question: str, answers: str, does_not: str) -> None:
    """A date, a number, a name; the lack of it speaks against a unit."""
    passage = found(answers, does_not)
    assert list(feature("answer_type", question, passage)) == [1.0, 0.0]
    assert list(feature("no_answer_type", question, passage)) == [0.0, 1.0]


def test_a_question_that_asks_for_no_such_kind_holds_nothing_against_a_unit() -> None:
    """'How do I …' may be answered by anything."""
    passage = found("It opened in May 1998.", "Press the button.")
    assert list(feature("answer_type", "How do I reset it?", passage)) == [0.0, 0.0]
    assert list(feature("no_answer_type", "How do I reset it?", passage)) == [0.0, 0.0]


def test_an_echo_has_little_but_the_questions_own_words() -> None:
    """A heading that repeats the question is not its answer."""
    values = feature(
        "echo",
        "How do I reset the lantern?",
        found("Reset the lantern", "Hold both buttons until it blinks red."),
    )
    assert list(values) == [1.0, 0.0]


def test_short_units_code_and_questions_are_marked() -> None:
    """Each by its own feature."""
    passage = found("Only three words.", "```sh\nmake demo\n```", "Is this a question or is it not?")
    assert list(feature("short", "x", passage)) == [1.0, 0.0, 0.0]
    assert list(feature("code", "x", passage)) == [0.0, 1.0, 0.0]
    assert list(feature("question", "x", passage)) == [0.0, 0.0, 1.0]


def test_the_title_covers_terms_for_all_its_units() -> None:
    """'On the 25th' answers under the heading Salaries."""
    evidence = gathered("salaries in Porto", found("On the 25th.", title="Salaries"))
    assert list(evidence.header_found[0]) == [True, False]
    assert not evidence.found.any()


def test_what_the_headings_say_need_not_be_said_again() -> None:
    """The terms that only they have count for the units below, and once more for the first of these."""
    passage = found("On the 25th of each month.", "Ask the salaries team in case of doubt.", title="Salaries")
    assert list(feature("header_coverage", "salaries", passage)) == [1.0, 0.0]
    assert list(feature("lead", "salaries", passage)) == [1.0, 0.0]
    assert list(feature("coverage", "salaries", passage)) == [0.0, 1.0]
