"""How the week was, in words for reviewers. Pure."""

from __future__ import annotations

from rag_core.messages import say
from rag_core.records.analytics.figures import Figures, Share, share

__all__ = ["week_lines"]

_BARS = "▁▂▃▄▅▆▇█"
_UNKNOWN = "–"


def week_lines(now: Figures, before: Figures, language: str) -> list[str]:
    """A line for each figure, of plain text. before: those of the week before, which are named beside."""
    return [
        _questions(now, before, language),
        *_shares(now, before, language),
        _escalated(now, before, language),
        _median(now, before, language),
    ]


def _questions(now: Figures, before: Figures, language: str) -> str:
    said = say(language, "figures-questions", now=now.questions, before=before.questions)
    return f"{said}  {_spark(now.per_day)}" if now.questions else said


def _shares(now: Figures, before: Figures, language: str) -> list[str]:
    votes = now.good + now.bad
    helpful, abstained = now.helpful, share(now.abstained, now.questions)
    lines = []
    for words, rate, earlier, of in (
        ("figures-helpful", helpful, before.helpful, votes),
        ("figures-abstained", abstained, share(before.abstained, before.questions), now.questions),
    ):
        low, high = (_UNKNOWN, _UNKNOWN) if rate is None else (_percent(rate.low), _percent(rate.high))
        values = {"now": _rate(rate), "before": _rate(earlier), "low": low, "high": high, "number": of}
        lines.append(say(language, words, **values))
    return lines


def _escalated(now: Figures, before: Figures, language: str) -> str:
    values = {"now": now.escalated, "open": now.open, "resolved": now.resolved, "before": before.escalated}
    return say(language, "figures-escalated", **values)


def _median(now: Figures, before: Figures, language: str) -> str:
    return say(language, "figures-median", now=_seconds(now.median_ms), before=_seconds(before.median_ms))


def _seconds(ms: float | None) -> float | str:
    return _UNKNOWN if ms is None else round(ms / 1000, 2)


def _rate(rate: Share | None) -> int | str:
    return _UNKNOWN if rate is None else _percent(rate.value)


def _percent(part: float) -> int:
    return round(100 * part)


def _spark(values: tuple[int, ...]) -> str:
    """A bar for each day, the highest for most."""
    most = max(values, default=0) or 1
    return "".join(_BARS[round(value / most * (len(_BARS) - 1))] for value in values)
