"""What an interrupted stage goes on from: weights and the optimiser's state in safetensors, the rest in JSON. No pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from training.conversion import replacing

__all__ = ["Checkpoint", "State", "restore"]

_STATE, _WEIGHTS, _BEST, _OPTIMISER = (
    "state.json",
    "weights.safetensors",
    "best.safetensors",
    "optimiser.safetensors",
)


@dataclass(frozen=True, slots=True)
class State:
    """Of a stage."""

    fingerprint: str
    """Of rows, recipe and base: a checkpoint of anything else is not gone on from."""
    before: float
    """Validation loss at the beginning."""
    best: float
    best_step: int = 0
    """0: nothing was better than the beginning."""
    step: int = 0
    """Taken so far."""
    without_gain: int = 0
    done: bool = False

    def moved(self, **changes: Any) -> State:
        return replace(self, **changes)


class Checkpoint:
    """Of one stage, in a folder; of no folder nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def state(self, fingerprint: str) -> State | None:
        """None where there is none of this fingerprint, or a damaged one."""
        if self._folder is None:
            return None
        try:
            state = State(**json.loads((self._folder / _STATE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return state if state.fingerprint == fingerprint else None

    def write(
        self, state: State, weights: Mapping[str, Any], best: Mapping[str, Any], optimiser: Any | None
    ) -> None:
        """Whole or not at all. Of a stage that is done only the best weights are kept."""
        if self._folder is None:
            return
        from safetensors.torch import save_file

        with replacing(self._folder) as work:
            save_file(_plain(best), work / _BEST)
            if not state.done:
                save_file(_plain(weights), work / _WEIGHTS)
                if optimiser is not None:
                    save_file(_flat(optimiser), work / _OPTIMISER)
            (work / _STATE).write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")

    def best(self) -> dict[str, Any]:
        return self._read(_BEST)

    def weights(self) -> dict[str, Any]:
        return self._read(_WEIGHTS)

    def resume(self, optimiser: Any) -> None:
        """Give the optimiser back its moments and counts."""
        found = self._read(_OPTIMISER)
        state: dict[int, dict[str, Any]] = {}
        for name, tensor in found.items():
            number, _, what = name.partition(".")
            state.setdefault(int(number), {})[what] = tensor
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})

    def _read(self, name: str) -> dict[str, Any]:
        from safetensors.torch import load_file

        assert self._folder is not None
        return dict(load_file(self._folder / name))


def restore(weights: Mapping[str, Any], trained: Mapping[str, Any]) -> None:
    """Put saved weights into a model's parameters. trained: by their names."""
    import torch

    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(weights[name])


def _flat(optimiser: Any) -> dict[str, Any]:
    """Its state as tensors: 'NUMBER.moment', by the order of its parameters."""
    import torch

    state = optimiser.state_dict()["state"]
    return _plain(
        {
            f"{number}.{name}": torch.as_tensor(value)
            for number, of_one in state.items()
            for name, value in of_one.items()
        }
    )


def _plain(tensors: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
