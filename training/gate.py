"""May a candidate answer in the active release's place? Whether it is better, how sure that is, and what it breaks. Pure.

One measure is the candidate's primary one, named before anything is measured: nDCG@10 where retrieval was trained, the
quality of answers where the generator was, accuracy where only the router was. It alone can promote, so that a candidate
has one chance to be lucky and not one for each measure. All else can only refuse:

gain          the primary measure rises: the lower bound of the paired bootstrap over groups of questions is above 0, and a
              sign-flip test agrees, both at `training.gate.confidence` (significance.py says why both)
golden        no golden question that the active release passes is lost
general       the quality on general questions falls by at most `general_loss`, and could hardly have fallen by UNSURE times
              as much: the estimate alone would let a real loss through that happens to look small
others        no other measure falls by more than OTHER_LOSS of what it was, and beyond chance
abstention    nor precision or recall of abstaining, by more than `abstention_loss` beyond chance, or PLAIN_FALL times that
latency       the 95th percentile takes at most `latency` times as long
people        who compared the two blindly, do not prefer the active release

The same test questions judge each week's candidate. That wears a test out where candidates are made by looking at it (A.
Blum, M. Hardt, The ladder, ICML 2015). Here they are not: training and early stopping see other groups of questions; a run
brings one candidate, one primary measure, one decision; the gate says yes or no and gives nothing back to training; the
test grows with the reviews; and where chance promoted a candidate once, its score on the test is too high, so that the next
needs more, not less. benchmarks/gate.py lets 20 candidates in a row, none of them better, meet the same test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag_core.settings.training import Gate
from training.significance import (
    RESAMPLES,
    Interval,
    Statistic,
    bootstrap,
    difference,
    relative_change,
    share_change,
    sign_flip,
)

if TYPE_CHECKING:
    from rag_core.review.comparing.comparing import HumanVerdict

__all__ = ["Abstaining", "Check", "Measured", "Paired", "Verdict", "decide"]

UNSURE = 3
"""How many times `general_loss` the general loss may be, at the bound."""
OTHER_LOSS = 0.02
"""Share of another measure that may go beyond chance: less than anybody notices."""
GUARDS = 4
"""How many times less often than a gain a fall is called more than chance where there is none: there are several guards, and
each that refuses by chance refuses what is better."""
PLAIN_FALL = 5
"""How many times what abstaining may lose refuses in any case: a dozen questions to abstain from can prove no fall."""
LATENCY_NOISE_MS = 5.0
"""What the 95th percentile of the same release differs by from one measurement to the next."""
LACKING = 1 / 3
"""Share of the reviewed questions without a document to answer them, from which on training is not what they need."""


@dataclass(frozen=True, slots=True)
class Paired:
    """A measure of the active release and of the candidate, on the same questions in the same order."""

    measure: str
    """As a reader knows it: 'nDCG@10'."""
    before: Sequence[float]
    after: Sequence[float]
    groups: Sequence[str]
    """Of each question: equal for like questions, and for questions of one document (dataset.rows.Example.group)."""

    def __post_init__(self) -> None:
        if not len(self.before) == len(self.after) == len(self.groups):
            raise ValueError(f"{self.measure}: before, after and groups must be of the same questions")

    @property
    def columns(self) -> NDArray[np.float64]:
        """(questions, 3): before, after, 1."""
        return np.column_stack([self.before, self.after, np.ones(len(self.before))]).astype(float)


@dataclass(frozen=True, slots=True)
class Abstaining:
    """Of each question, whether it is right to abstain from it, and whether the releases did."""

    should: Sequence[bool]
    before: Sequence[bool]
    after: Sequence[bool]
    groups: Sequence[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """All that is known of a candidate beside the active release."""

    primary: Paired
    others: tuple[Paired, ...] = ()
    """Of the same test questions: recall@10, MRR, ROUGE-L, groundedness, the router's accuracy."""
    general: tuple[Paired, ...] = ()
    """Sets that guard against forgetting; `measure` names the set as well."""
    golden: int = 0
    """Golden questions that both were asked."""
    golden_lost: tuple[str, ...] = ()
    """Those that the active release passes and the candidate does not."""
    abstaining: Abstaining | None = None
    latency_ms: tuple[float, float] | None = None
    """95th percentile, before and after."""
    people: HumanVerdict | None = None
    lacking: int = 0
    """Reviews resolved as missing_document or stale_document…"""
    reviewed: int = 0
    """…of so many."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    """'gain', 'golden', 'general', 'others', 'abstention', 'latency', 'people'"""
    passed: bool
    sentence: str
    """For a reader, with the numbers."""
    value: float | None = None
    bound: float | None = None
    """What the value must not pass."""
    interval: Interval | None = None
    """Of the value, where it is an estimate."""


@dataclass(frozen=True, slots=True)
class Verdict:
    promoted: bool
    checks: tuple[Check, ...]
    gain: Interval
    """Of the primary measure, absolute."""
    advice: str = ""
    """What to do instead; '': nothing else is known to help."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was refused; () where it was not."""
        return tuple(check.sentence for check in self.checks if not check.passed)


def decide(measured: Measured, settings: Gate, *, resamples: int = RESAMPLES, seed: int = 0) -> Verdict:
    """The same for the same numbers.

    Raises:
        ValueError: there is no test question, or lists that belong together differ in length.
    """
    sampling = _Sampling(settings.confidence, resamples, seed)
    gain = sampling.interval(measured.primary, difference)
    checks = (
        _gain(measured.primary, gain, settings, sampling),
        *_golden(measured),
        *(_general(one, settings, sampling) for one in measured.general),
        *(_other(one, sampling.guarding) for one in measured.others),
        *_abstention(measured.abstaining, settings, sampling.guarding),
        *_latency(measured.latency_ms, settings),
        *_people(measured.people),
    )
    return Verdict(
        all(check.passed for check in checks), checks, gain, "" if checks[0].passed else _advice(measured)
    )


@dataclass(frozen=True, slots=True)
class _Sampling:
    confidence: float
    resamples: int
    seed: int

    def interval(self, pair: Paired, statistic: Statistic) -> Interval:
        return bootstrap(pair.columns, pair.groups, statistic, self.confidence, self.resamples, self.seed)

    @property
    def guarding(self) -> _Sampling:
        return replace(self, confidence=1 - (1 - self.confidence) / GUARDS)

    def chance(self, pair: Paired) -> float:
        differences = pair.columns[:, 1] - pair.columns[:, 0]
        return sign_flip(differences, pair.groups, self.resamples, self.seed)


def _gain(pair: Paired, gain: Interval, settings: Gate, sampling: _Sampling) -> Check:
    asked, needed = len(pair.before), settings.min_questions
    if asked < needed:
        words = f"Too few test questions: {asked}, and it takes {needed}. Review more of what was asked."
        return Check("gain", False, words, asked, needed)
    moves = _moves(pair)
    if gain.low <= 0:
        words = f"No significant gain: {moves}; the lower bound of the gain is {_signed(gain.low)}."
        return Check("gain", False, words, gain.estimate, 0.0, gain)
    if (p := sampling.chance(pair)) > 1 - settings.confidence:
        words = (
            f"No significant gain: {moves}, but on so few questions that it may be chance (p = {_plain(p)})."
        )
        return Check("gain", False, words, gain.estimate, 0.0, gain)
    words = f"{moves}; the lower bound of the gain is {_signed(gain.low)}."
    return Check("gain", True, words, gain.estimate, 0.0, gain)


def _golden(measured: Measured) -> Iterator[Check]:
    if lost := len(measured.golden_lost):
        named = ", ".join(measured.golden_lost[:5]) + (", …" if lost > 5 else "")
        yield Check(
            "golden", False, f"Golden questions lost: {lost} of {measured.golden} ({named}).", lost, 0
        )
    elif measured.golden:
        yield Check("golden", True, f"No golden question is lost ({measured.golden} asked).", 0, 0)


def _general(pair: Paired, settings: Gate, sampling: _Sampling) -> Check:
    if list(pair.before) == list(pair.after):
        return Check(
            "general", True, f"General quality is kept: {_moves(pair)}.", 0.0, -settings.general_loss
        )
    change = sampling.interval(pair, relative_change)
    allowed, at_most = settings.general_loss, settings.general_loss * UNSURE
    if change.estimate < -allowed:
        words = (
            f"General quality falls by {-change.estimate:.1%}, and {allowed:.1%} is allowed: {_moves(pair)}."
        )
        return Check("general", False, words, change.estimate, -allowed, change)
    if not np.isfinite(change.low):
        words = f"Too few documents tell what is lost elsewhere: {_moves(pair)}. Name a judged set under training.general."
        return Check("general", False, words, change.estimate, -allowed, change)
    if change.low < -at_most:
        words = f"General quality may have fallen by {-change.low:.1%}: {_moves(pair)}. {_more(pair, change, at_most)}"
        return Check("general", False, words, change.estimate, -allowed, change)
    words = f"General quality is kept: {_moves(pair)}; it falls by {max(0.0, -change.low):.1%} at most."
    return Check("general", True, words, change.estimate, -allowed, change)


def _more(pair: Paired, change: Interval, at_most: float) -> str:
    """How many questions would tell: the width of an interval falls with the root of their number."""
    asked = len(pair.before)
    needed = asked * ((change.estimate - change.low) / (at_most + min(change.estimate, 0.0))) ** 2
    if not np.isfinite(needed):
        return "Give it more general questions (training.general)."
    return f"{asked:,} questions cannot rule that out; about {needed * 1.1:,.0f} could (training.general)."


def _other(pair: Paired, sampling: _Sampling) -> Check:
    change = sampling.interval(pair, relative_change)
    falls = change.estimate < -OTHER_LOSS and change.high < 0
    words = f"{_moves(pair)}{', which is more than chance' if falls else ''}."
    return Check("others", not falls, words, change.estimate, -OTHER_LOSS, change)


def _abstention(found: Abstaining | None, settings: Gate, sampling: _Sampling) -> Iterator[Check]:
    """Precision: of the abstentions, the share that was right. Recall: of what to abstain from, the share it did."""
    if found is None or not len(found.should):
        return
    should, before, after = (np.asarray(one, float) for one in (found.should, found.before, found.after))
    wholes = {"precision": (before, after), "recall": (should, should)}
    for name, (whole_before, whole_after) in wholes.items():
        columns = np.column_stack([should * before, whole_before, should * after, whole_after])
        if not columns[:, 1].any() or not columns[:, 3].any():
            continue  # nobody abstained, or there was nothing to abstain from: such a share does not exist
        change = bootstrap(
            columns,
            found.groups,
            share_change,
            sampling.confidence,
            sampling.resamples,
            sampling.seed,
        )
        yield _abstention_check(name, columns.sum(axis=0), change, settings.abstention_loss)


def _abstention_check(name: str, sums: NDArray[np.float64], change: Interval, allowed: float) -> Check:
    falls = change.estimate < -allowed and (change.high < 0 or change.estimate < -allowed * PLAIN_FALL)
    was, now = sums[0] / sums[1], sums[2] / sums[3]
    words = (
        f"The {name} of abstaining {_verb(now - was)} from {_plain(was)} ({sums[0]:.0f} of {sums[1]:.0f}) to "
    )
    words += (
        f"{_plain(now)} ({sums[2]:.0f} of {sums[3]:.0f}){', which is more than chance' if falls else ''}."
    )
    return Check("abstention", not falls, words, change.estimate, -allowed, change)


def _latency(latency_ms: tuple[float, float] | None, settings: Gate) -> Iterator[Check]:
    if latency_ms is None:
        return
    before, after = latency_ms
    allowed = before * settings.latency + LATENCY_NOISE_MS
    words = (
        f"The 95th percentile takes {after:.0f} ms instead of {before:.0f} ms; {allowed:.0f} ms are allowed."
    )
    yield Check("latency", after <= allowed, words, after, allowed)


def _people(people: HumanVerdict | None) -> Iterator[Check]:
    if people is None or not people.wins + people.losses:
        return
    share = people.wins / (people.wins + people.losses)
    worse = people.high < 0.5
    said = "prefer the active release" if worse else "do not prefer the active release"
    words = f"People {said}: the candidate is better on {people.wins} questions and worse on {people.losses}."
    yield Check("people", not worse, words, share, 0.5, Interval(share, people.low, people.high, 0.975))


def _advice(measured: Measured) -> str:
    if not measured.reviewed or measured.lacking < LACKING * measured.reviewed:
        return ""
    lacking = f"{measured.lacking} of {measured.reviewed} reviewed questions"
    return f"Fix the documents instead: {lacking} have no document that answers them."


def _moves(pair: Paired) -> str:
    before, after = float(np.mean(pair.before)), float(np.mean(pair.after))
    if not after - before:
        return f"{pair.measure} stays at {_plain(before)}"
    return f"{pair.measure} {_verb(after - before)} from {_plain(before)} to {_plain(after)}"


def _verb(change: float) -> str:
    return "rises" if change > 0 else "falls" if change < 0 else "stays"


def _plain(value: float) -> str:
    """.712, as measures are written."""
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3f}"


def _signed(value: float) -> str:
    return ("+" if value >= 0 else "−") + _plain(abs(value))
