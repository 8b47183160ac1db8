"""How much is filled in."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Shape"]


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of everything there is."""

    answers: int = 100_000
    votes: int = 20_000
    escalations: int = 2_000
    pending: int = 8_000
    resolved: int = 5_000
    people: int = 2_000
    channels: int = 40
    documents: int = 1_200
    days: int = 365

    @classmethod
    def small(cls, answers: int = 400) -> Shape:
        """In the same proportions; for tests."""
        return cls(
            answers=answers,
            votes=answers // 5,
            escalations=answers // 50,
            pending=answers * 8 // 100,
            resolved=answers // 20,
            people=max(10, answers // 50),
            channels=6,
            documents=30,
            days=60,
        )
