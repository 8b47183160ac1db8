"""Who may read what."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.access import EVERYTHING, PUBLIC, Access
from rag_core.settings import AccessRule
from rag_core.types import Principal

ADA = Principal("slack", "ada", workspace="W1", channel="C1", roles=frozenset({"staff"}))
SOME = st.sampled_from(["a", "b"])


def test_without_a_rule_a_person_reads_what_is_public() -> None:
    """Default deny."""
    assert Access([]).scopes_of(ADA) == {PUBLIC}


@pytest.mark.parametrize(
    ("condition", "value", "other"),
    [
        ("platform", "slack", "discord"),
        ("workspace", "W1", "W2"),
        ("channel", "C1", "C2"),
        ("role", "staff", "guest"),
        ("user", "ada", "ad"),
        ("direct", False, True),
    ],
)
def test_a_rule_grants_its_scopes_to_those_who_meet_its_condition(
    condition: str, value: object, other: object
) -> None:
    """And to nobody else."""

    def scopes(wanted: object) -> frozenset[str] | None:
        return Access([AccessRule.model_validate({"scopes": ["hr"], condition: wanted})]).scopes_of(ADA)

    assert scopes(value) == {PUBLIC, "hr"}
    assert scopes(other) == {PUBLIC}


def test_every_condition_of_a_rule_must_hold() -> None:
    """One that fails is enough to grant nothing."""
    rule = AccessRule(scopes=("hr",), platform="slack", channel="C2")
    assert Access([rule]).scopes_of(ADA) == {PUBLIC}


def test_an_empty_condition_is_met_by_none_but_the_empty() -> None:
    """'' is a value like any other, not 'whatever'."""
    rule = AccessRule(scopes=("hr",), channel="")
    assert Access([rule]).scopes_of(ADA) == {PUBLIC}


def test_the_operator_at_the_console_reads_everything() -> None:
    """The files are theirs."""
    assert Access([]).scopes_of(Principal("console", "root")) is EVERYTHING


conditions = {
    "platform": st.none() | SOME,
    "workspace": st.none() | SOME,
    "channel": st.none() | SOME,
    "role": st.none() | SOME,
    "user": st.none() | SOME,
    "direct": st.none() | st.booleans(),
}
rules = st.lists(st.builds(AccessRule, scopes=st.tuples(st.sampled_from("xyz")), **conditions), max_size=6)
principals = st.builds(
    Principal,
    platform=SOME,
    user=SOME,
    workspace=SOME,
    channel=SOME,
    roles=st.frozensets(SOME),
    direct=st.booleans(),
)


@given(rules, principals)
def test_what_is_granted_is_the_union_of_the_rules_that_match(
    given_rules: list[AccessRule], principal: Principal
) -> None:
    """Never more, never less, in whatever order they stand."""
    alone = [Access([rule]).scopes_of(principal) or frozenset() for rule in given_rules]
    granted = Access(given_rules).scopes_of(principal)
    assert granted == {PUBLIC, *chain.from_iterable(alone)}
    assert granted == Access(reversed(given_rules)).scopes_of(principal)


@given(rules, principals)
def test_a_scope_is_granted_only_by_a_rule_of_which_every_condition_holds(
    given_rules: list[AccessRule], principal: Principal
) -> None:
    """Checked against a second, plainer reading of the rules."""
    for scope in (Access(given_rules).scopes_of(principal) or frozenset()) - {PUBLIC}:
        assert any(scope in rule.scopes and not failing(rule, principal) for rule in given_rules)


def failing(rule: AccessRule, principal: Principal) -> list[str]:
    """The conditions of the rule that the principal does not meet."""
    wanted = rule.model_dump(exclude={"scopes"}, exclude_none=True)
    return [
        name
        for name, value in wanted.items()
        if (value not in principal.roles if name == "role" else getattr(principal, name) != value)
    ]
