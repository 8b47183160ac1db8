"""Passages made from real text, as many as a benchmark asks for."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from training.evaluate import BeirDocument

DATA = Path(__file__).parents[2] / "shared" / "data"
SETS = ("squad_dev", "medquad", "docs_tech", "mtrag_human")


def real_documents(data: Path = DATA) -> Iterator[BeirDocument]:
    """The documents of all shared sets, each set's own ids made unique."""
    for name in SETS:
        with gzip.open(data / name / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield BeirDocument(f"{name}-{row['_id']}", row.get("title") or "", row["text"])


def real_questions(data: Path, limit: int) -> list[str]:
    """Questions of the sets' test splits, taken from each set in turn."""
    by_set = []
    for name in SETS:
        with gzip.open(data / name / "queries.jsonl.gz", "rt", encoding="utf-8") as lines:
            by_set.append([json.loads(line)["text"] for line in lines])
    mixed = [questions[i] for i in range(max(map(len, by_set))) for questions in by_set if i < len(questions)]
    return mixed[:limit]
