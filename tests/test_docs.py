"""The documentation tells what there is: every setting, command and option; links lead somewhere; commands run."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from pydantic import BaseModel

from bots.cli import app
from rag_core.settings import (
    AccessRule,
    ChannelSettings,
    FolderSource,
    GitSource,
    ReaderSource,
    Settings,
    WebSource,
)
from tests import commands

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
COMMANDS = typer.main.get_command(app)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
OF_THE_LEAD = {"docs/benchmarks.md"}
"""Written by benchmarks, and linked to before it is there."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def parsed(command: object, words: list[str], name: str = "answerloop", parent: object = None) -> None:
    """Parse a command line as far as it would run. Raises what the command line itself raises."""
    context = command.make_context(name, list(words), parent=parent)  # type: ignore[attr-defined]
    if hasattr(command, "commands"):
        found, below, rest = command.resolve_command(context, [*context._protected_args, *context.args])  # type: ignore[attr-defined]
        parsed(below, rest, found, context)


def command_lines(text: str) -> Iterator[str]:
    """What a reader would type: all lines of sh blocks, and in console blocks those behind a prompt."""
    for language, block in BLOCK.findall(text):
        lines = block.replace("\\\n", " ").splitlines()
        if language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        if language in ("sh", "bash", "console"):
            yield from (line for line in lines if line.strip() and not line.startswith("#"))


def answerloop_calls(text: str) -> list[list[str]]:
    calls = (shlex.split(line, comments=True) for line in command_lines(text))
    return [words[1:] for words in calls if words and words[0] == "answerloop"]


CALLS = [(page, words) for page in PAGES for words in answerloop_calls(page.read_text(encoding="utf-8"))]


# --- settings ----------------------------------------------------------------------------------------------------


def settings_of(group: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in group.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings_of(kind, f"{prefix}{name}.")
        else:
            yield prefix + name


def all_settings() -> set[str]:
    kinds = (FolderSource, WebSource, GitSource, ReaderSource)
    of_sources = {name for kind in kinds for name in settings_of(kind, "sources.")}
    of_rules = set(settings_of(AccessRule, "access.rules."))
    of_channels = set(settings_of(ChannelSettings, "channels."))
    lists = {"sources", "access.rules", "channels"}
    return (set(settings_of(Settings)) - lists) | of_sources | of_rules | of_channels


def test_every_setting_has_its_row() -> None:
    """docs/configuration.md has a row for each setting, and for nothing else."""
    assert (
        set(re.findall(r"^\| `([\w.]+)` \|", text_of("docs/configuration.md"), re.M))
        - {
            "index",
            "models",
            "sources",
            "answerloop.db",
            "ingest.lock",
        }
        == all_settings()
    )


def test_the_tables_of_settings_are_up_to_date() -> None:
    """Otherwise: python docs/reference.py."""
    assert text_of("docs/configuration.md") == runpy.run_path(str(ROOT / "docs" / "reference.py"))["page"]()


SETTINGS = [
    (page, block)
    for page in PAGES
    for language, block in BLOCK.findall(page.read_text(encoding="utf-8"))
    if language == "toml"
]


@pytest.mark.parametrize(("page", "block"), SETTINGS, ids=lambda value: getattr(value, "name", ""))
def test_every_settings_file_that_is_shown_is_accepted(page: Path, block: str, tmp_path: Path) -> None:
    """As somebody would copy it."""
    Settings.model_validate({"home": tmp_path, **tomllib.loads(block)})


# --- commands ----------------------------------------------------------------------------------------------------


def leaves(command: object = COMMANDS, name: str = "answerloop") -> Iterator[tuple[str, object]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for key, inner in below.items():
        yield from leaves(inner, f"{name} {key}")


def options_of(command: object) -> set[str]:
    params = command.params  # type: ignore[attr-defined]
    return {option for p in params for option in p.opts if option.startswith("--")} - {"--help"}


def section(name: str) -> str:
    """The part of docs/cli.md below '## name'; '' where there is none."""
    match = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", text_of("docs/cli.md"), re.M | re.S)
    return match[1] if match else ""


@pytest.mark.parametrize(("name", "command"), list(leaves()), ids=[name for name, _ in leaves()])
def test_every_command_and_option_has_its_place(name: str, command: object) -> None:
    """A section for each command in docs/cli.md, a row for each of its options, and none that do not exist."""
    rows = set(re.findall(r"^\| `(--[\w-]+)", section(name), re.M))
    assert section(name)
    assert rows == options_of(command)


def test_the_options_before_the_command_have_their_place() -> None:
    rows = set(re.findall(r"^\| `(--[\w-]+)", text_of("docs/cli.md").split("\n## ")[0], re.M))
    assert rows == options_of(COMMANDS) | {"--help"}


@pytest.mark.parametrize(("page", "words"), CALLS, ids=[f"{p.name}: {shlex.join(w)}" for p, w in CALLS])
def test_every_command_line_parses(page: Path, words: list[str]) -> None:
    """What the pages tell to type has no unknown command or option."""
    parsed(COMMANDS, words)


@pytest.mark.parametrize("line", ["asq x", "ask --jsno x", "ask", "serve --port x"])
def test_a_wrong_command_line_does_not_parse(line: str) -> None:
    """The test above can fail."""
    with pytest.raises(Exception, match=r"(?i)no such|missing|valid integer"):
        parsed(COMMANDS, shlex.split(line))


# --- links -------------------------------------------------------------------------------------------------------


def anchors_of(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    """Relative links name files that are there, and headings that they have."""
    for found in LINK.findall(BLOCK.sub("", page.read_text(encoding="utf-8"))):
        target, _, anchor = "".join(found).partition("#")
        file = (page.parent / target).resolve() if target else page
        awaited = file.is_relative_to(ROOT) and name_of(file) in OF_THE_LEAD and not file.exists()
        if re.match(r"\w+:", target) or awaited:
            continue
        assert file.exists(), target
        assert not anchor or anchor in anchors_of(file), f"{target}#{anchor}"


def test_the_pictures_are_small() -> None:
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size < 200_000


# --- the quick start ---------------------------------------------------------------------------------------------


def quick_start() -> list[list[str]]:
    part = text_of("README.md").split("## Use it on your own documents")[1].split("\n## ")[0]
    return answerloop_calls(part)


@pytest.mark.slow
def test_the_quick_start_of_the_readme_runs(tmp_path: Path, home: Path) -> None:
    """Every command, in its order, on the example documents in ./docs and in a home of its own."""
    shutil.copytree(ROOT / "examples" / "documents", tmp_path / "docs")
    own = {"ANSWERLOOP_HOME": str(home), "ANSWERLOOP_WEB__PORT": "0"}
    said = {words[0]: output_of(words, tmp_path, own) for words in quick_start()}
    assert set(said) == {"ingest", "ask", "chat", "serve", "doctor"}
    assert re.search(r"docs +17 ", said["ingest"])
    assert "27 days" in said["ask"]
    assert "Sources" in said["ask"]
    assert re.search(r"answerloop is ready: http://127\.0\.0\.1:\d+", said["serve"])
    assert "✗" not in said["doctor"]


def output_of(words: list[str], folder: Path, own: dict[str, str]) -> str:
    """What the command prints; it must end well. `serve` is stopped once it is ready."""
    if words[0] != "serve":
        done = commands.run(words, folder, variables=own)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr
    command = [sys.executable, "-c", "from bots.cli import main; main()", *words]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=commands.environment(**own),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout
        first = process.stdout.readline()
        process.terminate()
        said = first + process.stdout.read()
    assert process.returncode == 0, said
    return said
