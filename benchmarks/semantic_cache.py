"""How often the semantic cache gives the answer to another question, and how often it finds a paraphrase.

    python benchmarks/semantic_cache.py MODEL_FOLDER [--half held-out] [--limit 400] [--json] [--show 5]

Hard negatives and paraphrases of the shared sets' train and dev questions, made by rule (question_variants.py) or found:
the nearest real questions that have another answer. Questions are divided by a hash of their text: threshold and rules
were chosen on one half (--half tuning), the other half is only reported. Hand-written pairs are in
examples/paraphrases.jsonl. Bounds are of the two-sided 95% Clopper-Pearson interval.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import itertools
import json
import math
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import DATA
from benchmarks.question_variants import DIFFERENT, SAME, names_in, versions
from rag_core.cache.paraphrase import read, same
from rag_core.cache.semantic import THRESHOLD, SemanticCache
from rag_core.index.embedding import Embedder

HAND = Path(__file__).parents[1] / "examples" / "paraphrases.jsonl"
THRESHOLDS = (0.0, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975)
NEAR = 0.6
"""Cosine from which another real question is a hard negative."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A real question. Those with the same group, or an answer in common, may be the same question."""

    text: str
    set: str
    subject: str
    """Passage, page or dialogue."""
    answers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pair:
    kind: str
    same: bool
    one: str
    other: str


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def judged(folder: Path) -> dict[str, set[str]]:
    """Query -> relevant documents, of the train and dev splits."""
    relevant: dict[str, set[str]] = defaultdict(set)
    for split in ("train", "dev"):
        path = folder / "qrels" / f"{split}.tsv"
        for line in path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else ():
            query, document, score = line.split("\t")
            if int(score) > 0:
                relevant[query].add(document)
    return relevant


def questions(data: Path) -> list[Asked]:
    """All questions of the train and dev splits that are asked outside of a conversation."""
    found = []
    for name in ("squad_dev", "medquad", "docs_tech", "mtrag_human"):
        relevant = judged(data / name)
        given = {}
        if name == "squad_dev":
            given = {r["query_id"]: r["answers"] for r in rows(data / name / "answers.jsonl.gz")}
        for row in rows(data / name / "queries.jsonl.gz"):
            if row["_id"] not in relevant or row["metadata"].get("history"):
                continue
            documents, about = sorted(relevant[row["_id"]]), row["metadata"]
            answers = given.get(row["_id"]) or documents
            if name == "medquad":
                answers = [*documents, f"{about['group']} {about['qtype']}"]
            found.append(Asked(row["text"], name, documents[0], frozenset(a.lower() for a in answers)))
    for row in rows(data / "squad_dev" / "unanswerable.jsonl.gz"):
        if row["split"] in ("train", "dev"):
            found.append(Asked(row["text"], "unanswerable", row["about"], frozenset()))
    for row in rows(data / "canard_dev" / "rewrites.jsonl.gz"):
        if row["split"] != "test":
            found.append(Asked(row["rewrite"], "canard_dev", row["title"], frozenset({row["title"].lower()})))
    return list({asked.text.lower(): asked for asked in found if len(asked.text.split()) > 2}.values())


def half_of(question: str) -> str:
    return (
        "held-out" if hashlib.blake2b(question.lower().encode(), digest_size=1).digest()[0] & 1 else "tuning"
    )


class Vectors:
    """Vectors of questions, each embedded once, as serving does it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}

    def of(self, texts: Iterable[str]) -> NDArray[np.float32]:
        texts = list(texts)
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        with ThreadPoolExecutor(2) as pool:
            self._known.update(zip(new, pool.map(self._embedder.embed_query, new), strict=True))
        return np.stack([self._known[text] for text in texts])


def generated(asked: list[Asked], limit: int, chance: random.Random) -> list[Pair]:
    """At most so many pairs of each kind that is made by rule."""
    names: dict[str, list[str]] = defaultdict(list)
    for one in asked:
        names[one.set].extend(names_in(one.text))
        names[one.subject].extend(names_in(one.text))
    pairs = []
    for is_same, makes in ((False, DIFFERENT), (True, SAME)):
        for kind, make in makes.items():
            made: list[Pair] = []
            for one in chance.sample(asked, len(asked)):
                near = (
                    sorted(set(names[one.subject]))
                    if len(set(names[one.subject])) > 3
                    else sorted(set(names[one.set]))
                )
                other = make(one.text, chance, near)
                if (other and other.lower() != one.text.lower()) or (other and kind == "typing"):
                    made.append(Pair(kind, is_same, one.text, other))
            pairs += _spread(made, limit)
    product = [one for one in asked if one.set == "docs_tech"]
    rest = chance.sample([one for one in asked if one.set != "docs_tech"], limit)
    for one in itertools.islice(itertools.chain(product * 3, rest), limit):
        pairs.append(Pair("another version", False, *versions(one.text, chance)))
    return pairs


def _spread(pairs: list[Pair], limit: int) -> list[Pair]:
    return list(dict.fromkeys(pairs))[:limit]


def natural(asked: list[Asked], vectors: Vectors, limit: int) -> list[Pair]:
    """The nearest real questions that have another answer; nearest first."""
    matrix = vectors.of(one.text for one in asked)
    kinds: dict[str, list[tuple[float, Pair]]] = defaultdict(list)
    for i, one in enumerate(asked):
        cosines = matrix @ matrix[i]
        taken: dict[str, int] = defaultdict(int)
        for j in np.argsort(-cosines)[1:60]:
            other = asked[j]
            kind = _kind(one, other)
            if cosines[j] >= NEAR and kind and taken[kind] < 2:
                taken[kind] += 1
                first, second = sorted((one.text, other.text))
                kinds[kind].append((float(cosines[j]), Pair(kind, False, first, second)))
    return [
        pair
        for kind in sorted(kinds)
        for pair in _spread([pair for _, pair in sorted(kinds[kind], key=lambda found: -found[0])], limit)
    ]


def _kind(one: Asked, other: Asked) -> str | None:
    """Which hard negative two real questions are; None where they may have the same answer."""
    sets = {one.set, other.set}
    if sets == {"unanswerable", "squad_dev"}:
        return "SQuAD's unanswerable beside an answerable one" if one.subject == other.subject else None
    if "unanswerable" in sets or one.answers & other.answers:
        return None
    if one.subject != other.subject:
        return "nearest real question, other passage"
    return "nearest real question, same passage" if one.set == "squad_dev" else None


def by_hand(path: Path) -> list[Pair]:
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["same"]:
            found.append(Pair(f"by hand: {row['kind']}", True, *row["questions"]))
        else:
            found += [
                Pair(f"by hand: {row['kind']}", False, a, b)
                for a, b in itertools.combinations(row["questions"], 2)
            ]
    return found


def upper(events: int, trials: int, level: float = 0.95) -> float:
    """The upper end of the two-sided Clopper-Pearson interval, by bisection on the binomial distribution."""
    return 1 - _lower(trials - events, trials, level)


def lower(events: int, trials: int, level: float = 0.95) -> float:
    """The lower end of it."""
    return _lower(events, trials, level)


def _lower(events: int, trials: int, level: float) -> float:
    if events == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_least(events, trials, middle) < (1 - level) / 2 else (low, middle)
    return low


def _at_least(events: int, trials: int, share: float) -> float:
    """Probability of so many events or more; summed from the largest term down, so that it is exact for small tails."""
    if share in (0.0, 1.0):
        return share

    def term(k: int) -> float:
        ways = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        return math.exp(ways + k * math.log(share) + (trials - k) * math.log1p(-share))

    return math.fsum(term(k) for k in range(events, trials + 1))


def outcomes(pairs: list[Pair], vectors: Vectors) -> list[tuple[Pair, float, bool]]:
    """Each pair with its cosine and whether the two are read as the same."""
    one, other = vectors.of(p.one for p in pairs), vectors.of(p.other for p in pairs)
    cosines = np.einsum("ij,ij->i", one, other)
    return [
        (pair, float(cosine), same(read(pair.one), read(pair.other)))
        for pair, cosine in zip(pairs, cosines, strict=True)
    ]


def table(results: list[tuple[Pair, float, bool]], threshold: float) -> list[dict[str, Any]]:
    """A line for each kind, then the totals."""
    lines = []
    for is_same in (False, True):
        of_kind: dict[str, list[tuple[float, bool]]] = defaultdict(list)
        for pair, cosine, alike in results:
            if pair.same is is_same:
                of_kind[pair.kind].append((cosine, alike))
        made = [found for kind, found in of_kind.items() if not kind.startswith("by hand")]
        hand = [found for kind, found in of_kind.items() if kind.startswith("by hand")]
        of_kind["all, made and found"] = list(itertools.chain.from_iterable(made))
        of_kind["all, by hand"] = list(itertools.chain.from_iterable(hand))
        for kind, found in of_kind.items():
            if found:
                hits = sum(alike and cosine >= threshold for cosine, alike in found)
                lines.append(
                    {
                        "kind": kind,
                        "same": is_same,
                        "pairs": len(found),
                        "hits": hits,
                        "share": hits / len(found),
                        "upper": upper(hits, len(found)),
                        "lower": lower(hits, len(found)),
                        "by_cosine_alone": sum(c >= threshold for c, _ in found) / len(found),
                        "median_cosine": statistics.median(c for c, _ in found),
                    }
                )
    return lines


def sweep(results: list[tuple[Pair, float, bool]]) -> list[dict[str, float]]:
    """What each threshold would do to the pairs made and found, with and without the reading."""
    lines = []
    for threshold in THRESHOLDS:
        line: dict[str, float] = {"threshold": threshold}
        for is_same, name in ((False, "false_hits"), (True, "hits")):
            found = [
                (c, alike)
                for p, c, alike in results
                if p.same is is_same and not p.kind.startswith("by hand")
            ]
            line[name] = sum(alike and c >= threshold for c, alike in found) / len(found)
            line[f"{name}_by_cosine_alone"] = sum(c >= threshold for c, _ in found) / len(found)
        lines.append(line)
    return lines


async def cost(texts: list[str], vectors: Vectors, remembered: int) -> dict[str, float]:
    """Microseconds of one look-up with so many questions remembered; the embedding not counted."""
    cache = SemanticCache(remembered=remembered)
    matrix = vectors.of(texts[:1000])
    for i in range(remembered):
        text = texts[i % len(texts)]
        cache.add("partition", text if i < len(texts) else f"{text} #{i}", matrix[i % 1000], str(i))
    vector = matrix[0]

    async def embed(text: str) -> NDArray[np.float32]:
        return vector

    async def median(asked: Callable[[str], str]) -> float:
        spent = []
        for text in texts[:1000]:
            question = asked(text)
            started = time.perf_counter()
            await cache.find("partition", question, embed)
            spent.append(time.perf_counter() - started)
        return statistics.median(spent) * 1e6

    started = time.perf_counter()
    big = np.tile(matrix, (-(-remembered // 1000), 1))[:remembered]
    started = time.perf_counter()
    for _ in range(50):
        int((big @ vector).argmax())
    scan = (time.perf_counter() - started) / 50 * 1e6
    return {
        "remembered": cache.size,
        "miss_us": await median(lambda text: f"{text} zzz"),
        "hit_us": await median(lambda text: f"please, {text}"),
        "exact_scan_us": scan,
    }


def measure(model: Path, data: Path, half: str, limit: int, hand: Path) -> dict[str, Any]:
    vectors = Vectors(Embedder(model))
    asked = [one for one in questions(data) if half_of(one.text) == half]
    chance = random.Random(f"semantic {half}")
    pairs = generated(asked, limit, chance) + natural(asked, vectors, limit)
    pairs += by_hand(hand) if hand.exists() else []
    results = outcomes(pairs, vectors)
    texts = [one.text for one in asked]
    return {
        "half": half,
        "questions": len(asked),
        "threshold": THRESHOLD,
        "kinds": table(results, THRESHOLD),
        "thresholds": sweep(results),
        "cost": [asyncio.run(cost(texts, vectors, n)) for n in (1_000, 10_000)],
        "false_hits": [
            [p.kind, p.one, p.other, c] for p, c, alike in results if alike and not p.same and c >= THRESHOLD
        ],
        "missed": [
            [p.kind, p.one, p.other, c]
            for p, c, alike in results
            if p.same and not (alike and c >= THRESHOLD)
        ],
    }


def show(result: dict[str, Any], examples: int) -> None:
    print(f"{result['half']} half: {result['questions']} questions, threshold {result['threshold']}\n")
    for is_same, title in ((False, "hard negatives"), (True, "paraphrases")):
        bound = "lower" if is_same else "upper"
        print(f"{title:46} {'pairs':>6} {'hits':>5} {'share':>8} {bound + ' 95%':>10} {'cosine alone':>13}")
        for line in (line for line in result["kinds"] if line["same"] is is_same):
            print(
                f"{line['kind']:46} {line['pairs']:6} {line['hits']:5} {line['share']:8.2%} {line[bound]:10.2%} "
                f"{line['by_cosine_alone']:13.1%}"
            )
        print()
    for line in result["thresholds"]:
        print("  ".join(f"{name} {value:.4f}" for name, value in line.items()))
    for line in result["cost"]:
        print("  ".join(f"{name} {value:.0f}" for name, value in line.items()))
    for name in ("false_hits", "missed"):
        by_kind = itertools.groupby(result[name], key=lambda found: found[0])
        for kind, found in by_kind:
            for _, one, other, cosine in itertools.islice(found, examples):
                print(f"{name} {kind}: {one} | {other} ({cosine:.3f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--half", choices=("tuning", "held-out"), default="held-out")
    parser.add_argument("--limit", type=int, default=400, help="pairs of one kind")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--show", type=int, default=0, help="examples of each kind that were wrong")
    arguments = parser.parse_args()
    result = measure(arguments.model, arguments.data, arguments.half, arguments.limit, HAND)
    if arguments.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        show(result, arguments.show)


if __name__ == "__main__":
    main()
