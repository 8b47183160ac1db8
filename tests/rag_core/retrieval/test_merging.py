"""What was found, without what says the same twice, and with neighbours joined."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rag_core.retrieval.merging import MERGED, merge_neighbours, without_near_duplicates
from rag_core.types import Passage, Place, Ranked

TEXT = "The battery is charged within two hours when the charger is connected to a socket near the window."


def found(id: str, text: str = TEXT, score: float = 0.5, **fields: Any) -> Ranked:
    document = id.rpartition("#")[0]
    passage = Passage(
        id=id,
        document=document,
        source="s",
        scope="public",
        title="T",
        headings=fields.pop("headings", ("Care",)),
        text=text,
        url="u",
        place=fields.pop("place", Place(line=1)),
        units=((0, len(text)),),
        unit_vectors=b"\x01\x02",
    )
    return Ranked(passage, 0.4, 3.0, score)


def ids(ranked: list[Ranked]) -> list[str]:
    return [r.passage.id for r in ranked]


# --- near-duplicates ---------------------------------------------------------------------------------------------


def test_of_copies_the_best_ranked_stays() -> None:
    """The same text in two documents, with other punctuation and case, is read once."""
    copies = [
        found("a#0"),
        found("b#0", TEXT.upper().replace(".", "!")),
        found("c#0", "Something else altogether."),
    ]
    assert ids(without_near_duplicates(copies)) == ["a#0", "c#0"]


def test_a_word_more_or_less_is_still_a_copy() -> None:
    """A page that was republished with a closing word says nothing new."""
    long = f"{TEXT} {TEXT.replace('battery', 'lamp')} {TEXT.replace('battery', 'heater')}"
    assert ids(without_near_duplicates([found("a#0", long), found("b#0", f"{long} Enjoy!")])) == ["a#0"]


def test_another_number_is_another_statement() -> None:
    """Of two versions of a page that differ in a limit both stay, in their order."""
    old, new = f"{TEXT} The limit is 3.", f"{TEXT} The limit is 5."
    assert ids(without_near_duplicates([found("b#0", new), found("a#0", old)])) == ["b#0", "a#0"]


def test_passages_without_words_are_compared_too() -> None:
    """Rows of signs, and an empty text, say all the same: nothing."""
    signs = [found("a#0", "—"), found("b#0", "…"), found("c#0", ""), found("d#0", "word")]
    assert ids(without_near_duplicates(signs)) == ["a#0", "d#0"]


# --- neighbours --------------------------------------------------------------------------------------------------


def test_neighbours_of_a_section_become_one_passage() -> None:
    """In reading order, where the best of them stood, with its id and scores; units stay on their words."""
    ranked = [
        found("x#0", "Far."),
        found("a#2", "Second.", 0.4),
        found("a#1", "First:", 0.3, place=Place(line=7)),
    ]
    merged = merge_neighbours(ranked)
    assert ids(merged) == ["x#0", "a#2"]
    joined = merged[1].passage
    assert joined.text == "First:\n\nSecond."
    assert [joined.text[a:b] for a, b in joined.units] == ["First:", "Second."]
    assert joined.unit_vectors == b"\x01\x02\x01\x02"
    assert joined.place == Place(line=7)
    assert merged[1].score == 0.4


def test_passages_that_do_not_follow_each_other_stay_apart() -> None:
    """A gap between them, another section, another page, another document."""
    for one, other in (
        (found("a#1"), found("a#3")),
        (found("a#1"), found("a#2", headings=("Storage",))),
        (found("a#1", place=Place(page=1)), found("a#2", place=Place(page=2))),
        (found("a#1"), found("b#2")),
        (found("a"), found("b")),
    ):
        assert ids(merge_neighbours([one, other])) == ids([one, other])


def test_a_whole_document_does_not_become_one_passage() -> None:
    """At most MERGED are joined."""
    merged = merge_neighbours([found(f"a#{n}", f"Text {n}.") for n in range(MERGED * 2 + 1)])
    assert [len(r.passage.units) for r in merged] == [MERGED, MERGED, 1]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 6)), unique=True, max_size=10))
def test_nothing_is_lost_by_merging(places: list[tuple[str, int]]) -> None:
    """Every unit of every passage is there once."""
    ranked = [found(f"{document}#{n}", f"{document} says {n}.") for document, n in places]
    merged = merge_neighbours(ranked)
    units = [r.passage.text[a:b] for r in merged for a, b in r.passage.units]
    assert sorted(units) == sorted(r.passage.text for r in ranked)


def test_passages_that_point_elsewhere_are_not_compared_by_their_words() -> None:
    """A closer look is taken where vectors are alike, and where there are none."""
    one, other = found("a#0"), found("b#0")
    away = replace(other, passage=replace(other.passage, unit_vectors=b"\x02\xff"))
    bare = replace(other, passage=replace(other.passage, unit_vectors=b"", units=()))
    assert ids(without_near_duplicates([one, away])) == ["a#0", "b#0"]
    assert ids(without_near_duplicates([one, bare])) == ["a#0"]
