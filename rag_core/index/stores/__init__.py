"""Vector stores behind one protocol."""

from rag_core.index.stores.protocol import Candidate, Row, StoreState, VectorStore

__all__ = ["Candidate", "Row", "StoreState", "VectorStore"]
