"""What each setting means, read from where it is explained: the sentence below it in this package."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from typing import Any

__all__ = ["OTHERWISE", "meaning", "meanings"]

OTHERWISE = {
    "log_level": "What `answerloop serve` logs, on standard error.",
    "sources.kind": 'What the source is: `"folder"`, `"web"`, `"git"` or `"reader"`. Decides which further settings it has.',
    "sources.hidden": "Whether hidden files and folders are read as well.",
    "sources.include": "Globs below the subfolder, as in .gitignore.",
    "sources.ignore": "Globs left out.",
    "sources.branch": "Branch or tag. Unset: the repository's default branch.",
    "sources.subfolder": "Read this folder of the repository only. Empty: all of it.",
    "sources.allow_private": "Whether loopback, private and link-local addresses may be reached.",
    "answers.max_sentences": "The most sentences, list items or table rows that an answer is made of.",
    "generator.temperature": "Of the model: 0 gives the same answer to the same question.",
    "web.host": "Address that the chat page listens on.",
    "sources": "Where documents come from, besides what `answerloop ingest PATH` added.",
    "channels": "How the bot behaves in some channels.",
    "access.rules": "Who may read what is not public.",
}
"""Meanings of the settings that have no sentence in rag_core/settings/."""


def meaning(group: Any, name: str, prefix: str = "") -> str:
    """Of one setting; '' where nothing is said of it. prefix: its table and a dot, as in OTHERWISE."""
    return meanings(group).get(name) or OTHERWISE.get(prefix + name, "")


@cache
def meanings(group: Any) -> dict[str, str]:
    """The sentence below each field, of the class and of those it extends."""
    said: dict[str, str] = {}
    for base in reversed(group.__mro__):
        if base.__module__.startswith("rag_core.settings"):
            (tree,) = ast.parse(inspect.getsource(base)).body
            assert isinstance(tree, ast.ClassDef)
            for field, text in zip(tree.body, tree.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                    assert isinstance(field.target, ast.Name)
                    said[field.target.id] = str(ast.literal_eval(text.value))
    return said
