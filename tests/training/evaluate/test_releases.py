"""Releases measured over a real index with the real embedder."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag_core.bootstrap import Core, model_folder
from rag_core.errors import NotReady, Unavailable
from rag_core.records.evaluation.golden import Expected, GoldenQuestion
from rag_core.retrieval.query_map import QueryMap
from rag_core.routing import RouterCard, RouterHead
from rag_core.settings import Settings
from tests.training.evaluate.office import example, fill, texts
from training.dataset.rows import Example
from training.evaluate.measured import Measured
from training.evaluate.releases import Served, golden_results, latencies, measure, opened, side_by_side
from training.tasks.task import Nobody

TOLD = "There are 27 days of vacation [1]."


class Listening(Nobody):
    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        self.told.append((done, total))


@pytest.fixture
async def served(core: Core, settings: Settings) -> AsyncIterator[Served]:
    """The active release, over five documents."""
    await fill(core)
    async with opened(settings) as found:
        yield found


@pytest.fixture
async def asked(core: Core, served: Served) -> list[Example]:
    of = await texts(core)
    return [
        example(
            "How many days of vacation does everybody have?",
            [of["leave"]],
            answer=TOLD,
            rejected="20",
            route="answer",
        ),
        example("When are salaries paid?", [of["pay"]], answer="On the 25th.", route="answer"),
        example("Which planet has the most moons?", abstain=True, route="person"),
        example("?!", abstain=True),
    ]


async def test_a_release_is_measured_as_it_serves(served: Served, asked: list[Example]) -> None:
    """What is found, said, supported and declined; what does not apply is NaN."""
    measured = await measure(served, asked, asked[:1], Nobody())
    assert measured.release == served.release.id
    assert measured.keys[1] == "review:When are salaries pa"
    assert measured.column("ndcg")[:2].tolist() == [1.0, 1.0]
    assert np.isnan(measured.column("ndcg")[2:]).all()
    assert measured.column("should_abstain").tolist() == [0, 0, 1, 1]
    assert measured.column("abstained").tolist() == [0, 0, 1, 1]
    assert measured.column("groundedness")[:2].tolist() == [1.0, 1.0]
    assert "27 days" in measured.scored[0].reply
    assert "[1]" not in measured.scored[0].reply
    assert 0.2 < measured.column("rouge_l")[0] < 1
    assert np.isnan(measured.column("rouge_l")[1])  # approved as it was given: the active release's own words
    assert 0 < measured.bleu < 100
    assert (measured.column("ms") >= measured.column("search_ms")).all()
    assert measured.general_column("ndcg").tolist() == [1.0]
    assert math.isnan(measured.general[0].abstained)
    assert measured.figures["abstention_recall"] == 1.0


async def test_measuring_again_gives_the_same(served: Served, asked: list[Example]) -> None:
    """Whatever was asked side by side; but for the time that it took."""

    def timeless(measured: Measured) -> list[str]:
        return [repr(replace(one, ms=0.0, search_ms=0.0)) for one in measured.scored]

    first, second = [await measure(served, asked, (), Nobody()) for _ in range(2)]
    assert timeless(first) == timeless(second)


async def test_who_watches_hears_of_every_question(served: Served, asked: list[Example]) -> None:
    """General ones are counted in."""
    listening = Listening()
    await measure(served, asked, asked[:2], listening)
    assert listening.told == [(n, 6) for n in range(7)]


async def test_a_release_without_a_router_answers_everything(served: Served, asked: list[Example]) -> None:
    """So that it can be compared with one that has one."""
    measured = await measure(served, asked, (), Nobody())
    assert [one.route for one in measured.scored] == ["answer"] * 4
    assert measured.figures["router_accuracy"] == pytest.approx(2 / 3, abs=1e-4)


async def test_a_router_and_a_query_map_are_measured_with_their_release(
    core: Core, settings: Settings, served: Served, asked: list[Example]
) -> None:
    """A router that sends everything to a person, and a map that turns all questions round: both do as they must."""
    card = served.release.card
    folder = model_folder(settings, "router")
    folder.mkdir()
    about = RouterCard(("answer", "person"), {"person": 0.5}, card.dimension, card.weights_sha256)
    RouterHead(about, np.zeros((2, card.dimension), np.float32), np.array([0.0, 9.0], np.float32)).write(
        folder
    )
    turned = model_folder(settings, "map")
    turned.mkdir()
    QueryMap(-2 * np.eye(card.dimension, dtype=np.float32), card.weights_sha256).write(turned)
    candidate = replace(served.release, id="r2", router="router", query_map="map")
    async with opened(settings, candidate) as other:
        measured = await measure(other, asked, (), Nobody())
        found = await other.search("salaries", frozenset({"public"}))
    assert [one.route for one in measured.scored[:3]] == ["person"] * 3
    assert measured.figures["router_accuracy"] == pytest.approx(1 / 3, abs=1e-4)
    assert np.allclose(found.sought, -found.vector, atol=1e-5)


async def test_a_release_is_measured_over_another_index_than_its_own(
    core: Core, settings: Settings, served: Served, tmp_path: Path
) -> None:
    """As over a sample of it."""
    from rag_core.index.stores.opening import open_lance

    right = (await texts(core))["pay"]
    async with (
        open_lance(tmp_path / "empty", "empty", served.release.card.dimension) as empty,
        opened(settings, served.release, empty) as other,
    ):
        measured = await measure(other, [example("When are salaries paid?", [right])], (), Nobody())
    assert measured.column("ndcg").tolist() == [0.0]
    assert measured.column("abstained").tolist() == [1.0]


async def test_a_release_whose_model_is_gone_is_not_opened(settings: Settings, served: Served) -> None:
    """It is told which."""
    with pytest.raises(NotReady, match="lost"):
        async with opened(settings, replace(served.release, embedder="lost")):
            pass


async def test_golden_questions_are_judged_and_kept_nowhere(core: Core, served: Served) -> None:
    """One passes, one does not, and one cannot be asked."""
    right = (await texts(core))["pay"]
    expected = (Expected("pay", "handbook", "Pay", right.text),)
    questions = [
        GoldenQuestion("When are salaries paid?", expected, id="1"),
        GoldenQuestion("When are salaries paid?", id="2"),
        GoldenQuestion("?!", expected, id="3"),
    ]
    results = await golden_results(served, questions)
    assert [(r.golden_id, r.passed) for r in results] == [("1", True), ("2", False), ("3", False)]
    assert {r.release for r in results} == {served.release.id}


async def test_latencies_are_those_of_one_question_at_a_time_evenly_chosen(
    served: Served, asked: list[Example]
) -> None:
    """A row for each, with the search first, for both releases."""
    before, after = await latencies(served, served, asked[:3] * 4, most=5)
    assert before.shape == after.shape == (5, 2)
    assert (before[:, 0] > 0).all()
    assert (before[:, 1] >= before[:, 0]).all()
    none, _ = await latencies(served, served, [])
    assert none.shape == (0, 2)


async def test_work_side_by_side_is_bounded_and_comes_back_in_order() -> None:
    """The first error stops the rest and comes out by itself."""
    now = most = 0

    async def work(number: int) -> int:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001 * (5 - number))
        now -= 1
        if number == 9:
            raise Unavailable("the disk is gone")
        return number

    assert await side_by_side(work, range(5), at_once=2) == [0, 1, 2, 3, 4]
    assert most == 2
    with pytest.raises(Unavailable, match="the disk is gone"):
        await side_by_side(work, [1, 9, 2], at_once=2)
