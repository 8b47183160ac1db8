"""Questions that waited too long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.lateness import minutes_late

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("received", "sent", "late"),
    [
        (MINUTE, MINUTE, None),
        (20 * MINUTE, None, 20),
        (MINUTE, 20 * MINUTE, 20),
        (20 * MINUTE, 30 * MINUTE, 30),
        (MINUTE, 2 * DAY, None),
        (20 * MINUTE, 2 * DAY, 20),
        (MINUTE, -2 * DAY, None),
    ],
)
def test_a_question_is_late_by_the_platform_s_clock_or_ours(
    received: timedelta, sent: timedelta | None, late: int | None
) -> None:
    """A platform whose clock is a day off is not believed."""
    now = datetime.now(UTC)
    assert minutes_late(now - received, None if sent is None else now - sent, "15m") == late
