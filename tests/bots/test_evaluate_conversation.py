"""`answerloop evaluate conversation`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bots.cli import app
from rag_core.errors import NotFound

ROW = {"history": ["Who leads the team?", "Ada Lovelace"], "question": "When did she start?"}


def test_a_set_of_rewrites_is_measured(home: Path, tmp_path: Path) -> None:
    """The last line is one object with the measures and what rewrote."""
    (tmp_path / "rewrites.jsonl").write_text(
        json.dumps({**ROW, "rewrite": "When did Ada Lovelace start?"}) + "\n"
    )
    done = CliRunner().invoke(app, ["--home", str(home), "evaluate", "conversation", str(tmp_path), "--json"])
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["term_recall"], result["term_precision"], result["changed"]) == (1.0, 1.0, 1.0)
    assert (result["rewrites"], result["rewriter"]) == (1, "rules")
    assert {"bleu", "rouge_l", "peak_mb"} <= set(result)


def test_a_set_without_conversations_is_an_error_that_says_what_is_needed(home: Path, tmp_path: Path) -> None:
    """A sentence and no traceback is made of it by the command's main."""
    done = CliRunner().invoke(app, ["--home", str(home), "evaluate", "conversation", str(tmp_path)])
    assert done.exit_code == 1
    with pytest.raises(NotFound, match=r"rewrites\.jsonl"):
        raise done.exception or AssertionError
