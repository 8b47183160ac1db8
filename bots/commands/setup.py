"""`answerloop init` and `answerloop doctor`, and where an installation lies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag_core.errors import AnswerloopError, SettingsError, Unavailable

if TYPE_CHECKING:
    from rag_core.bootstrap import Core
    from rag_core.settings import Settings

__all__ = ["Check", "Where", "doctor", "init"]

TEMPLATE = Path(__file__).with_name("answerloop.toml")


@dataclass(frozen=True, slots=True)
class Where:
    """The options before the command."""

    home: Path | None
    config: Path | None

    def settings(self) -> Settings:
        from rag_core.configuration import load_settings

        return load_settings(self.config, self.home)


def init(
    context: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(
            help="slack: write the manifest of the Slack app instead. discord: print the link that invites the bot."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    http: Annotated[
        str, typer.Option(help="Of Slack: the public address that leads to the bot. [default: Socket Mode]")
    ] = "",
    without: Annotated[
        list[str] | None, typer.Option(help="Of Slack: leave this feature out, with its scopes. Repeatable.")
    ] = None,
    no_assistant: Annotated[
        bool, typer.Option("--no-assistant", help="Of Slack: the same as --without assistant.")
    ] = False,
    client_id: Annotated[
        str, typer.Option(help="Of Discord: the application's id. [default: as DISCORD_BOT_TOKEN has it]")
    ] = "",
    role_drafts: Annotated[
        bool,
        typer.Option(
            "--role-drafts",
            help="Of Discord: ask for what drafts need that a role looks at: Create Private Threads.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Of Discord: print one JSON object.")] = False,
) -> None:
    """Write a commented settings file, answerloop.toml; or prepare Slack or Discord."""
    where: Where = context.obj
    if what is not None:
        if what == "discord":
            from bots.commands.discord_invite import show_invitation

            return asyncio.run(show_invitation(where.settings(), client_id, role_drafts, as_json))
        if what != "slack":
            raise SettingsError(
                f"init {what}: there is init alone, for the settings file, init slack and init discord."
            )
        from bots.commands.slack_manifest import write_manifest

        left_out = [*(without or ()), *(["assistant"] if no_assistant else ())]
        return write_manifest(where.settings(), http, left_out, force)
    path = where.config or Path("answerloop.toml")
    if path.exists() and not force:
        raise SettingsError(f"{path} is there already; --force replaces it.")
    path.write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    typer.echo(f"Wrote {path}. Name your documents under [[sources]], then run `answerloop ingest`.")


@dataclass(frozen=True, slots=True)
class Check:
    part: str
    ok: bool
    found: str
    remedy: str = ""


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check every part that is configured, and say how to mend what fails."""
    where: Where = context.obj
    checks = asyncio.run(_checked(where))
    if as_json:
        typer.echo(json.dumps({"ok": all(c.ok for c in checks), "checks": [asdict(c) for c in checks]}))
    else:
        _show(checks)
    raise typer.Exit(0 if all(c.ok for c in checks) else 1)


async def _checked(where: Where) -> list[Check]:
    try:
        settings = where.settings()
    except SettingsError as error:
        return [Check("settings", False, str(error), "Edit the settings file or the environment.")]
    checks = [Check("settings", True, f"sources configured: {len(settings.sources)}")]
    for part, examine in _EXAMINATIONS.items():
        try:
            checks.append(Check(part, True, await examine(settings)))
        except AnswerloopError as error:
            cause = f" ({error.cause})" if isinstance(error, Unavailable) and error.cause else ""
            checks.append(Check(part, False, f"{error}{cause}", _REMEDIES.get(part, "")))
    return checks


async def _home(settings: Settings) -> str:
    import shutil
    import tempfile

    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.home):
            free = shutil.disk_usage(settings.home).free >> 20
    except OSError as error:
        raise AnswerloopError(f"{settings.home} cannot be written: {error.strerror}.") from None
    if free < 500:
        raise AnswerloopError(f"{settings.home} has {free} MB free; at least 500 MB are needed.")
    return f"{settings.home}, {free:,} MB free"


async def _database(settings: Settings) -> str:
    from rag_core.bootstrap import open_records

    async with open_records(settings) as database:
        return database.url.render_as_string()


async def _model(settings: Settings) -> str:
    from rag_core.index.embedding import Embedder
    from rag_core.running.preparation import prepared_model

    embedder = Embedder(await prepared_model(settings), settings.embedding.threads)
    embedder.embed_query("Does this work?")
    card = embedder.card
    return f"{card.name}, {card.dimension} dimensions, cosine to float32 {card.cosine_mean}"


async def _index(settings: Settings) -> str:
    from rag_core.bootstrap import named_models, open_core
    from rag_core.records.index.releases import Releases
    from rag_core.settings import Generator

    async with open_core(settings.model_copy(update={"generator": Generator()})) as core:
        passages = (await core.store.state()).passages
        other = core.release.card.name != settings.embedding.model
        if other and await Releases(core.database).followed() != named_models(settings):
            raise AnswerloopError(
                f"The index was made with {core.release.card.name}, not {settings.embedding.model}."
            )
        if not passages:
            raise AnswerloopError("The index is empty.")
        await _read_through(core, passages)
        return f"release {core.release.id}, {passages:,} passages"


async def _read_through(core: Core, passages: int) -> None:
    """Every file of the index is read once: by both searches, with and without a scope, and row by row."""
    question = core.embedder.embed_query("Does this work?")
    for scopes in (None, frozenset({"public"})):
        await core.store.fetch(await core.store.search(question, "does this work", scopes, 10), scopes)
    scanned = sum([len(page.rows) async for page in core.store.scan()])
    expected = await core.documents.passages()
    if not passages == scanned == expected:
        raise AnswerloopError(
            f"The index counts {passages:,} passages and has {scanned:,}, where {expected:,} were written; unless an "
            "ingest is running, documents are missing or outdated ones are back."
        )


async def _sources(settings: Settings) -> str:
    from rag_core.ingest.sources import open_source

    for source in settings.sources:
        opened = open_source(source, settings.home / "sources" / source.name, settings.ingest)
        try:
            async for _ in opened.items({}):
                break
            else:
                raise AnswerloopError(f"{source.name} has no document that could be read.")
        finally:
            await opened.close()
    return ", ".join(s.name for s in settings.sources) or "none configured"


async def _access(settings: Settings) -> str:
    from bots.commands.access import idle_rules

    found = f"{len(settings.access.rules)} rules, {len(settings.access.groups)} groups"
    return " ".join([f"{found}.", *(f"Warning: {idle}" for idle in await idle_rules(settings))]).rstrip()


async def _generator(settings: Settings) -> str:
    """A language model is asked for a word: its list of models says nothing of whether it answers."""
    from rag_core.generation.models.local import LocalModel
    from rag_core.generation.opening import open_language_model
    from rag_core.generation.protocol import Message

    async with open_language_model(settings) as model:
        if model is None:
            return "documents are quoted"
        if isinstance(model, LocalModel):
            await model.ready()  # which may take longer than a question waits
        async for _ in model.stream((Message("user", "Say yes."),), 16):
            pass
        return f"{model.name} answers; its window is {model.window:,} tokens"


async def _page(settings: Settings) -> str:
    from bots.commands.page_checks import chat_page

    return await chat_page(settings)


async def _admin(settings: Settings) -> str:
    from bots.commands.page_checks import admin_page

    return await admin_page(settings)


async def _slack(settings: Settings) -> str:
    from bots.commands.slack_checks import examined

    return await examined(settings) if settings.slack.configured else "not configured"


async def _discord(settings: Settings) -> str:
    from bots.commands.discord_checks import examined

    return await examined(settings) if settings.discord.configured else "not configured"


_EXAMINATIONS: dict[str, Callable[[Settings], Awaitable[str]]] = {
    "home": _home,
    "database": _database,
    "embedding model": _model,
    "index": _index,
    "sources": _sources,
    "access": _access,
    "generator": _generator,
    "chat page": _page,
    "admin pages": _admin,
    "slack": _slack,
    "discord": _discord,
}
_REMEDIES = {
    "home": "Free some space, or name another directory with --home or ANSWERLOOP_HOME.",
    "database": "Check database.url, and that the server runs and lets this user in.",
    "embedding model": "Install 'answerloop[train]', or copy the models folder from a home where it was exported.",
    "index": "Run `answerloop ingest FOLDER`, or `answerloop ingest --rebuild` for an index that cannot be used; "
    "one in Weaviate needs its server (store.url).",
    "sources": "Correct the source in the settings file; `answerloop ingest` reads it again.",
    "generator": "See docs/generators.md. Until it answers, the documents are quoted.",
    "chat page": "Set another web.port, or stop what listens there.",
    "admin pages": "See docs/admin.md. `answerloop admin` lists and adds users; admin.port is another port.",
    "slack": "See docs/slack.md. `answerloop init slack` writes a manifest with all scopes; install the app anew with it.",
    "discord": "See docs/discord.md. `answerloop init discord` prints the link that invites the bot with all permissions.",
}


def _show(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for check in checks:
        mark = Text("✓ ", "green") if check.ok else Text("✗ ", "bold red")
        console.print(mark + Text(f"{check.part}: {check.found}"))
        if not check.ok and check.remedy:
            console.print(Text(f"  → {check.remedy}"))
