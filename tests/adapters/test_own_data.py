"""What is kept of a person, counted and as a file."""

from __future__ import annotations

import json

from adapters.own_data import as_file, forgotten_counts, kept_counts
from rag_core.messages import say


def test_what_is_kept_is_counted() -> None:
    """Reviews that they asked for as well as those they decided."""
    kept = {"questions": [1, 2], "votes": [1], "reviews_proposed": [1], "reviews_decided": [1, 2]}
    assert kept_counts(kept) == {"questions": 2, "votes": 1, "escalations": 0, "reviews": 3}
    assert "votes: 1" in say("en", "data-kept", **kept_counts(kept))


def test_what_was_forgotten_is_counted() -> None:
    """Votes of others on their answers are theirs, too."""
    removed = {"questions": 2, "votes": 1, "votes_on_answers": 3, "reviews_pending": 1}
    assert forgotten_counts(removed) == {"questions": 2, "votes": 4, "escalations": 0, "reviews": 1}
    assert "votes: 4" in say("en", "data-forgotten", **forgotten_counts(removed))


def test_a_file_holds_any_text() -> None:
    """Half a surrogate pair is no reason to give nothing."""
    kept = {"questions": [{"question": "“März” 😀 \ud83d"}]}
    assert json.loads(as_file(kept))["questions"][0]["question"] == "“März” 😀 ?"
