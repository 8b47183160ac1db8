"""How much of a file's text the loaders find: word F1 against the expected text, and seconds, for each file.

    python benchmarks/formats.py [FOLDER] [--json]

FOLDER holds index.json, a list of {"file", "expected", "kind"}; the default is ../shared/data/files_mixed
beside the repository. F1 compares multisets of lower-cased words, so order and layout do not count, while a
word that is lost, invented or said twice does.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import time
import unicodedata
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

from rich.console import Console
from rich.table import Table

from rag_core.errors import DocumentError
from rag_core.ingest.loaders import load

DEFAULT = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "files_mixed"
AIM = 0.9

_MARKUP = (
    (re.compile(r"<!--.*?-->", re.S), " "),  # page marks, and docling's <!-- image -->
    (re.compile(r"\{#[^}\s]+\}"), " "),  # a heading's id
    (re.compile(r"\]\([^)\s]*\)"), "] "),  # where a link leads
    (re.compile(r"</?[A-Za-z][^>]*>"), " "),
    (re.compile(r"\\(?=[^\w\s])|\\(?=_)"), ""),  # escapes
    (re.compile(r"[*`#|~]"), ""),
)


def words(markdown: str) -> Counter[str]:
    """The words of a Markdown text, lower-cased, each with its count; a line to fill in (____) is no word."""
    text = html.unescape(markdown)
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    found = re.findall(r"\w+", unicodedata.normalize("NFKC", text).lower())
    return Counter(word for word in found if word.strip("_"))


def f1(extracted: str, expected: str) -> tuple[float, float, float]:
    """Precision, recall and F1 of the words."""
    have, want = words(extracted), words(expected)
    both = (have & want).total()
    precision, recall = both / max(have.total(), 1), both / max(want.total(), 1)
    return precision, recall, 2 * precision * recall / (precision + recall) if both else 0.0


def measure(folder: Path, entry: dict[str, str]) -> dict[str, Any]:
    """Load one file of the index and compare."""
    path = folder / entry["file"]
    start = time.perf_counter()
    try:
        markdown, error = load(path, path.suffix).markdown, None
    except DocumentError as refusal:
        markdown, error = "", str(refusal)
    seconds = time.perf_counter() - start
    precision, recall, score = f1(markdown, (folder / entry["expected"]).read_text(encoding="utf-8"))
    return {
        "file": path.name,
        "kind": entry["kind"],
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(score, 4),
        "seconds": round(seconds, 4),
        "error": error,
    }


def report(rows: list[dict[str, Any]], summary: dict[str, Any]) -> Table:
    """The rows as a table to look at, worst first."""
    reached = f"{summary['at_least_0.9']} of {len(rows)} at {AIM} or more"
    table = Table(title=f"word F1: mean {summary['mean_f1']:.3f}, {reached}")
    for name in ("file", "precision", "recall", "F1", "seconds", "error"):
        table.add_column(name, justify="left" if name in ("file", "error") else "right")
    for row in sorted(rows, key=lambda row: row["f1"]):
        numbers = [f"{row[key]:.3f}" for key in ("precision", "recall", "f1", "seconds")]
        table.add_row(row["file"], *numbers, row["error"] or "", style="" if row["f1"] >= AIM else "yellow")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    arguments = parser.parse_args()
    index = json.loads((arguments.folder / "index.json").read_text(encoding="utf-8"))
    rows = [measure(arguments.folder, entry) for entry in index]
    summary = {
        "mean_f1": round(mean(row["f1"] for row in rows), 4),
        "at_least_0.9": sum(row["f1"] >= AIM for row in rows),
        "files": len(rows),
        "seconds": round(sum(row["seconds"] for row in rows), 3),
    }
    if arguments.json:
        print(json.dumps({**summary, "rows": rows}))
    else:
        Console().print(report(rows, summary))


if __name__ == "__main__":
    main()
