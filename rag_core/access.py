"""Principal -> the scopes it may read. The only permission logic there is.

Default deny: without a rule a person reads what is public. What a rule grants to a person holds where that person alone
sees the answer; in a channel everybody reads along, so there a rule holds only if it names the channel or says
`anywhere = true`. The operator at the console reads everything, because the files are theirs. Nothing is remembered
between questions: roles count as the platform gives them with each. See docs/access.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rag_core.settings import AccessRule
from rag_core.types import Principal

__all__ = ["ANONYMOUS", "EVERYTHING", "PUBLIC", "Access", "Verdict", "narrowed"]

PUBLIC = "public"
EVERYTHING = None
"""In place of a set of scopes: no restriction. Only the operator's own console has it."""
ANONYMOUS = frozenset({"web"})
"""Platforms that do not know who asks; a rule holds there only if it names them."""

Groups = Mapping[str, Iterable[str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of a principal."""

    number: int
    """Of the rule, counted from 1 in the order of the settings file."""
    scopes: frozenset[str]
    failing: tuple[str, ...]
    """The names of the conditions that are not met; none: the scopes are granted. 'anywhere' stands for a channel that
    the rule does not name."""


class Access:
    """The rules in force. They can be replaced at any time: a question is judged by the one set or by the other."""

    def __init__(self, rules: Iterable[AccessRule] = (), groups: Groups = MappingProxyType({})) -> None:
        self._in_force = _frozen(rules, groups)

    def replace(self, rules: Iterable[AccessRule], groups: Groups) -> None:
        """From the next question on these decide, and nothing is left of those before."""
        self._in_force = _frozen(rules, groups)

    def scopes_of(self, principal: Principal) -> frozenset[str] | None:
        """The scopes this principal may read; EVERYTHING for the operator's console."""
        if principal.platform == "console":
            return EVERYTHING
        granted = (verdict.scopes for verdict in self.verdicts(principal) if not verdict.failing)
        return frozenset({PUBLIC}).union(*granted)

    def verdicts(self, principal: Principal) -> list[Verdict]:
        """What each rule says of this principal, in the order of the rules."""
        rules, groups = self._in_force
        return [
            Verdict(number, frozenset(rule.scopes), tuple(_failing(rule, principal, groups)))
            for number, rule in enumerate(rules, start=1)
        ]

    def idle(self, scopes: Collection[str]) -> list[tuple[int, str]]:
        """Rules and the scopes they grant that are none of these: most likely misspelt, as nothing is read by them."""
        rules, _ = self._in_force
        named = ((number, scope) for number, rule in enumerate(rules, start=1) for scope in rule.scopes)
        return [(number, scope) for number, scope in named if scope not in scopes and scope != PUBLIC]


def narrowed(scopes: frozenset[str] | None, to: frozenset[str] | None) -> frozenset[str] | None:
    """What is left of these scopes where nothing but `to` is to be read; never more than there was. 'public' is left
    only where it is named. to: None narrows nothing."""
    if to is None:
        return scopes
    return to if scopes is EVERYTHING else scopes & to


def _frozen(
    rules: Iterable[AccessRule], groups: Groups
) -> tuple[tuple[AccessRule, ...], dict[str, frozenset[str]]]:
    return tuple(rules), {name: frozenset(members) for name, members in groups.items()}


def _failing(rule: AccessRule, principal: Principal, groups: Mapping[str, frozenset[str]]) -> Iterable[str]:
    """The conditions that are not met. What the platform left empty meets none."""
    if rule.platform != principal.platform if rule.platform else principal.platform in ANONYMOUS:
        yield "platform"
    if rule.workspace is not None and _workspaces(principal).isdisjoint(rule.workspace):
        yield "workspace"
    for name in ("channel", "user"):
        wanted, given = getattr(rule, name), getattr(principal, name)
        if wanted is not None and (not given or given not in wanted):
            yield name
    if rule.role is not None and not principal.roles.intersection(rule.role) - {""}:
        yield "role"
    if rule.group is not None and not any(
        _is_member(principal, groups.get(name, frozenset())) for name in rule.group
    ):
        yield "group"
    if rule.direct not in (None, principal.direct):
        yield "direct"
    if not (principal.direct or rule.channel or rule.anywhere):
        yield "anywhere"


def _is_member(principal: Principal, members: frozenset[str]) -> bool:
    if not principal.user:
        return False
    by_user = f"{principal.platform}:{principal.user}"
    workspaces = _workspaces(principal)
    by_workspace = {f"{principal.platform}:{workspace}/{principal.user}" for workspace in workspaces}
    # A '/' or ':' in what the platform gave could make one person look like another.
    plain = not any(mark in "".join((principal.user, *workspaces)) for mark in "/:")
    return plain and (by_user in members or not by_workspace.isdisjoint(members))


def _workspaces(principal: Principal) -> frozenset[str]:
    """The asker's own; none where the platform does not tell."""
    own = frozenset({principal.workspace}) if principal.workspace else principal.workspaces
    return own - {""}
