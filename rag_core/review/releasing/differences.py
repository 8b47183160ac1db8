"""What sets two releases apart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rag_core.records.index.releases import Release

__all__ = ["Difference", "differences"]


@dataclass(frozen=True, slots=True)
class Difference:
    name: str
    here: str
    """Of the release that is looked at; '–': nothing."""
    there: str
    """Of the one that it is compared with."""


def differences(release: Release, other: Release) -> list[Difference]:
    """Models, index and card; what is equal is left out."""
    here, there = _told(release), _told(other)
    names = [*here, *(name for name in there if name not in here)]
    pairs = [(name, here.get(name), there.get(name)) for name in names]
    return [Difference(name, _written(one), _written(two)) for name, one, two in pairs if one != two]


def _told(release: Release) -> dict[str, Any]:
    card = {f"model: {name}": value for name, value in asdict(release.card).items()}
    models = ("embedder", "query_map", "reranker", "router", "adapter")
    own = {name.replace("_", " "): getattr(release, name) for name in models}
    fitted = asdict(release.tuning)
    tuning = {
        f"{part}: {name}": value for part in ("fusion", "scale") for name, value in fitted[part].items()
    }
    return {**own, "index": release.index_name, **card, **tuning, "threshold": release.tuning.threshold}


def _written(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
