"""What a run has finished: a folder below home/training, whole at any moment, from which an interrupted run goes on.

Each step writes what it made into the folder first and then says in job.json that it is finished. A step that was
interrupted is done again from its beginning, or from its own checkpoints; one that is finished is not.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rag_core.errors import Unavailable
from rag_core.settings import Settings

__all__ = ["ATTEMPTS", "RESUMES_WITHIN", "RunFolder", "fingerprint_of", "folders", "is_of_run", "open_run"]

JOB = "job.json"
RESUMES_WITHIN = timedelta(days=3)
"""An interrupted run that began earlier is not gone on with: what people have said since would be missing in it."""
ATTEMPTS = 5
"""As often an interrupted run is gone on with: what ends its process may be in it."""
_NAME = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


@dataclass(frozen=True, slots=True)
class _State:
    release: str
    """That was active when the run began."""
    settings: str
    """Fingerprint of the settings that it began with."""
    began_at: str
    attempts: int = 1
    ended: str = ""
    """How: succeeded, refused, failed or abandoned; '': it has not."""
    steps: Mapping[str, Any] = field(default_factory=dict)
    """What each finished step has to say, by name."""


class RunFolder:
    """Of one run; its name is the run's id."""

    def __init__(self, path: Path, state: _State) -> None:
        self.path = path
        self._state = state

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def release(self) -> str:
        return self._state.release

    @property
    def began_at(self) -> datetime:
        return datetime.fromisoformat(self._state.began_at)

    @property
    def attempts(self) -> int:
        return self._state.attempts

    @property
    def ended(self) -> str:
        return self._state.ended

    def finished(self, step: str) -> Any:
        """What a step had to say when it was finished; None: it is not."""
        return self._state.steps.get(step)

    def finish(self, step: str, said: Any) -> None:
        """said: JSON, not None."""
        self._write(replace(self._state, steps={**self._state.steps, step: said}))

    def again(self) -> None:
        """It is gone on with once more."""
        self._write(replace(self._state, attempts=self._state.attempts + 1))

    def end(self, how: str) -> None:
        self._write(replace(self._state, ended=how))

    def goes_on(self, release: str, settings: str, now: datetime, made_by: str | None = None) -> bool:
        """Whether an interrupted run can be gone on with. One whose release answers by now has only to be written down."""
        state = self._state
        if self.id == made_by:
            return not state.ended
        same = (state.release, state.settings) == (release, settings)
        return not state.ended and same and state.attempts < ATTEMPTS and now - self.began_at < RESUMES_WITHIN

    def _write(self, state: _State) -> None:
        """Whole or not at all."""
        beside = self.path / f"{JOB}.new"
        try:
            beside.write_text(json.dumps(asdict(state), indent=2) + "\n", encoding="utf-8")
            beside.replace(self.path / JOB)
        except OSError as error:
            raise Unavailable(f"{self.path} cannot be written: {error.strerror}.") from None
        self._state = state

    @classmethod
    def begin(cls, home: Path, release: str, settings: str) -> RunFolder:
        """
        Raises:
            Unavailable: it cannot be written.
        """
        now = datetime.now(UTC)
        made = cls(
            home / "training" / f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
            _State(release, settings, now.isoformat(timespec="seconds")),
        )
        try:
            made.path.mkdir(parents=True)
        except OSError as error:
            raise Unavailable(f"{made.path} cannot be made: {error.strerror}.") from None
        made._write(made._state)
        return made

    @classmethod
    def read(cls, path: Path) -> RunFolder | None:
        """None: nothing was begun there, or it cannot be read."""
        try:
            return cls(path, _State(**json.loads((path / JOB).read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError):
            return None


def open_run(
    home: Path, release: str, settings: str, fresh: bool = False, made_by: str | None = None
) -> tuple[RunFolder, list[RunFolder]]:
    """The run to go on with, or a new one; and those that are given up, whose traces are to be removed. Called by who holds
    the lease alone. fresh: go on with none. made_by: the run that made the active release."""
    now = datetime.now(UTC)
    _remove_stateless(home)
    open_ = [one for one in folders(home) if not one.ended]
    open_ones = (one for one in open_ if one.goes_on(release, settings, now, made_by))
    going_on = None if fresh else next(open_ones, None)
    given_up = [one for one in open_ if one is not going_on]
    if going_on is None:
        return RunFolder.begin(home, release, settings), given_up
    going_on.again()
    return going_on, given_up


def folders(home: Path) -> list[RunFolder]:
    """All runs, the newest first."""
    read = (RunFolder.read(path) for path in sorted(_paths(home), reverse=True))
    return [folder for folder in read if folder is not None]


def is_of_run(model: str) -> bool:
    """Whether a run made this folder below home/models."""
    return bool(re.match(rf"{_NAME.pattern}-", model))


def _paths(home: Path) -> list[Path]:
    below = home / "training"
    return [path for path in below.iterdir() if _NAME.fullmatch(path.name)] if below.is_dir() else []


def _remove_stateless(home: Path) -> None:
    """What a run has left that was killed before it had a state."""
    for path in _paths(home):
        if not (path / JOB).exists():
            shutil.rmtree(path, ignore_errors=True)


def fingerprint_of(settings: Settings) -> str:
    """Of all settings that a run's steps depend on; equal for runs that may go on with each other's work."""
    import hashlib

    said = settings.model_dump(
        mode="json", include={"training", "embedding", "retrieval", "answers", "generator"}
    )
    return hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=8).hexdigest()
