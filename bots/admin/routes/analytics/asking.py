"""What a request for figures asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from rag_core.errors import InvalidEntry
from rag_core.records.analytics import DAYS, View, view_of

__all__ = ["Asked"]

Name = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class _Asked:
    view: View
    days: int
    """Up to today; 0: from one day to another."""

    @property
    def query(self) -> str:
        """Behind an address, to ask the same of another page."""
        view, values = self.view, {}
        if self.days:
            values["days"] = str(self.days)
        else:
            values |= {"from": view.since.isoformat(), "to": view.until.isoformat()}
        values |= {
            name: getattr(view, name) for name in ("platform", "channel", "release") if getattr(view, name)
        }
        return urlencode(values)


def _asked(
    days: Annotated[str, Query(max_length=5)] = "30",
    since: Annotated[str, Query(alias="from", max_length=10)] = "",
    until: Annotated[str, Query(alias="to", max_length=10)] = "",
    platform: Name = "",
    channel: Name = "",
    release: Name = "",
) -> _Asked:
    """
    Raises:
        InvalidEntry: the days are no number, or no dates, or too many.
    """
    of = {"platform": platform, "channel": channel, "release": release}
    if since or until:
        return _Asked(view_of(DAYS[1], _date("from", since), _date("to", until), None, **of), 0)
    if not (days.isascii() and days.isdecimal()):
        raise InvalidEntry("days: this is no number of days; name one such as 30.")
    return _Asked(view_of(int(days), None, None, None, **of), int(days))


def _date(name: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidEntry(f"{name}: this is no date; write it as 2026-11-30.") from None


Asked = Annotated[_Asked, Depends(_asked)]
