"""The collections of an index: one of passages, and one of a single object for each tenant, the record."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from rag_core.index.stores.weaviate.connection import within
from rag_core.index.stores.weaviate.objects import VECTOR
from rag_core.settings import Store

__all__ = ["collection_name", "ready_passages", "ready_records"]

_NAME = re.compile(r"[A-Z][A-Za-z0-9_]{0,200}")


def collection_name(index_name: str) -> str:
    """A name that Weaviate allows: a capital first, then letters, digits and '_'."""
    name = index_name[:1].upper() + index_name[1:]
    return name if _NAME.fullmatch(name) else f"Index_{hashlib.sha256(index_name.encode()).hexdigest()[:32]}"


async def ready_passages(client: Any, settings: Store, name: str) -> Any:
    """The collection of passages within the tenant; both are made when missing."""
    from weaviate.classes.config import (
        Configure,
        DataType,
        Property,
        StopwordsPreset,
        Tokenization,
        VectorDistances,
    )

    def text(name: str, **fields: Any) -> Any:
        return Property(name=name, data_type=DataType.TEXT, **fields)

    def filtered(name: str) -> Any:
        return text(name, tokenization=Tokenization.FIELD, index_filterable=True, index_searchable=False)

    quantizers = Configure.VectorIndex.Quantizer
    index = Configure.VectorIndex.hnsw(
        distance_metric=VectorDistances.COSINE, quantizer=getattr(quantizers, settings.quantization)()
    )
    await _made(
        client,
        settings,
        name,
        properties=[
            filtered("passage"),
            filtered("document"),
            filtered("scope"),
            Property(name="write", data_type=DataType.INT, index_filterable=True),
            text(
                "keywords",
                tokenization=Tokenization.WHITESPACE,
                index_filterable=False,
                index_searchable=True,
            ),
            text("record", tokenization=Tokenization.FIELD, index_filterable=False, index_searchable=False),
            Property(
                name="unit_vectors", data_type=DataType.BLOB, index_filterable=False, index_searchable=False
            ),
        ],
        vector_config=Configure.Vectors.self_provided(name=VECTOR, vector_index_config=index),
        # The words come without stop words already, and what Weaviate takes for one may be a word elsewhere.
        inverted_index_config=Configure.inverted_index(stopwords_preset=StopwordsPreset.NONE),
        multi_tenancy_config=Configure.multi_tenancy(
            enabled=bool(settings.tenant), auto_tenant_creation=False, auto_tenant_activation=True
        ),
    )
    collection = _used(client, settings, name)
    return await _within_tenant(collection, settings) if settings.tenant else collection


async def ready_records(client: Any, settings: Store, name: str) -> Any:
    """The collection of records; made when missing."""
    from weaviate.classes.config import Configure, DataType, Property, Tokenization

    record = Property(
        name="record",
        data_type=DataType.TEXT,
        tokenization=Tokenization.FIELD,
        index_filterable=False,
        index_searchable=False,
    )
    nothing = Configure.Vectors.self_provided(name=VECTOR, vector_index_config=Configure.VectorIndex.flat())
    await _made(client, settings, name, properties=[record], vector_config=nothing)
    return _used(client, settings, name)


async def _made(client: Any, settings: Store, name: str, **fields: Any) -> None:
    from weaviate.classes.config import Configure
    from weaviate.exceptions import UnexpectedStatusCodeError

    async with within(settings.timeout_s, f"looking for the collection {name}"):
        if await client.collections.exists(name):
            return
    factor = Configure.replication(factor=settings.replication_factor)
    async with within(settings.write_timeout_s, f"making the collection {name}"):
        try:
            await client.collections.create(name, replication_config=factor, **fields)
        except UnexpectedStatusCodeError:
            if not await client.collections.exists(name):  # else another process was faster
                raise


async def _within_tenant(collection: Any, settings: Store) -> Any:
    from weaviate.exceptions import UnexpectedStatusCodeError

    async with within(settings.write_timeout_s, f"making the tenant {settings.tenant}"):
        if not await collection.tenants.exists(settings.tenant):
            try:
                await collection.tenants.create(settings.tenant)
            except UnexpectedStatusCodeError:
                if not await collection.tenants.exists(settings.tenant):
                    raise
    return collection.with_tenant(settings.tenant)


def _used(client: Any, settings: Store, name: str) -> Any:
    from weaviate.classes.config import ConsistencyLevel

    collection = client.collections.use(name, skip_argument_validation=True)
    if settings.replication_factor == 1:  # a level without copies is an error to some versions
        return collection
    return collection.with_consistency_level(ConsistencyLevel[settings.consistency.upper()])
