"""How Discord says no.

https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

from typing import Any

__all__ = ["Form", "Refused"]

CODES: dict[int, tuple[int, str]] = {
    0: (404, "404: Not Found"),
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10011: (404, "Unknown Role"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    20028: (429, "The write action you are performing on the channel has hit the write rate limit."),
    30010: (400, "Maximum number of reactions reached (20)"),
    30032: (400, "Maximum number of application commands reached (100)."),
    30033: (400, "Maximum number of thread participants reached (1000)."),
    30034: (400, "Maximum number of daily application command creates has been reached (200)."),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later."),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    40062: (429, "Service resource is being rate limited."),
    40067: (400, "A tag is required to create a forum post in this channel"),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50021: (403, "Cannot execute action on a system message"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    90001: (403, "Reaction was blocked"),
    130000: (503, "API resource is currently overloaded. Try again a little later"),
    160002: (403, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "Thread is locked"),
    160006: (400, "Maximum number of active threads reached"),
}


class Refused(Exception):
    """An error of the REST API: its code, with the status and the message that belong to it unless others are given."""

    def __init__(
        self,
        code: int,
        message: str | None = None,
        *,
        status: int | None = None,
        errors: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        known = CODES.get(code, (400, "Unknown error"))
        self.code = code
        self.status = status or known[0]
        self.message = message or known[1]
        self.errors = errors
        self.headers = headers or {}
        self.extra = extra
        self.body: str | dict[str, Any] | None = None
        """Instead of the JSON that Discord has for it."""
        super().__init__(f"{self.status} {self.code}: {self.message}")

    def answer(self) -> str | dict[str, Any]:
        if self.body is not None:
            return self.body
        errors = {"errors": self.errors} if self.errors else {}
        return {"message": self.message, "code": self.code, **errors, **self.extra}


class Form:
    """What is wrong with a body, collected to be told at once, as Discord does."""

    def __init__(self) -> None:
        self._errors: dict[str, Any] = {}

    def wrong(self, path: str, code: str, message: str) -> None:
        """At a path such as embeds.0.description."""
        place = self._errors
        for step in path.split("."):
            place = place.setdefault(step, {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def missing(self, path: str) -> None:
        self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required")

    def length(self, path: str, value: Any, least: int, most: int) -> None:
        """Of a text, in characters; None is not looked at."""
        if value is None:
            return
        if not isinstance(value, str):
            self.wrong(path, "STRING_TYPE_CONVERT", "Could not interpret as string.")
        elif least and not value:
            self.missing(path)
        elif not least <= len(value) <= most:
            if least:
                text = f"Must be between {least} and {most} in length."
                self.wrong(path, "BASE_TYPE_BAD_LENGTH", text)
            else:
                self.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    def count(self, path: str, values: Any, least: int, most: int) -> list[Any]:
        """Of a list, which is given back; what is no list counts as empty."""
        if not isinstance(values, list):
            if values is not None:
                self.wrong(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            values = []
        if not least <= len(values) <= most:
            code = "BASE_TYPE_BAD_LENGTH" if least else "BASE_TYPE_MAX_LENGTH"
            text = (
                f"Must be between {least} and {most} in length."
                if least
                else f"Must be {most} or fewer in length."
            )
            self.wrong(path, code, text)
        return list(values)

    def between(self, path: str, value: Any, least: int, most: int) -> None:
        if value is not None and (not isinstance(value, int) or not least <= value <= most):
            self.wrong(path, "NUMBER_TYPE_MAX", f"int value should be between {least} and {most}.")

    def check(self) -> None:
        """Raises 50035 where anything was wrong."""
        if self._errors:
            raise Refused(50035, errors=self._errors)
