"""What it is worth that a reviewer looks at an answer. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Grounds", "split", "value"]

CORRECTION, ESCALATED, WANTED = 100.0, 80.0, 72.0
REPEATED, REPEATED_MOST = 40.0, 70.0
UNANSWERED, UNANSWERED_MOST = 28.0, 46.0
DISAGREED, IN_WORDS, AGAINST = 24.0, 16.0, 10.0
BESIDES = 0.1
"""How much counts of what is not the strongest ground."""
ASKED_MOST = 6.0
PER_DAY = 0.2
"""What waiting for a day adds."""
_LAST = datetime(2100, 1, 1, tzinfo=UTC)
"""Ages are counted down to here, so that a value is larger than 0 and never needs to be computed again as time goes by."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why an answer is looked at. People are counted once each, and only where their votes count."""

    correction: bool = False
    """Somebody says what it should be."""
    escalated: bool = False
    """A person was asked, and has not answered yet."""
    wanted: bool = False
    """A reviewer put it into the queue."""
    against: int = 0
    in_favour: int = 0
    disagreed: bool = False
    """Votes on other answers of the same words to the same question say so; of the two counts it is known anyway."""
    in_words: bool = False
    """A vote against it says why."""
    unanswered: bool = False
    """There was no answer, or none to rely on."""
    askers: int = 1
    """People who asked the same."""


def value(grounds: Grounds, since: datetime) -> float:
    """Larger: to be looked at earlier. since: when it came into the queue.

    The strongest ground decides, in the order of what a reviewer's minute brings. A correction is the answer itself and
    needs a yes or no (100). Of an open escalation somebody waits (80). A reviewer who wants it looked at knows why (72).
    What several people voted down is hardly a mistake of one of them (48 of two, 70 at most). A question that many ask in
    vain is a gap (28 and 4 for each doubling of its askers, 46 at most). Where people disagree somebody must settle it (24).
    One vote that says why (16) tells more than one that does not (10). The other grounds add a tenth of theirs, people who
    asked the same 1 for each doubling, and each day of waiting 0.2: a single vote passes a new disagreement after ten weeks.
    """
    strongest, *others = sorted(_each(grounds), reverse=True)
    asked = min(ASKED_MOST, math.log2(max(1, grounds.askers)))
    waited = (_LAST - since).total_seconds() / 86_400
    return strongest + BESIDES * sum(others) + asked + PER_DAY * waited


def split(in_favour: int, against: int) -> bool:
    """Whether people disagree: each side has two people at least, or one and a third of all."""
    fewer = min(in_favour, against)
    return fewer >= 2 or (fewer == 1 and 3 * fewer >= in_favour + against)


def _each(grounds: Grounds) -> list[float]:
    return [
        CORRECTION if grounds.correction else 0.0,
        ESCALATED if grounds.escalated else 0.0,
        WANTED if grounds.wanted else 0.0,
        _against(grounds),
        _unanswered(grounds),
        DISAGREED if grounds.disagreed or split(grounds.in_favour, grounds.against) else 0.0,
    ]


def _against(grounds: Grounds) -> float:
    if grounds.against >= 2:
        return min(REPEATED_MOST, REPEATED + 8 * math.log2(grounds.against))
    if grounds.against:
        return IN_WORDS if grounds.in_words else AGAINST
    return 0.0


def _unanswered(grounds: Grounds) -> float:
    if not grounds.unanswered or grounds.askers < 2:
        return 0.0
    return min(UNANSWERED_MOST, UNANSWERED + 4 * math.log2(grounds.askers))
