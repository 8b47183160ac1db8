"""How each source stands now, for a person who looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.index.documents import Documents, SourceRecord
from rag_core.records.index.releases import Releases
from rag_core.records.index.syncs import Running, Syncs
from rag_core.settings import duration_s
from rag_core.settings.masking import without_credentials

__all__ = ["SourceState", "source_state", "source_states"]


@dataclass(frozen=True, slots=True)
class SourceState:
    name: str
    kind: str
    """folder, web, git or reader."""
    where: str
    """Path or address, without credentials."""
    scope: str
    every: str | None
    """As the settings say it; None: it has no schedule."""
    from_settings: bool
    documents: int
    skipped: int
    passages: int
    """Of the active release."""
    synced_at: datetime | None
    due_at: datetime | None
    """When its schedule has it read next; None: it has none, or it was never read and is due now."""
    state: Literal["running", "waiting", "due", "failing", "idle", "new"]
    """waiting: somebody asked for a sync. due: by its schedule. new: it was never read."""
    error: str
    """Why the last sync failed, without credentials; '': it did not."""
    failing_since: datetime | None
    running: Running | None

    @property
    def moves(self) -> bool:
        """Whether something is about to change by itself."""
        return self.state in ("running", "waiting")


async def source_states(database: AsyncEngine, now: datetime | None = None) -> list[SourceState]:
    """Of all sources, by name; counts are of the active release's index.

    Raises:
        Unavailable: the database does not answer.
    """
    active = await Releases(database).active()
    documents = Documents(database, active.index_name if active else "")
    totals, running = await documents.totals(), await Syncs(database).running()
    return [
        source_state(record, totals.get(record.name), running.get(record.name), now or datetime.now(UTC))
        for record in await documents.sources()
    ]


def source_state(
    record: SourceRecord, totals: Mapping[str, int] | None, running: Running | None, now: datetime
) -> SourceState:
    """totals: documents, skipped and passages of one source, as Documents.totals gives them."""
    synced_at, failing_since = _aware(record.synced_at), _aware(record.failing_since)
    every: str | None = record.spec.get("every")
    due_at = synced_at + timedelta(seconds=duration_s(every)) if synced_at and every else None
    counts = totals or {"documents": 0, "skipped": 0, "passages": 0}
    return SourceState(
        name=record.name,
        kind=str(record.spec.get("kind", "folder")),
        where=_where(record.spec),
        scope=str(record.spec.get("scope", "public")),
        every=every,
        from_settings=record.from_settings,
        documents=counts["documents"],
        skipped=counts["skipped"],
        passages=counts["passages"],
        synced_at=synced_at,
        due_at=due_at,
        state=_state(record, running, synced_at, due_at, now),
        error=without_credentials(record.error or ""),
        failing_since=failing_since,
        running=running,
    )


def _state(
    record: SourceRecord,
    running: Running | None,
    synced_at: datetime | None,
    due_at: datetime | None,
    now: datetime,
) -> Literal["running", "waiting", "due", "failing", "idle", "new"]:
    if running:
        return "running"
    if record.wanted_at:
        return "waiting"
    if record.error:
        return "failing"
    if synced_at is None:
        return "new"
    return "due" if due_at and due_at <= now else "idle"


def _where(spec: Mapping[str, Any]) -> str:
    """The first of several addresses, and how many more there are."""
    addresses = [
        *([str(spec["path"])] if spec.get("path") else []),
        *([str(spec["repository"])] if spec.get("repository") else []),
        *([str(spec["reader"])] if spec.get("reader") else []),
        *map(str, spec.get("sitemaps") or ()),
        *map(str, spec.get("urls") or ()),
    ]
    if not addresses:
        return ""
    more = f" and {len(addresses) - 1:,} more" if len(addresses) > 1 else ""
    return without_credentials(addresses[0]) + more


def _aware(time: datetime | None) -> datetime | None:
    """SQLite keeps no time zone; all times are UTC."""
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time
