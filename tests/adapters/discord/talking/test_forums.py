"""Posts in forums, and what the bot does where it may not read what people write."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from tests.servers.discord import readable


def texts(bot: Any) -> list[str]:
    return [question.text for question in bot.assistant.questions]


def of_forum(bot: Any, **values: Any) -> Any:
    forum = bot.discord.forum("questions", tags=["question", "idea"])
    if values:
        bot.configure(channels=[{"platform": "discord", "id": forum.id, **values}])
    return forum


async def test_a_new_post_is_answered_in_it(bot: Any) -> None:
    """Title and text are the question; what is asked in the post after that comes with them."""
    forum, anna = of_forum(bot), bot.discord.user("Anna")
    post = anna.posts(forum, "Refunds", "How long do they take?")
    await bot.settled()
    [answer] = bot.discord.answers(post)
    assert "30 days" in readable(answer)
    anna.says(post, "And for contractors?")
    await bot.settled()
    first, second = bot.assistant.questions
    assert first.text == "Refunds\n\nHow long do they take?"
    assert first.thread == second.thread == post.id
    assert first.principal.channel == forum.id
    assert second.turns[0].text == first.text


async def test_posts_with_the_tags_that_are_set_are_answered(bot: Any) -> None:
    """By name or id, in any case; others are not, unless they mention the bot."""
    forum, anna = of_forum(bot, tags=["Question"]), bot.discord.user("Anna")
    anna.posts(forum, "Refunds", "How long do they take?", tags=["question"])
    anna.posts(forum, "Lunch", "What is there?", tags=["idea"])
    anna.posts(forum, "Tea", "Where is it?")
    await bot.settled()
    assert texts(bot) == ["Refunds\n\nHow long do they take?"]
    bot.configure(channels=[{"platform": "discord", "id": forum.id, "tags": [forum.tag("idea").id]}])
    anna.posts(forum, "Dinner", "What is there?", tags=["idea"])
    anna.posts(forum, "Cake", f"{bot.discord.mention} What is there?")
    await bot.settled()
    assert sorted(texts(bot)[1:]) == ["Cake\n\nWhat is there?", "Dinner\n\nWhat is there?"]


async def test_posts_are_left_alone_where_that_is_set(bot: Any) -> None:
    of_forum(bot, posts=False)
    post = bot.discord.user("Anna").posts("questions", "Refunds", "How long do they take?")
    await bot.settled()
    assert not bot.discord.answers(post)


async def test_other_people_s_words_in_a_post_are_no_post(bot: Any) -> None:
    of_forum(bot, tags=["idea"])
    post = bot.discord.user("Anna").posts("questions", "Refunds", "How long do they take?")
    bot.discord.user("Ben").says(post, "How long indeed?")
    await bot.settled()
    assert not bot.assistant.questions


@pytest.fixture
async def blind(bench: Any) -> Any:
    """A bot whose application may not read messages that do not mention it."""
    bench.discord.without_message_content()
    bench.client._connection._intents.message_content = False
    assert not discord.Intents(bench.client.intents.value).message_content
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell)
    return bench


async def test_without_message_content_mentions_replies_posts_and_direct_messages_are_answered(
    blind: Any,
) -> None:
    """Of a post the title alone is known."""
    anna = blind.discord.user("Anna")
    _, [answer] = await blind.asked()
    anna.replies(answer, "And for contractors?")
    await blind.settled()
    anna.writes("Who is the boss?")
    anna.posts(blind.discord.forum("questions"), "How long do refunds take?", "I wonder.")
    await blind.settled()
    assert sorted(texts(blind)) == [
        "And for contractors?",
        "How long do refunds take?",
        "How long do refunds take?",
        "Who is the boss?",
    ]


async def test_without_message_content_an_empty_text_is_no_question(blind: Any) -> None:
    """Neither in a channel that answers by itself nor in a thread that the bot answered in."""
    channel = blind.discord.channel("help")
    blind.configure(channels=[{"platform": "discord", "id": channel.id, "auto_answer": 0.1}])
    anna = blind.discord.user("Anna")
    thread = anna.starts_thread("help", "Refunds")
    anna.asks("help", "How long do refunds take?", thread)
    anna.says("help", "How long do refunds take?")
    await blind.settled()
    said = anna.says("help", "And for contractors?", thread)
    await blind.settled()
    anna.edits(said, "And for them?")
    await blind.settled()
    assert len(blind.assistant.questions) == 1
    assert len(blind.discord.messages("help")) == 1
