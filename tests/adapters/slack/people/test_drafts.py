"""Draft mode in Slack: people see an answer before it is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.inbox import Inbox
from rag_core.messages import say
from rag_core.records.platforms.deliveries import Deliveries
from tests.adapters.slack.conftest import Bench
from tests.adapters.slack.judging import Judged, judged
from tests.fakes import an_answer
from tests.servers.slack import Message, pings, readable

EXPERTS = "C0EXPERTS"
DRAFTS: dict[str, Any] = {"platform": "slack", "id": "C0HELP", "draft": True}


@pytest.fixture
async def talk(bench: Bench) -> Judged:
    made = await judged(bench, {**DRAFTS, "escalation": EXPERTS})
    bench.slack.channel(EXPERTS, members=[made.ben.id])
    return made


async def drafted(talk: Judged, place: str = EXPERTS) -> tuple[Message, Message]:
    """The question, and what the people see who decide."""
    asked = talk.anna.asks("C0HELP", "How long do refunds take?")
    [draft] = await talk.slack.until(lambda: talk.slack.answers(place))
    await talk.bench.settled()
    return asked, draft


def sent(talk: Judged, asked: Message) -> list[Message]:
    found: list[Message] = talk.slack.answers("C0HELP", asked)
    return found


async def test_a_draft_is_seen_by_those_who_decide_and_by_nobody_else(talk: Judged) -> None:
    """Question, answer and sources; the asker alone is told that a person looks at it."""
    asked, draft = await drafted(talk)
    shown = readable(draft)
    assert "How long do refunds take?" in shown
    assert "Expenses are refunded within 30 days" in shown
    assert "Travel handbook" in shown
    assert all(f"[{words}]" in shown for words in ("Approve", "Edit", "Discard"))
    assert "vote" not in json.dumps(draft.blocks)
    assert sent(talk, asked) == []
    assert asked.reactions == {}
    [told] = talk.anna.ephemerals("C0HELP")
    assert readable(told) == "A person checks my answer before I send it."


async def test_an_approved_draft_is_the_answer(talk: Judged) -> None:
    """In its thread, with all that goes with an answer; votes find it; the draft says who approved it."""
    asked, draft = await drafted(talk)
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    [answer] = sent(talk, asked)
    assert "Expenses are refunded within 30 days" in readable(answer)
    assert answer.thread_ts == asked.ts
    assert "Approved by Ben" in readable(draft).replace("*", "")
    assert "[Approve]" not in readable(draft)
    talk.anna.clicks(answer, "answerloop_vote", "👍")
    talk.ben.reacts(answer, "+1")
    assert {vote.user for vote in await talk.votes()} == {"U0ANNA", "U0BEN"}
    assert await talk.pending() == []


async def test_the_small_print_stays_with_a_draft(talk: Judged) -> None:
    """Those who decide read it, and so does who asked."""
    talk.bench.assistant.script = [an_answer(generator="openai:gpt-4o-mini")]
    talk.bench.assistant.notices = ("sentences-removed",)
    asked, draft = await drafted(talk)
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    for shown in (readable(draft), readable(sent(talk, asked)[0])):
        assert say("en", "sentences-removed") in shown
        assert "openai:gpt-4o-mini" in shown


async def test_of_two_who_decide_at_once_one_does(talk: Judged) -> None:
    """The answer is sent once; the other is told that it is decided."""
    asked, draft = await drafted(talk)
    carla = talk.slack.user("U0CARLA", name="Carla")
    talk.slack.channel(EXPERTS).members.append(carla.id)
    before = replace(draft, blocks=list(draft.blocks))
    for person, button in ((talk.ben, "Approve"), (carla, "Approve"), (carla, "Discard")):
        person.clicks(before, button)
    await talk.bench.settled()
    told = [readable(one) for one in (*carla.ephemerals(EXPERTS), *talk.ben.ephemerals(EXPERTS))]
    assert told == ["Somebody has decided about this already."] * 2
    assert len(sent(talk, asked)) == ("Approved" in readable(draft))


async def test_a_draft_can_be_changed_before_it_is_sent(talk: Judged) -> None:
    """What is sent is marked as a person's, and is a candidate example for review."""
    asked, draft = await drafted(talk)
    talk.ben.clicks(draft, "Edit")
    modal = await talk.slack.until(lambda: talk.ben.modal)
    assert "Expenses are refunded within 30 days [1]." in json.dumps(modal.content)
    talk.ben.submits({"answerloop_text:0": "Expenses are refunded within 20 days <!here> [1]."})
    await talk.bench.settled()
    [answer] = sent(talk, asked)
    assert "within 20 days" in readable(answer)
    assert "Edited by Ben" in readable(answer)
    assert pings(answer) == []
    assert "Edited and sent by Ben" in readable(draft).replace("*", "")
    [review] = await talk.pending()
    assert (review.source, review.proposed_by) == ("draft", "slack:U0BEN")
    assert review.proposed.startswith("Expenses are refunded within 20 days")


async def test_what_is_edited_without_a_change_is_approved(talk: Judged) -> None:
    """Nothing to learn from it; an empty one is refused in the modal."""
    asked, draft = await drafted(talk)
    talk.ben.clicks(draft, "Edit")
    await talk.slack.until(lambda: talk.ben.modal)
    talk.ben.submits({})
    await talk.bench.settled()
    assert "Edited" not in readable(sent(talk, asked)[0])
    assert await talk.pending() == []


async def test_a_long_draft_is_edited_in_parts(talk: Judged) -> None:
    """An input takes 3,000 characters; what is put together again is the same text."""
    text = "\n\n".join(f"Paragraph {n}. " + "Words that say something. " * 30 for n in range(12)).strip()
    talk.bench.assistant.script = [an_answer("long", text=text)]
    asked, draft = await drafted(talk)
    talk.ben.clicks(draft, "Edit")
    modal = await talk.slack.until(lambda: talk.ben.modal)
    inputs = [block for block in modal.content["blocks"] if block["type"] == "input"]
    assert len(inputs) > 3
    first = inputs[0]["element"]["initial_value"]
    talk.ben.submits({"answerloop_text:0": first.replace("Paragraph 0", "Section 0")})
    [review] = await talk.pending()
    assert review.proposed == text.replace("Paragraph 0", "Section 0")
    assert "Section 0" in readable(sent(talk, asked)[0])


async def test_a_discarded_draft_is_told_to_the_asker_alone(talk: Judged) -> None:
    """Nothing stands in the channel."""
    asked, draft = await drafted(talk)
    talk.ben.clicks(draft, "Discard")
    await talk.bench.settled()
    assert sent(talk, asked) == []
    assert "Discarded by Ben" in readable(draft).replace("*", "")
    assert readable(talk.anna.ephemerals("C0HELP")[-1]) == say("en", "draft-discarded")


async def test_a_draft_outlives_the_process(talk: Judged) -> None:
    """A bot that was started anew knows from its records what is to be sent where."""
    asked, draft = await drafted(talk)
    bench = talk.bench
    await bench.inbox.close(1)
    bench.inbox = bench.bot.inbox = Inbox(Deliveries(bench.database), bench._handle, failed=bench.bot.failed)
    bench.assistant.script = [RuntimeError("nothing is asked anew")]
    talk.ben.clicks(draft, "Approve")
    await talk.slack.until(lambda: sent(talk, asked))
    assert "Expenses are refunded within 30 days" in readable(sent(talk, asked)[0])


async def test_a_draft_whose_sending_failed_is_sent_by_the_next_attempt(talk: Judged) -> None:
    """Which knows that it was this person who decided; once in all."""
    asked, draft = await drafted(talk)
    talk.slack.fail("chat.postMessage", "internal_error", times=5)
    talk.ben.clicks(draft, "Approve")
    await talk.slack.until(lambda: "Approved by Ben" in readable(draft).replace("*", ""))
    await talk.bench.settled()
    assert talk.bench.failures == []
    assert len(sent(talk, asked)) == 1
    assert talk.ben.ephemerals(EXPERTS) == []


async def test_a_draft_that_slack_did_not_take_can_be_sent_later(talk: Judged) -> None:
    """Who clicked is told; the draft is not lost."""
    asked, draft = await drafted(talk)
    talk.slack.fail("chat.postMessage", "restricted_action")
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    assert talk.ben.ephemerals(EXPERTS)
    assert sent(talk, asked) == []
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    assert len(sent(talk, asked)) == 1


async def test_a_draft_that_cannot_show_its_end_is_sent_all_the_same(talk: Judged) -> None:
    """Who clicks its buttons again is told that it is decided."""
    asked, draft = await drafted(talk)
    talk.slack.fail("chat.update", "internal_error", times=20)
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    assert len(sent(talk, asked)) == 1
    talk.ben.clicks(draft, "Discard")
    await talk.bench.settled()
    assert [readable(one) for one in talk.ben.ephemerals(EXPERTS)] == [
        "Somebody has decided about this already."
    ]


async def test_an_edited_question_changes_its_draft(talk: Judged) -> None:
    """There is one draft for one question."""
    asked, draft = await drafted(talk)
    talk.bench.assistant.script = [an_answer("other", text="It takes a week [1].")]
    talk.anna.edits(asked, f"{talk.slack.mention} How long do transfers take?")
    await talk.slack.until(lambda: "It takes a week" in readable(draft))
    await talk.bench.settled()
    assert len(talk.slack.answers(EXPERTS)) == 1
    talk.ben.clicks(draft, "Approve")
    await talk.bench.settled()
    [answer] = sent(talk, asked)
    assert "It takes a week" in readable(answer)


async def test_the_draft_for_a_deleted_question_goes_with_it(talk: Judged) -> None:
    """There is nothing left to decide."""
    asked, _ = await drafted(talk)
    talk.anna.deletes(asked)
    await talk.bench.settled()
    assert talk.slack.answers(EXPERTS) == []


async def test_the_members_of_a_group_are_each_shown_the_draft(bench: Bench) -> None:
    """In direct messages; one decides for all."""
    talk = await judged(bench, {**DRAFTS, "escalation": "S0EXPERTS"})
    carla = bench.slack.user("U0CARLA", name="Carla")
    bench.slack.group("S0EXPERTS", "experts", [talk.ben.id, carla.id])
    asked, draft = await drafted(talk, talk.ben.dm)
    [other] = talk.slack.answers(carla.dm)
    talk.ben.clicks(draft, "Approve")
    await bench.settled()
    assert len(sent(talk, asked)) == 1
    assert "Approved by Ben" in readable(other).replace("*", "")


async def test_where_nobody_decides_the_asker_is_told(bench: Bench) -> None:
    """Never silence."""
    talk = await judged(bench, DRAFTS)
    asked = talk.anna.asks("C0HELP", "How long do refunds take?")
    [told] = await talk.slack.until(lambda: talk.anna.ephemerals("C0HELP"))
    assert "nobody is named for that" in readable(told)
    assert sent(talk, asked) == []


async def test_what_nobody_asked_the_bot_is_drafted_without_a_word_to_the_asker(bench: Bench) -> None:
    """And sent, once approved; a discarded one leaves no trace."""
    talk = await judged(bench, {**DRAFTS, "escalation": EXPERTS, "auto_answer": 0.5})
    bench.slack.channel(EXPERTS, members=[talk.ben.id])
    first = talk.anna.says("C0HELP", "How long do refunds take?")
    [draft] = await talk.slack.until(lambda: talk.slack.answers(EXPERTS))
    await bench.settled()
    talk.ben.clicks(draft, "Discard")
    await bench.settled()
    assert talk.anna.ephemerals("C0HELP") == []
    assert sent(talk, first) == []
    second = talk.anna.says("C0HELP", "How long do transfers take?")
    [_, draft] = await talk.slack.until(
        lambda: len(talk.slack.answers(EXPERTS)) == 2 and talk.slack.answers(EXPERTS)
    )
    await bench.settled()
    talk.ben.clicks(draft, "Approve")
    await bench.settled()
    assert len(sent(talk, second)) == 1
