"""A search for hyperparameters: what it tries, when it ends, and that it goes on."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import pytest

from rag_core.settings.training import GeneratorRecipe, RecipeSearch, RerankerRecipe, RetrieverRecipe
from training.tasks.searching import GENERATOR, RERANKER, RETRIEVER, Between, OneOf, Space, search_recipe
from training.tasks.task import Nobody, Refused

RECIPE = RerankerRecipe(learning_rate=1e-3)
SPACE: Space = {"learning_rate": Between(1e-5, 1e-2), "batch_size": OneOf((8, 16, 32))}
SEARCH = RecipeSearch(budget="1h", trials=24)


def valley(recipe: RerankerRecipe) -> float:
    """Best at a rate of 1e-4 and batches of 32."""
    return -abs(math.log10(recipe.learning_rate) + 4) - abs(recipe.batch_size - 32) / 32


class Asked:
    """An objective that remembers what it was asked, and stops working after some."""

    def __init__(self, works: int = 1000) -> None:
        self.recipes: list[RerankerRecipe] = []
        self._works = works

    def __call__(self, recipe: RerankerRecipe) -> float:
        if len(self.recipes) == self._works:
            raise KeyboardInterrupt
        self.recipes.append(recipe)
        return valley(recipe)


def test_without_a_budget_the_recipe_stays_as_it_is() -> None:
    """Nothing is tried."""
    asked = Asked()
    assert search_recipe(RECIPE, SPACE, asked, RecipeSearch()) == RECIPE
    assert asked.recipes == []


def test_the_recipe_as_it_is_comes_first_and_the_best_is_returned() -> None:
    """What the space does not name stays; the same seed tries the same."""
    asked, again = Asked(), Asked()
    found = search_recipe(RECIPE, SPACE, asked, SEARCH)
    assert asked.recipes[0] == RECIPE
    assert len(asked.recipes) == 24
    assert valley(found) == max(map(valley, asked.recipes)) > valley(RECIPE)
    assert found.batch_size == 32
    assert found.model_copy(update={"learning_rate": 1e-3, "batch_size": 16}) == RECIPE
    search_recipe(RECIPE, SPACE, again, SEARCH)
    assert again.recipes == asked.recipes


def test_a_search_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    """It tries what is left, other than before, and the best of both parts is returned; JSON lines are all it keeps."""
    journal = tmp_path / "run" / "search.jsonl"
    first, second, third = Asked(works=6), Asked(), Asked()
    with pytest.raises(KeyboardInterrupt):
        search_recipe(RECIPE, SPACE, first, SEARCH, journal=journal)
    with journal.open("ab") as torn:
        torn.write(b'{"op_code": 4, "work')  # as kill -9 may leave it
    found = search_recipe(RECIPE, SPACE, second, SEARCH, journal=journal)
    assert len(second.recipes) == 18
    assert not {r.learning_rate for r in first.recipes} & {r.learning_rate for r in second.recipes}
    assert valley(found) == max(map(valley, first.recipes + second.recipes))
    assert search_recipe(RECIPE, SPACE, third, SEARCH, journal=journal) == found
    assert third.recipes == []
    assert [path.name for path in journal.parent.iterdir()] == ["search.jsonl"]
    assert all(json.loads(line) for line in journal.read_text().splitlines())


def test_a_first_trial_that_was_interrupted_is_tried_again(tmp_path: Path) -> None:
    """The recipe as it is is measured in any case."""
    journal = tmp_path / "search.jsonl"
    with pytest.raises(KeyboardInterrupt):
        search_recipe(RECIPE, SPACE, Asked(works=0), SEARCH, journal=journal)
    asked = Asked()
    search_recipe(RECIPE, SPACE, asked, SEARCH, journal=journal)
    assert asked.recipes[0] == RECIPE
    assert len(asked.recipes) == 24


def test_another_recipe_is_searched_anew(tmp_path: Path) -> None:
    """In the same journal."""
    journal = tmp_path / "search.jsonl"
    for seed in (0, 1):
        asked = Asked()
        recipe = RECIPE.model_copy(update={"seed": seed})
        search_recipe(recipe, SPACE, asked, SEARCH.model_copy(update={"trials": 3}), journal=journal)
        assert len(asked.recipes) == 3


def test_no_trial_is_begun_that_would_not_fit_the_budget() -> None:
    """Of a second, with trials that take four tenths, two are tried; on a busy machine at least one."""
    tried = []

    def slow(recipe: RerankerRecipe) -> float:
        time.sleep(0.4)
        tried.append(recipe)
        return 0.0

    assert search_recipe(RECIPE, SPACE, slow, RecipeSearch(budget="1s")) == RECIPE
    assert 1 <= len(tried) <= 2


def test_what_is_refused_is_the_worst() -> None:
    """Also what the machine has no memory for; where all is refused the recipe stays."""

    def small_only(recipe: RerankerRecipe) -> float:
        if recipe.batch_size > 8:
            raise Refused("too few rows") if recipe.batch_size > 16 else MemoryError
        return valley(recipe)

    assert search_recipe(RECIPE, SPACE, small_only, SEARCH).batch_size == 8

    def nothing(recipe: RerankerRecipe) -> float:
        raise Refused("too few rows")

    assert search_recipe(RECIPE, SPACE, nothing, SEARCH) == RECIPE


def test_a_mistake_is_not_hidden() -> None:
    """Other errors end the search."""

    def broken(recipe: RerankerRecipe) -> float:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        search_recipe(RECIPE, SPACE, broken, SEARCH)


def test_the_best_so_far_is_a_curve() -> None:
    """One point for each trial, never falling."""

    class Listening(Nobody):
        def __init__(self) -> None:
            self.points: list[tuple[float, float]] = []

        def point(self, curve: str, x: float, y: float) -> None:
            self.points.append((x, y))

    watcher = Listening()
    search_recipe(RECIPE, SPACE, valley, SEARCH, watcher)
    assert [x for x, _ in watcher.points] == list(range(1, 25))
    assert [y for _, y in watcher.points] == sorted(y for _, y in watcher.points)


@pytest.mark.parametrize(
    ("space", "recipe"),
    [(RETRIEVER, RetrieverRecipe()), (RERANKER, RerankerRecipe()), (GENERATOR, GeneratorRecipe())],
)
def test_what_is_tried_are_settings(space: Space, recipe: RerankerRecipe) -> None:
    """Each recipe's space names fields that it has, with values that it takes."""
    found = search_recipe(recipe, space, lambda tried: -tried.learning_rate, SEARCH)
    assert type(found) is type(recipe)
    assert found.learning_rate < recipe.learning_rate
