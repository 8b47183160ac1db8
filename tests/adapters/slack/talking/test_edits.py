"""Questions that are edited or deleted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.fakes import Written, an_answer
from tests.servers.slack import readable

HELP = "C0HELP"


async def asked_by_anna(bot: Any, text: str = "How long do refunds take?") -> Any:
    asked = bot.slack.user("U0ANNA").asks(HELP, text)
    await bot.settled()
    return asked


def mentioning(bot: Any, text: str) -> str:
    return f"{bot.slack.mention} {text}"


async def test_an_edited_question_has_its_answer_replaced(bot: Any) -> None:
    bot.assistant.script = [an_answer("one"), an_answer("two", text="Within 14 days [1].")]
    anna, asked = bot.slack.user("U0ANNA"), await asked_by_anna(bot)
    [first] = bot.slack.answers(HELP, asked)
    anna.edits(asked, mentioning(bot, "How long do refunds take in Vienna?"))
    await bot.settled()
    [answer] = bot.slack.answers(HELP, asked)
    assert answer.ts == first.ts
    assert "14 days" in readable(answer)
    assert [q.text for q in bot.assistant.questions][1] == "How long do refunds take in Vienna?"
    assert [row.answer_id for row in await bot.postings.of_question("slack", HELP, asked.ts)] == ["two"]


async def test_a_shorter_answer_leaves_nothing_of_the_longer(bot: Any) -> None:
    long = "\n\n".join(f"Paragraph {n}: " + "word " * 200 for n in range(40))
    bot.assistant.script = [an_answer("long", text=long), an_answer("short")]
    anna, asked = bot.slack.user("U0ANNA"), await asked_by_anna(bot)
    assert len(bot.slack.answers(HELP, asked)) > 1
    anna.edits(asked, mentioning(bot, "How long?"))
    await bot.settled()
    assert len(bot.slack.answers(HELP, asked)) == 1
    assert len(await bot.postings.of_question("slack", HELP, asked.ts)) == 1


async def test_the_answer_stays_where_the_work_on_a_better_one_is_broken_off(bot: Any) -> None:
    """As when the process stops: the next one goes on."""
    bot.assistant.script = [an_answer("one"), Written(["Slowly "], an_answer("two"), pause_s=30)]
    anna, asked = bot.slack.user("U0ANNA"), await asked_by_anna(bot)
    anna.edits(asked, mentioning(bot, "How long do refunds take in Vienna?"))
    await bot.slack.until(lambda: len(bot.assistant.questions) == 2)
    await bot.inbox.close(0)
    [answer] = bot.slack.answers(HELP, asked)
    assert "30 days" in readable(answer)
    assert [row.answer_id for row in await bot.postings.of_question("slack", HELP, asked.ts)] == ["one"]
    assert not asked.reactions


async def test_an_edit_while_it_is_answered_begins_anew(bot: Any) -> None:
    """The work on the first wording is given up, and one answer is shown."""
    bot.assistant.script = [Written(["Slowly "], an_answer("slow"), pause_s=30), an_answer("fast")]
    anna = bot.slack.user("U0ANNA")
    asked = anna.asks(HELP, "How long do refnuds take?")
    await bot.slack.until(lambda: bot.assistant.questions)
    anna.edits(asked, mentioning(bot, "How long do refunds take?"))
    await bot.settled()
    assert bot.assistant.cancelled.is_set()
    assert len(bot.slack.answers(HELP, asked)) == 1
    assert [row.answer_id for row in await bot.postings.of_question("slack", HELP, asked.ts)] == ["fast"]
    assert not asked.reactions


@pytest.mark.parametrize("deleted", [False, True])
async def test_what_was_posted_by_work_that_is_broken_off_is_found(bot: Any, deleted: bool) -> None:
    """The rest of a long answer was still to come: nothing was remembered of its beginning."""
    long = "\n\n".join(f"Paragraph {n}: " + "word " * 200 for n in range(40))
    bot.assistant.script = [an_answer("long", text=long), an_answer("short")]
    bot.slack.pace("chat.postMessage", 60)
    anna = bot.slack.user("U0ANNA")
    asked = anna.asks(HELP, "How long do refnuds take?")
    await bot.slack.until(lambda: bot.slack.answers(HELP, asked))
    if deleted:
        anna.deletes(asked)
    else:
        anna.edits(asked, mentioning(bot, "How long do refunds take?"))
    bot.slack.heal()
    await bot.settled()
    rows = await bot.postings.of_question("slack", HELP, asked.ts)
    assert len(bot.slack.answers(HELP, asked)) == len(rows) == (0 if deleted else 1)


async def test_an_edit_that_mentions_the_bot_asks(bot: Any) -> None:
    anna = bot.slack.user("U0ANNA")
    said = anna.says(HELP, "How long do refunds take?")
    await bot.settled()
    anna.edits(said, mentioning(bot, "How long do refunds take?"))
    await bot.settled()
    assert len(bot.slack.answers(HELP, said)) == 1


async def test_an_edit_that_comes_as_a_mention_too_is_answered_once(bot: Any) -> None:
    """Of a message that the bot had not heard of: the edit and the mention have keys of their own."""
    anna, slack = bot.slack.user("U0ANNA"), bot.slack
    slack.subscribe("none")
    said = anna.says(HELP, "How long do refunds take?")
    slack.subscribe("message", "app_mention")
    anna.edits(said, mentioning(bot, "How long do refunds take?"))
    await bot.settled()
    event = {"type": "app_mention", "user": "U0ANNA", "text": said.text, "ts": said.ts, "channel": HELP}
    slack.send_event({**event, "edited": {"user": "U0ANNA", "ts": said.ts}}, channel=HELP)
    await bot.settled()
    assert len(slack.answers(HELP, said)) == 1
    assert len(bot.assistant.questions) == 1


async def test_an_edit_of_what_was_not_for_the_bot_asks_nothing(bot: Any) -> None:
    """Nor does one that changes the form alone, or that comes after a day."""
    anna, asked = bot.slack.user("U0ANNA"), await asked_by_anna(bot)
    said = anna.says(HELP, "Good mroning")
    anna.edits(said, "Good morning?")
    anna.edits(asked, f"{bot.slack.mention}  How long do refunds take?")
    await bot.settled()
    bot.slack.world.clock.advance(90_000)
    anna.edits(asked, mentioning(bot, "How long do refunds take today?"))
    await bot.settled()
    assert len(bot.assistant.questions) == 1


async def test_an_answer_that_nobody_asked_for_goes_if_it_is_no_longer_sure(bot: Any) -> None:
    bot.configure(channels=[{"platform": "slack", "id": HELP, "auto_answer": 0.6}])
    bot.assistant.script = [an_answer("sure"), an_answer("unsure", confidence=0.2)]
    anna = bot.slack.user("U0ANNA")
    said = anna.says(HELP, "How long do refunds take?")
    await bot.settled()
    assert len(bot.slack.answers(HELP, said)) == 1
    anna.edits(said, "How long do refunds to the moon take?")
    await bot.settled()
    assert not bot.slack.answers(HELP, said)
    assert not await bot.postings.of_question("slack", HELP, said.ts)


async def test_the_answer_to_a_deleted_question_goes(bot: Any) -> None:
    """All parts of it, and what worked on it stops; a message with replies leaves a stone behind, which is none."""
    anna, asked = bot.slack.user("U0ANNA"), await asked_by_anna(bot)
    direct = anna.writes("How long do refunds take?")
    await bot.settled()
    anna.deletes(asked)
    anna.deletes(direct)
    await bot.settled()
    assert not bot.slack.answers(HELP, asked)
    assert not bot.slack.answers(anna.dm)
    assert not await bot.postings.of_question("slack", HELP, asked.ts)


async def test_a_question_deleted_while_it_is_answered_is_not_answered(bot: Any) -> None:
    bot.assistant.script = [Written(["Slowly "], an_answer("slow"), pause_s=30)]
    anna = bot.slack.user("U0ANNA")
    asked = anna.asks(HELP, "How long do refunds take?")
    await bot.slack.until(lambda: bot.assistant.questions)
    anna.deletes(asked)
    await bot.settled()
    assert bot.assistant.cancelled.is_set()
    assert not bot.slack.answers(HELP, asked)


async def test_a_question_deleted_while_its_edit_is_answered_has_no_answer(bot: Any) -> None:
    """The edit's work is broken off as the question's own would be."""
    asked, [_] = await bot.asked()
    bot.assistant.script = [Written([], an_answer(), pause_s=5.0)]
    anna = bot.slack.user("U0ANNA")
    anna.edits(asked, f"{bot.slack.mention} How long do claims take?")
    await bot.slack.until(lambda: len(bot.assistant.questions) == 2)
    anna.deletes(asked)
    await bot.settled(4)
    assert bot.slack.answers("C0HELP", asked) == []


async def test_an_answer_that_somebody_deletes_is_forgotten(bot: Any) -> None:
    """A message of ours is no longer one that a reaction votes on."""
    asked = await asked_by_anna(bot)
    [answer] = bot.slack.answers(HELP, asked)
    bot.slack.user("U0ADMIN").deletes(answer)
    await bot.settled()
    assert await bot.postings.of_message("slack", HELP, answer.ts) is None


async def test_a_deleted_or_edited_turn_counts_as_it_is_now(bot: Any) -> None:
    asked = await asked_by_anna(bot)
    anna, ben = bot.slack.user("U0ANNA"), bot.slack.user("U0BEN")
    gone = ben.says(HELP, "Nonsense.", thread=asked)
    changed = ben.says(HELP, "In Vienan.", thread=asked)
    ben.deletes(gone)
    ben.edits(changed, "In Vienna.")
    await bot.settled()
    anna.asks(HELP, "And there?", thread=asked)
    await bot.settled()
    assert [t.text for t in bot.assistant.questions[-1].turns if t.role == "user"][1:] == ["In Vienna."]
    await asyncio.sleep(0)
