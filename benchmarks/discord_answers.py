"""What a Discord bot costs: its start, its memory, a lone question, and many a second for a minute, answered by quoting.

    python benchmarks/discord_answers.py [--questions 10] [--per-second 20] [--seconds 60] [--json]

Starts the real process, `answerloop serve --only discord`, on a scratch home with the example documents, against the local
Discord with the rate limits that Discord has for each channel. Every question is a mention; the sign that it was seen is
'is typing'. Needs psutil, which the extra dev has.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bot_process import QUESTIONS, answers  # noqa: E402
from tests.servers.discord import LocalDiscord, Message  # noqa: E402

CHANNELS = 20
SIGNS = ("POST /channels/{channel}/typing", "POST /channels/{channel}/messages")


def answered(local: LocalDiscord, channel: str) -> list[Message]:
    """What has its buttons."""
    return [message for message in local.answers(channel) if message.components]


def lone(local: LocalDiscord, number: int) -> tuple[float, float]:
    """Seconds to the first sign, and to the answer as it stays."""
    anna, channel = local.user("Anna"), f"lone-{number}"
    local.channel(channel)
    before, began = len(local.calls()), time.monotonic()
    anna.asks(channel, QUESTIONS[number % len(QUESTIONS)])
    local.wait(lambda: answered(local, channel), within_s=30)
    took = time.monotonic() - began
    signs = [call.answered_at for call in local.calls()[before:] if call.route in SIGNS]
    return min(signs) - began, took


def sustained(
    local: LocalDiscord, process: psutil.Process, per_second: float, seconds: float
) -> dict[str, object]:
    people = [local.user(f"Asker {number}") for number in range(50)]
    channels = [local.channel(f"many-{number}").name for number in range(CHANNELS)]
    local.real_paces()
    asked, calls, began = 0, len(local.calls()), time.monotonic()
    memory = [process.memory_info().rss]
    while (passed := time.monotonic() - began) < seconds:
        if asked <= passed * per_second:
            text = f"{QUESTIONS[asked % len(QUESTIONS)]} ({asked})"
            people[asked % len(people)].asks(channels[asked % CHANNELS], text)
            asked += 1
        else:
            time.sleep(0.005)
    end = time.monotonic() + 300
    while sum(len(answered(local, channel)) for channel in channels) < asked and time.monotonic() < end:
        time.sleep(1)
    took = time.monotonic() - began
    memory.append(process.memory_info().rss)
    answers = [message for channel in channels for message in answered(local, channel)]
    references = [message.body["message_reference"]["message_id"] for message in answers]
    return {
        "questions": asked,
        "answered": len(set(references)),
        "answered twice": len(references) - len(set(references)),
        "all answered after_s": round(took, 1),
        "calls": len(local.calls()) - calls,
        "refused with 429": sum(call.status == 429 for call in local.calls()),
        "memory_mb": [round(each / 1e6) for each in memory],
    }


if __name__ == "__main__":
    with LocalDiscord() as opened:
        answers(__doc__ or "", "discord", opened, lone, sustained)
