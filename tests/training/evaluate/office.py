"""A few documents of an office, and questions about them, for a release that has read them."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.bootstrap import Core
from rag_core.index.stores import Row
from rag_core.ingest.indexing import Indexer, Parsed
from training.dataset.passages import indexed
from training.dataset.rows import Example, Origin, Part, Text

__all__ = ["DOCUMENTS", "example", "fill", "texts"]

DOCUMENTS = {
    "leave": "Everybody has 27 days of paid vacation in each calendar year. Days that are left over in December may be "
    "taken until the end of March, and are lost after that.",
    "travel": "Trains are booked in second class. Hotels may cost up to 140 euros a night in big cities.",
    "router": "Hold the reset button of the router for ten seconds until the light turns amber, then let go of it.",
    "pay": "Salaries are paid on the 25th of each month. The payroll team answers questions about payslips.",
    "parking": "Bicycles go into the cellar. Cars need a permit, which the front desk gives out on Mondays.",
}


async def fill(core: Core, documents: dict[str, str] = DOCUMENTS) -> None:
    """Read them into the release's index."""
    indexer = Indexer(core.embedder, core.store, core.compute)
    parsed = [
        Parsed(name, "handbook", "public", name.title(), f"file:{name}", text)
        for name, text in documents.items()
    ]
    await indexer.write([await indexer.divide(one) for one in parsed])
    await indexer.tidy()


async def texts(core: Core) -> dict[str, Text]:
    """The one passage of each document, as examples name it."""
    rows: list[Row] = [row async for page in core.store.scan() for row in page.rows]
    return {row.passage.document: indexed(row) for row in rows}


def example(question: str, right: Sequence[Text] = (), part: Part = "test", **values: object) -> Example:
    origin = Origin("review", question[:20], scopes=("public",))
    return Example(question, origin, right=tuple(right), part=part, group=question, **values)  # type: ignore[arg-type]
