"""A question may be anything: it is searched as text, or refused with a sentence, and never an exception."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rich.console import Console

from adapters.chat import Chat
from adapters.console import converse
from adapters.web import web_app
from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant, open_core, open_records
from rag_core.errors import InvalidQuestion
from rag_core.index.embedding import ModelCard
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.records.index.releases import Releases
from rag_core.settings import Settings
from rag_core.types import Principal, Question
from tests import commands

ROOT = Path(__file__).parents[2]
VISITOR = Principal("web", "x" * 22, direct=True)
SYNTAX = [
    "leave AND (",
    '"leave" OR NOT',
    "title:leave^2 ~3 [1 TO 5}",
    "leave* ?eave /lea.e/",
    "+leave -office",
    "' OR 1=1; DROP TABLE answers; --",
    "'); DELETE FROM passages --",
    "scope IN ('hr') OR scope = 'public'",
    '{"match_all": {}, "leave": 1}',
    '{"$where": "leave"}',
    "{{7*7}} ${7*7} <%= leave %> #{leave} %s %(x)s {0} {leave}",
    "leave\\",
    "leave\\u0000 \\x00 %00",
    "<script>alert('leave')</script>",
    "[leave](javascript:alert(1)) ![x](y)",
    "\u202eevael\u202c",
    "le\u0301ave \u1e9b\u0323",
    "leave " + "\u0301" * 3_000,
    "leave " * 600,
    "a" * 4_000,
    "\u6771\u4eac" * 1_000,
    "NEAR(leave office, 3) leave NEAR/2 office",
    "leave & | ! <-> office",
    "=leave() @leave #leave",
    "\ufdfa" * 1_000,
    "1e309 NaN -Infinity 0x7f",
    "\U000e0001\U000e0041 leave",
]
EMPTY = [
    "",
    " \n\t ",
    "\x00\x01\x1b[",
    "\u200b\u200d\ufeff",
    "\ud800",
    "\udfff\ud800\udbff",
    "\U0001f986\U0001f986",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
    "?!. AND",
    "((()))",
    "\"\" '' ``",
    "*",
    ":::",
    "--",
    "\u0301" * 100,
]
EMPTY.remove("?!. AND")
LONG = ["leave " * 20_000, "x" * 100_000, "\U0001f986" * 100_000, "(" * 100_000, "\x00" * 100_000]


class World:
    """An assistant over a small index, and a loop that goes on between examples."""

    def __init__(self, home: Path, model: Path) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self.core: Core = self.run(self._opened(home, model))
        self.assistant: Assistant = make_assistant(self.core)
        self.chat = Chat(self.assistant)
        app = web_app(self.chat, self.assistant.state)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot")

    async def _opened(self, home: Path, model: Path) -> Core:
        async with open_records(Settings(home=home)) as database:
            release = await Releases(database).add(model.name, ModelCard.read(model))
            await Releases(database).activate(release.id)
        (home / "models").mkdir()
        (home / "models" / model.name).symlink_to(model)
        core = await self._stack.enter_async_context(open_core(Settings(home=home)))
        indexer = Indexer(core.embedder, core.store, core.compute)
        for name, scope in (("leave", "public"), ("secret", "hr")):
            text = f"The {name} is thirty days a year. Ask your lead for {name}."
            parsed = Parsed(f"docs/{name}", "docs", scope, name, f"https://docs.example/{name}", text)
            await indexer.write([await indexer.divide(parsed)])
        return core

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def close(self) -> None:
        self.run(self.client.aclose())
        self.run(self._stack.aclose())
        self._runner.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"), model_folder)
    yield made
    made.close()


async def taken(world: World, text: str) -> str:
    """What becomes of it: 'answered' or 'refused'. Nothing else may."""
    try:
        answer = await world.assistant.ask(Question(text, VISITOR, turns=()))
    except InvalidQuestion as error:
        return "refused" if re.fullmatch(r"[^\n]{10,200}\.", str(error)) else "refused without a sentence"
    assert "secret" not in str([answer.citations, answer.nearest])
    return "answered"


@pytest.mark.parametrize("text", SYNTAX, ids=ascii)
def test_query_syntax_is_searched_as_text(world: World, text: str) -> None:
    """Of whatever language; it grants nothing and breaks nothing."""
    assert world.run(taken(world, text)) == "answered"


@pytest.mark.parametrize("text", EMPTY, ids=ascii)
def test_what_has_no_word_is_refused_with_a_sentence(world: World, text: str) -> None:
    """Emoji, punctuation, control characters and halves of characters are no words."""
    assert world.run(taken(world, text)) == "refused"


@pytest.mark.parametrize("text", LONG, ids=["words", "letters", "emoji", "brackets", "zeros"])
def test_what_is_too_long_is_refused_with_a_sentence(world: World, text: str) -> None:
    """100 kB, at once and not after they were searched."""
    assert world.run(taken(world, text)) == "refused"


anything = st.text(st.characters(codec=None), max_size=200) | st.text(  # lone surrogates, too
    st.sampled_from("leav AND()[]{}\"'*:^~\\/%$#;-+?!&|<>=\x00\n\u202e\ud83e\udd86\U0001f986\u0301"),
    max_size=60,
)
many = hypothesis_settings(max_examples=300, derandomize=True, deadline=None, database=None)


@many
@given(anything)
@example("leave \ud83e")
@example("\U0010ffff leave \ufffe")
def test_any_text_is_answered_or_refused(world: World, text: str) -> None:
    """By the assistant; the same again is the same, from the cache."""
    assert world.run(taken(world, text)) == world.run(taken(world, text))


@many
@given(anything, anything)
def test_any_text_can_be_sent_to_the_page(world: World, text: str, thread: str) -> None:
    """JSON may hold halves of characters: the answer or a sentence comes back, as JSON, with 200 or 422."""
    body = json.dumps({"question": text})
    response = world.run(
        world.client.post("/api/ask", content=body, headers={"content-type": "application/json"})
    )
    assert response.status_code in (200, 422)
    assert response.json().get("text" if response.status_code == 200 else "error")
    body = json.dumps({"question": "leave?", "thread": thread})
    response = world.run(
        world.client.post("/api/ask", content=body, headers={"content-type": "application/json"})
    )
    assert response.status_code in (200, 422)


@pytest.mark.parametrize("text", [*SYNTAX, *EMPTY, *LONG], ids=lambda text: ascii(text)[:30])
def test_bad_input_on_the_page_is_a_sentence(world: World, text: str) -> None:
    """200, or 413 and 422 with a sentence; a body that is no UTF-8 as well."""
    for body in (
        json.dumps({"question": text}).encode(),
        b'{"question": "' + text.encode("utf-8", "surrogatepass") + b'"}',
    ):
        response = world.run(
            world.client.post("/api/ask", content=body, headers={"content-type": "application/json"})
        )
        assert response.status_code in (200, 413, 422)
        assert response.json().get("text" if response.status_code == 200 else "error")


@many
@given(st.lists(anything, max_size=3))
def test_any_line_can_be_typed_in_the_chat(world: World, lines: list[str]) -> None:
    """The conversation goes on to its end, and what is shown can be shown."""
    typed = iter([*lines, "leave?"])

    async def read(prompt: str) -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    world.run(converse(world.chat, Console(file=screen, width=100), read))
    assert next(typed, None) is None
    assert screen.buffer.getvalue()


@pytest.mark.slow
def test_bad_input_on_the_command_line_is_a_sentence(tmp_path: Path, home: Path) -> None:
    """`answerloop ask` and `answerloop chat`: exit code 0 or 1, and no traceback."""
    (tmp_path / "leave.md").write_text("# Leave\n\nYou have 30 days of leave a year.\n")
    own = {k: v for k, v in os.environ.items() if not k.startswith("ANSWERLOOP_")}
    environment = {**own, "PYTHONPATH": str(ROOT), "ANSWERLOOP_HOME": str(home), "HF_HUB_OFFLINE": "1"}

    def run(*arguments: str | bytes, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-c", "from bots.cli import main; main()", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, input=given, capture_output=True, timeout=120, check=False
        )

    assert commands.run(["--home", str(home), "ingest", "leave.md"], tmp_path).returncode == 0
    for question, options, code in (
        (b"", (), 1),
        (b"leave \xff\xfe AND (", ("--json",), 0),
        (b"x" * 100_000, ("--json",), 1),
    ):
        done = run("ask", *options, b"--", question)
        assert (done.returncode, b"Traceback" in done.stderr) == (code, False), (question[:20], done.stderr)
        assert done.stdout if code == 0 else done.stderr.strip().endswith(b".")
    lines = b"\n".join(
        [b"leave \xff AND (", b"\xed\xa0\x80", "\U0001f986".encode(), b"x" * 100_000, b"/sources", b"leave?"]
    )
    done = run("chat", given=lines + b"\n")
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert b"30 days" in done.stdout
