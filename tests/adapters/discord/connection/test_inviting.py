"""The invitation asks for what the bot needs, and for nothing that is not needed."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from adapters.discord.connection.inviting import (
    NAMES,
    PERMISSIONS,
    application_in,
    invite_link,
    lacking,
    permission_bits,
)


def test_the_link_asks_for_the_least() -> None:
    """Neither administrator nor anything that manages, moderates or mentions everyone."""
    query = parse_qs(urlsplit(invite_link("123456789012345678")).query)
    assert query["client_id"] == ["123456789012345678"]
    assert set(query["scope"][0].split()) == {"bot", "applications.commands"}
    asked = {name for name, granted in discord.Permissions(int(query["permissions"][0])) if granted}
    assert asked == {
        "view_channel", "read_messages", "send_messages", "send_messages_in_threads", "create_public_threads",
        "read_message_history", "embed_links", "attach_files",
    } & {name for name, _ in discord.Permissions()}  # fmt: skip
    assert set(NAMES) == set(PERMISSIONS)


def test_what_drafts_for_a_role_need_is_asked_for_where_it_is_wanted() -> None:
    """Beside the rest."""
    query = parse_qs(urlsplit(invite_link("123456789012345678", role_drafts=True)).query)
    more = int(query["permissions"][0]) & ~permission_bits()
    assert discord.Permissions(more) == discord.Permissions(create_private_threads=True)


def test_what_is_lacking_is_named_as_discord_does() -> None:
    """An administrator lacks nothing."""
    assert lacking(permission_bits()) == []
    assert lacking(permission_bits() & ~discord.Permissions(embed_links=True).value) == ["Embed Links"]
    assert lacking(discord.Permissions(administrator=True).value) == []


@pytest.mark.parametrize(
    ("token", "application"),
    [
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4.abcdef.secret", "123456789012345678"),
        ("Bot MTIzNDU2Nzg5MDEyMzQ1Njc4.abcdef.secret", "123456789012345678"),
        ("nonsense", ""),
        ("é.é.é", ""),
        ("", ""),
    ],
)
def test_a_token_holds_the_applications_id(token: str, application: str) -> None:
    """Where it is one."""
    assert application_in(token) == application
