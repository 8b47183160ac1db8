"""Which passages are right, on passages written by hand."""

from __future__ import annotations

import math

import pytest

from rag_core.types import Passage, Place, Ranked
from tests.training.evaluate.office import example
from training.dataset.rows import Origin, Text
from training.evaluate.finding import cites_right, rank_of, ranking_scores, scopes_of

SAID = "Hold the reset button of the router for ten seconds until the light turns amber, then let go of it."
OTHER = "Trains are booked in second class, and hotels may cost up to 140 euros a night in big cities."


def passage(id: str, text: str, title: str = "Router") -> Passage:
    return Passage(id, id.partition("#")[0], "handbook", "public", title, (), text, "file:x", Place())


def ranked(*passages: Passage) -> list[Ranked]:
    return [Ranked(one, 0.5, 1.0, 0.5) for one in passages]


def text(id: str, words: str, scope: str = "public") -> Text:
    return Text(id, id.partition("#")[0], f"Router\n{words}", scope, "handbook")


def test_a_right_passage_is_known_by_its_id() -> None:
    """Where its words are those that were judged."""
    found = [passage("travel#0", OTHER), passage("router#0", SAID)]
    assert rank_of(text("router#0", SAID), found) == 2


def test_an_id_that_stands_for_other_words_now_is_not_right() -> None:
    """A document is cut anew, and its numbers are given out again."""
    assert rank_of(text("router#0", SAID), [passage("router#0", OTHER)]) is None


def test_a_right_passage_that_was_moved_is_known_by_its_words() -> None:
    """Under another id, in its own document or in a copy of it."""
    assert rank_of(text("router#0", SAID), [passage("router#7", SAID)]) == 1
    assert rank_of(text("router#0", SAID), [passage("network#1", SAID)]) == 1


def test_several_right_passages_count_each_once() -> None:
    """Two right ones at ranks 1 and 3 of 3, one of them missing: worked out by hand."""
    right = [
        text("router#0", SAID),
        text("travel#0", OTHER),
        text("gone#0", "Nothing that is there now at all, not a word."),
    ]
    scores = ranking_scores(
        right, ranked(passage("router#0", SAID), passage("x#0", "Else."), passage("travel#0", OTHER))
    )
    best = 1 + 1 / math.log2(3) + 0.5
    assert scores["ndcg"] == pytest.approx((1 + 0.5) / best)
    assert scores["recall"] == pytest.approx(2 / 3)
    assert scores["mrr"] == 1.0


def test_two_right_texts_that_one_passage_holds_now_are_one() -> None:
    """The document is cut coarser than when they were judged; nothing is left to find."""
    right = [text("router#0", SAID), text("router#1", OTHER)]
    scores = ranking_scores(right, ranked(passage("router#0", f"{SAID} {OTHER}")))
    assert scores == {"ndcg": 1.0, "recall": 1.0, "mrr": 1.0}


def test_nothing_right_is_nothing_to_score() -> None:
    """A question to abstain from has no rank."""
    assert ranking_scores((), ranked(passage("router#0", SAID))) == {}


def test_an_answer_is_right_when_it_cites_a_right_passage() -> None:
    """One of several suffices."""
    assert cites_right([text("router#0", SAID)], [passage("travel#0", OTHER), passage("router#0", SAID)])
    assert not cites_right([text("router#0", SAID)], [passage("travel#0", OTHER)])


def test_what_is_read_is_what_the_asker_might_read_and_where_the_answer_stands() -> None:
    """Nothing narrows a question that nobody asked and nothing answers."""
    assert scopes_of(example("Who?", [text("router#0", SAID, "staff")])) == frozenset({"public", "staff"})
    assert scopes_of(example("Who?").moved(origin=Origin("golden", "1", scopes=None))) is None
    assert scopes_of(example("Who?").moved(origin=Origin("heading", "1"))) is None


def test_what_nobody_judged_of_the_right_document_stands_in_nobodys_way() -> None:
    """It is passed over; a passage of another document is not, and where the right one is missing nothing is found."""
    beside = passage("router#5", "The router hangs in the hall beside the door.")
    right, other = passage("router#0", SAID), passage("travel#0", OTHER)
    wanted = [text("router#0", SAID)]
    assert ranking_scores(wanted, ranked(beside, right))["mrr"] == 1.0
    assert ranking_scores(wanted, ranked(beside, other, right))["mrr"] == 0.5
    assert ranking_scores(wanted, ranked(beside, other)) == {"ndcg": 0.0, "recall": 0.0, "mrr": 0.0}
