"""A review in the words of the queue. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from rag_core.records.reviews.deciding import Decision
from rag_core.records.reviews.queue import Item
from rag_core.records.reviews.value import split

__all__ = ["DONE", "REASONS", "RESOLVED", "SOURCES", "decided_sentence", "grounds", "since"]

SOURCES = {
    "vote": "Voted down",
    "escalation": "Escalated",
    "confidence": "Not sure",
    "disagreement": "Disagreement",
    "draft": "Edited drafts",
    "person": "Put here",
}
"""What brought a review, as its tab is called."""
REASONS = {
    "wrong_sources": "wrong sources",
    "wrong_answer": "wrong answer",
    "out_of_date": "out of date",
    "not_answered": "does not answer",
    "other": "something else",
}
"""As adapters.chat.REASONS, in few words."""
RESOLVED = {
    "good_example": "a good example",
    "right_passage": "answered by other passages",
    "wrong_passage": "answered from wrong passages",
    "corrected_answer": "corrected",
    "missing_document": "missing a document",
    "stale_document": "answered from a stale document",
    "no_fault": "no fault",
}
DONE = {
    "approve": ("Approved", "good_example"),
    "reject": ("Nothing to learn from", "no_fault"),
}
"""What the buttons of the queue decide: what is said of it, and the resolution."""


def grounds(item: Item, now: datetime | None = None) -> list[tuple[str, str]]:
    """What brought it, and what else speaks for looking at it: words, and the kind of tag they are."""
    review, now = item.review, now or datetime.now(UTC)
    found: list[tuple[str, str]] = []
    if review.proposed:
        found.append(("correction given", "good"))
    if item.escalated_at:
        found.append((f"escalation open {since(item.escalated_at, now)}", "bad"))
    if split(item.in_favour, item.against):
        found.append((f"{item.in_favour:,} : {item.against:,} votes", "warn"))
    elif item.against:
        found.append((f"{item.against:,} × not helpful", "bad"))
    if review.reason:
        found.append((_words(review.reason), ""))
    if review.askers > 1:
        found.append((f"asked by {review.askers:,} people", "info"))
    if item.abstained:
        found.append(("no answer", "warn"))
    elif review.source == "confidence":
        found.append(("not sure", "warn"))
    if review.source in ("draft", "person"):
        found.append(("edited draft" if review.source == "draft" else "put here by a reviewer", ""))
    if review.source == "disagreement" and not split(item.in_favour, item.against):
        found.append(("votes disagree in several places", "warn"))
    return found


def decided_sentence(decision: Decision, now: datetime | None = None) -> str:
    """Who was earlier, and what they decided."""
    what = RESOLVED.get(decision.resolution, decision.resolution)
    ago = since(decision.at, now or datetime.now(UTC))
    return f"{decision.by} decided this {ago} ago: {what}."


def since(moment: datetime, now: datetime) -> str:
    """How long, in the largest unit: 3 h."""
    seconds = max(0.0, (now - moment).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return "a moment"


def _words(reason: str) -> str:
    return REASONS.get(reason, reason.replace("_", " "))
