"""Which role the settings give to whom."""

from __future__ import annotations

from collections.abc import Callable

from rag_core.records.accounts import Role, higher
from rag_core.settings import Settings

__all__ = ["granted", "granting"]


def granted(settings: Settings, identity: str, email: str = "") -> Role | None:
    """The highest that any setting gives; None: none does. email: as the provider vouches for it, else ''."""
    admin = settings.admin
    named: tuple[tuple[Role, tuple[str, ...]], ...] = (
        ("admin", admin.admins),
        ("reviewer", (*admin.reviewers, *settings.review.reviewers)),
        ("viewer", admin.viewers),
    )
    return higher(*(role for role, names in named if any(_is(name, identity, email) for name in names)))


def granting(settings: Settings) -> Callable[[str, str], Role | None]:
    return lambda identity, email: granted(settings, identity, email)


def _is(name: str, identity: str, email: str) -> bool:
    """name: an identity, an e-mail address, or @DOMAIN."""
    if name == identity:
        return True
    address, wanted = email.casefold(), name.casefold()
    if wanted.startswith("@"):
        return address.rpartition("@")[2] == wanted[1:] and "@" in address
    return ":" not in wanted and bool(address) and address == wanted
