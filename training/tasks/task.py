"""What all training tasks share: who is told how it goes, and how one ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rag_core.errors import AnswerloopError

__all__ = ["Nobody", "Refused", "Result", "Watcher", "device_of", "uses_bf16"]


class Watcher(Protocol):
    """Is told how training goes; rag_core.records.evaluation.runs.Recording is one. May be called from any thread."""

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        """What it does now, and how much of it is done."""

    def point(self, curve: str, x: float, y: float) -> None:
        """One more point of a curve, its x growing."""

    def figure(self, name: str, value: float) -> None: ...


class Nobody:
    """A Watcher that does not listen."""

    def step(self, words: str, done: int = 0, total: int = 0) -> None: ...

    def point(self, curve: str, x: float, y: float) -> None: ...

    def figure(self, name: str, value: float) -> None: ...


class Refused(AnswerloopError):
    """Nothing was trained, for a reason that is a result: too few rows, no gain. The message is for a reader."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a task made."""

    folder: Path
    """Of the trained model: safetensors, tokenizer, configuration; nothing pickled."""
    before: float
    """The task's measure on the validation part, of what training began with."""
    after: float
    """Of what was kept."""
    measure: str
    """Its name: 'nDCG@10', 'accuracy', 'loss'."""
    rows: int
    """Trained on."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """What else was measured: seconds, steps, the epoch that was kept."""


def device_of(setting: str) -> str:
    """'cuda' where there is a GPU and the setting does not say otherwise; else 'cpu'. setting: training.device."""
    import torch

    device = setting if setting != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda"):
        # cuDNN's attention makes a plan for each shape of a batch, and nearly every batch has one of its own.
        torch.backends.cuda.enable_cudnn_sdp(False)
    return device


def uses_bf16(device: str) -> bool:
    """Whether bfloat16 is faster than float32 there: on GPUs that have it, and processors with AMX or AVX-512 BF16."""
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    supported: Callable[[], bool] | None = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported and supported())
