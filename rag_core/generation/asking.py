"""What kind of thing a question asks for: a date, a number or a name. English; other languages get no say here."""

from __future__ import annotations

import re

__all__ = ["asked_for"]

_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|"
    r"million|billion|half|once|twice|several|dozen)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(?:1\d{3}|20\d\d)\b|\b\d{1,2}(?:st|nd|rd|th)? (?:century|January|February|March|April|May|June|July|August|"
    r"September|October|November|December)|\b(?:January|February|March|April|May|June|July|August|September|October|November|"
    r"December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b|\b\d+ (?:minutes?|hours?|days?|weeks?|months?|"
    r"years?)\b|\bcentury\b|\b\d{1,2}[:.]\d\d\b",
)
_NAME = re.compile(r"(?<=[\w,;:)] )[(\"“]?[A-Z][\w’'-]+|^[A-Z][\w’'-]+ (?:[A-Z][\w’'.-]+|(?:of|von|de|van) )")
_ASKS = (
    (
        re.compile(
            r"\b(?:when|what (?:year|date|day|month|time|century|decade)|which (?:year|date|day|month|century))\b"
        ),
        _DATE,
    ),
    (
        re.compile(
            r"\bhow (?:many|much|long|old|far|often|fast|high|big|large|tall|deep|heavy|hot)\b|"
            r"\bwhat (?:percent|percentage|number|portion|fraction|amount|size|temperature|version|price|cost)"
        ),
        _NUMBER,
    ),
    (
        re.compile(
            r"\b(?:who|whom|whose|where)\b|\b(?:what|which) (?:person|people|company|team|scientist|author|king|queen|"
            r"president|group|organi[sz]ation|country|city|state|university)\b"
        ),
        _NAME,
    ),
)


def asked_for(question: str) -> re.Pattern[str] | None:
    """A pattern that a text answering this question is likely to match; None when anything may answer it."""
    return next((pattern for asks, pattern in _ASKS if asks.search(question.lower())), None)
