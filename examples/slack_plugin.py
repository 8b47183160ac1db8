"""A team's own Bolt app, with answerloop added to it: `python examples/slack_plugin.py`.

It needs SLACK_BOT_TOKEN and SLACK_APP_TOKEN; with SLACK_SIGNING_SECRET in place of SLACK_APP_TOKEN it listens on port 3000
instead. Read documents first: `answerloop ingest FOLDER`.
"""

import asyncio
import os

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack_plugin import answerloop_slack


def deploy_app() -> AsyncApp:
    """What the team had before: a command, a button, and a word that it listens for."""
    address = os.environ.get("SLACK_API_URL", "https://slack.com/api/")
    app = AsyncApp(client=AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], base_url=address))

    @app.command("/deploy")
    async def deploy(ack, respond, command):
        await ack()
        button = {
            "type": "button",
            "action_id": "approve",
            "text": {"type": "plain_text", "text": "Approve"},
        }
        question = f"Deploy {command['text']}?"
        blocks = [
            {"type": "section", "text": {"type": "plain_text", "text": question}},
            {"type": "actions", "block_id": "deployment", "elements": [button]},
        ]
        await respond(text=question, response_type="in_channel", blocks=blocks)

    @app.action("approve")
    async def approve(ack, respond):
        await ack()
        await respond(text="Deploying.", replace_original=True)

    @app.message("ping")
    async def ping(say):
        await say("pong")

    return app


async def main() -> None:
    """The team's app as it always ran, and answerloop beside it: /docs, mentions, and buttons named docs_…"""
    app = deploy_app()
    async with answerloop_slack(app, prefix="docs", command="/docs"):
        if token := os.environ.get("SLACK_APP_TOKEN"):
            await AsyncSocketModeHandler(app, token).start_async()
        runner = web.AppRunner(app.web_app())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(os.environ.get("PORT", "3000"))).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
