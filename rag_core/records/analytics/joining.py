"""Votes or escalations with the answers that they are of, so that SQLite reads no answer whole."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import FromClause, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import Join

from rag_core.records.tables import answers

__all__ = ["ON_ANY_DAY", "in_order", "with_answers"]

ON_ANY_DAY: Any = answers.c.day.between(0, date.max.toordinal())
"""A condition on days that every answer meets."""


class _InOrder(Join):
    """A join whose left side is read first. SQLite takes CROSS JOIN for that; others choose by their statistics."""

    inherit_cache = True


def in_order(first: FromClause, then: FromClause, on: Any) -> Join:
    """A join that SQLite reads in this order."""
    return _InOrder(first, then, on)


def with_answers(of: Table) -> Join:
    """A table that has answer_id, with its answers. SQLite looks up each answer by its id and, given a condition on days,
    finds all that figures need in the index answers_judged: a row is some kilobytes wide. With a third table it would
    look up whole rows by the primary key: count in a subquery first."""
    return in_order(of, answers, answers.c.id == of.c.answer_id)


@compiles(_InOrder)
def _anywhere(join: _InOrder, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.visit_join(join, **options))  # type: ignore[no-untyped-call]


@compiles(_InOrder, "sqlite")
def _in_sqlite(join: _InOrder, compiler: SQLCompiler, **options: Any) -> str:
    sides = {**options, "asfrom": True}
    on = {name: value for name, value in options.items() if name != "asfrom"}
    first, then = (compiler.process(side, **sides) for side in (join.left, join.right))
    assert join.onclause is not None
    return f"{first} CROSS JOIN {then} ON {compiler.process(join.onclause, **on)}"
