"""answerloop.toml and the environment: what is read, what wins, and how each mistake is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from rag_core.configuration import load_settings, secret
from rag_core.errors import SettingsError
from rag_core.settings import FolderSource, GitSource, duration_s

FOLDER = '[[sources]]\nname = "docs"\nkind = "folder"\npath = "docs"\n'
PASSWORD = "hunter2"


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory, and an environment that is as before afterwards: .env is read into it."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.upper().startswith("ANSWERLOOP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    monkeypatch.undo()  # it would put back what .env had set before it
    os.environ.clear()
    os.environ.update(before)


def write(directory: Path, text: str) -> None:
    (directory / "answerloop.toml").write_text(text, encoding="utf-8")


def told(error: pytest.ExceptionInfo[SettingsError]) -> str:
    return str(error.value)


# --- mistakes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('hom = "x"', "hom is not a setting (answerloop.toml or the environment): did you mean home?"),
        ("[web]\nprot = 1", "web.prot is not a setting (…): did you mean port?"),
        (
            "[web]\nzzz = 1",
            "web.zzz is not a setting (…): expected one of host, port, hosts, suggestions, embed_origins.",
        ),
        (FOLDER + 'pth = "x"', "sources.1.pth is not a setting (…): did you mean path?"),
        (FOLDER + 'urls = ["x"]', "sources.1.urls is not a setting (…): did you mean url?"),
        (
            '[[access.rules]]\nscopes = ["a"]\nchanel = "x"',
            "access.rules.1.chanel is not a setting (…): did you mean channel?",
        ),
        ('[web]\nport = "x"', "web.port (…): expected a whole number, not 'x'."),
        ("[web]\nport = 1.5", "web.port (…): expected a whole number, not 1.5."),
        ("[web]\nhost = 5", "web.host (…): expected text in quotes, not 5."),
        ('[web]\nhosts = "x"', "web.hosts (…): expected a list in brackets, not 'x'."),
        ('[retrieval]\ndense_weight = "x"', "retrieval.dense_weight (…): expected a number, not 'x'."),
        ("web = 5", "web (…): expected a table, not 5."),
        ('sources = "docs"', "sources (…): expected a list in brackets, not 'docs'."),
        ('sources = ["docs"]', "sources.1 (…): expected a table, not 'docs'."),
        (FOLDER + 'hidden = "often"', "sources.1.hidden (…): expected true or false, not 'often'."),
        (FOLDER.replace('name = "docs"', "name = 3"), "sources.1.name (…): expected text in quotes, not 3."),
        (
            FOLDER.replace("folder", "fodler"),
            'sources.1.kind (…): expected one of "folder", "web", "git", "reader".',
        ),
        (
            '[[sources]]\nname = "docs"',
            'sources.1.kind (…): expected one of "folder", "web", "git", "reader".',
        ),
        ('[[sources]]\nname = "docs"\nkind = "folder"', "sources.1.path is missing (…)."),
        ('[[sources]]\nkind = "folder"\npath = "docs"', "sources.1.name is missing (…)."),
        ('[[access.rules]]\nuser = "u"', "access.rules.1.scopes is missing (…)."),
        ('[[sources]]\nname = "site"\nkind = "web"', "sources.1 (…): expected urls or sitemaps."),
        (
            FOLDER + 'every = "soon"',
            "sources.1.every (…): expected a duration such as '15m', '1h' or '1d', not 'soon'.",
        ),
        (FOLDER + FOLDER, "sources (…): two sources are named 'docs'; names must differ."),
        (
            'log_level = "loud"',
            "log_level (…): input should be 'debug', 'info', 'warning' or 'error', not 'loud'.",
        ),
        ("[web]\nport = 70000", "web.port (…): input should be less than or equal to 65535, not 70000."),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(directory: Path, text: str, said: str) -> None:
    """It names the key, with sources counted from 1, and says what is expected."""
    write(directory, text)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert told(error) == said.replace("(…)", "(answerloop.toml or the environment)")


def test_every_mistake_has_a_line_of_its_own(directory: Path) -> None:
    """Whoever edits the file sees all of them at once."""
    write(directory, 'hom = "x"\n[web]\nport = "x"\n')
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert sorted(line.split()[0] for line in told(error).splitlines()) == ["hom", "web.port"]


@pytest.mark.parametrize("content", [b"home = ", b'[web]\n[web]\nport = 1\n"', b"\xff\xfe"])
def test_a_file_that_is_not_toml_is_named(directory: Path, content: bytes) -> None:
    """Also one that is not even text."""
    (directory / "answerloop.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=r"^answerloop\.toml is not valid TOML: .*\.$"):
        load_settings()


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_a_settings_file_that_was_named_must_be_there(
    directory: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Only ./answerloop.toml may be absent."""
    monkeypatch.setenv("ANSWERLOOP_CONFIG", "other.toml" if by == "environment" else "")
    with pytest.raises(
        SettingsError, match=r"^other\.toml: there is no such settings file; `answerloop init`"
    ):
        load_settings(Path("other.toml") if by == "argument" else None)


@pytest.mark.parametrize("name", ["ANSWERLOOP_HOM", "ANSWERLOOP_WEB_PORT", "ANSWERLOOP_LOG_LEVEL__X"])
def test_an_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A misspelt variable would otherwise do nothing, silently."""
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=f"^The environment variable {name} names no setting"):
        load_settings()


def test_an_unknown_variable_within_a_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the nearest name there is."""
    monkeypatch.setenv("ANSWERLOOP_WEB__PROT", "1")
    with pytest.raises(SettingsError, match=r"^web\.prot is not a setting .*: did you mean port\?$"):
        load_settings()


def test_a_variable_of_the_wrong_type_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is in the file."""
    monkeypatch.setenv("ANSWERLOOP_WEB__PORT", "abc")
    with pytest.raises(
        SettingsError, match=r"^web\.port \(the environment\): expected a whole number, not 'abc'\.$"
    ):
        load_settings()


@pytest.mark.parametrize("name", ["ANSWERLOOP_WEB__HOSTS", "ANSWERLOOP_SOURCES", "ANSWERLOOP_DATABASE"])
def test_a_list_or_table_in_a_variable_must_be_json(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The sentence names the variable and not its value."""
    monkeypatch.setenv(name, f"postgresql://me:{PASSWORD}@db")
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert told(error).startswith(f"{name} (the environment): expected JSON")
    assert PASSWORD not in told(error)


# --- secrets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (f'[database]\nurl = "postgresql+asyncpg://me:{PASSWORD}@db/answerloop"', "database.url"),
        (
            f'[[sources]]\nname = "code"\nkind = "git"\nrepository = "https://me:{PASSWORD}@git.example/x.git"',
            "sources.code.repository",
        ),
    ],
)
def test_a_password_in_the_file_is_refused(directory: Path, text: str, key: str) -> None:
    """The sentence names the key and the remedy, and never shows the password."""
    write(directory, text)
    with pytest.raises(SettingsError, match=f"^{key} in answerloop.toml holds a password: ") as error:
        load_settings()
    assert PASSWORD not in told(error)


@pytest.mark.parametrize(
    "text",
    [
        f'database = "postgresql+asyncpg://me:{PASSWORD}@db/answerloop"',
        f'[database]\nurl = ["postgresql+asyncpg://me:{PASSWORD}@db/answerloop"]',
        f'[[sources]]\nname = "site"\nkind = "web"\nurls = "https://me:{PASSWORD}@example.com"',
        f'[[sources]]\nname = "wiki"\nkind = "reader"\nreader = "a:B"\nargs = "{PASSWORD}"',
        (
            FOLDER
            + f'[[sources]]\nname = "docs"\nkind = "reader"\nreader = "a:B"\nargs = {{k = "{PASSWORD}"}}'
        ),
    ],
)
def test_no_mistake_shows_a_password(directory: Path, text: str) -> None:
    """Not even where an address or a secret stands in the wrong place."""
    write(directory, text)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert PASSWORD not in told(error)


def test_a_password_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """ANSWERLOOP_DATABASE__URL is where it belongs."""
    address = f"postgresql+asyncpg://me:{PASSWORD}@db/answerloop"
    monkeypatch.setenv("ANSWERLOOP_DATABASE__URL", address)
    assert load_settings().database_url == address


def test_a_secret_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the white space around it."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", " xoxb-1\n")
    assert secret("SLACK_BOT_TOKEN", "the Slack bot") == "xoxb-1"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_secret_says_what_it_is_for(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """An empty one counts as missing."""
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("SLACK_BOT_TOKEN", value)
    with pytest.raises(SettingsError) as error:
        secret("SLACK_BOT_TOKEN", "the Slack bot")
    assert told(error) == (
        "SLACK_BOT_TOKEN is not set: the Slack bot needs it, from the environment or the file .env."
    )


# --- what wins ---------------------------------------------------------------------------------------------------


def test_precedence_is_argument_environment_dotenv_file_default(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is seen where the ones above it say nothing."""

    def home() -> str:
        return load_settings().home.name

    assert home() == ".answerloop"
    write(directory, 'home = "from-file"')
    assert home() == "from-file"
    (directory / ".env").write_text("ANSWERLOOP_HOME=from-dotenv\n")
    assert home() == "from-dotenv"
    monkeypatch.setenv("ANSWERLOOP_HOME", "from-environment")
    assert home() == "from-environment"
    assert load_settings(home=Path("from-argument")).home == Path("from-argument")


def test_a_variable_changes_one_key_of_a_table(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others stay as the file has them."""
    write(directory, '[web]\nhost = "0.0.0.0"\nport = 1\n')
    monkeypatch.setenv("ANSWERLOOP_WEB__PORT", "8081")
    web = load_settings().web
    assert (web.host, web.port) == ("0.0.0.0", 8081)


def test_dotenv_lies_beside_the_settings_file(directory: Path) -> None:
    """Not in the directory where the command happens to run."""
    (directory / "etc").mkdir()
    (directory / "etc" / "answerloop.toml").write_text("")
    (directory / "etc" / ".env").write_text("ANSWERLOOP_WEB__PORT=81\n")
    (directory / ".env").write_text("ANSWERLOOP_WEB__PORT=82\n")
    assert load_settings(Path("etc/answerloop.toml")).web.port == 81


def test_the_settings_file_can_be_named_by_the_environment(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ANSWERLOOP_CONFIG is not itself a setting."""
    (directory / "other.toml").write_text('log_level = "debug"')
    monkeypatch.setenv("ANSWERLOOP_CONFIG", "other.toml")
    assert load_settings().log_level == "debug"


def test_without_a_file_everything_has_its_default(directory: Path) -> None:
    """Below the working directory."""
    settings = load_settings()
    assert settings.home == directory / ".answerloop"
    assert settings.sources == ()
    assert settings.database_url == f"sqlite+aiosqlite:///{directory}/.answerloop/answerloop.db"


# --- paths, times, and what cannot be changed ---------------------------------------------------------------------


def test_relative_paths_start_where_the_settings_file_lies(directory: Path) -> None:
    """Home, folders, and repositories that are paths; addresses stay as they are."""
    (directory / "etc").mkdir()
    git = '[[sources]]\nname = "{}"\nkind = "git"\nrepository = "{}"\n'
    (directory / "etc" / "answerloop.toml").write_text(
        'home = "state"\n'
        + FOLDER
        + git.format("path", "../repo")
        + git.format("ssh", "git@example.com:x/y.git")
        + git.format("https", "https://example.com/x/y.git")
    )
    settings = load_settings(Path("etc/answerloop.toml"))
    folder, *repositories = settings.sources
    assert isinstance(folder, FolderSource)
    assert settings.home == directory / "etc" / "state"
    assert folder.path == directory / "etc" / "docs"
    assert [r.repository for r in repositories if isinstance(r, GitSource)] == [
        f"{directory}/etc/../repo",
        "git@example.com:x/y.git",
        "https://example.com/x/y.git",
    ]


def test_the_generators_files_lie_beside_the_settings_file_too(directory: Path) -> None:
    """Its tokenizer and its adapter."""
    (directory / "etc").mkdir()
    (directory / "etc" / "answerloop.toml").write_text(
        '[generator]\ntokenizer = "t.json"\nadapter = "/srv/lora"\n'
    )
    generator = load_settings(Path("etc/answerloop.toml")).generator
    assert generator.tokenizer == directory / "etc" / "t.json"
    assert generator.adapter == Path("/srv/lora")


def test_the_generators_key_does_not_stand_in_the_file(directory: Path) -> None:
    """It comes from the environment; the message names the variable, and not the key."""
    write(directory, f'[generator]\napi_key = "{PASSWORD}"\n')
    with pytest.raises(SettingsError, match="ANSWERLOOP_GENERATOR__API_KEY") as error:
        load_settings()
    assert PASSWORD not in told(error)


def test_a_tilde_is_the_users_home_directory(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every path of the file, and never a folder called ~."""
    monkeypatch.setenv("HOME", "/home/ada")
    write(
        directory,
        'home = "~/state"\n'
        + FOLDER.replace('path = "docs"', 'path = "~/docs"')
        + '[[sources]]\nname = "code"\nkind = "git"\nrepository = "~/code"\n',
    )
    settings = load_settings()
    folder, git = settings.sources
    assert isinstance(folder, FolderSource)
    assert isinstance(git, GitSource)
    assert (str(settings.home), str(folder.path), git.repository) == (
        "/home/ada/state",
        "/home/ada/docs",
        "/home/ada/code",
    )


def test_settings_are_frozen() -> None:
    """At every level: what was read at the start holds for the process."""
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.log_level = "debug"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        settings.web.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("1h", 3600), (" 2 d ", 172800), ("2w", 1209600)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    """Seconds, minutes, hours, days, weeks."""
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "0m", "-1h", "1.5h", "1h30m", "1 month"])
def test_anything_else_is_no_duration(text: str) -> None:
    """Nor is nothing at all."""
    with pytest.raises(ValueError, match="expected a duration such as"):
        duration_s(text)


@pytest.mark.parametrize(
    "address",
    [
        "https://x-access-token:hunter2@git.example.com/docs.git",
        "https://ghp_0123456789abcdef0123456789@git.example.com/docs.git",
        "https://user:pass/word@git.example.com/docs.git",
    ],
)
def test_a_secret_in_a_repository_address_is_refused_unseen(tmp_path: Path, address: str) -> None:
    """However it is written into the address of a repository, a secret is refused and not repeated."""
    path = tmp_path / "answerloop.toml"
    path.write_text(f'[[sources]]\nname = "code"\nkind = "git"\nrepository = "{address}"\n')
    with pytest.raises(SettingsError, match=r"sources\.code\.repository .* password") as caught:
        load_settings(path)
    assert "hunter2" not in str(caught.value)
    assert "0123456789abcdef" not in str(caught.value)
    assert "pass/word" not in str(caught.value)
