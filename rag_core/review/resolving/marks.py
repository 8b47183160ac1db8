"""The marks [n] by which a text says where each sentence stands. Pure."""

from __future__ import annotations

import re

__all__ = ["cited_numbers", "unmarked"]

_MARK = re.compile(r"(?<!\w)\[(\d{1,3})\](?!\()")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_SENTENCE = re.compile(
    r"[^.!?\n]+(?:[.!?]+(?!\s|$|\[|[\"')])[^.!?\n]*)*[.!?]*[\"')]*(?:\s*\[\d{1,3}\])*[.!?]*"
)
_LEAST_WORDS = 3
"""Of what counts as a sentence: headings and single words say nothing that could be cited."""


def cited_numbers(text: str) -> list[int]:
    """The numbers that are marked, in reading order, each once; code has none."""
    return list(dict.fromkeys(int(one) for one in _MARK.findall(_CODE.sub(" ", text))))


def unmarked(text: str) -> list[str]:
    """Sentences that no mark stands in or behind."""
    sentences = (found.strip(" \t-*#>") for found in _SENTENCE.findall(_CODE.sub(" ", text)))
    return [one for one in sentences if len(one.split()) >= _LEAST_WORDS and not _MARK.search(one)]
