"""What a page of figures is about: some days, and answers of one platform, channel or release. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_

from rag_core.errors import InvalidEntry
from rag_core.records.planning import unindexed
from rag_core.records.tables import answers

__all__ = ["DAYS", "LONGEST", "View", "view_of"]

DAYS = (7, 30, 90, 365)
"""Periods to choose from; any other is said by its first and last day."""
LONGEST = 3_660
DAILY_UNTIL = 92
"""Longer periods are drawn by weeks: more points than that are not told apart, and their intervals say little."""


@dataclass(frozen=True, slots=True)
class View:
    since: date
    until: date
    """The last day, which belongs to it. Days are those of UTC."""
    platform: str = ""
    channel: str = ""
    release: str = ""
    """'' each: all of them."""

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def step(self) -> Literal["day", "week"]:
        return "day" if self.days <= DAILY_UNTIL else "week"

    @property
    def before(self) -> View:
        """As many days, just before."""
        return replace(
            self, since=self.since - timedelta(days=self.days), until=self.since - timedelta(days=1)
        )

    @property
    def starts(self) -> tuple[date, ...]:
        """The first day of each step; a week's is its Monday, which may come before the first day."""
        first = self.since.toordinal()
        if self.step == "week":
            first = (first - 1) // 7 * 7 + 1
        width = 1 if self.step == "day" else 7
        return tuple(date.fromordinal(day) for day in range(first, self.until.toordinal() + 1, width))

    @property
    def key(self) -> Any:
        """The ordinal of the first day of an answer's step."""
        return answers.c.day if self.step == "day" else (answers.c.day - 1) // 7 * 7 + 1

    @property
    def condition(self) -> Any:
        """Of answers. The days choose the index: SQLite, which has no statistics unless told to, would rather take that of
        a platform's threads, and read whole rows for the rest."""
        return and_(self._days(answers.c.day), *self._chosen)

    @property
    def condition_by_id(self) -> Any:
        """The same, where SQLite is to read the answers of a long period in the order of their ids (the index
        answers_judged), as it is what joins them with what they cite: that is twice as fast as looking up one here and one
        there."""
        return and_(answers.c.id >= "", self._days(unindexed(answers.c.day)), *self._chosen)

    def _days(self, day: Any) -> Any:
        return day.between(self.since.toordinal(), self.until.toordinal())

    @property
    def _chosen(self) -> list[Any]:
        c = answers.c
        wanted = ((c.platform, self.platform), (c.channel, self.channel), (c.release, self.release))
        return [unindexed(column) == value for column, value in wanted if value]


def view_of(
    days: int = 30,
    since: date | None = None,
    until: date | None = None,
    today: date | None = None,
    **of: str,
) -> View:
    """The last so many days up to today, or those from one day to another. of: platform, channel, release.

    Raises:
        InvalidEntry: the last day comes before the first, or the period is longer than LONGEST days.
    """
    last = until or today or datetime.now(UTC).date()
    try:
        first = since or last - timedelta(days=days - 1)
    except OverflowError:
        raise InvalidEntry("days: there are not so many days before that one; name fewer.") from None
    view = View(first, last, **of)
    if not 1 <= view.days <= LONGEST:
        raise InvalidEntry(f"from, to: the first day comes first, and {LONGEST:,} days are the most.")
    if first.toordinal() <= view.days:
        raise InvalidEntry("from: this is before anything was asked; name a later day.")
    return view
