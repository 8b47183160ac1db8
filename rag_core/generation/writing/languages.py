"""Which language a text is in, as far as its letters and commonest words tell. Pure."""

from __future__ import annotations

import re

__all__ = ["language_of"]

_SCRIPTS = {
    "han": "\u4e00-\u9fff",
    "kana": "\u3040-\u30ff",
    "hangul": "\uac00-\ud7af",
    "arabic": "\u0600-\u06ff",
    "cyrillic": "\u0400-\u04ff",
    "greek": "\u0370-\u03ff",
    "hebrew": "\u0590-\u05ff",
    "devanagari": "\u0900-\u097f",
    "thai": "\u0e00-\u0e7f",
}
_COMMON = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to is are you your it that for with on as be this from or by at an what how do does when which "
        "can have has if not we i in where who a will must should after before all",
        "de": "der die das und ist sind sie ihr ihre ihren du dein den dem des ein eine einen einem nicht mit für auf von "
        "zu im in am an wie was wann wo wer bei nach pro werden wird kann muss haben hat ich wir es oder viele vor",
        "fr": "le la les des du de et est sont vous votre vos un une pas avec pour sur dans par au aux que qui quoi comment "
        "quand où il elle nous je ce cette ces ou avez combien en après avant doit",
        "es": "el la los las del de y es son usted su sus un una no con para en por al que qué quién cómo cuándo dónde "
        "cuántos tiene tienes nosotros yo este esta o se después antes debe",
        "it": "il lo la i gli le del della dei di e è sono un una non con per su in da al che chi come quando dove "
        "quanti ha hai noi io questo questa o si dopo prima deve",
        "pt": "o a os as do da dos das de e é são um uma não com para em por ao que quem como quando onde quantos tem você "
        "nós eu este esta ou se depois antes deve",
        "nl": "de het een en is zijn je jouw u uw niet met voor op van te in aan hoe wat wanneer waar wie bij na per worden "
        "wordt kan moet hebben heeft ik we of",
    }.items()
}
_MOST = 4_000


def language_of(text: str) -> str:
    """'en', 'de', 'fr', 'es', 'it', 'pt', 'nl', or the name of a script that is not Latin; '' where it cannot be told."""
    text = text[:_MOST]
    letters = len(re.findall(r"[^\W\d_]", text))
    for script, range_ in _SCRIPTS.items():
        if len(re.findall(f"[{range_}]", text)) > 0.2 * letters > 0:
            return script
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = sorted(
        ((sum(w in common for w in words), name) for name, common in _COMMON.items()), reverse=True
    )
    (most, language), (second, _) = counts[:2]
    return language if most >= 2 and most > second else ""
