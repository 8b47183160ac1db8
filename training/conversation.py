"""Fits rag_core/conversation/fitted.json: which of the things spoken of a follow-up question means.

    python -m training.conversation CANARD MTRAG [DIR ...]

CANARD and MTRAG are folders with rewrites.jsonl.gz, DIR judged sets in BEIR layout whose training questions stand alone.

1. Every question that a person rewrote becomes an example: the things that the turns before it speak of, of which those are
   right whose words the person added. Where none is, 'none of them' is right.
2. Questions that stand alone, put behind turns that have nothing to do with them, are examples in which none is right.
3. A softmax for each group of slots is fitted on the training parts. The turns before a question are rewritten by what was
   fitted so far, as they will be in use; so this is done twice.

How sure is sure enough is no matter of fitting: rules.SURE.

Of MTRAG, conversations with judgements in qrels/test.tsv are left out altogether and those in qrels/dev.tsv of the fitting.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from rag_core.conversation import choosing, rules
from rag_core.conversation.choosing import FITTED, eligible
from rag_core.conversation.features import (
    CANDIDATE_FEATURES,
    NULL_FEATURES,
    TITLE_CANDIDATE_FEATURES,
    TITLE_NULL_FEATURES,
    features,
)
from rag_core.conversation.mentions import Mention, content_stems, mentions
from rag_core.conversation.slots import Group, slots
from rag_core.conversation.told import told
from rag_core.types import Turn
from training.evaluate.conversation import alternating, untitled

ROUNDS = 2
PENALTY = 2e-3
"""On the squared weights."""
SWITCHES = 900
"""Questions put behind turns that have nothing to do with them."""
TITLED_SWITCHES = 3000
"""More of them behind turns that cite titles, for the weights of titles alone."""
FURTHER = 0.33
"""Of answers, those that cite a further document in fitting."""
ASTRAY = 0.1
"""Of conversations, those whose answers cite a document that is named after something else."""
MADE = 1500
"""Follow-ups made of pairs of questions."""
MADE_WEIGHT = 0.7
NONE_WEIGHT = 0.4
"""Of CANARD's questions without a pronoun: nearly all lean on what was said, which is so nowhere else."""
GROUPS: tuple[Group, ...] = get_args(Group)
PARTS = {
    "candidate": CANDIDATE_FEATURES,
    "title_candidate": TITLE_CANDIDATE_FEATURES,
    "null": NULL_FEATURES,
    "title_null": TITLE_NULL_FEATURES,
}
"""The weights of a group, in the order of an example's columns."""
Weights = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question after turns, and how a person made it stand alone."""

    turns: tuple[Turn, ...]
    question: str
    rewrite: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Example:
    candidates: NDArray[np.float64]
    null: NDArray[np.float64]
    right: NDArray[np.bool_]
    """(candidates,)"""
    weight: float


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def canard(folder: Path, split: str) -> list[Asked]:
    """Those with turns before them."""
    return [
        Asked(alternating(row["history"], row.get("title", "")), row["question"], row["rewrite"])
        for row in _rows(folder / "rewrites.jsonl.gz")
        if row["split"] == split and row["history"]
    ]


def distracted(asked: Sequence[Asked], titles: Sequence[str], seed: int) -> list[Asked]:
    """What is cited is not always what is spoken of: in some conversations all answers cite a document that is named after
    something else, and in the others some cite a further one, half of these before the right one."""
    chance = random.Random(seed)

    def cited(turn: Turn, instead: str) -> Turn:
        if not turn.titles:
            return turn
        other = (instead or chance.choice(titles),)
        if instead:
            return replace(turn, titles=other)
        if chance.random() > FURTHER:
            return turn
        return replace(turn, titles=turn.titles + other if chance.random() < 0.5 else other + turn.titles)

    found = []
    for one in asked:
        instead = chance.choice(titles) if chance.random() < ASTRAY else ""
        found.append(replace(one, turns=tuple(cited(turn, instead) for turn in one.turns)))
    return found


def mtrag(folder: Path, weight: float = 2.0) -> list[Asked]:
    """Conversations without judgements; only their questions are known."""
    judged = {
        line.split("<")[0]
        for split in ("dev", "test")
        for line in (folder / "qrels" / f"{split}.tsv").read_text().splitlines()
    }
    return [
        Asked(tuple(Turn("user", q) for q in row["questions"][:-1]), row["lastturn"], row["rewrite"], weight)
        for row in _rows(folder / "rewrites.jsonl.gz")
        if row["_id"].split("<")[0] not in judged and len(row["questions"]) > 1
    ]


def _untitled(asked: Sequence[Asked]) -> list[Asked]:
    return [replace(one, turns=untitled(one.turns)) for one in asked]


def standing_alone(folders: Sequence[Path], split: str) -> list[str]:
    """Questions of the split of judged sets."""
    found: list[str] = []
    for folder in folders:
        path = folder / "qrels" / f"{split}.tsv"
        if path.is_file():
            ids = {line.split("\t")[0] for line in path.read_text().splitlines()}
            found += [row["text"] for row in _rows(folder / "queries.jsonl.gz") if row["_id"] in ids]
    return found


def switches(asked: Sequence[Asked], alone: Sequence[str], seed: int, most: int = SWITCHES) -> list[Asked]:
    """Questions that stand alone, behind turns about something else; every third behind questions of its own set."""
    chance = random.Random(seed)
    questions = chance.sample(list(alone), min(most, len(alone)))
    made = []
    for n, question in enumerate(questions):
        turns = chance.choice(asked).turns
        if n % 3 == 0:
            turns = tuple(Turn("user", text) for text in chance.sample(list(alone), 2))
        made.append(Asked(turns, question, question))
    return made


def made(
    folders: Sequence[Path], split: str, seed: int, most: int = MADE, titled: bool = False
) -> list[Asked]:
    """Follow-ups made of pairs of questions about the same document: what both name becomes a pronoun in the second, or is
    left out of it. titled: answers cite their document."""
    chance = random.Random(seed)
    found: list[Asked] = []
    for folder in folders:
        found += _made_of(folder, split, chance)
    kept = chance.sample(found, min(most, len(found)))
    return kept if titled else _untitled(kept)


def _made_of(folder: Path, split: str, chance: random.Random) -> Iterator[Asked]:
    texts = {row["_id"]: (row["text"], row.get("title", "")) for row in _rows(folder / "corpus.jsonl.gz")}
    questions = {row["_id"]: row for row in _rows(folder / "queries.jsonl.gz")}
    together: dict[str, list[tuple[str, tuple[str, str]]]] = {}
    for line in (folder / "qrels" / f"{split}.tsv").read_text().splitlines()[1:]:
        query, id, _ = line.split("\t")
        subject = questions[query].get("metadata", {}).get("focus") or id
        together.setdefault(subject, []).append((questions[query]["text"], texts[id]))
    others = [pair for pairs in together.values() for pair in pairs]
    for pairs in together.values():
        chance.shuffle(pairs)
        for (first, document), (second, _) in itertools.pairwise(pairs):
            shared = [m for m in mentions(second) if m.stems <= content_stems(first) and not m.initial]
            shared = [m for m in shared if m.kind == "noun" or m.after not in ("in", "at", "from", "on", ",")]
            if not shared or (asked := _leaning(second, chance.choice(shared), chance)) is None:
                continue
            if any(slot.led for slot in slots(asked)):
                continue
            before = _said(*chance.choice(others), chance) if chance.random() < 0.4 else ()
            yield Asked((*before, *_said(first, document, chance)), asked, second, MADE_WEIGHT)


def _said(question: str, document: tuple[str, str], chance: random.Random) -> tuple[Turn, ...]:
    """document: its text and its title."""
    text, title = document
    answer = Turn("assistant", text[: chance.randint(60, 400)], titles=(title.split(" › ")[0],))
    return (Turn("user", question), answer)[: chance.randint(1, 2)]


def _leaning(question: str, mention: Mention, chance: random.Random) -> str | None:
    """The question with a pronoun for the mention, or without it; None where nothing else would be left."""
    named = re.escape(mention.text)
    pattern = (
        rf"(?P<before>\b(?:of|for|in|with|to|about|on|from|by) )?(?:\b(?:the|a|an) )?{named}(?P<own>['’]s?)?"
    )
    match = re.search(pattern, question)
    if match is None or len(content_stems(question) - mention.stems) < 1:
        return None
    plural = mention.head.endswith("s") and not mention.head.endswith("ss")
    if match["before"] and not match["own"] and chance.random() < 0.4:
        return question[: match.start()].rstrip() + question[match.end() :]
    if match["own"]:
        pronoun = "their" if plural else "its"
    elif plural:
        pronoun = "them" if match["before"] else "they"
    else:
        pronoun = chance.choice(["it", "it", "this", "that"])
    return question[: match.start()] + (match["before"] or "") + pronoun + question[match.end() :]


def examples(asked: Sequence[Asked]) -> Iterator[tuple[Group, Example]]:
    """One for each slot of each question that rules alone do not see to."""
    for one in asked:
        thread = rules.thread_of(one.turns)
        own, wanted = content_stems(one.question), content_stems(one.rewrite)
        everything = told(thread.turns, thread.stood)
        for slot in slots(one.question):
            if not (left := eligible(slot, own, everything)):
                continue
            rows, null = features(one.question, slot, left, everything)
            right = np.array([t.mention.stems <= wanted for t in left])
            if slot.led and slot.group in ("thing", "plural"):
                continue
            weight = one.weight * (
                NONE_WEIGHT
                if slot.group == "none" and one.weight == 1.0 and one.rewrite != one.question
                else 1
            )
            yield slot.group, Example(rows, null, right, weight)


def fit(kept: Sequence[Example], fitted: Weights | None = None) -> Weights:
    """The weights that make what is right likeliest, summed over all that are right (Naïve marginal likelihood).

    fitted: of turns without titles; those of titles are added to them. None: fit these.
    """
    from scipy.optimize import minimize

    wide = kept[0].candidates.shape[1]
    free = _free(titles=fitted is not None)
    start = np.concatenate(list(fitted.values())) if fitted else np.zeros(len(free))
    sizes = np.array([len(e.right) for e in kept])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    owner = np.repeat(np.arange(len(kept)), sizes)
    rows, nulls = np.concatenate([e.candidates for e in kept]), np.array([e.null for e in kept])
    right = np.concatenate([e.right for e in kept]).astype(float)
    none_right = np.array([not e.right.any() for e in kept], float)
    weight = np.array([e.weight for e in kept]) / sum(e.weight for e in kept)

    def loss(part: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w = start.copy()
        w[free] = part
        scores, null = rows @ w[:wide], nulls @ w[wide:]
        top = np.maximum(np.maximum.reduceat(scores, starts), null)
        shares, null_share = np.exp(scores - top[owner]), np.exp(null - top)
        total = np.add.reduceat(shares, starts) + null_share
        good = np.add.reduceat(shares * right, starts) + null_share * none_right
        value = -(weight * np.log(good / total)).sum() + PENALTY * (part**2).sum()
        d_rows = (shares / total[owner] - shares * right / good[owner]) * weight[owner]
        d_null = (null_share / total - null_share * none_right / good) * weight
        return value, np.concatenate([d_rows @ rows, d_null @ nulls])[free] + 2 * PENALTY * part

    best = minimize(loss, np.zeros(free.sum()), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    start[free] = np.round(best.x, 4)
    return dict(
        zip(PARTS, np.split(start, np.cumsum([len(names) for names in PARTS.values()])[:-1]), strict=True)
    )


def _free(titles: bool) -> NDArray[np.bool_]:
    """Which weights are fitted: those of titles, or all others."""
    return np.concatenate(
        [np.full(len(names), part.startswith("title") == titles) for part, names in PARTS.items()]
    )


def added(asked: Sequence[Asked]) -> dict[str, float]:
    """Of the content words that people added, how many the rules add; of those that rules add, how many people did; how many
    questions are changed."""
    wanted = gave = both = changed = 0
    for one in asked:
        own = content_stems(one.question)
        text = rules.stand_alone(one.question, one.turns).text
        theirs, ours = content_stems(one.rewrite) - own, content_stems(text) - own
        wanted, gave, both = wanted + len(theirs), gave + len(ours), both + len(theirs & ours)
        changed += text != one.question
    return {
        "recall": round(both / max(wanted, 1), 4),
        "precision": round(both / max(gave, 1), 4),
        "changed": round(changed / max(len(asked), 1), 4),
    }


def write(groups: Mapping[Group, Weights]) -> None:
    kept = {group: {part: w.tolist() for part, w in weights.items()} for group, weights in groups.items()}
    FITTED.write_text(
        json.dumps({"made_by": "training/conversation.py", "groups": kept}, indent=1) + "\n",
        encoding="utf-8",
    )
    choosing.forget()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("canard", type=Path)
    parser.add_argument("mtrag", type=Path)
    parser.add_argument("alone", type=Path, nargs="*")
    args = parser.parse_args()
    asked = canard(args.canard, "train") + mtrag(args.mtrag)
    asked += made(args.alone, "train", seed=3, titled=True)
    asked += switches(asked, standing_alone(args.alone, "train"), seed=1)
    dev = canard(args.canard, "dev")
    leaning = made(args.alone, "dev", seed=4, titled=True)
    strange = switches(dev, standing_alone(args.alone, "dev"), seed=2)
    others = sorted({title for one in asked for turn in one.turns for title in turn.titles})
    titled = [one for one in asked if any(turn.titles for turn in one.turns)]
    titled = asked + switches(titled, standing_alone(args.alone, "train"), seed=6, most=TITLED_SWITCHES)
    titled = distracted(titled, others, seed=5)
    none = {part: np.zeros(len(names)) for part, names in PARTS.items()}
    none["null"][0] = 9.0
    groups: dict[Group, Weights] = dict.fromkeys(GROUPS, none)
    write(groups)
    for fitted_on, titles in ((_untitled(asked), False), (titled, True)):
        for _ in range(ROUNDS):
            by_group: dict[Group, list[Example]] = {group: [] for group in GROUPS}
            for group, example in examples(fitted_on):
                by_group[group].append(example)
            groups = {group: fit(kept, groups[group] if titles else None) for group, kept in by_group.items()}
            write(groups)
        for name, some in (
            ("dev", dev),
            ("made", leaning),
            ("switches", strange),
            ("mtrag", mtrag(args.mtrag)),
        ):
            print(
                titles, name, "without titles", added(_untitled(some)), "with", added(some), file=sys.stderr
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
