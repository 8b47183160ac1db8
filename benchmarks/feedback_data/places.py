"""Who asks, where, and what."""

from __future__ import annotations

import random
from itertools import accumulate

from .documents import document_id
from .shape import Shape
from .subjects import DOES, THINGS, WORDINGS

__all__ = ["PLATFORMS", "Places"]

PLATFORMS = (("slack", 0.6), ("discord", 0.25), ("web", 0.15))


class Places:
    """Who asks, where, and what: each by a law that favours few."""

    def __init__(self, chance: random.Random, shape: Shape) -> None:
        self.people = [f"U{n:06d}" for n in range(shape.people)]
        self.by_person = list(accumulate(1 / (n + 5) for n in range(shape.people)))
        self.channels = [f"C{n:03d}" for n in range(shape.channels)]
        self.by_channel = list(accumulate(1 / (n + 2) for n in range(shape.channels)))
        subjects = [(does, thing) for does in DOES for thing in THINGS]
        chance.shuffle(subjects)
        self.subjects = subjects
        self.by_subject = list(accumulate(1 / (n + 1) ** 0.9 for n in range(len(subjects))))
        self.by_wording = list(accumulate(1 / (n + 1) for n in range(len(WORDINGS))))
        self.documents = [document_id(n) for n in range(shape.documents)]
