"""What was measured of one release: a row for each question, and the figures over all of them. Pure, but for its file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.errors import NotReady

__all__ = ["ANSWER", "ELSEWHERE", "MEASURES", "Measured", "Scored", "accuracy", "macro_f1"]

NAN = math.nan
ANSWER = "answer"
"""The route of a question that is searched for: where a release has no router, all of them."""
ELSEWHERE = "elsewhere:"
"""Begins the keys of questions of other documents than the installation's own."""
MEASURES = {
    "ndcg": "ndcg@10",
    "recall": "recall@10",
    "mrr": "mrr@10",
    "rouge_l": "rouge_l",
    "groundedness": "groundedness",
}
"""Column -> the name of its mean among the figures."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scored:
    """How a release did with one question. NaN: does not apply to it."""

    key: str
    """SOURCE:ID of the example."""
    group: str
    """Questions of one group rise and fall together."""
    ndcg: float = NAN
    """At 10, as are the next two; of the passages as they were ranked."""
    recall: float = NAN
    mrr: float = NAN
    bleu: float = NAN
    """0 to 100, of this one answer as it was given; an abstention says nothing."""
    rouge_l: float = NAN
    groundedness: float = NAN
    """Share of what the answer claims that the passages it cites support; NaN with an abstention."""
    confidence: float = NAN
    should_abstain: float = NAN
    """1 or 0; NaN where nobody said."""
    abstained: float = NAN
    """1 or 0."""
    wanted: str = ""
    """The route that reviewers gave; '': none did."""
    route: str = ""
    """The route that it took; '': it was not asked for."""
    search_ms: float = NAN
    """Beside the others that were asked at the same time, as the next."""
    ms: float = NAN
    reply: str = ""
    """Without citation marks; '' with an abstention, and in a file."""


@dataclass(frozen=True, slots=True)
class Measured:
    release: str
    scored: tuple[Scored, ...]
    """Of the test questions, in their order."""
    general: tuple[Scored, ...] = ()
    """Of questions that guard against forgetting; only searched for."""
    bleu: float = NAN
    """Of all answers as one corpus, which the mean of their own BLEU is not."""

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(one.key for one in self.scored)

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(one.group for one in self.scored)

    def column(self, name: str) -> Floats:
        """A number of each test question: (questions,), NaN where it does not apply. name: a field of Scored."""
        return _column(self.scored, name)

    def general_column(self, name: str) -> Floats:
        """The same, of the general questions."""
        return _column(self.general, name)

    @property
    def figures(self) -> dict[str, float]:
        """By name, without those that apply to no question; beginning with 'general_': of the general questions."""
        named = {as_: _mean(self.column(name)) for name, as_ in MEASURES.items()}
        named |= {"bleu": self.bleu, **self._abstention(), **self._routes()}
        named |= {
            f"general_{MEASURES[name]}": _mean(self.general_column(name))
            for name in ("ndcg", "recall", "mrr")
        }
        return {name: round(value, 4) for name, value in named.items() if not math.isnan(value)}

    def _abstention(self) -> dict[str, float]:
        """Precision: of the abstentions that can be judged, those that were right. Recall: of the questions that the
        documents do not answer, those abstained from."""
        should, did = self.column("should_abstain"), self.column("abstained")
        return {
            "abstention_precision": _mean(should[(did == 1) & ~np.isnan(should)]),
            "abstention_recall": _mean(did[should == 1]),
            "abstained_on_answerable": _mean(did[should == 0]),
        }

    def _routes(self) -> dict[str, float]:
        told = [(one.wanted, one.route) for one in self.scored if one.wanted and one.route]
        return {"router_accuracy": accuracy(told), "router_f1": macro_f1(told)}

    def stored(self) -> dict[str, Any]:
        """As JSON holds it: NaN is null."""
        return {
            "release": self.release,
            "figures": self.figures,
            "bleu": _null(self.bleu),
            "scored": [_row(one) for one in self.scored],
            "general": [_row(one) for one in self.general],
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Measured:
        """
        Raises:
            TypeError, KeyError: it is none that `stored` made.
        """
        scored, general = (tuple(_scored(row) for row in stored[name]) for name in ("scored", "general"))
        return cls(stored["release"], scored, general, _number(stored["bleu"]))

    def write(self, path: Path) -> None:
        """Wholly or not at all."""
        beside = path.with_name(f".{path.name}.tmp")
        beside.write_text(json.dumps(self.stored(), ensure_ascii=False) + "\n", encoding="utf-8")
        beside.replace(path)

    @classmethod
    def read(cls, path: Path) -> Measured:
        """
        Raises:
            NotReady: the file is not there, or is none that `write` made.
        """
        try:
            return cls.of(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            raise NotReady(f"{path} holds no measurement; `answerloop train` measures again.") from None


def accuracy(told: Sequence[tuple[str, str]]) -> float:
    """told: label wanted, label given. NaN of none."""
    return _mean(np.array([wanted == given for wanted, given in told], float))


def macro_f1(told: Sequence[tuple[str, str]]) -> float:
    """The mean F1 of all labels that occur, however often each does. NaN of none."""
    labels = sorted({label for pair in told for label in pair})
    return _mean(np.array([_f1(told, label) for label in labels]))


def _f1(told: Sequence[tuple[str, str]], label: str) -> float:
    right = sum(wanted == given == label for wanted, given in told)
    named = sum((wanted == label) + (given == label) for wanted, given in told)
    return 2 * right / named


def _column(scored: Sequence[Scored], name: str) -> Floats:
    return np.array([getattr(one, name) for one in scored], float)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else NAN


def _row(scored: Scored) -> dict[str, Any]:
    """Without what was said: forgetting a person does not reach these files."""
    return {name: _null(value) for name, value in asdict(scored).items()} | {"reply": ""}


def _scored(row: Mapping[str, Any]) -> Scored:
    texts = {"key", "group", "wanted", "route", "reply"}
    known = {field.name for field in fields(Scored)}
    values: dict[str, Any] = {n: v if n in texts else _number(v) for n, v in row.items() if n in known}
    return Scored(**values)


def _null(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _number(value: float | None) -> float:
    return NAN if value is None else float(value)
