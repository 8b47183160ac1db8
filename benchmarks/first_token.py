"""What answerloop adds before a language model is asked: from a question to the moment its request reaches the endpoint.

    python benchmarks/first_token.py [--home DIR] [--passages 10000] [--questions 300] [--json]

The endpoint is our scripted server on loopback, in the same process; it answers at once. Every question is new, so that
nothing comes from a cache. A third of them follow up on an earlier turn. Uses, and makes, the index of benchmarks/ask.py.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from ask import filled
from corpus import DATA, real_questions

from rag_core.bootstrap import make_assistant, open_core, open_records
from rag_core.running.preparation import active_release
from rag_core.settings import Generator, Settings
from rag_core.types import Principal, Question, Turn
from tests.servers.language_model import LanguageServer, Reply

WARM = 20
"""Questions before those that count: they warm the caches of the operating system and the store."""
EARLIER = (Turn("user", "What is a cell membrane made of?"), Turn("assistant", "Of lipids and proteins. [1]"))


async def measure(home: Path, passages: int, questions: int, data: Path) -> dict[str, Any]:
    with LanguageServer(answering=lambda asked: Reply.text("It is so [1].")) as endpoint:
        generator = Generator(kind="openai", model="scripted", base_url=endpoint.url)
        settings = Settings(home=home, generator=generator)
        async with open_records(settings) as database:
            release = await active_release(database, settings)
        async with open_core(settings, release) as core:
            await filled(core, passages, data)
            assistant = make_assistant(core)
            before_ms: list[float] = []
            asked = 0
            for n, text in enumerate(real_questions(data, questions + WARM)):
                turns = EARLIER if n % 3 == 0 else ()
                sent = len(endpoint.asked)
                began = time.monotonic()
                await assistant.ask(Question(text, Principal("web", "benchmark"), turns=turns))
                asked += n >= WARM
                if len(endpoint.asked) > sent and n >= WARM:
                    before_ms.append((endpoint.asked[sent].began - began) * 1e3)
            count = (await core.store.state()).passages
    return {
        "passages": count,
        "questions": asked,
        "sent_to_the_model": len(before_ms),
        "median_ms": round(statistics.median(before_ms), 2),
        "p95_ms": round(statistics.quantiles(before_ms, n=20)[18], 2),
        "p99_ms": round(statistics.quantiles(before_ms, n=100)[98], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path(".cache/benchmark-ask"))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments.home, arguments.passages, arguments.questions, arguments.data))
    print(json.dumps(result) if arguments.json else "\n".join(f"{k:20} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
