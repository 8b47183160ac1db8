"""Principal -> the scopes it may read. The only permission logic there is.

Default deny: without a rule a person reads what is public. The operator at the console reads everything, because
the files are theirs.
"""

from __future__ import annotations

from collections.abc import Iterable

from rag_core.settings import AccessRule
from rag_core.types import Principal

__all__ = ["EVERYTHING", "PUBLIC", "Access"]

PUBLIC = "public"
EVERYTHING = None
"""In place of a set of scopes: no restriction. Only the operator's own console has it."""


class Access:
    def __init__(self, rules: Iterable[AccessRule]) -> None:
        self._rules = tuple(rules)

    def scopes_of(self, principal: Principal) -> frozenset[str] | None:
        """The scopes this principal may read; EVERYTHING for the operator's console."""
        if principal.platform == "console":
            return EVERYTHING
        granted = (rule.scopes for rule in self._rules if _matches(rule, principal))
        return frozenset({PUBLIC}).union(*granted)


def _matches(rule: AccessRule, principal: Principal) -> bool:
    return (
        rule.platform in (None, principal.platform)
        and rule.workspace in (None, principal.workspace)
        and rule.channel in (None, principal.channel)
        and rule.user in (None, principal.user)
        and rule.direct in (None, principal.direct)
        and (rule.role is None or rule.role in principal.roles)
    )
