"""Events as Slack's Events API words them, each given to the deliveries if the app may hear of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.servers.slack.conversations import Channel, Message
from tests.servers.slack.deliveries import Delivery
from tests.servers.slack.scopes import event_scope
from tests.servers.slack.state import User

if TYPE_CHECKING:
    from tests.servers.slack.world import World

__all__ = ["APP", "Events"]

Json = dict[str, Any]
APP = "A0APP"


class Events:
    def __init__(self, world: World) -> None:
        self._world = world
        self.subscribed: set[str] | None = None
        """Types of events that are sent; None: all."""

    def send(self, team: str, event: Json, channel: Channel | None = None) -> Delivery | None:
        """Wrap an event and deliver it, unless the app is not to hear of it."""
        if not self._may_hear(team, str(event.get("type")), channel):
            return None
        delivery = Delivery("events_api", self.wrapped(team, event, channel))
        self._world.deliveries.send(delivery)
        return delivery

    def _may_hear(self, team: str, kind: str, channel: Channel | None) -> bool:
        workspace = self._world.state.workspaces[team]
        if self.subscribed is not None and kind not in self.subscribed:
            return False
        if not workspace.is_installed and kind not in ("app_uninstalled", "tokens_revoked"):
            return False
        token = self._world.state.tokens[workspace.bot_token]
        scope = event_scope(kind, channel)
        if scope is not None and scope not in token.scopes:
            return False
        return channel is None or self._world.state.bot_is_in(channel) or kind == "member_left_channel"

    def wrapped(self, team: str, event: Json, channel: Channel | None = None) -> Json:
        state = self._world.state
        stamp = event.setdefault("event_ts", state.next_ts())
        id = state.next_id("Ev")
        return {
            "token": "verification-token",
            "team_id": team,
            "context_team_id": team,
            "context_enterprise_id": None,
            "api_app_id": APP,
            "event": event,
            "type": "event_callback",
            "event_id": id,
            "event_time": int(float(stamp)),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": team,
                    "user_id": state.workspaces[team].bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": bool(channel and channel.is_ext_shared),
            "event_context": f"4-{id}",
        }

    def message(self, message: Message) -> list[Delivery]:
        """A new one: as a mention, if it is one, and as a message."""
        channel = self._world.state.channels[message.channel]
        bot = self._world.state.workspaces[channel.team].bot_user
        sent: list[Delivery | None] = []
        event = channel.shown(message) | {"channel": channel.id, "event_ts": message.ts}
        if channel.kind != "im" and f"<@{bot}>" in message.text and message.user != bot:
            mention = {name: v for name, v in event.items() if name != "subtype"}
            sent.append(self.send(channel.team, mention | {"type": "app_mention"}, channel))
        sent.append(self.send(channel.team, event | {"channel_type": channel.type}, channel))
        return [delivery for delivery in sent if delivery]

    def changed(self, message: Message, before: Json) -> Delivery | None:
        channel = self._world.state.channels[message.channel]
        event = {"message": channel.shown(message), "previous_message": before}
        return self._hidden(channel, "message_changed", event)

    def deleted(self, message: Message, before: Json) -> Delivery | None:
        channel = self._world.state.channels[message.channel]
        event = {"deleted_ts": message.ts, "previous_message": before}
        return self._hidden(channel, "message_deleted", event)

    def _hidden(self, channel: Channel, subtype: str, event: Json) -> Delivery | None:
        stamp = self._world.state.next_ts()
        outer = {
            "type": "message",
            "subtype": subtype,
            "hidden": True,
            "channel": channel.id,
            "channel_type": channel.type,
            "ts": stamp,
            "event_ts": stamp,
        }
        return self.send(channel.team, outer | event, channel)

    def reaction(self, message: Message, user: str, name: str, is_added: bool) -> Delivery | None:
        channel = self._world.state.channels[message.channel]
        event = {
            "type": "reaction_added" if is_added else "reaction_removed",
            "user": user,
            "reaction": name,
            "item_user": message.user,
            "item": {"type": "message", "channel": channel.id, "ts": message.ts},
        }
        return self.send(channel.team, event, channel)

    def home_opened(self, user: User, tab: str, channel: Channel) -> Delivery | None:
        event: Json = {"type": "app_home_opened", "user": user.id, "channel": channel.id, "tab": tab}
        home = self._world.state.homes.get(user.id)
        if tab == "home" and home is not None:
            event["view"] = home.payload()
        return self.send(user.team, event)

    def assistant(
        self, user: User, channel: Channel, thread_ts: str, kind: str, seen: str | None
    ) -> Delivery | None:
        context = {"channel_id": seen, "team_id": user.team, "enterprise_id": None} if seen else {}
        event = {
            "type": kind,
            "assistant_thread": {
                "user_id": user.id,
                "context": context,
                "channel_id": channel.id,
                "thread_ts": thread_ts,
            },
        }
        return self.send(user.team, event, channel)

    def membership(
        self, channel: Channel, user: str, is_joining: bool, inviter: str | None = None
    ) -> Delivery | None:
        event = {
            "type": "member_joined_channel" if is_joining else "member_left_channel",
            "user": user,
            "channel": channel.id,
            "channel_type": channel.type[:1].upper(),
            "team": channel.team,
            **({"inviter": inviter} if inviter else {}),
        }
        return self.send(channel.team, event, channel)

    def plain(self, team: str, kind: str, **fields: Any) -> Delivery | None:
        """Any other, such as app_uninstalled or tokens_revoked."""
        return self.send(team, {"type": kind, "event_ts": f"{time.time():.6f}", **fields})
