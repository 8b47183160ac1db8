"""What `answerloop doctor` says of the admin pages."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from bots.commands.page_checks import admin_page
from rag_core.bootstrap import open_records
from rag_core.errors import AnswerloopError
from rag_core.records.accounts import Accounts
from rag_core.settings import Settings
from tests.servers.oidc import LocalProvider


def configured(home: Path, **admin: Any) -> Settings:
    return Settings.model_validate({"home": home, "admin": {"port": 0, **admin}})


async def test_an_installation_without_users_is_well(tmp_path: Path) -> None:
    """The first start makes an admin."""
    assert "no users yet" in await admin_page(configured(tmp_path))


async def test_users_of_whom_none_is_an_admin_are_told(tmp_path: Path) -> None:
    """No first admin is made where there are users."""
    settings = configured(tmp_path)
    async with open_records(settings) as database:
        await Accounts(database).add("slack:U024BE7LH", "Uma", "viewer")
        with pytest.raises(AnswerloopError, match="No user is an admin; `answerloop admin create NAME`"):
            await admin_page(settings)
        await Accounts(database).add("local:ada", "Ada", "admin")
    assert "2 users, 1 of them admin" in await admin_page(settings)


@pytest.mark.parametrize(
    ("admin", "wrong"),
    [
        ({"host": "0.0.0.0"}, "in the clear"),
        ({"host": "0.0.0.0", "url": "http://answers.example.com"}, "in the clear"),
        (
            {"oidc": {"client_id": "a", "issuer": "https://x.example"}},
            "ANSWERLOOP_ADMIN__OIDC__CLIENT_SECRET",
        ),
    ],
)
async def test_what_is_unsafe_or_half_set_is_named(tmp_path: Path, admin: dict[str, Any], wrong: str) -> None:
    with pytest.raises(AnswerloopError, match=wrong):
        await admin_page(configured(tmp_path, **admin))


async def test_a_provider_is_asked(tmp_path: Path) -> None:
    """One that does not answer is named as people know it."""
    with LocalProvider() as provider:
        settings = configured(tmp_path, oidc={"name": "Acme", **provider.settings})
        assert "signing in by Acme" in await admin_page(settings)
    with pytest.raises(AnswerloopError, match="Acme does not answer"):
        await admin_page(settings)


async def test_an_address_that_something_else_holds_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AnswerloopError, match="in use"):
        await admin_page(configured(tmp_path, port=taken.getsockname()[1]))
