"""Questions from the documents' own headings."""

from __future__ import annotations

import numpy as np
import pytest

from rag_core.index.stores.protocol import Row
from rag_core.types import Passage, Place
from training.dataset.headings import Headings, headings, is_general

BODY = "Ask your lead two weeks ahead, and write the days into the calendar of the team."


def row(document: str, number: int, title: str, *names: str, body: str = BODY) -> Row:
    passage = Passage(
        f"{document}#{number}", document, "docs", "public", title, names, body, "", Place(), (), b"12"
    )
    header = " > ".join(dict.fromkeys((title, *names)))
    return Row(passage, header, np.zeros(4, np.float32))


def made(*rows: Row, **options: int) -> Headings:
    return headings(rows, 0, **options)


def of(*names: str, title: str = "Leave policy") -> list[str]:
    """With a document that is learned from."""
    document = next(f"docs/{n}" for n in range(50) if not is_general(f"docs/{n}", 0))
    return [one.question for one in made(row(document, 0, title, *names)).train]


@pytest.mark.parametrize(
    ("names", "question"),
    [
        (("How do I take leave?",), "How do I take leave?"),
        (("3.1 Asking for parental leave",), "Asking for parental leave"),
        (("Leave policy", "Sickness"), "Leave policy: Sickness"),
        ((), "Leave policy"),
        (("`leave.take(days)`",), ""),
        (("leave_days",), ""),
        (("2024",), ""),
        (("IV",), ""),
        (("x" * 200 + " y z",), ""),
    ],
)
def test_a_heading_is_asked_where_it_says_something(names: tuple[str, ...], question: str) -> None:
    """With the document's title where it alone says little; no code, no numbers, nothing too long."""
    assert of(*names) == ([question] if question else [])


def test_without_a_title_what_says_little_is_not_asked() -> None:
    """Nor what stands in many documents."""
    assert of("Overview", title="") == []
    rows = [row(f"docs/{n}", 0, "", "What you need to know") for n in range(9)]
    found = made(*rows)
    assert found.train == found.general == ()
    titled = [row(f"docs/{n}", 0, f"Part {'abcdefghi'[n]}lpha", "What you need to know") for n in range(9)]
    assert all(one.question.startswith("Part ") for one in made(*titled).train)


def test_what_stands_below_it_is_right_without_the_heading() -> None:
    """All of a section, up to some passages; what is hardly a text is none."""
    document = next(f"docs/{n}" for n in range(50) if not is_general(f"docs/{n}", 0))
    below = [row(document, n, "Handbook", "Leave", "Asking for leave early") for n in range(5)]
    found = made(*below, row(document, 9, "Handbook", "A short one here", body="See above.")).train
    assert [[text.id for text in one.right] for one in found] == [[f"{document}#{n}" for n in range(3)]]
    assert found[0].right[0].text == f"Handbook > Leave\n{BODY}"
    assert found[0].origin.scopes == ("public",)
    assert (found[0].part, found[0].origin.source, found[0].origin.licence) == ("train", "heading", "own")


def test_some_documents_guard_against_forgetting() -> None:
    """Never those that are learned from; the same ones when others come; with the texts that the index embeds."""
    rows = [row(f"docs/{n}", 0, f"Document of {n} things", f"About the topic {n} here") for n in range(200)]
    found, fewer = made(*rows), made(*rows[:100])
    of_train, of_general = ({one.right[0].document for one in some} for some in (found.train, found.general))
    assert not of_train & of_general
    assert 30 < len(of_general) < 70
    assert set(fewer.general) <= set(found.general)
    assert found.general[0].right[0].text.splitlines()[0].count(" > ") == 1
    assert {one.part for one in found.general} == {"test"}


def test_of_many_a_seeded_sample_is_taken() -> None:
    """Most of it stays when others come."""
    rows = [row(f"docs/{n}", 0, f"Document of {n} things", f"About the topic {n} here") for n in range(200)]
    found = made(*rows, most=20, most_general=3)
    assert (len(found.train), len(found.general)) == (20, 3)
    assert found == made(*rows, most=20, most_general=3)
    assert len(set(found.train) & set(made(*rows[:190], most=20).train)) > 14
