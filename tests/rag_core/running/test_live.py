"""What is revoked in the settings file is revoked in the running process, within 60 s."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import httpx
import pytest

from rag_core.bootstrap import Core, open_core, open_library, open_records
from rag_core.configuration import load_settings
from rag_core.errors import Busy
from rag_core.records.index.releases import Releases
from rag_core.running.active import ActiveRelease
from rag_core.running.live import LiveSettings
from rag_core.running.preparation import active_release, new_release
from rag_core.running.synchronising import keep_synchronised
from rag_core.settings import Settings
from rag_core.types import Answer, Principal, Question
from tests.place import COMMAND, Place

WITHIN_S = 60
VISITOR = Principal("web", "x" * 22, direct=True)
BONUS = Question("How high is the yearly bonus?", VISITOR)
PAGE = """\
[[sources]]
kind = "folder"
name = "docs"
path = "docs"
scope = "{scope}"
every = "1d"

[[access.rules]]
platform = "web"
scopes = ["{granted}"]
"""


def write(file: Path, scope: str = "staff", granted: str = "staff") -> None:
    file.write_text(PAGE.format(scope=scope, granted=granted))


def rewrite(file: Path, text: str | None) -> None:
    """None: the file goes."""
    file.unlink() if text is None else file.write_text(text)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file with one source of scope staff, and a rule that grants it to the chat page."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "bonus.md").write_text(
        "# Bonus\n\nThe yearly bonus is 2,500 euros. It is paid in March.\n"
    )
    write(tmp_path / "answerloop.toml")
    return tmp_path / "answerloop.toml"


# --- reading the file again --------------------------------------------------------------------------------------


@pytest.fixture
def live(file: Path) -> LiveSettings:
    load = partial(load_settings, file)
    return LiveSettings(load, load())


def may_read(live: LiveSettings) -> set[str]:
    return set(live.access.scopes_of(VISITOR) or ())


async def test_a_rule_that_was_taken_away_grants_nothing_any_more(live: LiveSettings, file: Path) -> None:
    """The same Access that questions are asked with has the new rules."""
    access = live.access
    assert may_read(live) == {"public", "staff"}
    write(file, granted="others")
    await live.look(settle_s=0)
    assert may_read(live) == {"public", "others"}
    assert live.access is access
    rewrite(file, "")
    await live.look(settle_s=0)
    assert (may_read(live), live.current.sources) == ({"public"}, ())


async def test_channels_and_reviewers_are_those_of_the_file(live: LiveSettings, file: Path) -> None:
    """What is read there next by whoever asks `current`."""
    rewrite(
        file,
        '[review]\nreviewers = ["slack:U1"]\n\n[[channels]]\nplatform = "slack"\nid = "C1"\nlanguage = "de"\n',
    )
    await live.look(settle_s=0)
    assert live.current.review.reviewers == ("slack:U1",)
    assert [(one.id, one.language) for one in live.current.channels] == [(("C1",), "de")]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("[[access.rules]", "not valid TOML"),
        ('[[access.rules]]\nscopes = "staff"\nchanel = "C1"\nplatform = "slack"', "did you mean channel"),
        (None, "no such settings file"),
    ],
)
async def test_a_broken_file_changes_nothing_and_is_told_once(
    live: LiveSettings, file: Path, broken: str | None, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What was last read without a mistake stays in force, the sources too, until the file is mended."""
    before = live.current
    rewrite(file, broken)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            await live.look(settle_s=0)
    assert (live.current, may_read(live)) == (before, {"public", "staff"})
    assert [says in message for message in caplog.messages] == [True]
    write(file, granted="others")
    await live.look(settle_s=0)
    assert may_read(live) == {"public", "others"}


async def test_a_file_that_is_being_written_is_not_taken_for_its_beginning(
    live: LiveSettings, file: Path
) -> None:
    """Half a file may well be valid; it counts when it is the same a moment later."""
    whole = PAGE.format(scope="staff", granted="staff")
    rewrite(file, whole[: whole.index("[[access")])
    looking = asyncio.create_task(live.look(settle_s=0.2))
    await asyncio.sleep(0.05)
    rewrite(file, whole)
    await looking
    assert may_read(live) == {"public", "staff"}


# --- the parts of serve ------------------------------------------------------------------------------------------


class Serving:
    """What `answerloop serve` runs, but for the page, looking often."""

    def __init__(self, active: ActiveRelease) -> None:
        self.active = active

    async def says(self, words: str) -> bool:
        """Whether the visitor is told these words, in the answer or around it."""
        return words in str(await self.ask())

    async def ask(self) -> Answer:
        return await self.active.ask(BONUS)

    async def until(self, words: str, said: bool) -> None:
        end = time.monotonic() + WITHIN_S
        while await self.says(words) is not said:
            assert time.monotonic() < end, f"{words!r} still {'not ' if said else ''}said"
            await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(
    file: Path, home: Path, work: Callable[..., object] = keep_synchronised
) -> AsyncIterator[Serving]:
    live = LiveSettings(partial(load_settings, file, home), load_settings(file, home))
    async with open_records(live.current) as database:
        release = await active_release(database, live.current)

    def synchronise(core: Core) -> object:
        return work(core, look_every_s=0.05, configured=lambda: live.current.sources)

    async with ActiveRelease(live.current, live.access, release) as active:
        tasks = [
            asyncio.create_task(live.keep(look_every_s=0.05, settle_s=0.02)),
            asyncio.create_task(active.keep(synchronise)),  # type: ignore[arg-type]
        ]
        try:
            yield Serving(active)
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def test_revoking_a_rule_takes_the_answer_away(file: Path, home: Path) -> None:
    """The answer, its citations and the nearest documents, although the very question was answered before."""
    async with serving(file, home) as bot:
        await bot.until("2,500", said=True)
        write(file, granted="others")
        await bot.until("2,500", said=False)
        said = str(await bot.ask()).lower()
        assert "bonus.md" not in said
        assert "march" not in said
        write(file)
        await bot.until("2,500", said=True)


async def test_changing_a_sources_scope_takes_the_answer_away(file: Path, home: Path) -> None:
    """Though the source is due in a day only, and its files can no longer be read."""
    async with serving(file, home) as bot:
        await bot.until("2,500", said=True)
        (file.parent / "docs").rename(file.parent / "away")
        write(file, scope="board")
        await bot.until("2,500", said=False)
        write(file, scope="public", granted="others")
        await bot.until("2,500", said=True)


async def test_a_sync_that_goes_on_does_not_hold_up_a_changed_scope(file: Path, home: Path) -> None:
    """It is interrupted, the scope is put into force, and what was missing is read by the new one."""
    async with serving(file, home) as bot:
        await bot.until("2,500", said=True)
    with (file.parent / "answerloop.toml").open("a") as more:
        more.write('[[sources]]\nkind = "reader"\nname = "slow"\nreader = "slow_reader:Slow"\nevery = "1d"\n')
    async with serving(file, home, work=_never_ending) as bot:
        await asyncio.sleep(0.5)
        write(file, scope="board")
        await bot.until("2,500", said=False)


async def _never_ending(core: Core, **options: object) -> None:
    """keep_synchronised, whose synchronising of a source never ends."""

    async def endless(*args: object) -> bool:
        async with open_library(core):
            await asyncio.Event().wait()
        return True

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("rag_core.running.synchronising._synchronise", endless)
        await keep_synchronised(core, **options)  # type: ignore[arg-type]


async def synchronised(core: Core) -> None:
    """As soon as the running process lets go of the index, which is a moment after its first answer."""
    end = time.monotonic() + WITHIN_S
    while True:
        try:
            async with open_library(core) as library:
                for source in core.settings.sources:
                    await library.sync(source)
            return
        except Busy:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)


async def test_a_rebuilt_release_answers_without_a_restart(
    file: Path, home: Path, settings: Settings
) -> None:
    """Questions that are being asked meanwhile are all answered, by the one release or by the other."""
    settings = load_settings(file, home)
    async with serving(file, home) as bot:
        await bot.until("2,500", said=True)
        async with open_records(settings) as database:
            release = await new_release(database, settings)
            async with open_core(settings, release) as core:
                await synchronised(core)
            await Releases(database).activate(release.id)
        seen: set[str] = set()
        end = time.monotonic() + WITHIN_S
        while release.id not in seen:
            assert time.monotonic() < end
            answers = await asyncio.gather(*(bot.ask() for _ in range(20)))
            assert all("2,500" in answer.text for answer in answers)
            seen |= {answer.release for answer in answers}
            await asyncio.sleep(0.01)
        assert {(await bot.ask()).release for _ in range(3)} == {release.id}


# --- the process -------------------------------------------------------------------------------------------------


@pytest.fixture
def process(file: Path, home: Path) -> Iterator[str]:
    """`answerloop serve` after the first ingest; its address."""
    place = Place(file.parent)
    home.rename(place.home)
    assert place.run("ingest").returncode == 0
    with subprocess.Popen(
        [*COMMAND, "serve", "--only", "web", "--port", "0"], cwd=place.path, env=place.environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as started:  # fmt: skip
        assert started.stdout is not None
        match = re.search(r"http://\S+", started.stdout.readline())
        assert match
        yield match[0]
        started.send_signal(signal.SIGTERM)


@pytest.mark.slow
def test_revocations_reach_a_running_process_within_a_minute(file: Path, process: str) -> None:
    """A rule, and a source's scope: by editing the file, and nothing else."""

    def until(said: bool) -> None:
        end = time.monotonic() + WITHIN_S
        while ("2,500" in httpx.post(f"{process}/api/ask", json={"question": BONUS.text}).text) is not said:
            assert time.monotonic() < end
            time.sleep(0.5)

    until(said=True)
    write(file, granted="others")
    until(said=False)
    write(file, scope="others", granted="others")
    until(said=True)
