"""What answers are made from: releases, sources, documents."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from rag_core.index.embedding import ModelCard

from .shape import Shape
from .subjects import DOES

__all__ = [
    "RELEASES",
    "SOURCES",
    "document_id",
    "document_rows",
    "made_up_card",
    "release_row",
    "source_rows",
    "title_of",
]

RELEASES = ("r1", "r2", "r3", "r4")
SOURCES = ("handbook", "wiki", "runbooks", "api", "policies", "faq")


def document_id(number: int) -> str:
    return f"{SOURCES[number % len(SOURCES)]}/{DOES[number % len(DOES)]}/page-{number:04d}.md"


def title_of(document: str) -> str:
    return document.rpartition("/")[2].removesuffix(".md").replace("-", " ").capitalize()


def source_rows(until: datetime) -> Iterator[dict[str, Any]]:
    """Two of the six are late, one of them because it fails."""
    for number, name in enumerate(SOURCES):
        yield {
            "name": name,
            "spec": {"name": name, "type": "folder", "path": f"/documents/{name}", "every": "1h"},
            "from_settings": True,
            "synced_at": until - timedelta(minutes=20) - timedelta(days=9 if number < 2 else 0),
            "error": "The address does not answer." if number == 0 else None,
        }


def document_rows(
    chance: random.Random, shape: Shape, index: str, until: datetime
) -> Iterator[dict[str, Any]]:
    for number in range(shape.documents):
        source, _, key = document_id(number).partition("/")
        yield {
            "index_name": index,
            "source": source,
            "key": key,
            "fingerprint": f"{number:x}",
            "digest": f"{number:064x}",
            "title": title_of(key),
            "url": f"https://docs.example.com/{source}/{key}",
            "passages": 1 + chance.randrange(12),
            "skipped": "It is encrypted." if number % 97 == 96 else None,
            "synced_at": until - timedelta(days=chance.expovariate(1 / 60)),
        }


def release_row(id: str, card: Any, until: datetime) -> dict[str, Any]:
    number = RELEASES.index(id)
    return {
        "id": id,
        "created_at": until - timedelta(days=91 * (4 - number)),
        "embedder": "sentence-transformers--all-MiniLM-L6-v2",
        "index_name": f"passages_{id}",
        "card": card,
        "active": False,
    }


def made_up_card() -> dict[str, Any]:
    card = ModelCard("sentence-transformers/all-MiniLM-L6-v2", 384, 256)
    return {name: getattr(card, name) for name in ModelCard.__slots__}
