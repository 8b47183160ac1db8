"""Gaps -> a list of documents to write. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rag_core.review.gaps.describing import Described

__all__ = ["HEADER", "as_dict", "as_markdown", "as_row"]

HEADER = (
    *("gap", "about", "state", "questions", "askers", "abstained", "disliked", "first_asked", "last_asked"),
    *("nearest_document", "note", "examples"),
)
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def as_row(one: Described, words: bool = True) -> tuple[Any, ...]:
    """In the order of HEADER. words: with what people asked."""
    gap = one.gap
    counts = (gap.questions, gap.askers, gap.abstained, gap.disliked)
    examples = "\n".join(text for _, text in one.examples) if words else ""
    times = (gap.first_at.date().isoformat(), gap.last_at.date().isoformat())
    return (gap.id, gap.name, gap.state, *counts, *times, one.nearest, gap.note, examples)


def as_dict(one: Described, words: bool = True) -> dict[str, Any]:
    named = dict(zip(HEADER, as_row(one, words), strict=True))
    return named | {"examples": [text for _, text in one.examples] if words else [], "weeks": list(one.weeks)}


def as_markdown(found: Sequence[Described], words: bool = True) -> str:
    """A heading and a task for each."""
    parts = ["# Documents to write", *(_section(one, words) for one in found)]
    return "\n\n".join(parts) + "\n"


def _section(one: Described, words: bool) -> str:
    gap = one.gap
    title = one.examples[0][1] if words and one.examples else gap.name
    done = "x" if gap.state == "written" else " "
    lines = [
        f"## {_inert(title)}",
        f"- [{done}] {gap.state}: {gap.askers:,} people asked {gap.questions:,} times, "
        f"{gap.abstained:,} without an answer, {gap.disliked:,} voted down; last on {gap.last_at.date()}",
        f"- About: {_inert(gap.name)}",
    ]
    lines += [f"- Nearest document: {_inert(one.nearest)}"] if one.nearest else []
    lines += [f"- Note: {_inert(gap.note)}"] if gap.note else []
    lines += [f"- Asked: {_inert(text)}" for _, text in one.examples] if words else []
    return lines[0] + "\n\n" + "\n".join(lines[1:])


def _inert(text: str) -> str:
    """On one line, and nothing in it is markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
