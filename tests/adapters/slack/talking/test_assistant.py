"""The assistant container of AI apps."""

from __future__ import annotations

from typing import Any

from tests.servers.slack import readable


async def test_a_thread_begins_with_questions_and_is_named_after_the_first(bot: Any) -> None:
    bot.configure(slack={"suggestions": ["How do I file expenses?", "Who approves leave?"]})
    anna = bot.slack.user("U0ANNA")
    thread = anna.opens_assistant_thread("C0HELP")
    await bot.settled()
    prompts = bot.slack.prompts(anna.dm, thread)
    assert [prompt["message"] for prompt in prompts] == ["How do I file expenses?", "Who approves leave?"]
    anna.writes(
        "How long do refunds take in the whole wide world and in all of its many countries?", thread=thread
    )
    await bot.settled()
    anna.writes("And in Vienna?", thread=thread)
    await bot.settled()
    title = bot.slack.title(anna.dm, thread)
    assert title.startswith("How long do refunds take")
    assert len(title) <= 60
    assert len(bot.slack.answers(anna.dm, thread)) == 2
    assert bot.slack.statuses[-1] == ""
    assert any(bot.slack.statuses)
    assert not bot.slack.calls("reactions.add")
    assert len(bot.assistant.questions[1].turns) == 2


async def test_what_is_looked_at_beside_it_is_known(bot: Any) -> None:
    anna = bot.slack.user("U0ANNA")
    thread = anna.opens_assistant_thread("C0HELP")
    await bot.settled()
    anna.turns_to(thread, "C0SALES")
    await bot.settled()
    known = await bot.threads.get("slack", anna.dm, thread)
    assert known.context == {"assistant": True, "beside": "C0SALES"}


async def test_the_suggestion_of_an_unconfigured_bot_is_answered_with_how_to_ask(bot: Any) -> None:
    anna = bot.slack.user("U0ANNA", locale="de-DE")
    thread = anna.opens_assistant_thread()
    await bot.settled()
    [prompt] = bot.slack.prompts(anna.dm, thread)
    anna.writes(prompt["message"], thread=thread)
    await bot.settled()
    assert "/ask" in readable(bot.slack.answers(anna.dm, thread)[0])
    assert not bot.assistant.questions


async def test_a_workspace_without_the_container_loses_nothing_else(bot: Any) -> None:
    bot.slack.fail("assistant.threads.setSuggestedPrompts", "missing_scope", 9)
    bot.slack.fail("assistant.threads.setTitle", "missing_scope", 9)
    anna = bot.slack.user("U0ANNA")
    thread = anna.opens_assistant_thread()
    anna.writes("How long do refunds take?", thread=thread)
    await bot.settled()
    assert len(bot.slack.answers(anna.dm, thread)) == 1
