"""What a citation shows of a document that others wrote."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag_core.generation.composing import cite
from rag_core.types import Passage, Place

PASSAGE = Passage(
    "p",
    "leave",
    "docs",
    "public",
    "Leave",
    ("Days",),
    "30 days.",
    "https://docs.example/leave",
    Place(line=3),
)


def test_title_and_place_stand_on_one_line_without_what_is_not_seen() -> None:
    hostile = "a\u202eb\x1b]8;;http://evil.example\x07c\n# d\u200b"
    citation = cite(replace(PASSAGE, title=hostile, headings=(hostile, "Days")), 1, "30 days.")
    assert citation.title == "abc # d"
    assert citation.place == "Days, line 3"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x"]
)
def test_an_address_that_would_run_is_no_link(url: str) -> None:
    assert cite(replace(PASSAGE, url=url), 1, "").location == ""


@pytest.mark.parametrize("url", ["https://docs.example/leave", "file:///home/leave.md", "notes/leave.md"])
def test_an_address_that_opens_is_kept(url: str) -> None:
    assert cite(replace(PASSAGE, url=url), 1, "").location == url
