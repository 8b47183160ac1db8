"""What an interrupted training goes on from: weights and optimiser state as safetensors, the rest as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.conversion import replacing

__all__ = ["Checkpoint", "read_checkpoint", "restore", "write_checkpoint"]

STATE, TENSORS = "checkpoint.json", "checkpoint.safetensors"
MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW keeps of a parameter."""


@dataclass(slots=True)
class Checkpoint:
    """Where training stands."""

    of: str
    """A digest of what is trained on and how: another training does not go on from it."""
    step: int = 0
    """Batches learned from."""
    best: float = -1.0
    """The measure of the weights that are kept; below 0: none yet."""
    best_step: int = 0
    without_gain: int = 0
    """Evaluations since then."""
    seconds: float = 0.0
    """Spent so far."""
    kept: dict[str, Any] = field(default_factory=dict)
    """The weights that are kept, by name."""


def write_checkpoint(folder: Path, at: Checkpoint, learning: dict[str, Any], optimizer: Any) -> None:
    """It appears whole or not at all. learning: the parameters that learn, by name."""
    import torch
    from safetensors.torch import save_file

    tensors = {f"now.{name}": p.detach() for name, p in learning.items()}
    tensors |= {f"kept.{name}": tensor for name, tensor in at.kept.items()}
    for name, p in learning.items():
        tensors |= {
            f"{moment}.{name}": optimizer.state[p][moment] for moment in MOMENTS if p in optimizer.state
        }
    tensors["random"] = torch.get_rng_state()
    if device := _gpu_of(learning):
        tensors["random.cuda"] = torch.cuda.get_rng_state(device)
    said = {
        name: getattr(at, name) for name in ("of", "step", "best", "best_step", "without_gain", "seconds")
    }
    with replacing(folder) as work:
        save_file({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, work / TENSORS)
        (work / STATE).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def read_checkpoint(folder: Path | None, of: str) -> tuple[Checkpoint, dict[str, Any]]:
    """Where training stopped, with all tensors for restore(); the beginning where there is nothing that can be used."""
    from safetensors.torch import load_file

    try:
        if folder is None:
            return Checkpoint(of), {}
        said = json.loads((folder / STATE).read_text(encoding="utf-8"))
        if said["of"] != of:
            return Checkpoint(of), {}
        tensors = load_file(folder / TENSORS)
        return Checkpoint(**said, kept=_under(tensors, "kept")), tensors
    except Exception:  # missing, or damaged: safetensors raises its own, and bare ones
        return Checkpoint(of), {}


def restore(tensors: dict[str, Any], learning: dict[str, Any], optimizer: Any) -> None:
    """Put weights, optimiser and chance back to where they were; nothing where `tensors` is empty."""
    import torch

    if not tensors:
        return
    with torch.no_grad():
        for name, tensor in _under(tensors, "now").items():
            learning[name].copy_(tensor)
    for name, p in learning.items():
        if f"exp_avg.{name}" in tensors:
            kept = {moment: tensors[f"{moment}.{name}"] for moment in MOMENTS}
            optimizer.state[p] = {m: t if m == "step" else t.to(p.device) for m, t in kept.items()}
    torch.set_rng_state(tensors["random"])
    if "random.cuda" in tensors and (device := _gpu_of(learning)):
        torch.cuda.set_rng_state(tensors["random.cuda"], device)


def _gpu_of(learning: dict[str, Any]) -> Any:
    """Where they are, if that is a GPU. None is touched by a training that goes on without."""
    return next((p.device for p in learning.values() if p.is_cuda), None)


def _under(tensors: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {name[len(prefix) + 1 :]: t for name, t in tensors.items() if name.startswith(f"{prefix}.")}
