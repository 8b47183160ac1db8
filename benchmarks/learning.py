"""What the learning loop gains: reviewed items -> nDCG@10 on questions that nobody reviewed, as served.

    python -m benchmarks.learning SET [--reviewed 100 300 1000 …] [--general SET …] [--json] [--plot FILE]

SET is a folder in BEIR layout with a train and a test split. Its documents are ingested; so many questions of its train
split, drawn by chance, are asked, voted on (with noise) and reviewed (replaying.py); `answerloop train` runs as it does in a
team: data set, training, gate, promotion. Then the test split is asked of the release that answers, whole pipeline: int8,
fused, refined. Each point of the curve is an installation of its own. Of --general sets the test split is asked of the same
models, over the set's own documents: what training has cost elsewhere.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.replaying import document_of, ingest_set, replay, write_set
from rag_core.bootstrap import Core, make_search, open_core, open_records
from rag_core.records.index.releases import Release, Releases
from rag_core.running.preparation import active_release
from rag_core.settings import Settings
from training.evaluate import Beir, BeirDocument, ndcg, read_beir
from training.evaluate.elsewhere import searched_elsewhere
from training.evaluate.releases import side_by_side
from training.job import run_once
from training.tasks.task import Nobody

DEEP = 100
"""Passages looked at for ten documents."""


@dataclass(frozen=True, slots=True)
class Point:
    """One installation."""

    reviewed: int
    state: str
    """How the run ended."""
    reason: str
    before: float
    """nDCG@10 on the test split, of the release that the installation began with."""
    after: float
    """Of the one that answers after the run."""
    seconds: float
    """Of the run."""
    trained_s: float
    """Of training alone."""
    learned: tuple[str, ...]
    general: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Set -> nDCG@10 before and after."""


async def ingested(settings: Settings, documents: Path) -> None:
    """An installation that nobody has asked anything."""
    async with open_records(settings) as database:
        await active_release(database, settings)
        async with open_core(settings) as core:
            await ingest_set(core, documents)


async def point(
    data: dict[str, Beir], general: dict[str, Beir], bases: dict[str, float], count: int, settings: Settings
) -> Point:
    """data: 'train' and 'test' of the set. bases: nDCG@10 on general sets of the release that all points begin with; filled
    by the first. settings: of an installation that has read its documents."""
    train = data["train"]
    asked = {query: train.queries[query] for query in random.Random(0).sample(list(train.queries), count)}
    async with open_records(settings) as database:
        began_with = await active_release(database, settings)
        async with open_core(settings) as core:
            await replay(core, asked, train.relevant)
            before = await _measured(core, data["test"])
        started = time.perf_counter()
        outcome = await run_once(settings, database)
        seconds = time.perf_counter() - started
        now = await Releases(database).active()
        assert now is not None
        async with open_core(settings, now) as core:
            after = await _measured(core, data["test"])
        steps = json.loads((settings.home / "training" / outcome.run / "job.json").read_text())["steps"]
        for name in general.keys() - bases.keys():
            bases[name] = await _elsewhere(settings, began_with, general[name])
        elsewhere = {
            name: (bases[name], await _elsewhere(settings, now, one)) for name, one in general.items()
        }
    made = [step for step in steps.values() if isinstance(step, dict) and step.get("folder")]
    return Point(
        count,
        outcome.state,
        outcome.reason,
        before,
        after,
        round(seconds, 1),
        round(sum(step["figures"].get("seconds", 0.0) for step in made), 1),
        tuple(step["task"] for step in made),
        elsewhere,
    )


async def _measured(core: Core, data: Beir) -> float:
    search = make_search(core)

    async def one(query: str) -> float:
        found = await search(data.queries[query], None, keep=DEEP)
        ranked = list(dict.fromkeys(r.passage.document for r in found.ranked))
        return ndcg(ranked, {document_of(id): grade for id, grade in data.relevant[query].items()})

    return round(statistics.fmean(await side_by_side(one, list(data.queries))), 4)


async def _elsewhere(settings: Settings, release: Release, data: Beir) -> float:
    """Over the other set's documents, with the release's models and numbers."""
    async with open_core(settings, release) as core:
        scored = await searched_elsewhere(core, data, Nobody())
    return round(statistics.fmean(one.ndcg for one in scored), 4)


async def curve(arguments: argparse.Namespace) -> list[Point]:
    data = {split: read_beir(arguments.set, split) for split in ("train", arguments.split)}
    data["test"] = data[arguments.split]
    general = {one.name: read_beir(one, "test") for one in arguments.general}
    points, bases = [], dict[str, float]()
    with tempfile.TemporaryDirectory(dir=arguments.scratch, prefix="learning-") as scratch:
        installed = _installed(Path(scratch), arguments, data["train"].documents)
        if not installed.exists():
            await ingested(_settings(installed, arguments), installed.parent / "documents")
        for count in arguments.reviewed or [len(data["train"].queries)]:
            home = Path(scratch) / f"home-{count}"
            shutil.copytree(installed, home)
            points.append(await point(data, general, bases, count, _settings(home, arguments)))
            print(json.dumps(asdict(points[-1])), flush=True)
            if arguments.keep:
                shutil.copytree(home, arguments.keep / f"home-{count}", dirs_exist_ok=True)
    return points


def _installed(scratch: Path, arguments: argparse.Namespace, documents: Sequence[BeirDocument]) -> Path:
    """The home that all points begin with, in --keep where an earlier call has left it."""
    below: Path = arguments.keep or scratch
    if not (below / "documents").is_dir():
        write_set(documents, below / "documents")
    return below / "installed"


def _settings(home: Path, arguments: argparse.Namespace) -> Settings:
    training: dict[str, Any] = {"retriever": {"method": arguments.method}}
    return Settings(home=home, training=training, cache={"enabled": False})  # type: ignore[arg-type]


def plot(points: Sequence[Point], name: str, file: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    points = sorted(points, key=lambda one: one.reviewed)
    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    counts = [one.reviewed for one in points]
    axes.plot(
        [0, *counts],
        [points[0].before, *(one.after for one in points)],
        marker="o",
        label=f"{name}, as served",
    )
    for set_name in points[0].general:
        axes.plot(
            [0, *counts],
            [points[0].general[set_name][0], *(one.general[set_name][1] for one in points)],
            marker=".", linestyle="--", label=f"{set_name}, learned nothing of it",
        )  # fmt: skip
    axes.set_xlabel("Reviewed items")
    axes.set_ylabel("nDCG@10 on the test split")
    axes.grid(alpha=0.3)
    axes.legend(loc="center right")
    figure.savefig(file)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.learning", description=__doc__.splitlines()[0]
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("--reviewed", type=int, nargs="*", help="points of the curve; all of the train split")
    parser.add_argument("--general", type=Path, nargs="*", default=[])
    parser.add_argument("--split", default="test", help="what is measured on; dev while anything is chosen")
    parser.add_argument("--method", default="auto", help="training.retriever.method")
    parser.add_argument("--scratch", type=Path, help="where installations are made; a temporary folder")
    parser.add_argument(
        "--keep", type=Path, help="leave the installations in this folder, and begin with the one there"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    points = asyncio.run(curve(arguments))
    if arguments.plot:
        plot(points, arguments.set.name, arguments.plot)
    if arguments.json:
        print(json.dumps([asdict(one) for one in points]))


if __name__ == "__main__":
    main()
