"""What the queue is asked for, by its address and its forms."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from rag_core.records.accounts import User
from rag_core.records.reviews.filters import Cursor, Filters
from rag_core.records.reviews.queue import NOBODY
from rag_core.records.reviews.reviews import SOURCES

__all__ = ["Acting", "Asked", "Searched"]

_Word = Annotated[str, Field(max_length=200)]


class Asked(BaseModel):
    """The filters, as an address holds them; '': any."""

    platform: _Word = ""
    channel: _Word = ""
    scope: _Word = ""
    reason: _Word = ""
    source: _Word = ""
    release: _Word = ""
    since: _Word = ""
    until: _Word = ""
    assignee: Literal["", "me", "nobody"] = ""
    state: Literal["pending", "resolved"] = "pending"
    resolution: _Word = ""
    order: Literal["value", "newest"] = "value"

    def filters(self, user: User, text: str = "") -> Filters:
        who = {"me": user.identity, "nobody": NOBODY}.get(self.assignee, "")
        return Filters(
            platform=self.platform,
            channel=self.channel,
            scope=self.scope,
            reason=self.reason,
            source=self.source if self.source in SOURCES else "",
            release=self.release,
            since=_day(self.since),
            until=_day(self.until),
            text=text.strip(),
            assignee=who,
            state=self.state,
            resolution=self.resolution if self.state == "resolved" else "",
            order=self.order,
        )

    def address(self, **changed: object) -> str:
        """Of the queue with these filters, some of them changed."""
        said = {name: getattr(self, name) for name in Asked.model_fields} | changed
        usual = {name: field.default for name, field in Asked.model_fields.items()}
        named = {name: value for name, value in said.items() if value and value != usual.get(name)}
        return f"/queue?{urlencode(named)}" if named else "/queue"

    @property
    def narrowed(self) -> int:
        """How many of the filters that are folded away are set."""
        folded = (self.platform, self.channel, self.scope, self.reason, self.release, self.since, self.until)
        return sum(map(bool, (*folded, self.resolution)))


class Searched(Asked):
    """With what is in no address: what a person looks for."""

    text: Annotated[str, Field(max_length=500)] = ""
    after: _Word = ""

    @property
    def cursor(self) -> Cursor | None:
        return Cursor.read(self.after) if self.after else None


class Acting(Searched):
    """What is to be done with which reviews."""

    do: Literal["", "approve", "reject", "assign", "unassign"] = ""
    one: _Word = ""
    """DO:REVIEW, of a button of one row, instead of all that are ticked."""
    review: Annotated[list[_Word], Field(max_length=1000)] = []
    all: _Word = ""
    """'1': all that match, ticked or not."""

    @property
    def act(self) -> tuple[str, list[str]]:
        """What to do, and with which of those that were ticked."""
        does, _, id = self.one.partition(":")
        return (does, [id]) if id else (self.do, list(dict.fromkeys(self.review)))


def _day(written: str) -> date | None:
    """None: it is none."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
