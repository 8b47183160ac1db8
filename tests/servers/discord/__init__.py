"""Our own local Discord: REST v10 with state, a gateway, interactions, rate limits and outages.

Used by nothing but tests; it behaves as Discord's documentation says and as discord.py expects. It runs in a thread, so
tests in any loop, tests without one, and bots in processes of their own can all use it:

    async def test_a_mention_is_answered():
        async with LocalDiscord() as local:
            process = start("answerloop", "serve", "--only", "discord", env=os.environ | local.environment)
            await local.connected()
            anna = local.user("Anna", locale="de", roles=["Support"])
            local.limit("POST /channels/{id}/messages", retry_after=0.5)

            asked = anna.asks("help", "How do I reset my password?")  # a mention; the channel is made where there is none
            [answer] = await local.until(lambda: local.answers("help"))
            assert "Open the settings" in readable(answer) and not pings(answer)

            anna.clicks(answer, "👎")  # by label, emoji, custom id or its beginning
            await local.until(lambda: anna.modal)
            anna.submits({"What was wrong?": ["out of date"], "comment": "Since March it is another page."})
            await local.until(lambda: anna.modal is None)
            anna.runs("ask", "help", question="And my name?", private=True)
            [seen] = await local.until(lambda: local.ephemerals(anna))
            assert max(ack.latency_s for ack in local.acks) < 1

In one process, point discord.py at it: discord.http.Route.BASE = local.api_url, and DiscordWebSocket.DEFAULT_GATEWAY =
yarl.URL(local.gateway_url).

People (`Person`): says, asks, replies, writes (direct message), edits, deletes, types, reacts, unreacts, starts_thread,
posts (forum), runs("ask", question="…"), autocompletes, uses_menu, clicks, chooses, submits, closes, joins; modal, dm,
ephemerals. Commands return an `Interaction`: acked, latency_s, response_type, original, followups, answers, choices.
Places: channel (text, announcement, forum, voice, category), forum, role, add_guild(shard=1), direct, threads, thread_of.
What was done: messages, answers, ephemerals, calls("POST /channels/{id}/messages"), acks, interactions, identifies,
resumes, invalid_requests, commands, live_sessions, is_settled; message.edits has the times of edits, message.pinged whom
it called in any version, message.body what it was sent with.
Trouble (`Mishaps`), REST: limit(via=False, global_=True), pace, real_paces, fail(performed=True), lose_response, slow,
heal, rest_down/rest_up, down/up, reset_token. Gateway: gateway_down/gateway_up, drop(code), reconnect, invalidate,
forget_sessions, silence, send_raw, send_text, duplicate, identify_pace, without_message_content. Guilds:
remove_permission, give_permission, hide, take_role, archive, delete_channel, kick_bot/invite_bot, guild_down/guild_up.
Time: `local.world.clock.advance(901)` ends interaction tokens; `local.world.heartbeat_ms` is for the next connections.
"""

from tests.servers.discord.calls import Call
from tests.servers.discord.channels import Channel
from tests.servers.discord.driver import LocalDiscord
from tests.servers.discord.guilds import Guild, Role, User
from tests.servers.discord.interactions import Ack, Interaction, Modal
from tests.servers.discord.messages import Attachment, Message
from tests.servers.discord.person import Person
from tests.servers.discord.readable import buttons, pings, readable

__all__ = [
    "Ack",
    "Attachment",
    "Call",
    "Channel",
    "Guild",
    "Interaction",
    "LocalDiscord",
    "Message",
    "Modal",
    "Person",
    "Role",
    "User",
    "buttons",
    "pings",
    "readable",
]
