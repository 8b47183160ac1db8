"""A bot's process to be measured: a scratch home with the example documents, and a language model that is slow."""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.conftest import EXPORTED  # noqa: E402
from tests.servers.language_model import LanguageServer, Reply  # noqa: E402


class Local(Protocol):
    """A local platform of the tests."""

    @property
    def environment(self) -> dict[str, str]:
        """For the bot's process."""


L = TypeVar("L", bound=Local)
Lone = Callable[[L, int], tuple[float, float]]
"""The question of this number -> seconds to the first sign, and to the answer as it stays."""
Sustained = Callable[[L, psutil.Process, float, float], dict[str, object]]
"""The bot's process, questions per second, and seconds -> what came of it."""

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


def answers(about: str, part: str, local: L, lone: Lone[L], sustained: Sustained[L]) -> None:
    """What a bot costs, printed: its start, its memory, lone questions, many a second. about: of the script. part: as --only
    takes it. local: the platform's, running. lone, sustained: a question, and many, asked there and answered."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--questions", type=int, default=10)
    parser.add_argument("--per-second", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        installed(home)
        began = time.monotonic()
        with serving(part, home, local.environment) as started:
            row: dict[str, object] = {"start_s": round(time.monotonic() - began, 2)}
            process = psutil.Process(started.pid)
            row["memory_at_rest_mb"] = round(process.memory_info().rss / 1e6)
            lone(local, 0)  # the first one opens the index
            times = [lone(local, number) for number in range(1, given.questions + 1)]
            row["first_sign_ms"] = round(statistics.median(sign for sign, _ in times) * 1e3)
            row["answer_ms"] = round(statistics.median(answer for _, answer in times) * 1e3)
            if given.seconds:
                row |= sustained(local, process, given.per_second, given.seconds)
    print(json.dumps(row) if given.json else "\n".join(f"{name}: {value}" for name, value in row.items()))
