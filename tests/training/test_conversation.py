"""What rewriting is fitted on: people's rewrites, follow-ups that were made, and changes of topic."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rag_core.conversation.choosing import FITTED
from rag_core.conversation.mentions import mentions
from rag_core.types import Turn
from training.conversation import (
    GROUPS,
    PARTS,
    Asked,
    Example,
    _leaning,
    canard,
    distracted,
    examples,
    fit,
    mtrag,
    switches,
)

WIDE = len(PARTS["candidate"] + PARTS["title_candidate"])
HIGH = len(PARTS["null"] + PARTS["title_null"])
BEFORE = (Turn("user", "What is the travel allowance?"), Turn("assistant", "It is 60 euros."))


def written(path: Path, rows: list[dict[str, Any]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def test_the_fitted_numbers_are_those_that_are_read() -> None:
    """A weight for each feature, for each group of slots; those of titles by themselves."""
    groups = json.loads(FITTED.read_text(encoding="utf-8"))["groups"]
    assert set(groups) == set(GROUPS)
    for weights in groups.values():
        assert {part: len(kept) for part, kept in weights.items()} == {p: len(n) for p, n in PARTS.items()}


def test_only_questions_of_the_split_with_turns_are_taken(tmp_path: Path) -> None:
    """Of CANARD the split that is asked for; answers cite the article they come from."""
    row = {"question": "Why?", "rewrite": "Why?", "history": ["Who?", "She."], "title": "Ada Lovelace"}
    written(
        tmp_path / "rewrites.jsonl.gz",
        [{**row, "split": "train"}, {**row, "split": "test"}, {**row, "history": [], "split": "train"}],
    )
    (asked,) = canard(tmp_path, "train")
    assert [turn.role for turn in asked.turns] == ["user", "assistant"]
    assert [turn.titles for turn in asked.turns] == [(), ("Ada Lovelace",)]


def test_judged_conversations_are_left_out(tmp_path: Path) -> None:
    """They are what is measured on: every turn of them, also those without a judgement."""
    (tmp_path / "qrels").mkdir()
    for split, id in (("dev", "a"), ("test", "b")):
        (tmp_path / "qrels" / f"{split}.tsv").write_text(f"query-id\tcorpus-id\tscore\n{id}<::>1\td\t1\n")
    row = {"questions": ["What?", "Why?"], "lastturn": "Why?", "rewrite": "Why?"}
    written(tmp_path / "rewrites.jsonl.gz", [{"_id": f"{id}<::>2", **row} for id in "abc"])
    assert len(mtrag(tmp_path)) == 1


def test_nothing_is_right_for_a_question_behind_other_turns() -> None:
    """Each is its own rewrite; the same seed gives the same."""
    asked = [Asked(BEFORE, "Who approves it?", "Who approves the travel allowance?")]
    alone = [f"Where is office number {n}?" for n in range(9)]
    made = switches(asked, alone, seed=1)
    assert made == switches(asked, alone, seed=1)
    assert all(one.question == one.rewrite in alone for one in made)
    assert not any(
        example.right.any() for _, example in examples([one for one in made if one.turns == BEFORE])
    )


def test_what_a_person_put_in_is_right() -> None:
    """Of all that the turns speak of."""
    ((group, example),) = examples([Asked(BEFORE, "Who approves it?", "Who approves the travel allowance?")])
    assert group == "thing"
    assert example.right.sum() == 1
    assert example.candidates.shape == (
        len(example.right),
        len(PARTS["candidate"] + PARTS["title_candidate"]),
    )


def test_a_follow_up_is_made_by_taking_a_mention_out() -> None:
    """A pronoun of its number takes its place, or it goes with its preposition."""
    question = "Who pays the travel allowance for guests?"
    by_text = {m.text: m for m in mentions(question)}
    made = {_leaning(question, by_text["guests"], random.Random(n)) for n in range(20)}
    assert made == {"Who pays the travel allowance for them?", "Who pays the travel allowance?"}


def test_the_fit_learns_what_tells_right_from_wrong() -> None:
    """On examples in which one feature does, it gets the largest weight."""
    chance = np.random.default_rng(0)
    kept = []
    for _ in range(60):
        rows = chance.integers(0, 2, (3, WIDE)).astype(float)
        rows[:, 2] = np.eye(3)[chance.integers(3)]
        kept.append(Example(rows, np.zeros(HIGH), rows[:, 2] == 1, 1.0))
    weights = fit(kept)["candidate"]
    assert int(np.argmax(weights)) == 2
    assert weights[2] > 3 * max(abs(w) for n, w in enumerate(weights) if n != 2)


def test_what_titles_tell_comes_on_top_of_the_rest() -> None:
    """Their weights are fitted last, and the others stay what they were: without titles nothing changes."""
    chance = np.random.default_rng(0)
    cited = len(PARTS["candidate"])
    kept = []
    for _ in range(60):
        rows = chance.integers(0, 2, (3, WIDE)).astype(float)
        rows[:, cited] = np.eye(3)[chance.integers(3)]
        kept.append(Example(rows, np.zeros(HIGH), rows[:, cited] == 1, 1.0))
    before = fit([replace(e, candidates=np.where(np.arange(WIDE) < cited, e.candidates, 0)) for e in kept])
    after = fit(kept, before)
    assert not before["title_candidate"].any()
    assert all(np.array_equal(before[part], after[part]) for part in ("candidate", "null"))
    assert int(np.argmax(after["title_candidate"])) == 0


def test_what_answers_cite_is_not_always_what_is_spoken_of() -> None:
    """In fitting, some conversations cite other documents alone, and some further ones; what cites nothing stays so."""
    cites = replace(BEFORE[1], titles=("Travel allowance",))
    asked = [Asked((*BEFORE, BEFORE[0], cites), "Who approves it?", "Who approves it?")] * 200
    found = [[turn.titles for turn in one.turns] for one in distracted(asked, ["Beacon"], seed=1)]
    assert {tuple(titles[:3]) for titles in found} == {((), (), ())}
    assert {titles[3] for titles in found} == {
        ("Travel allowance",),
        ("Beacon",),
        ("Travel allowance", "Beacon"),
        ("Beacon", "Travel allowance"),
    }
