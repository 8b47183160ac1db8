"""What reviewers have before them, and what they decided."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from .answers import Asked
from .documents import title_of
from .shape import Shape
from .subjects import SENTENCE

__all__ = ["judged_of", "reviews_of"]

RESOLVED = (
    *("good_example", "right_passage", "wrong_passage", "corrected_answer"),
    *("missing_document", "stale_document", "no_fault"),
)


def reviews_of(
    chance: random.Random, made: list[Asked], voted: list[dict[str, Any]], shape: Shape, until: datetime
) -> Iterator[dict[str, Any]]:
    """First those that were voted down, then others that were not sure. A third of what is resolved lacked a document."""
    by_id = {one.id: one for one in made}
    down = {row["answer_id"]: row for row in voted if row["value"] == -1}
    chosen = list(down) + [one.id for one in made if one.id not in down and one.confidence < 0.35]
    chosen += [one.id for one in made if one.id not in down and one.confidence >= 0.35]
    chosen = chosen[: shape.pending + shape.resolved]
    chance.shuffle(chosen)
    for number, id in enumerate(chosen):
        one, vote, resolved = by_id[id], down.get(id), number < shape.resolved
        state = chance.choices(RESOLVED, (3, 2, 1, 2, 2, 1, 3))[0] if resolved else ""
        text = vote["correction"] if vote else ""
        taken = not resolved and chance.random() < 0.03
        yield {
            "id": f"{chance.getrandbits(128):032x}",
            "answer_id": id,
            "source": "vote" if vote else chance.choice(("confidence", "escalation", "disagreement")),
            "proposed": text,
            "proposed_by": f"{one.platform}:{vote['user_id']}" if vote and text else "",
            "state": "resolved" if resolved else "pending",
            "resolution": state,
            "correction": text or SENTENCE if state == "corrected_answer" else "",
            "note": "",
            "reviewer": f"local:reviewer{number % 4}" if resolved else "",
            "created_at": one.at,
            "decided_at": min(one.at + timedelta(days=chance.expovariate(0.5)), until) if resolved else None,
            "told_at": None,
            "value": round(chance.expovariate(0.4), 3) + (5 if text else 0),
            "askers": 1 + int(chance.expovariate(0.5)),
            "reason": vote["reason"] if vote else "",
            "assignee": f"local:reviewer{number % 4}" if taken else "",
            "assigned_at": until if taken else None,
        }


def judged_of(rows: list[dict[str, Any]], by_id: dict[str, Asked]) -> Iterator[dict[str, Any]]:
    labels = {"right_passage": "right", "wrong_passage": "wrong", "stale_document": "wrong"}
    for row in rows:
        label, cited = labels.get(row["resolution"]), by_id[row["answer_id"]].documents
        if label and cited:
            yield {
                "review_id": row["id"],
                "passage": f"{cited[0]}#1",
                "label": label,
                "document": cited[0],
                "source": cited[0].partition("/")[0],
                "scope": "public",
                "title": title_of(cited[0]),
                "text": f"{SENTENCE}.",
            }
