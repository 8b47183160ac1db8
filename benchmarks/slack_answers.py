"""What a Slack bot costs: its start, its memory, a lone question, and many a second for a minute, answered by quoting.

    python benchmarks/slack_answers.py [--questions 10] [--per-second 20] [--seconds 60] [--json]

Starts the real process, `answerloop serve --only slack`, on a scratch home with the example documents, against the local
Slack in Socket Mode, which takes one post a second in each channel, and answers 429 to more. A sign that a question was
seen is 👀, a status, or the beginning of the answer, whichever comes first. Needs psutil, which the extra dev has.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bot_process import QUESTIONS, answers, percentile  # noqa: E402
from tests.servers.slack import LocalSlack  # noqa: E402

CHANNELS = 20
SIGNS = ("reactions.add", "assistant.threads.setStatus", "chat.startStream", "chat.postMessage")


def lone(slack: LocalSlack, number: int) -> tuple[float, float]:
    """Seconds to the first sign, and to the answer as it stays."""
    anna, channel = slack.user("U0ANNA"), f"C0LONE{number}"
    before = len(slack.calls())
    began = time.monotonic()
    asked = anna.asks(channel, QUESTIONS[number % len(QUESTIONS)])
    slack.wait(lambda: answered(slack, channel, asked), within_s=30)
    took = time.monotonic() - began
    signs = [call.answered_at for call in slack.calls()[before:] if call.method in SIGNS and call.ok]
    return min(signs) - began, took


def answered(slack: LocalSlack, channel: str, asked: str) -> bool:
    """Its buttons are there."""
    return any('"feedback_buttons"' in json.dumps(each.blocks) for each in slack.answers(channel, asked))


def sustained(
    slack: LocalSlack, process: psutil.Process, per_second: float, seconds: float
) -> dict[str, object]:
    asked: list[tuple[str, str]] = []
    before, calls, began = len(slack.acks), len(slack.calls()), time.monotonic()
    memory = [process.memory_info().rss]
    slack.pace("chat.postMessage", 1.0)
    people = [slack.user(f"U0MANY{number}") for number in range(50)]
    while (passed := time.monotonic() - began) < seconds:
        if len(asked) <= passed * per_second:
            number = len(asked)
            channel = f"C0MANY{number % CHANNELS}"
            text = f"{QUESTIONS[number % len(QUESTIONS)]} ({number})"
            asked.append((channel, people[number % len(people)].asks(channel, text)))
        else:
            time.sleep(0.005)
    until(lambda: all(answered(slack, *each) for each in asked), 300)
    took = time.monotonic() - began
    memory.append(process.memory_info().rss)
    acks = [ack.latency_s for ack in slack.acks[before:]]
    posts = slack.calls("chat.postMessage")
    return {
        "questions": len(asked),
        "answered": sum(answered(slack, *each) for each in asked),
        "answered twice": sum(len(slack.answers(*each)) > 1 for each in asked),
        "all answered after_s": round(took, 1),
        "acks_p50_ms": round(percentile(acks, 0.5) * 1e3),
        "acks_p99_ms": round(percentile(acks, 0.99) * 1e3),
        "sent again": sum(len(each.attempts) - 1 for each in slack.deliveries),
        "calls": len(slack.calls()) - calls,
        "posts refused with 429": sum(call.status == 429 for call in posts),
        "memory_mb": [round(each / 1e6) for each in memory],
    }


def until(condition: Callable[[], bool], within_s: float) -> None:
    """Looked at seldom: looking costs the local Slack time."""
    end = time.monotonic() + within_s
    while not condition() and time.monotonic() < end:
        time.sleep(1)


if __name__ == "__main__":
    with LocalSlack() as opened:
        answers(__doc__ or "", "slack", opened, lone, sustained)
