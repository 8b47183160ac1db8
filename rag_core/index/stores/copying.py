"""One index -> another store, without embedding again; interrupted at any moment, it goes on where it was."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rag_core.errors import NotReady, Unavailable
from rag_core.index.stores.protocol import BY_NAME, Candidate, Row, VectorStore

__all__ = ["Copied", "copy_index"]

SAMPLE = 50
"""Rows compared at the end."""
SAME_COSINE = 0.999
REMOVED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Copied:
    passages: int
    """What the target holds now; as many as the source."""
    resumed: bool
    """Whether an earlier copy was gone on with."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far a copy has come, in a file of its own."""

    generation: int
    """Of the source; when it has changed, the copy begins anew."""
    position: str = ""
    passages: int = 0


async def copy_index(
    source: VectorStore, target: VectorStore, mark: Path, report: Callable[[int, int], None]
) -> Copied:
    """Put everything that source holds into target, and only that; then compare.

    Whole documents are replaced, so that what is written a second time stands there once. The caller sees to it that
    nobody writes to either of them.

    mark: the file that tells how far this copy has come; removed at the end. report: told passages copied and their total.

    Raises:
        NotReady: source is empty.
        Unavailable: a store failed, source changed meanwhile, or the two differ at the end; what was copied stays.
    """
    state = await source.state()
    if not state.passages:
        raise NotReady("There is nothing to copy: the index is empty. Run `answerloop ingest FOLDER` first.")
    begun = _read(mark, state.generation)
    # A mark may promise more than is there, when the target was emptied since: then all is copied again.
    for start in (begun, _Mark(state.generation)) if begun.position else (begun,):
        sample = await _copied(source, target, start, mark, lambda done: report(done, state.passages))
        await _without_strangers(source, target)
        if await _is_same(source, target, sample):
            break
    else:
        _forget(mark)
        raise Unavailable("The copy differs from the index; run the same command again, it begins anew.")
    if (await source.state()).generation != state.generation:
        raise Unavailable("The index changed while it was copied; run the same command again.")
    await target.optimize()
    _forget(mark)
    return Copied(state.passages, resumed=bool(begun.position))


async def _copied(
    source: VectorStore, target: VectorStore, start: _Mark, mark: Path, report: Callable[[int], None]
) -> list[Row]:
    """Copies from there on; gives some of the rows, picked at random."""
    chance, picked, seen = random.Random(0), list[Row](), 0  # noqa: S311
    report(start.passages)
    async for page in source.scan(start.position):
        if page.rows:
            await target.replace({row.passage.document for row in page.rows}, page.rows)
        start = replace(start, position=page.position, passages=start.passages + len(page.rows))
        _write(mark, start)
        report(start.passages)
        for row in page.rows:
            seen += 1
            if len(picked) < SAMPLE:
                picked.append(row)
            elif (place := chance.randrange(seen)) < SAMPLE:
                picked[place] = row
    return picked


async def _without_strangers(source: VectorStore, target: VectorStore) -> None:
    """Removes documents that only the target has: a copy of an older state was begun, and they are gone since."""
    if (await target.state()).passages <= (await source.state()).passages:
        return
    known = {row.passage.document async for page in source.scan() for row in page.rows}
    there = {row.passage.document async for page in target.scan() for row in page.rows}
    strangers = sorted(there - known)
    for i in range(0, len(strangers), REMOVED_AT_ONCE):
        await target.replace(strangers[i : i + REMOVED_AT_ONCE], [])


async def _is_same(source: VectorStore, target: VectorStore, sample: Sequence[Row]) -> bool:
    """As many passages, and of the sample every field and the direction of the vector."""
    if (await target.state()).passages != (await source.state()).passages:
        return False
    wanted = [row.passage for row in sample]
    if await target.fetch([Candidate(passage.id, 0.0, 0.0, BY_NAME) for passage in wanted], None) != wanted:
        return False
    for row in sample:
        nearest = await target.search(row.vector, "", None, 1)
        if max((c.cosine for c in nearest), default=0.0) < SAME_COSINE:
            return False
    return True


def _read(mark: Path, generation: int) -> _Mark:
    try:
        read = _Mark(**json.loads(mark.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return _Mark(generation)
    return read if read.generation == generation else _Mark(generation)


def _write(mark: Path, reached: _Mark) -> None:
    """Whole or not at all."""
    mark.parent.mkdir(parents=True, exist_ok=True)
    new = mark.with_suffix(".new")
    new.write_text(json.dumps(asdict(reached)), encoding="utf-8")
    new.replace(mark)


def _forget(mark: Path) -> None:
    mark.unlink(missing_ok=True)
