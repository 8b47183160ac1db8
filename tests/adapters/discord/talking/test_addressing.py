"""What a message says, and to whom, by what Discord says of it."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.discord.places import Place
from adapters.discord.talking.addressing import is_written, message_of, readable

BOT, ROLE, HELP = "100", "200", Place("1", guild="9")


def raw(content: str = "", **more: Any) -> dict[str, Any]:
    return {"id": "5", "type": 0, "channel_id": "1", "author": {"id": "7"}, "content": content, **more}


@pytest.mark.parametrize(
    ("content", "bot", "others"),
    [
        ("<@100> how?", True, False),
        ("<@!100> how?", True, False),
        ("<@&200> how?", True, False),
        ("<@101> how?", False, True),
        ("<@100> and <@101>, how?", True, True),
        ("<@&201> how?", False, True),
        ("@everyone how?", False, True),
        ("@here", False, True),
        ("a@here.example and foo@everyone", False, False),
        ("`<@100>` how?", False, False),
        ("``a ` <@100>`` how?", False, False),
        ("```\n<@100> @everyone\n``` how?", False, False),
        ("a ` and <@100> how?", True, False),
        ("how?", False, False),
        ("", False, False),
    ],
)
def test_whom_a_message_calls_stands_in_its_words_outside_code(content: str, bot: bool, others: bool) -> None:
    message = message_of(raw(content), HELP, BOT, ROLE)
    assert (message.mentions_bot, message.mentions_others) == (bot, others)


def test_a_reply_names_what_it_replies_to_and_calls_its_author() -> None:
    """What passes a message on, or was published from another channel, is none."""
    reply = raw("how?", type=19, mentions=[{"id": BOT}], referenced_message=raw(author={"id": BOT}))
    message = message_of({**reply, "message_reference": {"message_id": "4", "channel_id": "1"}}, HELP, BOT)
    assert (message.reply_to, message.reply_by, message.pings_bot) == ("4", BOT, True)
    assert not message.mentions_bot
    for reference in ({"type": 1, "message_id": "4"}, {"message_id": "4", "channel_id": "2"}):
        assert not message_of(raw("how?", message_reference=reference), HELP, BOT).reply_to


def test_without_a_bot_s_id_nobody_is_the_bot() -> None:
    assert not message_of(raw("<@> <@&> how?"), HELP, "").mentions_bot


def test_words_that_are_passed_on_count_where_there_are_no_others() -> None:
    passed_on = {"message_snapshots": [{"message": {"content": "How long?"}}]}
    assert message_of(raw("", **passed_on), HELP, BOT).text == "How long?"
    assert message_of(raw("And this?", **passed_on), HELP, BOT).text == "And this?"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<@100>, how long?", "how long?"),
        ("<@&200> - how long?", "how long?"),
        ("how, <@100>?", "how, ?"),
        ("<@7> and <@8>", "@Ann and @someone"),
        ("in <#3>, not <#4>", "in #sales, not #channel"),
        ("<a:wave:1> </ask:22> <https://x.example>", ":wave: /ask https://x.example"),
        ("<t:0> <t:99999999999:R>", "1970-01-01 00:00 UTC 5138-11-16 09:46 UTC"),
        ("<t:999999999999>", "999999999999"),
        ("a < b and <b>", "a < b and <b>"),
    ],
)
def test_a_message_is_read_without_discord_s_signs(text: str, shown: str) -> None:
    assert readable(text, {BOT, ROLE}, {"7": "Ann", "3": "sales"}) == shown


@pytest.mark.parametrize(
    "more",
    [
        {"author": {"id": "7", "bot": True}},
        {"webhook_id": "3"},
        {"type": 7},
        {"type": 21},
        {"author": {}},
    ],
)
def test_what_no_person_wrote_is_not_looked_at(more: dict[str, Any]) -> None:
    assert is_written(raw("how?"))
    assert not is_written(raw("how?", **more))
