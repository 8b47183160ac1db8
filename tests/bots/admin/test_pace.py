"""One person cannot take the models' time from everybody else."""

from __future__ import annotations

import asyncio

import pytest

from bots.admin.pace import PREVIEWS, SEARCHES, Pace, Paced
from tests.bots.admin.conftest import Pages

FEW = Pace("previews", 3)


async def test_so_many_may_be_asked_for_within_a_window_that_slides() -> None:
    """By each person, of each kind; what is refused does not lengthen the wait."""
    paced = Paced(window_s=0.3)
    assert [paced.wait_s("ada", FEW) for _ in range(5)] == [0, 0, 0, 1, 1]
    assert paced.wait_s("bo", FEW) == 0
    assert paced.wait_s("ada", Pace("searches", 3)) == 0
    await asyncio.sleep(0.35)
    assert paced.wait_s("ada", FEW) == 0


def test_what_is_many_at_once_counts_as_many() -> None:
    """A check of a gap asks its questions one after another. More than there is room for waits, alone it does not."""
    paced = Paced()
    assert paced.wait_s("ada", FEW, 5) == 0
    assert paced.wait_s("ada", FEW) == 60


@pytest.mark.parametrize(
    ("part", "pace"), [("preview", PREVIEWS), ("search", SEARCHES)], ids=["preview", "search"]
)
async def test_who_asks_too_often_is_told_to_wait(pages: Pages, part: str, pace: Pace) -> None:
    """With a sentence, and in Retry-After; others go on."""
    await pages.answered()
    eager, other = await pages.signed_in("reviewer"), await pages.signed_in("reviewer", "bo")
    address = f"/answer/a1/{part}"
    for _ in range(pace.most):
        assert (await eager.post(address, data={"question": "?", "text": " "})).status_code == 200
    refused = await eager.post(address)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert f"You asked for {pace.most} {pace.name} within a minute; go on in" in refused.text
    assert (await other.post(address, data={"question": "?", "text": " "})).status_code == 200
