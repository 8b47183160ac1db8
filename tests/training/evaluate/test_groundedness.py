"""What of an answer its passages support, on answers written by hand."""

from __future__ import annotations

import math

import pytest

from rag_core.generation.grounding import Grounding
from rag_core.generation.protocol import Draft
from rag_core.types import Citation, Passage, Place
from training.evaluate.groundedness import groundedness

PAY = "Salaries are paid on the 25th of each month. The payroll team answers questions about payslips."
TRAVEL = "Trains are booked in second class. Hotels may cost up to 140 euros a night in big cities."


def passage(id: str, text: str) -> Passage:
    return Passage(id, id, "handbook", "public", "", (), text, "file:x", Place())


PASSAGES = {"pay": passage("pay", PAY), "travel": passage("travel", TRAVEL)}


def draft(text: str, abstained: bool = False) -> Draft:
    citations = (Citation(1, "Pay", "", "", "pay"), Citation(2, "Travel", "", "", "travel"))
    return Draft(text, citations, 0.9, abstained)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Salaries are paid on the 25th of each month [1].", 1.0),
        ("Salaries are paid on the 7th of each month [1].", 0.0),
        ("Salaries are paid on the 25th of each month [2].", 0.0),
        ("Salaries are paid on the 25th of each month [1]. The canteen opens at noon on Fridays [2].", 0.5),
        (
            "Salaries are paid on the 25th of each month. The payroll team answers questions about payslips [1].",
            1.0,
        ),
        ("Salaries are paid on the 25th of each month [1].\n\nHotels may cost up to 140 euros a night.", 0.5),
        ("Salaries are paid on the 25th of each month [3].", 0.0),
    ],
)
async def test_groundedness_is_the_share_of_the_claims_that_what_they_cite_supports(
    text: str, share: float
) -> None:
    """What cites nothing is held to its paragraph's citations, and to nothing where that has none."""
    assert await groundedness(draft(text), PASSAGES, Grounding()) == share


async def test_an_abstention_claims_nothing() -> None:
    """Nor does an answer that says only yes."""
    assert math.isnan(await groundedness(draft("", abstained=True), PASSAGES, Grounding()))
    assert math.isnan(await groundedness(draft("Yes."), PASSAGES, Grounding()))
