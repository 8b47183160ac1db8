"""What Discord's gateway refuses for good, as exceptions: by the code that it closes a connection with."""

from __future__ import annotations

from rag_core.errors import SettingsError

__all__ = [
    "FRESH",
    "GatewayRefusal",
    "IntentsRefused",
    "ShardsRefused",
    "TokenRefused",
    "refusal",
    "token_refused",
]

FRESH = frozenset({4007, 4009})
"""A resume that is closed so is not tried again: its sequence was wrong, or the session had timed out."""


class GatewayRefusal(Exception):
    """Connecting again in the same way would be refused again. code: Discord's."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class TokenRefused(GatewayRefusal):
    """4004."""


class ShardsRefused(GatewayRefusal):
    """4010 and 4011: another number of shards is needed."""


class IntentsRefused(GatewayRefusal):
    """4014: an intent that the application does not have."""


def refusal(code: int) -> GatewayRefusal | None:
    """None: it may be tried again."""
    if code == 4004:
        return TokenRefused(code, "Discord refuses the bot's token")
    if code in (4010, 4011):
        return ShardsRefused(code, "Discord wants the bot's connection split into another number of shards")
    if code == 4014:
        return IntentsRefused(code, "Discord refuses a privileged intent")
    if code == 4012:
        return GatewayRefusal(
            code, "Discord does not speak this version of its gateway any more: upgrade answerloop"
        )
    if code == 4013:
        return GatewayRefusal(
            code, "Discord does not know an intent that the bot asks for: upgrade answerloop"
        )
    return None


def token_refused(once_taken: bool) -> SettingsError:
    """once_taken: it worked before."""
    if once_taken:
        return SettingsError(
            "Discord takes the bot's token no more: it was reset, or the bot was deleted. Set DISCORD_BOT_TOKEN to the new "
            "one (docs/discord.md tells where to find it) and start again."
        )
    return SettingsError(
        "Discord refuses DISCORD_BOT_TOKEN: docs/discord.md tells where to find the right one."
    )
