"""What all tables share: where they are listed, and columns for text."""

from __future__ import annotations

from sqlalchemy import MetaData, String, Text, TypeDecorator
from sqlalchemy.engine import Dialect

__all__ = ["Line", "Words", "metadata"]

metadata = MetaData()


class _Storable:
    """Text of people and documents, without what a database does not hold: NUL, and half of a surrogate pair."""

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value and value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


class Words(_Storable, TypeDecorator[str]):
    """Of any length."""

    impl = Text
    cache_ok = True


class Line(_Storable, TypeDecorator[str]):
    """Of a given length."""

    impl = String
    cache_ok = True
