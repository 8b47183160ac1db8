"""What is taken out of examples, and why."""

from __future__ import annotations

import numpy as np

from tests.training.dataset.toys import example, topics
from training.dataset.cleaning import (
    ANSWERED_SINCE,
    CONTRADICTED,
    DUPLICATE,
    LEAKED,
    OLDER_DECISION,
    cleaned,
    paired,
    without_contradictions,
    without_duplicates,
    without_leaked,
)
from training.dataset.drops import Count, Dropped, summary
from training.dataset.outliers import FAR_AWAY, LANGUAGE, TOO_LONG, TOO_SHORT, far, without_outliers
from training.dataset.rows import Example

ASKED, AGAIN = "How do I reset my password?", "how can I reset my password"


def ids(one: Example) -> tuple[list[str], list[str]]:
    return [text.id for text in one.right], [text.id for text in one.wrong]


def test_whoever_contradicts_themselves_has_changed_their_mind() -> None:
    """The later decision stands, in whatever order they come."""
    earlier, later = example(ASKED, "d/a#0"), example(AGAIN, "d/b#0", wrong=["d/a#0"], at=5)
    for rows in ([earlier, later], [later, earlier]):
        kept, dropped = without_contradictions(rows)
        assert ([one.question for one in kept], [one.reason for one in dropped]) == (
            [AGAIN],
            [OLDER_DECISION],
        )


def test_what_two_reviewers_say_against_each_other_is_taken_out_of_both() -> None:
    """What else they say stays."""
    one = example(ASKED, "d/a#0", "d/b#0", answer="Click [1].")
    other = example(AGAIN, wrong=["d/a#0"], by="web:otto", at=5)
    kept, dropped = without_contradictions([one, other])
    assert [ids(left) for left in kept] == [(["d/b#0"], [])]
    assert kept[0].answer == ""
    assert dropped == [Dropped(CONTRADICTED, other.moved(wrong=()))]


def test_a_document_that_was_written_since_answers() -> None:
    """But what was found right and then missing is known to nobody, unless one person said both."""
    missing, answered = example(ASKED, abstain=True), example(AGAIN, "d/a#0", by="web:otto", at=5)
    assert without_contradictions([missing, answered]) == ([answered], [Dropped(ANSWERED_SINCE, missing)])
    gone = example(ASKED, abstain=True, at=9)
    assert without_contradictions([answered, gone])[0] == []
    own = example(ASKED, abstain=True, by="web:otto", at=9)
    assert without_contradictions([answered, own])[0] == [own]


def test_of_questions_that_ask_the_same_one_remains_with_what_all_say() -> None:
    """The one decided last, as it was asked first, with the people of all."""
    first = example(ASKED, "d/a#0", wrong=["d/c#0"], votes=2)
    second = example(AGAIN, "d/b#0", by="web:otto", at=5, answer="So [1].", votes=-1)
    kept, dropped = without_duplicates([first, second], topics([ASKED, AGAIN]))
    assert dropped == [Dropped(DUPLICATE, first)]
    assert ids(kept[0]) == (["d/b#0", "d/a#0"], ["d/c#0"])
    assert (kept[0].question, kept[0].answer, kept[0].votes) == (ASKED, "So [1].", 1)
    assert set(kept[0].origin.people) == {"slack:U1", "web:rita", "web:otto"}


def test_other_readers_or_another_licence_make_another_question() -> None:
    """They may read other passages; and what is not allowed any more must not live on in another row."""
    rows = [example(ASKED, "d/a#0"), example(AGAIN, "d/a#0", scopes=("hr", "public"))]
    assert without_duplicates(rows, topics([ASKED, AGAIN])) == (rows, [])


def test_nearly_the_same_is_the_same_where_one_passage_answers_both() -> None:
    """Else they may differ in a name."""
    names = ["What is spinal atrophy really?", "What is bulbar atrophy really?"]
    near = topics(names, **dict.fromkeys(names, "atrophy"))
    apart = [example(name, f"d/{n}#0") for n, name in enumerate(names)]
    assert without_duplicates(apart, near)[1] == []
    together = [example(name, "d/a#0") for name in names]
    assert [one.reason for one in without_duplicates(together, near)[1]] == [DUPLICATE]


def test_of_headings_of_one_wording_those_for_the_same_readers_are_one() -> None:
    """All that stand below it are right; what is for others stays apart."""
    rows = [
        example(ASKED, f"d/{n}#0", source="heading", scopes=(scope,))
        for n, scope in enumerate(("public", "public", "hr"))
    ]
    kept, dropped = without_duplicates(rows, topics([ASKED]))
    assert ([ids(one)[0] for one in kept], len(dropped)) == ([["d/1#0", "d/0#0"], ["d/2#0"]], 1)


def test_what_a_person_said_goes_before_what_was_made_of_documents() -> None:
    """And takes nothing over from it; golden questions are left alone."""
    made = example(ASKED, "d/b#0", source="heading", at=9)
    person, golden = example(ASKED, "d/a#0"), example(ASKED, "d/a#0", source="golden", part="test")
    kept, dropped = without_duplicates([made, person, golden], topics([ASKED]))
    assert (kept, dropped) == ([person, golden], [Dropped(DUPLICATE, made)])


def test_a_question_with_wrong_passages_alone_takes_over_right_ones_of_a_like_one() -> None:
    """As far as its asker may read them."""
    asked = ["Which form for leave?", "What form is for leave?", "Which form is it for leave?"]
    secret = example(asked[0], "d/a#0").moved()
    secret = secret.moved(right=(*secret.right, *example("x", "d/s#0").right))
    secret = secret.moved(
        right=tuple(r if r.id != "d/s#0" else type(r)(r.id, r.document, r.text, "hr") for r in secret.right)
    )
    needy = example(asked[1], wrong=["d/c#0"])
    vectors = topics(asked, **dict.fromkeys(asked[:2], "leave"))
    made = paired([secret, needy, example(asked[2], wrong=["d/c#0"])], vectors)
    assert [ids(one)[0] for one in made] == [["d/a#0", "d/s#0"], ["d/a#0"], []]


def test_a_question_that_is_measured_on_is_not_trained_on() -> None:
    """Nor one that is nearly the same."""
    near = ["Where is the office in Porto?", "Where in Porto is the office?", "Who won the cup?"]
    vectors = topics([*near, ASKED, AGAIN], **dict.fromkeys(near[:2], "office"))
    rows = [example(near[1]), example(near[2]), example(AGAIN)]
    kept, dropped = without_leaked(rows, [example(near[0]), example(ASKED)], vectors)
    assert [one.question for one in kept] == [near[2]]
    assert {one.reason for one in dropped} == {LEAKED}
    assert without_leaked(rows, [], vectors) == (rows, [])


def test_outliers_by_length_and_language() -> None:
    """A language that the passage is in as well is no outlier, and neither is one of many questions."""
    ordinary = [example(f"What is the rule for the case number {n} of the book?") for n in range(60)]
    odd = [
        example("??"),
        example("why " * 600),
        example("Wie viele Tage habe ich im Jahr und wer muss das wissen?"),
    ]
    kept, dropped = without_outliers([*ordinary, *odd], topics(one.question for one in [*ordinary, *odd]))
    assert kept == ordinary
    assert [one.reason for one in dropped] == [TOO_SHORT, TOO_LONG, LANGUAGE]
    golden = example("??", source="golden")
    assert without_outliers([golden], topics(["??"])) == ([golden], [])


def test_outliers_by_distance() -> None:
    """From the middle of all, and from the nearest other; of a few, none is far."""
    rng = np.random.default_rng(0)
    rows = [example(f"Question of the kind {n} about the same") for n in range(80)]
    matrix = rng.normal(size=(80, 16)).astype(np.float32) * 0.1
    matrix[:, 0] += 1
    matrix[7] = -matrix[7]
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    vectors = dict(zip((one.question for one in rows), matrix, strict=True))
    assert without_outliers(rows, vectors)[1] == [Dropped(FAR_AWAY, rows[7])]
    assert without_outliers(rows[:20], vectors)[1] == []
    assert not far(np.zeros(50, np.float32)).any()


def test_cleaning_twice_is_cleaning_once() -> None:
    """What remains is clean."""
    rows = [
        example(ASKED, "d/a#0"),
        example(AGAIN, "d/b#0", at=3),
        example("??"),
        example("Who won?", "d/c#0"),
    ]
    vectors = topics(one.question for one in rows)
    kept, dropped = cleaned(rows, vectors)
    assert (len(kept), len(dropped)) == (2, 2)
    assert cleaned(kept, vectors) == (kept, [])


def test_a_table_says_what_was_dropped() -> None:
    """The commonest reason first."""
    dropped = [Dropped("b", example("x" * 200)), *(Dropped("a", example(f"q{n}")) for n in range(5))]
    assert summary(dropped) == (
        Count("a", 5, ("q0", "q1", "q2")),
        Count("b", 1, ("x" * 119 + "…",)),
    )
