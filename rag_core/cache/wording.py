"""Which words of a question may differ between two questions that ask the same. English; read by paraphrase.py.

Everything here was chosen to be safe rather than complete: a word that is missing costs a repeated answer, a word too many
gives somebody the answer to another question.
"""

from __future__ import annotations

import re

__all__ = [
    "AUXILIARIES",
    "BE",
    "COMMON",
    "DETERMINERS",
    "ENGLISH",
    "EXCHANGES",
    "FOREIGN",
    "MODALS",
    "PREPOSITIONS",
    "QUANTIFIERS",
    "QUESTION_WORDS",
    "SYNONYMS",
    "singular",
    "unframed",
]

QUESTION_WORDS = frozenset("what which who whom whose when where why how howto".split())
BE = {"is": 0, "are": 0, "am": 0, "was": 1, "were": 1}
"""Forms of 'be' -> whether they are past."""
MODALS = frozenset("can could will would shall should may might must canone".split())
AUXILIARIES = frozenset(BE) | MODALS | {"do", "does", "did", "has", "have", "had"}
DETERMINERS = frozenset({"a", "an", "the"})
QUANTIFIERS = frozenset(
    "all every each any some most many much few only always never both either neither no none just even".split()
)
PREPOSITIONS = frozenset(
    "about above across after against among around as at before behind below between by during for from in inside into of "
    "on onto over per since than through to toward towards under until till upon via while with within without".split()
)
ENGLISH = frozenset(
    "what which who whom whose when where why how the does did with from should would could there this that have if tell "
    "know please wondering".split()
)
"""One of these, or an auxiliary at its beginning, makes a question English."""
FOREIGN = frozenset(
    "der das und ist ein eine nicht wie wo warum el los las una que por para como le les une est dans pour avec sans het "
    "een wat hoe niet och det som att inte jak nie czy jest na il della che di con qual onde em um uma pas peut".split()
)
"""One of these in lower case, and it is not."""
COMMON = (
    AUXILIARIES
    | PREPOSITIONS
    | QUANTIFIERS
    | QUESTION_WORDS
    | frozenset(
        "it us we he she they them her his him me my our your you i and or not be go so up off out an a if but one march "
        "august polish turkey china mark bill aids lead".split()
    )
)
"""Lower-case words that are something else than the same word in capitals: 'us' and 'US'."""

SYNONYMS = {
    word: group.split()[0]
    for group in (
        "admin administrator",
        "assistance help assist",
        "behavior behaviour",
        "buy purchase",
        "cancelled canceled",
        "car automobile",
        "catalog catalogue",
        "center centre",
        "child kid",
        "color colour",
        "configuration config",
        "database db",
        "difference distinction",
        "disadvantage drawback downside",
        "documentation docs",
        "email e-mail",
        "favorite favourite",
        "film movie",
        "happen occur",
        "happened occurred",
        "information info",
        "javascript js",
        "kubernetes k8s",
        "large big",
        "license licence",
        "maximum max",
        "modify change",
        "named called",
        "need require",
        "needed required",
        "obtain get",
        "organisation organization",
        "permitted allowed",
        "photo photograph",
        "pick choose",
        "postgresql postgres",
        "prohibited forbidden",
        "repository repo",
        "show display",
        "start begin commence",
        "started began commenced",
        "use utilise utilize",
        "used utilised utilized",
        "versus vs",
        "website site",
    )
    for word in group.split()
}
"""Word -> the word that stands for its group. Left out after checking: delete/remove, stop/kill, run/launch,
folder/directory, edit/change, fix/resolve, disease/disorder, sign/symptom, app/application, price/cost, main/primary."""

_IRREGULAR = {
    "children": "child",
    "men": "man",
    "women": "woman",
    "indices": "index",
    "has": "have",
    "goes": "go",
    "whom": "who",
}
_NOT_PLURAL = frozenset(
    "always news series species means goods customs arms glasses rights contents physics statistics mathematics politics "
    "economics ethics savings spirits manners works damages pants its this his hers yours ours theirs us yes does was has "
    "is as plus minus versus across perhaps besides less unless whereas sometimes afterwards towards thus gas bus lens "
    "atlas "
    "canvas christmas diabetes rabies herpes measles mumps sales minutes premises remains brains "
    "kubernetes postgres redis windows macos ios aws dns https css js jenkins".split()
)


def singular(word: str) -> str:
    """A lower-case noun or verb without its ending -s; -ed and -ing stay, since they change who did what."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if (
        len(word) < 4
        or word in _NOT_PLURAL
        or not word.endswith("s")
        or word.endswith(("ss", "us", "is", "ous"))
    ):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes")):
        return word[:-2]
    return word[:-1]


_ASKING = r"(?:what|which|who|whom|whose|when|where|why|how)\b"
_OPENS = rf"(?:{_ASKING}|(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|may|must)\b)"
_ASIDE = r"(?:please|pls|plz|kindly|perhaps|maybe)"
_TELL = r"(?:tell|explain(?: to)?|show|remind)(?: (?:me|us))?"
_POLITE = (
    rf"(?:can|could|would|will) (?:you|anyone|anybody|someone|somebody)(?: {_ASIDE})? "
    rf"(?:{_TELL}|help (?:me|us) understand)"
)
_KNOW = (
    r"(?:do you (?:happen to )?know|(?:does )?(?:anyone|anybody|someone) (?:here )?knows?|any ideas?|"
    r"(?:i|we)(?:'d| would) (?:like|love) to (?:know|find out|learn|understand)|"
    r"(?:i|we) (?:just )?(?:want|need|wanted) to (?:know|find out|understand)|"
    r"(?:i|we)(?:'m| am| was|'re| are| were)? ?(?:just )?(?:wonder|wondering|curious|asking myself)|"
    r"(?:may|can|could) i ask|let me know|my question is|help me understand|"
    r"i(?:'m| am) trying to (?:find out|figure out|understand))"
)


_WHO = r"(?:i|one|we(?!.* (?:my|our|your|you|us|me)\b))"
_AT = r"(country|county|state|city|town|region|continent)"


def _compiled(*pairs: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), replacement) for pattern, replacement in pairs)


_OPENINGS = _compiled(
    (
        rf"^(?:hi|hello|hey|good (?:morning|afternoon|evening))"
        rf"(?:,? (?:there|all|team|everyone|everybody|folks)\b)?(?:[,!.:;]+ | (?={_OPENS}))",
        "",
    ),
    (rf"^{_ASIDE}(?:, | (?={_OPENS}|(?:tell|explain|show|remind|let)\b))", ""),
    (rf"^(?:so|ok|okay|well|um|hm+)(?:, | (?={_OPENS}))", ""),
    (rf"^(?:{_POLITE}|{_TELL}),? (?={_ASKING}|(?:if|whether)\b)", ""),
    (rf"^(?:(?:can|could|would|will) you(?: {_ASIDE})? )?tell (?:me|us) (?=the\b)", "what is "),
    (r"^(?:(?:a )?(?:quick|short) )?question ?[:,-] ", ""),
    (rf"^{_KNOW}[,:;.\-]* ?(?<= )(?={_OPENS}|(?:if|whether)\b)", ""),
)
_ENDINGS = _compiled(
    (r"[,.;!?\- ]*(?<!\bsay)(?<!\btype)(?<!\bword) (?:please|pls|plz)[.!?]*$", ""),
    (
        r"[,.;!?\-]+ ?(?:many thanks|thanks|thank you|thx|ty|cheers)"
        r"(?: (?:in advance|a lot|very much|so much|all|everyone))?[.!?]*$",
        "",
    ),
    (
        r"[,.;!?\-]+ ?(?:asking for a friend|any help (?:is|would be) appreciated|"
        r"i(?:'m| am) (?:new|a beginner)(?: here)?)[.!?]*$",
        "",
    ),
)
EXCHANGES = _compiled(
    (r"^(?:if|whether) ", "canyes "),
    (rf"^({_ASKING}) (?:exactly|actually|precisely) ", r"\1 "),
    (
        rf"^(?:how (?:(?:do|can|could|would) {_WHO}|{_WHO} (?:can|could|would))(?: go about)?|how to|"
        r"what(?: is|'s) the (?:way|procedure|process) to|what are the steps to) ",
        "howto ",
    ),
    (
        r"^(?:is it possible(?: for (?:me|us))? to|would it be possible to|is there (?:a|any) (?:way|possibility) to|"
        rf"can {_WHO}|am i able to|canyes {_WHO} can|"
        r"canyes (?:it is|it's) possible to|canyes there is (?:a|any) way to) ",
        "canone ",
    ),
    (r"^what(?: is|'s) (?:meant by|the (?:meaning|definition) of) ", "what meaning "),
    (r"^define ", "what meaning "),
    (r"^what (?:does|do) (.+) mean$", r"what meaning \1"),
    (r"^what (.+?) means$", r"what meaning \1"),
    (r"^where's ", "where is "),
    (r"^where (is|are|was|were) (.+?) (?:located|situated)$", r"where \1 \2"),
    (r"^where (.+?) (is|are|was|were) (?:located|situated)$", r"where \1 \2"),
    (rf"^in (?:what|which) {_AT} (is|are|was|were) (.+?)(?: located| situated)?$", r"what \1 \2 \3 in"),
    (rf"^(?:what|which) {_AT} (is|are|was|were) (.+?) (?:located|situated) in$", r"what \1 \2 \3 in"),
    (r"^where (?:can|do|could) (?:i|we|one) find ", "where i find "),
    (r"^what(?: is|'s) the location of ", "where is "),
    (r"^what (?:is|was|are|were) the reasons? (?:why|that) ", "why "),
    (r"^(?:how come|for what reason) ", "why "),
    (r"^at what time ", "what time "),
    (r"^(?:in|during) (?:what|which) (year|month|decade|century) ", r"what \1 "),
    (r"\b(?:kind|type|sort)s? of\b", "type of"),
    (r"\bhow many (.+?) (are|were) there\b", r"how many \1 \2"),
    (r"\b(?:log|sign) ?in ?to\b", "login to"),
    (r"\b(?:log|sign) ?(?:in|on)\b", "login"),
    (r"\bset(?:[- ]up)\b", "setup"),
    (r"\bweb site", "website"),
    (r"\be-mail", "email"),
    (r"\btake place\b", "happen"),
    (r"\btakes place\b", "happens"),
    (r"\btook place\b", "happened"),
)
"""What can be said in two ways of more than one word, in this order."""


def unframed(text: str) -> str:
    """The question without greetings, thanks and 'could you tell me'."""
    for pattern, replacement in _ENDINGS:
        text = pattern.sub(replacement, text)
    before = ""
    while before != text:
        before = text
        for pattern, replacement in _OPENINGS:
            text = pattern.sub(replacement, text, count=1)
    return text
