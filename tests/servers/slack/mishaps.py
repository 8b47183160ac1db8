"""What a test lets happen to a workspace and to the app's connection."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from tests.servers.slack.deliveries import Delivery
from tests.servers.slack.faults import Fault
from tests.servers.slack.posts import Posts
from tests.servers.slack.sockets import Sockets
from tests.servers.slack.world import World

if TYPE_CHECKING:
    from tests.servers.slack.conversations import Channel

__all__ = ["Mishaps"]

T = TypeVar("T")
Json = dict[str, Any]


class Mishaps:
    """The part of LocalSlack that makes trouble."""

    world: World
    sockets: Sockets
    _posts: Posts | None

    if TYPE_CHECKING:
        team: str

        def run(self, coroutine: Any, within_s: float = 20) -> Any: ...

        async def awaited(self, coroutine: Any) -> Any: ...

        def inside(self, action: Callable[[World], T]) -> T: ...

        def channel(self, id: str) -> Channel: ...

        async def _listen(self) -> None: ...

        async def _hang_up(self) -> None: ...

    # the Web API

    def limit(
        self, method: str, channel: str | None = None, times: float = 1, retry_after: float = 1
    ) -> None:
        """The next calls are answered with 429 and Retry-After (seconds)."""
        self.inside(lambda world: world.faults.limit(method, channel, times, retry_after))

    def pace(self, method: str, every_s: float) -> None:
        """One call in every_s and channel, as Slack does for chat.postMessage; faster ones are answered with 429."""
        self.inside(lambda world: world.faults.pace(method, every_s))

    def fail(
        self,
        method: str,
        error: str,
        times: float = 1,
        *,
        channel: str | None = None,
        status: int = 200,
        **args: Any,
    ) -> None:
        """The next calls (with these arguments) are refused with the error."""
        self.inside(lambda world: world.faults.plan(Fault(method, error, times, channel, status, {}, args)))

    def slow(self, method: str, seconds: float) -> None:
        """Answers to the method, or to all with *, take this long from now on."""
        self.inside(lambda world: world.faults.slow(method, seconds))

    def without_streaming(self) -> None:
        """A workspace that has no chat.*Stream."""
        for name in ("start", "append", "stop"):
            self.fail(f"chat.{name}Stream", "unknown_method", float("inf"))

    def without(self, *types: str) -> None:
        """A Slack that does not know these types of blocks or elements: context_actions, markdown, feedback_buttons…"""
        self.inside(lambda world: world.refused_blocks.update(types))

    def heal(self) -> None:
        """No fault of the Web API is left."""
        self.inside(lambda world: world.faults.clear())

    def down(self, status: int | None = None) -> None:
        """Connections are dropped and refused; or, with a status (503), every request is answered with it."""
        if status is None:
            self.run(self._hang_up())
        else:
            self.inside(lambda world: setattr(world.faults, "status", status))
            self.drop_sockets()

    def up(self) -> None:
        self.inside(lambda world: setattr(world.faults, "status", None))
        self.run(self._listen())

    # the workspace

    def revoke_token(self, team: str | None = None) -> None:
        """The bot's; the app is told by tokens_revoked."""

        def revoke(world: World) -> None:
            workspace = world.state.workspaces[team or self.team]
            world.state.tokens[workspace.bot_token].is_revoked = True
            world.events.plain(
                workspace.id, "tokens_revoked", tokens={"oauth": [], "bot": [workspace.bot_user]}
            )

        self.inside(revoke)

    def uninstall(self, team: str | None = None) -> None:
        """app_uninstalled, and the token is worth nothing."""

        def remove(world: World) -> None:
            workspace = world.state.workspaces[team or self.team]
            workspace.is_installed = False
            world.state.tokens[workspace.bot_token].is_revoked = True
            world.events.plain(workspace.id, "app_uninstalled")
            world.events.plain(
                workspace.id, "tokens_revoked", tokens={"oauth": [], "bot": [workspace.bot_user]}
            )

        self.inside(remove)

    def oauth_code(self, team: str | None = None, user: str | None = None) -> str:
        """What Slack's page sends back with, for oauth.v2.access."""
        return self.inside(lambda world: world.new_code(team or self.team, user))

    def set_scopes(self, *scopes: str, team: str | None = None) -> None:
        """The bot token's, instead of those it had."""

        def change(world: World) -> None:
            token = world.state.tokens[world.state.workspaces[team or self.team].bot_token]
            token.scopes.clear()
            token.scopes.update(scopes)

        self.inside(change)

    def subscribe(self, *events: str) -> None:
        """The app hears of these types of events only."""
        self.inside(lambda world: setattr(world.events, "subscribed", set(events)))

    def archive(self, channel: str) -> None:
        def close(world: World) -> None:
            found = world.state.channels[channel]
            event = {"type": "channel_archive", "channel": channel, "user": found.creator}
            world.events.send(found.team, event, found)
            found.is_archived = True

        self.inside(close)

    def unarchive(self, channel: str) -> None:
        self.inside(lambda world: setattr(world.state.channels[channel], "is_archived", False))

    def remove_bot(self, channel: str) -> None:
        def remove(world: World) -> None:
            found = world.state.channels[channel]
            bot = world.state.workspaces[found.team].bot_user
            found.members.remove(bot)
            world.events.membership(found, bot, is_joining=False)

        self.inside(remove)

    def invite_bot(self, channel: str, by: str = "U0ADMIN") -> None:
        def invite(world: World) -> None:
            found = world.state.channels[channel]
            bot = world.state.workspaces[found.team].bot_user
            found.members.append(bot)
            world.events.membership(found, bot, is_joining=True, inviter=by)

        self.inside(invite)

    # deliveries

    def retry_after(self, *waits_s: float, ack_within_s: float = 3.0) -> None:
        """When what was not acknowledged within ack_within_s comes again; none: never. Slack: 0, 60 and 300 s."""

        def change(world: World) -> None:
            world.deliveries.retry_waits_s = waits_s
            world.deliveries.ack_within_s = ack_within_s

        self.inside(change)

    def duplicate(self, times: int = 1) -> None:
        """The next events come twice at once, with the same event_id, the second marked as a retry."""
        self.inside(lambda world: setattr(world.deliveries, "duplicates", times))

    def lose_acks(self, times: int = 1) -> None:
        """The next acknowledgements never arrive, so that their events come again."""
        self.inside(lambda world: setattr(world.deliveries, "lost_acks", times))

    def hold(self) -> None:
        """Deliveries wait from now on."""
        self.inside(lambda world: setattr(world.deliveries, "is_held", True))

    def let_go(self, in_order: Callable[[list[Delivery]], list[Delivery]] = list) -> None:
        """What was held is sent, in another order if asked for."""
        self.inside(lambda world: world.deliveries.let_go(in_order))

    def redeliver(self, delivery: Delivery) -> None:
        """Once more the same, as a retry."""
        self.inside(lambda world: world.deliveries.redeliver(delivery))

    def drop_sockets(self) -> None:
        """Without a word."""

        async def drop() -> None:
            self.sockets.drop()

        self.run(drop())

    def refresh_sockets(self, reason: str = "refresh_requested") -> None:
        """Slack asks the app to connect anew, then hangs up."""
        self.run(self._refresh(reason))

    async def _refresh(self, reason: str) -> None:
        self.sockets.refresh(reason)

    def send_raw(self, text: str) -> None:
        """A frame of the test's own over every socket."""
        self.run(self.sockets.send_raw(text))

    def send_event(self, event: Json, team: str | None = None, channel: str | None = None) -> Delivery | None:
        """Any event, wrapped as Slack wraps them."""

        def send(world: World) -> Delivery | None:
            where = world.state.channels[channel] if channel else None
            return world.events.send(team or self.team, event, where)

        return self.inside(send)

    def send_payload(self, kind: str, payload: Json) -> Delivery:
        """Any payload, as events_api, interactive or slash_commands."""
        made = Delivery(kind, payload)
        self.inside(lambda world: world.deliveries.send(made))
        return made

    async def post_raw(
        self,
        body: bytes | str,
        headers: dict[str, str] | None = None,
        *,
        media_type: str = "application/json",
        at: float | None = None,
        is_signed: bool = True,
    ) -> tuple[int, bytes]:
        """A POST of the test's own to the app, signed as of `at` (seconds since 1970, now if None). Status and body.

        `headers` come on top, so that a signature or a time stamp may be replaced or, with "", taken away.
        """
        posts = self._posts
        assert posts is not None, "Give events_url."
        data = body.encode() if isinstance(body, str) else body
        made = posts.signed(data, media_type, at) if is_signed else {"Content-Type": media_type}
        made = {name: value for name, value in (made | (headers or {})).items() if value}
        status, answer, _ = await self.awaited(posts.post(data, made))
        return status, answer

    async def verify_url(self) -> bool:
        """Whether the app answers Slack's challenge."""
        challenge = f"c{time.time_ns()}"
        status, answer = await self.post_raw(json.dumps({"type": "url_verification", "challenge": challenge}))
        return status == 200 and challenge.encode() in answer
