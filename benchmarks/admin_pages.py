"""How long the admin pages take at the server: 100,000 answers, 20,000 votes, a year.

    python benchmarks/admin_pages.py MODEL_FOLDER [--database sqlite|postgresql] [--answers 100000] [--rounds 9]

The real application, asked through httpx.ASGITransport by somebody who is signed in: no network, everything else. A
PostgreSQL server is started on a free port (initdb and pg_ctl must be installed) and vacuumed once, as its autovacuum
would. The first request of each page stands apart: it finds nothing in the caches of the database.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
from feedback_data import Shape, fill
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bots.admin.app import admin_app
from bots.admin.roles import COOKIE
from bots.admin.services import Services
from bots.admin_serving import settled
from rag_core.access import Access
from rag_core.bootstrap import open_core, open_library, open_records
from rag_core.index.embedding import ModelCard
from rag_core.records.accounts import Accounts
from rag_core.records.database import transaction
from rag_core.records.index.releases import Releases
from rag_core.records.tables import answers, reviews
from rag_core.review.gaps.finding import find
from rag_core.running.active import ActiveRelease
from rag_core.settings import FolderSource, Settings

HERE = Path(__file__).parents[1]
YEAR = "days=365"
FILTERS = ("", "&platform=slack", "&channel=C001", "&release=r3")
FIGURES = ("", "/platform", "/channel", "/release", "/confidence", "/documents")
PAGES = (
    "/queue",
    "/queue?state=resolved",
    "/votes",
    "/audit",
    "/gaps",
    "/compare",
    "/golden",
    "/releases",
    "/sources",
    "/queue?platform=slack",
    "/queue?scope=staff",
    "/runs",
    "/settings",
    "/users",
    "/people",
    "/standard",
)
AIM_MS = 300


def addresses(answer: str, review: str) -> list[str]:
    figures = [f"/analytics{page}?{YEAR}{one}" for page in FIGURES for one in FILTERS]
    shorter = [f"/analytics{page}?days=30" for page in FIGURES]
    return [*figures, *shorter, *PAGES, f"/item/{review}", f"/answer/{answer}", f"/answer/{answer}/similar"]


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database on a server of our own."""
    binaries = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    binaries += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    folder = Path(tempfile.mkdtemp(prefix="answerloop-admin-pages-"))
    as_user: list[str] = []
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
    control = [*as_user, str(binaries[-1] / "pg_ctl"), "-D", str(folder / "data"), "-w"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stdin": subprocess.DEVNULL, "cwd": "/"}
    made = [
        "initdb",
        "-D",
        str(folder / "data"),
        "-U",
        "answerloop",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    try:
        subprocess.run([*as_user, str(binaries[-1] / made[0]), *made[1:]], **quiet)
        subprocess.run([*control, "-l", str(folder / "log"), "-o", options, "start"], **quiet)
        try:
            yield f"postgresql+asyncpg://answerloop@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def prepared(settings: Settings, model: Path) -> None:
    """A release that has read the example documents."""
    async with open_records(settings) as database:
        releases = Releases(database)
        await releases.activate((await releases.add(model.name, ModelCard.read(model))).id)
    async with open_core(settings) as core, open_library(core) as library:
        await library.configure(settings.sources)
        for source in settings.sources:
            await library.sync(source)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[httpx.AsyncClient, AsyncEngine]]:
    """A browser that an admin is signed in with."""
    async with open_records(settings) as database:
        release = await Releases(database).active()
        assert release is not None
        access = Access(settings.access.rules, settings.access.groups)
        async with ActiveRelease(settings, access, release) as assistant:
            async with assistant.core() as core:
                begun = time.perf_counter()
                found = await find(core, database)
                print(f"{found:,} gaps found in {time.perf_counter() - begun:.1f} s")
            accounts = Accounts(database)
            user = await accounts.add("local:ada", "Ada", "admin")
            token = await accounts.begin_session(user, timedelta(hours=1))
            app = admin_app(Services(lambda: settings, database, assistant))
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://admin.example.com", cookies={COOKIE: token}
            ) as client:
                with settled():
                    yield client, database


async def measured(client: httpx.AsyncClient, address: str, rounds: int) -> dict[str, object]:
    took, status, size = [], 0, 0
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        answer = await client.get(address)
        took.append(1e3 * (time.perf_counter() - begun))
        status, size = answer.status_code, len(answer.content)
    print(f"{address}: {statistics.median(took[1:]):.0f} ms", file=sys.stderr)
    return {
        "page": address,
        "status": status,
        "kB": round(size / 1e3),
        "first_ms": round(took[0]),
        "median_ms": round(statistics.median(took[1:])),
    }


async def run(settings: Settings, options: argparse.Namespace) -> list[dict[str, object]]:
    await prepared(settings, options.model)
    shape = Shape() if options.answers == Shape.answers else Shape.small(options.answers)
    async with open_records(settings) as database:
        await fill(database, shape)
        if database.dialect.name == "postgresql":
            async with database.connect() as connection:
                plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await plain.execute(text("VACUUM ANALYZE"))
    async with opened(settings) as (client, database):
        async with transaction(database) as connection:
            answer = await connection.scalar(select(answers.c.id).where(answers.c.abstained).limit(1))
            review = await connection.scalar(
                select(reviews.c.id).where(reviews.c.state == "pending").limit(1)
            )
        rows = [await measured(client, address, options.rounds) for address in addresses(answer, review)]
    for row in rows:
        row["page"] = str(row["page"]).replace(answer, "ID").replace(review, "ID")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--answers", type=int, default=Shape.answers)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="answerloop-admin-pages-") as folder:
        home = Path(folder) / "home"
        (home / "models").mkdir(parents=True)
        (home / "models" / options.model.name).symlink_to(options.model.resolve())
        sources = (FolderSource(name="examples", path=HERE / "examples" / "documents"),)
        if options.database == "sqlite":
            rows = asyncio.run(run(Settings(home=home, sources=sources), options))
        else:
            with postgresql() as url:
                settings = Settings(home=home, sources=sources, database={"url": url})
                rows = asyncio.run(run(settings, options))
    if options.json:
        print(json.dumps(rows))
        return
    print(f"\n| {options.database} | first ms | median ms | kB |\n| --- | --- | --- | --- |")
    for row in rows:
        late = " (!)" if int(str(row["median_ms"])) > AIM_MS else ""
        said = "" if row["status"] == 200 else f" ({row['status']})"
        print(f"| {row['page']}{said} | {row['first_ms']} | {row['median_ms']}{late} | {row['kB']} |")


if __name__ == "__main__":
    main()
