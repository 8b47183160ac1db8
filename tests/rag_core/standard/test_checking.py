"""What may be kept as a standard answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rag_core.errors import InvalidEntry
from rag_core.standard.answer import StandardAnswer
from rag_core.standard.checking import LONGEST_ANSWER, LONGEST_QUESTION, MOST_QUESTIONS, checked

GOOD = StandardAnswer("Yes.", ("Is it?",))


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("answer", {"answer": " \n"}),
        ("answer", {"answer": "x" * (LONGEST_ANSWER + 1)}),
        ("answer", {"answer": "[x](javascript:y)"}),
        ("questions", {"questions": ()}),
        ("questions", {"questions": ("?!",)}),
        ("questions", {"questions": ("x" * (LONGEST_QUESTION + 1),)}),
        ("questions", {"questions": tuple(f"q {n}" for n in range(MOST_QUESTIONS + 1))}),
        ("match", {"match": "fuzzy"}),
        ("pattern", {"match": "pattern"}),
        ("pattern", {"match": "pattern", "pattern": "*"}),
        ("pattern", {"pattern": "* x *"}),
        ("threshold", {"threshold": 0.8}),
        ("threshold", {"threshold": 1.01}),
        ("threshold", {"threshold": float("nan")}),
        ("platform", {"channels": ("C1",)}),
        ("platform", {"platform": "x" * 33}),
        ("channels", {"platform": "slack", "channels": ("#general",)}),
        ("channels", {"platform": "slack", "channels": tuple(map(str, range(999)))}),
        ("id", {"id": "a b"}),
        ("id", {"id": "x" * 33}),
        ("from_answer", {"from_answer": "x" * 33}),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(field: str, changes: dict[str, Any]) -> None:
    """One sentence that begins with the field."""
    with pytest.raises(InvalidEntry, match=rf"^{field}\b.*: .+[;,] .+\.$") as error:
        checked(replace(GOOD, **changes))
    assert len(str(error.value)) < 300


def test_white_space_control_characters_and_repetitions_go() -> None:
    """What people paste."""
    messy = StandardAnswer(
        "\r\nYes.\r\n\n- x\x00\ud800 \n",
        (" Is\tit? ", "Is it?", ""),
        platform=" slack ",
        channels=("C1", " C1"),
        scopes=frozenset({"hr", " hr ", ""}),
        author="a\x1b[0m",
    )
    assert checked(messy) == StandardAnswer(
        "Yes.\n\n- x",
        ("Is it?",),
        platform="slack",
        channels=("C1",),
        scopes=frozenset({"hr"}),
        author="a [0m",
    )


def test_what_is_in_order_stays() -> None:
    """Checking twice changes nothing."""
    assert checked(GOOD) == GOOD
    pattern = StandardAnswer("Yes.", match="pattern", pattern="* x *", threshold=1)
    assert checked(pattern) == pattern
