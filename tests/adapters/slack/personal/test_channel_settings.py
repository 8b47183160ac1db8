"""A channel's settings, changed in the chat."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.channels import Channel
from rag_core.types import Question
from tests.adapters.slack.conftest import Bench
from tests.adapters.slack.visiting import Visited, visited
from tests.servers.slack import Person, View, readable

CHANNEL = "C0HELP"


def block(name: str) -> str:
    return f"answerloop_setting:{name}"


async def begun(bench: Bench, *channels: dict[str, Any], **settings: Any) -> Visited:
    """Anna made the channel, and so manages it."""
    visit = await visited(bench, *channels, **settings)
    visit.slack.inside(lambda world: setattr(world.state.channels[CHANNEL], "creator", "U0ANNA"))
    return visit


async def opened(visit: Visited, person: Person | None = None) -> View:
    who = person or visit.anna
    who.runs("/ask", "settings", CHANNEL)
    found = await visit.slack.until(lambda: who.modal)
    assert isinstance(found, View)
    return found


async def in_force(visit: Visited) -> Channel:
    return await visit.bench.channels.of("slack", "T0MAIN", CHANNEL)


async def whispered(visit: Visited, person: Person) -> str:
    await visit.bench.settled()
    return "\n".join(readable(message) for message in visit.slack.ephemerals(person, CHANNEL))


def elements(view: View) -> dict[str, Any]:
    return {b["block_id"]: b["element"] for b in view.content["blocks"] if b["type"] == "input"}


async def test_all_settings_are_set_and_in_force_with_the_next_question(bench: Bench) -> None:
    """In this channel alone; the manager alone is told what changed."""
    visit = await begun(bench)
    await visit.source("salaries")
    visit.slack.channel("C0DESK", name="desk")
    await opened(visit)
    values = {
        "scopes": ["public"],
        "auto_answer": "0.5",
        "how": ["follow_ups", "draft"],
        "allowed": ["U0BEN"],
        "allowed_groups": "S0STAFF, S0OTHERS",
        "escalation": "C0DESK",
        "remind_after": "90m",
        "language": "de",
        "tone": "brief",
    }
    await visit.submits(visit.anna, {block(name): value for name, value in values.items()})
    found = await in_force(visit)
    expected = Channel(
        scopes=frozenset({"public"}),
        auto_answer=0.5,
        draft=True,
        allowed=frozenset({"U0BEN", "S0STAFF", "S0OTHERS"}),
        escalation="C0DESK",
        remind_after_s=5_400,
        language="de",
        tone="brief",
        set_here=found.set_here,
    )
    assert found == expected
    assert set(found.set_here) == set(values) - {"how", "allowed_groups"} | {"draft"}
    told = await whispered(visit, visit.anna)
    for part in ("Ben", "#desk", "90 min", "brief", "public", "0.5"):
        assert part in told
    assert await whispered(visit, visit.ben) == ""
    assert (await bench.channels.of("slack", "T0MAIN", "C0OTHER")) == Channel()


async def test_the_form_shows_what_is_in_force_and_where_it_comes_from(bench: Bench) -> None:
    """From the settings file, or set here."""
    said = {
        "platform": "slack",
        "id": CHANNEL,
        "tone": "of the file",
        "auto_answer": 0.25,
        "allowed": ["U0BEN"],
    }
    visit = await begun(bench, said)
    await bench.channels.save("slack", "T0MAIN", CHANNEL, {"tone": "set here", "language": "fr"}, "U0X")
    view = await opened(visit)
    shown = elements(view)
    assert shown[block("tone")]["initial_value"] == "set here"
    assert shown[block("auto_answer")]["initial_value"] == "0.25"
    assert shown[block("allowed")]["initial_users"] == ["U0BEN"]
    assert shown[block("language")]["initial_option"]["value"] == "fr"
    assert shown[block("how")]["initial_options"][0]["value"] == "follow_ups"
    words = readable(view)
    assert "Ton des réponses" in words
    assert "Réglé ici" in words
    assert "Du fichier de configuration" in words


async def test_what_is_sent_unchanged_sets_nothing(bench: Bench) -> None:
    """The settings file goes on saying it."""
    said = {"platform": "slack", "id": CHANNEL, "tone": "of the file", "allowed": ["U0BEN", "S0STAFF"]}
    more = {"escalation": "S0DESK", "draft": True, "scopes": ["hr"], "remind_after": "36h"}
    visit = await begun(bench, said | more)
    await opened(visit)
    await visit.submits(visit.anna, {})
    found = await in_force(visit)
    assert found.set_here == {}
    assert found == bench.channels.of_file("slack", CHANNEL)
    assert "Nothing has changed" in await whispered(visit, visit.anna)


@pytest.mark.parametrize("count", [30, 400])
async def test_a_long_list_of_people_is_kept_whole(bench: Bench, count: int) -> None:
    """Whether it still stands in the form or not; Discord's ids among them."""
    everyone = [f"U0PERSON{number:04}" for number in range(count)] + ["190000000000000001"]
    visit = await begun(bench, {"allowed": everyone})
    await opened(visit)
    await visit.submits(visit.anna, {block("tone"): "brief"})
    found = await in_force(visit)
    assert found.allowed == frozenset(everyone)
    assert found.set_here == {"tone": "brief"}


async def test_what_the_file_says_is_switched_off_by_leaving_it_empty(bench: Bench) -> None:
    said = {"platform": "slack", "id": CHANNEL, "tone": "of the file", "auto_answer": 0.25, "scopes": ["hr"]}
    visit = await begun(bench, said)
    await opened(visit)
    emptied = {block("tone"): None, block("auto_answer"): None, block("scopes"): [], block("how"): []}
    await visit.submits(visit.anna, emptied)
    found = await in_force(visit)
    assert (found.tone, found.auto_answer, found.scopes, found.follow_ups) == ("", None, None, False)


async def test_one_click_leads_back_to_the_settings_file(bench: Bench) -> None:
    visit = await begun(bench, {"platform": "slack", "id": CHANNEL, "tone": "of the file"})
    await bench.channels.save("slack", "T0MAIN", CHANNEL, {"tone": "set here", "draft": True}, "U0X")
    view = await opened(visit)
    visit.anna.clicks(view, "answerloop_settings_reset")
    await visit.bench.settled()
    found = await in_force(visit)
    assert (found.tone, found.draft, found.set_here) == ("of the file", False, {})
    assert visit.anna.modal is not None
    assert "follows the settings file again" in readable(visit.anna.modal)


@pytest.mark.parametrize(
    ("values", "where", "words"),
    [
        ({"auto_answer": "1.5"}, "auto_answer", "between 0 and 1"),
        ({"auto_answer": "half"}, "auto_answer", "between 0 and 1"),
        ({"remind_after": "soon"}, "remind_after", "a duration"),
        ({"remind_after": "0h"}, "remind_after", "a duration"),
        ({"allowed_groups": "@support"}, "allowed_groups", "ids as Slack has them"),
        ({"allowed_groups": "support"}, "allowed_groups", "ids as Slack has them"),
        ({"escalation_group": "#desk"}, "escalation_group", "ids as Slack has them"),
        ({"escalation": "C0DESK", "escalation_group": "S0DESK"}, "escalation_group", "not both"),
        ({"how": ["draft"]}, "how", "Somebody has to approve"),
    ],
)
async def test_what_cannot_be_is_told_in_the_form(
    bench: Bench, values: dict[str, Any], where: str, words: str
) -> None:
    """Beside what is wrong; nothing is set."""
    visit = await begun(bench)
    view = await opened(visit)
    visit.anna.submits({block(name): value for name, value in values.items()})
    await visit.slack.until(lambda: view.errors)
    assert list(view.errors) == [block(where)]
    assert words in view.errors[block(where)]
    assert (await in_force(visit)).set_here == {}


async def test_only_who_manages_the_channel_is_let_in(bench: Bench) -> None:
    """Who made it, admins, and those whom the settings name; others learn who can."""
    visit = await begun(bench, slack={"managers": ["U0CARL", "S0LEADS"]})
    visit.slack.user("U0CARL", name="Carl")
    visit.ben.runs("/ask", "settings", CHANNEL)
    told = await visit.slack.until(lambda: visit.slack.ephemerals(visit.ben, CHANNEL))
    assert "Carl can change its settings" in readable(told[0])
    assert visit.ben.modal is None
    for person in (visit.slack.user("U0ADMIN"), visit.slack.user("U0CARL")):
        visit.slack.inside(lambda world, who=person: world.state.channels[CHANNEL].members.append(who.id))
        await opened(visit, person)


async def test_who_manages_the_channel_no_more_saves_nothing(bench: Bench) -> None:
    """Though the form was open."""
    visit = await begun(bench, slack={"managers": ["U0BEN"]})
    await opened(visit, visit.ben)
    bench.configure()
    await visit.submits(visit.ben, {block("tone"): "mine"})
    assert (await in_force(visit)).tone == ""
    assert "can change its settings" in await whispered(visit, visit.ben)


async def test_scopes_that_a_manager_may_not_read_are_not_offered(bench: Bench) -> None:
    """Their names are not theirs to know; those in force in the channel are shown."""
    visit = await begun(bench, {"platform": "slack", "id": CHANNEL, "scopes": ["legal"]})
    for name, scope in (("salaries", "hr"), ("handbook", "public"), ("contracts", "legal")):
        await visit.source(name, scope)
    options = elements(await opened(visit))[block("scopes")]["options"]
    assert [option["value"] for option in options] == ["legal", "public"]


async def test_a_form_that_does_not_open_is_told(bench: Bench) -> None:
    """Slack opens one for three seconds only."""
    visit = await begun(bench)
    visit.slack.fail("views.open", error="expired_trigger_id")
    visit.anna.runs("/ask", "settings", CHANNEL)
    told = await visit.slack.until(lambda: visit.slack.ephemerals(visit.anna, CHANNEL))
    assert "Please try again" in readable(told[0])


async def test_a_scope_set_here_narrows_what_the_next_question_reads(bench: Bench) -> None:
    """From the form to the question as it is asked."""
    visit = await begun(bench)
    await opened(visit)
    await visit.submits(visit.anna, {block("scopes"): ["public"], block("tone"): "brief"})
    await visit.answered()
    question = bench.assistant.questions[-1]
    assert isinstance(question, Question)
    assert (question.scopes, question.tone) == (frozenset({"public"}), "brief")
