"""Vector stores behind one protocol."""

from rag_core.index.stores.protocol import Candidate, Page, Row, StoreState, VectorStore

__all__ = ["Candidate", "Page", "Row", "StoreState", "VectorStore"]
