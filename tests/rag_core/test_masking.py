"""What is shown of settings and of errors holds no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import UnionType
from typing import Any, get_args

import pytest
from pydantic import BaseModel, SecretStr

from rag_core.settings import AccessRule, FolderSource, GitSource, ReaderSource, Settings, WebSource
from rag_core.settings.effective import Shown, effective
from rag_core.settings.masking import MASK, masked, without_credentials

SECRET = "s3cret-zanzibar"


def secret_fields(group: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The places of all SecretStr fields, wherever they will be added."""
    for name, field in group.model_fields.items():
        kinds = get_args(field.annotation) if isinstance(field.annotation, UnionType) else (field.annotation,)
        for kind in kinds:
            if kind is SecretStr:
                yield (*path, name)
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from secret_fields(kind, (*path, name))


def with_secret(settings: Settings, path: tuple[str, ...]) -> Settings:
    """The same settings with a secret in one place; checks between settings do not matter here."""

    def put(group: BaseModel, rest: tuple[str, ...]) -> BaseModel:
        name, *below = rest
        value: Any = put(getattr(group, name), tuple(below)) if below else SecretStr(SECRET)
        return group.model_copy(update={name: value})

    made = put(settings, path)
    assert isinstance(made, Settings)
    return made


def rows(settings: Settings, **more: Any) -> dict[str, Shown]:
    return {
        f"{group.title} {row.key}": row
        for group in effective(settings, environment=(), **more)
        for row in group.settings
    }


def with_everything() -> Settings:
    """Secrets in every secret field, and in every other place that people put them."""
    address = f"https://user:{SECRET}@host.example/path"
    made = Settings(
        sources=(
            GitSource(name="g", repository=address, url=f"https://{SECRET}@host.example"),
            WebSource(
                name="w", urls=(f"https://host.example/?api_key={SECRET}&page=2",), sitemaps=(address,)
            ),
            ReaderSource(
                name="r", reader="a:B", args={"token": SECRET, "deep": {"list": [SECRET]}, "id": "env:ID"}
            ),
            FolderSource(name="f", path="docs", url=address),  # type: ignore[arg-type]
        ),
        database={"url": f"postgresql+asyncpg://bot:{SECRET}/x@y@db/name"},  # type: ignore[arg-type]
        cache={"url": f"redis://:{SECRET}@redis:6379/0"},  # type: ignore[arg-type]
        generator={"headers": {"authorization": f"Bearer {SECRET}", "x-key": "env:KEY"}},  # type: ignore[arg-type]
    )
    for path in secret_fields(Settings):
        made = with_secret(made, path)
    return made


def test_there_are_secrets_to_hide() -> None:
    """Or the test below could not fail."""
    found = {".".join(path) for path in secret_fields(Settings)}
    assert {"cache.password", "slack.bot_token", "admin.oidc.client_secret", "generator.api_key"} <= found
    assert str([row.get_secret_value() for row in [SecretStr(SECRET)]]).count(SECRET) == 1


def test_no_secret_is_in_what_is_shown_of_settings() -> None:
    """In none of its fields: value, default, meaning; nor are lengths or beginnings."""
    told = effective(with_everything())
    text = repr(told) + json.dumps(masked(with_everything()), default=str)
    assert SECRET not in text
    assert "zanzibar" not in text
    assert SECRET[:6] not in text
    for path in secret_fields(Settings):
        (row,) = [r for group in told for r in group.settings if r.key == ".".join(path)]
        assert (row.value, row.secret) == (MASK, True)


def test_what_is_no_secret_stays_readable() -> None:
    """Hosts, paths, other parameters, names of environment variables."""
    shown = rows(with_everything())
    assert shown["[database] database.url"].value == f'"postgresql+asyncpg://{MASK}@db/name"'
    assert shown["[cache] cache.url"].value == f'"redis://{MASK}@redis:6379/0"'
    assert shown["[[sources]] w sources.urls"].value == f'["https://host.example/?api_key={MASK}&page=2"]'
    assert "env:KEY" in shown["[generator] generator.headers"].value
    assert "env:ID" in shown["[[sources]] r sources.args"].value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("git@github.com:org/repo", "git@github.com:org/repo"),
        ("https://ghp_abc@github.com/org", f"https://{MASK}@github.com/org"),
        (
            "https://a:b@c:d@host/x failed, and http://e:f@g too",
            f"https://{MASK}@host/x failed, and http://{MASK}@g too",
        ),
        ("https://social.example/@ada", "https://social.example/@ada"),
        ("https://h/x?access_token=abc&lang=de", f"https://h/x?access_token={MASK}&lang=de"),
        ("redis+cluster://u:p@h1,h2", f"redis+cluster://{MASK}@h1,h2"),
        ("write to ada@example.com", "write to ada@example.com"),
    ],
)
def test_texts_lose_their_credentials_and_nothing_else(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


def test_each_setting_tells_where_it_comes_from() -> None:
    """The default, the file, or the environment, also by the names that platforms use; and when a change is taken up."""
    settings = Settings(web={"port": 9000}, slack={"bot_token": "xoxb-1"}, admin={"idle": "1h"})  # type: ignore[arg-type]
    told = {
        row.key: row
        for group in effective(
            settings,
            live=("admin",),
            at_start=("admin.port",),
            variables={"slack.bot_token": "SLACK_BOT_TOKEN"},
            environment=("SLACK_BOT_TOKEN", "ANSWERLOOP_CACHE__TTL"),
        )
        for row in group.settings
    }
    origins = {
        key: told[key].origin for key in ("web.port", "web.host", "slack.bot_token", "cache.ttl", "home")
    }
    assert origins == {
        "web.port": "file",
        "web.host": "default",
        "slack.bot_token": "environment",
        "cache.ttl": "environment",
        "home": "default",
    }
    assert (told["web.port"].value, told["web.port"].default) == ("9000", "8080")
    assert [told[key].live for key in ("admin.idle", "admin.port", "web.port")] == [True, False, False]
    assert "0 takes any free port." in told["web.port"].meaning


def test_every_setting_is_there() -> None:
    """With its meaning, those of nested tables too."""
    rule = AccessRule(scopes=("hr",), platform="slack", user=("U1",))
    given = {"sources": [{"kind": "folder", "name": "f", "path": "x"}], "access": {"rules": [rule]}}
    settings = Settings.model_validate(given)
    told = [row for group in effective(settings) for row in group.settings]
    assert len(told) > 130
    assert [row.key for row in told if not row.meaning] == []
    assert {"sources.path", "access.rules.scopes", "admin.oidc.issuer"} <= {row.key for row in told}
