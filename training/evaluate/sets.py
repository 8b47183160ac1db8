"""Judged sets in the layout of BEIR (Thakur et al. 2021), some with accepted answers and unanswerable questions."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag_core.errors import DocumentError, NotFound

__all__ = ["Beir", "BeirDocument", "read_beir", "read_optional", "read_questions"]


@dataclass(frozen=True, slots=True)
class BeirDocument:
    id: str
    title: str
    text: str

    @property
    def whole(self) -> str:
        return f"{self.title}\n{self.text}".strip()


@dataclass(frozen=True, slots=True)
class Beir:
    """A judged set."""

    documents: list[BeirDocument]
    queries: dict[str, str]
    """Those of the split that have a judgement, in file order; without judgements, those that have an answer."""
    relevant: dict[str, dict[str, int]]
    """query -> document -> grade above 0"""
    answers: dict[str, list[str]] = field(default_factory=dict)
    """query -> accepted answers, where the set has them"""
    unanswerable: list[str] = field(default_factory=list)
    """Questions to decline, where the set has them."""


def read_beir(folder: Path, split: str, limit: int | None = None) -> Beir:
    """Read corpus, queries, qrels/SPLIT.tsv and, where there are any, answers and unanswerable questions.

    limit: keep the first so many queries; the corpus stays whole.

    Raises:
        NotFound: a file is missing; the message names it.
        DocumentError: a line cannot be read; the message names file and line.
    """
    relevant = _read_qrels(folder / "qrels" / f"{split}.tsv")
    queries = {r["_id"]: r["text"] for r in _rows(folder, "queries", "_id", "text") if r["_id"] in relevant}
    if not queries:
        raise DocumentError(
            f"{folder}: no query has a judgement in qrels/{split}.tsv; the ids must be the same."
        )
    kept = dict(list(queries.items())[:limit])
    return Beir(
        _documents(folder),
        kept,
        {q: relevant[q] for q in kept},
        {q: accepted for q, accepted in _accepted(folder, split).items() if q in kept},
        _unanswerable(folder, split)[:limit],
    )


def read_questions(folder: Path, split: str, limit: int | None = None) -> Beir:
    """The same for answers: at least one of answers.jsonl and unanswerable.jsonl must be there, and the others need not.

    Without a qrels folder all questions that have an answer are asked, or those of the split where rows name one.
    limit: keep the first so many answerable and the first so many unanswerable questions.

    Raises:
        NotFound: a file is missing; the message names it.
        DocumentError: a line cannot be read, or nothing is left to ask; the message names file and line, or the split.
    """
    if not any(_file(folder, name) for name in ("answers", "unanswerable")):
        raise NotFound(
            f"{folder} has neither answers.jsonl nor unanswerable.jsonl, plain or as .gz; answers are measured on a set "
            "that has at least one of them."
        )
    if (folder / "qrels").is_dir():
        return read_beir(folder, split, limit)
    answers = _accepted(folder, split)
    queries = {r["_id"]: r["text"] for r in _rows(folder, "queries", "_id", "text")} if answers else {}
    kept = dict([item for item in queries.items() if item[0] in answers][:limit])
    declined = _unanswerable(folder, split)[:limit]
    if not kept and not declined:
        raise DocumentError(f"{folder} has no question in the split {split}; the ids must be the same.")
    return Beir(_documents(folder), kept, {}, {q: answers[q] for q in kept}, declined)


def read_optional(folder: Path, name: str, *keys: str) -> Iterator[dict[str, Any]]:
    """The rows of NAME.jsonl or NAME.jsonl.gz, with these keys at least; none where there is no such file.

    Raises:
        DocumentError: a line cannot be read; the message names file and line.
    """
    if _file(folder, name):
        yield from _rows(folder, name, *keys)


def _documents(folder: Path) -> list[BeirDocument]:
    rows = _rows(folder, "corpus", "_id", "text")
    return [BeirDocument(r["_id"], r.get("title") or "", r["text"]) for r in rows]


def _accepted(folder: Path, split: str) -> dict[str, list[str]]:
    """query -> accepted answers, all rows of a query together; {} where the set has none."""
    if not (file := _file(folder, "answers")):
        return {}
    found: dict[str, list[str]] = {}
    for number, row in enumerate(_rows(folder, "answers", "query_id", "answers"), start=1):
        given = row["answers"]
        if not isinstance(given, list) or not all(isinstance(answer, str) for answer in given):
            raise DocumentError(f"{file}, row {number}: answers must be a list of texts.")
        if row.get("split", split) == split and given:
            found.setdefault(row["query_id"], []).extend(given)
    return found


def _unanswerable(folder: Path, split: str) -> list[str]:
    if not _file(folder, "unanswerable"):
        return []
    rows = _rows(folder, "unanswerable", "text")
    return [row["text"] for row in rows if row.get("split", split) == split]


def _file(folder: Path, name: str) -> Path | None:
    """The plain one where both are there."""
    both = (folder / f"{name}.jsonl", folder / f"{name}.jsonl.gz")
    return next((path for path in both if path.is_file()), None)


def _rows(folder: Path, name: str, *keys: str) -> Iterator[dict[str, Any]]:
    """Objects that have these keys at least."""
    path = _file(folder, name)
    if path is None:
        raise NotFound(f"{folder} has no {name}.jsonl or {name}.jsonl.gz; a set in BEIR layout needs one.")
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _row(line, path, number, keys)
    except (OSError, EOFError, zlib.error) as error:
        raise DocumentError(f"{path} cannot be read after line {number}: {error}.") from None


def _row(line: bytes, path: Path, number: int, keys: Sequence[str]) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:  # not JSON, or not UTF-8
        row = None
    if not isinstance(row, dict):
        raise DocumentError(f"{path}, line {number}: expected a JSON object.")
    if missing := [key for key in keys if key not in row]:
        raise DocumentError(f"{path}, line {number}: {missing[0]} is missing.")
    return row


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    if not path.is_file():
        splits = sorted(p.stem for p in path.parent.glob("*.tsv"))
        raise NotFound(
            f"There is no {path}; "
            + (f"splits: {', '.join(splits)}." if splits else "qrels/*.tsv are needed.")
        )
    relevant: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        cells = line.split("\t")
        if number == 1 and cells[-1].strip() == "score":
            continue
        if len(cells) != 3 or not cells[2].strip().lstrip("-").isdigit():
            raise DocumentError(
                f"{path}, line {number}: expected query-id, corpus-id and score between tabs."
            )
        if int(cells[2]) > 0:
            relevant.setdefault(cells[0], {})[cells[1]] = int(cells[2])
    return relevant
