"""Who may read what."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rag_core.access import EVERYTHING, PUBLIC, Access
from rag_core.settings import Access as AccessSettings
from rag_core.settings import AccessRule
from rag_core.types import Principal

ADA = Principal("slack", "ada", workspace="T1", channel="D1", roles=frozenset({"staff"}), direct=True)
IN_CHANNEL = replace(ADA, channel="C1", direct=False)


def rule(**conditions: Any) -> AccessRule:
    """One that grants 'hr' to those on Slack who meet these conditions, as it would stand in the settings file."""
    return AccessRule.model_validate({"scopes": "hr", "platform": "slack", **conditions})


def scopes(principal: Principal, *rules: AccessRule, **groups: list[str]) -> set[str]:
    granted = Access(rules, groups).scopes_of(principal)
    assert granted is not EVERYTHING
    return set(granted)


# --- rules -------------------------------------------------------------------------------------------------------


def test_without_a_rule_a_person_reads_what_is_public() -> None:
    """Default deny."""
    assert scopes(ADA) == {PUBLIC}


@pytest.mark.parametrize(
    ("condition", "value", "other"),
    [
        ("platform", "slack", "discord"),
        ("workspace", "T1", "T2"),
        ("workspace", ["T0", "T1"], ["T2", "T3"]),
        ("channel", "D1", "C2"),
        ("user", "ada", "ad"),
        ("user", ["ada", "bob"], ["Ada", "bob"]),
        ("direct", True, None),
    ],
)
def test_a_rule_grants_its_scopes_to_those_who_meet_its_condition(
    condition: str, value: object, other: object
) -> None:
    """One of a list is enough; and to nobody else."""
    assert scopes(ADA, rule(**{condition: value})) == {PUBLIC, "hr"}
    if other is not None:
        assert scopes(ADA, rule(**{condition: other})) == {PUBLIC}


def test_every_condition_of_a_rule_must_hold() -> None:
    """One that fails is enough to grant nothing."""
    assert scopes(ADA, rule(workspace="T1", role="staff", user="ada")) == {PUBLIC, "hr"}
    assert scopes(ADA, rule(workspace="T1", role="staff", user="bob")) == {PUBLIC}
    assert scopes(ADA, rule(workspace="T2", role="staff", user="ada")) == {PUBLIC}


def test_a_role_counts_as_the_platform_gives_it_with_each_question() -> None:
    """Nothing is remembered: a role that was taken away is gone with the next question."""
    access = Access([rule(workspace="T1", role="staff")])
    assert access.scopes_of(ADA) == {PUBLIC, "hr"}
    assert access.scopes_of(replace(ADA, roles=frozenset())) == {PUBLIC}
    assert access.scopes_of(ADA) == {PUBLIC, "hr"}


def test_a_group_of_the_settings_has_the_people_it_names() -> None:
    """By platform and user, or by platform, workspace and user."""
    of_group = rule(group="leads")
    assert scopes(ADA, of_group, leads=["slack:ada"]) == {PUBLIC, "hr"}
    assert scopes(ADA, of_group, leads=["slack:T1/ada"]) == {PUBLIC, "hr"}
    for member in ("discord:ada", "slack:T2/ada", "slack:adam", "slack:ad"):
        assert scopes(ADA, of_group, leads=[member], others=["slack:ada"]) == {PUBLIC}


def test_where_no_workspace_is_named_those_count_that_the_asker_is_in() -> None:
    """As in Discord's direct messages; beside a workspace that is named they say nothing."""
    person = replace(ADA, workspace="", workspaces=frozenset({"T1", "T3", ""}))
    for conditions in ({"workspace": "T1"}, {"workspace": "T1", "role": "staff"}, {"group": "leads"}):
        assert scopes(person, rule(**conditions), leads=["slack:T1/ada"]) == {PUBLIC, "hr"}
        for other in (replace(person, workspaces=frozenset({"T2"})), replace(person, workspace="T2")):
            assert scopes(other, rule(**conditions), leads=["slack:T1/ada"]) == {PUBLIC}


# --- channels ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "conditions",
    [{}, {"workspace": "T1"}, {"user": "ada"}, {"workspace": "T1", "role": "staff"}, {"group": "leads"}],
)
def test_what_a_person_may_read_is_not_read_out_in_a_channel(conditions: dict[str, Any]) -> None:
    """Everybody there would see it; only a rule that names the channel, or says anywhere, holds in it."""
    leads = ["slack:ada"]
    assert scopes(ADA, rule(**conditions), leads=leads) == {PUBLIC, "hr"}
    assert scopes(IN_CHANNEL, rule(**conditions), leads=leads) == {PUBLIC}
    assert scopes(IN_CHANNEL, rule(channel="C2", **conditions), leads=leads) == {PUBLIC}
    assert scopes(IN_CHANNEL, rule(channel="C1", **conditions), leads=leads) == {PUBLIC, "hr"}
    assert scopes(IN_CHANNEL, rule(anywhere=True, **conditions), leads=leads) == {PUBLIC, "hr"}


def test_a_channels_rule_does_not_follow_its_members_into_direct_messages() -> None:
    """It says what may be read there, and nothing of who its members are."""
    assert scopes(IN_CHANNEL, rule(channel="C1")) == {PUBLIC, "hr"}
    assert scopes(ADA, rule(channel="C1")) == {PUBLIC}


def test_a_rule_for_channels_only_does_not_hold_in_direct_messages() -> None:
    """direct = false."""
    everywhere = rule(direct=False, anywhere=True)
    assert scopes(IN_CHANNEL, everywhere) == {PUBLIC, "hr"}
    assert scopes(ADA, everywhere) == {PUBLIC}


# --- who could pretend -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["Slack", "SLACK", "slack ", "", "sla\u0441k", "slack\x00"])
def test_a_platform_of_another_spelling_is_another_platform(platform: str) -> None:
    """Letter case, spaces and look-alikes are not forgiven."""
    pretender = replace(ADA, platform=platform)
    assert scopes(pretender, rule(user="ada"), rule(group="leads"), leads=["slack:ada"]) == {PUBLIC}


@pytest.mark.parametrize("platform", ["Console", "console ", "CONSOLE", ""])
def test_only_the_console_is_the_console(platform: str) -> None:
    """What is nearly called so reads what is public."""
    assert Access().scopes_of(Principal("console", "root")) is EVERYTHING
    assert scopes(Principal(platform, "root")) == {PUBLIC}


@pytest.mark.parametrize("name", ["workspace", "channel", "user"])
def test_what_the_platform_left_empty_meets_no_condition(name: str) -> None:
    """Even of a rule that, past all checks, asks for the empty."""
    empty = AccessRule.model_construct(scopes=("hr",), platform="slack", anywhere=True, **{name: ("",)})
    assert scopes(replace(ADA, **{name: ""}), empty) == {PUBLIC}
    assert scopes(replace(ADA, roles=frozenset({""})), rule(workspace="T1", role="staff")) == {PUBLIC}


@pytest.mark.parametrize(("user", "workspace"), [("T1/ada", ""), ("ada", ""), ("1/ada", "T"), ("", "T1/ada")])
def test_a_member_cannot_be_imitated_by_signs_in_an_id(user: str, workspace: str) -> None:
    """'slack:T1/ada' is ada of T1 and no one whose id is 'T1/ada'."""
    person = Principal("slack", user, workspace, direct=True)
    assert scopes(person, rule(group="leads"), leads=["slack:T1/ada"]) == {PUBLIC}


def test_visitors_of_the_chat_page_are_granted_only_what_a_rule_for_the_page_grants() -> None:
    """They are anonymous: a rule for everybody means everybody whom a platform knows."""
    visitor = Principal("web", "x" * 22, direct=True)
    assert scopes(visitor, AccessRule(scopes=("hr",)), AccessRule(scopes=("hr",), direct=True)) == {PUBLIC}
    assert scopes(visitor, AccessRule(scopes=("hr",), platform="web")) == {PUBLIC, "hr"}


@pytest.mark.parametrize(
    ("conditions", "says"),
    [
        ({"channel": ""}, "pattern"),
        ({"channel": "#general"}, "pattern"),
        ({"user": "@ada"}, "pattern"),
        ({"user": " ada"}, "pattern"),
        ({"user": []}, "at least 1"),
        ({"scopes": []}, "at least 1"),
        ({"scopes": "my team"}, "pattern"),
        ({"platform": "Slack"}, "slack"),
        ({"platform": None, "user": "ada"}, "add platform"),
        ({"role": "staff"}, "add workspace"),
        ({"platform": "web", "user": "ada"}, "anonymous"),
        ({"platform": "web", "group": "leads"}, "anonymous"),
        ({"direct": True, "channel": "C1"}, "never holds in a channel"),
        ({"direct": True, "anywhere": True}, "never holds in a channel"),
        ({"direct": False}, "to hold anywhere"),
        ({"chanel": "C1"}, "not permitted"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(conditions: dict[str, Any], says: str) -> None:
    """When the settings are read, with the remedy; never taken for a rule that grants more or nothing."""
    with pytest.raises(ValidationError, match=says):
        rule(**conditions)


@pytest.mark.parametrize(
    "member", ["ada", "web:ada", "console:root", "slack:", "Slack:ada", "slack:T1/", "slack:a b"]
)
def test_a_member_that_names_no_person_is_refused(member: str) -> None:
    """Platform and id are needed."""
    with pytest.raises(ValidationError):
        AccessSettings.model_validate({"groups": {"leads": [member]}})


def test_a_rule_for_a_group_that_does_not_exist_is_refused() -> None:
    """Its name is in the message."""
    with pytest.raises(ValidationError, match="rule 1 names the group 'leeds'"):
        AccessSettings.model_validate(
            {"rules": [{"scopes": "hr", "group": "leeds"}], "groups": {"leads": []}}
        )


# --- replacing ---------------------------------------------------------------------------------------------------


def test_rules_can_be_replaced_while_they_are_in_use() -> None:
    """The next question is judged by the new ones alone."""
    access = Access([rule(group="leads")], {"leads": ["slack:ada"]})
    assert access.scopes_of(ADA) == {PUBLIC, "hr"}
    access.replace([rule(group="leads")], {"leads": ["slack:bob"]})
    assert access.scopes_of(ADA) == {PUBLIC}
    access.replace([], {})
    assert access.scopes_of(replace(ADA, user="bob")) == {PUBLIC}


# --- every rule and every principal ------------------------------------------------------------------------------

SOME = st.sampled_from(["a", "b"])
LISTS = st.none() | st.lists(SOME, min_size=1, max_size=2).map(tuple)


def _valid(conditions: dict[str, Any]) -> AccessRule | None:
    try:
        return AccessRule.model_validate(conditions)
    except ValidationError:
        return None


rules = st.lists(
    st.fixed_dictionaries(
        {
            "scopes": st.tuples(st.sampled_from("xyz")),
            "platform": st.sampled_from([None, "slack", "discord", "web"]),
            "workspace": LISTS,
            "channel": LISTS,
            "role": LISTS,
            "user": LISTS,
            "group": st.none() | st.tuples(st.sampled_from(["one", "two"])),
            "direct": st.none() | st.booleans(),
            "anywhere": st.booleans(),
        }
    ).map(_valid),
    max_size=8,
).map(lambda made: [one for one in made if one is not None])
members = st.lists(st.sampled_from(["slack:a", "slack:a/b", "discord:b", "discord:b/a"]), max_size=3)
groups = st.fixed_dictionaries({"one": members, "two": members})
principals = st.builds(
    Principal,
    platform=st.sampled_from(["slack", "discord", "web", "Slack", ""]),
    user=SOME | st.just(""),
    workspace=SOME | st.just(""),
    channel=SOME | st.just(""),
    roles=st.frozensets(SOME | st.just("")),
    direct=st.booleans(),
)
many = hypothesis_settings(max_examples=500, derandomize=True, deadline=None)


@many
@given(rules, groups, principals)
def test_what_is_granted_is_the_union_of_the_rules_that_match(
    given_rules: list[AccessRule], given_groups: dict[str, list[str]], principal: Principal
) -> None:
    """Never more, never less, in whatever order they stand."""
    alone = [Access([one], given_groups).scopes_of(principal) or frozenset() for one in given_rules]
    granted = Access(given_rules, given_groups).scopes_of(principal)
    assert granted == {PUBLIC, *chain.from_iterable(alone)}
    assert granted == Access(reversed(given_rules), given_groups).scopes_of(principal)


@many
@given(rules, groups, principals)
def test_a_scope_is_granted_only_by_a_rule_of_which_every_condition_holds(
    given_rules: list[AccessRule], given_groups: dict[str, list[str]], principal: Principal
) -> None:
    """Checked against a second, plainer reading of the rules."""
    granted = Access(given_rules, given_groups).scopes_of(principal) or frozenset()
    by_hand = {scope for one in given_rules if holds(one, given_groups, principal) for scope in one.scopes}
    assert granted == {PUBLIC} | by_hand


def holds(one: AccessRule, given_groups: dict[str, list[str]], who: Principal) -> bool:
    """As docs/access.md tells it."""
    people = [member for name in one.group or () for member in given_groups[name]]
    names = {f"{who.platform}:{who.user}", f"{who.platform}:{who.workspace}/{who.user}"}
    seen_by_others = not who.direct
    return all(
        (
            who.platform == one.platform or (one.platform is None and who.platform != "web"),
            one.workspace is None or who.workspace in one.workspace,
            one.channel is None or who.channel in one.channel,
            one.user is None or who.user in one.user,
            one.role is None or any(role in one.role for role in who.roles),
            one.group is None or any(name in people for name in names),
            one.direct is None or one.direct == who.direct,
            not seen_by_others or one.anywhere or one.channel is not None,
        )
    )
