"""A directory that `answerloop` is run in, as a person runs it: in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import commands
from tests.conftest import EXPORTED

__all__ = ["COMMAND", "HANDBOOK", "ROOT", "Place", "made", "with_model"]

ROOT = commands.ROOT
COMMAND = [sys.executable, "-c", "from bots.cli import main; main()"]
"""`answerloop` with a Python of its own."""
HANDBOOK = {
    "leave.md": "# Leave\n\nYou have 30 days of leave a year. Ask your lead two weeks ahead.\n",
    "office.md": "# Office\n\nThe office in Porto is at Rua do Farol 18.\n",
    "cup.txt": "Argentina won the last FIFA World Cup, held in Qatar in 2022.\n",
}


@dataclass(frozen=True)
class Place:
    """A directory to work in, with a home below it."""

    path: Path

    @property
    def home(self) -> Path:
        return self.path / ".answerloop"

    def environment(self, **variables: str) -> dict[str, str]:
        return commands.environment(**variables)

    def run(self, *arguments: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """To its end. given: its standard input."""
        return commands.run(arguments, self.path, given, variables)

    def said(self, *arguments: str, **variables: str) -> str:
        """Its standard output, where it ends well and complains of nothing."""
        done = self.run(*arguments, **variables)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def refused(self, *arguments: str, **variables: str) -> str:
        """Its standard error, where it fails and prints nothing else."""
        done = self.run(*arguments, **variables)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    def json(self, *arguments: str, code: int = 0, **variables: str) -> Any:
        """The object on the last line. code: its exit code."""
        done = self.run(*arguments, "--json", **variables)
        assert (done.returncode, bool(done.stdout)) == (code, True), done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def object(self, *arguments: str, **variables: str) -> Any:
        """All that it prints, which is one object on some lines."""
        return json.loads(self.said(*arguments, "--json", **variables))


def made(path: Path, model_folder: Path) -> Place:
    """A directory whose home has the exported model, and a small handbook to read."""
    place = Place(path)
    with_model(place, model_folder)
    (path / "handbook").mkdir()
    for name, text in HANDBOOK.items():
        (path / "handbook" / name).write_text(text, encoding="utf-8")
    return place


def with_model(place: Place, model_folder: Path) -> None:
    """Give its home the exported model, which nothing writes to."""
    (place.home / "models").mkdir(parents=True)
    (place.home / "models" / EXPORTED).symlink_to(model_folder.resolve(), target_is_directory=True)
