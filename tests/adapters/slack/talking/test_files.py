"""Files in a direct message can be asked about."""

from __future__ import annotations

from typing import Any

from rag_core.errors import DocumentError
from tests.servers.slack import readable

TEXT = ("rules.txt", b"Refunds take 30 days.")


async def test_a_file_comes_with_the_question_and_with_those_after_it(bot: Any) -> None:
    """Fetched once; its citation opens the file in Slack."""
    anna = bot.slack.user("U0ANNA")
    anna.writes("How long do refunds take?", files=[TEXT])
    await bot.settled()
    anna.writes("And in Vienna?")
    await bot.settled()
    first, second = (question.attached for question in bot.assistant.questions)
    assert [one.title for one in first] == ["rules.txt"]
    assert first == second
    assert first[0].url.startswith("https://test.slack.com/files/")
    assert first[0].id.startswith("slack:F")
    assert bot.assistant.read == ["rules.txt"]
    assert first[0].passages[0].text == "Refunds take 30 days."


async def test_a_file_in_a_thread_is_read_for_that_thread(bot: Any) -> None:
    anna = bot.slack.user("U0ANNA")
    root = anna.writes("", files=[TEXT])
    await bot.settled()
    [asking] = bot.slack.answers(anna.dm)
    assert "know about it" in readable(asking)
    assert not bot.assistant.questions
    anna.writes("How long do refunds take?", thread=root)
    await bot.settled()
    anna.writes("Who is the boss?", thread=anna.writes("Something else?"))
    await bot.settled()
    by_text = {question.text: question.attached for question in bot.assistant.questions}
    assert len(by_text["How long do refunds take?"]) == 1
    assert by_text["Who is the boss?"] == ()


async def test_files_in_channels_are_not_read(bot: Any) -> None:
    bot.slack.user("U0ANNA").asks("C0HELP", "How long do refunds take?", files=[TEXT])
    await bot.settled()
    assert bot.assistant.questions[0].attached == ()
    assert not bot.assistant.files


async def test_a_file_that_cannot_be_read_is_told_so(bot: Any) -> None:
    bot.assistant.refuse_files = DocumentError("is damaged", "file-unreadable", name="rules.pdf")
    anna = bot.slack.user("U0ANNA")
    anna.writes("How long do refunds take?", files=[("rules.pdf", b"%PDF")])
    await bot.settled()
    [told] = bot.slack.answers(anna.dm)
    assert "could not read rules.pdf" in readable(told)
    assert not bot.assistant.questions


async def test_a_file_that_slack_does_not_hand_out_is_told_so(bot: Any) -> None:
    """Without the scope Slack shows its page to sign in."""
    bot.slack.set_scopes(*(set(bot.slack._scopes) - {"files:read"}))
    anna = bot.slack.user("U0ANNA")
    anna.writes("How long do refunds take?", files=[TEXT])
    await bot.settled()
    assert "may not open files" in readable(bot.slack.answers(anna.dm)[0])


async def test_a_file_that_slack_describes_elsewhere_is_looked_up(bot: Any) -> None:
    """In channels shared between workspaces an event says no more than the file's id."""
    anna = bot.slack.user("U0ANNA")
    file = anna.uploads(*TEXT)
    channel = anna.dm
    described = {"id": file.id, "file_access": "check_file_info"}
    stamp = bot.slack.inside(lambda world: world.state.next_ts())
    event = {
        "type": "message",
        "subtype": "file_share",
        "channel": channel,
        "channel_type": "im",
        "user": "U0ANNA",
    }
    bot.slack.send_event({**event, "text": "How long?", "ts": stamp, "files": [described]}, channel=channel)
    await bot.settled()
    assert [one.title for one in bot.assistant.questions[0].attached] == ["rules.txt"]
