"""`/ask`, and sharing what it answered."""

from __future__ import annotations

from typing import Any

import pytest

from rag_core.messages import say
from tests.fakes import Written, an_answer
from tests.servers.slack import pings, readable

HELP = "C0HELP"
TO_ANNA_ALONE = {"rules": [{"user": ["U0ANNA"], "platform": "slack", "scopes": ["secret"]}]}


async def run(bot: Any, text: str, channel: str = HELP) -> Any:
    """What Anna asks; she."""
    anna = bot.slack.user("U0ANNA", name="Anna")
    bot.slack.channel(channel)
    anna.runs("/ask", text, channel)
    await bot.settled()
    return anna


def shown(anna: Any, words: str, channel: str = HELP) -> Any:
    """The message for her eyes that has these words."""
    [one] = [one for one in anna.ephemerals(channel) if words in readable(one)]
    return one


async def test_only_the_asker_sees_the_answer(bot: Any) -> None:
    """It comes at once, and alone."""
    anna = await run(bot, "How long do refunds take?")
    assert "Share" in readable(shown(anna, "30 days"))
    assert len(anna.ephemerals(HELP)) == 1
    assert not bot.slack.answers(HELP)
    assert bot.assistant.questions[0].principal.direct


@pytest.mark.parametrize("text", ["", "help", "Hilfe"])
async def test_without_a_question_it_explains_itself(bot: Any, text: str) -> None:
    anna = await run(bot, text)
    assert "/ask" in readable(anna.ephemerals(HELP)[0])
    assert not bot.assistant.questions


async def test_settings_are_handed_over(bench: Any) -> None:
    opened = []

    async def open_settings(received: Any) -> None:
        opened.append(received.body["channel_id"])

    await bench.start(*bench.talking(open_settings=open_settings).parts)
    await run(bench, "settings")
    assert opened == [HELP]
    assert not bench.assistant.questions


async def test_a_channel_with_drafts_answers_nobody_alone(bot: Any) -> None:
    bot.configure(channels=[{"platform": "slack", "id": HELP, "draft": True}])
    anna = await run(bot, "How long do refunds take?")
    assert "a person checks" in readable(anna.ephemerals(HELP)[0])
    assert not bot.assistant.questions


async def test_what_was_answered_before_a_channel_had_drafts_is_not_shared(bot: Any) -> None:
    anna = await run(bot, "How long do refunds take?")
    bot.configure(channels=[{"platform": "slack", "id": HELP, "draft": True}])
    anna.clicks(shown(anna, "Share"), "answerloop_share")
    await bot.settled()
    assert not bot.slack.answers(HELP)
    assert shown(anna, "a person checks")
    assert not bot.proposed


async def test_a_failure_is_told_with_a_button(bot: Any) -> None:
    bot.assistant.script = [RuntimeError("secret"), an_answer("better")]
    anna = await run(bot, "How long do refunds take?")
    failed = shown(anna, "reference")
    anna.clicks(failed, "answerloop_retry")
    await bot.settled()
    assert any("30 days" in readable(one) for one in anna.ephemerals(HELP))
    assert [q.text for q in bot.assistant.questions] == ["How long do refunds take?"] * 2


async def test_what_all_may_read_is_shared_as_it_is(bot: Any) -> None:
    """In the channel, once, with who shares it; votes and follow-ups find it."""
    anna = await run(bot, "How long do refunds take <!channel>?")
    private = shown(anna, "Share")
    anna.clicks(private, "answerloop_share")
    anna.clicks(private, "answerloop_share")
    await bot.settled()
    [answer] = bot.slack.answers(HELP)
    assert "30 days" in readable(answer)
    assert pings(answer) == ["@U0ANNA"]
    [posting] = await bot.postings.of_answer("a1")
    assert (posting.message, posting.thread, posting.user_id) == (answer.ts, answer.ts, "U0ANNA")
    assert len(bot.assistant.questions) == 1
    assert any("in the channel now" in readable(one) for one in anna.ephemerals(HELP))
    anna.says(HELP, "And for contractors?", thread=answer)
    await bot.settled()
    assert len(bot.slack.answers(HELP, answer)) == 1
    assert [turn.role for turn in bot.assistant.questions[1].turns] == ["user", "assistant"]


async def test_the_small_print_is_shared_as_well(bot: Any) -> None:
    """That a language model wrote it, and what became of its words."""
    bot.assistant.script = [an_answer(generator="openai:gpt-4o-mini")]
    bot.assistant.notices = ("sentences-removed",)
    anna = await run(bot, "How long do refunds take?")
    anna.clicks(shown(anna, "Share"), "answerloop_share")
    await bot.settled()
    [answer] = bot.slack.answers(HELP)
    assert say("en", "sentences-removed") in readable(answer)
    assert "openai:gpt-4o-mini" in readable(answer)


async def test_a_long_answer_is_shared_in_one_thread(bot: Any) -> None:
    long = "\n\n".join(f"Paragraph {n}: " + "word " * 200 for n in range(40))
    bot.assistant.script = [an_answer("long", text=long)]
    anna = await run(bot, "How long do refunds take?")
    private = shown(anna, "Share")
    anna.clicks(private, "answerloop_share")
    await bot.settled()
    first, *rest = bot.slack.answers(HELP)
    assert rest
    assert {one.thread_ts for one in rest} == {first.ts}


async def test_what_the_channel_may_not_read_is_not_posted(bot: Any) -> None:
    """It is made again from what the channel may read, shown to the asker, and that one can be shared."""
    bot.configure(access=TO_ANNA_ALONE)
    bot.assistant.access = bot.access
    bot.assistant.script = [
        an_answer("all", text="The secret is 42."),
        an_answer("public", text="Ask your boss."),
    ]
    anna = await run(bot, "What is the secret?")
    private = shown(anna, "Share")
    anna.clicks(private, "answerloop_share")
    await bot.settled()
    assert not bot.slack.answers(HELP)
    assert [q.principal.direct for q in bot.assistant.questions] == [True, False]
    narrower = shown(anna, "Ask your boss")
    anna.clicks(narrower, "answerloop_share")
    await bot.settled()
    [answer] = bot.slack.answers(HELP)
    assert "Ask your boss" in readable(answer)
    assert "42" not in str(answer.blocks) + answer.text


async def test_nobody_shares_the_answer_of_another(bot: Any) -> None:
    anna = await run(bot, "How long do refunds take?")
    private = shown(anna, "Share")
    bot.slack.user("U0BEN").clicks(private, "answerloop_share")
    await bot.settled()
    assert not bot.slack.answers(HELP)


async def test_where_the_bot_is_no_member_the_command_still_answers_and_shares(bot: Any) -> None:
    bot.slack.channel("C0ELSE", bot=False, members=["U0ANNA"])
    anna = await run(bot, "How long do refunds take?", "C0ELSE")
    private = shown(anna, "Share", "C0ELSE")
    anna.clicks(private, "answerloop_share")
    await bot.settled()
    assert any("30 days" in readable(one) for one in bot.slack.messages("C0ELSE"))


async def test_without_feedback_buttons_it_answers_where_the_bot_is_no_member(bot: Any) -> None:
    """A workspace that refuses Slack's own gets ordinary ones there as well."""
    bot.slack.without("context_actions")
    bot.slack.channel("C0ELSE", bot=False, members=["U0ANNA"])
    anna = await run(bot, "How long do refunds take?", "C0ELSE")
    [answer] = anna.ephemerals("C0ELSE")
    assert "30 days" in readable(answer)
    assert "👍" in readable(answer)


async def test_a_slow_answer_is_announced(bot: Any) -> None:
    bot.assistant.script = [Written([], an_answer(), pause_s=2)]
    anna = bot.slack.user("U0ANNA")
    bot.slack.channel(HELP)
    anna.runs("/ask", "How long do refunds take?", HELP)
    await bot.slack.until(lambda: [one for one in anna.ephemerals(HELP) if "Looking" in readable(one)])
    await bot.settled()
    assert shown(anna, "30 days")


async def test_in_a_direct_message_there_is_nothing_to_share(bot: Any) -> None:
    anna = bot.slack.user("U0ANNA")
    await run(bot, "How long do refunds take?", anna.dm)
    assert "Share" not in readable(shown(anna, "30 days", anna.dm))
