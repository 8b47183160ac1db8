"""A bot's process to be measured: a scratch home with the example documents, and a language model that is slow."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.conftest import EXPORTED  # noqa: E402
from tests.servers.language_model import LanguageServer, Reply  # noqa: E402

COMMAND = [sys.executable, "-c", "from bots.cli import main; main()"]
QUESTIONS = [
    json.loads(line)["question"] for line in (ROOT / "examples" / "questions.jsonl").open(encoding="utf-8")
]


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def installed(home: Path) -> None:
    (home / "models").mkdir(parents=True)
    (home / "models" / EXPORTED).symlink_to(ROOT / ".cache" / "models" / EXPORTED)
    done = subprocess.run(
        [*COMMAND, "--home", str(home), "ingest", str(ROOT / "examples" / "documents")],
        env=environment({}), cwd=home, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr


def environment(variables: dict[str, str]) -> dict[str, str]:
    others = ("ANSWERLOOP_", "SLACK_", "DISCORD_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    return {**own, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", **variables}


@contextmanager
def slow_model(model_s: float) -> Iterator[dict[str, str]]:
    """What the bot's process needs to use it: a server that says nothing for so long."""
    slow = lambda asked: Reply.text("It takes 27 days [1].", before_first_s=model_s)  # noqa: E731
    with LanguageServer(answering=slow) as model:
        yield {
            "ANSWERLOOP_GENERATOR__KIND": "openai",
            "ANSWERLOOP_GENERATOR__BASE_URL": model.url,
            "ANSWERLOOP_GENERATOR__MODEL": "scripted",
            "ANSWERLOOP_GENERATOR__FIRST_TOKEN_TIMEOUT_S": str(model_s + 60),
            "ANSWERLOOP_GENERATOR__TIMEOUT_S": str(model_s + 120),
        }


@contextmanager
def serving(part: str, home: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The bot's process, once it is ready. part: as --only takes it."""
    process = subprocess.Popen(
        [*COMMAND, "--home", str(home), "serve", "--only", part],
        env=environment(variables), cwd=home, text=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert "ready" in process.stdout.readline()
        yield process
    finally:
        process.terminate()
        process.wait(30)
