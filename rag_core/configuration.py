"""answerloop.toml and the environment -> settings, read once.

Precedence, highest first: arguments, environment (ANSWERLOOP_WEB__PORT=8081 sets web.port), .env, answerloop.toml,
the defaults in rag_core/settings/. Secrets come from the environment or .env only. Every mistake is one sentence
that names the key.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_settings import SettingsError as UnreadableVariable

from rag_core.errors import SettingsError
from rag_core.settings import (
    FolderSource,
    Generator,
    GitSource,
    ReaderSource,
    Settings,
    SourceSettings,
    WebSource,
)

__all__ = ["load_settings", "platform_variables", "secret", "settings_file"]

CONFIG_NAME = "answerloop.toml"
_HAS_PASSWORD = re.compile(r"//[^/@]*:[^@]+@|//[^/@:]{16,}@|[?&](?:password|passwd|token)=", re.I)
"""In an address: user:password@, a token in the place of the user, or a parameter."""


def load_settings(config: Path | None = None, home: Path | None = None) -> Settings:
    """Read the settings file, .env and the environment.

    config: the settings file; None takes ANSWERLOOP_CONFIG, then ./answerloop.toml, and does without where there is none.
    home: overrides the setting of that name.

    Raises:
        SettingsError: something is misspelt, of the wrong type, or misplaced; every mistake on a line of its own.
    """
    path = settings_file(config)
    base = path.parent.resolve() if path else Path.cwd()
    _load_dotenv(base / ".env")
    values = _read_toml(path) if path else {}
    _refuse_secrets(values, path)
    arguments: dict[str, Any] = {"_from_file": values}
    if home is not None:
        arguments["home"] = home
    for platform, names in _PLATFORMS.items():
        if given := {
            key: value for key, name in names.items() if (value := os.environ.get(name, "").strip())
        }:
            arguments[platform] = given
    try:
        settings = Settings(**arguments)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(item, path) for item in error.errors())) from None
    except UnreadableVariable as error:
        raise SettingsError(_unreadable(error)) from None
    _refuse_unknown_variables()
    return _anchored(settings, base, home)


def secret(name: str, purpose: str) -> str:
    """The environment variable of that name.

    Raises:
        SettingsError: it is unset or empty; the message says what it is for.
    """
    if value := os.environ.get(name, "").strip():
        return value
    raise SettingsError(f"{name} is not set: {purpose} needs it, from the environment or the file .env.")


def platform_variables() -> dict[str, str]:
    """The environment variables that platforms' own documentation names, by the setting that each gives."""
    return {f"{table}.{key}": name for table, names in _PLATFORMS.items() for key, name in names.items()}


def settings_file(config: Path | None) -> Path | None:
    """The file that load_settings reads; None where there is none.

    Raises:
        SettingsError: the file that was named does not exist.
    """
    if config is None and (named := os.environ.get("ANSWERLOOP_CONFIG")):
        config = Path(named)
    if config is not None:
        if not config.is_file():
            raise SettingsError(f"{config}: there is no such settings file; `answerloop init` writes one.")
        return config
    return Path(CONFIG_NAME) if Path(CONFIG_NAME).is_file() else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from None


def _load_dotenv(path: Path) -> None:
    """Put what .env sets into the environment, without replacing what is there already."""
    if path.is_file():
        from dotenv import dotenv_values

        for name, value in dotenv_values(path).items():
            if value is not None:
                os.environ.setdefault(name, value)


def _refuse_secrets(values: dict[str, Any], path: Path | None) -> None:
    """A password written into the settings file is refused before anything can print it."""
    database = values.get("database")
    url = database.get("url", "") if isinstance(database, dict) else ""
    if isinstance(url, str) and _HAS_PASSWORD.search(url):
        raise SettingsError(
            f"database.url in {path} holds a password: give the address in the environment variable "
            "ANSWERLOOP_DATABASE__URL instead."
        )
    cache = values.get("cache")
    for key, value in cache.items() if isinstance(cache, dict) else ():
        if key in ("password", "sentinel_password") or (
            isinstance(value, str) and _HAS_PASSWORD.search(value)
        ):
            raise SettingsError(
                f"cache.{key} in {path} holds a password: give it in the environment variable "
                f"ANSWERLOOP_CACHE__{key.upper()} instead."
            )
    for group in ("store", "generator"):
        given = values.get(group)
        for name in _SECRETS.intersection(given if isinstance(given, dict) else ()):
            raise SettingsError(
                f"{group}.{name} in {path} is a secret: give it in the environment variable "
                f"ANSWERLOOP_{group.upper()}__{name.upper()} instead."
            )
    admin = values.get("admin")
    for provider, given in admin.items() if isinstance(admin, dict) else ():
        if isinstance(given, dict) and "client_secret" in given:
            raise SettingsError(
                f"admin.{provider}.client_secret in {path} is a secret: give it in the environment variable "
                f"ANSWERLOOP_ADMIN__{provider.upper()}__CLIENT_SECRET instead."
            )
    for platform, names in _PLATFORMS.items():
        given = values.get(platform)
        for name in _PLATFORM_SECRETS.intersection(given if isinstance(given, dict) else ()):
            raise SettingsError(
                f"{platform}.{name} in {path} is a secret: give it in the environment variable {names[name]} instead."
            )
    sources = values.get("sources")
    for source in sources if isinstance(sources, list) else []:
        address = source.get("repository", "") if isinstance(source, dict) else ""
        if isinstance(address, str) and _HAS_PASSWORD.search(address):
            raise SettingsError(
                f"sources.{source.get('name', '?')}.repository in {path} holds a password: use an ssh address, or let a git "
                "credential helper give it."
            )


_PLATFORMS = {
    "slack": {
        "bot_token": "SLACK_BOT_TOKEN",
        "app_token": "SLACK_APP_TOKEN",
        "signing_secret": "SLACK_SIGNING_SECRET",
        "client_id": "SLACK_CLIENT_ID",
        "client_secret": "SLACK_CLIENT_SECRET",
        "api_url": "SLACK_API_URL",
    },
    "discord": {
        "bot_token": "DISCORD_BOT_TOKEN",
        "api_url": "DISCORD_API_URL",
        "gateway_url": "DISCORD_GATEWAY_URL",
    },
}
"""Settings of [slack] and [discord] that have the names which the platforms' own documentation uses."""
_PLATFORM_SECRETS = {"bot_token", "app_token", "signing_secret", "client_secret"}
_SECRETS = {"api_key", "client_secret", "bearer_token"}
"""Of [store] and [generator]."""
_OUTSIDE_SETTINGS = {"ANSWERLOOP_CONFIG"}


def _refuse_unknown_variables() -> None:
    known = {f"ANSWERLOOP_{name.upper()}": field.annotation for name, field in Settings.model_fields.items()}
    for name in sorted(os.environ):
        if name.startswith("ANSWERLOOP_") and name not in _OUTSIDE_SETTINGS:
            first, *rest = name.split("__")
            if first not in known or (rest and not hasattr(known[first], "model_fields")):
                raise SettingsError(
                    f"The environment variable {name} names no setting; see docs/configuration.md."
                )


def _anchored(settings: Settings, base: Path, home: Path | None) -> Settings:
    """Relative paths of the settings file start where that file lies; those of the command line, here."""
    sources = tuple(_anchored_source(source, base) for source in settings.sources)
    own_home = settings.home.expanduser()
    anchored_home = own_home if home is not None or "ANSWERLOOP_HOME" in os.environ else base / own_home
    files = ("ca_file", "cert_file", "key_file")
    named = {name: path for name in files if (path := getattr(settings.cache, name)) is not None}
    cache = settings.cache.model_copy(update={name: base / path.expanduser() for name, path in named.items()})
    groups = {"cache": cache, "generator": _anchored_generator(settings.generator, base)}
    return settings.model_copy(update={"home": anchored_home, "sources": sources, **groups})


def _anchored_generator(generator: Generator, base: Path) -> Generator:
    named = {name: getattr(generator, name) for name in ("tokenizer", "adapter")}
    return generator.model_copy(
        update={name: base / path.expanduser() for name, path in named.items() if path}
    )


def _anchored_source(source: SourceSettings, base: Path) -> SourceSettings:
    if isinstance(source, FolderSource):
        return source.model_copy(update={"path": base / source.path.expanduser()})
    if isinstance(source, GitSource) and not re.search(r"://|^[^/]+:", source.repository):
        return source.model_copy(update={"repository": str(base / Path(source.repository).expanduser())})
    return source


_EXPECTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "text in quotes",
    "tuple": "a list in brackets",
    "dict": "a table",
    "model": "a table",
    "path": "a path in quotes",
}


def _sentence(item: Any, path: Path | None) -> str:
    """One mistake of pydantic's list, as a sentence that names the key and what is expected."""
    located = list(item["loc"])
    parts = located.copy()
    if parts[:1] == ["sources"] and len(parts) > 2:
        del parts[2]  # pydantic puts the source's kind between its number and its key
    key = ".".join(str(p + 1) if isinstance(p, int) else p for p in parts) or "settings"
    where = f" ({path} or the environment)" if path else " (the environment)"
    kind: str = item["type"]
    if kind == "extra_forbidden":
        return f"{key} is not a setting{where}: {_suggestion(located)}"
    if kind == "missing":
        return f"{key} is missing{where}."
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return f'{key}.kind{where}: expected one of "folder", "web", "git", "reader".'
    expected = next((words for start, words in _EXPECTED.items() if kind.startswith(start + "_")), "")
    reason = (
        f"expected {expected}"
        if expected and not kind.endswith("mismatch")
        else item["msg"].removeprefix("Value error, ")
    )
    return f"{key}{where}: {reason[0].lower() + reason[1:]}{_shown(item['input'], parts)}."


_MAY_HOLD_SECRETS = {"args", "load", *_SECRETS, *_PLATFORM_SECRETS}


def _shown(value: Any, parts: list[Any]) -> str:
    """The bad value, when it is short enough to be told and cannot be a secret."""
    told = isinstance(value, (str, int, float)) and not _MAY_HOLD_SECRETS.intersection(parts)
    return f", not {value!r}" if told and not _HAS_PASSWORD.search(str(value)) else ""


def _unreadable(error: UnreadableVariable) -> str:
    """A list or table that is not JSON. pydantic tells the field and leaves out which of its variables it was."""
    match = re.search(r'field "(\w+)"', str(error))
    start = f"ANSWERLOOP_{match[1].upper()}" if match else "ANSWERLOOP_"
    names = ", ".join(
        sorted(name for name in os.environ if re.fullmatch(f"{start}(__.*)?", name, re.IGNORECASE))
    )
    return f'{names or start} (the environment): expected JSON, such as \'["a", "b"]\' for a list.'


_KINDS = {"folder": FolderSource, "web": WebSource, "git": GitSource, "reader": ReaderSource}


def _suggestion(parts: list[Any]) -> str:
    """The nearest name that does exist, or all of them."""
    import difflib

    group: Any = Settings
    for part in parts[:-1]:
        if isinstance(part, str):
            fields = getattr(group, "model_fields", None)
            group = _KINDS.get(part) if fields is None else fields[part].annotation
        elif get_args(group):
            group = get_args(group)[0]
    names = list(getattr(group, "model_fields", {}))
    close = difflib.get_close_matches(str(parts[-1]), names, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"expected one of {', '.join(names)}." if names else "see docs/configuration.md."
