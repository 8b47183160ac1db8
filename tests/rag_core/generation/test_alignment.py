"""What gives away that a text only nearly answers."""

from __future__ import annotations

import pytest

from rag_core.generation.alignment import MOST, align


@pytest.mark.parametrize(
    ("question", "text", "names"),
    [
        ("When did Denmark win?", "France won in 2018.", 1),
        ("When did France win?", "France won in 2018.", 0),
        ("who runs the Falcon and the Heron gateway?", "Ops runs the falcon gateway.", 1),
        ("What is Oslo's allowance?", "The allowance in Oslo is 80 €.", 0),
        ("How do the Huguenots vote?", "A Huguenot votes by hand.", 0),
        ("Can I see what I booked?", "Open the page of bookings.", 0),
        ("HOW DO I RESET THE LANTERN", "Hold both buttons.", 0),
        ("Denmark won when?", "France won in 2018.", 0),  # a first word is capitalised anyway
    ],
)
def test_a_name_that_the_text_lacks_is_counted(question: str, text: str, names: float) -> None:
    """Whatever its case and form in the text; not where a question is written in capitals."""
    assert align(question, text).names == names


@pytest.mark.parametrize(
    ("question", "text", "numbers"),
    [
        ("What changed in 2.4?", "Version 2.4 brings dusk mode.", 0),
        ("What changed in 2.5?", "Version 2.4 brings dusk mode.", 1),
        ("Who won in 1998?", "In 1999 nobody won, in 19 games.", 1),
        ("Is 8:30 too late?", "We open at 8:30.", 0),
    ],
)
def test_a_number_that_the_text_lacks_is_counted(question: str, text: str, numbers: float) -> None:
    """As a whole: 19 is not in 1998, nor 2.4 in 2.5."""
    assert align(question, text).numbers == numbers


@pytest.mark.parametrize(
    ("question", "text", "opposites"),
    [
        ("Which plan has the lowest price?", "The highest price is that of Pro.", 1),
        ("Which plan has the lowest price?", "Between the highest and the lowest price lie 3 €.", 0),
        ("What decreases the load?", "A cache increased the load.", 1),
        ("What makes bounds dependent on the machine?", "This makes them independent of the machine.", 1),
        ("What do non-Muslims do?", "Muslims pray.", 1),
        ("What happened before the release?", "After the release it was tagged.", 1),
        ("What happened after the release?", "After the release it was tagged.", 0),
        ("How is a lantern reset?", "Hold both buttons.", 0),
    ],
)
def test_the_opposite_of_a_word_is_counted(question: str, text: str, opposites: float) -> None:
    """By a list of pairs and by prefixes, unless the text has the word itself as well."""
    assert align(question, text).opposites == opposites


@pytest.mark.parametrize(
    ("question", "text", "denied"),
    [
        ("What do complexity classes not fit?", "Classes fit this framework.", 1),
        ("Which parts were never built?", "All parts were built in 1990.", 1),
        ("What can't be refunded?", "Meals cannot be refunded.", 0),
        ("What is refunded?", "Meals are not refunded.", 0),
        ("Why does it not start?", "Charge the lantern.", 0),
        ("What if my lantern does not start?", "Charge the lantern.", 0),
        ("The app does not open", "Reinstall the app.", 0),
    ],
)
def test_asking_for_what_is_not_so_needs_a_text_that_denies(question: str, text: str, denied: float) -> None:
    """Someone in trouble says "not" as well, and is answered by what helps."""
    assert align(question, text).denied == denied


def test_many_mismatches_count_as_few() -> None:
    """A long question is not worse for its length."""
    assert align("did Ada, Ben, Cy, Dee, Eve and Flo meet in 1, 2, 3 and 4 cities?", "No.").names == MOST


@pytest.mark.parametrize("question", ["", "?", "…", "Ω", "A", "A B", "1"])
def test_any_question_can_be_aligned_with_any_text(question: str) -> None:
    """And a question with itself has no mismatch."""
    align(question, "")
    same = align(question, question)
    assert (same.names, same.numbers, same.opposites, same.denied) == (0, 0, 0, 0)
