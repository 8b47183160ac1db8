"""The page of sources: how each stands, and reading one now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, update

from rag_core.records.audit import Audit
from rag_core.records.database import transaction
from rag_core.records.index.documents import DocumentRecord, Documents
from rag_core.records.platforms.owners import new_owner
from rag_core.records.tables import sources, syncs
from rag_core.running.source_states import source_states
from rag_core.running.synchronising import keep_synchronised
from rag_core.settings import FolderSource
from tests.bots.admin.conftest import Pages


async def state_of(pages: Pages, name: str = "examples") -> str:
    return next(one.state for one in await source_states(pages.database) if one.name == name)


async def documents(pages: Pages) -> Documents:
    async with pages.assistant.core() as core:
        return core.documents


@asynccontextmanager
async def serving(pages: Pages) -> AsyncIterator[None]:
    """A process that synchronises, as `answerloop serve` does; not the one of the pages, for all that they know."""
    async with pages.assistant.core() as core:
        task = asyncio.create_task(keep_synchronised(core, look_every_s=0.05))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(600):
        if await condition():
            return
        await asyncio.sleep(0.03)
    raise AssertionError("not within 18 s")


async def test_each_source_stands_there_with_its_counts(pages: Pages) -> None:
    """Kind, address, scope, how much there is of it, and that it is up to date."""
    page = (await (await pages.signed_in("viewer")).get("/sources")).text
    for said in (
        "examples",
        "folder",
        "examples/documents",
        "public",
        "up to date",
        "when asked",
    ):
        assert said in page
    assert "Sync now" not in page


async def test_what_somebody_asks_for_is_read_by_the_process_that_serves(
    pages: Pages, tmp_path: Path
) -> None:
    """Also a source without a schedule; asked for before it, while nobody serves, it waits."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "page.md").write_text("The canteen opens at noon.\n")
    known = await documents(pages)
    source = FolderSource(name="new", path=tmp_path / "new")
    await known.put_source("new", source.model_dump(mode="json"), from_settings=False)
    assert await state_of(pages, "new") == "new"
    browser = await pages.signed_in("admin")
    answer = await browser.post("/sources/new/sync", headers={"hx-request": "true"})
    assert "waiting" in answer.text
    assert 'hx-trigger="every 2s"' in answer.text
    assert "read within a few seconds" in answer.headers["hx-trigger"]

    async def was_read() -> bool:
        return await state_of(pages, "new") == "idle"

    async with serving(pages):
        await until(was_read)
    page = (await browser.get("/sources")).text
    assert "every 2s" not in page
    assert list(await known.of("new")) == ["page.md"]


async def test_asking_needs_an_admin_and_is_in_the_audit_log(pages: Pages) -> None:
    """Others are refused; without JavaScript the list comes back."""
    assert (await (await pages.signed_in("reviewer")).post("/sources/examples/sync")).status_code == 403
    browser = await pages.signed_in("admin")
    answer = await browser.post("/sources/examples/sync")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sources")
    (entry,) = await Audit(pages.database).latest(10, action="source.")
    assert (entry.actor, entry.action, entry.subject) == ("local:admin", "source.sync", "source:examples")
    assert (await browser.post("/sources/nothing/sync")).status_code == 404


async def test_the_progress_of_another_process_is_shown(pages: Pages) -> None:
    """As it was last recorded; that of a process which is gone is not."""
    now = datetime.now(UTC)
    row = {"source": "examples", "done": 1234, "listed": 5678, "complete": False, "passages": 9}
    async with transaction(pages.database) as connection:
        owned = {"owner": new_owner(), "started_at": now, "updated_at": now}
        await connection.execute(insert(syncs).values(**row, **owned))
    browser = await pages.signed_in("viewer")
    page = (await browser.get("/sources")).text
    assert "1,234 of 5,678 or more documents" in page
    assert "every 2s" in page
    async with transaction(pages.database) as connection:
        host, _, rest = new_owner().partition(":")
        await connection.execute(update(syncs).values(owner=f"{host}:{rest.split(':')[0]}:ffffffff.1"))
    assert "1,234" not in (await browser.get("/sources")).text


async def test_a_failure_is_told_whole_without_credentials(pages: Pages) -> None:
    """And since when; the address shows no token either."""
    known = await documents(pages)
    spec = {
        "name": "wiki",
        "kind": "git",
        "scope": "team",
        "repository": "https://user:canary1@git.example/wiki",
    }
    await known.put_source("wiki", spec, from_settings=True)
    await known.mark_synced("wiki", "https://canary2@git.example/wiki does not answer: 503 <b>down</b>.")
    first = (await known.sources())[-1].failing_since
    await known.mark_synced("wiki", "https://canary2@git.example/wiki does not answer: 503 <b>down</b>.")
    assert (await known.sources())[-1].failing_since == first
    browser = await pages.signed_in("viewer")
    for address in ("/sources", "/sources/wiki"):
        page = (await browser.get(address)).text
        assert "failing" in page
        assert "does not answer: 503 &lt;b&gt;down&lt;/b&gt;." in page
        assert "canary" not in page
    await known.mark_synced("wiki", None)
    assert await state_of(pages, "wiki") == "idle"


async def test_skipped_documents_stand_there_with_their_reasons(pages: Pages) -> None:
    """Fifty at a time; none of their names is in an address."""
    known = await documents(pages)
    await known.put(
        [
            DocumentRecord("examples", f"scan{n:02}.pdf", "f", "d", "t", "", 0, f"page {n} holds no text")
            for n in range(60)
        ]
    )
    browser = await pages.signed_in("viewer")
    page = (await browser.get("/sources/examples")).text
    assert "scan00.pdf" in page
    assert "page 49 holds no text" in page
    assert "scan50.pdf" not in page
    assert "?page=2" in page
    assert "scan59.pdf" in (await browser.get("/sources/examples?page=2")).text


async def test_a_source_that_is_not_there_is_not_found(pages: Pages) -> None:
    assert (await (await pages.signed_in("viewer")).get("/sources/nothing")).status_code == 404


async def test_without_sources_the_page_says_what_to_do(pages: Pages) -> None:
    async with transaction(pages.database) as connection:
        await connection.execute(sources.delete())
    assert "No sources yet" in (await (await pages.signed_in("viewer")).get("/sources")).text
