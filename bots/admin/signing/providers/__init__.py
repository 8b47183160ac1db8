"""Signing in by somebody who knows the person: openid.py (Slack, any OpenID Connect provider), discord.py."""

from __future__ import annotations

from bots.admin.signing.providers.discord import Discord
from bots.admin.signing.providers.openid import OpenID, OpenIDProvider, SlackProvider
from bots.admin.signing.providers.provider import Denied, Person, Provider, Start
from rag_core.settings import Admin

__all__ = ["Denied", "Discord", "OpenID", "Person", "Provider", "SlackProvider", "Start", "providers_of"]


def providers_of(admin: Admin) -> dict[str, Provider]:
    """Those that are configured, by the name that addresses have."""
    found: dict[str, Provider] = {}
    if admin.slack.configured:
        found["slack"] = SlackProvider(admin.slack, admin.slack.teams)
    if admin.discord.configured:
        found["discord"] = Discord(admin.discord)
    if admin.oidc.configured:
        found["oidc"] = OpenIDProvider(admin.oidc)
    return found
