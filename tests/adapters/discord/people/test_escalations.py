"""'Ask a person' in Discord: from the button to the answer where it was asked."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rag_core.records.platforms.escalations import Escalation
from tests.adapters.discord.conftest import Bench
from tests.adapters.discord.people.judging import Judged, judged
from tests.fakes import an_answer
from tests.servers.discord import Channel, Message, buttons, pings, readable

EXPERTS = "experts"


def of_help(bench: Bench, **values: Any) -> dict[str, Any]:
    """As the settings file has a channel."""
    return {"platform": "discord", "id": bench.discord.channel("help").id, **values}


@pytest.fixture
async def talk(bench: Bench) -> Judged:
    """People of another channel are asked."""
    experts = bench.discord.channel(EXPERTS)
    return await judged(bench, of_help(bench, escalation=experts.id, remind_after="4h"))


async def with_role(bench: Bench) -> Judged:
    """A role is called where it was asked; Ben has it."""
    role = bench.discord.role("Experts", mentionable=True)
    made = await judged(bench, of_help(bench, escalation=role.id))
    bench.discord.user("Ben", roles=["Experts"])
    return made


async def asked_for_a_person(talk: Judged) -> tuple[Message, Message, Channel]:
    """The answer, what the people of the other channel see, and the thread that they answer in."""
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    [call] = talk.discord.answers(EXPERTS)
    thread = talk.discord.thread_of(call)
    assert thread is not None
    return answer, call, thread


def said_after(talk: Judged, answer: Message) -> list[str]:
    """What we said in the channel after the answer."""
    return [plain(one) for one in talk.discord.answers("help") if int(one.id) > int(answer.id)]


def plain(message: Message) -> str:
    return readable(message).replace("**", "").replace("\u2060", "")


async def kept(talk: Judged) -> Escalation:
    await talk.bench.settled()
    [found] = await talk.escalations._where(True)
    return found


async def test_the_people_of_the_channel_see_who_asks_what_and_what_the_bot_answered(talk: Judged) -> None:
    """With a link to the question, and a thread to answer in; below the answer it is told that a person was asked. Nobody is
    called."""
    answer, call, thread = await asked_for_a_person(talk)
    shown = plain(call)
    assert "Anna asks for a person’s help" in shown
    assert "How long do refunds take?" in shown
    assert "Expenses are refunded within 30 days" in shown
    assert buttons(call) == ["Resolve", "Open the conversation"]
    question = answer.referenced
    assert f"/{answer.channel}/{question.id}" in json.dumps(call.components)
    assert pings(call) == []
    assert thread.name == "How long do refunds take?"
    assert said_after(talk, answer) == ["I have asked a person. The answer will come here."]
    assert talk.discord.answers("help")[-1].referenced is answer
    assert (await kept(talk)).state == "open"


async def test_a_person_is_asked_once_for_an_answer(talk: Judged) -> None:
    """Who clicks again, and who clicks too, is told that it is open; of several at once one asks."""
    answer = await talk.answered()
    pressed = [person.clicks(answer, "Ask a person") for person in (talk.anna, talk.ben, talk.anna)]
    await talk.bench.settled()
    assert len(talk.discord.answers(EXPERTS)) == 1
    told = [*talk.anna.ephemerals("help"), *talk.ben.ephemerals("help")]
    assert [readable(one)[:33] for one in told] == ["A person has been asked already. "] * 2
    assert all(one.acked for one in pressed)


async def test_a_reply_of_a_person_comes_below_the_answer_with_their_name(talk: Judged) -> None:
    """Its mentions call nobody there; files are named. It is not taken for a question to the bot."""
    answer, _, thread = await asked_for_a_person(talk)
    questions = len(talk.bench.assistant.questions)
    words = f"@here @everyone ask {talk.anna.mention}: 20 days https://x.example"
    talk.ben.says(thread, words, files=[("terms.txt", b"20 days")])
    await talk.bench.settled()
    [_, reply] = said_after(talk, answer)
    assert "Ben answered" in reply
    assert "@here @everyone ask @Anna: 20 days" in reply
    assert "terms.txt" in reply
    assert pings(talk.discord.answers("help")[-1]) == []
    assert talk.discord.answers("help")[-1].referenced is answer
    assert len(talk.bench.assistant.questions) == questions
    assert talk.discord.answers(thread) == []


async def test_discords_reply_to_the_message_counts_as_well(talk: Judged) -> None:
    """In the channel itself, where there is no thread or nobody looks into it; also a reply to one's own reply."""
    talk.discord.fail("POST /channels/{id}/messages/{id}/threads", 403, 50013)
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    [call] = talk.discord.answers(EXPERTS)
    assert talk.discord.thread_of(call) is None
    assert "Use “Reply” on this message" in plain(call)
    first = talk.ben.replies(call, "It is 20 days.")
    await talk.bench.settled()
    talk.ben.replies(first, "From the day of the claim.")
    await talk.bench.settled()
    assert ["20 days" in one for one in said_after(talk, answer)] == [False, True, False]
    assert "From the day of the claim." in said_after(talk, answer)[-1]
    talk.ben.says(EXPERTS, "What is for lunch?")
    await talk.bench.settled()
    assert len(said_after(talk, answer)) == 3


async def test_who_addresses_the_bot_below_a_question_to_people_is_answered(talk: Judged) -> None:
    """It is no reply to who asked for a person."""
    answer, _, thread = await asked_for_a_person(talk)
    talk.ben.asks(thread, "How long do transfers take?")
    await talk.bench.settled()
    assert len(talk.discord.answers(thread)) == 1
    assert len(said_after(talk, answer)) == 1


async def test_a_long_reply_comes_whole(talk: Judged) -> None:
    """In several messages where one does not hold it, once each."""
    answer, _, thread = await asked_for_a_person(talk)
    words = " ".join(f"word{n}<&>" for n in range(350))
    talk.ben.says(thread, words)
    await talk.bench.settled()
    shown = re.sub(r"\n(> )?", " ", "\n".join(said_after(talk, answer)[1:])).replace("\\", "")
    assert len(said_after(talk, answer)) > 2
    assert all(f"word{n}<&>" in shown for n in range(350))


async def test_resolving_ends_it_and_brings_the_reply_to_review(talk: Judged) -> None:
    """The button goes, and the message says who did it."""
    _, call, thread = await asked_for_a_person(talk)
    talk.ben.says(thread, "It is 20 days.")
    await talk.bench.settled()
    talk.ben.clicks(call, "Resolve")
    await talk.bench.settled()
    after = talk.discord.answers(EXPERTS)[0]
    assert "Settled by Ben" in plain(after)
    assert buttons(after) == ["Open the conversation"]
    found = await kept(talk)
    assert (found.state, found.resolved_by, found.reply) == ("resolved", talk.ben.id, "It is 20 days.")
    [review] = await talk.pending()
    by = f"discord:{talk.ben.id}"
    assert (review.source, review.proposed, review.proposed_by) == ("escalation", "It is 20 days.", by)


async def test_who_resolves_what_is_resolved_is_told_so(talk: Judged) -> None:
    """An old picture of the message may still show the button."""
    _, call, _ = await asked_for_a_person(talk)
    carla = talk.discord.user("Carla")
    before = json.loads(json.dumps(call.components))
    talk.ben.clicks(call, "Resolve")
    await talk.bench.settled()
    call.components[:] = before
    carla.clicks(call, "Resolve")
    await talk.bench.settled()
    told = [*carla.ephemerals(EXPERTS), *talk.ben.ephemerals(EXPERTS)]
    assert [readable(one) for one in told] == ["This has been settled already."]


async def test_a_reply_after_it_was_resolved_still_comes(talk: Judged) -> None:
    """And is a candidate example too, by who wrote it."""
    answer, call, thread = await asked_for_a_person(talk)
    talk.ben.clicks(call, "Resolve")
    await talk.bench.settled()
    carla = talk.discord.user("Carla")
    carla.says(thread, "By the way, it is 20 days.")
    [review] = await talk.pending()
    assert (review.proposed, review.proposed_by) == ("By the way, it is 20 days.", f"discord:{carla.id}")
    assert "By the way" in said_after(talk, answer)[-1]


async def test_who_asked_learns_that_it_was_closed_without_a_word(talk: Judged) -> None:
    """Else they would wait for ever."""
    answer, call, _ = await asked_for_a_person(talk)
    talk.ben.clicks(call, "Resolve")
    await talk.bench.settled()
    assert said_after(talk, answer)[-1] == "Ben has marked the question as settled."
    assert await talk.pending() == []


async def test_a_role_is_called_below_the_answer_with_a_thread_in_which_the_asker_reads_along(
    bench: Bench,
) -> None:
    """That mention is the only one of ours that calls anybody."""
    talk = await with_role(bench)
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await bench.settled()
    [call] = [one for one in talk.discord.answers("help") if int(one.id) > int(answer.id)]
    assert pings(call) == [bench.discord.role("Experts").mention]
    assert call.referenced is answer
    assert call.body["allowed_mentions"] == {"parse": [], "roles": [bench.discord.role("Experts").id]}
    assert pings(answer) == []
    thread = talk.discord.thread_of(call)
    assert thread is not None
    assert talk.anna.id in thread.members


async def test_in_a_thread_a_role_is_called_there(bench: Bench) -> None:
    """What its members say there is the answer; a modal asks which text; what others say is none."""
    talk = await with_role(bench)
    thread = talk.anna.starts_thread("help", "Refunds")
    answer = await talk.answered(channel=thread)
    talk.anna.clicks(answer, "Ask a person")
    await bench.settled()
    call = talk.discord.answers(thread)[-1]
    assert pings(call) == [bench.discord.role("Experts").mention]
    questions = len(bench.assistant.questions)
    talk.ben.says(thread, "It is 20 days.")
    await bench.settled()
    assert len(bench.assistant.questions) == questions
    assert talk.discord.answers(thread)[-1] is call
    assert (await kept(talk)).reply == "It is 20 days."
    talk.ben.clicks(call, "Resolve")
    modal = await talk.discord.until(lambda: talk.ben.modal)
    assert "It is 20 days." in json.dumps(modal.components)
    talk.ben.submits({"answerloop:text": "It is 20 days, from the day of the claim."})
    [review] = await talk.pending()
    assert review.proposed == "It is 20 days, from the day of the claim."
    assert (await kept(talk)).state == "resolved"
    assert "Settled by Ben" in plain(call)
    assert len([one for one in talk.discord.answers(thread) if pings(one)]) == 1


async def test_a_member_of_the_role_may_answer_in_the_thread_below_the_call_or_by_a_reply(
    bench: Bench,
) -> None:
    """To the call, to the answer or to the question."""
    talk = await with_role(bench)
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await bench.settled()
    questions = len(bench.assistant.questions)
    call = talk.discord.answers("help")[-1]
    thread = talk.discord.thread_of(call)
    for number, place in enumerate((call, answer, answer.referenced)):
        talk.ben.replies(place, f"Reply {number}")
        assert (await kept(talk)).reply == f"Reply {number}"
    talk.ben.says(thread, "In the thread.")
    assert (await kept(talk)).reply == "In the thread."
    talk.anna.says(thread, "thank you!")
    assert (await kept(talk)).reply == "In the thread."
    assert len(bench.assistant.questions) == questions
    talk.ben.clicks(call, "Resolve")
    [review] = await talk.pending()
    assert (review.proposed, talk.ben.modal) == ("In the thread.", None)


async def test_a_single_person_is_asked_in_their_direct_messages(bench: Bench) -> None:
    """And answers there, by a reply; what else they write there is a question to the bot."""
    ben = bench.discord.user("Ben")
    talk = await judged(bench, of_help(bench, escalation=ben.id))
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await bench.settled()
    [call] = talk.discord.answers(ben.dm)
    assert "Use “Reply” on this message" in plain(call)
    ben.replies(call, "It is 20 days.")
    await bench.settled()
    assert "It is 20 days." in said_after(talk, answer)[-1]
    ben.clicks(call, "Resolve")
    await bench.settled()
    assert "Settled by Ben" in plain(call)
    ben.writes("How long do transfers take?")
    await bench.settled()
    assert bench.assistant.questions[-1].text == "How long do transfers take?"


async def test_what_was_asked_in_private_is_answered_in_private(talk: Judged) -> None:
    """Its asker is told, and written to, alone."""
    talk.anna.runs("ask", "help", question="How long do refunds take?", private=True)
    await talk.bench.settled()
    [answer] = [one for one in talk.anna.ephemerals("help") if "escalate" in json.dumps(one.components)]
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    [call] = talk.discord.answers(EXPERTS)
    assert buttons(call) == ["Resolve"]
    assert "I have asked a person" in readable(talk.anna.ephemerals("help")[-1])
    talk.ben.says(talk.discord.thread_of(call), "It is 20 days.")
    await talk.bench.settled()
    assert talk.discord.messages("help") == []
    [told] = talk.discord.answers(talk.anna.dm)
    assert "It is 20 days." in readable(told)


async def test_a_role_is_called_in_the_channel_for_what_was_asked_in_private(bench: Bench) -> None:
    """What it answers comes to who asked alone."""
    talk = await with_role(bench)
    talk.anna.runs("ask", "help", question="How long do refunds take?", private=True)
    await bench.settled()
    [answer] = [one for one in talk.anna.ephemerals("help") if "escalate" in json.dumps(one.components)]
    talk.anna.clicks(answer, "Ask a person")
    await bench.settled()
    [call] = talk.discord.answers("help")
    assert pings(call) == [bench.discord.role("Experts").mention]
    talk.ben.replies(call, "It is 20 days.")
    await bench.settled()
    [told] = talk.discord.answers(talk.anna.dm)
    assert "It is 20 days." in readable(told)
    talk.ben.clicks(call, "Resolve")
    [review] = await talk.pending()
    assert review.proposed == "It is 20 days."


async def test_an_answer_made_of_what_the_others_may_not_read_is_not_shown_to_them(talk: Judged) -> None:
    """They see the question, which its asker chose to hand on."""
    talk.bench.assistant.scopes = frozenset({"public", "hr"})
    _, call, _ = await asked_for_a_person(talk)
    assert "How long do refunds take?" in readable(call)
    assert "30 days" not in json.dumps([call.content, call.embeds])


async def test_where_nobody_is_named_the_asker_learns_what_else_to_do(talk: Judged) -> None:
    """The button is not offered there; an old one may still be."""
    answer = await talk.answered()
    talk.bench.configure(channels=[])
    talk.anna.clicks(answer, "Ask a person")
    [told] = await talk.discord.until(lambda: talk.anna.ephemerals("help"))
    assert readable(told).startswith("Nobody is set up here for me to ask.")


async def test_people_who_cannot_be_reached_are_told_of_and_asked_once_they_can(talk: Judged) -> None:
    """As when the bot may not write in their channel."""
    answer = await talk.answered()
    talk.discord.remove_permission(EXPERTS, "send_messages")
    talk.anna.clicks(answer, "Ask a person")
    [told] = await talk.discord.until(lambda: talk.anna.ephemerals("help"))
    assert readable(told).startswith("I could not reach the people")
    await talk.bench.settled()
    talk.discord.give_permission(EXPERTS, "send_messages")
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    assert len(talk.discord.answers(EXPERTS)) == 1


async def test_an_abstention_offers_a_person_too(talk: Judged) -> None:
    """That is where one is needed most."""
    talk.bench.assistant.script = [
        an_answer("none", text="I could not find it.", citations=(), abstained=True)
    ]
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    assert len(talk.discord.answers(EXPERTS)) == 1


async def test_a_forum_gets_a_post(bench: Bench) -> None:
    """In which the people answer."""
    forum = bench.discord.forum("cases")
    talk = await judged(bench, of_help(bench, escalation=forum.id))
    answer = await talk.answered()
    talk.anna.clicks(answer, "Ask a person")
    await bench.settled()
    [post] = talk.discord.threads(forum)
    [call] = talk.discord.answers(post)
    assert "How long do refunds take?" in plain(call)
    talk.ben.says(post, "It is 20 days.")
    await bench.settled()
    assert "It is 20 days." in said_after(talk, answer)[-1]
    talk.ben.clicks(call, "Resolve")
    await bench.settled()
    assert "Settled by Ben" in plain(call)


async def test_a_call_whose_reply_was_lost_is_one_call(talk: Judged) -> None:
    """Discord took it, and the bot did not hear of that."""
    answer = await talk.answered()
    talk.discord.lose_response("POST /channels/{id}/messages", times=1)
    talk.anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    assert len(talk.discord.answers(EXPERTS)) == 1
    assert (await kept(talk)).target_message == talk.discord.answers(EXPERTS)[0].id


async def test_an_attempt_that_broke_off_long_ago_has_called_the_people_already(talk: Judged) -> None:
    """Its message is found again among the latest of the channel."""
    _, call, _ = await asked_for_a_person(talk)
    talk.discord.world.clock.advance(3600)  # for minutes alone Discord itself knows that it was sent
    desk = talk.people.background["reminders"].__self__._desks["discord"]  # type: ignore[attr-defined]
    called = await desk.call(await kept(talk), talk.discord.channel(EXPERTS).id, again=True)
    assert called.message == call.id
    assert len(talk.discord.answers(EXPERTS)) == 1


async def test_without_the_message_content_intent_people_are_asked_to_reply(bench: Bench) -> None:
    """Discord then gives the bot those messages alone that reply to it."""
    bench.discord.without_message_content()
    bench.client._connection._intents.message_content = False
    talk = await judged(bench, of_help(bench, escalation=bench.discord.channel(EXPERTS).id))
    answer, _, thread = await asked_for_a_person(talk)
    [hint] = talk.discord.answers(thread)
    assert "Use “Reply” on this message" in plain(hint)
    talk.ben.says(thread, "It is 10 days.")
    talk.ben.replies(hint, "It is 20 days.")
    await bench.settled()
    [_, reply] = said_after(talk, answer)
    assert "It is 20 days." in reply


async def test_the_people_are_reminded_in_their_thread_while_it_is_open(talk: Judged) -> None:
    """Once, however many processes look; and not again after somebody answered."""
    _, _, thread = await asked_for_a_person(talk)
    await due(talk)
    remind = talk.people.background["reminders"].__self__.remind_due  # type: ignore[attr-defined]
    await remind()
    await remind()
    [reminder] = talk.discord.answers(thread)
    assert "This question is still open" in readable(reminder)
    assert "How long do refunds take?" in readable(reminder)
    assert pings(reminder) == []
    talk.ben.says(thread, "It is 20 days.")
    await talk.bench.settled()
    await due(talk)
    await remind()
    assert len(talk.discord.answers(thread)) == 1


async def test_a_role_is_reminded_by_its_mention(bench: Bench) -> None:
    """In the thread of the question, or in that below the call."""
    talk = await with_role(bench)
    thread = talk.anna.starts_thread("help", "Refunds")
    for place in (thread, "help"):
        answer = await talk.answered(channel=place)
        talk.anna.clicks(answer, "Ask a person")
        await bench.settled()
    for found in await talk.escalations._where(True):
        await talk.escalations._set(found.id, remind_at=datetime.now(UTC) - timedelta(seconds=1))
    await talk.people.background["reminders"].__self__.remind_due()  # type: ignore[attr-defined]
    below = talk.discord.thread_of(talk.discord.answers("help")[-1])
    for place in (thread, below):
        assert pings(talk.discord.answers(place)[-1]) == [bench.discord.role("Experts").mention]
        assert "This question is still open" in readable(talk.discord.answers(place)[-1])


async def due(talk: Judged) -> None:
    """Let the time pass until a reminder is due."""
    found = await kept(talk)
    if found.remind_at is not None:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await talk.escalations._set(found.id, remind_at=past)


async def test_people_learn_that_their_answer_did_not_reach_who_asked(talk: Judged) -> None:
    """Who asked in private and takes no direct messages; it is kept for review all the same."""
    anna = talk.discord.user("Anna", accepts_dms=False)
    anna.runs("ask", "help", question="How long do refunds take?", private=True)
    await talk.bench.settled()
    [answer] = [one for one in anna.ephemerals("help") if "escalate" in json.dumps(one.components)]
    anna.clicks(answer, "Ask a person")
    await talk.bench.settled()
    [call] = talk.discord.answers(EXPERTS)
    thread = talk.discord.thread_of(call)
    talk.ben.says(thread, "It is 20 days.")
    await talk.bench.settled()
    [told] = talk.discord.answers(thread)
    assert plain(told).startswith("I could not pass this on to Anna")
    talk.ben.clicks(call, "Resolve")
    assert len(await talk.pending()) == 1
    assert talk.bench.failures == []


@pytest.mark.parametrize("sign", ["*_`[", "😀", "x\n", "<@1>", "- a\n"])
async def test_a_question_to_people_keeps_to_discords_limits_whatever_stands_in_it(
    talk: Judged, sign: str
) -> None:
    """However long question, answer and reply are; the local Discord refuses what is beyond one."""
    talk.bench.assistant.script = [an_answer("long", text=sign * (6_600 // len(sign)))]
    talk.anna.asks("help", f"Why? {sign * (1_900 // len(sign))}")
    await talk.bench.settled()
    answers = talk.discord.answers("help")
    talk.anna.clicks(answers[-1], "Ask a person")
    await talk.bench.settled()
    [call] = talk.discord.answers(EXPERTS)
    talk.ben.says(talk.discord.thread_of(call), f"Because. {sign * (1_900 // len(sign))}")
    await talk.bench.settled()
    talk.ben.clicks(call, "Resolve")
    assert len(await talk.pending()) == 1
    assert talk.bench.failures == []
    assert "Settled by Ben" in plain(call)
    assert len(talk.discord.answers("help")) > len(answers) + 1


async def test_where_the_bot_may_not_embed_the_answer_stands_below_the_question(talk: Judged) -> None:
    """And what was asked of people is settled there as well."""
    talk.discord.fail("POST /channels/{id}/messages", 403, 50013, channel=talk.discord.channel(EXPERTS).id)
    _, call, _ = await asked_for_a_person(talk)
    assert call.embeds == []
    assert "Expenses are refunded within 30 days" in plain(call)
    talk.discord.fail("PATCH /channels/{id}/messages/{id}", 403, 50013)
    talk.ben.clicks(call, "Resolve")
    await talk.bench.settled()
    assert "Settled by Ben" in plain(call)
