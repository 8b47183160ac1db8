"""What Discord refuses, split by what the caller can do about it.

AnswerloopError
├── DiscordRefusal     Discord said no, and would say no again; .status and .code are Discord's
│   ├── TokenGone      the bot's token does not count any more; nothing works until a new one is set
│   ├── PlaceClosed    this channel or person cannot be written to or read; others can
│   └── Vanished       the message, channel's thread or interaction named is no more
└── Unavailable
    ├── Limited        too many calls; .retry_after says in how many seconds it may be tried again
    ├── NotSent        Discord was not reached or did not take it, so that nothing happened there
    └── Unconfirmed    it may have happened there: the reply was lost, or said that something broke

The sentences hold Discord's codes and the names of fields, never what Discord wrote: that may repeat what people wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rag_core.errors import AnswerloopError, Unavailable

__all__ = [
    "ACKNOWLEDGED",
    "NO_MESSAGE",
    "THREAD_THERE",
    "DiscordRefusal",
    "Limited",
    "NotSent",
    "PlaceClosed",
    "TokenGone",
    "Unconfirmed",
    "Vanished",
    "form_refused",
    "refusal",
]

ACKNOWLEDGED = 40060
"""Discord's code for: this interaction was responded to already."""
NO_MESSAGE = 10008
THREAD_THERE = 160004
"""Discord's code for: this message has a thread already."""

_ACCESS = "give the bot the permissions for this channel, or choose another"
_NO_PERSON = "this person takes no direct messages from the bot"
_CLOSED = "the channel, thread or server takes nothing from the bot"
_PLACE_CLOSED: dict[int, str] = {
    **dict.fromkeys((50001, 50013, 50009), _ACCESS),
    **dict.fromkeys((10013, 50007, 50033, 50278), _NO_PERSON),
    **dict.fromkeys((10003, 10004, 40058, 50008, 50024, 50083, 160005, 160006), _CLOSED),
}
_NO_MORE = frozenset({NO_MESSAGE, 10007, 10015, 10062, 50005, 50027})
_BAD_FORM = frozenset({50006, 50035, 50045, 50109})
_NOT_NOW = frozenset({40003, 40004, 40006, 40062, 130000})
"""Discord's words for: later."""
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]{1,60}")
_FIELD = re.compile(r"[a-z0-9_@\[\]-]{1,60}")
_FIELDS = 6


class DiscordRefusal(AnswerloopError):
    """Discord refused a call. call: such as 'POST /channels/{channel_id}/messages'. code: Discord's own; 0: it gave none."""

    def __init__(self, call: str, status: int, code: int = 0, said: str = "") -> None:
        """said: what is to be done, or which fields are wrong."""
        super().__init__(f"Discord refused {call}: {status}, code {code}" + (f" ({said})" if said else ""))
        self.call = call
        self.status = status
        self.code = code


class TokenGone(DiscordRefusal):
    """The token was reset or never held."""


class PlaceClosed(DiscordRefusal):
    """The channel or person is not to be found or not to be written to, or closed to the bot."""


class Vanished(DiscordRefusal):
    """What was named is no more."""


class Limited(Unavailable):
    """Too many calls. retry_after: seconds until Discord takes it again. everywhere: takes any call again."""

    def __init__(self, call: str, retry_after: float, everywhere: bool = False) -> None:
        super().__init__(f"Discord takes no more {call} for {retry_after:.0f} s; try again later")
        self.retry_after = retry_after
        self.everywhere = everywhere


class NotSent(Unavailable):
    """Discord was not reached or did not take it: nothing happened there."""


class Unconfirmed(Unavailable):
    """What became of the call is not known. refused: Discord replied that something broke, rather than nothing."""

    def __init__(self, sentence: str, refused: bool = False) -> None:
        super().__init__(sentence)
        self.refused = refused


def refusal(call: str, status: int, reply: object, *, signed: bool = True) -> AnswerloopError:
    """What a reply of 300 to 499, other than 429, means. reply: its JSON. signed: the call carried the bot's token."""
    told: Mapping[str, Any] = reply if isinstance(reply, Mapping) else {}
    code = told.get("code")
    code = code if isinstance(code, int) else 0
    if code in _NO_MORE:
        return Vanished(call, status, code)
    if status == 401 and signed:
        return TokenGone(call, status, code, "set the bot's new token (DISCORD_BOT_TOKEN)")
    if code in _NOT_NOW:
        return NotSent(f"Discord does not take {call} now (code {code}); try again later")
    if code in _PLACE_CLOSED:
        return PlaceClosed(call, status, code, _PLACE_CLOSED[code])
    if status == 403 and not told:  # the way to Discord says so, not Discord
        return NotSent(f"{call} is not let through to Discord (status 403); look at the network or proxy")
    return DiscordRefusal(call, status, code, "; ".join(_wrong(told.get("errors")))[:300])


def form_refused(error: DiscordRefusal) -> bool:
    """Whether it may be what a message is made of that Discord does not take, rather than the message or its place."""
    return error.code in _BAD_FORM or error.status == 400


def _wrong(errors: object) -> list[str]:
    """The fields that are wrong, with Discord's constants for how: 'embeds.0.title BASE_TYPE_MAX_LENGTH'."""
    found = _fields(errors, ())
    return [line for line, _ in zip(found, range(_FIELDS), strict=False)]


def _fields(errors: object, within: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(errors, Mapping) or len(within) > 12:
        return
    for name, below in errors.items():
        if name == "_errors" and isinstance(below, list):
            kinds = [str(each.get("code")) for each in below if isinstance(each, Mapping)]
            yield " ".join([".".join(within), *(kind for kind in kinds if _CONSTANT.fullmatch(kind))])
        elif _FIELD.fullmatch(str(name)):
            yield from _fields(below, (*within, str(name)))
