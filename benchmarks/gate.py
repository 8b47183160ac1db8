"""Whom the gate lets through: candidates that are better, no better, worse, or better and poisoned, at several test sizes.

    python benchmarks/gate.py SCORES [--candidates 100] [--sizes 60 150 300 500] [--general 2000] [--plot FILE] [--json]
    python benchmarks/gate.py SCORES --make BEFORE AFTER DIR GENERAL --learned FILE

SCORES is benchmarks/gate_scores.json.gz; the second form makes such a file: nDCG@10 of every question of the train and
dev splits of DIR and GENERAL by two exported models, ranking whole documents by the dot product; FILE has the ids of
DIR's questions that AFTER was trained on, one in a line, which are left out. It looks for the point between both models
(the mean of their vectors, weighted) that is 5% better on DIR and keeps that candidate as `better`, and AFTER itself as
`rough`: a larger change of which only a part is gain.

A population of candidates is made of these real changes, group by group. As it is, a pair gains what it gains; with before
and after exchanged in a group by the toss of a coin it gains nothing, though as many questions rise and fall by as much; a
coin that falls unevenly makes any gain or loss between. A test is drawn from the population's groups with replacement, so
that what is true of the population is known. The general set is drawn in the same way, its losses made by an uneven coin.
Abstention is made up: a fifth of the test's number are questions to abstain from, of which four in five are; one in twenty
of the others is abstained from too; one in ten of these outcomes is drawn anew for a candidate.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from rag_core.settings.training import Gate
from training.gate import Abstaining, Measured, Paired, decide

RESAMPLES = 500
"""Fewer than the product draws: the candidates are many."""
RUNS = 20
"""Candidates in a row that meet the same test."""
GAIN = 0.05
Floats = NDArray[np.float64]


# --- real changes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Population:
    """Questions of one set with the scores of two releases, by group."""

    before: Floats
    after: Floats
    members: tuple[NDArray[np.intp], ...]

    @property
    def gain(self) -> float:
        """Of the whole, relative."""
        return float(self.after.mean() / self.before.mean() - 1)

    def keeping(self, gain: float) -> float:
        """How often a group must keep its change, and not be exchanged, for this relative gain.

        Raises:
            ValueError: the change as it is gains less.
        """
        before, change = float(self.before.mean()), float((self.after - self.before).mean())
        if not gain:
            return 0.5
        # kept with p: before is b + (1 - p) change, after b + p change, and their ratio 1 + gain
        kept = (gain * (before + change) + change) / (change * (2 + gain))
        if not 0 <= kept <= 1:
            raise ValueError(f"the change gains {change / before:.1%}, which is too little for {gain:+.1%}")
        return kept

    def facing_up(self) -> Population:
        """With before and after exchanged in each group that falls: what an uneven coin makes losses of."""
        before, after = self.before.copy(), self.after.copy()
        for rows in self.members:
            if after[rows].sum() < before[rows].sum():
                before[rows], after[rows] = after[rows].copy(), before[rows].copy()
        return replace(self, before=before, after=after)

    def drawn(self, questions: int, kept: float, rng: np.random.Generator, name: str) -> Paired:
        """A test of so many questions; each group keeps its change with probability `kept` and is exchanged else."""
        before, after, groups = [], [], []
        while len(groups) < questions:
            rows = self.members[rng.integers(len(self.members))]
            one, other = (self.before, self.after) if rng.random() < kept else (self.after, self.before)
            groups += [f"g{len(groups)}"] * len(rows)
            before += one[rows].tolist()
            after += other[rows].tolist()
        return Paired(name, before[:questions], after[:questions], groups[:questions])


def _rows(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    rows: dict[str, Any] = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    return rows


def read(path: Path) -> dict[str, Population]:
    found = {name: _population(**rows) for name, rows in _rows(path).items()}
    return found | {"general": found["general"].facing_up()}


def _population(before: Sequence[float], after: Sequence[float], groups: Sequence[str]) -> Population:
    names, owner = np.unique(groups, return_inverse=True)
    members = tuple(np.flatnonzero(owner == k) for k in range(len(names)))
    return Population(np.asarray(before), np.asarray(after), members)


# --- candidates --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """Candidates of one sort."""

    name: str
    must: str
    """'promoted' or 'refused'"""
    of: str = "better"
    gain: float = 0.0
    general: float = 0.0
    recall: float = 0.8
    golden_lost: int = 0


KINDS = (
    Kind("5% better", "promoted", gain=GAIN),
    Kind("5% better, rough", "promoted", of="rough", gain=GAIN),
    Kind("no better", "refused"),
    Kind("no better, rough", "refused", of="rough"),
    Kind("2% worse", "refused", gain=-0.02),
    Kind("5% worse, rough", "refused", of="rough", gain=-0.05),
    Kind("poisoned: general −2%", "refused", gain=GAIN, general=-0.02),
    Kind("poisoned: general −3%", "refused", gain=GAIN, general=-0.03),
    Kind("poisoned: abstains half as often", "refused", gain=GAIN, recall=0.4),
    Kind("poisoned: one golden lost", "refused", gain=GAIN, golden_lost=1),
)


def promoted(kind: Kind, size: int, general: int, number: int, populations: Mapping[str, Population]) -> bool:
    rng = np.random.default_rng([number, size, *kind.name.encode()])
    test, others = populations[kind.of], populations["general"]
    measured = Measured(
        test.drawn(size, test.keeping(kind.gain), rng, "nDCG@10"),
        general=(others.drawn(general, others.keeping(kind.general), rng, "general"),),
        golden=50,
        golden_lost=("one",) * kind.golden_lost,
        abstaining=_abstaining(size, kind.recall, rng),
    )
    return decide(measured, Gate(), resamples=RESAMPLES, seed=number).promoted


def _abstaining(size: int, recall: float, rng: np.random.Generator) -> Abstaining:
    should = np.arange(size + size // 5) >= size
    before = rng.random(len(should)) < np.where(should, 0.8, 0.05)
    again = rng.random(len(should)) < 0.1
    after = np.where(again, rng.random(len(should)) < np.where(should, 0.8, 0.05), before)
    after &= ~(should & (rng.random(len(should)) > recall / 0.8))
    groups = [f"q{n}" for n in range(len(should))]
    return Abstaining(should.tolist(), before.tolist(), after.tolist(), groups)


def in_a_row(size: int, number: int, population: Population, kept: float) -> int:
    """How many of RUNS candidates are promoted on one and the same test, each in the place of the one before it.

    kept: .5 where none is better than another; below, each is worse than the first release by as much.
    """
    rng = np.random.default_rng([number, size])
    test = population.drawn(size, 1.0, rng, "nDCG@10")
    sides = np.array([test.before, test.after])
    names, owner = np.unique(test.groups, return_inverse=True)

    def scores() -> list[float]:
        chosen = (rng.random(len(names)) < kept).astype(int)
        return sides[chosen[owner], np.arange(size)].tolist()

    active, count = scores(), 0
    for _ in range(RUNS):
        candidate = scores()
        measured = Measured(Paired("nDCG@10", active, candidate, test.groups))
        if decide(measured, Gate(), resamples=RESAMPLES, seed=number).promoted:
            active, count = candidate, count + 1
    return count


# --- counting ----------------------------------------------------------------------------------------------------


def _counted(path: Path, kind: Kind, size: int, general: int, candidates: int) -> int:
    populations = read(path)
    return sum(promoted(kind, size, general, number, populations) for number in range(candidates))


def _rows_counted(path: Path, size: int, candidates: int) -> list[int]:
    population = read(path)["better"]
    return [in_a_row(size, number, population, 0.5) for number in range(candidates)]


def measure(path: Path, sizes: Sequence[int], general: int, candidates: int) -> dict[str, Any]:
    with ProcessPoolExecutor(2, initializer=threadpool_limits, initargs=(1,)) as pool:
        waiting = {
            (kind.name, size): pool.submit(_counted, path, kind, size, general, candidates)
            for kind, size in product(KINDS, sizes)
        }
        rows = {size: pool.submit(_rows_counted, path, size, candidates // 2) for size in sizes}
        table = {
            kind.name: {size: waiting[kind.name, size].result() / candidates for size in sizes}
            for kind in KINDS
        }
        again = {size: float(np.mean(counts.result())) for size, counts in rows.items()}
    return {"promoted": table, "promotions in 20 runs": again, "needed": needed(path)}


def needed(path: Path) -> dict[str, dict[str, float]]:
    """By arithmetic: of how many questions a test must be for 5% to be found 95 times of 100 at a confidence of .975, from
    the spread of the changes with their groups: ((1.960 + 1.645) · spread / gain)²."""
    found = {}
    for name, one in read(path).items():
        change = one.after - one.before
        residual = change - change.mean()
        spread = math.sqrt(sum(residual[rows].sum() ** 2 for rows in one.members) / len(change))
        need = ((1.960 + 1.645) * spread / (GAIN * one.before.mean())) ** 2
        found[name] = {"questions": len(change), "groups": len(one.members), "gain": one.gain}
        found[name] |= {"changed": float((change != 0).mean()), "spread": spread, "needed for 5%": need}
    return found


# --- scores of two models ----------------------------------------------------------------------------------------


def make(path: Path, models: Sequence[Path], test: Path, general: Path, learned: Path) -> None:
    seen = frozenset(learned.read_text(encoding="utf-8").split())
    asked, others = _ranked(test, models, seen), _ranked(general, models, frozenset())
    low, high = 0.0, 1.0
    for _ in range(7):
        share = (low + high) / 2
        low, high = (low, share) if _population(**asked(share)).gain > GAIN else (share, high)
    scores = {"better": asked(high), "rough": asked(1.0), "general": others(1.0)}
    path.write_text(json.dumps(scores), encoding="utf-8")
    print(f"{path}: the candidate is at {high:.2f} of the way from {models[0]} to {models[1]}")


def _ranked(
    folder: Path, models: Sequence[Path], seen: frozenset[str]
) -> Callable[[float], dict[str, list[Any]]]:
    """share -> scores of the release before, and of one that lies so far between both."""
    from rag_core.index.embedding import Embedder
    from training.evaluate import ndcg, read_beir

    sets = [read_beir(folder, split) for split in ("train", "dev")]
    queries = {id: text for one in sets for id, text in one.queries.items() if id not in seen}
    relevant = {id: one.relevant[id] for one in sets for id in one.queries}
    documents = sets[0].documents
    vectors = [
        (
            np.stack([embedder.embed_query(text) for text in queries.values()]),
            embedder.embed_passages([_cut(embedder, one.whole) for one in documents]).vectors,
        )
        for embedder in map(Embedder, models)
    ]

    def at(share: float) -> list[float]:
        questions, passages = (_unit((1 - share) * a + share * b) for a, b in zip(*vectors, strict=True))
        best = np.argsort(-(questions @ passages.T), axis=1, kind="stable")[:, :10]
        return [
            round(ndcg([documents[i].id for i in row], relevant[id]), 6)
            for id, row in zip(queries, best, strict=True)
        ]

    before, groups = at(0.0), _groups(folder, relevant)
    return lambda share: {
        "before": before,
        "after": at(share),
        "groups": [groups[id] for id in queries],
    }


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _cut(embedder: Any, text: str) -> str:
    """To 100 tokens or a little less, as what is trained on is."""
    while (tokens := embedder.count([text])[0]) > 100:
        text = text[: int(len(text) * 100 / tokens) - 1]
    return text


def _groups(folder: Path, relevant: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """As the set says, or by the first document that answers."""
    with gzip.open(folder / "queries.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = {row["_id"]: row for row in map(json.loads, lines)}
    return {
        id: str(rows[id].get("metadata", {}).get("group") or min(found)) for id, found in relevant.items()
    }


# --- showing -----------------------------------------------------------------------------------------------------


def show(found: Mapping[str, Any], sizes: Sequence[int]) -> None:
    print("Promoted, in %".ljust(36) + "".join(f"{size:>7}" for size in sizes) + "   test questions")
    for kind in KINDS:
        shares = "".join(f"{100 * found['promoted'][kind.name][size]:7.0f}" for size in sizes)
        print(f"{kind.name:36}{shares}   must be {kind.must}")
    row = "".join(f"{found['promotions in 20 runs'][size]:7.2f}" for size in sizes)
    print(f"{'promotions in 20 runs, none better':36}{row}")
    print()
    for name, one in found["needed"].items():
        print(
            f"{name}: {one['questions']:,} questions in {one['groups']:,} groups, gain {one['gain']:+.1%}, "
            f"{one['changed']:.0%} of the questions change, spread {one['spread']:.3f}; 5% take {one['needed for 5%']:.0f}"
        )


def plot(found: Mapping[str, Any], sizes: Sequence[int], path: Path) -> None:
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for kind in KINDS:
        style = "-" if kind.must == "promoted" else "--"
        shares = [100 * found["promoted"][kind.name][size] for size in sizes]
        axes.plot(sizes, shares, style, marker="o", markersize=4, linewidth=1.5, label=kind.name)
    axes.axhline(95, color="#9ca3af", linewidth=1, linestyle=":")
    axes.axhline(5, color="#9ca3af", linewidth=1, linestyle=":")
    axes.set(xlabel="test questions", ylabel="promoted, of 100", ylim=(-2, 102), xticks=sizes)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, fontsize=8, loc="outside right upper")
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "answerloop"}):
        figure.savefig(
            path, dpi=150, facecolor="white", metadata={"Date": None} if path.suffix == ".svg" else None
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scores", type=Path)
    parser.add_argument("--make", type=Path, nargs=4, metavar=("BEFORE", "AFTER", "DIR", "GENERAL"))
    parser.add_argument("--learned", type=Path)
    parser.add_argument("--candidates", type=int, default=100)
    parser.add_argument("--sizes", type=int, nargs="+", default=[60, 150, 300, 500])
    parser.add_argument("--general", type=int, default=2000)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.make:
        make(options.scores, options.make[:2], *options.make[2:], options.learned)
        return
    found = measure(options.scores, options.sizes, options.general, options.candidates)
    if options.plot:
        plot(found, options.sizes, options.plot)
    print(json.dumps(found, indent=2)) if options.json else show(found, options.sizes)


if __name__ == "__main__":
    main()
