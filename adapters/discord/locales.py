"""Which languages people have set in Discord: told with interactions alone, and known until the process ends."""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["Locales"]

_KEPT = 10_000


class Locales:
    """The latest people's, by user id."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()

    def hear(self, user: str, locale: str) -> None:
        """locale: a BCP 47 tag; '' says nothing."""
        if not locale:
            return
        self._kept[user] = locale
        self._kept.move_to_end(user)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def of(self, user: str) -> str:
        """'': not known."""
        return self._kept.get(user, "")

    def forget(self, user: str) -> None:
        self._kept.pop(user, None)
