"""Taking a person out of files: exports that were written here, and data sets below home/datasets."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.exchange.lines import IDENTITIES, USERS
from rag_core.records.people.erasing import FORGOTTEN, pattern_of
from rag_core.records.people.pseudonyms import Pseudonyms
from rag_core.records.tables import exports

__all__ = ["DATASETS", "Removed", "beside", "host", "remove_from_files", "remove_left"]

DATASETS = "datasets"
"""Below home: what training rows are made into, each with the people that it is from."""


@dataclass(frozen=True, slots=True)
class Removed:
    path: str
    rows: int
    """Removed, or changed where somebody else's row mentions the person."""
    kind: str = "export"
    """export or dataset."""
    host: str = ""
    """Of an export on another machine."""
    reason: str = ""
    """Why it could not be reached."""


_WRITTEN_NOW: set[Path] = set()


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Where this process writes a file until it is whole; what is there at the end goes."""
    made = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    _WRITTEN_NOW.add(made)
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)
        _WRITTEN_NOW.discard(made)


def remove_left(path: Path) -> None:
    """What a process that was killed while it wrote this file has left beside it: it holds what forgetting must reach."""
    named = re.compile(rf"\.{re.escape(path.name)}\.(\d+)\.tmp")
    for one in path.parent.iterdir() if path.parent.is_dir() else ():
        if (found := named.fullmatch(one.name)) and one not in _WRITTEN_NOW and not _lives(int(found[1])):
            one.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    """Of this machine, and not this one: in a container each has the same number, one after the other."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def host() -> str:
    """The name that exports written here are known by."""
    return socket.gethostname()


async def remove_from_files(
    database: AsyncEngine,
    home: Path | None,
    platform: str,
    user: str,
    names: Pseudonyms,
    *,
    dry_run: bool = False,
) -> tuple[tuple[Removed, ...], tuple[Removed, ...]]:
    """Files of this machine, and exports that cannot be reached from it. Each file is replaced whole or stays as it is."""
    person = _Person(platform, user, names.name(platform, user))
    async with transaction(database) as connection:
        query = select(exports.c.path, exports.c.host).order_by(exports.c.host, exports.c.path)
        known = (await connection.execute(query)).all()
    done: list[Removed] = []
    missed = [Removed(path, 0, host=at, reason="on another machine") for path, at in known if at != host()]
    ours = [(Path(path), "export") for path, at in known if at == host()]
    below = await asyncio.to_thread(_datasets, home) if home else []
    for path, kind in (*ours, *((path, "dataset") for path in below)):
        try:
            rows = await asyncio.to_thread(_cleaned, path, kind, person, dry_run)
        except OSError as error:
            missed.append(Removed(str(path), 0, kind, host(), error.strerror or str(error)))
        else:
            done.append(Removed(str(path), rows, kind))
    return tuple(done), tuple(missed)


@dataclass(frozen=True)
class _Person:
    platform: str
    user: str
    pseudonym: str

    @property
    def identities(self) -> set[str]:
        return {f"{self.platform}:{name}" for name in (self.user, self.pseudonym)}

    def named_in(self, row: dict[str, Any]) -> bool:
        """As the one whose row it is, or who did something with it."""
        if row.get("platform") == self.platform and any(
            row.get(name) in (self.user, self.pseudonym) for name in USERS
        ):
            return True
        people = row.get("people")
        said = {row.get(name) for name in IDENTITIES if isinstance(row.get(name), str)}
        listed = {one for one in people if isinstance(one, str)} if isinstance(people, list) else set()
        return bool(self.identities & (said | listed))

    @property
    def mention(self) -> re.Pattern[str]:
        return pattern_of(self.platform, self.user, own=False)


def _datasets(home: Path) -> list[Path]:
    return sorted(path for path in (home / DATASETS).rglob("*.jsonl") if path.is_file())


def _cleaned(path: Path, kind: str, person: _Person, dry_run: bool) -> int:
    """How many rows are removed or changed."""
    line_of = _of_export(person) if kind == "export" else _of_dataset(person)
    changed = 0
    if not dry_run:
        remove_left(path)
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
        if dry_run:
            return sum(line_of(line) != line for line in lines)
        with beside(path) as made:
            with made.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as out:
                made.chmod(path.stat().st_mode & 0o777)
                for line in lines:
                    new = line_of(line)
                    changed += new != line
                    out.write(new)
                out.flush()
                os.fsync(out.fileno())
            if changed:
                made.replace(path)
    return changed


def _of_export(person: _Person) -> Callable[[str], str]:
    """Line -> what becomes of it; ''. What hangs on an answer that goes, goes with it; answers stand before these."""
    gone: set[str] = set()
    mention, at_home = person.mention, pattern_of(person.platform, person.user, own=True)

    def line_of(line: str) -> str:
        row = _object(line)
        if row is None:
            return "" if mention.search(line) else line
        hangs_on = {row.get(name) for name in ("answer_id", "from_answer", "review_id")} - {None, ""}
        if person.named_in(row) or gone.intersection(hangs_on):
            if row.get("kind") in ("answer", "review"):
                gone.add(str(row.get("id")))
            return ""
        return (at_home if row.get("platform") == person.platform else mention).sub(FORGOTTEN, line)

    return line_of


def _of_dataset(person: _Person) -> Callable[[str], str]:
    """A row that names the person anywhere goes: what is learned from must not lean on what was cut."""
    mention = person.mention

    def line_of(line: str) -> str:
        row = _object(line)
        named = any(person.named_in(one) for one in _objects(row)) if row is not None else False
        return "" if named or mention.search(line) else line

    return line_of


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The object and all within it."""
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _objects(one)
    elif isinstance(value, list):
        for one in value:
            yield from _objects(one)
