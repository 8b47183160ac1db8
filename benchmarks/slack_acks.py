"""How fast Slack is answered while 200 events come at once and the language model takes 20 s for each.

    python benchmarks/slack_acks.py [--events 200] [--model-s 20] [--clicks 40] [--json]

Starts the real process, `answerloop serve --only slack`, on a scratch home with the example documents, against the local
Slack, in Socket Mode and then over HTTP. A mention is two events, so half as many questions are asked, in 20 channels. While
they are being answered, people click 👍 and use the command. Slack waits three seconds for each acknowledgement.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bot_process import QUESTIONS, installed, percentile, serving, slow_model  # noqa: E402
from tests.servers.slack import LocalSlack, elements  # noqa: E402

CHANNELS = 20
ASKERS = 10


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def measured(mode: str, home: Path, events: int, model_s: float, clicks: int) -> dict[str, object]:
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events" if mode == "http" else None
    with LocalSlack(events_url=url) as slack, slow_model(model_s) as model:
        own = {"ANSWERLOOP_SLACK__MODE": mode, "ANSWERLOOP_SLACK__PORT": str(port)}
        with serving("slack", home, {**slack.environment, **own, **model}):
            return burst(slack, mode, events, clicks)


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
