"""The admin pages over a real database and a real release, without a network; signed in as whoever the test names."""

from __future__ import annotations

import asyncio
import copy
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from filelock import FileLock
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.datastructures import State

from bots.admin.app import admin_app
from bots.admin.roles import COOKIE
from bots.admin.services import Services
from bots.admin.signing.desk import Desk
from rag_core.access import Access
from rag_core.bootstrap import open_core, open_library, open_records
from rag_core.index.embedding import ModelCard
from rag_core.records.accounts import Accounts, Role, User, digest_of
from rag_core.records.database import transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.index.releases import Releases
from rag_core.records.tables import sessions
from rag_core.running.active import ActiveRelease
from rag_core.settings import FolderSource, Settings
from rag_core.types import Answer, Principal, Question, Vote
from tests.conftest import EXPORTED, ROOT
from tests.fakes import an_answer

SOURCES = (FolderSource(name="examples", path=ROOT / "examples" / "documents"),)
HOST = "http://admin.example.com"


@dataclass
class Pages:
    """The application, and what it works on."""

    app: FastAPI
    database: AsyncEngine
    settings: Settings
    assistant: ActiveRelease
    stack: AsyncExitStack
    users: dict[str, User] = field(default_factory=dict)

    async def user(self, role: Role, name: str = "") -> User:
        """The one of that name, or of that role."""
        name = name or role
        if name not in self.users:
            self.users[name] = await Accounts(self.database).add(f"local:{name}", name.title(), role)
        return self.users[name]

    async def signed_in(self, role: Role = "admin", name: str = "") -> httpx.AsyncClient:
        """A browser of that person: with the cookie, and the token that forms carry."""
        user = await self.user(role, name)
        token = await Accounts(self.database).begin_session(user, timedelta(hours=1))
        async with transaction(self.database) as connection:
            csrf = await connection.scalar(
                select(sessions.c.csrf).where(sessions.c.digest == digest_of(token))
            )
        return await self.browser({COOKIE: token}, {"x-csrf-token": csrf})

    async def browser(
        self, cookies: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> httpx.AsyncClient:
        """Of somebody who is not signed in, unless the cookies say so."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app), base_url=HOST, cookies=cookies, headers=headers
        )
        return await self.stack.enter_async_context(client)

    async def answered(
        self,
        id: str = "a1",
        asked: str = "How long do refunds take?",
        user: str = "U1",
        *,
        platform: str = "slack",
        workspace: str = "T1",
        channel: str = "C1",
        thread: str = "1.1",
        scopes: frozenset[str] | None = frozenset({"public"}),
        passages: tuple[str, ...] = (),
        **fields: object,
    ) -> Answer:
        """Record an answer that was given."""
        answer = replace(an_answer(id), **fields)  # type: ignore[arg-type]
        principal = Principal(platform, user, workspace, channel)
        await Feedback(self.database).record_answer(
            Question(asked, principal, thread),
            answer,
            passages=[{"passage": one, "cosine": 0.5, "bm25": 1.0, "score": 0.5} for one in passages],
            scopes=scopes,
            generation=1,
        )
        return answer

    async def voted(self, answer: str, value: int = -1, user: str = "U2", **said: str) -> None:
        vote = Vote(answer, "slack", user, value, **said)  # type: ignore[arg-type]
        await Feedback(self.database).record_vote(vote)


@pytest.fixture(scope="session")
def installation(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home directory with a release that has read the example documents; made once, copied for each test."""
    with shared(tmp_path_factory, "installation") as folder:
        home = folder / "home"
        if not home.exists():
            making = folder / "making"
            (making / "models").mkdir(parents=True)
            (making / "models" / EXPORTED).symlink_to(model_folder)
            asyncio.run(_ingest(Settings(home=making, sources=SOURCES), model_folder))
            making.rename(home)
    return home


@contextmanager
def shared(tmp_path_factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """A folder of all processes of this run; one of them at a time is in here, and the first makes what it is for."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"shared-{name}"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        yield folder


async def _ingest(settings: Settings, model_folder: Path) -> None:
    async with open_records(settings) as database:
        releases = Releases(database)
        await releases.activate((await releases.add(EXPORTED, ModelCard.read(model_folder))).id)
    async with open_core(settings) as core, open_library(core) as library:
        await library.configure(settings.sources)
        for source in settings.sources:
            await library.sync(source)


@pytest.fixture
def ready(installation: Path, tmp_path: Path) -> Settings:
    """The settings of an installation of its own that has read the example documents."""
    home = tmp_path / "home"
    shutil.copytree(installation, home, symlinks=True)
    return Settings(home=home, sources=SOURCES)


@pytest_asyncio.fixture
async def pages(ready: Settings) -> AsyncIterator[Pages]:
    async with AsyncExitStack() as stack:
        yield await opened(ready, stack)


async def opened(settings: Settings, stack: AsyncExitStack) -> Pages:
    """The pages of an installation; the stack closes what they hold."""
    access = Access(settings.access.rules, settings.access.groups)
    database = await stack.enter_async_context(open_records(settings))
    release = await Releases(database).active()
    assert release is not None
    assistant = await stack.enter_async_context(ActiveRelease(settings, access, release))
    app = application(Services(lambda: settings, database, assistant))
    return Pages(app, database, settings, assistant, stack)


_APPLICATIONS: list[FastAPI] = []


def application(services: Services) -> FastAPI:
    """As admin_app() makes it. It shares with the others the routes, which take long to prepare, and nothing else."""
    if not _APPLICATIONS:
        _APPLICATIONS.append(admin_app(services))
    app = copy.copy(_APPLICATIONS[0])
    app.state, app.middleware_stack = State(), None
    app.state.services = services
    app.state.desk = Desk(services.settings(), services.database)
    return app
