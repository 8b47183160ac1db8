"""Pages of a channel's or server's settings: what they show, and the modal beside them. Pure.

Each menu and switch acts at once. Its custom id says for what it is ('c': the channel, 's': the server), on which page it
stands, and which setting it changes: nothing else has to be known after a restart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from adapters.channels import LABELS, SETTABLE, Channel
from adapters.discord.ids import Ids
from adapters.discord.received import Json
from adapters.discord.showing.components import (
    DANGER,
    OPTIONS,
    PRIMARY,
    SECONDARY,
    button,
    entities,
    modal,
    row,
    select,
    text_input,
)
from adapters.discord.showing.escaping import escaped, short
from adapters.discord.showing.rendering import DESCRIPTION, body, contents, embed
from adapters.settings_changes import LANGUAGE_NAMES, in_words, short_duration
from rag_core.messages import LANGUAGES, listed, say

__all__ = [
    "ANY",
    "LABELLED",
    "NEVER",
    "PAGES",
    "SWITCHES",
    "Named",
    "Shown",
    "described",
    "form",
    "menu_people",
    "menu_scopes",
    "settings_page",
]

LABELLED = {**LABELS, "escalation": "settings-escalation-to"}
"""What each setting is called here: a message of the catalogues."""
SWITCHES = ("follow_ups", "posts", "draft")
PAGES = (
    (*SWITCHES, "language", "auto_answer", "tone", "remind_after"),
    ("escalation", "allowed"),
    ("scopes", "tags"),
)
"""The settings on each page."""
ANY, NEVER = "any", "never"
"""Options of the menus for language and confidence that stand for nothing."""
_LEVELS = {"0.3": "settings-bold", "0.5": "settings-balanced", "0.7": "settings-cautious"}
_CHANNEL_TYPES = (0, 5, 15)
"""Text, announcements, forums."""
_TONE, _DURATION, _NUMBER, _NAME, _NAMES = 300, 10, 30, 80, 10


@dataclass(frozen=True, slots=True)
class Named:
    """What an id stands for."""

    kind: Literal["user", "role", "channel"]
    name: str

    def __str__(self) -> str:
        return {"user": "", "role": "@", "channel": "#"}[self.kind] + self.name


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page is made from."""

    target: Literal["c", "s"]
    now: Channel
    """What is in force."""
    origins: Sequence[str]
    """Sentences: where that comes from."""
    is_set: bool
    """Whether anything is set for this very target."""
    name: str = ""
    """Of the channel."""
    scopes: Sequence[str] = ()
    """To choose from."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Of the forum, by id; none: it is no forum."""
    known: Mapping[str, Named] = field(default_factory=dict)
    """Those of who is allowed and of whom a question is passed on to, by id."""

    @property
    def posts(self) -> bool:
        """Whether there may be posts of a forum."""
        return self.target == "s" or bool(self.tags) or self.is_forum

    is_forum: bool = False


def settings_page(shown: Shown, number: int, language: str, ids: Ids, notice: str = "") -> Json:
    """notice: lines of plain text above all."""
    number %= len(PAGES)
    title = say(language, "settings-title" if shown.target == "c" else "settings-title-server")
    at = f"#{short(shown.name, _NAME)}" if shown.target == "c" and shown.name else ""
    where = say(language, "review-position", number=number + 1, total=len(PAGES))
    lines = [
        *([f"**{escaped(at)}**"] if at else []),
        *(f"-# {escaped(line)}" for line in shown.origins),
        *_values(shown, number, language),
    ]
    text = next(iter(contents("\n".join(lines), DESCRIPTION)), "")
    top = "\n".join(f"ℹ️ {escaped(line)}" for line in notice.split("\n") if line)
    rows = (_answers, _people, _documents)[number](shown, language, ids)
    made = body(next(iter(contents(top)), ""), embed(text, title=title, footer=where))
    return made | {"components": [*rows, _navigation(shown, number, language, ids)]}


def form(shown: Shown, language: str, ids: Ids) -> Json:
    """The modal for what is typed."""
    now = shown.now
    level = "" if now.auto_answer is None else str(now.auto_answer)

    def line(name: str, value: str, most: int, hint: str) -> Json:
        label, below = say(language, LABELLED[name]), say(language, hint)
        return text_input(ids.of(name), label, value, lines=name == "tone", most=most, placeholder=below)

    return modal(
        ids.of("settings_typed", f"{shown.target}:0"),
        say(language, "settings-type"),
        line("auto_answer", level, _NUMBER, "settings-auto-answer-hint"),
        line("tone", now.tone, _TONE, "settings-tone-hint"),
        line("remind_after", short_duration(now.remind_after_s), _DURATION, "settings-remind-hint"),
    )


def described(name: str, shown: Shown, language: str) -> str:
    """A value in words, with the names of what it has the ids of."""
    now = shown.now
    if name == "allowed" and now.allowed:
        ids = sorted(now.allowed)
        more = ["…"] if len(ids) > _NAMES else []
        return listed(language, [str(shown.known.get(id, id)) for id in ids[:_NAMES]] + more)
    if name == "escalation" and now.escalation:
        return str(shown.known.get(now.escalation, now.escalation))
    if name == "tags" and now.tags:
        return listed(language, sorted(shown.tags.get(tag, tag) for tag in now.tags))
    if name == "language":
        return LANGUAGE_NAMES.get(now.language, say(language, "settings-any-language"))
    if name == "auto_answer" and now.auto_answer is None:
        return say(language, "settings-never")
    return in_words(name, now, language)


def menu_scopes(now: Channel, offered: Sequence[str]) -> list[str]:
    """Those in the menu: what is chosen goes first."""
    chosen = now.scopes or frozenset()
    return sorted({*offered, *chosen}, key=lambda scope: (scope not in chosen, scope))[:OPTIONS]


def menu_people(now: Channel) -> list[str]:
    """Of who is allowed, those in the menu: Discord's ids; a list for all platforms has others as well."""
    return sorted(id for id in now.allowed if id.isdecimal())[:OPTIONS]


def _values(shown: Shown, number: int, language: str) -> list[str]:
    left_out = set() if shown.posts else {"posts", "tags"}
    if not shown.tags and not shown.now.tags:
        left_out.add("tags")
    return [
        f"**{escaped(say(language, LABELLED[name]))}**: {escaped(described(name, shown, language))}"
        for name in PAGES[number]
        if name in SETTABLE and name not in left_out
    ]


def _answers(shown: Shown, language: str, ids: Ids) -> list[Json]:
    def option(name: str, words: str) -> str:
        return f"{say(language, LABELLED[name])}: {words}"

    def menu(name: str, options: Mapping[str, str], chosen: str) -> Json:
        shown_as = {value: option(name, words) for value, words in options.items()}
        return row(select(_of(shown, 0, name, ids), shown_as, chosen=[chosen]))

    now = shown.now
    languages = {ANY: say(language, "settings-any-language")}
    languages |= {code: LANGUAGE_NAMES[code] for code in LANGUAGES}
    level = NEVER if now.auto_answer is None else str(now.auto_answer)
    levels = {NEVER: say(language, "settings-never")}
    levels |= {value: say(language, words, level=value) for value, words in _LEVELS.items()}
    levels.setdefault(level, level)
    switches = [name for name in SWITCHES if name != "posts" or shown.posts]
    typing = ids.of("settings_type", f"{shown.target}:0")
    return [
        row(*(_switch(shown, name, language, ids) for name in switches)),
        menu("language", languages, now.language or ANY),
        menu("auto_answer", levels, level),
        row(button(say(language, "settings-type"), typing, emoji="✏️")),
    ]


def _people(shown: Shown, language: str, ids: Ids) -> list[Json]:
    now = shown.now
    target = shown.known.get(now.escalation)
    to_channel = {now.escalation: "channel"} if target and target.kind == "channel" else {}
    to_people = {now.escalation: target.kind} if target and target.kind != "channel" else {}
    allowed = {id: shown.known[id].kind for id in menu_people(now) if id in shown.known}
    return [
        row(
            entities(
                _of(shown, 1, "escalation", ids),
                "mentionable",
                to_people,
                placeholder=say(language, "settings-escalation-people"),
            )
        ),
        row(
            entities(
                _of(shown, 1, "escalation_channel", ids),
                "channel",
                to_channel,
                channel_types=_CHANNEL_TYPES,
                placeholder=say(language, "settings-escalation-channel"),
            )
        ),
        row(
            entities(
                _of(shown, 1, "allowed", ids),
                "mentionable",
                allowed,
                most=OPTIONS,
                placeholder=f"{say(language, LABELLED['allowed'])}: {say(language, 'settings-everybody')}",
            )
        ),
    ]


def _documents(shown: Shown, language: str, ids: Ids) -> list[Json]:
    now = shown.now
    scopes = {scope: scope for scope in menu_scopes(now, shown.scopes)}

    def menu(name: str, options: Mapping[str, str], chosen: Sequence[str]) -> Json:
        id, label = _of(shown, 2, name, ids), say(language, LABELLED[name])
        return row(select(id, options, label, min=0, max=OPTIONS, chosen=chosen))

    rows = [menu("scopes", scopes, sorted(now.scopes or ()))]
    if shown.tags:
        chosen = [id for id, name in shown.tags.items() if not now.tags.isdisjoint((id, name))]
        rows.append(menu("tags", shown.tags, chosen))
    return rows


def _navigation(shown: Shown, number: int, language: str, ids: Ids) -> Json:
    def target(words: str, of: str) -> Json:
        style = PRIMARY if of == shown.target else SECONDARY
        return button(say(language, words), ids.of("settings_page", f"{of}:{number}"), style)

    further = ids.of("settings_page", f"{shown.target}:{(number + 1) % len(PAGES)}")
    clear = ids.of("settings_clear", f"{shown.target}:{number}")
    return row(
        target("settings-this-channel", "c"),
        target("settings-this-server", "s"),
        button(say(language, "settings-more"), further),
        *([button(say(language, "settings-clear"), clear, DANGER)] if shown.is_set else []),
    )


def _switch(shown: Shown, name: str, language: str, ids: Ids) -> Json:
    """It carries what it switches to, so that a click that counts twice does nothing more."""
    is_on = bool(getattr(shown.now, name))
    id = f"{_of(shown, 0, name, ids)}:{'off' if is_on else 'on'}"
    return button(say(language, LABELLED[name]), id, emoji="✅" if is_on else "⬜")


def _of(shown: Shown, number: int, name: str, ids: Ids) -> str:
    return ids.of("setting", f"{shown.target}:{number}:{name}")
