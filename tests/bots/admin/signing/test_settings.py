"""Settings of signing in, and whose address is believed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.requests import Request

from bots.admin.signing.origins import address_of
from rag_core.configuration import load_settings
from rag_core.errors import SettingsError
from tests.bots.admin.conftest import Pages


async def test_addresses_are_believed_from_proxies_alone(pages: Pages) -> None:
    """Whoever makes up X-Forwarded-For is throttled as who they are; behind a proxy people are told apart."""

    def seen(client: str, forwarded: str, *proxies: str) -> str:
        headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
        return address_of(Request({"type": "http", "client": (client, 1), "headers": headers}), proxies)

    assert seen("198.51.100.7", "192.0.2.1") == "198.51.100.7"
    assert seen("198.51.100.7", "192.0.2.1", "10.0.0.0/8") == "198.51.100.7"
    assert seen("10.0.0.2", "192.0.2.1", "10.0.0.0/8") == "192.0.2.1"
    assert seen("10.0.0.2", "203.0.113.9, 192.0.2.1, 10.0.0.9", "10.0.0.0/8") == "192.0.2.1"
    assert seen("10.0.0.2", "rubbish", "10.0.0.0/8") == "10.0.0.2"
    assert seen("10.0.0.2", "", "10.0.0.0/8") == "10.0.0.2"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[admin.oidc]\nclient_secret = "s3cret"', "ANSWERLOOP_ADMIN__OIDC__CLIENT_SECRET"),
        ('[admin.oidc]\nclient_id = "x"', "oidc.issuer must be"),
        ('[admin]\nproxies = ["nginx"]', "admin.proxies"),
        ('[admin.slack]\nteams = ["acme"]', "admin.slack.teams"),
    ],
)
def test_settings_that_cannot_be_are_told(tmp_path: Path, lines: str, said: str) -> None:
    """Each mistake names its key, and never shows a secret."""
    (tmp_path / "answerloop.toml").write_text(lines)
    with pytest.raises(SettingsError, match=re.escape(said)) as refused:
        load_settings(tmp_path / "answerloop.toml")
    assert "s3cret" not in str(refused.value)


def test_slack_needs_the_workspaces_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Anybody can make a workspace with people and addresses of their choosing."""
    (tmp_path / "answerloop.toml").write_text('[admin.slack]\nclient_id = "1.2"')
    monkeypatch.setenv("ANSWERLOOP_ADMIN__SLACK__CLIENT_SECRET", "s3cret")
    with pytest.raises(SettingsError, match="teams must name") as refused:
        load_settings(tmp_path / "answerloop.toml")
    assert "s3cret" not in str(refused.value)
    (tmp_path / "answerloop.toml").write_text('[admin.slack]\nclient_id = "1.2"\nteams = ["T1"]')
    assert load_settings(tmp_path / "answerloop.toml").admin.slack.configured
