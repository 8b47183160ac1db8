"""Which models and which index are active together. Read by serving, written by training and the first ingest."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, null, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import Busy, NotFound, Unavailable
from rag_core.index.embedding import ModelCard
from rag_core.records.audit import ITSELF, note
from rag_core.records.database import transaction
from rag_core.records.index.syncs import want_all
from rag_core.records.index.tuning import UNTUNED, Tuning
from rag_core.records.tables import activations, releases

__all__ = ["Activation", "Confirm", "NamedModels", "Release", "Releases"]

ATTEMPTS = 5
Confirm = Callable[[AsyncConnection], Awaitable[None]]
"""Asked within the transaction; raises where what is done may not be done any more."""


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
    query_map: str | None = None
    """Folder below home/models of what moves questions' vectors before they are searched for; None: nothing does."""
    router: str | None = None
    """Folder of what tells kinds of questions apart; None: every question is searched for."""
    adapter: str | None = None
    """Folder of what was trained for the `"local"` generator: a LoRA adapter or a whole model; None: as the settings say."""
    tuning: Tuning = UNTUNED
    parent: str | None = None
    """The release that it was made from; None: from the settings."""
    run: str | None = None
    """The training run that made it; None: none did."""
    canary: float = 0.0
    """The share of conversations that it answers while another release is the active one."""

    @property
    def models(self) -> tuple[str, ...]:
        """Folders below home/models that it needs."""
        named = (self.embedder, self.reranker, self.query_map, self.router, self.adapter)
        return tuple(name for name in named if name)


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
        made_of = Release("", embedder, "", card, datetime.now(UTC), False, reranker)
        return await self._add(made_of, own_index=True)

    async def add_from(self, made_of: Release, run: str | None, note: str, own_index: bool) -> Release:
        """Record a release that was made from another; it is not active yet.

        made_of: the other, with the models and the tuning that this one has instead. run: the training run that made it;
        None: none did. own_index: whether it has one, to be filled by its embedder; else it shares that of the other.
        """
        made = replace(made_of, parent=made_of.id, run=run, note=note, metrics=None, canary=0.0)
        return await self._add(made, own_index)

    async def _add(self, made_of: Release, own_index: bool) -> Release:
        for _ in range(ATTEMPTS):
            try:
                async with transaction(self._database) as connection:
                    return await _insert(connection, made_of, own_index)
            except IntegrityError:
                continue  # another process took the number
        raise Unavailable("Other processes keep adding releases; try again.")

    async def of_run(self, run: str) -> Release | None:
        """What a training run made; None: nothing yet."""
        async with transaction(self._database) as connection:
            found = await connection.execute(select(releases).where(releases.c.run == run))
            row = found.mappings().first()
        return _release(row) if row else None

    async def measured(self, release_id: str, metrics: Mapping[str, float]) -> None:
        """Keep what was measured of it."""
        async with transaction(self._database) as connection:
            changing = update(releases).where(releases.c.id == release_id)
            await connection.execute(changing.values(metrics=dict(metrics)))

    async def complete(self, made: Release, note: str) -> None:
        """Give a release the models that were made last, and the tuning, before it ever answers.

        made: as it is to be; its embedder and its index stay.
        """
        changing = update(releases).where(releases.c.id == made.id, releases.c.active.is_(False))
        values = {name: getattr(made, name) for name in ("query_map", "reranker", "router", "adapter")}
        async with transaction(self._database) as connection:
            await connection.execute(changing.values(**values, tuning=made.tuning.stored(), note=note))

    async def canary(self) -> Release | None:
        """The release that answers a share of the conversations beside the active one."""
        async with transaction(self._database) as connection:
            found = await connection.execute(select(releases).where(releases.c.canary > 0))
            row = found.mappings().first()
        return _release(row) if row else None

    async def try_out(
        self, release_id: str, share: float, actor: str = ITSELF, confirm: Confirm | None = None
    ) -> None:
        """Let it answer this share of the conversations, and no other release beside the active one; 0: none does.

        Raises:
            NotFound: there is no such release.
        """
        async with transaction(self._database) as connection:
            await connection.execute(update(releases).values(canary=0.0))
            if confirm:
                await confirm(connection)
            changing = update(releases).where(releases.c.id == release_id).values(canary=share)
            if not (await connection.execute(changing)).rowcount:
                raise NotFound(f"There is no release {release_id[:64]}; see the list of releases.")
            await note(connection, actor, "release.canary", f"release:{release_id}", share=share)

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

    async def activate(
        self,
        release_id: str,
        actor: str = ITSELF,
        named: NamedModels | None = None,
        confirm: Confirm | None = None,
    ) -> None:
        """Make this release the one that answers, in one transaction. Where its index is another than the one that was
        kept up to date until now, all sources are synchronised soon.

        actor: for the audit log.
        named: by the settings now, which the release goes before until they name others; None: the next start decides.
        confirm: asked in the same transaction.

        Raises:
            NotFound: there is no such release.
        """
        async with transaction(self._database) as connection:
            await connection.execute(update(releases).values(active=releases.c.active))  # one at a time
            if confirm:
                await confirm(connection)
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


async def _insert(connection: AsyncConnection, made_of: Release, own_index: bool) -> Release:
    number = await _next_number(connection)
    made = replace(made_of, id=f"r{number}", created_at=datetime.now(UTC), active=False)
    if own_index:
        # Unlike any other index's: installations may share a cache and a vector database.
        made = replace(made, index_name=f"passages_r{number}_{secrets.token_hex(4)}")
    await connection.execute(insert(releases).values(_row(made)))
    return made


async def _with_reranker(connection: AsyncConnection, active: Release, reranker: str | None) -> Release:
    made_of = replace(active, reranker=reranker, metrics=None, parent=active.id, canary=0.0)
    changed = await _insert(connection, made_of, own_index=False)
    # One statement over all rows, as in activate: of two changes at once, the second waits and finds nothing active.
    is_active = select(releases.c.active).where(releases.c.id == active.id)
    if not await connection.scalar(is_active.with_for_update()):
        raise Busy(f"Another process made another release than {active.id} the active one; try again.")
    await connection.execute(update(releases).values(active=releases.c.id == changed.id, canary=0.0))
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
    await connection.execute(update(releases).values(active=releases.c.id == release_id, canary=0.0))
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


def _row(release: Release) -> dict[str, Any]:
    row = {field.name: getattr(release, field.name) for field in fields(release)}
    return {**row, "card": asdict(release.card), "tuning": release.tuning.stored()}


def _release(row: RowMapping) -> Release:
    made = {"card": ModelCard(**row["card"]), "tuning": Tuning.of(row["tuning"])}
    return Release(**{**row, **made, "created_at": _aware(row["created_at"])})


def _aware(time: datetime) -> datetime:
    """SQLite keeps no time zone; all times are UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
