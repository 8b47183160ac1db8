"""What crosses borders, and what can go wrong."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from rag_core import errors, types
from rag_core.types import Passage, Place

CLASSES = [getattr(types, name) for name in types.__all__]


def test_the_types_are_those_of_the_plan() -> None:
    """DESIGN.md lists them; Place is where in its document a passage begins."""
    assert set(types.__all__) == {
        "Answer",
        "Attached",
        "Citation",
        "Passage",
        "Place",
        "Principal",
        "Question",
        "Ranked",
        "Turn",
        "Vote",
    }


@pytest.mark.parametrize("cls", CLASSES)
def test_each_is_a_frozen_dataclass(cls: type) -> None:
    """What one part hands to another cannot be changed by either."""
    assert dataclasses.is_dataclass(cls)
    assert cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert hasattr(cls, "__slots__")


def test_the_tree_of_errors_is_the_one_that_its_module_draws() -> None:
    """Each error stands in the drawing, below its parent."""
    drawing = inspect.getdoc(errors) or ""
    assert set(errors.__all__) == {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and value.__module__ == errors.__name__
    }
    for name in errors.__all__:
        assert name in drawing
        parent = getattr(errors, name).__base__
        assert parent in (errors.AnswerloopError, errors.Unavailable, Exception)
    assert errors.AnswerloopError.__base__ is Exception
    assert errors.Busy.__base__ is errors.Unavailable


@pytest.mark.parametrize(
    ("place", "fragment", "words"),
    [
        (Place(), "", ""),
        (Place(line=12), "", "line 12"),
        (Place(line=12, anchor="install"), "#install", "line 12"),
        (Place(page=3, anchor="install"), "#page=3", "page 3"),
    ],
)
def test_a_place_is_a_fragment_for_a_link_and_words_for_a_reader(
    place: Place, fragment: str, words: str
) -> None:
    """A page says more than an anchor, an anchor more than a line."""
    assert (place.fragment(), place.words()) == (fragment, words)


def test_a_passages_location_opens_its_document_at_its_place() -> None:
    """The document's address and the place's fragment."""
    passage = Passage(
        "d#0", "d", "s", "public", "Title", (), "text", "https://example.com/d.pdf", Place(page=2)
    )
    assert passage.location == "https://example.com/d.pdf#page=2"
