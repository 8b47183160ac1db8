"""Weaviate as a vector store: a server, a cluster, or a child process. See docs/weaviate.md."""

from rag_core.index.stores.weaviate.connection import connected
from rag_core.index.stores.weaviate.store import WeaviateStore

__all__ = ["WeaviateStore", "connected"]
