"""When two questions count as worded alike. Pure."""

from __future__ import annotations

import hashlib
import re

__all__ = ["wording_of"]

_WORD = re.compile(r"\w+")


def wording_of(question: str) -> str:
    """Equal for questions with the same words in the same order, whatever their case, punctuation and spaces: 32 hexadecimal
    digits. '' where there are no words."""
    words = " ".join(_WORD.findall(question.casefold()))
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:32] if words else ""
