"""Custom ids that nobody was given: of other people's answers, in other servers, and of nothing at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.discord.personal.conftest import Visited
from tests.servers.discord import Interaction, Message, Person, readable

SECRET = "How much does Carl earn?"


class Forger:
    """Mallory, a member of another server, who knows the ids of what stands in the first."""

    def __init__(self, visit: Visited) -> None:
        self.visit = visit
        self.discord = visit.discord
        self.guild = self.discord.add_guild("Other")
        self.channel = self.discord.channel("their-help", guild=self.guild)
        self.experts = self.discord.channel("their-experts", guild=self.guild)
        self.mallory: Person = self.discord.user("Mallory", guild=self.guild)

    async def clicks(self, name: str, argument: str = "", channel: Any = None) -> Interaction:
        """A button with this id, wherever it comes from."""
        id = self.visit.bench.ids.of(name, argument)
        pressed = {"type": 2, "style": 2, "label": "Forged", "custom_id": id}
        where = channel or self.channel
        rows = [{"type": 1, "components": [pressed]}]
        await self.visit.bench.rest.send(where.id, {"content": "…", "components": rows}, nonce=name)
        made: Message = self.discord.messages(where)[-1]
        click = self.mallory.clicks(made, "Forged")
        await self.visit.bench.settled()
        return click

    @property
    def told(self) -> list[str]:
        return [readable(one) for one in self.discord.ephemerals(self.mallory)]

    @property
    def seen(self) -> str:
        """All that can be read in the other server and by Mallory."""
        shown = [
            one
            for where in (self.channel, self.experts, self.mallory.dm)
            for one in self.discord.messages(where)
        ]
        return "\n".join([*map(readable, shown), *self.told])


@pytest.fixture
async def forger(bench: Any) -> Forger:
    visit = Visited(bench)
    made = Forger(visit)
    discord = visit.discord
    home = {"platform": "discord", "escalation": discord.channel("experts").id}
    await visit.start(
        {**home, "id": discord.channel("help").id},
        {**home, "id": discord.channel("drafts").id, "draft": True},
        {"platform": "discord", "id": made.channel.id, "escalation": made.experts.id},
    )
    await visit.answered(SECRET)
    return made


def answer_of(forger: Forger) -> str:
    return str(forger.visit.bench.assistant.answers[-1].id)


@pytest.mark.parametrize("name", ["vote_good", "vote_bad", "tell_more"])
async def test_answers_of_other_servers_are_not_voted_on(forger: Forger, name: str) -> None:
    """They are as unknown as any that never was."""
    click = await forger.clicks(name, answer_of(forger))
    assert forger.visit.bench.assistant.votes == []
    assert click.acked
    assert forger.mallory.modal is None
    assert ["I do not know this answer" in one for one in forger.told] == [True]


async def test_people_are_not_asked_about_answers_of_other_servers(forger: Forger) -> None:
    """Else they, and who forged it, would read the question."""
    await forger.clicks("escalate", answer_of(forger))
    assert "Carl" not in forger.seen
    assert forger.discord.messages(forger.experts) == []
    assert ["I do not know this answer" in one for one in forger.told] == [True]


async def test_answers_of_other_servers_are_not_shared(forger: Forger) -> None:
    await forger.clicks("share", answer_of(forger))
    assert "30 days" not in forger.seen
    assert "Carl" not in forger.seen


@pytest.mark.parametrize("name", ["draft_send", "draft_edit", "draft_discard"])
async def test_drafts_are_decided_about_where_they_are_shown_alone(forger: Forger, name: str) -> None:
    forger.visit.anna.asks("drafts", SECRET)
    await forger.visit.bench.settled()
    await forger.clicks(name, answer_of(forger))
    assert [one for one in forger.discord.answers("drafts") if "30 days" in readable(one)] == []
    assert forger.mallory.modal is None
    assert "30 days" not in forger.seen
    [draft] = forger.discord.answers("experts")
    forger.visit.ben.clicks(draft, "Approve")
    await forger.visit.bench.settled()
    assert len([one for one in forger.discord.answers("drafts") if "30 days" in readable(one)]) == 1


async def test_what_people_are_asked_is_resolved_by_those_who_see_it(forger: Forger) -> None:
    discord, visit = forger.discord, forger.visit
    visit.anna.clicks(discord.answers("help")[-1], "Ask a person")
    await visit.bench.settled()
    [asked] = discord.answers("experts")
    id = next(
        one["custom_id"] for row in asked.components for one in row["components"] if "resolve" in str(one)
    )
    await forger.clicks("resolve", id.partition(":resolve:")[2])
    [asked] = discord.answers("experts")
    assert "Mallory" not in readable(asked)
    assert any("resolve" in str(row) for row in asked.components)


@pytest.mark.parametrize(
    "name", ["review_page", "review_approve", "review_correct", "review_reject", "review_open"]
)
async def test_who_reviews_nothing_is_shown_nothing(forger: Forger, name: str) -> None:
    review = await forger.visit.voted_down(SECRET)
    await forger.clicks(name, f"{review.id}:0")
    assert forger.mallory.modal is None
    assert "Carl" not in forger.seen
    assert (await forger.visit.state(review.id))[0] == "pending"


@pytest.mark.parametrize("name", ["setting", "settings_page", "settings_clear", "settings_type"])
async def test_who_manages_nothing_changes_nothing(forger: Forger, name: str) -> None:
    await forger.clicks(name, "s:0:draft:on")
    kept = await forger.visit.bench.channels.of(
        "discord", forger.guild.id, forger.channel.id, (forger.guild.id,)
    )
    assert (kept.set_here, forger.mallory.modal) == (frozenset(), None) or not kept.set_here


@pytest.mark.parametrize("argument", ["", "a1", "../../etc", "ü" * 40, "1:2:3:4:5:6", "\u202e\u200b"])
async def test_a_button_that_there_is_not_is_responded_to_with_a_sentence(
    forger: Forger, argument: str
) -> None:
    """As of a version that could do more; 'This interaction failed' tells nobody anything."""
    click = await forger.clicks("teleport", argument)
    assert click.acked
    assert len(forger.told) == 1
