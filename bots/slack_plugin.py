"""The bot added to a Bolt app that a team has already: one call opens all that it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from slack_bolt.async_app import AsyncApp

from adapters.slack.web_api.api import Api, Apis
from adapters.slack.web_api.installations import InstalledTeams, SingleTeam
from adapters.slack.web_api.wire import Wire
from bots.slack_bot import slack_bot
from rag_core.running.opening import open_running, settings_loader
from rag_core.settings import Settings

__all__ = ["answerloop_slack"]


@asynccontextmanager
async def answerloop_slack(
    app: AsyncApp,
    config: str | Path | None = None,
    *,
    prefix: str | None = None,
    command: str | None = None,
    home: str | Path | None = None,
) -> AsyncIterator[None]:
    """Have the bot answer through this app for as long as the context is open, beside the app's own listeners.

    It may be entered before or after they are added. The app goes on receiving what Slack delivers as it did, in Socket
    Mode or over HTTP, and the bot speaks with the app's own token or installations.

    config: the settings file; None: as for the command. home: as the setting of that name. prefix: what the ids of the
    bot's buttons, modals and shortcuts begin with; the app's own must not begin so. command: the slash command.

    Raises:
        SettingsError: the settings have a mistake.
        NotReady: there is nothing to answer from yet.
        Unavailable: the database does not answer.
    """
    given = {name: value for name, value in (("prefix", prefix), ("command", command)) if value is not None}

    def adjusted(settings: Settings) -> Settings:
        slack = settings.slack.model_validate({**settings.slack.model_dump(), **given})
        return settings.model_copy(update={"slack": slack})

    async with open_running(settings_loader(config, home), adjust=adjusted) as running:
        apis = _apis_of(app)
        async with slack_bot(
            app, running.settings, running.assistant, running.access, running.database, apis=apis
        ):
            yield


def _apis_of(app: AsyncApp) -> Apis | None:
    """With the app's own token, or the installations that it keeps; None: it shows neither."""
    base = app.client.base_url
    if app.client.token:
        return SingleTeam(Api(Wire(app.client.token, base)))
    if app.installation_store is not None:
        return InstalledTeams(app.installation_store, lambda token: Api(Wire(token, base)))
    return None
