"""A follow-up -> a question of its own, without a language model.

In this order: small talk is left alone; 'why?' gets the question before it; 'and on Windows?' is put into that; 'the second
one' is looked up in what was listed; and pronouns, 'the …' and questions to which something is missing get what they most
likely mean (choosing.py), in the place of the pronoun where that is sure enough, or else in parentheses. What is not sure
is left alone: words that do not belong to a question harm its search more than those that are missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from rag_core.conversation.additions import listed, ordinal, put_in
from rag_core.conversation.choosing import Choice, choose
from rag_core.conversation.features import OTHER
from rag_core.conversation.lexicon import ENGLISH, Lexicon, language_of
from rag_core.conversation.mentions import Mention, content_stems, mentions, tokens
from rag_core.conversation.slots import Group, Slot, slots
from rag_core.conversation.told import told
from rag_core.types import Turn

__all__ = [
    "Standalone",
    "Thread",
    "clearly_stands_alone",
    "is_social",
    "rewritten",
    "says_something",
    "stand_alone",
    "thread_of",
]

LONGEST = 500
"""Characters of a question that are looked at for what it leans on; a longer one says all it needs."""
SURE: dict[Group, float] = {"person": 0.4, "plural": 0.6, "thing": 0.5, "none": 0.67}
"""How likely a mention must be the right one. Below these, more of what was added was wrong than right; words added to a
question that may well stand alone must be right twice as often as wrong."""
SURE_OF_FULL_NAME = 0.28
"""The same for 'he' and 'she' where the likeliest is a name of several words, which is no other thing by mistake."""
SURE_OF_POINTING = 0.67
"""The same for 'this' and 'that' alone, which mostly stand for more than a name."""
SURE_OF_CITED = 0.5
"""The same for what a cited document is about, in the place of a pronoun."""
SURE_OF_OTHERS = 0.6
"""The same for 'What else …', which does not stand alone either."""
ALONE = 0.15
"""The least likelihood of leaning on something that a language model is asked about."""
LEAST_ALONE = 3
"""Content words of a question that clearly stands alone."""
LONGEST_MATTER = 9
"""Words."""
_WHOLE = re.compile(
    r"\bit (?:take|cost|work|mean|happen|matter|apply|help)|\b(?:do|doing|done|did) it\b", re.IGNORECASE
)
_ASKS_TO_DO = re.compile(
    r"^\W*(?:how (?:do|can|should|must|would|to|did)\b|(?:where|when|who|which|what) (?:do|can|should|must) (?:i|we)\b|"
    r"(?:can|may|could|should|must|do|would) (?:i|we|you|one|employees|people)\b|is it (?:possible|allowed|ok) to\b)",
    re.IGNORECASE,
)
"""'How do I request parental leave?': what is done can be what 'that' stands for."""
_LIST_ITEMS = 4
_COMPARES = re.compile(
    r"^(?:and |so |but )?(?:(?:which|what|who)(?: one| option)? (?:is|are|was|would be|has|costs?|"
    r"takes?|should i|do you)|"
    r"which (?:one|of (?:them|these|those|the two)))\b.*\b(?:more|less|most|least|better|best|worse|"
    r"worst|(?:cheap|fast|slow|new|old|bigg|small|larg|high|low|long|"
    r"short|saf|heavi|light|easi|hard|strong|near|quick|simpl|young|great|earli|lat)(?:er|est)|"
    r"recommend(?:ed)?|prefer(?:red)?)\b",
    re.IGNORECASE,
)
"""'Which is cheaper?'"""
MOST_COMPARED = 3
"""Content words of such a question: with more of them it says itself what it compares."""


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question as it is searched and answered."""

    text: str
    follows_up: bool = False
    """Whether it leans on what was said before."""
    asked: str = ""
    """As it was asked, where that is worth a search beside the other, which may be wrong; else ''."""


@dataclass(slots=True)
class Thread:
    """The turns so far, small talk left out."""

    turns: list[Turn] = field(default_factory=list)
    stood: list[tuple[str, Group]] = field(default_factory=list)
    """What was put in place of slots in earlier questions."""
    asked: str = ""
    """The last question as it was rewritten."""

    def previous(self) -> str:
        """The last question; '' where there is none."""
        return self.asked

    def last_texts(self) -> list[str]:
        """Of the last answer and the last question, with their line breaks."""
        return [turn.text for turn in reversed(self.turns[-2:])]


def is_social(text: str) -> bool:
    """Whether a message asks nothing: 'thanks!', 'hello'."""
    lower = text.strip().lower()
    return len(lower) <= 80 and any(
        lexicon.social.match(lower) for lexicon in dict.fromkeys((language_of(lower), *_all()))
    )


@lru_cache(maxsize=1)
def _all() -> tuple[Lexicon, ...]:
    return tuple(
        language_of(text) for text in ("the what how", "der das und", "les est quel", "los qué cómo")
    )


def stand_alone(question: str, turns: Sequence[Turn]) -> Standalone:
    """The question with what it leans on, taken from the turns before it, oldest first."""
    return rewritten(question, thread_of(turns))


def thread_of(turns: Sequence[Turn]) -> Thread:
    """The turns, oldest first; each question was rewritten by those before it."""
    thread = Thread()
    for turn in turns:
        if turn.role == "user":
            if is_social(turn.text):
                continue
            thread.asked = rewritten(turn.text, thread).text
        thread.turns.append(turn)
    return thread


def clearly_stands_alone(question: str, turns: Sequence[Turn]) -> bool:
    """Whether a question so surely needs nothing of the turns before it that a language model need not be asked.

    Titles are not looked at: where they are known, fewer questions seem to lean on what was said, also of those that do.
    """
    thread = thread_of([replace(turn, titles=()) for turn in turns])
    if not thread.previous() or is_social(question):
        return True
    if len(question) > LONGEST:
        return False
    lexicon = _lexicon(question, thread.previous())
    if len(content_stems(question)) < LEAST_ALONE or lexicon.pronoun.search(question.lower()):
        return False
    if rewritten(question, thread, filled=False).follows_up:
        return False
    choices = [choose(question, slot, told(thread.turns, thread.stood)) for slot in slots(question)]
    return all(choice is None or choice.any < ALONE for choice in choices)


def says_something(question: str) -> bool:
    """Whether a question that follows up on others is worth a search as it is: not 'why?', and not 'And in Portugal?', which
    asks nothing without the question before it."""
    lexicon = language_of(question)
    lower = question.lower().strip()
    return (
        not lexicon.bare.match(lower) and not lexicon.addition.match(lower) and bool(content_stems(question))
    )


def rewritten(question: str, thread: Thread, *, filled: bool = True) -> Standalone:
    """The question after this thread, to which is added what stood in for its slots.

    filled: whether slots are filled at all.
    """
    previous = thread.previous()
    if not previous or len(question) > LONGEST or is_social(question):
        return Standalone(question)
    lexicon = _lexicon(question, previous)
    lower = question.lower().strip()
    if lexicon.bare.match(lower):
        return Standalone(f"{previous} {question}", True)
    if (merged := _merged(question, previous, lexicon)) is not None:
        return Standalone(merged, True)
    if lexicon is not ENGLISH:
        return _with_topic(question, previous, lexicon)
    texts = thread.last_texts()
    if (named := ordinal(question, texts)) is not None:
        thread.stood.append((named[1], "thing"))
        return Standalone(named[0], True, question)
    if (compared := _compared(question, texts)) is not None:
        return compared
    return _filled(question, thread) if filled else Standalone(question)


def _lexicon(question: str, previous: str) -> Lexicon:
    """Of the question's language; where it is too short to tell, of the previous one's."""
    own = language_of(question)
    words = set(re.findall(r"[^\W\d_]+", question.lower()))
    return own if words & own.words else language_of(previous)


def _merged(question: str, previous: str, lexicon: Lexicon) -> str | None:
    """'And on Windows?' and 'on Windows?' as the previous question."""
    body = question.strip().rstrip("?!. ")
    match = lexicon.addition.match(question.strip().lower())
    if match:
        new = question.strip()[match.start(1) : match.end(1)]
        return put_in(new, previous, lexicon)
    first = body.split(None, 1)[0].lower() if body else ""
    if first in lexicon.prepositions and len(body.split()) <= 4:
        return put_in(body, previous, lexicon)
    return None


def _compared(question: str, texts: Sequence[str]) -> Standalone | None:
    """'Which is cheaper?' with what was listed; None where it compares nothing, or nothing was listed.

    'What is his best season?' says by its pronoun what it compares, and it is not what was listed.
    """
    if not _COMPARES.match(question) or len(content_stems(question)) > MOST_COMPARED:
        return None
    items = next((items for text in texts if len(items := listed(text)) >= 2), [])
    compared = ", ".join(items) if len(items) <= _LIST_ITEMS else ""
    if content_stems(compared) <= content_stems(question) or slots(question)[0].group != "none":
        return None
    return Standalone(_in_parentheses(question, compared), True, question)


def _subject(question: str) -> str:
    """What a question is about, as far as that can be told without its grammar: its last name, or "
    "its longest phrase."""
    found = mentions(question)
    names = [m for m in found if m.kind == "name" and not m.initial]
    if names:
        return names[-1].text
    return max((m.text for m in found if m.kind != "date"), key=len, default="")


def _with_topic(question: str, previous: str, lexicon: Lexicon) -> Standalone:
    """In languages whose words change with their place, the topic goes behind the question and "
    "never into it."""
    pronoun = lexicon.pronoun.search(question[:1].lower() + question[1:])
    topic = _subject(previous)
    named = (
        any(m.kind == "name" and not m.initial for m in mentions(question[: pronoun.start()]))
        if pronoun
        else True
    )
    if named or not topic or content_stems(topic) <= content_stems(question):
        return Standalone(question)
    return Standalone(_in_parentheses(question, topic), True, question)


def _filled(question: str, thread: Thread) -> Standalone:
    """With the slots of an English question filled, as far as that is sure enough."""
    candidates = told(thread.turns, thread.stood)
    text = question
    shift, used = 0, False
    for slot in slots(question):
        if slot.led and slot.group in ("thing", "plural"):
            continue  # 'Is herpes lethal and how is it transmitted?'
        choice = choose(text, slot, candidates)
        if choice is None or not _is_sure(question, slot, choice):
            if _means_all_of_it(question, slot) and (matter := _matter(thread.previous())):
                text, used = _in_parentheses(text, matter), True
            continue
        phrase = choice.told.mention.text
        if slot.end > slot.start and _takes_the_place(slot, choice):
            put = _inflected(phrase, slot, choice)
            text = text[: slot.start + shift] + put + text[slot.end + shift :]
            shift += len(put) - (slot.end - slot.start)
        else:
            text = _in_parentheses(text, phrase)
        thread.stood.append((phrase, slot.group))
        used = True
    return Standalone(text, True, question) if used else Standalone(question)


def _is_sure(question: str, slot: Slot, choice: Choice) -> bool:
    sure = _sure(question, slot, choice.told.mention)
    if choice.told.titles and slot.group != "none":
        sure = min(sure, SURE_OF_CITED)
    return choice.probability >= sure


def _sure(question: str, slot: Slot, mention: Mention) -> float:
    if slot.pointing:
        return SURE_OF_POINTING
    if slot.group == "person" and mention.kind == "name" and " " in mention.text:
        return SURE_OF_FULL_NAME
    if slot.group == "none" and OTHER & set(question.lower().rstrip("?!. ").split()):
        return SURE_OF_OTHERS
    return SURE[slot.group]


def _means_all_of_it(question: str, slot: Slot) -> bool:
    """'How long does that take?'"""
    whole = slot.pointing or (slot.end > slot.start and _WHOLE.search(question) is not None)
    return slot.group == "thing" and whole and not slot.led and len(content_stems(question)) <= 2


def _matter(question: str) -> str:
    """'request parental leave' of 'How do I request parental leave?': from the first word that says what it is about to the
    last; '' where that is much, and where the question is not about doing something."""
    if "(" in question or not _ASKS_TO_DO.match(question):
        return ""
    words = [t for t in tokens(question) if t.is_word and not t.is_small]
    text = question[words[0].start : words[-1].end] if words else ""
    return text if len(text.split()) <= LONGEST_MATTER else ""


def _takes_the_place(slot: Slot, choice: Choice) -> bool:
    """'that season' gives way to 'the 1998 season', and to nothing that is no season; 'that' alone "
    "stays where it is."""
    return not slot.pointing and (not slot.noun or slot.noun <= choice.told.mention.stems)


def _inflected(phrase: str, slot: Slot, choice: Choice) -> str:
    if slot.noun or choice.told.mention.after == "the":
        phrase = phrase if phrase.lower().startswith("the ") else f"the {phrase}"
    if not slot.possessive:
        return phrase
    return f"{phrase}'" if phrase.endswith("s") else f"{phrase}'s"


def _in_parentheses(question: str, phrase: str) -> str:
    body = question.rstrip(" ?!.")
    return f"{body} ({phrase}){question[len(body) :].strip()}"
