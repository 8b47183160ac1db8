"""What people ask the bot, what is none of its business, and what a channel can have set."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import Written, an_answer
from tests.servers.slack import readable

HELP = "C0HELP"


def texts(bot: Any) -> list[str]:
    return [question.text for question in bot.assistant.questions]


async def test_a_mention_is_answered_once_in_its_thread(bot: Any) -> None:
    """It arrives as a mention and as a message; the sign on it goes when the answer stands there."""
    asked, answers = await bot.asked()
    assert len(answers) == 1
    assert "within 30 days" in readable(answers[0])
    assert texts(bot) == ["How long do refunds take?"]
    assert answers[0].thread_ts == asked.ts
    assert not asked.reactions
    assert bot.slack.calls("reactions.add")
    assert not [m for m in bot.slack.answers(HELP) if not m.thread_ts]
    [posting] = await bot.postings.of_question("slack", HELP, asked.ts)
    assert (posting.answer_id, posting.user_id, posting.thread) == ("a1", "U0ANNA", asked.ts)


async def test_a_retry_and_a_second_socket_give_no_second_answer(bot: Any) -> None:
    bot.slack.duplicate(times=2)
    asked, _ = await bot.asked()
    for delivery in bot.slack.deliveries:
        bot.slack.redeliver(delivery)
    await bot.settled()
    assert len(bot.slack.answers(HELP, asked)) == 1
    assert len(bot.assistant.questions) == 1


@pytest.mark.parametrize("streaming", [True, False])
async def test_an_answer_is_shown_while_it_is_written_unless_that_is_turned_off(
    bot: Any, streaming: bool
) -> None:
    bot.configure(slack={"streaming": streaming})
    bot.assistant.script = [Written(["Within 30 days. "], an_answer(), pause_s=1.5)]
    _, [answer] = await bot.asked()
    assert bool(bot.slack.calls("chat.startStream")) is streaming
    assert "30 days" in readable(answer)


async def test_a_direct_message_is_answered_beside_it(bot: Any) -> None:
    """Flat where it is in no thread, and in its thread where it is; for this person alone."""
    anna = bot.slack.user("U0ANNA", locale="de-AT")
    first = anna.writes("Wie lange?")
    await bot.settled()
    anna.writes("Und in Wien?", thread=first)
    await bot.settled()
    flat, threaded = bot.slack.answers(anna.dm)
    assert flat.thread_ts is None
    assert threaded.thread_ts == first.ts
    question = bot.assistant.questions[0]
    assert (question.principal.direct, question.language, question.principal.workspace) == (
        True,
        "de-AT",
        bot.slack.team,
    )


async def test_a_group_conversation_is_no_direct_one(bot: Any) -> None:
    """Only a mention is answered there, and several people read it."""
    anna = bot.slack.user("U0ANNA")
    bot.slack.channel("G0GROUP", "mpim", members=["U0ANNA", "U0BEN"])
    anna.says("G0GROUP", "Shall we have lunch?")
    asked = anna.asks("G0GROUP", "How long do refunds take?")
    await bot.settled()
    assert len(bot.slack.answers("G0GROUP", asked)) == 1
    assert [q.principal.direct for q in bot.assistant.questions] == [False]


async def test_a_message_is_read_as_a_person_reads_it(bot: Any) -> None:
    """Mentions by name, links with their address, and no entities."""
    bot.slack.user("U0BEN", name="Ben")
    bot.slack.channel("C0SALES", name="sales")
    await bot.asked("what may <@U0BEN> spend in <#C0SALES|sales> &amp; see <https://x.example/a|the page>?")
    assert texts(bot) == ["what may @Ben spend in #sales & see the page (https://x.example/a)?"]


async def test_a_mention_without_a_question_is_told_what_to_do(bot: Any) -> None:
    asked, [said] = await bot.asked("")
    assert "What would you like to know?" in readable(said)
    assert not bot.assistant.questions
    assert (await bot.postings.of_question("slack", HELP, asked.ts))[0].kind == "notice"


async def test_a_bare_mention_below_a_question_answers_that_question(bot: Any) -> None:
    ben = bot.slack.user("U0BEN")
    root = ben.says(HELP, "How long do refunds take?")
    _, [answer] = await bot.asked("", thread=root)
    assert texts(bot) == ["How long do refunds take?"]
    assert "30 days" in readable(answer)


@pytest.mark.parametrize("text", ["help", "Hello!", "What can I ask you?", "Hilfe"])
async def test_who_greets_is_told_how_to_ask(bot: Any, text: str) -> None:
    _, [said] = await bot.asked(text)
    assert "/ask" in readable(said)
    assert not bot.assistant.questions


async def test_bots_joins_and_hidden_messages_are_left_alone(bot: Any) -> None:
    """Other bots, itself, Slackbot, people who come: no answer, no loop, no call."""
    slack = bot.slack
    asked, _ = await bot.asked()
    calls = len(slack.calls())
    slack.other_bot().says(HELP, f"{slack.mention} How long do refunds take?")
    slack.other_bot().says(HELP, "How long do refunds take?", asked)
    slack.slackbot().says(HELP, f"{slack.mention} Reminder: how long?")
    slack.user("U0NEW").joins(HELP)
    event = {
        "type": "message",
        "channel": HELP,
        "user": slack.bot_user,
        "text": "Why?",
        "ts": "1.1",
        "thread_ts": asked.ts,
    }
    slack.send_event(event, channel=HELP)
    await bot.settled()
    assert len(slack.calls()) == calls
    assert len(bot.assistant.questions) == 1


async def test_a_bot_that_looks_like_a_person_is_not_answered(bot: Any) -> None:
    """Bots that answer each other never end."""
    other = bot.slack.other_bot()
    bot.slack.channel(HELP)
    event = {"type": "message", "channel": HELP, "user": other.id, "ts": "1.2"}
    bot.slack.send_event({**event, "text": f"{bot.slack.mention} How long?"}, channel=HELP)
    await bot.settled()
    assert not bot.assistant.questions


async def test_what_nobody_asked_the_bot_costs_no_call(bot: Any) -> None:
    """Talk in a channel, and in threads that the bot is not in."""
    anna = bot.slack.user("U0ANNA")
    calls = len(bot.slack.calls())
    root = anna.says(HELP, "How long do refunds take?")
    anna.says(HELP, "Does anybody know how?", thread=root)
    await bot.settled()
    assert len(bot.slack.calls()) == calls
    assert not bot.assistant.questions


async def test_an_auto_answer_channel_answers_what_it_is_sure_of(bot: Any) -> None:
    """Questions to nobody, without a sign; silent below the threshold, about remarks, and where others are addressed."""
    bot.configure(channels=[{"platform": "slack", "id": HELP, "auto_answer": 0.6}])
    bot.assistant.script = [
        an_answer("low", confidence=0.5),
        an_answer("no", abstained=True),
        an_answer("yes"),
    ]
    anna, said = bot.slack.user("U0ANNA"), []
    for text in (
        "Lunch was good today.",
        "<@U0BEN> how long do refunds take?",
        "How long do refunds take?",
        "Who is the queen?",
        "Where do I file expenses",
    ):
        said.append(anna.says(HELP, text))
        await bot.settled()
    assert len(bot.assistant.questions) == 3
    assert not bot.slack.calls("reactions.add")
    assert [len(bot.slack.answers(HELP, one)) for one in said] == [0, 0, 0, 0, 1]


async def test_channel_settings_reach_the_question(bot: Any) -> None:
    bot.configure(
        channels=[{"platform": "slack", "id": HELP, "scopes": ["public"], "tone": "brief", "language": "fr"}]
    )
    await bot.asked()
    [question] = bot.assistant.questions
    assert (question.scopes, question.tone, question.spoken) == (frozenset({"public"}), "brief", "fr")


async def test_whom_the_channel_does_not_admit_is_told_so_alone(bot: Any) -> None:
    """Members of a user group that is named are admitted; who asked nobody is told nothing."""
    bot.configure(channels=[{"platform": "slack", "id": HELP, "allowed": ["S0TEAM"], "auto_answer": 0.1}])
    bot.slack.group("S0TEAM", "team", ["U0BEN"])
    _, answers = await bot.asked()
    anna, ben = bot.slack.user("U0ANNA"), bot.slack.user("U0BEN")
    anna.says(HELP, "How long do refunds take?")
    await bot.settled()
    assert not answers
    assert len(anna.ephemerals(HELP)) == 1
    assert not bot.assistant.questions
    ben.asks(HELP, "How long do refunds take?")
    await bot.settled()
    assert [question.principal.user for question in bot.assistant.questions] == ["U0BEN"]


async def test_a_draft_is_shown_to_nobody_in_the_thread(bot: Any) -> None:
    bot.configure(channels=[{"platform": "slack", "id": HELP, "draft": True}])
    asked, answers = await bot.asked()
    assert not answers
    assert not asked.reactions
    assert [reply.answer.id for _, reply in bot.proposed] == ["a1"]


async def test_a_draft_of_a_direct_message_is_made_of_nothing_private(bot: Any) -> None:
    """Others read it before it is sent: neither what this person alone may read nor their file goes into it."""
    bot.configure(channels=[{"platform": "slack", "draft": True}])
    bot.slack.user("U0ANNA").writes("How long do refunds take?", files=[("rules.txt", b"30 days")])
    await bot.settled()
    [question] = bot.assistant.questions
    assert not question.principal.direct
    assert not question.attached
