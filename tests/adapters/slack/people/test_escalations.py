"""'Ask a person' in Slack: from the button to the answer in the thread."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rag_core.records.platforms.escalations import Escalation
from tests.adapters.slack.conftest import Bench
from tests.adapters.slack.judging import Judged, judged
from tests.fakes import an_answer
from tests.servers.slack import Message, pings, readable

EXPERTS = "C0EXPERTS"
HELP: dict[str, Any] = {"platform": "slack", "id": "C0HELP"}


@pytest.fixture
async def talk(bench: Bench) -> Judged:
    """People of another channel are asked."""
    made = await judged(bench, {**HELP, "escalation": EXPERTS, "remind_after": "4h"})
    bench.slack.channel(EXPERTS, members=[made.ben.id])
    return made


async def with_group(bench: Bench) -> Judged:
    """A user group is called in the thread itself."""
    made = await judged(bench, {**HELP, "escalation": "S0EXPERTS"})
    bench.slack.group("S0EXPERTS", "experts", [made.ben.id])
    return made


async def asked_for_a_person(talk: Judged) -> tuple[Message, Message]:
    """The answer, and what the people of the other channel see."""
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    [call] = talk.slack.answers(EXPERTS)
    return answer, call


def in_thread(talk: Judged, answer: Message) -> list[str]:
    """What we said there after the answer."""
    return [readable(one) for one in talk.slack.answers("C0HELP", answer) if one.ts > answer.ts]


async def kept(talk: Judged) -> Escalation:
    await talk.bench.settled()
    [found] = await talk.escalations._where(True)
    return found


async def test_the_people_of_the_channel_see_who_asks_what_and_what_the_bot_answered(talk: Judged) -> None:
    """With a link to the thread, where it is told that a person was asked; nobody is called by a mention."""
    answer, call = await asked_for_a_person(talk)
    shown = readable(call)
    assert "Anna asks for a person’s help" in shown.replace("*", "")
    assert "How long do refunds take?" in shown
    assert "Expenses are refunded within 30 days" in shown
    assert "[Resolve]" in shown
    assert "/archives/C0HELP/" in json.dumps(call.blocks)
    assert pings(call) == []
    assert in_thread(talk, answer) == ["I have asked a person. The answer will come here."]
    assert (await kept(talk)).state == "open"


async def test_a_person_is_asked_once_for_an_answer(talk: Judged) -> None:
    """Who clicks again, and who clicks too, is told that it is open; of several at once one asks."""
    answer = await talk.answered()
    for person in (talk.anna, talk.ben, talk.anna):
        person.clicks(answer, "Ask a person")
    await talk.bench.settled()
    assert len(talk.slack.answers(EXPERTS)) == 1
    told = [*talk.anna.ephemerals("C0HELP"), *talk.ben.ephemerals("C0HELP")]
    assert [readable(one)[:33] for one in told] == ["A person has been asked already. "] * 2


async def test_a_reply_of_a_person_comes_to_the_thread_with_their_name(talk: Judged) -> None:
    """Its mentions call nobody there; files are named. It is not taken for a question to the bot."""
    answer, call = await asked_for_a_person(talk)
    questions = len(talk.bench.assistant.questions)
    words = "&lt;!here&gt; <!channel> ask <@U0ANNA>: 20 days <https://x.example|here>"
    talk.ben.says(EXPERTS, words, thread=call, files=[("terms.txt", b"20 days")])
    await talk.bench.settled()
    [_, reply] = in_thread(talk, answer)
    assert "Ben answered" in reply.replace("*", "")
    shown = "<!here> @channel ask @Anna: 20 days here (https://x.example)\n> terms.txt"
    assert shown in reply.replace("\u2060", "")
    assert pings(talk.slack.answers("C0HELP", answer)[-1]) == []
    assert len(talk.bench.assistant.questions) == questions
    assert talk.slack.answers(EXPERTS, call) == []


async def test_who_addresses_the_bot_below_a_question_to_people_is_answered(talk: Judged) -> None:
    """It is no reply to who asked for a person."""
    answer, call = await asked_for_a_person(talk)
    talk.ben.asks(EXPERTS, "How long do transfers take?", thread=call)
    await talk.bench.settled()
    assert len(talk.slack.answers(EXPERTS, call)) == 1
    assert len(in_thread(talk, answer)) == 1


async def test_a_long_reply_comes_whole(talk: Judged) -> None:
    """In several messages where one does not hold it."""
    answer, call = await asked_for_a_person(talk)
    words = " ".join(f"word{n}<&>" for n in range(3_000))  # in all about as much as Slack takes
    talk.ben.says(EXPERTS, words.replace("<&>", "&lt;&amp;&gt;"), thread=call)
    await talk.bench.settled()
    shown = re.sub(r"\n(> )?", " ", "\n".join(in_thread(talk, answer)[1:]))
    assert len(in_thread(talk, answer)) > 2
    assert all(f"word{n}<&>" in shown for n in range(3_000))


async def test_resolving_ends_it_and_brings_the_reply_to_review(talk: Judged) -> None:
    """The button goes, and the message says who did it; of two who click, the second is told."""
    _, call = await asked_for_a_person(talk)
    talk.ben.says(EXPERTS, "It is 20 days.", thread=call)
    await talk.bench.settled()
    talk.ben.clicks(call, "Resolve")
    await talk.bench.settled()
    after = talk.slack.answers(EXPERTS)[0]
    assert "Settled by Ben" in readable(after).replace("*", "")
    assert "[Resolve]" not in readable(after)
    found = await kept(talk)
    assert (found.state, found.resolved_by, found.reply) == ("resolved", "U0BEN", "It is 20 days.")
    [review] = await talk.pending()
    assert (review.source, review.proposed, review.proposed_by) == (
        "escalation",
        "It is 20 days.",
        "slack:U0BEN",
    )


async def test_who_resolves_what_is_resolved_is_told_so(talk: Judged) -> None:
    """An old picture of the message may still show the button."""
    _, call = await asked_for_a_person(talk)
    carla = talk.slack.user("U0CARLA", name="Carla")
    talk.slack.channel(EXPERTS).members.append(carla.id)
    talk.ben.clicks(call, "Resolve")
    carla.clicks(call, "Resolve")
    await talk.bench.settled()
    told = [*carla.ephemerals(EXPERTS), *talk.ben.ephemerals(EXPERTS)]
    assert [readable(one) for one in told] == ["This has been settled already."]


async def test_a_reply_after_it_was_resolved_still_comes(talk: Judged) -> None:
    """And is a candidate example too, by who wrote it."""
    answer, call = await asked_for_a_person(talk)
    talk.ben.clicks(call, "Resolve")
    await talk.bench.settled()
    carla = talk.slack.user("U0CARLA", name="Carla")
    talk.slack.channel(EXPERTS).members.append(carla.id)
    carla.says(EXPERTS, "By the way, it is 20 days.", thread=call)
    [review] = await talk.pending()
    assert (review.proposed, review.proposed_by) == ("By the way, it is 20 days.", "slack:U0CARLA")
    assert "By the way" in in_thread(talk, answer)[-1]


async def test_who_asked_learns_that_it_was_closed_without_a_word(talk: Judged) -> None:
    """Else they would wait for ever."""
    answer, call = await asked_for_a_person(talk)
    talk.ben.clicks(call, "Resolve")
    await talk.bench.settled()
    assert in_thread(talk, answer)[-1].replace("*", "") == "Ben has marked the question as settled."
    assert await talk.pending() == []


async def test_a_group_is_called_in_the_thread_itself(bench: Bench) -> None:
    """That mention is the only one of ours that calls anybody."""
    talk = await with_group(bench)
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    [call] = [one for one in talk.slack.answers("C0HELP", answer) if one.ts > answer.ts]
    assert pings(call) == ["!subteam^S0EXPERTS"]
    assert pings(answer) == []


async def test_what_a_member_of_the_group_answers_is_offered_when_it_is_resolved(bench: Bench) -> None:
    """A modal asks which text is the answer; what the asker and others write is none."""
    talk = await with_group(bench)
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    questions = len(bench.assistant.questions)
    call = talk.slack.answers("C0HELP", answer)[-1]
    talk.ben.says("C0HELP", "It is 20 days.", thread=answer)
    await talk.bench.settled()
    talk.anna.says("C0HELP", "thank you!", thread=answer)
    await talk.bench.settled()
    assert len(bench.assistant.questions) == questions
    talk.ben.clicks(call, "Resolve")
    modal = await talk.slack.until(lambda: talk.ben.modal)
    assert "It is 20 days." in json.dumps(modal.content)
    talk.ben.submits({"answerloop_text": "It is 20 days, from the day of the claim."})
    [review] = await talk.pending()
    assert review.proposed == "It is 20 days, from the day of the claim."
    assert (await kept(talk)).state == "resolved"
    assert len([one for one in talk.slack.answers("C0HELP", answer) if pings(one)]) == 1


async def test_a_single_person_is_asked_in_their_direct_messages(bench: Bench) -> None:
    """And answers there, in the thread of the question."""
    talk = await judged(bench, {**HELP, "escalation": "U0BEN"})
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    [call] = talk.slack.answers(talk.ben.dm)
    talk.ben.writes("It is 20 days.", thread=call)
    await talk.bench.settled()
    assert "It is 20 days." in in_thread(talk, answer)[-1]


async def test_what_was_asked_in_private_is_answered_in_private(talk: Judged) -> None:
    """A command's answer stands in no thread: its asker is told, and written to, alone."""
    talk.anna.runs("/ask", "How long do refunds take?", "C0HELP")
    await talk.bench.settled()
    [answer] = [one for one in talk.anna.ephemerals("C0HELP") if "escalate" in json.dumps(one.blocks)]
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    [call] = talk.slack.answers(EXPERTS)
    assert "I have asked a person" in readable(talk.anna.ephemerals("C0HELP")[-1])
    talk.ben.says(EXPERTS, "It is 20 days.", thread=call)
    await talk.bench.settled()
    assert talk.slack.messages("C0HELP") == []
    [told] = talk.slack.answers(talk.anna.dm)
    assert "It is 20 days." in readable(told)


async def test_a_group_is_called_in_the_channel_for_what_was_asked_in_private(bench: Bench) -> None:
    """There is no thread to call it in; what it answers comes to who asked alone."""
    talk = await with_group(bench)
    talk.anna.runs("/ask", "How long do refunds take?", "C0HELP")
    await bench.settled()
    [answer] = [one for one in talk.anna.ephemerals("C0HELP") if "escalate" in json.dumps(one.blocks)]
    talk.anna.clicks(answer, "Ask a person")
    await bench.settled()
    [call] = talk.slack.answers("C0HELP")
    assert pings(call) == ["!subteam^S0EXPERTS"]
    talk.ben.says("C0HELP", "It is 20 days.", thread=call)
    await bench.settled()
    [told] = talk.slack.answers(talk.anna.dm)
    assert "It is 20 days." in readable(told)
    talk.ben.clicks(call, "Resolve")
    [review] = await talk.pending()
    assert review.proposed == "It is 20 days."


async def test_an_answer_made_of_what_the_others_may_not_read_is_not_shown_to_them(talk: Judged) -> None:
    """They see the question, which its asker chose to hand on."""
    talk.bench.assistant.scopes = frozenset({"public", "hr"})
    _, call = await asked_for_a_person(talk)
    assert "How long do refunds take?" in readable(call)
    assert "30 days" not in json.dumps([call.text, call.blocks])


async def test_where_nobody_is_named_the_asker_learns_what_else_to_do(bench: Bench) -> None:
    """The button is not offered there; an old one may still be."""
    talk = await judged(bench, {**HELP, "escalation": EXPERTS})
    answer = await talk.answered()
    bench.configure(channels=[])
    talk.anna.clicks(answer, "Ask a person")
    [told] = await talk.slack.until(lambda: talk.anna.ephemerals("C0HELP"))
    assert readable(told).startswith("Nobody is set up here for me to ask.")


async def test_people_who_cannot_be_reached_are_told_of_and_asked_once_they_can(talk: Judged) -> None:
    """As when the bot was never invited to their channel."""
    answer = await talk.answered()
    talk.slack.remove_bot(EXPERTS)
    talk.anna.clicks(answer, "Ask a person")
    [told] = await talk.slack.until(lambda: talk.anna.ephemerals("C0HELP"))
    assert readable(told).startswith("I could not reach the people")
    await talk.bench.settled()
    talk.slack.channel(EXPERTS).members.append(talk.slack.bot_user)
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    assert len(talk.slack.answers(EXPERTS)) == 1


async def test_an_abstention_offers_a_person_too(talk: Judged) -> None:
    """That is where one is needed most."""
    talk.bench.assistant.script = [
        an_answer("none", text="I could not find it.", citations=(), abstained=True)
    ]
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    assert len(talk.slack.answers(EXPERTS)) == 1


async def test_the_people_are_reminded_in_their_thread_while_it_is_open(talk: Judged) -> None:
    """Once, however many processes look; and not again after somebody answered."""
    _, call = await asked_for_a_person(talk)
    await due(talk)
    remind = talk.people.background["reminders"].__self__.remind_due  # type: ignore[attr-defined]
    await remind()
    await remind()
    [reminder] = talk.slack.answers(EXPERTS, call)
    assert "This question is still open" in readable(reminder)
    assert "How long do refunds take?" in readable(reminder)
    assert pings(reminder) == []
    talk.ben.says(EXPERTS, "It is 20 days.", thread=call)
    await talk.bench.settled()
    await due(talk)
    await remind()
    assert len(talk.slack.answers(EXPERTS, call)) == 1


async def due(talk: Judged) -> None:
    """Let the time pass until a reminder is due."""
    found = await kept(talk)
    if found.remind_at is not None:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await talk.escalations._set(found.id, remind_at=past)
