"""Text of documents and models -> text that does nothing wherever it is shown. See inert.py."""

from rag_core.generation.inert.inert import REMOVED, inert, visible

__all__ = ["REMOVED", "inert", "visible"]
