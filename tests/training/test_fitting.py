"""The command line of the scripts that fit numbers on judged sets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rag_core.errors import NotFound
from training.fitting import run


async def counted(model: Path, sets: Sequence[Path]) -> dict[str, Any]:
    if not sets[0].exists():
        raise NotFound(f"There is no {sets[0].name}.")
    return {"model": model.name, "sets": len(sets)}


def test_what_is_fitted_is_written_and_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """To the file that --out names."""
    out = tmp_path / "numbers.json"
    monkeypatch.setattr("sys.argv", ["fit", "minilm", str(tmp_path), str(tmp_path), "--out", str(out)])
    assert run("training.fit", counted, tmp_path / "default.json") == 0
    assert json.loads(out.read_text(encoding="utf-8")) == {"model": "minilm", "sets": 2}
    assert json.loads(capsys.readouterr().out) == {"model": "minilm", "sets": 2}
    assert not (tmp_path / "default.json").exists()


def test_what_cannot_be_read_is_a_sentence_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["fit", "minilm", str(tmp_path / "absent")])
    assert run("training.fit", counted, tmp_path / "default.json") == 1
    assert capsys.readouterr().err == "There is no absent.\n"
    assert list(tmp_path.iterdir()) == []
