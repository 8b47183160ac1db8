"""Standard answers as JSON."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry
from rag_core.standard.answer import StandardAnswer
from rag_core.standard.answers import StandardAnswers
from rag_core.standard.exchange import from_json, read_lines, to_json
from rag_core.types import Citation

FULL = StandardAnswer(
    "Press [reset](https://x.example) [1].\n\n- é 😀",
    ("How do I reset it?",),
    match="pattern",
    pattern="* reset *",
    threshold=0.9,
    platform="slack",
    channels=("C1",),
    scopes=frozenset({"hr", "public"}),
    enabled=False,
    author="ada",
    citations=(Citation(1, "Handbook", "https://docs.example", "Press it.", "p#1", "line 3"),),
    from_answer="a1",
    id="s1",
    created_at=datetime(2026, 1, 2, tzinfo=UTC),
    updated_at=datetime(2026, 1, 3, 4, 5, 6, 789, tzinfo=UTC),
    hits=12,
    last_hit_at=datetime(2026, 1, 4, tzinfo=UTC),
)


def test_all_of_it_goes_there_and_back() -> None:
    """As one line of JSON, every field."""
    line = json.dumps(to_json(FULL))
    assert set(json.loads(line)) == {f.name for f in fields(StandardAnswer)}
    assert read_lines([line, "", "\n"]) == [FULL]


async def test_what_is_exported_and_imported_elsewhere_is_the_same(database: AsyncEngine) -> None:
    """Times and hits too; importing it again changes nothing, and hits counted meanwhile stay."""
    standard = StandardAnswers(database)
    for _ in range(2):
        await standard.save(*read_lines([json.dumps(to_json(FULL))]))
        assert await standard.all() == [FULL]
    standard.hit("s1")
    await standard.close()
    await standard.save(FULL)
    assert (await standard.get("s1")).hits == 13


def test_what_is_left_out_has_its_default() -> None:
    """A line of a question and an answer is enough."""
    assert from_json({"questions": ["Is it?"], "answer": "Yes."}) == StandardAnswer("Yes.", ("Is it?",))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "it is not JSON"),
        ("[]", "a line is not an object"),
        ('{"questions": ["q"]}', "answer: it is missing"),
        ({"question": "q"}, "question: there is no such field"),
        ({"answer": 1}, "answer: 1 is not text"),
        ({"questions": "q"}, 'questions: "q" is not a list of texts'),
        ({"channels": [1]}, "channels: 1 is not a list of texts"),
        ({"enabled": 1}, "enabled: 1 is not true or false"),
        ({"threshold": "high"}, 'threshold: "high" is not a number'),
        ({"threshold": True}, "threshold: true is not a number"),
        ({"threshold": 0.1}, "threshold: 0.1 is not between"),
        ({"hits": -1}, "hits: -1 cannot be counted"),
        ({"hits": 1.5}, "hits: 1.5 is not a whole number"),
        ({"created_at": "yesterday"}, "created_at: 'yesterday' is no time with a zone"),
        ({"created_at": "2026-01-01T00:00:00"}, "created_at: .* is no time with a zone"),
        ({"citations": [{"number": 1}]}, "citations: one needs location, number, quote, title"),
        (
            {"citations": [{"number": "1", "title": "", "location": "", "quote": ""}]},
            'citations: number: "1" is not',
        ),
        (
            {"citations": [{"number": 1, "title": "t", "location": "JavaScript:x", "quote": ""}]},
            "citations: location: 'JavaScript:x' cannot be shown",
        ),
        ({"questions": []}, "questions: there is none"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_field(line: str | dict[str, Any], why: str) -> None:
    """Nothing is imported then."""
    good = '{"questions": ["q"], "answer": "a"}'
    if isinstance(line, dict):
        line = json.dumps({"questions": ["q"], "answer": "a"} | line)
    with pytest.raises(InvalidEntry, match=f"^Line 2: {why}"):
        read_lines([good, line])


def test_an_id_may_stand_once() -> None:
    """The second would take the place of the first unseen; lines without one are as many as there are."""
    line = json.dumps(to_json(FULL))
    with pytest.raises(InvalidEntry, match=r"^Line 3: id: s1 stands on line 1 too"):
        read_lines([line, "", line])
    assert len(read_lines(['{"questions": ["q"], "answer": "a"}'] * 2)) == 2
