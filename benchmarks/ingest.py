"""Ingestion against a plain sentence-transformers float32 loop over the same passages, in one run.

    python benchmarks/ingest.py [--documents 400] [--json]

Ours: `Sync` over a folder of files, with everything it does (reading, dividing, embedding, writing, keyword index), then
again with nothing changed. The loop: SentenceTransformer.encode over the very passages we made, batches of 32, sorted by
length by the library. Needs the extra `train`. Runs alternate, medians of --rounds are given.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from corpus import DATA, real_documents

from rag_core.bootstrap import open_core, open_library, open_records
from rag_core.running.preparation import active_release
from rag_core.settings import FolderSource, Settings


async def ours(home: Path, folder: Path) -> dict[str, float]:
    settings = Settings(home=home)
    shutil.rmtree(home / "index", ignore_errors=True)
    (home / "answerloop.db").unlink(missing_ok=True)
    async with open_records(settings) as database:
        release = await active_release(database, settings)
    async with open_core(settings, release) as core, open_library(core) as library:
        source = FolderSource(name="set", path=folder)
        await library.add(source)
        first = await library.sync(source)
        second = await library.sync(source)
    assert second.passages == 0, second
    return {"passages": first.passages, "first_s": first.seconds, "second_s": second.seconds}


async def passages_of(home: Path) -> list[str]:
    async with open_core(Settings(home=home)) as core:
        table = await core.store._table.query().select(["content"]).to_arrow()
    return list(table.column("content").to_pylist())


def plain_loop(texts: list[str], model: Any) -> float:
    began = time.perf_counter()
    model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    from sentence_transformers import SentenceTransformer

    from training.export import packaged

    with tempfile.TemporaryDirectory() as scratch:
        home, folder = Path(scratch) / "home", Path(scratch) / "documents"
        folder.mkdir()
        for document in islice(real_documents(arguments.data), arguments.documents):
            (folder / f"{document.id.replace('/', '_')}.md").write_text(
                f"# {document.title}\n\n{document.text}\n", encoding="utf-8"
            )
        name = Settings().embedding.model
        model = SentenceTransformer(packaged(name) or name, device="cpu")
        rounds = []
        for _ in range(arguments.rounds):
            mine = asyncio.run(ours(home, folder))
            loop_s = plain_loop(asyncio.run(passages_of(home)), model)
            rounds.append({**mine, "loop_s": loop_s})
    median = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
    result = {
        "documents": arguments.documents,
        "passages": int(median["passages"]),
        "ours_passages_per_s": round(median["passages"] / median["first_s"], 1),
        "loop_passages_per_s": round(median["passages"] / median["loop_s"], 1),
        "times_faster": round(median["loop_s"] / median["first_s"], 2),
        "second_sync_share": round(median["second_s"] / median["first_s"], 4),
    }
    print(json.dumps(result) if arguments.json else "\n".join(f"{k:24} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
