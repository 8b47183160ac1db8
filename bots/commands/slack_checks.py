"""What `answerloop doctor` looks at in Slack: the tokens, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_core.errors import AnswerloopError

if TYPE_CHECKING:
    from rag_core.settings import Settings, Slack

__all__ = ["examined"]


async def examined(settings: Settings) -> str:
    """
    Raises:
        AnswerloopError: a token is missing, is refused, or lacks scopes; or Slack does not answer.
    """
    from bots.slack_serving import check_slack

    slack = settings.slack
    check_slack(slack)
    if slack.mode == "socket":
        await _opens_connections(slack)
    if slack.bot_token is None:
        return f"{slack.mode} mode, many workspaces"
    return f"{slack.mode} mode, {await _workspace(settings)}"


async def _workspace(settings: Settings) -> str:
    from adapters.slack.connection.features import features_of, lacking
    from adapters.slack.web_api.errors import SlackRefusal
    from adapters.slack.web_api.workspace import workspace_of
    from bots.slack_bot import slack_client

    assert settings.slack.bot_token is not None
    client = slack_client(settings.slack, settings.slack.bot_token.get_secret_value())
    try:
        workspace = await workspace_of(client)
    except SlackRefusal as error:
        raise AnswerloopError(f"Slack refuses SLACK_BOT_TOKEN: {error.code}.") from None
    if workspace.scopes is None:
        return f"workspace {workspace.name}; Slack does not tell the token's scopes"
    if missing := lacking(features_of(settings), workspace.scopes):
        told = "; ".join(f"{scope} ({what})" for scope, what in missing.items())
        raise AnswerloopError(f"The bot token for {workspace.name} lacks scopes: {told}.")
    return f"workspace {workspace.name}, all scopes granted"


async def _opens_connections(slack: Slack) -> None:
    from adapters.slack.web_api.errors import SlackRefusal
    from adapters.slack.web_api.wire import Wire

    assert slack.app_token is not None
    wire = Wire(slack.app_token.get_secret_value(), slack.api_url or "")
    try:
        await wire.send("apps.connections.open", {})
    except SlackRefusal as error:
        raise AnswerloopError(f"Slack refuses SLACK_APP_TOKEN: {error.code}.") from None
    finally:
        await wire.close()
