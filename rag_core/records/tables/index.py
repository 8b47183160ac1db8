"""What is indexed: releases, sources, documents."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, DateTime, Float, Index, Integer, Table

from rag_core.records.tables.columns import Line, Words, metadata

__all__ = ["activations", "documents", "leases", "releases", "sources", "syncs"]

releases = Table(
    "releases",
    metadata,
    Column("id", Line(32), primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("embedder", Line(200), nullable=False, comment="folder below home/models"),
    Column("index_name", Line(100), nullable=False, comment="table of the vector store"),
    Column("card", JSON, nullable=False, comment="the embedding model's card"),
    Column("active", Boolean, nullable=False, default=False),
    Column("reranker", Line(200), comment="folder below home/models; null: none"),
    Column("metrics", JSON, comment="what was measured of it, by name; null: nothing"),
    Column("note", Words, nullable=False, server_default="", comment="where it comes from, for a reader"),
    Column("query_map", Line(200), comment="folder below home/models; null: none, as of the next two"),
    Column("router", Line(200)),
    Column("adapter", Line(200), comment="of the local generator"),
    Column("tuning", JSON, comment="fusion, scale and threshold fitted to its models; null: none were"),
    Column("parent", Line(32), comment="the release that it was made from"),
    Column("run", Line(32), comment="the training run that made it"),
    Column(
        "canary",
        Float,
        nullable=False,
        server_default="0",
        comment="share of conversations that it answers beside the active one",
    ),
    Index("releases_run", "run", unique=True),
)

activations = Table(
    "activations",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("release", Line(32), nullable=False),
    Column("back", Boolean, nullable=False, comment="whether it took the activation before it back"),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Line(200), nullable=False, comment="PLATFORM:USER; 'answerloop': by itself"),
    Column("named", JSON, comment="the models that the settings named then; null: not known"),
)

sources = Table(
    "sources",
    metadata,
    Column("name", Line(64), primary_key=True),
    Column("spec", JSON, nullable=False, comment="its settings"),
    Column("from_settings", Boolean, nullable=False, comment="false: added by `answerloop ingest PATH`"),
    Column("synced_at", DateTime(timezone=True)),
    Column("error", Words, comment="why the last sync failed; null when it did not"),
    Column(
        "wanted_at",
        DateTime(timezone=True),
        comment="when a person asked for a sync; null: nobody waits for one",
    ),
    Column("failing_since", DateTime(timezone=True), comment="null: the last sync did not fail"),
)

syncs = Table(
    "syncs",
    metadata,
    Column("source", Line(64), primary_key=True),
    Column("owner", Line(100), nullable=False, comment="the process, as in deliveries"),
    Column("done", Integer, nullable=False, comment="documents"),
    Column("listed", Integer, nullable=False, comment="documents known to be there so far"),
    Column("complete", Boolean, nullable=False, comment="whether listed are all"),
    Column("passages", Integer, nullable=False, comment="written"),
    Column("asked_at", DateTime(timezone=True), comment="sources.wanted_at, which it was begun for"),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("index_name", Line(100), primary_key=True),
    Column("source", Line(64), primary_key=True),
    Column("key", Line(2000), primary_key=True, comment="path or address, unique within the source"),
    Column("fingerprint", Words, nullable=False, comment="cheap: size and time, ETag, blob id"),
    Column("digest", Line(64), nullable=False, comment="of all that its passages were made from"),
    Column("title", Words, nullable=False),
    Column("url", Words, nullable=False),
    Column("passages", Integer, nullable=False),
    Column("skipped", Words, comment="why it could not be read; null when it is indexed"),
    Column("synced_at", DateTime(timezone=True), nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Line(64), primary_key=True, comment="what one process at a time may do"),
    Column("owner", Line(100), nullable=False, comment="the process, as in deliveries"),
    Column("until", DateTime(timezone=True), nullable=False, comment="renewed while it lives"),
)
