"""Whom a message is for: the bot, nobody, or perhaps the bot. Pure, and the same on all platforms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from adapters.channels import Channel
from adapters.wording import asks, goes_on, only_thanks

__all__ = ["Address", "Facts", "addressed", "certainly"]

_SURE = 0.5
"""The confidence for what may not have been meant for the bot, where the channel names none."""


class Address(Enum):
    """Whom a message is for."""

    NOBODY = "nobody"
    """Not for the bot."""
    BOT = "bot"
    MAYBE = "maybe"
    """Answered only if the answer is sure."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a message. Of its thread some is None until it was looked up, as that takes time."""

    text: str
    """As a person reads it, without the mention of the bot."""
    user: str
    direct: bool = False
    """The bot and this person are alone there."""
    mentions_bot: bool = False
    mentions_others: bool = False
    """People, groups of them, or everybody there."""
    in_thread: bool = False
    """In a thread, or a chain of replies, that began before it."""
    post_tags: frozenset[str] | None = None
    """Of a post in a forum that begins with it, by name and id; None: it begins none."""
    askers: frozenset[str] | None = None
    """Whose questions the bot answered in its thread."""
    silenced: bool | None = None
    """The bot was asked to be quiet in its thread."""
    last_by: str | None = None
    """Who wrote last before it; '': nobody, or the bot."""


def addressed(facts: Facts, channel: Channel) -> Address | None:
    """Whom the message is for. None: more has to be looked up; the first that is None of askers, silenced and last_by.

    In a thread that the bot answered in, a question of who talks with it is for it; what others ask there, and what is said
    while others talk, may be; thanks, and words between people, are not.
    """
    if facts.direct or facts.mentions_bot:
        return Address.BOT
    if facts.mentions_others:
        return Address.NOBODY
    if facts.post_tags is not None and _takes_post(facts.post_tags, channel):
        return Address.BOT
    if facts.in_thread:
        return _follow_up(facts, channel)
    return Address.MAYBE if channel.auto_answer is not None and asks(facts.text) else Address.NOBODY


def certainly(channel: Channel) -> float:
    """The confidence from which an answer is given to what may have been meant for the bot."""
    return channel.auto_answer if channel.auto_answer is not None else _SURE


def _takes_post(tags: frozenset[str], channel: Channel) -> bool:
    wanted = {tag.casefold() for tag in channel.tags}
    return channel.posts and (not wanted or any(tag.casefold() in wanted for tag in tags))


def _follow_up(facts: Facts, channel: Channel) -> Address | None:
    if not channel.follow_ups or only_thanks(facts.text):
        return Address.NOBODY
    if facts.askers is None:
        return None
    is_asker = facts.user in facts.askers
    question = asks(facts.text) or (is_asker and goes_on(facts.text))
    if not facts.askers or not (is_asker or question) or facts.silenced:
        return Address.NOBODY
    if facts.silenced is None or facts.last_by is None:
        return None
    among_themselves = facts.last_by not in ("", facts.user)
    if is_asker and question and not among_themselves:
        return Address.BOT
    return Address.MAYBE if question or not among_themselves else Address.NOBODY
