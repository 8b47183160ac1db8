"""What Discord's refusals are taken for, and what their sentences hold."""

from __future__ import annotations

import pytest

from adapters.discord.rest.errors import (
    DiscordRefusal,
    NotSent,
    PlaceClosed,
    TokenGone,
    Vanished,
    form_refused,
    refusal,
)

CALL = "POST /channels/{channel_id}/messages"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, 0, TokenGone),
        (401, 50014, TokenGone),
        (401, 50027, Vanished),
        (404, 10015, Vanished),
        (404, 10062, Vanished),
        (404, 10008, Vanished),
        (403, 50001, PlaceClosed),
        (403, 50013, PlaceClosed),
        (403, 50007, PlaceClosed),
        (404, 10003, PlaceClosed),
        (400, 160005, PlaceClosed),
        (400, 50035, DiscordRefusal),
        (400, 40060, DiscordRefusal),
        (403, 130000, NotSent),
    ],
)
def test_each_code_means_what_can_be_done_about_it(status: int, code: int, kind: type[Exception]) -> None:
    """An interaction's expired token is no word about the bot's, although both are a 401."""
    assert type(refusal(CALL, status, {"code": code, "message": "x"})) is kind


def test_a_401_to_a_call_without_the_bots_token_says_nothing_about_it() -> None:
    """Calls that belong to interactions carry none."""
    assert type(refusal(CALL, 401, {"code": 0}, signed=False)) is DiscordRefusal


def test_a_403_that_is_not_discords_own_may_be_over_soon() -> None:
    """Something before Discord refuses, such as Cloudflare or a proxy: nothing was done."""
    assert type(refusal(CALL, 403, None)) is NotSent


def test_the_sentence_names_the_fields_that_are_wrong_and_repeats_no_words() -> None:
    """Discord's texts may hold what people wrote."""
    reply = {
        "code": 50035,
        "message": "Invalid Form Body: secret words",
        "errors": {
            "embeds": {
                "0": {
                    "title": {
                        "_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "secret words are too long"}]
                    }
                }
            },
            "Secret words": {"_errors": [{"code": "secret words", "message": "secret words"}]},
        },
    }
    error = refusal(CALL, 400, reply)

    assert str(error) == f"Discord refused {CALL}: 400, code 50035 (embeds.0.title BASE_TYPE_MAX_LENGTH)"
    assert isinstance(error, DiscordRefusal)
    assert form_refused(error)


@pytest.mark.parametrize("reply", [[], "words", None, {"code": "x"}, {"errors": 3}, {"errors": {"a": [1]}}])
def test_replies_of_any_shape_are_refusals(reply: object) -> None:
    """Nothing breaks on what was never seen."""
    assert isinstance(refusal(CALL, 400, reply), DiscordRefusal)
