"""Who may use the admin pages: users and their sessions, how they are administered, and how guessing is slowed down."""

from __future__ import annotations

from rag_core.records.accounts.accounts import Accounts
from rag_core.records.accounts.administration import Administration, Member, local_identity
from rag_core.records.accounts.throttling import Throttling
from rag_core.records.accounts.user import ROLES, Role, Session, User, Visit, digest_of, higher

__all__ = [
    "ROLES",
    "Accounts",
    "Administration",
    "Member",
    "Role",
    "Session",
    "Throttling",
    "User",
    "Visit",
    "digest_of",
    "higher",
    "local_identity",
]
