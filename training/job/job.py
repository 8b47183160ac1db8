"""What all steps of a run share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import model_folder
from rag_core.records.leases import Lease
from rag_core.settings import Settings
from training.job.folder import RunFolder
from training.tasks.task import Refused, Result, Watcher

__all__ = ["SAMPLES", "Job", "Learned"]

SAMPLES = "samples"
"""In the run's folder, while both releases are measured on them."""


@dataclass(frozen=True, slots=True)
class Job:
    settings: Settings
    database: AsyncEngine
    folder: RunFolder
    lease: Lease
    watcher: Watcher
    tell: Callable[[str, Any], None] = lambda name, value: None
    """Anything else for the run's page, by name."""

    def model(self, task: str) -> Path:
        """Below home/models: where serving finds what a task made."""
        return model_folder(self.settings, f"{self.folder.id}-{task}")

    def work(self, task: str) -> Path:
        """What a task makes on the way, in float32."""
        return self.folder.path / "models" / task

    def checkpoints(self, task: str) -> Path:
        return self.folder.path / "checkpoints" / task

    def samples(self) -> Path:
        folder = self.folder.path / SAMPLES
        folder.mkdir(exist_ok=True)
        return folder


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of one task."""

    task: str
    """query-side, retriever, reranker, router or generator"""
    folder: str = ""
    """Below home/models; '': nothing was made."""
    refused: str = ""
    """Why; a sentence."""
    measure: str = ""
    before: float = 0.0
    after: float = 0.0
    """On the validation part."""
    rows: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, task: str, result: Result, folder: Path) -> Learned:
        figures = {name: float(value) for name, value in result.figures.items()}
        return cls(task, folder.name, "", result.measure, result.before, result.after, result.rows, figures)

    @classmethod
    def nothing(cls, task: str, refused: Refused) -> Learned:
        return cls(task, refused=str(refused))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
