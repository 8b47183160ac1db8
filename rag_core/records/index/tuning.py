"""The numbers of a release that are fitted to its models: how searches are fused, how sure answers are, when to abstain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rag_core.generation.calibration import UNSCALED, Scale
from rag_core.retrieval.fusion import SHIPPED, Fusion

__all__ = ["UNTUNED", "Tuning"]


@dataclass(frozen=True, slots=True)
class Tuning:
    fusion: Fusion = SHIPPED
    scale: Scale = UNSCALED
    """Of the confidence; what `answerloop calibrate` found in this installation goes before it."""
    threshold: float | None = None
    """Below this confidence: abstain. None: the calibrated value."""

    def stored(self) -> dict[str, Any] | None:
        """As JSON holds it; None: nothing was fitted."""
        return None if self == UNTUNED else asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Tuning:
        if not stored:
            return UNTUNED
        return cls(Fusion(**stored["fusion"]), Scale(**stored["scale"]), stored["threshold"])


UNTUNED = Tuning()
