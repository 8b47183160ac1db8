"""What the stand-in of tests/servers/weaviate.py keeps: collections of objects, filters, BM25 and exact vector search.

Ours, written after Weaviate's documentation; it proves nothing about Weaviate. Where that is strict, it is strict: property
names, limits, unknown tenants, filters on what has no index.
"""

from __future__ import annotations

import math
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_RESULTS = 10_000
"""QUERY_MAXIMUM_RESULTS."""
K1, B = 1.2, 0.75
NAME = re.compile(r"[A-Z][_0-9A-Za-z]{0,254}")
PROPERTY = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,230}")
RESERVED = {"id", "_id", "_additional", "vector"}


class Refused(Exception):
    """What a server answers with an error."""


@dataclass
class Object:
    id: str
    properties: dict[str, Any]
    vector: NDArray[np.float32] | None


def tokens(text: str, tokenization: str) -> list[str]:
    if tokenization == "field":
        return [text.strip()] if text.strip() else []
    if tokenization == "whitespace":
        return text.split()
    return re.findall(r"[^\W_]+", text.lower())


@dataclass
class Shard:
    """The objects of one tenant, with an inverted index for each property that has one."""

    fields: dict[str, dict[str, Any]]
    objects: dict[str, Object] = field(default_factory=dict)
    filtered: dict[str, dict[Any, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    words: dict[str, dict[str, Counter[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Counter))
    )
    lengths: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    _matrix: tuple[list[str], NDArray[np.float32]] | None = None

    def put(self, new: Object) -> None:
        self.delete(new.id)
        self.objects[new.id] = new
        self._matrix = None
        for name, value in new.properties.items():
            said = self.fields[name]
            for key in self._keys(said, value):
                self.filtered[name][key].add(new.id)
            if said["searchable"]:
                found = tokens(value, said["tokenization"])
                self.lengths[name][new.id] = len(found)
                for word, count in Counter(found).items():
                    self.words[name][word][new.id] = count

    def delete(self, id: str) -> bool:
        old = self.objects.pop(id, None)
        if old is None:
            return False
        self._matrix = None
        for name, value in old.properties.items():
            said = self.fields[name]
            for key in self._keys(said, value):
                self.filtered[name][key].discard(id)
            if said["searchable"]:
                self.lengths[name].pop(id, None)
                for word in set(tokens(value, said["tokenization"])):
                    self.words[name][word].pop(id, None)
        return True

    def _keys(self, said: dict[str, Any], value: Any) -> Iterable[Any]:
        if not said["filterable"]:
            return ()
        return tokens(value, said["tokenization"]) if said["type"] == "text" else (value,)

    def with_value(self, name: str, test: Callable[[Any], bool]) -> set[str]:
        self._must_filter(name)
        return {id for value, ids in self.filtered[name].items() if test(value) for id in ids}

    def equal(self, name: str, value: Any) -> set[str]:
        """A text is compared by its tokens, as Weaviate does."""
        said = self._must_filter(name)
        if said["type"] != "text":
            return set(self.filtered[name].get(value, ()))
        found = [self.filtered[name].get(token, set()) for token in tokens(value, said["tokenization"])]
        if not found:
            raise Refused("invalid search term, only stopwords provided")
        return set.intersection(*map(set, found))

    def _must_filter(self, name: str) -> dict[str, Any]:
        if name not in self.fields:
            raise Refused(f"no such prop with name {name!r} found in class")
        if not self.fields[name]["filterable"]:
            raise Refused(f"filtering by property {name!r} requires an inverted index on it")
        return self.fields[name]

    def nearest(
        self, vector: NDArray[np.float32], among: set[str] | None, limit: int
    ) -> list[tuple[Object, float]]:
        """With cosine distances."""
        ids, matrix = self._vectors()
        if not ids:
            return []
        if matrix.shape[1] != len(vector):
            raise Refused(f"vector lengths don't match: {matrix.shape[1]} vs {len(vector)}")
        distances = 1.0 - matrix @ (vector / np.linalg.norm(vector))
        order = [i for i in np.argsort(distances, kind="stable") if among is None or ids[i] in among]
        return [(self.objects[ids[i]], float(distances[i])) for i in order[:limit]]

    def _vectors(self) -> tuple[list[str], NDArray[np.float32]]:
        if self._matrix is None:
            having = [o for o in self.objects.values() if o.vector is not None]
            rows = [o.vector / np.linalg.norm(o.vector) for o in having]  # type: ignore[operator,arg-type]
            self._matrix = [o.id for o in having], np.asarray(rows, np.float32)
        return self._matrix

    def bm25(
        self, query: str, names: list[str], among: set[str] | None, limit: int
    ) -> list[tuple[Object, float]]:
        scores: Counter[str] = Counter()
        for name in names:
            if name not in self.fields or not self.fields[name]["searchable"]:
                raise Refused(
                    f"Property {name} is not indexed. Please choose another property or add an index to it"
                )
            lengths = self.lengths[name]
            average = sum(lengths.values()) / max(len(lengths), 1) or 1.0
            for word in tokens(query, self.fields[name]["tokenization"]):
                counts = self.words[name].get(word, {})
                rarity = math.log(1 + (len(lengths) - len(counts) + 0.5) / (len(counts) + 0.5))
                for id, count in counts.items():
                    if among is None or id in among:
                        size = K1 * (1 - B + B * lengths[id] / average)
                        scores[id] += rarity * count * (K1 + 1) / (count + size)
        return [(self.objects[id], score) for id, score in scores.most_common(limit)]


@dataclass
class Collection:
    config: dict[str, Any]
    fields: dict[str, dict[str, Any]]
    shards: dict[str, Shard] = field(default_factory=dict)
    """By tenant; '' where there are none."""

    @classmethod
    def made(cls, config: dict[str, Any]) -> Collection:
        if not NAME.fullmatch(config["class"]):
            raise Refused(f"{config['class']!r} is not a valid class name")
        fields = {}
        for said in config["properties"]:
            if not PROPERTY.fullmatch(said["name"]) or said["name"] in RESERVED:
                raise Refused(f"{said['name']!r} is not a valid property name")
            (kind,) = said["dataType"]
            indexed = kind != "blob"
            fields[said["name"]] = {
                "type": kind,
                "filterable": indexed and said.get("indexFilterable", True),
                "searchable": kind == "text" and said.get("indexSearchable", True),
                "tokenization": said.get("tokenization", "word"),
            }
        made = cls(config, fields)
        if not made.tenanted:
            made.shards[""] = Shard(fields)
        return made

    @property
    def tenanted(self) -> bool:
        return bool(self.config.get("multiTenancyConfig", {}).get("enabled"))

    def shard(self, tenant: str) -> Shard:
        if self.tenanted and not tenant:
            raise Refused("class has multi-tenancy enabled, but request was without tenant")
        if tenant and not self.tenanted:
            raise Refused("class has multi-tenancy disabled, but request was with tenant")
        if tenant not in self.shards:
            raise Refused(f"tenant not found: {tenant!r}")
        return self.shards[tenant]

    def put(
        self, tenant: str, id: str, properties: dict[str, Any], vector: NDArray[np.float32] | None
    ) -> None:
        shard = self.shard(tenant)
        if strangers := set(properties) - set(self.fields):
            raise Refused(f"no such prop with name {sorted(strangers)[0]!r} found in class")
        having = next((o for o in shard.objects.values() if o.vector is not None), None)
        if vector is not None and having is not None and len(having.vector) != len(vector):  # type: ignore[arg-type]
            raise Refused(f"new node has a vector with length {len(vector)}. Existing nodes have others")
        shard.put(Object(str(uuid.UUID(id)), properties, vector))
