"""How fast Slack is answered while 200 events come at once and the language model takes 20 s for each.

    python benchmarks/slack_acks.py [--events 200] [--model-s 20] [--clicks 40] [--json]

Starts the real process, `answerloop serve --only slack`, on a scratch home with the example documents, against the local
Slack, in Socket Mode and then over HTTP. A mention is two events, so half as many questions are asked, in 20 channels. While
they are being answered, people click 👍 and use the command. Slack waits three seconds for each acknowledgement.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.conftest import EXPORTED  # noqa: E402
from tests.servers.language_model import LanguageServer, Reply  # noqa: E402
from tests.servers.slack import LocalSlack, elements  # noqa: E402

COMMAND = [sys.executable, "-c", "from bots.cli import main; main()"]
QUESTIONS = [
    json.loads(line)["question"] for line in (ROOT / "examples" / "questions.jsonl").open(encoding="utf-8")
]
CHANNELS = 20
ASKERS = 10


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
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSWERLOOP_", "SLACK_"))
    }
    return {**own, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", **variables}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def measured(mode: str, home: Path, events: int, model_s: float, clicks: int) -> dict[str, object]:
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events" if mode == "http" else None
    slow = lambda asked: Reply.text("It takes 27 days [1].", before_first_s=model_s)  # noqa: E731
    with LocalSlack(events_url=url) as slack, LanguageServer(answering=slow) as model:
        variables = {
            **slack.environment,
            "ANSWERLOOP_SLACK__MODE": mode,
            "ANSWERLOOP_SLACK__PORT": str(port),
            "ANSWERLOOP_GENERATOR__KIND": "openai",
            "ANSWERLOOP_GENERATOR__BASE_URL": model.url,
            "ANSWERLOOP_GENERATOR__MODEL": "scripted",
            "ANSWERLOOP_GENERATOR__FIRST_TOKEN_TIMEOUT_S": str(model_s + 60),
            "ANSWERLOOP_GENERATOR__TIMEOUT_S": str(model_s + 120),
        }
        with serving(home, variables):
            return burst(slack, mode, events, clicks)


@contextmanager
def serving(home: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The bot's process, once it is ready."""
    process = subprocess.Popen(
        [*COMMAND, "--home", str(home), "serve", "--only", "slack"],
        env=environment(variables), cwd=home, text=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert "ready" in process.stdout.readline()
        yield process
    finally:
        process.terminate()
        process.wait(30)


def burst(slack: LocalSlack, mode: str, events: int, clicks: int) -> dict[str, object]:
    askers = [slack.user(f"U0ASKER{number}") for number in range(ASKERS)]
    first = askers[0].asks("C0FIRST", QUESTIONS[0])
    slack.wait(lambda: slack.answers("C0FIRST", first), within_s=120)
    time.sleep(3)
    answer = slack.answers("C0FIRST", first)[0]
    [up] = [e["positive_button"]["value"] for _, e in elements(answer.blocks) if "positive_button" in e]
    before = len(slack.acks)
    slack.hold()
    for number in range(events // 2):
        text = f"{QUESTIONS[number % len(QUESTIONS)]} ({number})"
        askers[number % ASKERS].asks(f"C0MANY{number % CHANNELS}", text)
    started = time.monotonic()
    slack.let_go()
    for number in range(clicks):
        asker = askers[number % ASKERS]
        asker.clicks(answer, "answerloop_vote", up) if number % 2 else asker.runs("/ask", "help", "C0MANY0")
        time.sleep(0.05)
    slack.wait(lambda: slack.is_settled, within_s=60)
    acks = slack.acks[before:]
    took = time.monotonic() - started
    events_s = [ack.latency_s for ack in acks if ack.kind == "events_api"]
    rest_s = [ack.latency_s for ack in acks if ack.kind != "events_api"]
    sent = slack.deliveries
    return {
        "mode": mode,
        "events": len(events_s),
        "events_p50_ms": round(percentile(events_s, 0.5) * 1e3),
        "events_p99_ms": round(percentile(events_s, 0.99) * 1e3),
        "clicks and commands": len(rest_s),
        "clicks_p50_ms": round(percentile(rest_s, 0.5) * 1e3),
        "clicks_max_ms": round(max(rest_s) * 1e3),
        "not acknowledged": sum(not each.acked for each in sent),
        "sent again": sum(len(each.attempts) - 1 for each in sent),
        "took_s": round(took, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--model-s", type=float, default=20)
    parser.add_argument("--clicks", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    for mode in ("socket", "http"):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            installed(home)
            row = measured(mode, home, given.events, given.model_s, given.clicks)
            print(
                json.dumps(row)
                if given.json
                else "  ".join(f"{name}: {value}" for name, value in row.items())
            )


if __name__ == "__main__":
    main()
