"""Variants of real questions, made by rule and seeded: some ask the same, some ask almost the same.

What the semantic cache is measured with; see semantic_cache.py.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

__all__ = ["DIFFERENT", "SAME", "Make", "names_in"]

Make = Callable[[str, random.Random, Sequence[str]], str | None]
"""(question, chance, names of the same subject) -> a variant; None where the rule does not apply."""

_AUXILIARY = re.compile(
    r"\b(is|are|was|were|does|do|did|can|should|would|could|has|have|will)\b(?! not)", re.I
)
_NOT = re.compile(r"n't\b| not\b", re.I)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER_WORDS = "two three four five six seven eight nine ten twelve twenty".split()
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'’-]*(?: (?:of |the |de |von |for )?[A-Z][\w'’-]*)*")
_ANTONYMS = [
    pair.split("/")
    for pair in (
        "before/after first/last largest/smallest biggest/smallest highest/lowest increase/decrease most/least more/fewer "
        "more/less with/without maximum/minimum north/south northern/southern east/west eastern/western male/female "
        "men/women start/end began/ended begin/end win/lose won/lost born/buried enable/disable allow/prevent above/below "
        "high/low longer/shorter old/new early/late earlier/later import/export upload/download add/remove open/close "
        "inside/outside husband/wife father/mother son/daughter brother/sister king/queen positive/negative acute/chronic "
        "internal/external primary/secondary adult/childhood benefits/drawbacks causes/effects cause/cure support/oppose "
        "accept/refuse local/remote success/failure successful/unsuccessful legal/illegal symptoms/treatments "
        "prevent/cause diagnose/treat public/private common/rare minimum/average only/also to/from buy/sell lock/unlock "
        "help/harm liked/disliked agree/disagree joined/left released/recalled written/read good/bad"
    ).split()
]


def names_in(question: str) -> list[str]:
    """Runs of capitalised words that do not begin the question."""
    return [match.removesuffix("'s").removesuffix("’s") for match in _NAME.findall(question)]


def negated(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    if _NOT.search(question):
        return re.sub(r"\bca(?= )", "can", _NOT.sub("", question, count=1))
    found = _AUXILIARY.search(question)
    if not found:
        return None
    contracted = {"can": "can't", "will": "won't"}.get(found[1].lower(), found[1] + "n't")
    return (
        question[: found.start()] + chance.choice([contracted, found[1] + " not"]) + question[found.end() :]
    )


def other_number(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    if found := _NUMBER.search(question):
        digits = found[0]
        at = chance.randrange(len(digits))
        while not digits[at].isdigit():
            at = chance.randrange(len(digits))
        digit = chance.choice([d for d in "123456789" if d != digits[at]])
        return question[: found.start()] + digits[:at] + digit + digits[at + 1 :] + question[found.end() :]
    for word in _NUMBER_WORDS:
        if re.search(rf"\b{word}\b", question):
            return re.sub(rf"\b{word}\b", chance.choice([w for w in _NUMBER_WORDS if w != word]), question)
    return None


def other_name(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    own = names_in(question)
    others = [name for name in names if name not in own and not any(name in o or o in name for o in own)]
    if not own or not others:
        return None
    return question.replace(chance.choice(own), chance.choice(others))


def swapped_names(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    """Where the order says who does what; not 'A and B'."""
    own = names_in(question)
    if len(own) != 2 or own[0] in own[1] or own[1] in own[0]:
        return None
    between = question[question.index(own[0]) + len(own[0]) : question.rindex(own[1])]
    if re.search(r"\b(and|or)\b|,|/", between) or re.search(r"\bbetween\b", question):
        return None
    return question.replace(own[0], "\0").replace(own[1], own[0]).replace("\0", own[1])


def opposite(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    for pair in chance.sample(_ANTONYMS, len(_ANTONYMS)):
        for word, other in (pair, pair[::-1]):
            if re.search(rf"\b{word}\b", question):
                return re.sub(rf"\b{word}\b", other, question, count=1)
    return None


def other_question_word(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    found = re.match(r"(When|Where|Why|How(?! (?:many|much|long|often))) ", question)
    others = [word for word in ("When", "Where", "Why", "How") if not found or word != found[1]]
    return question.replace(found[1], chance.choice(others), 1) if found else None


_VERSIONS = ("2.1 2.2", "3 3.1", "1.9 1.10", "4.0.1 4.1.0", "2019 2022", "11 12", "1.0 1.0-rc1", "5 5.5")


def versions(question: str, chance: random.Random) -> tuple[str, str]:
    """The question about one version and about another."""
    one, other = chance.sample(chance.choice(_VERSIONS).split(), 2)
    form = chance.choice([" in version {}", " in v{}", " with release {}", " on Python {}", " since {}"])
    mark = "?" if question.endswith("?") else ""
    base = question.rstrip("? ")
    return base + form.format(one) + mark, base + form.format(other) + mark


DIFFERENT: Mapping[str, Make] = {
    "negation": negated,
    "another number or date": other_number,
    "another name": other_name,
    "names in other roles": swapped_names,
    "opposite word": opposite,
    "another question word": other_question_word,
}
"""What asks almost the same."""


def _lowered(question: str) -> str:
    return question[0].lower() + question[1:] if not question[:2].isupper() else question


_WH = re.compile(r"(what|which|who|when|where|why|how)\b", re.I)
_INVERTED = re.compile(r"(What|Who|Where|When|Why|How) (is|are|was|were) (.+?)\??$")


def polite(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    opening = chance.choice(["Hi, ", "Please, ", "Hello! ", "Quick question: ", "So, ", "Hi team, "])
    ending = chance.choice([" please", ", thanks!", "? Thank you!", ", please?", "? Thanks in advance."])
    base = question.rstrip("? ")
    return chance.choice([opening + _lowered(question), base + ending])


def indirect(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    found = _INVERTED.match(question)
    if not found or " " in found[3].split(" ")[0]:
        return None
    asking = [
        "Can you tell me",
        "Do you know",
        "I'd like to know",
        "I was wondering",
        "Could you please explain",
    ]
    subject, words = found[3], found[3].split()
    if found[1] in ("What", "Who") or len(words) < 4:
        return f"{chance.choice(asking)} {found[1].lower()} {subject} {found[2]}?"
    return None


def contracted(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    made = re.sub(r"^(What|Who|Where|How) is\b", r"\1's", question)
    made = re.sub(r"\b(do|does|did|is|are|was|were) not\b", r"\1n't", made)
    if made == question:
        made = re.sub(r"^(What|Who|Where|How)'s\b", r"\1 is", question)
    return made if made != question else None


def typed(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    forms: list[Callable[[str], str]] = [
        str.lower,
        lambda q: q.rstrip("?") + " ??",
        lambda q: q.rstrip("? ").lower(),
        lambda q: q.replace(" ", "  ", 2),
        lambda q: q.replace("'", "’").replace('"', "”").rstrip("?"),
        lambda q: _lowered(q).rstrip("?"),
    ]
    return chance.choice(forms)(question)


def reordered(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    """The last phrase first: 'In Python, how …'."""
    found = re.match(
        r"((?:What|Who|How|When|Why|Where|Does|Do|Can|Is|Are)\b.{12,}) ((?:in|on|during) [^,?]{3,40})\?$",
        question,
    )
    if not found or re.search(r"\b(in|on|during|of|for|and|that|who|which)\b", found[2][3:]):
        return None
    return f"{found[2][0].upper()}{found[2][1:]}, {_lowered(found[1])}?"


def other_number_of_nouns(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    made = re.sub(r"^What are the (\w+[^s])s (of|for|in)\b", r"What is the \1 \2", question)
    if made == question:
        made = re.sub(r"^What is the (\w+[bdgklmnprt]) (of|for|in)\b", r"What are the \1s \2", question)
    return made if made != question else None


def _exchanged(pairs: str) -> Make:
    table = [pair.split("/") for pair in pairs.split()]

    def make(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
        for one, other in chance.sample(table, len(table)):
            for word, instead in ((one, other), (other, one)):
                pattern = rf"\b{word.replace('_', ' ')}\b"
                if re.search(pattern, question):
                    return re.sub(pattern, instead.replace("_", " "), question)
        return None

    return make


_FORMS = (
    (r"^How (?:do|can) I (.+)$", r"What is the best way to \1"),
    (r"^How to (.+)$", r"What should one do to \1"),
    (r"^What causes (.+)$", r"What is the cause of \1"),
    (r"^What are the treatments for (.+?)\?+$", r"How is \1 treated?"),
    (r"^What are the symptoms of (.+?)\?+$", r"What symptoms does \1 have?"),
    (r"^What is \(are\) (.+)$", r"Tell me about \1"),
    (r"^How many people are affected by (.+)$", r"How common is \1"),
    (r"^Is (.+) inherited\?$", r"Is \1 hereditary?"),
    (r"^What are the genetic changes related to (.+)$", r"Which mutations are behind \1"),
    (r"^When was (.+) released\?$", r"What is the release date of \1?"),
    (r"^Who wrote (.+)$", r"Who is the author of \1"),
    (r"^What (?:was|is) the name of (.+?)\?$", r"What is \1 called?"),
    (r"^Did (.+?) win any (.+)$", r"Has \1 won any \2"),
    (r"^In what year (.+)$", r"When \1"),
    (r"^When did (.+)$", r"In what year did \1"),
    (r"^Why did (.+?)\?$", r"What made \1?"),
    (r"^How did (.+?)\?$", r"In what way did \1?"),
    (r"^Where was (.+?)\?$", r"In which place was \1?"),
)


def other_form(question: str, chance: random.Random, names: Sequence[str]) -> str | None:
    for pattern, form in _FORMS:
        made = re.sub(pattern, form, question)
        if made != question:
            return made
    return None


SAME: Mapping[str, Make] = {
    "greeting, please, thanks": polite,
    "asked indirectly": indirect,
    "contraction": contracted,
    "typing": typed,
    "phrase moved to the front": reordered,
    "singular and plural": other_number_of_nouns,
    "synonym in the table": _exchanged(
        "film/movie begin/start began/started purchase/buy happen/occur happened/took_place called/named kind_of/type_of "
        "types_of/kinds_of color/colour need/require difference/distinction change/modify used/utilized use/utilize "
        "license/licence organization/organisation configuration/config get/obtain large/big photo/photograph"
    ),
    "synonym outside the table": _exchanged(
        "died/passed_away famous/well-known book/novel treatments/therapies symptoms/signs causes/triggers made/created "
        "wrote/authored important/significant main/primary people/persons album/record job/occupation wife/spouse "
        "country/nation city/town believe/think awards/prizes biggest/largest help/support children/offspring quit/leave "
        "receive/get error/failure folder/directory remove/delete fix/repair work/function look_like/resemble "
        "genetic/hereditary risk/danger"
    ),
    "another form of question": other_form,
}
"""What asks the same."""
