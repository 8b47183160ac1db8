"""The figures of a period beside those of the period before. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rag_core.records.analytics import Counts, Overview
from rag_core.records.analytics.figures import Share

__all__ = ["Trend", "trends"]


@dataclass(frozen=True, slots=True)
class Trend:
    name: str
    value: str
    change: str
    """To the period before; '': nothing was asked then."""
    kind: str = ""
    """good or bad, where the change is beyond chance: the 95% intervals do not meet."""


def trends(found: Overview) -> tuple[Trend, ...]:
    now, before = found.total, found.before
    return (
        Trend("questions", f"{now.questions:,}", _more(now.questions, before.questions)),
        _rate("helpful", now.helpful, before.helpful, good_when_more=True),
        _rate("abstained", now.abstention, before.abstention, good_when_more=False),
        _rate("asked a person", now.escalation, before.escalation, good_when_more=False),
        Trend("of these resolved", _share(now.resolution), f"{now.escalated - now.resolved:,} open"),
        _took(now, before),
        _rate("from the cache", now.hits, before.hits, good_when_more=True),
    )


def _more(now: int, before: int) -> str:
    return f"{100 * (now - before) / before:+,.0f}%" if before else ""


def _rate(name: str, now: Share | None, before: Share | None, *, good_when_more: bool) -> Trend:
    if now is None or before is None:
        return Trend(name, _share(now), "")
    change = f"{100 * (now.value - before.value):+.1f} points"
    if now.low <= before.high and before.low <= now.high:
        return Trend(name, _share(now), change)
    return Trend(name, _share(now), change, "good" if (now.value > before.value) == good_when_more else "bad")


def _took(now: Counts, before: Counts) -> Trend:
    if now.p50 is None or now.p95 is None:
        return Trend("median time", "–", "")
    change = f", {100 * (now.p50 / before.p50 - 1):+.0f}%" if before.p50 else ""
    return Trend("median time", _ms(now.p50), f"95% within {_ms(now.p95)}{change}")


def _share(share: Share | None) -> str:
    return "–" if share is None else f"{100 * share.value:.1f}%"


def _ms(ms: float) -> str:
    return f"{ms:,.0f} ms" if ms < 1_000 else f"{ms / 1_000:,.1f} s"
