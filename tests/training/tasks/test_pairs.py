"""Pairs to learn from, made of judged questions, and the measure of an order."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from training.tasks.pairs import Judged, Recipe, combined_ndcg, crossed_ndcg, held_out, rows_of, schedule


def question(n: int, *relevant: str, found: str = "abcdefgh", group: str = "set") -> Judged:
    """Finds a document for each letter, best first."""
    return Judged(
        f"question {n}",
        tuple(found),
        tuple(f"passage {letter}" for letter in found),
        tuple(0.9 - i / 10 for i in range(len(found))),
        dict.fromkeys(relevant, 1),
        group,
    )


# --- the data ----------------------------------------------------------------------------------------------------


def test_questions_that_one_document_answers_are_never_divided() -> None:
    """Also over a chain: a with b, b with c. Each question is in one of the parts."""
    asked = [question(n, f"d{n // 3}", *([f"d{n // 3 + 1}"] if n % 9 == 2 else [])) for n in range(90)]
    training, validation = held_out(asked, 0.3, seed=0)
    assert len(training) + len(validation) == len(asked)
    assert training
    assert validation
    documents = [{d for q in part for d in q.relevant} for part in (training, validation)]
    assert documents[0].isdisjoint(documents[1])


def test_documents_of_two_sets_with_one_id_are_two() -> None:
    """Sets number their documents alike."""
    asked = [question(n, f"d{n}", group=group) for n in range(20) for group in ("one", "other")]
    training, validation = held_out(asked, 0.5, seed=0)
    assert (len(training), len(validation)) == (20, 20)


def test_the_division_depends_on_the_seed_alone() -> None:
    """The same seed makes the same parts, another one others."""
    asked = [question(n, f"d{n}") for n in range(40)]
    assert held_out(asked, 0.3, 1) == held_out(asked, 0.3, 1)
    assert held_out(asked, 0.3, 1) != held_out(asked, 0.3, 2)


def test_negatives_are_what_was_found_and_is_not_judged_to_answer() -> None:
    """For one that answers as many as were asked for, none of them among the spared best."""
    rows = rows_of([question(1, "c")], Recipe(negatives=3, spared=2))
    assert [row.passage for row in rows if row.label] == ["passage c"]
    negatives = {row.passage for row in rows if not row.label}
    assert len(negatives) == 3
    assert negatives <= {f"passage {letter}" for letter in "defgh"}


def test_of_a_long_document_the_passage_found_first_answers() -> None:
    """Its other passages are no negatives."""
    asked = replace(question(1, "a"), documents=("x", "a", "a", "y"), passages=("1", "2", "3", "4"))
    rows = rows_of([asked], Recipe(negatives=5, spared=0))
    assert sorted((row.passage, row.label) for row in rows) == [("1", 0.0), ("2", 1.0), ("4", 0.0)]


def test_a_question_whose_answer_was_not_found_teaches_nothing() -> None:
    """Neither does one without a negative."""
    assert rows_of([question(1, "z"), question(2, "a", found="a")], Recipe()) == []


def test_there_are_never_more_rows_than_asked_for() -> None:
    """Whole questions are left out; the same seed chooses the same ones."""
    asked = [question(n, "a") for n in range(50)]
    rows = rows_of(asked, Recipe(rows=30, negatives=3))
    assert len(rows) == 28
    assert rows == rows_of(asked, Recipe(rows=30, negatives=3))
    assert rows != rows_of(asked, Recipe(rows=30, negatives=3, seed=1))


def test_what_people_judged_wrong_is_learned_first() -> None:
    """Before anything that was found, also among the spared best; none of it twice."""
    asked = replace(question(1, "c"), wrong=("elsewhere", "passage a"))
    rows = rows_of([asked], Recipe(negatives=3, spared=2))
    negatives = [row.passage for row in rows if not row.label]
    assert {"elsewhere", "passage a"} < set(negatives)
    assert len(set(negatives)) == 3
    assert {row.passage for row in rows_of([asked], Recipe(negatives=1)) if not row.label} == {"elsewhere"}


def test_what_nobody_can_tell_is_no_negative() -> None:
    """Though it was found and not judged to answer."""
    asked = replace(question(1, "c"), unsure=frozenset("defg"))
    rows = rows_of([asked], Recipe(negatives=3, spared=2))
    assert [row.passage for row in rows if not row.label] == ["passage h"]


def test_a_right_passage_that_was_not_found_is_learned_too() -> None:
    """Where its words are known."""
    asked = replace(question(1, "z"), right="the right one")
    assert [row.passage for row in rows_of([asked], Recipe()) if row.label] == ["the right one"]


def test_each_epoch_has_all_rows_in_another_order() -> None:
    """Of half an epoch half of them; the same seed makes the same order."""
    rows = rows_of([question(n, "c") for n in range(10)], Recipe())
    order = schedule(rows, Recipe(epochs=2.5))
    assert len(order) == 100
    assert sorted(map(repr, order[:40])) == sorted(map(repr, order[40:80])) == sorted(map(repr, rows))
    assert order[:40] != order[40:80]
    assert order == schedule(rows, Recipe(epochs=2.5)) != schedule(rows, Recipe(epochs=2.5, seed=1))


# --- the measure -------------------------------------------------------------------------------------------------


def test_the_served_order_is_that_of_the_weighted_sum() -> None:
    """Worked out by hand: fused .9, .8, .7; the model is for the last."""
    asked = [question(1, "c", found="abc")]
    p = [np.array([0.0, 0.0, 1.0], np.float32)]
    assert combined_ndcg(asked, p, 0.0) == pytest.approx(1 / math.log2(4))
    assert combined_ndcg(asked, p, 0.1) == pytest.approx(1 / math.log2(3))  # .81, .72, .73: second
    assert combined_ndcg(asked, p, 0.5) == 1.0


def test_each_set_weighs_the_same() -> None:
    """However many questions it has."""
    asked = [question(1, "a"), question(2, "a"), question(3, "z", group="other")]
    assert combined_ndcg(asked, [np.empty(0, np.float32)] * 3, 0.0) == 0.5


def test_a_weight_chosen_on_other_questions_is_measured() -> None:
    """Where the halves want other weights, what one is best with does nothing for the other."""
    last = [np.array([0, 0, 1], np.float32)] * 8
    assert crossed_ndcg([question(n, "c", found="abc") for n in range(8)], last) == 1.0
    asked = [question(n, "ac"[n % 2], found="abc") for n in range(8)]
    assert crossed_ndcg(asked, last) == pytest.approx(1 / math.log2(3))
    assert max(combined_ndcg(asked, last, n / 20) for n in range(21)) > 0.8
