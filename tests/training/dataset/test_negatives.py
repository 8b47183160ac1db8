"""Passages that are found and do not answer."""

from __future__ import annotations

from tests.training.dataset.toys import example, text, topics
from training.dataset.negatives import Found, mined
from training.dataset.rows import Example


def chosen(
    one: Example, *found: Found, others: tuple[Example, ...] = (), most: int = 9, **told: str
) -> list[str]:
    rows = [one, *others]
    vectors = topics((row.question for row in rows), **told)
    made = mined(rows, [found, *([()] * len(others))], [1.0] * len(rows), vectors, most, 0.9)
    return [text.id for text in made[0].mined]


def test_what_is_near_and_not_right_is_taken_best_first() -> None:
    """So many as are asked for; what a reviewer judged is known already."""
    found = [Found(text(id), 0.8) for id in ("d/a#0", "d/w#0", "d/b#0", "d/c#0", "d/e#0")]
    assert chosen(example("q", "d/a#0", wrong=["d/w#0"]), *found, most=2) == ["d/b#0", "d/c#0"]


def test_what_is_nearly_as_near_as_the_right_one_may_answer() -> None:
    """margin times its nearness is the most."""
    assert chosen(example("q", "d/a#0"), Found(text("d/b#0"), 0.91), Found(text("d/c#0"), 0.9)) == ["d/c#0"]


def test_documents_that_answer_it_or_a_like_question_give_none() -> None:
    """They may say it elsewhere too."""
    found = [Found(text(id), 0.5) for id in ("d/a#1", "d/b#1", "d/c#1")]
    like = (example("r", "d/b#0"), example("s", "d/c#0"))
    assert chosen(example("q", "d/a#0"), *found, others=like, q="t", r="t") == ["d/c#1"]


def test_what_says_the_same_as_a_right_passage_is_none() -> None:
    """A copy in another document, whatever its title."""
    body = "You have thirty days of leave in each year, and ask two weeks ahead."
    one = example("q", "d/a#0").moved(right=(text("d/a#0", f"Leave\n{body}"),))
    assert chosen(one, Found(text("d/b#0", f"Copy\nAs we said: {body}"), 0.5)) == []


def test_without_a_right_passage_there_is_nothing_to_compare_with() -> None:
    """What is found now may answer what nothing answered then."""
    assert chosen(example("q", abstain=True), Found(text("d/b#0"), 0.1)) == []
