"""Vector stores behind one protocol."""

from rag_core.index.stores.protocol import Hit, Row, VectorStore

__all__ = ["Hit", "Row", "VectorStore"]
