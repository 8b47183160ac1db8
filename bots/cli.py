"""The `answerloop` command. Each command lives in bots/commands and imports what it needs when it runs."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bots.commands import (
    access,
    admin,
    asking,
    cache,
    calibrating,
    documents,
    evaluating,
    feedback,
    forgetting,
    gaps,
    golden,
    releases,
    reporting,
    serving,
    setup,
    standard,
    standard_trying,
    store,
    training,
)
from rag_core.errors import AnswerloopError, SettingsError

__all__ = ["app", "main"]

app = typer.Typer(
    name="answerloop",
    help="Answers questions from your documents, and gets better from feedback.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
evaluate = typer.Typer(
    no_args_is_help=True, help="Measure on a judged set of your own.", rich_markup_mode=None
)
kept = typer.Typer(no_args_is_help=True, help="What is kept for whoever asks again.", rich_markup_mode=None)
rules = typer.Typer(no_args_is_help=True, help="Who may read what.", rich_markup_mode=None)
curated = typer.Typer(
    no_args_is_help=True, help="Answers that a person wrote or approved.", rich_markup_mode=None
)
accounts = typer.Typer(no_args_is_help=True, help="Who may use the admin pages.", rich_markup_mode=None)
given = typer.Typer(
    no_args_is_help=True, help="What people asked, and what they said of the answers.", rich_markup_mode=None
)
unlosable = typer.Typer(
    no_args_is_help=True, help="Questions that no release may lose.", rich_markup_mode=None
)
versions = typer.Typer(
    no_args_is_help=True, help="Which models and which index answer.", rich_markup_mode=None
)
reports = typer.Typer(
    cls=reporting.OfRuns, help="What training did, and what it brings.", rich_markup_mode=None
)
stores = typer.Typer(no_args_is_help=True, help="Where the index is kept.", rich_markup_mode=None)

app.command("init")(setup.init)
app.command("doctor")(setup.doctor)
app.command("ingest")(documents.ingest)
app.command("sources")(documents.sources)
app.command("ask")(asking.ask)
app.command("chat")(asking.chat)
app.command("serve")(serving.serve)
app.command("calibrate")(calibrating.calibrate)
app.command("gaps")(gaps.gaps)
app.command("train")(training.train)
rules.command("explain")(access.explain)
app.add_typer(rules, name="access")
accounts.command("create")(admin.create)
accounts.command("list")(admin.show_all)
accounts.command("password")(admin.password)
accounts.command("role")(admin.role)
accounts.command("disable")(admin.disable)
accounts.command("enable")(admin.enable)
accounts.command("remove")(admin.remove)
accounts.command("sessions")(admin.sessions)
app.add_typer(accounts, name="admin")
kept.command("stats")(cache.stats)
kept.command("clear")(cache.clear)
app.add_typer(kept, name="cache")
curated.command("add")(standard.add)
curated.command("list")(standard.show_all)
curated.command("show")(standard.show)
curated.command("edit")(standard.edit)
curated.command("remove")(standard.remove)
curated.command("import")(standard.import_)
curated.command("export")(standard.export)
curated.command("test")(standard_trying.try_)
app.add_typer(curated, name="standard")
given.command("export")(feedback.export)
given.command("import")(feedback.import_)
given.command("expire")(feedback.expire)
app.add_typer(given, name="feedback")
app.command("forget")(forgetting.forget)
unlosable.command("check")(golden.check)
unlosable.command("list")(golden.show_all)
unlosable.command("add")(golden.add)
unlosable.command("remove")(golden.remove)
unlosable.command("import")(golden.import_)
unlosable.command("export")(golden.export)
app.add_typer(unlosable, name="golden")
versions.command("list")(releases.show_all)
versions.command("show")(releases.show)
versions.command("promote")(releases.promote)
versions.command("rollback")(releases.rollback)
versions.command("canary")(releases.canary)
app.add_typer(versions, name="releases")
reports.command("show")(reporting.show)
reports.command("compare")(reporting.compare)
app.add_typer(reports, name="report")
stores.command("copy")(store.copy)
app.add_typer(stores, name="store")
evaluate.command("retrieval")(evaluating.retrieval)
evaluate.command("answers")(evaluating.answers)
evaluate.command("conversation")(evaluating.conversation)
app.add_typer(evaluate, name="evaluate")


@app.callback()
def _options(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Where everything is kept. [default: .answerloop]")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="The settings file. [default: ./answerloop.toml]")
    ] = None,
) -> None:
    context.obj = setup.Where(home=home, config=config)


@evaluate.callback()
@rules.callback()
@stores.callback()
def _group() -> None:
    """Keeps a group one while it has a single command."""


def main() -> None:
    """Run a command; what goes wrong is a sentence on standard error and an exit code: 2 settings, 1 anything else."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        app()
    except AnswerloopError as error:
        print(error, file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
