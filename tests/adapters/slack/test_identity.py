"""Who a person is, and what that lets them do."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.servers.slack import LocalSlack

HELP = "C0HELP"
RULE = {
    "rules": [
        {"platform": "slack", "workspace": ["T0MAIN"], "role": ["S0HR"], "scopes": ["hr"], "anywhere": True}
    ]
}


async def principals(bot: Any) -> list[Any]:
    await bot.settled()
    return [question.principal for question in bot.assistant.questions]


async def test_user_groups_are_asked_for_only_where_a_rule_names_one(bot: Any) -> None:
    """Then once for many questions that come at once."""
    bot.slack.group("S0HR", "hr", ["U0ANNA"])
    anna, ben = bot.slack.user("U0ANNA"), bot.slack.user("U0BEN")
    anna.asks(HELP, "How long?")
    [first] = await principals(bot)
    assert first.roles == frozenset()
    assert not bot.slack.calls("usergroups.list")
    bot.configure(access=RULE)
    for person in (anna, ben, anna):
        person.asks(HELP, "How long?")
    assert {(p.user, p.roles) for p in (await principals(bot))[1:]} == {
        ("U0ANNA", frozenset({"S0HR"})),
        ("U0BEN", frozenset()),
    }
    assert len(bot.slack.calls("usergroups.list")) == 1


async def test_groups_that_cannot_be_read_are_none(bot: Any) -> None:
    """Who may be in one reads what everybody may read."""
    bot.configure(access=RULE)
    bot.slack.group("S0HR", "hr", ["U0ANNA"])
    bot.slack.fail("usergroups.list", "missing_scope", 9)
    bot.slack.user("U0ANNA").asks(HELP, "How long?")
    assert [p.roles for p in await principals(bot)] == [frozenset()]


async def test_a_stranger_of_a_shared_channel_comes_from_their_own_workspace(bot: Any) -> None:
    """Also where the event does not say so: then Slack is asked, and who is not known belongs to none."""
    slack: LocalSlack = bot.slack
    slack.add_workspace("T0OTHER", "Other")
    slack.user("U0EVE", team="T0OTHER")
    slack.channel("C0SHARED", is_ext_shared=True, members=["U0EVE"])
    base = {
        "type": "message",
        "channel": "C0SHARED",
        "channel_type": "channel",
        "text": f"{slack.mention} How long?",
    }
    stated = {**base, "user": "U0EVE", "ts": "1700000000.000001", "user_team": "T0OTHER", "team": "T0MAIN"}
    for event in (
        stated,
        {**base, "user": "U0EVE", "ts": "1700000000.000002"},
        {**base, "user": "U0WHO", "ts": "1700000000.000003"},
    ):
        slack.send_event(event, channel="C0SHARED")
    found = await principals(bot)
    assert sorted((p.user, p.workspace) for p in found) == [
        ("U0EVE", "T0OTHER"),
        ("U0EVE", "T0OTHER"),
        ("U0WHO", ""),
    ]


async def test_a_name_and_a_language_are_looked_up_once(bench: Any) -> None:
    anna = bench.slack.user("U0ANNA", name="Anna", locale="fr-FR")
    found = await asyncio.gather(*(bench.identity.person(bench.api, anna.id) for _ in range(20)))
    assert {(one.name, one.language, one.team) for one in found} == {("Anna", "fr-FR", bench.slack.team)}
    assert len(bench.slack.calls("users.info")) == 1
    bench.identity.forget(anna.id)
    await bench.identity.person(bench.api, anna.id)
    assert len(bench.slack.calls("users.info")) == 2


async def test_who_cannot_be_looked_up_has_no_rights(bench: Any) -> None:
    bench.slack.fail("users.info", "internal_error", 50)
    person = await bench.identity.person(bench.api, "U0ADMIN")
    assert (person.id, person.language, person.is_admin) == ("U0ADMIN", "", False)


async def test_managers_are_admins_who_made_the_channel_and_who_is_named(bench: Any) -> None:
    bench.configure(slack={"managers": ["U0NAMED", "S0LEADS"]})
    bench.slack.group("S0LEADS", "leads", ["U0LEAD"])
    bench.slack.channel(HELP, creator="U0MAKER")
    for id in ("U0NAMED", "U0LEAD", "U0MAKER", "U0ANNA"):
        bench.slack.user(id)
    people = ("U0NAMED", "U0LEAD", "U0MAKER", "U0ADMIN", "U0ANNA", "")
    found = [await bench.identity.is_manager(bench.api, id, HELP) for id in people]
    assert found == [True, True, True, True, False, False]


async def test_who_manages_another_workspace_has_no_say_in_this_one(bench: Any) -> None:
    """In a channel that is shared with it, not even who made the channel there; unless the settings name them."""
    bench.configure(slack={"managers": ["U0NAMED"]})
    bench.slack.add_workspace("T0OTHER", "Other")
    for id in ("U0BOSS", "U0NAMED"):
        bench.slack.user(id, team="T0OTHER", is_admin=True)
    bench.slack.channel("C0SHARED", creator="U0BOSS")
    found = [await bench.identity.is_manager(bench.api, id, "C0SHARED") for id in ("U0BOSS", "U0NAMED")]
    assert found == [False, True]


async def test_reviewers_are_named_in_the_settings(bench: Any) -> None:
    bench.configure(review={"reviewers": ["slack:U0REV", "slack:S0REVS", "discord:U0ANNA"]})
    bench.slack.group("S0REVS", "revs", ["U0BEN"])
    found = [await bench.identity.is_reviewer(bench.api, id) for id in ("U0REV", "U0BEN", "U0ANNA", "")]
    assert found == [True, True, False, False]
