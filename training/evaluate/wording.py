"""How near a reply's words come to the accepted answers. Pure.

Exact match and F1 are those of SQuAD (Rajpurkar et al. 2016, 2018; its official script evaluate-v2.0.py), ROUGE-L is that
of Lin 2004 as rouge-score computes it, BLEU that of Papineni et al. 2002 as sacrebleu does (Post 2018).
"""

from __future__ import annotations

import functools
import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rag_core.errors import NotReady

__all__ = ["bleu", "exact_match", "f1", "holds", "needs_scorers", "normalised", "rouge_l"]

_ARTICLE = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """As SQuAD compares answers: lower case, without ASCII punctuation and English articles, one space between words."""
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(reply: str, accepted: Sequence[str]) -> float:
    """1.0 where the whole reply is one of the accepted answers, both normalised; else 0.0."""
    return float(any(normalised(reply) == normalised(answer) for answer in accepted))


def f1(reply: str, accepted: Sequence[str]) -> float:
    """Harmonic mean of precision and recall over normalised words, against the accepted answer that suits best."""
    return max(
        (_f1(normalised(reply).split(), normalised(answer).split()) for answer in accepted), default=0.0
    )


def _f1(said: Sequence[str], expected: Sequence[str]) -> float:
    if not said or not expected:  # as the official script has it: nothing matches nothing alone
        return float(said == expected)
    common = (Counter(said) & Counter(expected)).total()
    return 2 * common / (len(said) + len(expected))


def holds(reply: str, accepted: Sequence[str]) -> bool:
    """Whether an accepted answer stands in the reply as whole words in a row, both normalised."""
    words = f" {normalised(reply)} "
    return any(f" {normalised(answer)} " in words for answer in accepted)


def rouge_l(reply: str, accepted: Sequence[str]) -> float:
    """F-measure of the longest common subsequence of word stems, against the accepted answer that suits best. Its words
    are runs of a-z and 0-9, so that other scripts count for nothing.

    Raises:
        NotReady: rouge-score is not installed.
    """
    return float(_rouge().score_multi(list(accepted), reply)["rougeL"].fmeasure)


def bleu(replies: Sequence[str], accepted: Sequence[Sequence[str]]) -> float:
    """Corpus BLEU, 0 to 100 as sacrebleu gives it, each reply against all of its accepted answers.

    Raises:
        NotReady: sacrebleu is not installed.
    """
    most = max(map(len, accepted))
    padded = [[given[n] if n < len(given) else None for given in accepted] for n in range(most)]
    return float(_bleu().corpus_score(list(replies), padded).score)


def needs_scorers() -> None:
    """
    Raises:
        NotReady: rouge-score or sacrebleu is not installed; better said before an hour's questions than after.
    """
    _rouge()
    _bleu()


@functools.cache
def _rouge() -> Any:
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError:
        raise NotReady(_missing("ROUGE-L needs rouge-score")) from None
    return RougeScorer(["rougeL"], use_stemmer=True)


def _bleu() -> Any:
    try:
        from sacrebleu.metrics import BLEU
    except ImportError:
        raise NotReady(_missing("BLEU needs sacrebleu")) from None
    return BLEU(force=True)  # else it warns that replies end in full stops


def _missing(what: str) -> str:
    return f"{what}, which comes with the extra: pip install 'answerloop[train]'."
