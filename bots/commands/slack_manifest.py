"""`answerloop init slack`: the manifest from which Slack makes the app."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rag_core.errors import SettingsError

if TYPE_CHECKING:
    from rag_core.settings import Settings

__all__ = ["FILE", "write_manifest"]

FILE = Path("deploy/slack/manifest.yaml")
_ADDRESS = re.compile(r"^https://[^\s/?#]+(/[^\s?#]*)?$")


def write_manifest(settings: Settings, http: str, without: Collection[str], force: bool) -> None:
    """Write deploy/slack/manifest.yaml, and tell what comes next.

    Raises:
        SettingsError: the file is there already, the address is none, or there is no such feature.
    """
    from adapters.slack.connection.features import FEATURES, features_of, scopes_of
    from adapters.slack.connection.manifest import as_yaml, manifest

    optional = [name for name, feature in FEATURES.items() if not feature.always and name != "groups"]
    for name in without:
        if name not in optional:
            raise SettingsError(f"--without: there is no feature {name!r}; there are {', '.join(optional)}.")
    if http and not _ADDRESS.match(http):
        raise SettingsError(
            f"--http: {http!r} is no address that Slack could call, such as https://bot.example.com."
        )
    if FILE.exists() and not force:
        raise SettingsError(f"{FILE} is there already; --force replaces it.")
    features = features_of(settings, without)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(as_yaml(manifest(settings.slack, features, http)), encoding="utf-8")
    typer.echo(_told(features, scopes_of(features), http))


def _told(features: list[str], scopes: list[str], http: str) -> str:
    tokens = (
        "Basic Information gives SLACK_SIGNING_SECRET"
        if http
        else "Basic Information, App-Level Tokens: one with connections:write is SLACK_APP_TOKEN"
    )
    mode = (
        "ANSWERLOOP_SLACK__MODE=http answerloop serve --only slack"
        if http
        else "answerloop serve --only slack"
    )
    return f"""Wrote {FILE}: {", ".join(features)} ({len(scopes)} scopes).
1. https://api.slack.com/apps?new_app=1: choose "From a manifest", your workspace, and paste the file; then install the app.
2. Put its secrets into .env: OAuth & Permissions (https://api.slack.com/apps) gives SLACK_BOT_TOKEN;
   {tokens}.
3. Run `{mode}`, invite the bot to a channel, and ask it: https://slack.com/help/articles/201980108"""
