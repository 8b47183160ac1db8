"""What only the embedded store does; the rest is in tests/conformance/test_stores.py."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from rag_core.errors import NotReady
from tests.conformance.backends import Lance
from tests.conformance.rows import clustered, row


@pytest.mark.parametrize("damage", ["manifests", "garbage"])
async def test_a_damaged_index_names_the_remedy(tmp_path: Path, damage: str) -> None:
    """A table that cannot be read is NotReady, and the message says what builds it anew."""
    backend = Lance(tmp_path / "index")
    async with backend.connect() as store:
        await store.replace(["a"], [row("a")])
    for path in (tmp_path / "index" / "passages.lance" / "_versions").iterdir():
        if damage == "manifests":
            path.unlink()
        else:
            path.write_bytes(b"garbage" * 100)
    with pytest.raises(NotReady, match="answerloop ingest --rebuild"):
        async with backend.connect():
            pass


async def test_vectors_are_indexed_when_there_are_many(tmp_path: Path) -> None:
    """Below INDEX_FROM passages they are compared one by one, from there on through an index."""
    from rag_core.index.stores.lance import INDEX_FROM

    for number, indexed in ((INDEX_FROM - 1, False), (INDEX_FROM, True)):
        async with Lance(tmp_path / str(number)).connect() as opened:
            store: Any = opened
            vectors = clustered(number, seed=3)
            await store.replace(["d"], [row("d", n, vector=vectors[n]) for n in range(number)])
            await store.optimize()
            names = [index.name for index in await store._table.list_indices()]
            assert ("vector_idx" in names) is indexed


async def test_the_embedded_store_imports_neither_pandas_nor_a_rest_client(tmp_path: Path) -> None:
    """What LanceDB could use and an embedded table does not stays out of the process: it costs most of a second."""
    script = (
        "import asyncio, pathlib, sys\n"
        "from rag_core.index.stores.lance import LanceStore\n"
        f"asyncio.run(LanceStore.open(pathlib.Path({str(tmp_path)!r}), 't', 8))\n"
        "print([m for m in ('pandas', 'torch') if m in sys.modules])"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert said.decode().strip() == "[]"
