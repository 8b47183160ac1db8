"""Addresses of Redis, and the mistakes in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_core.cache import Address
from rag_core.configuration import load_settings
from rag_core.errors import SettingsError
from rag_core.settings import Cache


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", Address("server", hosts=(("localhost", 6379),))),
        ("redis://10.0.0.1:7000/2", Address("server", hosts=(("10.0.0.1", 7000),), db=2)),
        ("redis://[::1]:7000/", Address("server", hosts=(("::1", 7000),))),
        ("rediss://cache.example", Address("server", tls=True, hosts=(("cache.example", 6379),))),
        ("redis://bot:p%40ss%2F@h", Address("server", hosts=(("h", 6379),), user="bot", password="p@ss/")),
        ("redis://:pw@h/1", Address("server", hosts=(("h", 6379),), password="pw", db=1)),
        ("unix:///run/redis.sock", Address("socket", path="/run/redis.sock")),
        ("unix:///run/redis.sock?db=4", Address("socket", path="/run/redis.sock", db=4)),
        ("redis+sentinel://a,b:7/main", Address("sentinel", hosts=(("a", 26379), ("b", 7)), service="main")),
        ("rediss+sentinel://a/main/2", Address("sentinel", tls=True, hosts=(("a", 26379),), service="main", db=2)),
        ("redis+cluster://a:1,b", Address("cluster", hosts=(("a", 1), ("b", 6379)))),
        ("rediss+cluster://:pw@a", Address("cluster", tls=True, hosts=(("a", 6379),), password="pw")),
    ],
)  # fmt: skip
def test_an_address_is_read(url: str, address: Address) -> None:
    """One server, a socket, Sentinels, a cluster; each with TLS or without."""
    assert Address.parse(url) == address


@pytest.mark.parametrize(
    "url",
    ["redis://bot:secret@h:1/2", "rediss+sentinel://:secret@a,[::1]:5/main/3", "redis+cluster://x:secret@a"],
)
def test_an_address_is_shown_without_its_secrets(url: str) -> None:
    """Neither as text nor as it is printed; and otherwise it is the same."""
    address = Address.parse(url)
    assert "secret" not in f"{address} {address!r}"
    assert "@" not in str(address)
    again = Address.parse(str(address))
    assert (again.kind, again.tls, again.hosts, again.service, again.db) == (
        address.kind,
        address.tls,
        address.hosts,
        address.service,
        address.db,
    )


MISTAKES = {
    "localhost:6379": "begins with one of redis://",
    "http://localhost": "begins with one of redis://",
    "redis://": "expected a host",
    "redis://:6379": "expected a host",
    "redis+sentinel://a,,b/main": "expected a host",
    "redis://h:port": "port from 1 to 65535",
    "redis://h:0": "port from 1 to 65535",
    "redis://h:70000": "port from 1 to 65535",
    "redis://h:": "port from 1 to 65535",
    "redis://[::1": "IPv6 address in brackets",
    "redis://[::1]x": "IPv6 address in brackets",
    "redis://h/one": "number of the database",
    "redis://h/-1": "number of the database",
    "redis://h/1/2": "number of the database",
    "redis://a,b": "expected one host",
    "redis://h?db=1": "nothing after '?'",
    "unix://run/redis.sock": "absolute path",
    "unix:///run/redis.sock?password=secret": "nothing but db",
    "unix:///run/redis.sock?db=x": "number of the database",
    "redis+sentinel://a": "name of the service",
    "redis+sentinel://a/": "name of the service",
    "redis+cluster://a/1": "a cluster has one database",
}


@pytest.mark.parametrize("url", MISTAKES)
def test_a_mistake_in_an_address_is_one_sentence(url: str, tmp_path: Path) -> None:
    """It names the key and what was expected."""
    file = tmp_path / "answerloop.toml"
    file.write_text(f'[cache]\nurl = "{url}"\n')
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    said = str(caught.value)
    if "password" in url:
        assert said.startswith("cache.url in ")
        assert "ANSWERLOOP_CACHE__URL" in said
    else:
        assert said.startswith("cache.url (")
        assert MISTAKES[url] in said
    assert said.count("\n") == 0
    assert "secret" not in said


@pytest.mark.parametrize("url", ["redis://:secret@h:x", "http://u:secret@h", "redis://u:sec/secret@h/x"])
def test_a_mistake_in_the_environment_tells_no_secret(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address stands there with its password."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSWERLOOP_CACHE__URL", url)
    with pytest.raises(SettingsError, match=r"^cache\.url \(the environment\)") as caught:
        load_settings()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "variable"),
    [
        ('url = "redis://bot:geheim@h"', "ANSWERLOOP_CACHE__URL"),
        ('url = "redis+cluster://:geheim@a,b"', "ANSWERLOOP_CACHE__URL"),
        ('password = "geheim"', "ANSWERLOOP_CACHE__PASSWORD"),
        ('sentinel_password = "geheim"', "ANSWERLOOP_CACHE__SENTINEL_PASSWORD"),
    ],
)
def test_a_password_in_the_settings_file_is_refused(line: str, variable: str, tmp_path: Path) -> None:
    """The sentence names the variable to put it in, and not the password."""
    file = tmp_path / "answerloop.toml"
    file.write_text(f"[cache]\n{line}\n")
    with pytest.raises(SettingsError, match=f"holds a password.*{variable}") as caught:
        load_settings(file)
    assert "geheim" not in str(caught.value)


def test_passwords_come_from_the_environment_and_are_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSWERLOOP_CACHE__URL", "redis://localhost")
    monkeypatch.setenv("ANSWERLOOP_CACHE__PASSWORD", "geheim")
    settings = load_settings()
    assert settings.cache.password is not None
    assert settings.cache.password.get_secret_value() == "geheim"
    assert "geheim" not in repr(settings)


def test_files_of_certificates_are_found_from_the_settings_file(tmp_path: Path) -> None:
    """As every path is."""
    file = tmp_path / "answerloop.toml"
    file.write_text(
        '[cache]\nurl = "rediss://h"\nca_file = "ca.pem"\ncert_file = "c.pem"\nkey_file = "/k.pem"\n'
    )
    cache = load_settings(file).cache
    assert (cache.ca_file, cache.cert_file, cache.key_file) == (
        tmp_path / "ca.pem",
        tmp_path / "c.pem",
        Path("/k.pem"),
    )


@pytest.mark.parametrize(
    "values", [{"ttl": "soon"}, {"ttl": "0d"}, {"size_mb": 0}, {"timeout_ms": 1}, {"cert_file": "c.pem"}]
)
def test_other_mistakes_are_refused_too(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Cache.model_validate(values)
