"""What language models say besides the answer: that there is none, courtesies, lists of sources. Pure.

By patterns in English, German, French and Spanish. None of it is a claim about what documents say, so that it is neither
held to passages nor shown.
"""

from __future__ import annotations

import re

__all__ = ["is_courtesy", "is_echo", "is_reference", "is_refusal", "says_not_found"]

_MATERIAL = (
    r"(?:(?:provided|given|available|retrieved|supplied|above)\s+)?"
    r"(?:passages?|context|documents?|documentation|sources?|excerpts?|materials?|information|texts?|content)"
)
_IN_IT = rf"(?:in|from|within|by|based on)\s+(?:any of\s+)?(?:the|these|your|this|my|what)?\s*{_MATERIAL}"
_SOUGHT = (
    r"(?:this|that|it|any|an?|the|enough|sufficient|specific|relevant|further|such|exact|no|your|details?|"
    r"information|"
    r"mention|answers?|anything)"
)
_NOT = r"(?:(?:do|does|did|could|can|is|are|was|were|has|have)(?:\s*not|n['’]?t)|cannot|can['’]?t)"
_REFUSALS = (
    # The passages do not contain / say / mention …; none of the documents answers …
    rf"(?:(?:unfortunately|however|sorry|i['’]?m sorry|i am sorry|"
    rf"i apologi[sz]e)\W+(?:but\s+)?)?(?:based on [^,.]{{0,60}},\s*)?"
    rf"(?:the|these|this|your|there)\s+{_MATERIAL}(?:\s+(?:above|provided|given|you gave|available|shown))?\s+"
    rf"(?:{_NOT}\s+(?:directly\s+|explicitly\s+|specifically\s+|actually\s+|seem to\s+|appear to\s+)?"
    r"(?:contain|mention|say|state|specify|answer|include|provide|address|cover|describe|discuss|give|have|offer|"
    r"explain|"
    r"contained|mentioned|specified|provided|available|indicate|tell|list|define|refer)\b|"
    r"(?:contains?|has|have|gives?|provides?|includes?|makes?|answers?)\s+(?:no|nothing|neither)\b|"
    r"(?:is|are)\s+(?:silent|insufficient|not enough)\b|lacks?\b)",
    rf"none of\s+(?:the|these|your)\s+{_MATERIAL}\b",
    # I could not find / I do not have enough information …
    rf"(?:(?:unfortunately|however|sorry|i['’]?m sorry|i am sorry|"
    rf"i apologi[sz]e)\W+(?:but\s+)?)?(?:based on [^,.]{{0,60}},\s*)?"
    rf"(?:i|we)\s+(?:(?:could|can|did|do|was|am|were|are)(?:\s*not|n['’]?t)|cannot|can['’]?t|was unable to|"
    rf"am unable to|'m "
    rf"unable to|['’]?m not able to)\s+(?:able to\s+)?(?:find|have|answer|see|locate|determine|provide|know)\b"
    rf"(?:\s+{_SOUGHT}\b|\W*$)",
    r"(?:unfortunately|sorry|i['’]?m sorry|i am sorry|i apologi[sz]e)\W+(?:but\s+)?(?:there\s+is|there['’]s)\s+no\b",
    rf"(?:there\s+(?:is|was|are)|there['’]s)\s+(?:no|not any|nothing)\b.{{0,80}}\b{_IN_IT}\b",
    rf"(?:this|that|it|the (?:\w+ )?(?:answer|information|question|detail)s?(?: (?:to|about|on) .{{1,80}}?)?|"
    rf"no information .{{0,80}}?)"
    rf"\s+(?:is|was|are|cannot|can['’]?t|could not|{_NOT})\s*(?:not\s+|be\s+){{0,2}}"
    rf"(?:(?:mentioned|contained|answered|found|provided|specified|stated|given|covered|included|"
    rf"available)\s+)?{_IN_IT}",
    rf"not\s+(?:mentioned|found|specified|answered|stated|given|available)\s+{_IN_IT}",
    r"(?:no (?:answer|information|relevant information|data)(?: (?:found|available|given))?|not found|unknown|n/a|"
    r"i (?:do not|don['’]?t) know|keine (?:antwort|angaben?|informationen)|aucune (?:réponse|information)|"
    r"sin (?:respuesta|"
    r"información))\W*$",
    # German
    r"(?:leider\s+)?(?:(?:die|den|diese|diesen|in den|aus den)\s+)?(?:(?:bereitgestellten|angegebenen|vorliegenden|"
    r"gegebenen|"
    r"verfügbaren)\s+)?(?:passagen|textpassagen|textstellen|abschnitte\w*|dokumente\w*|quellen|texte\w*|auszüge\w*|"
    r"unterlagen)\s+(?:\w+\s+){0,3}?(?:kein\w*|nicht|nichts)\b",
    r"(?:leider\s+)?(?:konnte|kann|habe)?\s*(?:ich\s+)?(?:konnte|kann|habe)?\s*(?:dazu|darauf|hierzu|das|"
    r"dies)?\s*(?:ich\s+)?"
    r"(?:leider\s+)?(?:dazu\s+|darauf\s+|hierzu\s+)?(?:keine?n?\s+(?:antwort|information\w*|angaben?|hinweise?)|"
    r"nichts)\s.{0,80}"
    r"(?:finden|gefunden|geben|vor|verfügbar|enthalten)\W*$",
    # French, Spanish
    r"(?:malheureusement,?\s+)?(?:les|ces|aucun(?:e)? des)\s+(?:passages?|documents?|extraits?|textes?|"
    r"sources?)(?:\s+fournis\w*)?"
    r"\s+(?:ne\s+|n['’])",
    r"(?:malheureusement,?\s+|désolée?,?\s+)?je\s+(?:n['’]ai|ne\s+(?:trouve|peux|dispose|sais))\s*pas\b",
    r"(?:lamentablemente,?\s+|desafortunadamente,?\s+)?(?:los|las|estos|ninguno de los)\s+(?:pasajes?|documentos?|"
    r"fragmentos?|"
    r"textos?|fuentes?)(?:\s+proporcionad\w+)?\s+no\s",
    r"(?:lamentablemente,?\s+|lo siento,?\s+(?:pero\s+)?)?no\s+(?:he\s+)?(?:encontré|encontrado|encuentro|"
    r"puedo encontrar|tengo|"
    r"dispongo)\b",
    # Chinese, Japanese
    r"(?:抱歉[，,]?)?.{0,12}(?:段落|文档|文件|资料|上下文|文本|信息).{0,6}(?:没有|未|不包含|無|无)",
    r".{0,20}(?:文書|資料|段落|文章|情報).{0,12}(?:ありません|見つかりません|含まれていません)",
)
_REFUSAL = re.compile("|".join(f"(?:{r})" for r in _REFUSALS), re.IGNORECASE)
_NOT_FOUND = re.compile(r"\W*not[\s_-]in[\s_-](?:the[\s_-])?passages?\b", re.IGNORECASE)
_COURTESY = re.compile(
    r"(?:(?:i\s+)?hope (?:this|that|it) (?:helps|answers)|(?:please\s+)?(?:let me know|feel free|do(?:n['’]t|"
    r" not) hesitate)\b|"
    r"if you (?:have|need) (?:any\s+)?(?:more|further|other|additional|questions)|is there anything else|"
    r"(?:great|good|excellent) question|(?:you['’]?re|you are) welcome|(?:sure|certainly|of course|absolutely)\W|"
    r"you (?:asked|ask|are asking|want to know)\b|the (?:user|question) (?:asks|is asking|is about)\b|"
    r"(?:ich\s+)?hoffe,?\s+(?:das|dies) hilft|(?:bei|für) weitere\w* fragen|gern(?:e)? geschehen|"
    r"sag(?:en sie)? (?:mir )?bescheid|"
    r"n['’]hésitez pas|j['’]espère que (?:cela|ça)|si vous avez d['’]autres|"
    r"espero que (?:esto|te|le)|no dudes? en|si tienes? (?:más|alguna|otra))",
    re.IGNORECASE,
)
_REFERENCES = re.compile(
    r"\W*(?:(?:the|cited|used|my|die|les|las)\s+)?(?:references?|sources?|citations?|cited passages?|"
    r"passages?(?: cited| used)?|"
    r"footnotes?|bibliography|works cited|quellen(?:angaben)?|literatur|belege|einzelnachweise|fußnoten|références|"
    r"fuentes|referencias|参考(?:文献|资料)|来源|出典)(?:\s+(?:cited|used))?\W*",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"[*_>#`]+")


def _bare(text: str) -> str:
    return _SIGNS.sub("", text).strip()


def says_not_found(text: str) -> bool:
    """Whether it begins with the words that the prompt asks for where passages do not answer."""
    return _NOT_FOUND.match(text) is not None


def is_refusal(sentence: str) -> bool:
    """Whether it says, in whatever words, that the passages do not answer."""
    return says_not_found(sentence) or _REFUSAL.match(_bare(sentence)) is not None


def is_courtesy(sentence: str) -> bool:
    """Whether it is about the conversation alone: an offer, a hope, that somebody asked."""
    return _COURTESY.match(_bare(sentence)) is not None


def is_echo(sentence: str, question: str) -> bool:
    """Whether it asks what was asked, or another thing in part of its words."""
    if not sentence.rstrip(" *_\"'”").endswith(("?", "？", "؟")):
        return False
    words, asked = (set(re.findall(r"\w+", text.lower())) for text in (sentence, question))
    return len(words & asked) >= 0.7 * len(words)


def is_reference(line: str) -> bool:
    """Whether it is the title of a list of sources. Citations have their own."""
    return _REFERENCES.fullmatch(line.strip()) is not None
