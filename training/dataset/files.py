"""A dataset in files below home/datasets: written whole or not at all, for this user's eyes only.

    RUN/train.jsonl, validation.jsonl, test.jsonl, general.jsonl   rows_of, one a line
    RUN/dropped.jsonl                                              {"reason": …, "example": …}
    RUN/manifest.json                                              counts, seed, fingerprint; nobody's words
    parts.json                                                     which part each question was in, by its hash

When a person is forgotten, rag_core/records/exchange/removing.py takes the lines out that are theirs, of all *.jsonl below.
That is why words stand in these alone, and why a dataset may have fewer rows than its manifest says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rag_core.errors import DocumentError, NotFound
from rag_core.records.exchange.removing import DATASETS, beside
from training.conversion import replacing
from training.dataset.drops import Dropped, summary
from training.dataset.rows import PARTS, Example, Part, example_of, row_of

__all__ = [
    "Dataset",
    "datasets_folder",
    "fingerprint",
    "is_cut",
    "read",
    "read_parts",
    "write",
    "write_parts",
]

MANIFEST = "manifest.json"
ASSIGNED = "parts.json"
VERSION = 1
_OURS = 0o600
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Dataset:
    examples: tuple[Example, ...]
    """Of all three parts."""
    general: tuple[Example, ...] = ()
    """Never trained on: what guards against forgetting."""
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for the report: what is too small, what was cut short."""
    shared: tuple[str, ...] = ()
    """Documents whose questions are in more than one part; see splitting.py."""
    seed: int = 0

    def of(self, part: Part) -> tuple[Example, ...]:
        return tuple(one for one in self.examples if one.part == part)

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows by part, and by part and source: {'train': 40, 'train.review': 31, …, 'general': 12}."""
        found = dict.fromkeys((*PARTS, "general"), 0)
        named = [(one.part, one) for one in self.examples] + [("general", one) for one in self.general]
        for name, one in named:
            found[name] += 1
            found[f"{name}.{one.origin.source}"] = found.get(f"{name}.{one.origin.source}", 0) + 1
        return found


def datasets_folder(home: Path) -> Path:
    return home / DATASETS


def fingerprint(dataset: Dataset) -> str:
    """64 hexadecimal digits: the same for the same rows in the same order, each part by itself: read() puts them so."""
    digest = hashlib.sha256()
    for one in (*(one for part in PARTS for one in dataset.of(part)), *dataset.general):
        digest.update(_line(row_of(one)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def write(home: Path, run: str, dataset: Dataset) -> Path:
    """The folder. One that is there is replaced."""
    folder = datasets_folder(home) / run
    with replacing(folder) as work:
        for part in PARTS:
            _write(work / f"{part}.jsonl", (_line(row_of(one)) for one in dataset.of(part)))
        _write(work / "general.jsonl", (_line(row_of(one)) for one in dataset.general))
        _write(work / "dropped.jsonl", map(_dropped_line, dataset.dropped))
        _write(work / MANIFEST, [json.dumps(_manifest(dataset), indent=2) + "\n"])
        work.chmod(0o700)
    return folder


def read(folder: Path) -> Dataset:
    """What `write` wrote, less what was forgotten since.

    Raises:
        NotFound: there is none; the message names the file.
        DocumentError: a line cannot be read; the message names file and line.
    """
    manifest = _read_manifest(folder / MANIFEST)
    parts = [one for part in PARTS for one in _read(folder / f"{part}.jsonl", _example)]
    return Dataset(
        tuple(parts),
        tuple(_read(folder / "general.jsonl", _example)),
        tuple(_read(folder / "dropped.jsonl", _dropped)),
        tuple(manifest["notes"]),
        tuple(manifest["shared"]),
        manifest["seed"],
    )


def is_cut(folder: Path) -> bool:
    """Whether rows were taken out of it since it was written.

    Raises:
        NotFound, DocumentError: as read.
    """
    there = fingerprint(read(folder))
    return bool(json.loads((folder / MANIFEST).read_text(encoding="utf-8")).get("fingerprint") != there)


def read_parts(home: Path) -> dict[str, Part]:
    """By key_of a question, the part it was in; none where nothing was assigned yet.

    Raises:
        DocumentError: the file is damaged: without it a question that was measured on could be learned from.
    """
    file = datasets_folder(home) / ASSIGNED
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        values = None
    if not isinstance(values, dict) or not all(part in PARTS for part in values.values()):
        raise DocumentError(f"{file} is damaged; restore it, or delete it to have questions assigned anew.")
    return values


def write_parts(home: Path, parts: Mapping[str, Part]) -> None:
    """In the place of those before, in one step."""
    folder = datasets_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    with beside(folder / ASSIGNED) as made:
        _write(made, [json.dumps(dict(sorted(parts.items())), indent=0) + "\n"])
        made.replace(folder / ASSIGNED)


def _write(path: Path, lines: Iterable[str]) -> None:
    path.touch(_OURS)
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="\n") as out:
        out.writelines(lines)


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def _dropped_line(dropped: Dropped) -> str:
    return _line({"reason": dropped.reason, "example": row_of(dropped.example)})


def _manifest(dataset: Dataset) -> dict[str, Any]:
    return {
        "version": VERSION,
        "seed": dataset.seed,
        "fingerprint": fingerprint(dataset),
        "counts": dataset.counts,
        "dropped": {row.reason: row.count for row in summary(dataset.dropped)},
        "shared": dataset.shared,
        "notes": dataset.notes,
    }


def _read_manifest(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if values["version"] != VERSION:
            raise DocumentError(f"{file} is of another version of answerloop; build the dataset anew.")
        return {name: values[name] for name in ("seed", "notes", "shared")}
    except FileNotFoundError:
        raise NotFound(f"There is no dataset in {file.parent}: {MANIFEST} is missing.") from None
    except (ValueError, TypeError, KeyError):
        raise DocumentError(f"{file} is damaged; build the dataset anew.") from None


def _read(file: Path, made: Callable[[Any], _Row]) -> Iterator[_Row]:
    try:
        with file.open(encoding="utf-8", errors="surrogatepass", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield made(json.loads(line))
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                    raise DocumentError(f"{file}, line {number} is no row of a dataset: {reason}") from None
    except FileNotFoundError:
        raise NotFound(f"The dataset in {file.parent} is not whole: {file.name} is missing.") from None


def _example(row: Any) -> Example:
    return example_of(row)


def _dropped(row: Any) -> Dropped:
    return Dropped(str(row["reason"]), example_of(row["example"]))
