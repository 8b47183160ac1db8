"""One workspace's Slack Web API: waits its turn, obeys 'too many', tries again where that does no harm, posts once."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from adapters.complaints import Complaints
from adapters.slack.web_api.downloads import download
from adapters.slack.web_api.errors import (
    Limited,
    NotSent,
    PlaceClosed,
    ScopeMissing,
    SlackRefusal,
    TokenGone,
    Unconfirmed,
    Unsupported,
)
from adapters.slack.web_api.posts import Sought, metadata_of
from adapters.slack.web_api.queues import Queues
from adapters.slack.web_api.wire import Wire, repeatable
from rag_core.errors import Unavailable

__all__ = ["Account", "Api", "Apis"]

FIRST_S, LONGEST_S = 0.5, 10.0
"""The pause before the second try, and the longest."""
_LOOKED_THROUGH = 10
"""Pages of a thread or channel in which a post is looked for, newest last."""
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """Who a token speaks for, as auth.test tells."""

    bot_user: str
    bot_id: str
    team: str
    enterprise: str
    """'': none."""


class Api:
    """Calls in the name of one installation. Connects with the first call; closed by its owner."""

    def __init__(
        self,
        wire: Wire,
        queues: Queues | None = None,
        *,
        trying_s: float = 60.0,
        settling_s: float = 1.5,
        name: str = "",
    ) -> None:
        """trying_s: how long a call that Slack does not take is tried again. settling_s: until a post whose reply was lost
        is looked for. name: of the workspace, for the log."""
        self._wire = wire
        self._queues = queues or Queues()
        self._trying_s = trying_s
        self._settling_s = settling_s
        self._name = name
        self._account: Account | None = None
        self._complaints = Complaints(log)
        self._unsupported = Unsupported()
        self._signed_out = False

    @property
    def wire(self) -> Wire:
        return self._wire

    @property
    def complaints(self) -> Complaints:
        """Where what is wrong with this installation is logged, once an hour for each cause."""
        return self._complaints

    @property
    def unsupported(self) -> Unsupported:
        """What this workspace refused lately."""
        return self._unsupported

    @property
    def bot_user(self) -> str:
        """The bot's user id; '' before it is known."""
        return self._account.bot_user if self._account else ""

    @property
    def bot_id(self) -> str:
        """'' before it is known."""
        return self._account.bot_id if self._account else ""

    @property
    def team(self) -> str:
        """The workspace's id; '' before it is known."""
        return self._account.team if self._account else ""

    @property
    def signed_out(self) -> bool:
        """Whether Slack refused the token."""
        return self._signed_out

    def sign_in(self, token: str) -> None:
        """Use this token from now on."""
        self._signed_out = self._signed_out and token == self._wire.token
        self._wire.token = token

    async def identity(self) -> Account:
        """Who the token speaks for; asked once.

        Raises:
            TokenGone: for nobody.
            Unavailable: Slack does not say now.
        """
        if self._account is None:
            said = await self.call("auth.test")
            ids = (str(said.get(key) or "") for key in ("user_id", "bot_id", "team_id", "enterprise_id"))
            self._account = Account(*ids)
        return self._account

    async def ready(self) -> Account:
        """Who the token speaks for, however long Slack takes to say so.

        Raises:
            TokenGone: for nobody.
        """
        while True:
            try:
                return await self.identity()
            except Unavailable as error:
                self._complaints.about(
                    "start", f"Slack{self._named} does not answer yet: {error}; I keep trying"
                )
                await asyncio.sleep(LONGEST_S * random.uniform(0.5, 1))  # noqa: S311 - spreads load, hides nothing

    async def call(self, method: str, /, **arguments: Any) -> dict[str, Any]:
        """Slack's reply, after waiting for a turn and trying again as need be. None leaves an argument out.

        Raises:
            SlackRefusal: Slack said no.
            Unconfirmed: it may have happened, and doing it twice would show.
            Unavailable: Slack did not take it in time.
        """
        return await self._queued(method, arguments, lambda: self._persist(method, arguments))

    async def attempt(self, method: str, /, **arguments: Any) -> dict[str, Any]:
        """Slack's reply to one try, made now: for what is nice to have.

        Raises:
            SlackRefusal: Slack said no.
            Limited: not now.
            NotSent, Unconfirmed: Slack did not answer.
        """
        queue = self._queues.of(method, _channel(arguments))
        try:
            return await queue.at_once(lambda: self._wire.send(method, arguments))
        except SlackRefusal as error:
            self._complain(error)
            raise

    async def post(
        self, *, delivery: str, part: int, look_first: bool = False, since: str = "", **message: Any
    ) -> str:
        """Post a message once, and its ts. What was posted for this part of this delivery before is found, not repeated.

        look_first: it may have been posted by an earlier attempt, of this or another process. since: ts of a message
        that it comes after, such as the question; '': within the last quarter of an hour.

        Raises:
            SlackRefusal: Slack said no.
            Unavailable: it cannot be posted now, or cannot be told whether it was; nothing is lost by trying again
                with look_first.
        """
        sought = Sought(delivery, message, since)
        message = {**message, "metadata": metadata_of(delivery, part)}
        doubt: Unconfirmed | None = (
            Unconfirmed("An earlier attempt may have posted it") if look_first else None
        )

        async def post_unless_there() -> str:
            nonlocal doubt
            if doubt is not None and not doubt.refused and not look_first:
                await asyncio.sleep(self._settling_s)
            if doubt is not None and (ts := await self._found(sought, part, doubt)):
                return ts
            try:
                return str((await self._wire.send("chat.postMessage", message)).get("ts") or "")
            except Unconfirmed as error:
                doubt = error
                raise

        return await self._queued(
            "chat.postMessage", message, lambda: self._trying(post_unless_there, NotSent, Unconfirmed)
        )

    async def post_at_once(self, *, delivery: str, part: int, **message: Any) -> str:
        """Post a message now or not at all, and its ts. After an Unconfirmed, post() with look_first finds out.

        Raises:
            SlackRefusal, Limited, NotSent, Unconfirmed: as attempt does.
        """
        return str(
            (
                await self.attempt("chat.postMessage", **{**message, "metadata": metadata_of(delivery, part)})
            ).get("ts")
            or ""
        )

    async def posted(
        self, *, delivery: str, channel: str, thread_ts: str | None, since: str = ""
    ) -> dict[int, str]:
        """The ts of each part of a delivery that was posted, also of one that is still streamed as part 0.

        Raises:
            SlackRefusal: the bot may not read there.
            Unavailable: not now.
        """
        await self.identity()  # to know our own streams
        return await self._look(Sought(delivery, {"channel": channel, "thread_ts": thread_ts}, since))

    async def download(self, url: str) -> bytes:
        """A file of the workspace, by its url_private.

        Raises:
            InvalidEntry: the address is not one of Slack's, or the file is too large.
            ScopeMissing, TokenGone, Vanished: Slack does not hand it out.
            Unavailable: not now.
        """
        try:
            return await download(self._wire, url)
        except SlackRefusal as error:
            self._complain(error)
            raise

    async def respond(self, url: str, **message: Any) -> None:
        """Send a message to a response_url, which takes five in half an hour.

        Raises:
            Vanished: it takes no more.
            SlackRefusal: Slack said no.
            Unavailable: Slack did not take it in time.
        """
        replaces = message.get("replace_original") or message.get("delete_original")
        again = (NotSent, Limited, Unconfirmed) if replaces else (NotSent, Limited)
        await self._trying(lambda: self._wire.respond(url, message), *again)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._wire.close()

    async def _queued(self, method: str, arguments: Mapping[str, Any], call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._queues.of(method, _channel(arguments)).through(call)
        except SlackRefusal as error:
            self._complain(error)
            raise
        except Unavailable as error:
            self._complaints.about("unavailable", f"Slack{self._named} does not take what I send: {error}")
            raise

    async def _persist(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        harmless = (NotSent, Unconfirmed) if repeatable(method) else (NotSent,)
        return await self._trying(lambda: self._wire.send(method, arguments), *harmless)

    async def _trying(self, call: Callable[[], Awaitable[T]], *again: type[Exception]) -> T:
        """What it gives, tried again after these errors, with pauses that grow, as long as there is time."""
        deadline, pause = time.monotonic() + self._trying_s, FIRST_S
        while True:
            try:
                return await call()
            except (NotSent, Unconfirmed, Limited) as error:
                if not isinstance(error, again) or time.monotonic() + pause > deadline:
                    raise
                least = error.retry_after if isinstance(error, Limited) else 0.0
            await asyncio.sleep(least + pause * random.uniform(0.5, 1))  # noqa: S311 - spreads load, hides nothing
            pause = min(pause * 2, LONGEST_S)

    async def _found(self, sought: Sought, part: int, doubt: Unconfirmed) -> str:
        """The ts of what was posted; '': it was not."""
        try:
            return (await self._look(sought)).get(part, "")
        except (ScopeMissing, PlaceClosed):  # a bot may post where it may not read
            if doubt.refused:
                return ""
            raise doubt from None

    async def _look(self, sought: Sought) -> dict[int, str]:
        found: dict[int, str] = {}
        cursor = ""
        for _ in range(_LOOKED_THROUGH):
            page = await self.call(sought.method, **sought.where, cursor=cursor or None)
            for message in page.get("messages") or ():
                if (part := sought.part(message, self.bot_user)) is not None:
                    found.setdefault(part, str(message["ts"]))
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return found

    def _complain(self, error: SlackRefusal) -> None:
        self._signed_out = self._signed_out or isinstance(error, TokenGone)
        if isinstance(error, (TokenGone, ScopeMissing, PlaceClosed)):
            cause = error.needed if isinstance(error, ScopeMissing) else ""
            self._complaints.about(f"{type(error).__name__} {error.code} {cause}", f"{error}{self._named}")

    @property
    def _named(self) -> str:
        workspace = self._name or self.team
        return f" (workspace {workspace})" if workspace else ""


class Apis(Protocol):
    """The workspaces that the app is installed in; adapters.slack.web_api.installations has one for one and one for many."""

    async def of(self, body: Mapping[str, Any]) -> Api:
        """The API of the workspace that a payload came from.

        Raises:
            TokenGone: the app is not installed there any more.
            Unavailable: it cannot be looked up now.
        """

    async def drop(self, body: Mapping[str, Any]) -> None:
        """Forget a workspace: its payload says that the app was uninstalled or its tokens were revoked."""

    async def close(self) -> None:
        """Let go of all connections."""


def _channel(arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("channel") or "")
