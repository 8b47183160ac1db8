"""A thread's turns -> one standalone question."""

from rag_core.conversation.rewriter import Rewriter, recent
from rag_core.conversation.rules import Standalone, stand_alone

__all__ = ["Rewriter", "Standalone", "recent", "stand_alone"]
