"""👍 and 👎 in Slack, from the click to the record."""

from __future__ import annotations

import json

import pytest

from rag_core.types import Vote
from tests.adapters.slack.conftest import Bench
from tests.adapters.slack.judging import Judged, judged
from tests.servers.slack import readable

REASON, COMMENT, CORRECTION = "answerloop_reason", "answerloop_comment", "answerloop_correction"


@pytest.fixture
async def talk(bench: Bench) -> Judged:
    return await judged(bench)


def values(votes: list[Vote]) -> dict[str, int]:
    return {vote.user: vote.value for vote in votes}


async def test_the_last_vote_of_a_person_stands(talk: Judged) -> None:
    """Whatever was clicked before; each person has one."""
    answer = await talk.answered()
    for person, side in ((talk.anna, "👎"), (talk.ben, "👎"), (talk.anna, "👍")):
        person.clicks(answer, "answerloop_vote", side)
        await talk.bench.settled()
    assert values(await talk.votes()) == {"U0ANNA": 1, "U0BEN": -1}


async def test_a_toggle_is_one_vote_and_keeps_what_was_said_of_it(talk: Judged) -> None:
    """Slack's own buttons send every press and never that a vote is taken back."""
    answer = await talk.answered()
    talk.anna.clicks(answer, "answerloop_vote", "👎")
    await talk.slack.until(lambda: talk.anna.modal)
    talk.anna.submits({COMMENT: "Since March it is 20 days."})
    await talk.bench.settled()
    talk.anna.clicks(answer, "answerloop_vote", "👎")
    [vote] = await talk.votes()
    assert (vote.value, vote.comment) == (-1, "Since March it is 20 days.")
    modal = await talk.slack.until(lambda: talk.anna.modal)
    assert "Since March it is 20 days." in json.dumps(modal.content)


async def test_a_vote_down_counts_before_its_reasons_are_given(talk: Judged) -> None:
    """Who closes the modal, or sends it empty, loses nothing; and nobody is thanked for nothing."""
    answer = await talk.answered()
    talk.anna.clicks(answer, "answerloop_vote", "👎")
    await talk.slack.until(lambda: talk.anna.modal)
    talk.anna.closes()
    talk.ben.clicks(answer, "answerloop_vote", "👎")
    await talk.slack.until(lambda: talk.ben.modal)
    talk.ben.submits({})
    assert values(await talk.votes()) == {"U0ANNA": -1, "U0BEN": -1}
    assert talk.anna.ephemerals("C0HELP") == talk.ben.ephemerals("C0HELP") == []


async def test_the_modal_takes_reason_words_and_correction_to_the_review_queue(talk: Judged) -> None:
    """All three are optional; the one who sent them is thanked once, quietly."""
    answer = await talk.answered()
    talk.anna.clicks(answer, "answerloop_vote", "👎")
    modal = await talk.slack.until(lambda: talk.anna.modal)
    for reason in ("Wrong sources", "Right sources, but wrong answer", "Out of date", "Something else"):
        assert reason in readable(modal)
    talk.anna.submits({REASON: "Out of date", COMMENT: "It changed.", CORRECTION: "20 days."})
    [vote] = await talk.votes()
    assert (vote.reason, vote.comment, vote.correction) == ("out_of_date", "It changed.", "20 days.")
    [review] = await talk.pending()
    assert (review.proposed, review.proposed_by, review.source) == ("20 days.", "slack:U0ANNA", "vote")
    [thanks] = talk.anna.ephemerals("C0HELP")
    assert readable(thanks) == "Thank you. A person will look at this."
    assert talk.anna.modal is None


async def test_a_vote_up_is_not_answered_with_a_message(talk: Judged) -> None:
    """Slack's own buttons show that they were pressed."""
    answer = await talk.answered()
    talk.anna.clicks(answer, "answerloop_vote", "👍")
    assert values(await talk.votes()) == {"U0ANNA": 1}
    assert talk.anna.ephemerals("C0HELP") == []
    assert await talk.pending() == []


async def test_ordinary_buttons_vote_too_where_slack_has_no_others(talk: Judged) -> None:
    """They show nothing themselves, so that the first press is thanked for, and only that."""
    talk.slack.without("context_actions")
    answer = await talk.answered()
    for _ in range(2):
        talk.anna.clicks(answer, "👍")
        await talk.bench.settled()
    assert values(await talk.votes()) == {"U0ANNA": 1}
    assert [readable(told) for told in talk.anna.ephemerals("C0HELP")] == ["Thank you, good to know."]
    talk.anna.clicks(answer, "👎")
    await talk.slack.until(lambda: talk.anna.modal)
    assert values(await talk.votes()) == {"U0ANNA": -1}


@pytest.mark.parametrize("name", ["+1", "thumbsup", "+1::skin-tone-3"])
async def test_a_thumb_up_on_the_answer_is_a_vote(talk: Judged, name: str) -> None:
    """In any colour; taken back with the reaction."""
    answer = await talk.answered()
    talk.ben.reacts(answer, name)
    assert values(await talk.votes()) == {"U0BEN": 1}
    talk.ben.unreacts(answer, name)
    assert await talk.votes() == []
    assert talk.ben.ephemerals("C0HELP") == []


async def test_a_thumb_down_on_the_answer_is_a_vote_with_a_button_to_say_more(talk: Judged) -> None:
    """A reaction opens no modal: only the button does."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "-1::skin-tone-5")
    assert values(await talk.votes()) == {"U0BEN": -1}
    assert len(await talk.pending()) == 1
    [told] = talk.ben.ephemerals("C0HELP")
    assert told.thread_ts == answer.thread_ts
    talk.ben.clicks(told, "Say what was wrong")
    await talk.slack.until(lambda: talk.ben.modal)
    talk.ben.submits({CORRECTION: "20 days."})
    assert [vote.correction for vote in await talk.votes()] == ["20 days."]
    talk.ben.unreacts(answer, "-1::skin-tone-5")
    assert await talk.votes() == []
    assert await talk.pending() == []


async def test_a_reaction_that_goes_takes_back_no_other_vote(talk: Judged) -> None:
    """Of who voted otherwise since, the later vote stands."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "+1")
    await talk.bench.settled()
    talk.ben.clicks(answer, "answerloop_vote", "👎")
    await talk.bench.settled()
    talk.ben.unreacts(answer, "+1")
    assert values(await talk.votes()) == {"U0BEN": -1}


async def test_reactions_and_clicks_of_one_person_count_in_their_order(talk: Judged) -> None:
    """Also when they come at once."""
    answer = await talk.answered()
    for _ in range(3):
        talk.ben.reacts(answer, "+1")
        talk.ben.unreacts(answer, "+1")
        talk.ben.reacts(answer, "-1")
        talk.ben.clicks(answer, "answerloop_vote", "👍")
        talk.ben.unreacts(answer, "-1")
    assert values(await talk.votes()) == {"U0BEN": 1}


async def test_what_is_no_vote_of_a_person_on_an_answer_is_none(talk: Judged) -> None:
    """Other reactions, reactions on other messages, and those of bots."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "tada")
    question = talk.slack.messages("C0HELP")[0]
    talk.ben.reacts(question, "-1")
    talk.slack.other_bot().reacts(answer, "+1")
    assert await talk.votes() == []
    assert talk.ben.ephemerals("C0HELP") == []


async def test_an_old_answer_can_be_voted_on_by_a_bot_that_was_started_anew(talk: Judged) -> None:
    """The button carries the answer's id, and nothing else is needed."""
    answer = await talk.answered()
    await talk.bench.postings.remove("slack", "C0HELP", answer.ts)
    talk.anna.clicks(answer, "answerloop_vote", "👍")
    assert values(await talk.votes()) == {"U0ANNA": 1}


async def test_a_vote_on_an_answer_that_is_not_known_any_more_is_told_so(talk: Judged) -> None:
    """It may have been forgotten at its asker's wish."""
    answer = await talk.answered()
    shown = json.dumps(answer.blocks).replace(talk.answer_id, "gone")
    answer.blocks[:] = json.loads(shown)
    talk.anna.clicks(answer, "answerloop_vote", "👎")
    [told] = await talk.slack.until(lambda: talk.anna.ephemerals("C0HELP"))
    assert "I do not know this answer any more" in readable(told)
    assert talk.anna.modal is None


async def test_where_slack_opens_no_modal_a_button_does_later(talk: Judged) -> None:
    """The vote counts all the same."""
    answer = await talk.answered()
    talk.slack.fail("views.open", "expired_trigger_id")
    talk.anna.clicks(answer, "answerloop_vote", "👎")
    [told] = await talk.slack.until(lambda: talk.anna.ephemerals("C0HELP"))
    assert values(await talk.votes()) == {"U0ANNA": -1}
    talk.anna.clicks(told, "Say what was wrong")
    await talk.slack.until(lambda: talk.anna.modal)


async def test_an_answer_that_only_its_asker_sees_is_voted_on_as_well(talk: Judged) -> None:
    """Of a command, also where the bot is no member of the channel: then the asker is told by the click's own address."""
    talk.slack.channel("C0AWAY", bot=False)
    talk.bench.api.unsupported.learn("feedback_buttons")
    talk.anna.runs("/ask", "How long do refunds take?", "C0AWAY")
    await talk.bench.settled()
    [answer] = [one for one in talk.anna.ephemerals("C0AWAY") if "vote" in json.dumps(one.blocks)]
    talk.anna.clicks(answer, "👍")
    assert values(await talk.votes()) == {"U0ANNA": 1}
    assert "Thank you, good to know." in [readable(one) for one in talk.anna.ephemerals("C0AWAY")]


@pytest.mark.parametrize(
    ("locale", "reason"), [("de-DE", "Veraltet"), ("fr-FR", "Obsolète"), ("es-ES", "Desactualizada")]
)
async def test_the_modal_speaks_the_voters_language(talk: Judged, locale: str, reason: str) -> None:
    """With a title that is not cut."""
    carla = talk.slack.user("U0CARLA", name="Carla", locale=locale)
    answer = await talk.answered()
    carla.clicks(answer, "answerloop_vote", "👎")
    modal = await talk.slack.until(lambda: carla.modal)
    assert reason in readable(modal)
    assert not modal.content["title"]["text"].endswith("…")
