"""What people write: questions to the bot, follow-ups, questions to nobody, and what is none of its business."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.answering import Answering
from rag_core.errors import Unavailable
from rag_core.records.postings import Postings
from tests.fakes import Written, an_answer
from tests.servers.slack import Message, readable

HELP = "C0HELP"


async def asks(
    bot: Any, text: str = "How long do refunds take?", thread: Any = None
) -> tuple[Message, list[Message]]:
    """Anna asks with a mention; her message, and what the bot has said in its thread when all is quiet."""
    anna = bot.slack.user("U0ANNA", name="Anna")
    asked = anna.asks(HELP, text, thread)
    await bot.settled()
    return asked, bot.slack.answers(HELP, thread or asked)


def texts(bot: Any) -> list[str]:
    return [question.text for question in bot.assistant.questions]


async def test_a_mention_is_answered_once_in_its_thread(bot: Any) -> None:
    """It arrives as a mention and as a message; the sign on it goes when the answer stands there."""
    asked, answers = await asks(bot)
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
    asked, _ = await asks(bot)
    for delivery in bot.slack.deliveries:
        bot.slack.redeliver(delivery)
    await bot.settled()
    assert len(bot.slack.answers(HELP, asked)) == 1
    assert len(bot.assistant.questions) == 1


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
    await asks(bot, "what may <@U0BEN> spend in <#C0SALES|sales> &amp; see <https://x.example/a|the page>?")
    assert texts(bot) == ["what may @Ben spend in #sales & see the page (https://x.example/a)?"]


async def test_a_mention_without_a_question_is_told_what_to_do(bot: Any) -> None:
    asked, [said] = await asks(bot, "")
    assert "What would you like to know?" in readable(said)
    assert not bot.assistant.questions
    assert (await bot.postings.of_question("slack", HELP, asked.ts))[0].kind == "notice"


async def test_a_bare_mention_below_a_question_answers_that_question(bot: Any) -> None:
    ben = bot.slack.user("U0BEN")
    root = ben.says(HELP, "How long do refunds take?")
    _, [answer] = await asks(bot, "", thread=root)
    assert texts(bot) == ["How long do refunds take?"]
    assert "30 days" in readable(answer)


@pytest.mark.parametrize("text", ["help", "Hello!", "What can I ask you?", "Hilfe"])
async def test_who_greets_is_told_how_to_ask(bot: Any, text: str) -> None:
    _, [said] = await asks(bot, text)
    assert "/ask" in readable(said)
    assert not bot.assistant.questions


async def test_bots_joins_and_hidden_messages_are_left_alone(bot: Any) -> None:
    """Other bots, itself, Slackbot, people who come: no answer, no loop, no call."""
    slack = bot.slack
    asked, _ = await asks(bot)
    calls = len(slack.calls())
    slack.other_bot().says(HELP, f"{slack.mention} How long do refunds take?")
    slack.other_bot().says(HELP, "How long do refunds take?", asked)
    slack.slackbot().says(HELP, f"{slack.mention} Reminder: how long?")
    slack.user("U0NEW").joins(HELP)
    channel = slack.channel(HELP)
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
    assert channel


async def test_what_nobody_asked_the_bot_costs_no_call(bot: Any) -> None:
    """Talk in a channel, and in threads that the bot is not in."""
    anna = bot.slack.user("U0ANNA")
    calls = len(bot.slack.calls())
    root = anna.says(HELP, "How long do refunds take?")
    anna.says(HELP, "Does anybody know how?", thread=root)
    await bot.settled()
    assert len(bot.slack.calls()) == calls
    assert not bot.assistant.questions


# --- follow-ups --------------------------------------------------------------------------------------------------


async def test_a_follow_up_needs_no_mention(bot: Any) -> None:
    """It comes with what was said before it; the bot's own turn is the answer as it was recorded."""
    asked, _ = await asks(bot)
    bot.slack.user("U0ANNA").says(HELP, "And for contractors?", thread=asked)
    await bot.settled()
    assert len(bot.slack.answers(HELP, asked)) == 2
    turns = bot.assistant.questions[1].turns
    assert [(turn.role, turn.answer) for turn in turns] == [("user", ""), ("assistant", "a1")]
    assert turns[1].text == "Expenses are refunded within 30 days [1]."


@pytest.mark.parametrize("text", ["Thanks!", "ok, got it", "👍", "Danke dir", "Perfect, thank you :pray:"])
async def test_thanks_are_not_answered(bot: Any, text: str) -> None:
    asked, _ = await asks(bot)
    bot.slack.user("U0ANNA").says(HELP, text, thread=asked)
    await bot.settled()
    assert len(bot.assistant.questions) == 1


async def test_what_people_say_to_each_other_is_not_answered(bot: Any) -> None:
    """A mention of somebody else; a remark of who did not ask; the asker's reply to that."""
    asked, _ = await asks(bot)
    anna, ben = bot.slack.user("U0ANNA"), bot.slack.user("U0BEN")
    anna.says(HELP, "<@U0BEN> is that still so?", thread=asked)
    ben.says(HELP, "It was changed in March.", thread=asked)
    anna.says(HELP, "I will write that down.", thread=asked)
    await bot.settled()
    assert len(bot.assistant.questions) == 1


async def test_a_question_of_somebody_else_is_answered_if_it_is_sure(bot: Any) -> None:
    """Nobody addressed the bot: below the confidence nothing is shown, not even a sign."""
    asked, _ = await asks(bot)
    bot.assistant.script = [an_answer("low", confidence=0.3), an_answer("high", confidence=0.9)]
    ben = bot.slack.user("U0BEN")
    calls = len(bot.slack.calls("reactions.add"))
    ben.says(HELP, "Does that hold for Vienna?", thread=asked)
    await bot.settled()
    assert len(bot.slack.answers(HELP, asked)) == 1
    assert len(bot.slack.calls("reactions.add")) == calls
    ben.says(HELP, "Does that hold for Paris?", thread=asked)
    await bot.settled()
    assert len(bot.slack.answers(HELP, asked)) == 2


async def test_follow_ups_can_be_off_in_a_channel(bot: Any) -> None:
    bot.configure(channels=[{"platform": "slack", "id": HELP, "follow_ups": False}])
    asked, _ = await asks(bot)
    bot.slack.user("U0ANNA").says(HELP, "And for contractors?", thread=asked)
    await bot.settled()
    assert len(bot.assistant.questions) == 1


@pytest.mark.parametrize(
    ("stop", "go"), [("stop", "continue"), ("Sei still!", "Mach weiter."), ("para", "sigue")]
)
async def test_a_thread_is_silenced_by_words_and_followed_again(bot: Any, stop: str, go: str) -> None:
    """Meanwhile a mention is answered all the same."""
    asked, _ = await asks(bot)
    anna = bot.slack.user("U0ANNA")
    for text in (f"{bot.slack.mention} {stop}", "And for contractors?"):
        anna.says(HELP, text, thread=asked)
        await bot.settled()
    assert len(bot.assistant.questions) == 1
    for text in (f"{bot.slack.mention} And in Vienna?", f"{bot.slack.mention} {go}", "And for contractors?"):
        anna.says(HELP, text, thread=asked)
        await bot.settled()
    assert texts(bot)[1:] == ["And in Vienna?", "And for contractors?"]


async def test_a_thread_is_silenced_in_the_menu(bot: Any) -> None:
    asked, [answer] = await asks(bot)
    anna = bot.slack.user("U0ANNA")
    anna.clicks(answer, "answerloop_more", "silence")
    await bot.settled()
    anna.says(HELP, "And for contractors?", thread=asked)
    await bot.settled()
    assert len(bot.assistant.questions) == 1
    assert "only when I am mentioned" in readable(anna.ephemerals(HELP)[0])


# --- what channels can have set ----------------------------------------------------------------------------------


async def test_an_auto_answer_channel_answers_what_it_is_sure_of(bot: Any) -> None:
    """Questions to nobody, without a sign; silent below the threshold, about remarks, and where others are addressed."""
    bot.configure(channels=[{"platform": "slack", "id": HELP, "auto_answer": 0.6}])
    bot.assistant.script = [
        an_answer("low", confidence=0.5),
        an_answer("no", abstained=True),
        an_answer("yes"),
    ]
    anna = bot.slack.user("U0ANNA")
    said = [
        anna.says(HELP, text)
        for text in (
            "Lunch was good today.",
            "<@U0BEN> how long do refunds take?",
            "How long do refunds take?",
            "Who is the queen?",
            "Where do I file expenses",
        )
    ]
    await bot.settled()
    assert len(bot.assistant.questions) == 3
    assert not bot.slack.calls("reactions.add")
    assert [len(bot.slack.answers(HELP, one)) for one in said] == [0, 0, 0, 0, 1]


async def test_channel_settings_reach_the_question(bot: Any) -> None:
    bot.configure(
        channels=[{"platform": "slack", "id": HELP, "scopes": ["public"], "tone": "brief", "language": "fr"}]
    )
    await asks(bot)
    [question] = bot.assistant.questions
    assert (question.scopes, question.tone, question.language) == (frozenset({"public"}), "brief", "fr")


async def test_whom_the_channel_does_not_admit_is_told_so_alone(bot: Any) -> None:
    """Members of a user group that is named are admitted; who asked nobody is told nothing."""
    bot.configure(channels=[{"platform": "slack", "id": HELP, "allowed": ["S0TEAM"], "auto_answer": 0.1}])
    bot.slack.group("S0TEAM", "team", ["U0BEN"])
    _, answers = await asks(bot)
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
    asked, answers = await asks(bot)
    assert not answers
    assert not asked.reactions
    assert [reply.answer.id for _, reply in bot.proposed] == ["a1"]


# --- what goes wrong ---------------------------------------------------------------------------------------------


async def test_a_failure_is_told_and_the_button_asks_again_in_its_place(bot: Any) -> None:
    bot.assistant.script = [RuntimeError("secret detail"), an_answer("better")]
    asked, [failed] = await asks(bot)
    assert "reference" in readable(failed)
    assert "secret" not in readable(failed)
    bot.slack.user("U0BEN").clicks(failed, "answerloop_retry")
    await bot.settled()
    [answer] = bot.slack.answers(HELP, asked)
    assert answer.ts == failed.ts
    assert "30 days" in readable(answer)
    assert bot.assistant.questions[1].principal.user == "U0BEN"


async def test_two_clicks_ask_again_once(bot: Any) -> None:
    bot.assistant.script = [RuntimeError(), an_answer("better")]
    _, [failed] = await asks(bot)
    anna = bot.slack.user("U0ANNA")
    anna.clicks(failed, "answerloop_retry")
    anna.clicks(failed, "answerloop_retry")
    await bot.settled()
    assert len(bot.assistant.questions) == 2


async def test_a_question_that_waited_too_long_is_told_so(bot: Any) -> None:
    """Delivered long after it was sent: asked once whether it is still wanted."""
    slack = bot.slack
    anna = slack.user("U0ANNA")
    slack.world.clock.advance(-3600)
    asked = anna.asks(HELP, "How long do refunds take?")
    await bot.settled()
    [told] = slack.answers(HELP, asked)
    assert "60 min ago" in readable(told)
    assert not bot.assistant.questions
    anna.clicks(told, "answerloop_retry")
    await bot.settled()
    [answer] = slack.answers(HELP, asked)
    assert answer.ts == told.ts
    assert "30 days" in readable(answer)


async def test_history_that_cannot_be_read_costs_no_answer(bot: Any) -> None:
    asked, _ = await asks(bot)
    bot.slack.fail("conversations.replies", "missing_scope", 5)
    bot.slack.user("U0ANNA").asks(HELP, "And for contractors?", thread=asked)
    await bot.settled()
    assert len(bot.slack.answers(HELP, asked)) == 2
    assert bot.assistant.questions[1].turns == ()


async def test_an_attempt_after_the_answer_was_posted_answers_no_second_time(bench: Any) -> None:
    """It was shown and noted, and only then the process lost the database."""

    class Lost(Postings):
        lost = False

        async def record(self, rows: Any) -> None:
            await super().record(rows)
            if not self.lost:
                self.lost = True
                raise Unavailable("gone")

    bench.postings = Lost(bench.database)
    bench.answering = Answering(bench.chat, bench.postings, bench._propose)
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell)
    _, answers = await asks(bench)
    assert len(answers) == 1
    assert len(bench.assistant.questions) == 1


async def test_what_a_stopped_process_left_is_answered_by_the_next(bench: Any, tmp_path: Path) -> None:
    """In one message, though the first had shown half of it."""
    bench.assistant.script = [Written(["The half ", "The half of it "], an_answer(), pause_s=1.0)]
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell)
    asked = bench.slack.user("U0ANNA").asks(HELP, "How long do refunds take?")
    await bench.slack.until(lambda: bench.slack.answers(HELP, asked))
    await bench.close()
    second = type(bench)(bench.slack, bench.database, tmp_path)
    try:
        again = second.talking()
        await second.start(*again.parts, failed=again.failures.tell)
        await bench.slack.until(lambda: second.assistant.questions)
        await second.settled()
        [answer] = bench.slack.answers(HELP, asked)
        assert "within 30 days" in readable(answer)
        assert not asked.reactions
    finally:
        await second.close()


async def test_slack_without_feedback_buttons_gets_ordinary_ones(bot: Any) -> None:
    """It is asked once an hour whether it takes its own."""
    bot.slack.without("context_actions")
    for _ in range(2):
        _, [answer] = await asks(bot)
        assert [b["type"] for b in answer.blocks if b["type"] == "context_actions"] == []
        assert "👍" in readable(answer)
    assert len([call for call in bot.slack.calls("chat.postMessage") if not call.ok]) == 1
