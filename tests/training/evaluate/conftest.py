"""A judged set on the disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

__all__ = ["write"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set of three documents and two judged questions."""
    corpus = [
        {"_id": "d1", "title": "Pay", "text": "Salaries are paid on the 25th of each month."},
        {"_id": "d2", "title": "", "text": "The office in Porto is in an old cork warehouse."},
        {"_id": "d3", "text": "Whisk the eggs with the sugar, then fold in the flour."},
    ]
    queries = [
        {"_id": "q1", "text": "When do I get my salary?"},
        {"_id": "q2", "text": "Where is the office?"},
        {"_id": "q3", "text": "Not judged."},
    ]
    write(tmp_path / "corpus.jsonl", corpus)
    write(tmp_path / "queries.jsonl", queries)
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\nq2\td3\t0\n"
    )
    return tmp_path


def write(path: Path, rows: Sequence[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
