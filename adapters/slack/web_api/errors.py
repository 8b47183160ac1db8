"""What Slack refuses, split by what the caller can do about it.

AnswerloopError
├── SlackRefusal       Slack said no, and would say no again; .code is Slack's word for it
│   ├── TokenGone      the app must be installed anew; nothing works in this workspace until then
│   ├── ScopeMissing   the app must be installed anew with the manifest; the rest works
│   ├── PlaceClosed    this channel cannot be written to or read; others can
│   ├── NotSupported   this workspace or kind of channel cannot do it; do it another way
│   └── Vanished       the message, file or view named is no more, or no longer in that state
└── Unavailable
    ├── Limited        too many calls; .retry_after says in how many seconds it may be tried again
    ├── NotSent        Slack was not reached, so that nothing happened there
    └── Unconfirmed    it may have happened there: the reply was lost, or said that something broke
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rag_core.errors import AnswerloopError, Unavailable

__all__ = [
    "Limited",
    "NotSent",
    "NotSupported",
    "PlaceClosed",
    "ScopeMissing",
    "SlackRefusal",
    "TokenGone",
    "Unconfirmed",
    "Unsupported",
    "Vanished",
    "blocks_refused",
    "everywhere",
    "refusal",
]

REPEAT_S = 3600.0
"""For so long it is not tried again what was refused."""


class SlackRefusal(AnswerloopError):
    """Slack refused a call. code: Slack's own, such as 'invalid_blocks'. method: such as 'chat.postMessage'."""

    def __init__(self, method: str, code: str, remedy: str = "") -> None:
        super().__init__(f"Slack refused {method}: {code}" + (f"; {remedy}" if remedy else ""))
        self.method = method
        self.code = code


class TokenGone(SlackRefusal):
    """The token was revoked or never held."""


class ScopeMissing(SlackRefusal):
    """The app was installed without a scope that the call needs. needed, provided: as Slack names them."""

    def __init__(
        self, method: str, code: str, remedy: str = "", needed: str = "", provided: str = ""
    ) -> None:
        super().__init__(method, code, remedy)
        self.needed = needed
        self.provided = provided


class PlaceClosed(SlackRefusal):
    """The channel is archived, not to be found, without the bot, or closed to it."""


class NotSupported(SlackRefusal):
    """The API, the workspace or the kind of channel does not do this."""


class Vanished(SlackRefusal):
    """What was named is no more, or no longer in the state that the call needs."""


class Limited(Unavailable):
    """Too many calls of one method. retry_after: seconds until Slack takes it again."""

    def __init__(self, method: str, retry_after: float) -> None:
        super().__init__(f"Slack takes no more {method} for {retry_after:.0f} s; try again later")
        self.retry_after = retry_after


class NotSent(Unavailable):
    """Slack was not reached: nothing happened there."""


class Unconfirmed(Unavailable):
    """What became of the call is not known. refused: Slack replied that something broke, rather than nothing."""

    def __init__(self, sentence: str, refused: bool = False) -> None:
        super().__init__(sentence)
        self.refused = refused


_INSTALL = "install the app anew and set its new token (SLACK_BOT_TOKEN)"
_INVITE = "invite the bot to the channel, or choose another"
_SIGNED_OUT = "token_revoked token_expired invalid_auth account_inactive not_authed org_login_required"
_PLACE_CLOSED = """is_archived channel_not_found not_in_channel user_not_in_channel restricted_action
    restricted_action_read_only_channel restricted_action_thread_only_channel restricted_action_thread_locked
    restricted_action_non_threadable_channel messages_tab_disabled cannot_dm_bot user_disabled is_inactive access_denied
    no_permission ekm_access_denied team_access_not_granted external_channel_migrating"""
_NOT_SUPPORTED = """unknown_method feature_not_enabled method_deprecated deprecated_endpoint not_allowed_token_type
    not_supported channel_type_not_supported method_not_supported_for_channel_type team_not_supported not_allowed
    enterprise_is_restricted as_user_not_supported missing_recipient_team_id missing_recipient_user_id no_access"""
_NO_MORE = """message_not_found thread_not_found invalid_thread_ts cant_update_message cant_delete_message not_found
    message_not_in_streaming_state message_not_owned_by_app edit_window_closed file_not_found file_deleted no_reaction
    expired_trigger_id exchanged_trigger_id invalid_trigger_id trigger_expired trigger_exchanged view_not_found
    hash_conflict"""
_BAD_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_arguments", "block_mismatch"})
_KINDS: dict[str, tuple[type[SlackRefusal], str]] = {
    **dict.fromkeys(_SIGNED_OUT.split(), (TokenGone, _INSTALL)),
    **dict.fromkeys(_PLACE_CLOSED.split(), (PlaceClosed, _INVITE)),
    **dict.fromkeys(_NOT_SUPPORTED.split(), (NotSupported, "")),
    **dict.fromkeys(_NO_MORE.split(), (Vanished, "")),
}


def refusal(method: str, reply: Mapping[str, Any]) -> SlackRefusal:
    """The error for a reply that says no. reply: what Slack sent."""
    code = str(reply.get("error") or "no reason given")
    if code == "missing_scope":
        needed, provided = str(reply.get("needed") or "?"), str(reply.get("provided") or "?")
        remedy = f"it needs the scope {needed} and has {provided}: install the app anew with its manifest"
        return ScopeMissing(method, code, remedy, needed, provided)
    kind, remedy = _KINDS.get(code, (SlackRefusal, ""))
    return kind(method, code, remedy or _details(reply))


def everywhere(error: SlackRefusal) -> bool:
    """Whether all of the workspace will hear the same, rather than this channel, message or person."""
    return isinstance(error, (NotSupported, ScopeMissing)) and "channel" not in error.code


def blocks_refused(error: SlackRefusal) -> bool:
    """Whether it may be what a message is made of that Slack does not take, rather than the message or its place."""
    return error.code in _BAD_BLOCKS


def _details(reply: Mapping[str, Any]) -> str:
    """What Slack adds for developers, such as which block is wrong. It names fields, not what they hold."""
    metadata = reply.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, Mapping) else None
    return "; ".join(str(each) for each in messages)[:300] if isinstance(messages, list) else ""


class Unsupported:
    """What is not asked for again within the hour, because it was refused."""

    def __init__(self, kept_s: float = REPEAT_S) -> None:
        self._kept_s = kept_s
        self._until: dict[tuple[str, str], float] = {}

    def learn(self, feature: str, channel: str = "") -> None:
        """channel: '': it is refused in all of the workspace."""
        now = time.monotonic()
        self._until = {each: until for each, until in self._until.items() if until > now}
        self._until[feature, channel] = now + self._kept_s

    def knows(self, feature: str, channel: str) -> bool:
        """Whether it was refused here, or in all of the workspace."""
        now = time.monotonic()
        return any(self._until.get((feature, where), now) > now for where in ("", channel))
