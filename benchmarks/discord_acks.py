"""How fast Discord is answered while 500 commands come at once and the language model takes 20 s for each.

    python benchmarks/discord_acks.py [--commands 500] [--model-s 20] [--clicks 40] [--json]

Starts the real process, `answerloop serve --only discord`, on a scratch home with the example documents, against the local
Discord. Every other question is for the asker alone. While they are being answered, people click 👍 and look for their own
data. Discord waits three seconds for the first response to each, which is measured from the dispatch to its arrival.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bot_process import QUESTIONS, installed, percentile, serving, slow_model  # noqa: E402
from tests.servers.discord import LocalDiscord  # noqa: E402

CHANNELS = 20
ASKERS = 10


def burst(local: LocalDiscord, commands: int, clicks: int) -> dict[str, object]:
    askers = [local.user(f"Asker {number}") for number in range(ASKERS)]
    for number in range(CHANNELS):
        local.channel(f"many-{number}")
    askers[0].asks("first", QUESTIONS[0])
    [answer] = local.wait(lambda: [one for one in local.answers("first") if one.components], within_s=120)
    time.sleep(3)
    before, started = len(local.acks), time.monotonic()
    for number in range(commands):
        text = f"{QUESTIONS[number % len(QUESTIONS)]} ({number})"
        where = f"many-{number % CHANNELS}"
        askers[number % ASKERS].runs("ask", where, question=text, private=bool(number % 2))
    sent_s = time.monotonic() - started
    for number in range(clicks):
        asker = askers[number % ASKERS]
        if number % 2:
            asker.clicks(answer, "👍")
        else:
            asker.runs("mydata", "first")
        time.sleep(0.05)
    local.wait(lambda: len(local.acks) - before >= commands + clicks, within_s=60)
    acks = local.acks[before:]
    asked = [ack.latency_s for ack in acks if ack.interaction.name == "ask"]
    rest = [ack.latency_s for ack in acks if ack.interaction.name != "ask"]
    return {
        "commands": len(asked),
        "sent_within_s": round(sent_s, 2),
        "deferred_p50_ms": round(percentile(asked, 0.5) * 1e3),
        "deferred_p99_ms": round(percentile(asked, 0.99) * 1e3),
        "deferred_max_ms": round(max(asked) * 1e3),
        "clicks and others": len(rest),
        "clicks_p50_ms": round(percentile(rest, 0.5) * 1e3),
        "clicks_max_ms": round(max(rest) * 1e3),
        "not responded to in 3 s": sum(latency > 3 for latency in (*asked, *rest)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--commands", type=int, default=500)
    parser.add_argument("--model-s", type=float, default=20)
    parser.add_argument("--clicks", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, LocalDiscord() as local, slow_model(given.model_s) as model:
        installed(Path(folder))
        with serving("discord", Path(folder), {**local.environment, **model}):
            row = burst(local, given.commands, given.clicks)
    print(json.dumps(row) if given.json else "  ".join(f"{name}: {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
