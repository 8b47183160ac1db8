"""A naive model of feedback and its review, in dicts and lists: from the documents, not from the SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Model", "Reviewed"]

Person = tuple[str, str]
"""Platform and user."""
BY_VOTES = ("vote", "disagreement")


@dataclass
class Voted:
    value: int
    correction: str
    counts: bool
    at: int


@dataclass
class Reviewed:
    number: int
    answer: str
    source: str
    proposed: str = ""
    proposed_by: str = ""
    resolution: str = ""
    correction: str = ""
    reviewer: str = ""
    assignee: str = ""
    decided: int = 0
    """When; 0: it waits."""

    @property
    def waits(self) -> bool:
        return not self.decided

    def shown(self) -> tuple[str, ...]:
        """What is compared with the database."""
        state = "pending" if self.waits else "resolved"
        said = (self.proposed, self.proposed_by, self.resolution, self.correction)
        return (self.answer, self.source, state, *said, self.reviewer, self.assignee)


@dataclass
class Done:
    actor: str
    action: str
    reviews: list[int]
    was: dict[int, str] = field(default_factory=dict)
    to: str = ""
    parts: list[int] = field(default_factory=list)
    undone: bool = False


class Model:
    def __init__(self, quorum: int, per_day: int) -> None:
        self.quorum, self.per_day = quorum, per_day
        self.asked: dict[str, Person] = {}
        self.votes: dict[tuple[str, Person], Voted] = {}
        self.reviews: dict[int, Reviewed] = {}
        self.log: list[Done] = []
        self._clock = 0

    def tick(self) -> int:
        self._clock += 1
        return self._clock

    def waiting(self, answer: str) -> Reviewed | None:
        found = [one for one in self.reviews.values() if one.answer == answer and one.waits]
        assert len(found) < 2
        return found[0] if found else None

    def vote(self, answer: str, who: Person, value: int, correction: str) -> None:
        before = self.votes.pop((answer, who), None)
        if value:
            others = sum(vote.counts for (_, voter), vote in self.votes.items() if voter == who)
            same = before is not None and before.value == value and before.counts
            self.votes[answer, who] = Voted(value, correction, same or others < self.per_day, self.tick())
        self.follow(answer)

    def follow(self, answer: str) -> None:
        decided = max((one.decided for one in self.reviews.values() if one.answer == answer), default=0)
        counted = sorted(
            (vote.at, voter, vote)
            for (of, voter), vote in self.votes.items()
            if of == answer and vote.counts and vote.at > decided
        )
        against = [(voter, vote) for _, voter, vote in counted if vote.value < 0]
        corrected = [(voter, vote) for voter, vote in against if vote.correction]
        waiting = self.waiting(answer)
        if not against or (not corrected and len(against) < self.quorum):
            if waiting and waiting.source in BY_VOTES:
                del self.reviews[waiting.number]
            return
        up = len(counted) - len(against)
        fewer = min(up, len(against))
        split = not corrected and (fewer >= 2 or (fewer == 1 and 3 * fewer >= len(counted)))
        text, by = (corrected[-1][1].correction, ":".join(corrected[-1][0])) if corrected else ("", "")
        self._bring(answer, "disagreement" if split else "vote", text, by)

    def _bring(self, answer: str, source: str, text: str, by: str) -> None:
        waiting = self.waiting(answer)
        if waiting is None:
            number = self.tick()
            self.reviews[number] = Reviewed(number, answer, source, text, by)
        elif waiting.source in BY_VOTES or (not waiting.proposed and waiting.source != "person"):
            waiting.source, waiting.proposed, waiting.proposed_by = source, text, by

    def propose(self, answer: str, source: str, text: str, by: str) -> None:
        waiting = self.waiting(answer)
        if waiting is None:
            number = self.tick()
            self.reviews[number] = Reviewed(number, answer, source, text, by)
            return
        waiting.source = source
        if text:
            waiting.proposed, waiting.proposed_by = text, by

    def decide(self, numbers: list[int], resolution: str, reviewer: str, text: str, bulk: bool) -> list[int]:
        done = [number for number in numbers if number in self.reviews and self.reviews[number].waits]
        for number in done:
            one = self.reviews[number]
            one.resolution, one.reviewer, one.correction, one.decided = (
                resolution,
                reviewer,
                text,
                self.tick(),
            )
        first = len(self.log)
        self.log += [Done(reviewer, "review.resolve", [number]) for number in done]
        if bulk and len(done) > 1:
            parts = list(range(first, len(self.log)))
            self.log.append(Done(reviewer, "review.bulk", done, parts=parts))
        return done

    def assign(self, numbers: list[int], actor: str, to: str) -> None:
        moved = [n for n in numbers if n in self.reviews and self.reviews[n].waits]
        was = {n: self.reviews[n].assignee for n in moved if self.reviews[n].assignee != to}
        if was:
            self.log.append(Done(actor, "review.assign", list(was), was=was, to=to))
            for number in was:
                self.reviews[number].assignee = to

    def undo(self, entry: int, actor: str) -> bool:
        """Whether it could be."""
        done = self.log[entry]
        if done.undone or not done.reviews:
            return False
        if done.action == "review.assign":
            still = [n for n in done.was if n in self.reviews and self.reviews[n].waits]
            still = [n for n in still if self.reviews[n].assignee == done.to]
            for number in still:
                self.reviews[number].assignee = done.was[number]
            changed = bool(still)
        elif done.action == "review.bulk":
            parts = [self.log[part] for part in done.parts if not self.log[part].undone]
            reopened = [part for part in parts if self._reopen(part.reviews[0])]
            for part in reopened:
                part.undone = True
            changed = bool(reopened)
        else:
            changed = self._reopen(done.reviews[0])
        if changed:
            done.undone = True
            self.log.append(Done(actor, "undo", []))
        return changed

    def _reopen(self, number: int) -> bool:
        one = self.reviews.get(number)
        if one is None or one.waits:
            return False
        others = [other for other in self.reviews.values() if other.answer == one.answer and other is not one]
        if any(other.waits or other.number > one.decided for other in others):
            return False
        one.decided, one.resolution, one.correction, one.reviewer = 0, "", "", ""
        return True

    def forget(self, who: Person) -> None:
        name = ":".join(who)
        gone = {answer for answer, asker in self.asked.items() if asker == who}
        touched = {answer for answer, voter in self.votes if voter == who} - gone
        self.votes = {k: v for k, v in self.votes.items() if k[0] not in gone and k[1] != who}
        for number, one in list(self.reviews.items()):
            theirs = one.correction and (
                one.reviewer == name or (one.proposed_by == name and one.proposed == one.correction)
            )
            if one.answer in gone or theirs:
                del self.reviews[number]
                continue
            if one.proposed_by == name:
                one.proposed = one.proposed_by = ""
            one.reviewer = "" if one.reviewer == name else one.reviewer
            one.assignee = "" if one.assignee == name else one.assignee
        for answer in gone:
            del self.asked[answer]
        for answer in sorted(touched):
            self.follow(answer)
        for done in self.log:
            done.actor = "forgotten" if done.actor == name else done.actor
            done.to = "forgotten" if done.to == name else done.to
            done.was = {n: "" if was == name else was for n, was in done.was.items()}
        self.log.append(Done("answerloop", "person.forget", []))

    def state(self) -> dict[str, Any]:
        said = {
            (answer, *who, vote.value, vote.correction, vote.counts)
            for (answer, who), vote in self.votes.items()
        }
        return {
            "answers": sorted(self.asked),
            "votes": sorted(said),
            "reviews": sorted(one.shown() for one in self.reviews.values()),
            "log": [(done.actor, done.action, done.undone) for done in self.log],
        }
