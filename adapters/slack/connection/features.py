"""What the bot does in Slack, and the scopes and events that each of it needs: the one place where they stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rag_core.settings import Settings

__all__ = ["FEATURES", "Feature", "events_of", "features_of", "lacking", "scopes_of"]


@dataclass(frozen=True, slots=True)
class Feature:
    what: str
    """As it is told where a scope of it is missing."""
    scopes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    always: bool = False
    """It cannot be left out."""


FEATURES: dict[str, Feature] = {
    "mentions": Feature(
        "answers to mentions",
        ("app_mentions:read", "chat:write"),
        ("app_mention", "app_uninstalled", "tokens_revoked"),
        always=True,
    ),
    "people": Feature("people's languages, and who is an admin", ("users:read",), always=True),
    "commands": Feature("the slash command and the message shortcut", ("commands",)),
    "messages": Feature("direct messages to the bot", ("im:history",), ("message.im",)),
    "notices": Feature("direct messages of the bot, such as of a correction", ("im:write",)),
    "threads": Feature(
        "follow-ups without a mention, earlier turns, edited questions, and answers unasked in public channels",
        ("channels:history",),
        ("message.channels",),
    ),
    "private": Feature(
        "the same in private channels and group messages",
        ("groups:history", "mpim:history"),
        ("message.groups", "message.mpim"),
    ),
    "channels": Feature(
        "who made a channel, and so may change its settings", ("channels:read", "groups:read")
    ),
    "signs": Feature("the sign that a question was seen", ("reactions:write",)),
    "reactions": Feature("votes by reaction", ("reactions:read",), ("reaction_added", "reaction_removed")),
    "files": Feature("files in direct messages", ("files:read",)),
    "export": Feature("the export of one's own data", ("files:write",)),
    "home": Feature("the App Home", (), ("app_home_opened",)),
    "assistant": Feature(
        "the assistant container",
        ("assistant:write",),
        ("assistant_thread_started", "assistant_thread_context_changed"),
    ),
    "groups": Feature("user groups in rules and settings", ("usergroups:read",)),
}
"""By their names on the command line. 'groups' follows from the settings: see features_of."""
_NEEDS = {"export": "home", "assistant": "messages"}
"""What makes no sense without another."""


def features_of(settings: Settings, without: Collection[str] = ()) -> list[str]:
    """The features of an installation. without: those that are not wanted; all others are."""
    chosen = [name for name in FEATURES if name not in without and name != "groups"]
    chosen = [name for name in chosen if _NEEDS.get(name, name) in chosen]
    return [*chosen, "groups"] if _names_groups(settings) else chosen


def scopes_of(features: Iterable[str]) -> list[str]:
    """Bot scopes, in alphabetical order."""
    return sorted({scope for name in features for scope in FEATURES[name].scopes})


def events_of(features: Iterable[str]) -> list[str]:
    """Bot events, in alphabetical order."""
    return sorted({event for name in features for event in FEATURES[name].events})


def lacking(features: Iterable[str], granted: Collection[str]) -> dict[str, str]:
    """What a token with these scopes cannot do, by the scope that it lacks."""
    missing = {
        scope: FEATURES[name].what
        for name in features
        for scope in FEATURES[name].scopes
        if scope not in granted
    }
    return dict(sorted(missing.items()))


def _names_groups(settings: Settings) -> bool:
    """Whether a rule, a channel, a reviewer or a manager may be a user group of Slack's: their ids begin with S."""
    named: set[str] = set(settings.slack.managers)
    for rule in settings.access.rules:
        if rule.platform in (None, "slack"):
            named.update(rule.role or ())
    for channel in settings.channels:
        if channel.platform in (None, "slack"):
            named.update(channel.allowed or ())
            named.add(channel.escalation or "")
    named.update(
        each.removeprefix("slack:") for each in settings.review.reviewers if each.startswith("slack:")
    )
    return any(name.startswith("S") for name in named)
