"""What a run of the learning loop did and why, for people: in its folder, on its page, in the terminal.

reading.py reads what the run left; figures.py sets both releases beside each other; markdown.py and plots.py show it.
comparing.py answers another question: what retrieval and training each bring, on one set.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from rag_core.errors import NotReady, Unavailable
from training.job.folder import RunFolder
from training.report.markdown import markdown
from training.report.plots import draw_figures, draw_gains
from training.report.reading import Reported, read_run, verdict_of

__all__ = ["Reported", "facts", "markdown", "read_run", "verdict_of", "write_report"]

REPORT, FACTS = "report.md", "report.json"
NAME = re.compile(r"[0-9a-f-]{8,40}")
PICTURES = {
    "figures.svg": "Every measure before and after",
    "gains.svg": "What each test question gained",
}


def write_report(folder: RunFolder, home: Path) -> str:
    """Into the run's folder: report.md with its pictures, and report.json. Returns it without pictures, for the run's page.

    Nobody's questions or answers stand in any of them.

    Raises:
        Unavailable: the folder cannot be written.
    """
    shown = read_run(folder, home)
    drawn = _drawn(shown, folder.path)
    facts = json.dumps(shown.as_json(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    _write(folder.path / FACTS, facts)
    _write(folder.path / REPORT, f"# Training run {shown.run}\n\n{markdown(shown, drawn)}")
    return markdown(shown)


def facts(home: Path, run: str) -> dict[str, Any] | None:
    """What write_report wrote of a run, as Reported.as_json has it; None: there is none here, or it cannot be read.

    run: the name of its folder; any other text names nothing.
    """
    if not NAME.fullmatch(run):
        return None
    try:
        found = json.loads((home / "training" / run / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    known = {field.name for field in fields(Reported)}
    return found if isinstance(found, dict) and known <= found.keys() else None


def _drawn(shown: Reported, folder: Path) -> list[tuple[str, str]]:
    """What there is to draw, where matplotlib is installed."""
    figures, gains = PICTURES
    with contextlib.suppress(NotReady):
        draw_figures(shown.figures, folder / figures, f"{shown.base} and {shown.release or 'the candidate'}")
    with contextlib.suppress(NotReady):
        draw_gains(shown.gains, folder / gains)
    return [(words, file) for file, words in PICTURES.items() if (folder / file).is_file()]


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}.") from None
