"""What was worked out once and is asked for again: vectors of questions, rankings, answers; in Redis or in process."""

from rag_core.cache.address import Address
from rag_core.cache.caching import Caching
from rag_core.cache.codec import CachedAnswer, Entry
from rag_core.cache.flights import Flights
from rag_core.cache.keys import Keys
from rag_core.cache.local import LocalCache
from rag_core.cache.protocol import KINDS, Cache, Report

__all__ = [
    "KINDS",
    "Address",
    "Cache",
    "CachedAnswer",
    "Caching",
    "Entry",
    "Flights",
    "Keys",
    "LocalCache",
    "Report",
]
