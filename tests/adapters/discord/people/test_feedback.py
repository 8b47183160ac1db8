"""👍 and 👎 in Discord, from the click to the record."""

from __future__ import annotations

import json

import pytest

from rag_core.errors import Unavailable
from rag_core.types import Vote
from tests.adapters.discord.conftest import Bench
from tests.adapters.discord.people.judging import Judged, judged
from tests.servers.discord import buttons, readable

REASON, COMMENT, CORRECTION = "answerloop:reason", "answerloop:comment", "answerloop:correction"


@pytest.fixture
async def talk(bench: Bench) -> Judged:
    return await judged(bench)


def values(votes: list[Vote]) -> dict[str, int]:
    return {vote.user: vote.value for vote in votes}


async def test_the_last_vote_of_a_person_stands(talk: Judged) -> None:
    """Whatever was clicked before; each person has one, and not only who asked."""
    answer = await talk.answered()
    for person, side in ((talk.anna, "👎"), (talk.ben, "👎"), (talk.anna, "👍")):
        person.clicks(answer, side)
        await talk.bench.settled()
    assert values(await talk.votes()) == {talk.anna.id: 1, talk.ben.id: -1}


async def test_a_vote_up_is_thanked_for_once_and_alone(talk: Judged) -> None:
    """Who presses again is answered with nothing new; each press is acknowledged."""
    answer = await talk.answered()
    pressed = [talk.anna.clicks(answer, "👍") for _ in range(2)]
    assert values(await talk.votes()) == {talk.anna.id: 1}
    assert [readable(told) for told in talk.anna.ephemerals("help")] == ["Thank you, good to know."]
    assert all(one.acked for one in pressed)
    assert await talk.pending() == []


async def test_buttons_carry_the_answers_id_and_nothing_else(talk: Judged) -> None:
    """So that they work after a restart, and say nothing of who asked what."""
    answer = await talk.answered()
    shown = json.dumps(answer.components)
    assert f'"answerloop:vote_good:{talk.answer_id}"' in shown
    assert f'"answerloop:vote_bad:{talk.answer_id}"' in shown


async def test_a_vote_down_counts_before_its_reasons_are_given(talk: Judged) -> None:
    """The modal is the very first response; who closes it, or sends it empty, loses nothing and is not thanked."""
    answer = await talk.answered()
    pressed = talk.anna.clicks(answer, "👎")
    await talk.discord.until(lambda: talk.anna.modal)
    assert pressed.response_type == 9
    talk.anna.closes()
    talk.ben.clicks(answer, "👎")
    await talk.discord.until(lambda: talk.ben.modal)
    sent = talk.ben.submits({})
    assert values(await talk.votes()) == {talk.anna.id: -1, talk.ben.id: -1}
    assert sent.acked
    assert talk.discord.ephemerals(talk.anna) == talk.discord.ephemerals(talk.ben) == []


async def test_the_modal_takes_reason_words_and_correction_to_the_review_queue(talk: Judged) -> None:
    """All three are optional; the one who sent them is thanked once, quietly."""
    answer = await talk.answered()
    talk.anna.clicks(answer, "👎")
    modal = await talk.discord.until(lambda: talk.anna.modal)
    for reason in ("Wrong sources", "Right sources, but wrong answer", "Out of date", "Something else"):
        assert reason in readable(modal)
    talk.anna.submits({REASON: ["Out of date"], COMMENT: "It changed.", CORRECTION: "20 days."})
    [vote] = await talk.votes()
    assert (vote.reason, vote.comment, vote.correction) == ("out_of_date", "It changed.", "20 days.")
    [review] = await talk.pending()
    assert (review.proposed, review.proposed_by, review.source) == (
        "20 days.",
        f"discord:{talk.anna.id}",
        "vote",
    )
    [thanks] = talk.anna.ephemerals("help")
    assert readable(thanks) == "Thank you. A person will look at this."


async def test_what_was_said_before_is_there_to_be_changed(talk: Judged) -> None:
    """Reason and words; a second vote down takes nothing back."""
    answer = await talk.answered()
    talk.anna.clicks(answer, "👎")
    await talk.discord.until(lambda: talk.anna.modal)
    talk.anna.submits({REASON: ["Out of date"], COMMENT: "Since March it is 20 days."})
    await talk.bench.settled()
    talk.anna.clicks(answer, "👎")
    modal = await talk.discord.until(lambda: talk.anna.modal)
    assert "Since March it is 20 days." in json.dumps(modal.components)
    assert [o["value"] for o in modal.components[0]["component"]["options"] if o.get("default")] == [
        "out_of_date"
    ]
    [vote] = await talk.votes()
    assert (vote.value, vote.comment) == (-1, "Since March it is 20 days.")


@pytest.mark.parametrize("thumb", ["👍", "👍🏽"])
async def test_a_thumb_up_on_the_answer_is_a_vote(talk: Judged, thumb: str) -> None:
    """In any colour; taken back with the reaction."""
    answer = await talk.answered()
    talk.ben.reacts(answer, thumb)
    assert values(await talk.votes()) == {talk.ben.id: 1}
    talk.ben.unreacts(answer, thumb)
    assert await talk.votes() == []
    assert talk.told(talk.ben) == []


async def test_a_thumb_down_on_the_answer_is_a_vote_with_a_button_to_say_more(talk: Judged) -> None:
    """A reaction opens no modal: the button does, in a direct message that comes once for each answer."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "👎🏿")
    assert values(await talk.votes()) == {talk.ben.id: -1}
    assert len(await talk.pending()) == 1
    [told] = talk.discord.answers(talk.ben.dm)
    assert answer.id in told.content
    assert "Open the conversation" in told.content
    talk.ben.unreacts(answer, "👎🏿")
    assert await talk.votes() == []
    assert await talk.pending() == []
    talk.discord.world.clock.advance(
        3600
    )  # Discord itself takes a message with the same nonce once for minutes alone
    talk.ben.reacts(answer, "👎")
    await talk.bench.settled()
    assert len(talk.discord.answers(talk.ben.dm)) == 1
    talk.ben.clicks(told, "Say what was wrong")
    await talk.discord.until(lambda: talk.ben.modal)
    talk.ben.submits({CORRECTION: "20 days."})
    assert [vote.correction for vote in await talk.votes()] == ["20 days."]


async def test_who_takes_no_direct_messages_votes_all_the_same(talk: Judged) -> None:
    """Nobody hears of it."""
    carla = talk.discord.user("Carla", accepts_dms=False)
    answer = await talk.answered()
    carla.reacts(answer, "👎")
    assert values(await talk.votes()) == {carla.id: -1}
    assert talk.bench.failures == []
    assert len(talk.discord.answers("help")) == 1


async def test_a_reaction_that_goes_takes_back_no_other_vote(talk: Judged) -> None:
    """Of who voted otherwise since, the later vote stands."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "👍")
    await talk.bench.settled()
    talk.ben.clicks(answer, "👎")
    await talk.bench.settled()
    talk.ben.unreacts(answer, "👍")
    assert values(await talk.votes()) == {talk.ben.id: -1}


async def test_reactions_and_clicks_of_one_person_count_in_their_order(talk: Judged) -> None:
    """Also when they come at once."""
    answer = await talk.answered()
    for _ in range(3):
        talk.ben.reacts(answer, "👍")
        talk.ben.unreacts(answer, "👍")
        talk.ben.reacts(answer, "👎")
        talk.ben.clicks(answer, "👍")
        talk.ben.unreacts(answer, "👎")
    assert values(await talk.votes()) == {talk.ben.id: 1}


async def test_what_is_no_vote_of_a_person_on_an_answer_is_none(talk: Judged) -> None:
    """Other reactions, reactions on other messages, and those of bots."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "🎉")
    [question] = [one for one in talk.discord.messages("help") if one.id != answer.id]
    talk.ben.reacts(question, "👎")
    talk.discord.other_bot().reacts(answer, "👍")
    assert await talk.votes() == []
    assert talk.told(talk.ben) == []


async def test_a_reaction_in_direct_messages_is_a_vote_too(talk: Judged) -> None:
    """And is asked about there."""
    talk.anna.writes("How long do refunds take?")
    [answer] = await talk.discord.until(lambda: talk.discord.answers(talk.anna.dm))
    await talk.bench.settled()
    talk.anna.reacts(answer, "👎")
    assert values(await talk.votes()) == {talk.anna.id: -1}
    assert buttons(talk.discord.answers(talk.anna.dm)[-1]) == ["Say what was wrong"]


async def test_an_old_answer_can_be_voted_on_by_a_bot_that_was_started_anew(talk: Judged) -> None:
    """The button carries the answer's id, and nothing else is needed."""
    answer = await talk.answered()
    [posting] = await talk.bench.postings.of_answer(talk.answer_id)
    await talk.bench.postings.remove("discord", posting.channel, answer.id)
    talk.anna.clicks(answer, "👍")
    assert values(await talk.votes()) == {talk.anna.id: 1}


@pytest.mark.parametrize("side", ["👍", "👎"])
async def test_a_vote_on_an_answer_that_is_not_known_any_more_is_told_so(talk: Judged, side: str) -> None:
    """It may have been forgotten at its asker's wish."""
    answer = await talk.answered()
    answer.components[:] = json.loads(json.dumps(answer.components).replace(talk.answer_id, "gone"))
    talk.anna.clicks(answer, side)
    [told] = await talk.discord.until(lambda: talk.anna.ephemerals("help"))
    assert "I do not know this answer any more" in readable(told)
    assert talk.anna.modal is None


async def test_where_the_modal_comes_too_late_a_button_opens_it(talk: Judged) -> None:
    """The vote counts all the same."""
    answer = await talk.answered()

    async def breaks(*_: object) -> None:
        raise OSError("the database is away")

    talk.bench.bot._firsts["action:vote_bad"] = breaks
    talk.anna.clicks(answer, "👎")
    [told] = await talk.discord.until(lambda: talk.anna.ephemerals("help"))
    assert values(await talk.votes()) == {talk.anna.id: -1}
    talk.anna.clicks(told, "Say what was wrong")
    await talk.discord.until(lambda: talk.anna.modal)


async def test_an_answer_that_only_its_asker_sees_is_voted_on_as_well(talk: Judged) -> None:
    """Of a command, with the modal and its thanks."""
    talk.anna.runs("ask", "help", question="How long do refunds take?", private=True)
    await talk.bench.settled()
    [answer] = [one for one in talk.anna.ephemerals("help") if "vote" in json.dumps(one.components)]
    talk.anna.clicks(answer, "👍")
    assert values(await talk.votes()) == {talk.anna.id: 1}
    talk.anna.clicks(answer, "👎")
    await talk.discord.until(lambda: talk.anna.modal)
    talk.anna.submits({COMMENT: "It changed."})
    [vote] = await talk.votes()
    assert vote.comment == "It changed."
    assert readable(talk.anna.ephemerals("help")[-1]) == "Thank you. A person will look at this."


@pytest.mark.parametrize(
    ("locale", "reason"), [("de", "Veraltet"), ("fr", "Obsolète"), ("es-ES", "Desactualizada")]
)
async def test_the_modal_speaks_the_voters_language(talk: Judged, locale: str, reason: str) -> None:
    """With a title that is not cut."""
    carla = talk.discord.user("Carla", locale=locale)
    answer = await talk.answered()
    carla.clicks(answer, "👎")
    modal = await talk.discord.until(lambda: carla.modal)
    assert reason in readable(modal)
    assert not modal.title.endswith("…")


async def test_a_click_that_cannot_be_kept_leaves_the_answer_as_it_is(talk: Judged) -> None:
    """The one who clicked is told, alone."""
    answer = await talk.answered()

    class Away:
        async def accept(self, *_: object) -> bool:
            raise Unavailable("the database is away")

    talk.bench.bot.inbox = Away()
    before = readable(answer)
    talk.anna.clicks(answer, "👍")
    [told] = await talk.discord.until(lambda: talk.anna.ephemerals("help"))
    assert "reference" in readable(told)
    assert readable(answer) == before
