"""A question's vector -> what is to be done with it: search for an answer, or one of the few other things."""

from rag_core.routing.head import ANSWER, PERSON, SMALL_TALK, RouterCard, RouterHead
from rag_core.routing.router import Route, Router

__all__ = ["ANSWER", "PERSON", "SMALL_TALK", "Route", "Router", "RouterCard", "RouterHead"]
