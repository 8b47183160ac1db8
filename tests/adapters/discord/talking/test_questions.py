"""What people ask the bot, what is none of its business, and what a channel can have set."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import Written, an_answer
from tests.servers.discord import pings, readable


def texts(bot: Any) -> list[str]:
    return [question.text for question in bot.assistant.questions]


def of_channel(bot: Any, name: str = "help", **values: Any) -> None:
    """Have this set for a channel, as in the settings file."""
    channel = bot.discord.channel(name)
    bot.configure(channels=[{"platform": "discord", "id": channel.id, **values}])


async def test_a_mention_is_answered_once_by_a_reply(bot: Any) -> None:
    """The reply calls nobody; which message shows which answer is kept under the channel's and messages' ids."""
    asked, [answer] = await bot.asked()
    assert "within 30 days" in readable(answer)
    assert texts(bot) == ["How long do refunds take?"]
    assert answer.referenced is asked
    assert not pings(answer)
    assert bot.discord.calls("POST /channels/{id}/typing")
    where = bot.discord.channel("help").id
    [posting] = await bot.postings.of_question("discord", where, asked.id)
    assert (posting.answer_id, posting.user_id, posting.thread) == ("a1", asked.author, asked.id)
    assert (posting.message, posting.workspace) == (answer.id, bot.discord.main_guild.id)


@pytest.mark.parametrize("streaming", [True, False])
async def test_an_answer_is_shown_while_it_is_written_unless_that_is_turned_off(
    bot: Any, streaming: bool
) -> None:
    bot.configure(discord={"streaming": streaming})
    bot.assistant.script = [Written(["Within 30 days. "], an_answer(), pause_s=1.5)]
    _, [answer] = await bot.asked()
    assert bool(answer.edits) is streaming
    assert "30 days" in readable(answer)


async def test_an_event_that_comes_twice_gives_one_answer(bot: Any) -> None:
    bot.discord.duplicate("MESSAGE_CREATE")
    _, answers = await bot.asked()
    assert len(answers) == len(bot.assistant.questions) == 1


async def test_a_direct_message_is_answered_for_this_person_alone(bot: Any) -> None:
    """In the direct messages, which are one conversation; roles are those of the servers that both are in."""
    anna = bot.discord.user("Anna", roles=["Sales"])
    anna.writes("How long do refunds take?")
    await bot.settled()
    anna.writes("And in Vienna?")
    await bot.settled()
    assert len(bot.discord.answers(anna.dm)) == 2
    first, second = bot.assistant.questions
    assert (first.principal.direct, first.principal.workspace, first.thread) == (True, "", anna.dm.id)
    assert bot.discord.role("Sales").id in first.principal.roles
    assert [(turn.role, turn.answer) for turn in second.turns] == [("user", ""), ("assistant", "a1")]


async def test_who_asks_is_known_by_server_channel_and_roles(bot: Any) -> None:
    """A thread counts as its channel where rules name one."""
    anna = bot.discord.user("Anna", roles=["Sales"])
    thread = anna.starts_thread("help", "About refunds")
    anna.asks("help", "How long do refunds take?", thread)
    await bot.settled()
    [question] = bot.assistant.questions
    who = question.principal
    assert (who.platform, who.user, who.direct) == ("discord", anna.id, False)
    assert (who.workspace, who.channel) == (bot.discord.main_guild.id, bot.discord.channel("help").id)
    assert bot.discord.role("Sales").id in who.roles
    assert question.thread == thread.id
    [answer] = bot.discord.answers(thread)
    [posting] = await bot.postings.of_answer("a1")
    assert (posting.channel, posting.message) == (thread.id, answer.id)


async def test_the_role_that_is_the_bot_s_own_calls_it_too(bot: Any) -> None:
    """A click in the list of suggestions gives the role as easily as the bot; other roles are other people."""
    own = next(role for role in bot.discord.main_guild.roles.values() if role.tags)
    anna = bot.discord.user("Anna")
    anna.says("help", f"<@&{own.id}> How long do refunds take?")
    anna.says("help", f"<@&{bot.discord.role('Sales').id}> How long do refunds take?")
    await bot.settled()
    assert texts(bot) == ["How long do refunds take?"]


async def test_a_message_is_read_as_a_person_reads_it(bot: Any) -> None:
    """Mentions, channels and roles by their names; emoji, times and links without Discord's signs."""
    ben, sales = bot.discord.user("Ben"), bot.discord.channel("sales")
    role = bot.discord.role("Managers")
    await bot.asked(
        f"what may {ben.mention} of <@&{role.id}> spend in <#{sales.id}> <:money:12345678901234567> "
        "until <t:1700000000:D>, see <https://x.example/a>?"
    )
    assert texts(bot) == [
        "what may @Ben of @Managers spend in #sales :money: until 2023-11-14 22:13 UTC, see https://x.example/a?"
    ]


@pytest.mark.parametrize("text", ["`{0} how long do refunds take?`", "```\n{0} how long?\n```"])
async def test_a_mention_in_code_calls_nobody(bot: Any, text: str) -> None:
    bot.discord.user("Anna").says("help", text.format(bot.discord.mention))
    await bot.settled()
    assert not bot.assistant.questions


async def test_a_mention_without_a_question_is_told_what_to_do(bot: Any) -> None:
    asked, [said] = await bot.asked("")
    assert "What would you like to know?" in readable(said)
    assert "/ask" in readable(said)
    assert not bot.assistant.questions
    where = bot.discord.channel("help").id
    assert (await bot.postings.of_question("discord", where, asked.id))[0].kind == "notice"


async def test_a_bare_mention_answers_what_it_replies_to_or_stands_below(bot: Any) -> None:
    """A reply to somebody's words; the latest of a thread; and in a channel the question right above."""
    anna, ben = bot.discord.user("Anna"), bot.discord.user("Ben")
    said = ben.says("help", "The refund for Vienna is late")
    ben.says("help", "Lunch?")
    anna.replies(said, bot.discord.mention)
    await bot.settled()
    thread = ben.starts_thread("help", "Something")
    ben.says("help", "When is the office open?", thread)
    anna.asks("help", "", thread)
    await bot.settled()
    ben.says("talk", "How long do refunds take?")
    anna.asks("talk", "")
    await bot.settled()
    assert texts(bot) == [
        "The refund for Vienna is late",
        "When is the office open?",
        "How long do refunds take?",
    ]


@pytest.mark.parametrize("text", ["help", "Hello!", "What can I ask you?", "Hilfe"])
async def test_who_greets_is_told_how_to_ask(bot: Any, text: str) -> None:
    _, [said] = await bot.asked(text)
    assert "/ask" in readable(said)
    assert not bot.assistant.questions


async def test_bots_and_the_bot_itself_are_left_alone(bot: Any) -> None:
    """No answer, no loop."""
    await bot.asked()
    other = bot.discord.other_bot()
    other.asks("help", "How long do refunds take?")
    other.replies(bot.discord.answers("help")[0], "How long?")
    await bot.settled()
    assert len(bot.assistant.questions) == 1


async def test_what_nobody_asked_the_bot_costs_no_call(bot: Any) -> None:
    """Talk in a channel, replies between people, threads that the bot is not in."""
    anna, ben = bot.discord.user("Anna"), bot.discord.user("Ben")
    calls = len(bot.discord.calls())
    said = anna.says("help", "How long do refunds take?")
    ben.replies(said, "Does anybody know how?")
    thread = anna.starts_thread(said, "Refunds")
    ben.says("help", "How long indeed?", thread)
    await bot.settled()
    assert len(bot.discord.calls()) == calls
    assert not bot.assistant.questions


async def test_an_auto_answer_channel_answers_what_it_is_sure_of(bot: Any) -> None:
    """Questions to nobody, without a sign; silent below the threshold, about remarks, and where others are addressed."""
    of_channel(bot, auto_answer=0.6)
    bot.assistant.script = [
        an_answer("low", confidence=0.5),
        an_answer("no", abstained=True),
        an_answer("yes"),
    ]
    anna, ben = bot.discord.user("Anna"), bot.discord.user("Ben")
    for text in (
        "Lunch was good today.",
        f"{ben.mention} how long do refunds take?",
        "@everyone how long do refunds take?",
        "How long do refunds take?",
        "Who is the queen?",
    ):
        anna.says("help", text)
        await bot.settled()
    assert not bot.discord.answers("help")
    last = anna.says("help", "Where do I file expenses")
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert answer.referenced is last
    assert len(bot.assistant.questions) == 3
    assert not bot.discord.calls("POST /channels/{id}/typing")
    assert not [m for m in bot.discord.channel("help").deleted if m.author == bot.discord.bot.id]


async def test_channel_settings_reach_the_question(bot: Any) -> None:
    """Threads are as the channel that they are in; what names the server holds in all its channels."""
    guild = bot.discord.main_guild.id
    channel = bot.discord.channel("help")
    bot.configure(
        channels=[
            {"platform": "discord", "id": guild, "tone": "brief"},
            {"platform": "discord", "id": channel.id, "scopes": ["public"], "language": "fr"},
        ]
    )
    anna = bot.discord.user("Anna")
    anna.asks("help", "How long do refunds take?", anna.starts_thread("help", "Refunds"))
    await bot.settled()
    [question] = bot.assistant.questions
    assert (question.scopes, question.tone, question.spoken) == (frozenset({"public"}), "brief", "fr")


async def test_whom_the_channel_does_not_admit_is_told_so_alone_and_once(bot: Any) -> None:
    """With a role that is named they are admitted; who asked nobody is told nothing."""
    role = bot.discord.role("Team")
    of_channel(bot, allowed=[role.id], auto_answer=0.1)
    anna, ben = bot.discord.user("Anna"), bot.discord.user("Ben", roles=["Team"])
    anna.says("help", "How long do refunds take?")
    await bot.settled()
    assert not bot.discord.answers(anna.dm)
    for _ in range(2):
        anna.asks("help", "How long do refunds take?")
        await bot.settled()
    [told] = bot.discord.answers(anna.dm)
    assert "may not answer you" in readable(told)
    assert not bot.discord.answers("help")
    ben.asks("help", "How long do refunds take?")
    await bot.settled()
    assert [question.principal.user for question in bot.assistant.questions] == [ben.id]


async def test_a_draft_is_shown_to_nobody_in_the_channel(bot: Any) -> None:
    of_channel(bot, draft=True)
    _, answers = await bot.asked()
    assert not answers
    [(asked, reply)] = bot.proposed
    assert reply.answer.id == "a1"
    assert asked.where == bot.discord.channel("help").id


async def test_a_draft_of_a_direct_message_is_made_of_nothing_private(bot: Any) -> None:
    """Others read it before it is sent: neither what this person alone may read nor their file goes into it."""
    bot.configure(channels=[{"platform": "discord", "draft": True}])
    bot.discord.user("Anna").writes("How long do refunds take?", files=[("rules.txt", b"30 days")])
    await bot.settled()
    [question] = bot.assistant.questions
    assert not question.principal.direct
    assert not question.attached


async def test_the_bot_speaks_the_server_s_language_or_the_person_s(bot: Any) -> None:
    """A server that was never set says nothing; a person's is known once they used a command or a button."""
    french = bot.discord.add_guild("Paris", locale="fr")
    bot.discord.user("Anna", guild=french).asks("aide", "help")
    anna = bot.discord.user("Anna", locale="de")
    anna.asks("help", "help")
    await bot.settled()
    anna.runs("ask", "help", question="help")
    await bot.settled()
    anna.asks("help", "help")
    await bot.settled()
    paris = next(channel for channel in french.channels.values() if channel.name == "aide")
    assert "documents de votre" in readable(bot.discord.answers(paris)[0])
    before, after = bot.discord.answers("help")
    assert "I answer questions" in readable(before)
    assert "Ich beantworte" in readable(after)


async def test_a_forwarded_message_and_a_long_one_are_questions_too(bot: Any) -> None:
    """With Nitro people write 4,000 characters; what is passed on has its words in a copy of the message."""
    anna = bot.discord.user("Anna")
    anna.writes("How long " + "do refunds take " * 240 + "?")
    await bot.settled()
    told = {"content": "How long do refunds take?", "type": 0, "attachments": [], "embeds": [], "flags": 0}
    snapshot = {"message": {**told, "timestamp": "2026-01-01T00:00:00+00:00", "edited_timestamp": None}}
    bot.discord.send_raw(
        "MESSAGE_CREATE",
        {
            **_bare(bot, anna, "", channel=anna.dm.id),
            "message_reference": {"type": 1, "message_id": "1", "channel_id": "2"},
            "message_snapshots": [snapshot],
        },
    )
    await bot.settled()
    long, forwarded = texts(bot)
    assert len(long) > 3_000
    assert forwarded == "How long do refunds take?"


async def test_a_direct_message_with_a_sticker_alone_is_asked_what_it_wants(bot: Any) -> None:
    anna = bot.discord.user("Anna")
    stickers = [{"id": "749054660769218631", "name": "Wave", "format_type": 1}]
    bot.discord.send_raw(
        "MESSAGE_CREATE", {**_bare(bot, anna, "", channel=anna.dm.id), "sticker_items": stickers}
    )
    await bot.settled()
    assert "What would you like to know?" in readable(bot.discord.answers(anna.dm)[0])


async def test_a_channel_that_no_event_described_is_looked_up(bot: Any) -> None:
    """As with a thread that was opened while nobody was connected."""
    anna = bot.discord.user("Anna")
    thread = anna.starts_thread("help", "Refunds")
    await bot.settled()
    for guild in bot.client.guilds:
        guild._threads.clear()
    anna.asks("help", "How long do refunds take?", thread)
    await bot.settled()
    assert len(bot.discord.answers(thread)) == 1
    assert bot.assistant.questions[0].principal.channel == bot.discord.channel("help").id


@pytest.mark.parametrize("told", [True, False])
async def test_a_server_that_is_not_known_now_is_no_direct_message(bot: Any, told: bool) -> None:
    """As after an outage: what its channel is and who asks is looked up; where that fails, others count as reading along."""
    if not told:
        bot.discord.fail("GET /channels/{id}", status=404, code=10_003, times=9)
    anna = bot.discord.user("Anna", roles=["Sales"])
    bot.client._connection._guilds.clear()
    anna.says("help", "Where is the office?")
    anna.asks("help", "How long do refunds take?")
    await bot.settled()
    [question] = bot.assistant.questions
    who = question.principal
    assert not who.direct
    assert (who.workspace, who.channel) == (bot.discord.main_guild.id, bot.discord.channel("help").id)
    assert bot.discord.role("Sales").id in who.roles


def _bare(bot: Any, person: Any, text: str, channel: str) -> dict[str, Any]:
    """A message as little as Discord says of one."""
    return {
        "id": bot.discord.inside(lambda world: world.state.next_id()),
        "channel_id": channel,
        "author": person.user.payload(),
        "content": text,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
    }
