"""Votes or escalations with the answers that they are of, so that SQLite reads no answer whole."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import Join

from rag_core.records.tables import answers

__all__ = ["with_answers"]


class _InOrder(Join):
    """A join whose left side is read first. SQLite takes CROSS JOIN for that; others choose by their statistics."""

    inherit_cache = True


def with_answers(of: Table) -> Join:
    """A table that has answer_id, with its answers. SQLite looks up each answer by its id and, given a condition on days,
    finds all that figures need in the index answers_judged: a row is some kilobytes wide."""
    return _InOrder(of, answers, answers.c.id == of.c.answer_id)


@compiles(_InOrder)
def _anywhere(join: _InOrder, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.visit_join(join, **options))  # type: ignore[no-untyped-call]


@compiles(_InOrder, "sqlite")
def _in_sqlite(join: _InOrder, compiler: SQLCompiler, **options: Any) -> str:
    return _anywhere(join, compiler, **options).replace(" JOIN ", " CROSS JOIN ", 1)
