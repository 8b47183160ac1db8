"""Whether who pressed a button may know of what it is about. Its custom id is sent by the person's own client. Pure."""

from __future__ import annotations

from adapters.discord.interactions import Interaction
from adapters.discord.places import Place
from adapters.discord.received import PLATFORM
from rag_core.records.feedback.recording import RecordedAnswer
from rag_core.records.platforms.escalations import Escalation

__all__ = ["asked_here", "given_here"]


def given_here(answer: RecordedAnswer, user: str, place: Place) -> bool:
    """Whether an answer was given where this person is, or to them."""
    return answer.platform == PLATFORM and (
        answer.user == user or (answer.channel in (place.id, place.channel) and bool(answer.channel))
    )


def asked_here(escalation: Escalation, click: Interaction) -> bool:
    """Whether people are asked where this was pressed; so it counts, too, while that is still to be recorded."""
    return escalation.target_channel in ("", click.channel)
