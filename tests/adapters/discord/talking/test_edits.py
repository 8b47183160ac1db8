"""Questions that are edited or deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from rag_core.records.tables import answers
from tests.fakes import Written, an_answer
from tests.servers.discord import readable

LONG = "\n\n".join(f"Paragraph {n}: " + "word " * 200 for n in range(8))


async def asked_by_anna(bot: Any, text: str = "How long do refunds take?") -> tuple[Any, Any]:
    anna = bot.discord.user("Anna")
    asked = anna.asks("help", text)
    await bot.settled()
    return anna, asked


def mentioning(bot: Any, text: str) -> str:
    return f"{bot.discord.mention} {text}"


async def rows(bot: Any, asked: Any) -> Any:
    return await bot.postings.of_question("discord", asked.channel, asked.id)


async def test_an_edited_question_has_its_answer_replaced(bot: Any) -> None:
    bot.assistant.script = [an_answer("one"), an_answer("two", text="Within 14 days [1].")]
    anna, asked = await asked_by_anna(bot)
    [first] = bot.discord.answers("help")
    anna.edits(asked, mentioning(bot, "How long do refunds take in Vienna?"))
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert answer.id == first.id
    assert "14 days" in readable(answer)
    assert bot.assistant.questions[1].text == "How long do refunds take in Vienna?"
    assert [row.answer_id for row in await rows(bot, asked)] == ["two"]


async def test_a_shorter_answer_leaves_nothing_of_the_longer(bot: Any) -> None:
    bot.assistant.script = [an_answer("long", text=LONG), an_answer("short")]
    anna, asked = await asked_by_anna(bot)
    assert len(bot.discord.answers("help")) > 1
    anna.edits(asked, mentioning(bot, "How long?"))
    await bot.settled()
    assert len(bot.discord.answers("help")) == len(await rows(bot, asked)) == 1


async def test_the_answer_stays_where_the_work_on_a_better_one_is_broken_off(bot: Any) -> None:
    """As when the process stops: the next one goes on."""
    bot.assistant.script = [an_answer("one"), Written(["Slowly "], an_answer("two"), pause_s=30)]
    anna, asked = await asked_by_anna(bot)
    anna.edits(asked, mentioning(bot, "How long do refunds take in Vienna?"))
    await bot.discord.until(lambda: len(bot.assistant.questions) == 2)
    await bot.inbox.close(0)
    [answer] = bot.discord.answers("help")
    assert "30 days" in readable(answer)
    assert [row.answer_id for row in await rows(bot, asked)] == ["one"]


async def test_an_edit_while_it_is_answered_begins_anew(bot: Any) -> None:
    """The work on the first wording is given up, and one answer is shown."""
    bot.assistant.script = [Written(["Slowly "], an_answer("slow"), pause_s=30), an_answer("fast")]
    anna = bot.discord.user("Anna")
    asked = anna.asks("help", "How long do refnuds take?")
    await bot.discord.until(lambda: bot.assistant.questions)
    anna.edits(asked, mentioning(bot, "How long do refunds take?"))
    await bot.settled()
    assert bot.assistant.cancelled.is_set()
    assert len(bot.discord.answers("help")) == 1
    assert [row.answer_id for row in await rows(bot, asked)] == ["fast"]


@pytest.mark.parametrize("deleted", [False, True])
async def test_what_was_sent_by_work_that_is_broken_off_is_found(bot: Any, deleted: bool) -> None:
    """The rest of a long answer was still to come: nothing was remembered of its beginning."""
    bot.assistant.script = [an_answer("long", text=LONG), an_answer("short")]
    anna = bot.discord.user("Anna")
    bot.discord.slow("POST /channels/{id}/messages", 1.0)
    asked = anna.asks("help", "How long do refnuds take?")
    await bot.discord.until(lambda: bot.discord.answers("help"))
    if deleted:
        anna.deletes(asked)
    else:
        anna.edits(asked, mentioning(bot, "How long do refunds take?"))
    bot.discord.heal()
    await bot.settled()
    assert len(bot.discord.answers("help")) == len(await rows(bot, asked)) == (0 if deleted else 1)


async def test_an_edit_that_mentions_the_bot_asks(bot: Any) -> None:
    anna = bot.discord.user("Anna")
    said = anna.says("help", "How long do refunds take?")
    await bot.settled()
    anna.edits(said, mentioning(bot, "How long do refunds take?"))
    await bot.settled()
    [answer] = bot.discord.answers("help")
    assert answer.referenced is said


async def test_an_edit_counts_as_written_when_it_was_made(bot: Any) -> None:
    """However old the message is."""
    bot.discord.world.clock.advance(-3600)
    bot.discord.inside(lambda world: setattr(world.state, "_last", 0))
    anna = bot.discord.user("Anna")
    said = anna.says("help", "How long do refunds take?")
    await bot.settled()
    bot.discord.world.clock.advance(3600)
    anna.edits(said, mentioning(bot, "How long do refunds take?"))
    await bot.settled()
    assert "30 days" in readable(bot.discord.answers("help")[0])


async def test_an_edit_of_what_was_not_for_the_bot_asks_nothing(bot: Any) -> None:
    """Nor does one that changes the form alone, or that comes after a day, or a preview that unfolds."""
    anna, asked = await asked_by_anna(bot)
    said = anna.says("help", "Good mroning")
    anna.edits(said, "Good morning?")
    anna.edits(asked, f"{bot.discord.mention}  How long do  refunds take?")
    bot.discord.inside(lambda world: world.change(asked, lambda m: m.embeds.append({}), is_edit=False))
    await bot.settled()
    async with bot.database.begin() as connection:
        before = datetime.now(UTC) - timedelta(days=2)
        await connection.execute(update(answers).values(created_at=before))
    anna.edits(asked, mentioning(bot, "How long do refunds take today?"))
    await bot.settled()
    assert len(bot.assistant.questions) == 1


async def test_an_answer_that_nobody_asked_for_goes_if_it_is_no_longer_sure(bot: Any) -> None:
    channel = bot.discord.channel("help")
    bot.configure(channels=[{"platform": "discord", "id": channel.id, "auto_answer": 0.6}])
    bot.assistant.script = [an_answer("sure"), an_answer("unsure", confidence=0.2)]
    anna = bot.discord.user("Anna")
    said = anna.says("help", "How long do refunds take?")
    await bot.settled()
    assert len(bot.discord.answers("help")) == 1
    anna.edits(said, "How long do refunds to the moon take?")
    await bot.settled()
    assert not bot.discord.answers("help")
    assert not await rows(bot, said)


async def test_the_answer_to_a_deleted_question_goes(bot: Any) -> None:
    """All parts of it; in direct messages, too."""
    bot.assistant.script = [an_answer("long", text=LONG), an_answer("short")]
    anna, asked = await asked_by_anna(bot)
    direct = anna.writes("How long do refunds take?")
    await bot.settled()
    anna.deletes(asked)
    anna.deletes(direct)
    await bot.settled()
    assert not bot.discord.answers("help")
    assert not bot.discord.answers(anna.dm)
    assert not await rows(bot, asked)


async def test_the_answers_to_questions_deleted_in_bulk_go(bot: Any) -> None:
    anna, first = await asked_by_anna(bot)
    second = anna.asks("help", "And in Vienna?")
    await bot.settled()
    ids = [first.id, second.id]
    where = {"channel_id": first.channel, "guild_id": bot.discord.main_guild.id}
    bot.discord.send_raw("MESSAGE_DELETE_BULK", {"ids": ids, **where})
    await bot.settled()
    assert not bot.discord.answers("help")


async def test_a_question_deleted_while_it_is_answered_is_not_answered(bot: Any) -> None:
    bot.assistant.script = [Written(["Slowly "], an_answer("slow"), pause_s=30)]
    anna = bot.discord.user("Anna")
    asked = anna.asks("help", "How long do refunds take?")
    await bot.discord.until(lambda: bot.assistant.questions)
    anna.deletes(asked)
    await bot.settled()
    assert bot.assistant.cancelled.is_set()
    assert not bot.discord.answers("help")


async def test_an_answer_that_somebody_deletes_is_forgotten(bot: Any) -> None:
    """A message of ours is no longer one that a reaction votes on."""
    anna, asked = await asked_by_anna(bot)
    [answer] = bot.discord.answers("help")
    anna.deletes(answer)
    await bot.settled()
    assert not await rows(bot, asked)


async def test_who_keeps_drafts_is_told_of_a_question_that_is_deleted(bench: Any) -> None:
    told = []

    async def question_deleted(received: Any, channel: str, message: str) -> None:
        told.append((channel, message))

    await bench.start(*bench.talking(question_deleted=question_deleted).parts)
    anna, asked = await asked_by_anna(bench)
    anna.deletes(asked)
    await bench.settled()
    assert (asked.channel, asked.id) in told


async def test_a_deleted_or_edited_turn_counts_as_it_is_now(bot: Any) -> None:
    anna, ben = bot.discord.user("Anna"), bot.discord.user("Ben")
    thread = anna.starts_thread("help", "Refunds")
    gone = ben.says("help", "Nonsense.", thread)
    changed = ben.says("help", "In Vienan.", thread)
    ben.deletes(gone)
    ben.edits(changed, "In Vienna.")
    anna.asks("help", "How long there?", thread)
    await bot.settled()
    assert [turn.text for turn in bot.assistant.questions[-1].turns] == ["In Vienna."]
