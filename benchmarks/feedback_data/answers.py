"""Questions and their answers, as wide as the assistant records them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from rag_core.records.feedback.wording import wording_of

from .documents import RELEASES, document_id, title_of
from .places import PLATFORMS, Places
from .shape import Shape
from .subjects import SENTENCE, WORDINGS

__all__ = ["Asked"]


class Asked:
    """A question and its answer; the wide part is made when it is written."""

    __slots__ = (
        *("at", "abstained", "channel", "confidence", "documents", "id", "number", "platform", "question"),
        *("release", "subject", "user"),
    )

    def __init__(
        self, chance: random.Random, places: Places, shape: Shape, number: int, until: datetime
    ) -> None:
        self.number, self.id = number, f"{number:08x}{chance.getrandbits(96):024x}"
        ago = shape.days * (1 - (1 - chance.random()) ** 0.8)  # more are asked every month
        self.at = until - timedelta(days=max(ago, 0.002), hours=chance.choice((0, 0, 0, 1, 6)) / 24)
        self.platform = chance.choices([p for p, _ in PLATFORMS], [w for _, w in PLATFORMS])[0]
        self.channel = chance.choices(places.channels, cum_weights=places.by_channel)[0]
        self.user = chance.choices(places.people, cum_weights=places.by_person)[0]
        self.subject = chance.choices(range(len(places.subjects)), cum_weights=places.by_subject)[0]
        does, thing = places.subjects[self.subject]
        wording = chance.choices(WORDINGS, cum_weights=places.by_wording)[0]
        self.question = wording.format(does=does, thing=thing)
        age = (until - self.at) / timedelta(days=shape.days)
        self.release = RELEASES[min(3, int(4 * (1 - min(age, 0.999))))]
        missing = self.subject % 9 == 0  # nothing is written of these
        self.abstained = chance.random() < (0.85 if missing else 0.06)
        self.confidence = chance.betavariate(1, 6) if self.abstained else chance.betavariate(5, 2)
        of_subject = random.Random(self.subject)
        about = of_subject.sample(places.documents, k=min(4, len(places.documents)))
        self.documents = [] if self.abstained else about[: chance.choice((1, 1, 2, 3))]

    def row(self, chance: random.Random) -> dict[str, Any]:
        cached = not self.abstained and chance.random() < 0.25
        timings = {"understand": 0.2, "cache": chance.uniform(0.2, 1)} if cached else _timings(chance)
        citations = [_citation(n, one) for n, one in enumerate(self.documents, start=1)]
        told = " ".join(f"{SENTENCE} [{n}]." for n in range(1, len(citations) + 1))
        near = self.documents or [document_id(chance.randrange(50))]
        return {
            "id": self.id,
            "created_at": self.at,
            "platform": self.platform,
            "workspace": "T024BE7LH",
            "channel": self.channel,
            "user_id": self.user,
            "thread": f"1790000000.{self.number:06d}",
            "question": self.question,
            "answer": told or "I found nothing about this in the documents that I may read for you.",
            "abstained": self.abstained,
            "confidence": round(self.confidence, 4),
            "citations": citations,
            "passages": [_found(chance, near[n % len(near)], n) for n in range(20)],
            "scopes": ["public", "staff"],
            "release": self.release,
            "generation": 3,
            "timings_ms": timings,
            "generator_version": "1",
            "notices": [],
            "cached": cached,
            "nearest": [_citation(1, near[0])] if self.abstained else [],
            "took_ms": round(sum(timings.values()), 3),
            "wording": wording_of(self.question),
        }

    def cited(self) -> list[dict[str, Any]]:
        day = self.at.date().toordinal()
        return [{"answer_id": self.id, "document": document, "day": day} for document in self.documents]


def _timings(chance: random.Random) -> dict[str, float]:
    stages = {"understand": 0.3, "embed": 2.5, "search": 1.2, "fetch": 0.6, "refine": 0.7}
    spread = chance.lognormvariate(0, 0.35)
    written = chance.lognormvariate(6.8, 0.6) if chance.random() < 0.3 else 1.6
    return {name: round(ms * spread, 2) for name, ms in (stages | {"generate": written}).items()}


def _citation(number: int, document: str) -> dict[str, Any]:
    return {
        "number": number,
        "title": title_of(document),
        "location": f"https://docs.example.com/{document}#step-{number}",
        "quote": f"{SENTENCE}; what was said before {document} was written no longer holds.",
        "passage": f"{document}#{number}",
        "place": "",
    }


def _found(chance: random.Random, document: str, n: int) -> dict[str, Any]:
    score = round(0.9 - 0.04 * n + 0.02 * chance.random(), 4)
    return {"passage": f"{document}#{n}", "cosine": score, "bm25": round(20 * score, 3), "score": score}
