"""Which models and which index are active together. Read by serving, written by training and the first ingest."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import func, insert, null, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import Busy, NotFound, Unavailable
from rag_core.index.embedding import ModelCard
from rag_core.records.audit import ITSELF, note
from rag_core.records.database import transaction
from rag_core.records.index.syncs import want_all
from rag_core.records.tables import activations, releases

__all__ = ["Activation", "NamedModels", "Release", "Releases"]

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Release:
    id: str
    embedder: str
    """Folder below home/models."""
    index_name: str
    """The vector store's table that was filled by this embedder."""
    card: ModelCard
    created_at: datetime
    active: bool
    reranker: str | None = None
    """Folder below home/models; None: passages stay in the fused order."""
    metrics: Mapping[str, float] | None = None
    """What was measured of it, by name; None: nothing."""
    note: str = ""
    """Where it comes from, for a reader."""


@dataclass(frozen=True, slots=True)
class NamedModels:
    """What the settings name, whatever the active release is made of."""

    embedding: str
    reranking: str | None


@dataclass(frozen=True, slots=True)
class Activation:
    """That a release was made the one that answers."""

    number: int
    release: str
    back: bool
    """Whether it took the activation before it back."""
    at: datetime
    actor: str
    """PLATFORM:USER, or audit.ITSELF."""


class Releases:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def active(self) -> Release | None:
        async with transaction(self._database) as connection:
            row = (await connection.execute(select(releases).where(releases.c.active))).mappings().first()
        return _release(row) if row else None

    async def all(self) -> list[Release]:
        """Oldest first."""
        async with transaction(self._database) as connection:
            rows = (
                (await connection.execute(select(releases).order_by(releases.c.created_at))).mappings().all()
            )
        return [_release(row) for row in rows]

    async def get(self, release_id: str) -> Release:
        """
        Raises:
            NotFound: there is no such release.
        """
        async with transaction(self._database) as connection:
            found = await connection.execute(select(releases).where(releases.c.id == release_id))
            row = found.mappings().one_or_none()
        if row is None:
            raise NotFound(f"There is no release {release_id[:64]}; see the list of releases.")
        return _release(row)

    async def history(self) -> list[Activation]:
        """All activations, the oldest first."""
        async with transaction(self._database) as connection:
            return await _history(connection)

    async def previous(self) -> str | None:
        """The release that rolling back returns to: the one that answered before the active one was promoted."""
        return _before_last(await self.history())

    async def add(self, embedder: str, card: ModelCard, reranker: str | None = None) -> Release:
        """Record a release with an index of its own; it is not active yet."""
        for _ in range(ATTEMPTS):
            try:
                async with transaction(self._database) as connection:
                    number = await _next_number(connection)
                    # Unlike any other index's: installations may share a cache and a vector database.
                    index_name = f"passages_r{number}_{secrets.token_hex(4)}"
                    release = Release(
                        f"r{number}", embedder, index_name, card, datetime.now(UTC), False, reranker
                    )
                    await connection.execute(insert(releases).values(asdict(release)))
                return release
            except IntegrityError:
                continue  # another process took the number
        raise Unavailable("Other processes keep adding releases; try again.")

    async def followed(self) -> NamedModels | None:
        """What the settings named when the active release was last decided on; None: that is not known."""
        async with transaction(self._database) as connection:
            named = await connection.scalar(
                select(activations.c.named).order_by(activations.c.number.desc()).limit(1)
            )
        return NamedModels(**named) if named else None

    async def follow(self, named: NamedModels) -> None:
        """The active release is what these settings ask for: they change nothing again."""
        latest = select(func.max(activations.c.number)).scalar_subquery()
        async with transaction(self._database) as connection:
            await connection.execute(
                update(activations).where(activations.c.number == latest).values(named=asdict(named))
            )

    async def change_reranker(self, active: Release, reranker: str | None) -> Release:
        """Record and activate, in one transaction, a release like the active one but for its reranker.

        Both share the index, and the embedder that filled it, so that nothing is embedded again; going back is an
        activation.

        Raises:
            Busy: another release is active by now.
        """
        for _ in range(ATTEMPTS):
            try:
                async with transaction(self._database) as connection:
                    return await _with_reranker(connection, active, reranker)
            except IntegrityError:
                continue  # another process took the number
        raise Unavailable("Other processes keep adding releases; try again.")

    async def activate(self, release_id: str, actor: str = ITSELF, named: NamedModels | None = None) -> None:
        """Make this release the one that answers, in one transaction. Where its index is another than the one that was
        kept up to date until now, all sources are synchronised soon.

        actor: for the audit log.
        named: by the settings now, which the release goes before until they name others; None: the next start decides.

        Raises:
            NotFound: there is no such release.
        """
        async with transaction(self._database) as connection:
            await _activate(connection, release_id, actor, named, back=False)

    async def roll_back(self, expected: str, actor: str = ITSELF, named: NamedModels | None = None) -> None:
        """Return to the release that answered before the active one, in one transaction; nothing is embedded again.

        expected: the release that the person was told of, as previous() gave it.
        named: as in activate.

        Raises:
            Busy: it would be another by now.
            NotFound: there is no such release any more.
        """
        async with transaction(self._database) as connection:
            await connection.execute(update(releases).values(active=releases.c.active))  # one at a time
            if _before_last(await _history(connection)) != expected:
                raise Busy("Somebody else has changed the active release meanwhile; look again.")
            await _activate(connection, expected, actor, named, back=True)


async def _next_number(connection: AsyncConnection) -> int:
    return (await connection.scalar(select(func.count()).select_from(releases)) or 0) + 1


async def _with_reranker(connection: AsyncConnection, active: Release, reranker: str | None) -> Release:
    number = await _next_number(connection)
    changed = replace(
        active, id=f"r{number}", created_at=datetime.now(UTC), active=False, reranker=reranker, metrics=None
    )
    await connection.execute(insert(releases).values(asdict(changed)))
    # One statement over all rows, as in activate: of two changes at once, the second waits and finds nothing active.
    is_active = select(releases.c.active).where(releases.c.id == active.id)
    if not await connection.scalar(is_active.with_for_update()):
        raise Busy(f"Another process made another release than {active.id} the active one; try again.")
    await connection.execute(update(releases).values(active=releases.c.id == changed.id))
    await _note(connection, changed.id, active.id, ITSELF, None, back=False)
    return replace(changed, active=True)


async def _activate(
    connection: AsyncConnection, release_id: str, actor: str, named: NamedModels | None, *, back: bool
) -> None:
    of = select(releases.c.index_name).where(releases.c.id == release_id)
    if (index := await connection.scalar(of)) is None:
        raise NotFound(f"There is no release {release_id[:64]}; see the list of releases.")
    # One statement over all rows: of two at once, the second waits for the first and sees what it did. It changes nothing
    # yet, so that what was active until now can be read after it.
    await connection.execute(update(releases).values(active=releases.c.active))
    active = select(releases.c.id, releases.c.index_name).where(releases.c.active)
    before = (await connection.execute(active)).first()
    if before and before.id == release_id:
        return
    await connection.execute(update(releases).values(active=releases.c.id == release_id))
    if before and before.index_name != index:
        await want_all(connection)
    await _note(connection, release_id, before.id if before else None, actor, named, back=back)


async def _note(
    connection: AsyncConnection,
    release_id: str,
    before: str | None,
    actor: str,
    named: NamedModels | None,
    *,
    back: bool,
) -> None:
    known = asdict(named) if named else null()
    row = {"release": release_id, "back": back, "at": datetime.now(UTC), "actor": actor, "named": known}
    await connection.execute(insert(activations).values(row))
    if before is not None:  # else nothing was decided: there was none
        action = "release.rollback" if back else "release.promote"
        await note(connection, actor, action, f"release:{release_id}", before=before)


async def _history(connection: AsyncConnection) -> list[Activation]:
    query = select(*(activations.c[name] for name in Activation.__slots__)).order_by(activations.c.number)
    rows = (await connection.execute(query)).all()
    return [Activation(number, id, back, _aware(at), actor) for number, id, back, at, actor in rows]


def _before_last(history: Sequence[Activation]) -> str | None:
    """A rollback takes the latest activation back, and is none to return from."""
    standing: list[str] = []
    for one in history:
        if one.back and standing[-2:-1] == [one.release]:
            standing.pop()
        else:
            standing.append(one.release)
    return standing[-2] if len(standing) > 1 else None


def _release(row: RowMapping) -> Release:
    return Release(**{**row, "card": ModelCard(**row["card"]), "created_at": _aware(row["created_at"])})


def _aware(time: datetime) -> datetime:
    """SQLite keeps no time zone; all times are UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
