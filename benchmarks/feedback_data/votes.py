"""What people said of answers, and whom they asked instead."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from .answers import Asked
from .shape import Shape

__all__ = ["escalations_of", "votes_on"]

REASONS = ("wrong_sources", "wrong_answer", "out_of_date", "not_answered", "other", "")


def votes_on(chance: random.Random, made: list[Asked], shape: Shape, until: datetime) -> list[dict[str, Any]]:
    """A helpful answer is more often a sure one."""
    weights = list(accumulate(0.4 if one.abstained else 1.0 for one in made))
    people = [f"U{n:06d}" for n in range(shape.people)]
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    while len(rows) < min(shape.votes, len(made)):
        one = chance.choices(made, cum_weights=weights)[0]
        user = one.user if chance.random() < 0.7 else chance.choice(people)
        up = chance.random() < (0.15 if one.abstained else 0.55 + 0.35 * one.confidence)
        reason = "" if up else chance.choice(REASONS)
        corrects = not up and chance.random() < 0.15
        rows[one.id, user] = {
            "answer_id": one.id,
            "platform": one.platform,
            "user_id": user,
            "value": 1 if up else -1,
            "reason": reason,
            "comment": "This is not what the page says now." if reason and chance.random() < 0.3 else "",
            "correction": "Ask the owner of the page; it takes three days now." if corrects else "",
            "updated_at": min(one.at + timedelta(minutes=chance.expovariate(1 / 30)), until),
            "excluded": chance.choices(("", "own", "cap", "flag"), (0.95, 0.02, 0.02, 0.01))[0],
        }
    return list(rows.values())


def escalations_of(chance: random.Random, made: list[Asked], shape: Shape) -> Iterator[dict[str, Any]]:
    unsure = [one for one in made if one.abstained] or made
    for one in chance.sample(unsure, min(shape.escalations, len(unsure))):
        resolved = chance.random() < 0.8
        yield {
            "id": one.id[::-1],
            "answer_id": one.id,
            "platform": one.platform,
            "workspace": "T024BE7LH",
            "channel": one.channel,
            "thread": f"1790000000.{one.number:06d}",
            "message": f"1790000000.{one.number:06d}",
            "user_id": one.user,
            "question": one.question,
            "target_channel": "C999",
            "target_message": f"1790000001.{one.number:06d}",
            "mentioned": "",
            "remind_after_s": 3600,
            "state": "resolved" if resolved else "open",
            "created_at": one.at,
            "remind_at": None,
            "reminders": 0,
            "resolved_at": one.at + timedelta(hours=chance.expovariate(0.5)) if resolved else None,
            "resolved_by": "U000001" if resolved else "",
            "reply": "It is in the new system now; ask finance for access." if resolved else "",
            "replied_by": "U000001" if resolved else "",
        }
