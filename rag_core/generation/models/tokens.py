"""How many tokens a text has: exactly, where the model's tokenizer is at hand; else an estimate on the safe side."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from rag_core.errors import SettingsError

__all__ = ["counter", "estimate"]

_WORDS = re.compile(r"[A-Za-z]+")
_LONG = re.compile(r"[A-Za-z]{5}(?=[A-Za-z])|(?<=[A-Za-z]{9})[A-Za-z]{2}")
"""Vocabularies have most words of up to five letters whole, cut longer ones about as often as this matches, and compounds,
as German has them, and keys into smaller pieces."""
_HUMPS = re.compile(r"[a-z](?=[A-Z])|[A-Z]{2}(?=[A-Z])")
_SINGLE = re.compile(r"[^A-Za-z\s\x80-\U0010ffff]")
"""Digits, punctuation and control characters: each by itself, as the tokenizers of Llama and Mistral take digits."""
_GAPS = re.compile(r"[\n\r\t]+|\s{2,}")
_LETTERS = re.compile(r"[\u0080-\u2fff\ua000-\uabff\ufb00-\ufeff]")
"""Beyond ASCII: one token each, where the vocabulary has not much of the script."""
_IDEOGRAPHS = re.compile(r"[\u3000-\u9fff\uac00-\ufaff\uff00-\uffff]")
"""A token each as a rule; rare ones take two or three."""
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
"""Emoji and rare signs: a token for about each byte."""


def counter(tokenizer: Path | None) -> Callable[[str], int]:
    """What counts the tokens of a text. tokenizer: a tokenizer.json; None estimates.

    Raises:
        SettingsError: the file cannot be read.
    """
    if tokenizer is None:
        return estimate
    from tokenizers import Tokenizer

    try:
        exact = Tokenizer.from_file(str(tokenizer))
    except Exception as error:  # the library raises nothing more particular
        raise SettingsError(
            f"generator.tokenizer: {tokenizer} cannot be read as a tokenizer.json: {error}."
        ) from None
    exact.no_truncation()
    exact.no_padding()

    def count(text: str) -> int:
        return len(exact.encode(text, add_special_tokens=False).ids)

    return count


def estimate(text: str) -> int:
    """Tokens, rarely too few for the vocabularies in use.

    Measured against WordPiece with 30,000 entries, the smallest vocabulary that is met (docs/generators.md).
    """
    words = len(_WORDS.findall(text)) + len(_LONG.findall(text)) + len(_HUMPS.findall(text))
    tokens = words + len(_SINGLE.findall(text)) + len(_GAPS.findall(text))
    if text.isascii():
        return tokens
    ideographs = -(-len(_IDEOGRAPHS.findall(text)) * 5 // 4)
    return tokens + len(_LETTERS.findall(text)) + ideographs + len(_ASTRAL.findall(text)) * 3
