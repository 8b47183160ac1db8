"""Questions that fail, that wait too long, and that come from a Slack unlike ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from adapters.answering import Answering
from rag_core.errors import Unavailable
from rag_core.records.platforms.postings import Postings
from rag_core.records.tables import deliveries
from tests.fakes import Written, an_answer
from tests.servers.slack import Message, readable

HELP = "C0HELP"


async def test_a_failure_is_told_and_the_button_asks_again_in_its_place(bot: Any) -> None:
    bot.assistant.script = [RuntimeError("secret detail"), an_answer("better")]
    asked, [failed] = await bot.asked()
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
    _, [failed] = await bot.asked()
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
    asked, _ = await bot.asked()
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
    _, answers = await bench.asked()
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
        _, [answer] = await bot.asked()
        assert [b["type"] for b in answer.blocks if b["type"] == "context_actions"] == []
        assert "👍" in readable(answer)
    assert len([call for call in bot.slack.calls("chat.postMessage") if not call.ok]) == 1


async def test_slack_without_markdown_gets_sections(bot: Any) -> None:
    """What Slack's blocks of Markdown would show is shown without them; for an hour nothing is refused again."""
    bot.slack.without("context_actions", "markdown")
    for _ in range(2):
        _, [answer] = await bot.asked()
        assert {block["type"] for block in answer.blocks} == {"section", "context", "actions"}
        assert "within 30 days" in readable(answer)
    assert len([call for call in bot.slack.calls("chat.postMessage") if not call.ok]) == 2


async def test_a_question_left_by_a_crash_is_told_that_it_waited(bench: Any, tmp_path: Path) -> None:
    """By our own clock, whatever Slack's says."""
    bench.slack.world.clock.advance(-400 * 86_400)
    bench.assistant.script = [Written([], an_answer(), pause_s=30)]
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell)
    asked = bench.slack.user("U0ANNA").asks(HELP, "How long do refunds take?")
    await bench.slack.until(lambda: bench.assistant.questions)
    await bench.close()
    async with bench.database.begin() as connection:
        await connection.execute(
            update(deliveries).values(received_at=datetime.now(UTC) - timedelta(hours=2))
        )
    second = type(bench)(bench.slack, bench.database, tmp_path)
    try:
        again = second.talking()
        await second.start(*again.parts, failed=again.failures.tell)
        [told] = await bench.slack.until(lambda: bench.slack.answers(HELP, asked))
        await second.settled()
        assert "120 min ago" in readable(told)
        assert not second.assistant.questions
    finally:
        await second.close()


async def test_a_slack_with_another_clock_is_answered(bot: Any) -> None:
    """What is stamped more than a day ago was not delivered late, since Slack gives up before."""
    bot.slack.world.clock.advance(-400 * 86_400)
    _, answers = await bot.asked()
    assert "30 days" in readable(answers[0])


async def test_the_least_that_slack_sends_is_enough(bot: Any) -> None:
    """A mention, a direct message and a follow-up with nothing but what their documentation always shows."""
    slack = bot.slack
    slack.subscribe("none")
    anna = slack.user("U0ANNA")

    def delivered(message: Message, **fields: Any) -> None:
        event = {
            "type": "message",
            "user": "U0ANNA",
            "text": message.text,
            "ts": message.ts,
            "channel": message.channel,
        }
        slack.send_payload("events_api", {"type": "event_callback", "event": {**event, **fields}})

    asked = anna.asks(HELP, "How long do refunds take?")
    delivered(asked, type="app_mention")
    direct = anna.writes("How long do refunds take?")
    delivered(direct)
    await bot.settled()
    follow_up = anna.says(HELP, "And for contractors?", thread=asked)
    delivered(follow_up, thread_ts=asked.ts)
    await bot.settled()
    assert len(slack.answers(HELP, asked)) == 2
    assert len(slack.answers(anna.dm)) == 1


async def test_direct_messages_between_others_are_none_of_the_bot_s_business(bot: Any) -> None:
    """An app that also acts for a person is told of that person's messages."""
    slack = bot.slack
    slack.channel("D0OTHERS", "private", bot=False, members=["U0ANNA", "U0BEN"])
    acting = [{"team_id": slack.team, "user_id": "U0BEN", "is_bot": False}]
    event = {
        "type": "message",
        "channel": "D0OTHERS",
        "channel_type": "im",
        "user": "U0ANNA",
        "text": "How long?",
        "ts": "1.1",
    }
    slack.send_payload("events_api", {"type": "event_callback", "authorizations": acting, "event": event})
    anna = slack.user("U0ANNA")
    slack.subscribe("none")
    own = anna.writes("How long?")
    event = {**event, "channel": anna.dm, "ts": own.ts}
    slack.send_payload("events_api", {"type": "event_callback", "authorizations": acting, "event": event})
    await bot.settled()
    assert [question.principal.channel for question in bot.assistant.questions] == [anna.dm]
