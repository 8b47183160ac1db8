"""Our own local Slack: Web API with state, Socket Mode, signed HTTP events, interactivity, limits and outages.

Used by nothing but tests; it behaves as Slack's documentation says. It runs in a thread, so tests in any loop, tests
without one, and bots in processes of their own can all use it:

    async def test_a_mention_is_answered_in_its_thread():
        async with LocalSlack() as slack:  # LocalSlack(events_url="http://127.0.0.1:3000/slack/events") for HTTP mode
            process = start("answerloop", "serve", "--only", "slack", env=os.environ | slack.environment)
            await slack.connected()
            anna = slack.user("U0ANNA", name="Anna", locale="de-DE")
            slack.limit("chat.postMessage", "C0HELP", retry_after=1)

            asked = anna.asks("C0HELP", "How do I reset my password?")  # a mention: app_mention and message
            [answer] = await slack.until(lambda: slack.answers("C0HELP", asked))
            assert "Open the settings" in readable(answer) and not pings(answer)

            anna.clicks(answer, "feedback", "👎")  # action id, and which of the two
            await slack.until(lambda: anna.modal)
            anna.submits({"What was wrong?": ["out of date"], "comment": "Since March it is another page."})
            await slack.until(lambda: anna.modal is None)
            assert slack.calls("views.open") and max(ack.latency_s for ack in slack.acks) < 1

People (`Person`): says, asks, writes (direct message), edits, deletes, reacts, unreacts, clicks, stops, runs("/ask", …),
uses_shortcut, opens_home, opens_assistant_thread, submits, closes, joins, uploads. Trouble (`Mishaps`): limit, pace,
fail, slow, down/up, without_streaming, without("context_actions"), revoke_token, set_scopes, archive, remove_bot,
drop_sockets, refresh_sockets, duplicate, lose_acks, hold/let_go, redeliver, send_raw, post_raw. Time:
`slack.world.clock.advance(301)` ends streams, trigger ids and response URLs.
"""

from tests.servers.slack.calls import Call
from tests.servers.slack.conversations import Channel, Message
from tests.servers.slack.deliveries import Ack, Delivery
from tests.servers.slack.driver import LocalSlack
from tests.servers.slack.person import Person
from tests.servers.slack.posts import sign
from tests.servers.slack.readable import elements, pings, readable
from tests.servers.slack.scopes import ALL
from tests.servers.slack.state import File, User, View

__all__ = [
    "ALL",
    "Ack",
    "Call",
    "Channel",
    "Delivery",
    "File",
    "LocalSlack",
    "Message",
    "Person",
    "User",
    "View",
    "elements",
    "pings",
    "readable",
    "sign",
]
