"""Figures -> sheets: rows and columns that a page shows as a table and a chart, and a CSV file holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from rag_core.records.analytics import Bin, Cited, Counts, LateSource, Overview
from rag_core.records.analytics.figures import Share

__all__ = ["Column", "Sheet", "by_confidence", "by_name", "cited", "late", "over_time", "stale"]

Kind = Literal["text", "count", "share", "ms", "time"]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    """As a heading; in a file with _ for spaces."""
    kind: Kind = "count"


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    """Of its file, without .csv."""
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def header(self) -> list[str]:
        """Of its file: a share takes three columns, itself and the ends of its 95% interval."""
        names = []
        for column in self.columns:
            name = column.name.lower().replace(" ", "_")
            ends = (f"{name}_low", f"{name}_high") if column.kind == "share" else ()
            names += [f"{name}_ms" if column.kind == "ms" else name, *ends]
        return names

    def lines(self) -> Iterable[list[Any]]:
        """Its rows as they stand in a file."""
        for row in self.rows:
            line: list[Any] = []
            for column, value in zip(self.columns, row, strict=True):
                line += _spread(value) if column.kind == "share" else [_plain(value, column.kind)]
            yield line

    def only(self, *names: str) -> Sheet:
        """With these columns alone, in this order."""
        at = [[column.name for column in self.columns].index(name) for name in names]
        rows = tuple(tuple(row[n] for n in at) for row in self.rows)
        return Sheet(self.name, tuple(self.columns[n] for n in at), rows)


COUNTS = (
    *(Column("Questions"), Column("Helpful", "share"), Column("Votes up"), Column("Votes down")),
    *(
        Column("Abstained", "share"),
        Column("Abstentions"),
        Column("Asked a person", "share"),
        Column("Escalations"),
    ),
    *(Column("Resolved", "share"), Column("From cache", "share"), Column("Cache hits")),
    *(Column("Median time", "ms"), Column("95% within", "ms")),
)


def over_time(figures: Overview, step: str) -> Sheet:
    rows = tuple((point.start.isoformat(), *_counts(point.counts)) for point in figures.points)
    return Sheet("time", (Column(step.title(), "text"), *COUNTS), rows)


def by_name(name: str, figures: dict[str, Counts]) -> Sheet:
    """name: what they are by, such as platform."""
    rows = tuple((value or "none", *_counts(counts)) for value, counts in figures.items())
    return Sheet(name, (Column(name.title(), "text"), *COUNTS), rows)


def by_confidence(bins: Sequence[Bin]) -> Sheet:
    columns = (
        Column("Confidence", "text"),
        Column("Answers"),
        Column("Abstentions"),
        Column("Helpful", "share"),
    )
    rows = tuple(
        (f"{one.low:.1f} to {one.high:.1f}", one.answers, one.abstained, one.helpful, one.good, one.bad)
        for one in bins
    )
    return Sheet("confidence", (*columns, Column("Votes up"), Column("Votes down")), rows)


def cited(documents: Sequence[Cited], name: str = "documents") -> Sheet:
    columns = (
        Column("Document", "text"),
        Column("Title", "text"),
        Column("Answers"),
        Column("Helpful", "share"),
    )
    more = ("Votes up", "Votes down", "Said to be out of date", "Found stale")
    rows = tuple(
        (one.document, one.title, one.answers, one.helpful, one.good, one.bad, one.out_of_date, one.stale)
        for one in documents
    )
    return Sheet(name, (*columns, *map(Column, more)), rows)


def stale(documents: Sequence[Cited]) -> Sheet:
    """Those that somebody found out of date, the most often first."""
    found = sorted(
        (one for one in documents if one.is_stale),
        key=lambda one: (-one.stale - one.out_of_date, one.document),
    )
    return cited(found, "stale-documents")


def late(sources: Sequence[LateSource]) -> Sheet:
    columns = (
        Column("Source", "text"),
        Column("Every", "text"),
        Column("Synced at", "time"),
        Column("Error", "text"),
    )
    rows = tuple((one.name, one.every or "by hand", one.synced_at, one.error) for one in sources)
    return Sheet("stale-sources", columns, rows)


def _counts(c: Counts) -> tuple[Any, ...]:
    """In the order of COUNTS."""
    votes = (c.helpful, c.good, c.bad)
    people = (c.escalation, c.escalated, c.resolution)
    return (c.questions, *votes, c.abstention, c.abstained, *people, c.hits, c.cached, c.p50, c.p95)


def _spread(share: Share | None) -> list[Any]:
    return [None] * 3 if share is None else [round(part, 4) for part in (share.value, share.low, share.high)]


def _plain(value: Any, kind: Kind) -> Any:
    if kind == "ms" and value is not None:
        return round(value, 1)
    return value.isoformat() if isinstance(value, date | datetime) else value
