"""examples/line_chat.py: a third platform in one file, as a process that people connect to."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.place import ROOT, Place

EXAMPLE = ROOT / "examples" / "line_chat.py"

pytestmark = pytest.mark.slow


@contextmanager
def listening(place: Place) -> Iterator[int]:
    """Its port."""
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLE)], cwd=place.path, env=place.environment(PORT="0"), text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline().rsplit(maxsplit=1)[-1])
    finally:
        process.kill()
        process.wait()


async def lines(reader: asyncio.StreamReader, until: str) -> str:
    said = ""
    async with asyncio.timeout(20):
        while until not in said:
            line = await reader.readline()
            assert line, said
            said += line.decode()
    return said


async def test_a_question_is_answered_with_its_source_and_a_vote_is_counted(copied: Place) -> None:
    """By the parts that all platforms share; the file itself has little more than the way to write a line."""
    with listening(copied) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"How many days of leave do I have?\n")
        said = await lines(reader, "[1] ")
        assert said.startswith("…\n")
        assert "30 days" in said
        writer.write(b"-1\n")
        writer.write(
            b"How many days of leave do I have?\n"
        )  # in one lane: answered when the vote is recorded
        await lines(reader, "[1] ")
        writer.close()
    with closing(sqlite3.connect(copied.home / "answerloop.db")) as database:
        assert database.execute("select platform, value from votes").fetchall() == [("line", -1)]
