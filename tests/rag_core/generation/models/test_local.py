"""A tiny model in a child process, as serving uses it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from tokenizers import Tokenizer

from rag_core.errors import PromptTooLong, Unavailable
from rag_core.generation.models.local import LocalModel
from rag_core.generation.protocol import Message, Usage
from rag_core.settings import Generator
from tests.models import ANSWER, ENDLESS, LEARNED, OF_THE_ADAPTER, QUESTION, SCRIPTS, WINDOW

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
ROOT = Path(__file__).parents[4]
LIMIT_S = 120
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """For the child's arithmetic, so that it does not wait for cores that others use."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


def settings(model: Path | str, **other: object) -> Generator:
    values: dict[str, object] = {"first_token_timeout_s": LIMIT_S, "timeout_s": LIMIT_S, "device": "cpu"}
    return Generator(kind="local", model=str(model), **(values | other))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model(causal_model: Path) -> AsyncIterator[LocalModel]:
    opened = LocalModel.open(settings(causal_model))
    async with asyncio.timeout(LIMIT_S):
        await opened.ready()
    yield opened
    await opened.close()


async def heard(model: LocalModel, text: str, max_tokens: int = 100) -> list[str | Usage]:
    async with asyncio.timeout(LIMIT_S):
        return [part async for part in model.stream([Message("user", text)], max_tokens)]


async def answer(model: LocalModel, text: str = QUESTION) -> str:
    return "".join(part for part in await heard(model, text) if isinstance(part, str))


async def gone(pid: int) -> None:
    """Wait until the process has ended; it may yet be a zombie of somebody else's."""

    def wait() -> None:
        ended = time.monotonic() + LIMIT_S
        with suppress(psutil.NoSuchProcess):
            while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                assert time.monotonic() < ended
                time.sleep(0.05)

    await asyncio.to_thread(wait)


async def read_and_kill(model: LocalModel) -> None:
    """Its process, as soon as it writes."""
    async with aclosing(model.stream([Message("user", ENDLESS)], 900)) as stream:
        async for _ in stream:
            if model.pid:
                os.kill(model.pid, signal.SIGKILL)


# --- answering ---------------------------------------------------------------------------------------------------


async def test_it_writes_token_by_token(model: LocalModel) -> None:
    """Then says how many there were."""
    *pieces, usage = await heard(model, QUESTION)
    assert "".join(map(str, pieces)) == ANSWER
    assert len(pieces) > 5
    assert isinstance(usage, Usage)
    assert usage.answer >= len(pieces)
    assert not usage.estimated


async def test_no_character_is_cut(model: LocalModel) -> None:
    """Of whatever script; each piece can be shown as it is."""
    *pieces, _ = await heard(model, SCRIPTS)
    assert "👋" in pieces
    assert "".join(map(str, pieces)) == LEARNED[SCRIPTS]


async def test_half_a_surrogate_pair_is_a_question_mark(model: LocalModel) -> None:
    """As text from a platform may have it."""
    assert await answer(model, f"\ud800 {QUESTION}") == ANSWER
    assert model.count("\ud800") == model.count("?")


async def test_the_window_is_known_once_it_is_loaded(model: LocalModel, causal_model: Path) -> None:
    """Until then it is that of the settings, or a small one."""
    assert model.window == WINDOW
    assert LocalModel(settings(causal_model)).window == 2048
    assert LocalModel(settings(causal_model, window=600)).window == 600


async def test_tokens_are_counted_as_the_model_counts_them(model: LocalModel, causal_model: Path) -> None:
    exact = Tokenizer.from_file(str(causal_model / "tokenizer.json"))
    for text in ("", "Deleted files", "Größe 你好 👋🏽\n\n", "x" * 5000):
        assert model.count(text) == len(exact.encode(text).ids)


async def test_too_long_a_prompt_is_told_with_its_length(model: LocalModel) -> None:
    with pytest.raises(PromptTooLong, match=r"prompt of [\d,]+ tokens .* 1,024 .* fewer passages"):
        await heard(model, "one two three " * 400)


async def test_first_come_first_served(model: LocalModel) -> None:
    """Askers at the same moment are answered in their order."""
    order: list[int] = []

    async def ask(number: int) -> None:
        assert await answer(model) == ANSWER
        order.append(number)

    await asyncio.gather(*(ask(number) for number in range(5)))
    assert order == [0, 1, 2, 3, 4]


async def test_who_goes_away_is_not_worked_for(model: LocalModel) -> None:
    """Neither who is being answered nor who waits: the next one comes at once."""
    streams = [model.stream([Message("user", ENDLESS)], 900) for _ in range(200)]
    reading = [asyncio.create_task(anext(stream)) for stream in streams]
    await reading[0]
    for task, stream in zip(reading[1:], streams[1:], strict=True):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await stream.aclose()
    await streams[0].aclose()
    _, usage = (await heard(model, ENDLESS, 5))[-2:]
    assert isinstance(usage, Usage)
    assert usage.answer == 5


async def test_a_model_of_the_hub_with_an_adapter(
    tmp_path: Path, causal_model: Path, lora_adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name, from the hub's cache where there is no network; its tokens are counted exactly."""
    kept = tmp_path / "models--tiny--causal"
    shutil.copytree(causal_model, kept / "snapshots" / COMMIT)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(COMMIT)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    model = LocalModel(settings("tiny/causal", adapter=lora_adapter))
    try:
        assert await answer(model) == OF_THE_ADAPTER
        await model.ready()
        assert model.name == "local:tiny/causal"
        exact = Tokenizer.from_file(str(causal_model / "tokenizer.json"))
        assert model.count("Größe" * 500) == len(exact.encode("Größe" * 500).ids)
    finally:
        await model.close()


# --- failing -----------------------------------------------------------------------------------------------------


async def test_a_killed_process_fails_the_answer_and_is_started_again(model: LocalModel) -> None:
    """Who was being answered hears of it at once; who asks next is answered."""
    killed = model.pid
    assert killed
    with pytest.raises(Unavailable, match="ended while it was writing; it is started again"):
        await read_and_kill(model)
    assert await answer(model) == ANSWER
    assert model.pid not in (None, killed)
    assert not psutil.pid_exists(killed)


async def test_one_that_is_too_slow_is_given_up_and_one_that_hangs_is_started_again(
    causal_model: Path,
) -> None:
    """Who asks is told after the time limit. Slow is not hung: that process stays."""
    model = LocalModel(settings(causal_model, first_token_timeout_s=0.02, timeout_s=0.02), patience_s=3)
    too_late = pytest.raises(Unavailable, match=r"took too long.*timeout_s \(0\.02 s\)")
    try:
        await model.ready()
        pid = model.pid
        assert pid
        with too_late:
            await heard(model, ENDLESS, 900)
        await asyncio.sleep(3.5)
        assert model.pid == pid
        os.kill(pid, signal.SIGSTOP)
        with too_late:
            await heard(model, QUESTION)
        await gone(pid)
        async with asyncio.timeout(LIMIT_S):
            while model.pid in (None, pid):  # noqa: ASYNC110 -- nobody tells when another process is there
                await asyncio.sleep(0.05)
            await model.ready()
    finally:
        await model.close()


async def test_while_it_loads_who_asks_is_told_so(causal_model: Path) -> None:
    """After the time limit of the first word; closing does not wait for the loading."""
    model = LocalModel(settings(causal_model, first_token_timeout_s=0.3))
    with pytest.raises(Unavailable, match="still loading"):
        await heard(model, QUESTION)
    pid = model.pid
    await model.close()
    assert pid
    assert not psutil.pid_exists(pid)


async def test_what_cannot_be_loaded_is_told_until_it_can(tmp_path: Path, causal_model: Path) -> None:
    """At once, with the folder and the remedy; and the model put in its place is found."""
    folder = Path(shutil.copytree(causal_model, tmp_path / "model"))
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    model = LocalModel.open(settings(folder))
    try:
        for _ in range(3):
            with pytest.raises(
                Unavailable, match=f"{folder} has its weights in pytorch_model.bin.*safetensors"
            ):
                await model.ready()
        with pytest.raises(Unavailable, match="save_pretrained"):
            await heard(model, QUESTION)
        shutil.copy(causal_model / "model.safetensors", folder)
        async with asyncio.timeout(LIMIT_S):
            while (said := await asyncio.gather(answer(model), return_exceptions=True)) != [ANSWER]:
                assert isinstance(said[0], Unavailable)
                await asyncio.sleep(0.1)
    finally:
        await model.close()


async def test_a_closed_model_is_not_started_again(causal_model: Path) -> None:
    model = LocalModel(settings(causal_model))
    await model.close()
    with pytest.raises(Unavailable, match="was closed"):
        await heard(model, QUESTION)
    assert model.pid is None


# --- the serving process -----------------------------------------------------------------------------------------

SERVING = """
import asyncio, sys
from rag_core.generation.models.local import LocalModel
from rag_core.generation.protocol import Message
from rag_core.settings import Generator

async def main():
    model = LocalModel.open(Generator(kind="local", model=sys.argv[1], device="cpu"))
    await model.ready()
    async for _ in model.stream([Message("user", "Count for ever.")], 900):
        break
    heavy = {"torch", "transformers", "peft"} & set(sys.modules)
    print(model.pid, *heavy, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_a_serving_process_that_is_killed_leaves_no_child(causal_model: Path) -> None:
    """On Linux not even one that hangs. And it never imported torch itself."""
    serving = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVING, str(causal_model)), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert serving.stdout
    child, *heavy = (await serving.stdout.readline()).split()
    assert heavy == []
    assert psutil.pid_exists(int(child))
    if sys.platform == "linux":
        os.kill(int(child), signal.SIGSTOP)
    serving.kill()
    await serving.wait()
    await gone(int(child))
