"""What a message is by its words alone: a question, thanks, a wish that the bot be quiet. In the bot's languages."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["asks", "goes_on", "is_help", "is_settings", "only_thanks", "wants_quiet", "wants_voice"]

_WORDS = re.compile(r"[\w'’]+")
_ADDRESS = re.compile(r"\S+://\S+|\S+@\S+")
_EMOJI = re.compile(r":[\w+'-]+:")


def _phrases(text: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()).casefold() for phrase in text.split(","))


_ASKING = _phrases("""
    what, whats, what's, who, whom, whose, when, where, why, which, how, is, are, can, could, does, do,
    did, should, will, would, has, have, may, am, was, were, any idea, anyone know, anybody know, does
    anyone, is there, tell me, explain, show me, find, list, describe, please explain, please tell, help
    me, i need, i want to know, i would like, i'd like, i am looking for, i'm looking for, looking for,
    what about, how about, and what, and how, and when, and where, and if, wer, wen, wem, wann, wo,
    woher, wohin, warum, wieso, weshalb, welche, welcher, welches, welchen, wie, ist, sind, kann,
    können, könnt, könnte, darf, dürfen, muss, müssen, soll, sollen, gibt es, gibt's, hat, haben, weiß
    jemand, kennt jemand, erkläre, zeig mir, sag mir, ich suche, ich brauche, ich möchte wissen, und
    was, und wie, und wann, und wo, que, qu'est, qui, quand, où, pourquoi, comment, combien, quel,
    quelle, quels, quelles, est-ce, est, peut-on, puis-je, peux-tu, pouvez-vous, y a-t-il, je cherche,
    j'ai besoin, explique, dis-moi, montre-moi, et pour, et si, qué, quién, quiénes, cuándo, dónde, por
    qué, cómo, cuánto, cuánta, cuántos, cuántas, cuál, cuáles, es posible, puedo, se puede, hay, alguien
    sabe, explica, dime, muéstrame, busco, necesito, y si
""")
_THANKS = _phrases("""
    thanks, thank you, thank you very much, thank you so much, thanks a lot, many thanks, thx, ty,
    cheers, great, great thanks, perfect, perfect thanks, awesome, nice, cool, ok, okay, ok thanks, okay
    thanks, got it, got it thanks, makes sense, that helps, that helped, this helps, that works, works,
    it works, works now, understood, done, solved, good, very good, good bot, well done, great answer,
    yes, yes thanks, yep, alright, all right, lol, wow, noted, will do, danke, vielen dank, danke dir,
    danke schön, dankeschön, super, super danke, prima, top, alles klar, verstanden, passt, perfekt,
    gut, sehr gut, klasse, ja, ja danke, hat geholfen, das hilft, merci, merci beaucoup, parfait, super
    merci, d'accord, compris, très bien, bien, oui, oui merci, ça marche, gracias, muchas gracias,
    perfecto, vale, vale gracias, genial, entendido, muy bien, sí, sí gracias, de acuerdo, listo
""")
_QUIET = _phrases("""
    stop, stop it, stop answering, stop please, please stop, be quiet, quiet, silence, shut up, mute,
    leave us alone, stopp, sei still, sei ruhig, ruhe, schweig, hör auf, still, arrête, arrête-toi,
    tais-toi, stop s'il te plaît, silencieux, para, basta, cállate, silencio, detente
""")
_VOICE = _phrases("""
    continue, continue answering, go on, resume, unmute, speak, come back, start again, carry on,
    weiter, mach weiter, fahr fort, sprich weiter, antworte wieder, continuer, reprends, vas-y, tu peux
    répondre, continúa, sigue, continuar, reanuda, habla
""")
_HELP = _phrases("""
    help, /help, ?, what can you do, what can i ask you, what can i ask, how do you work, how does this
    work, hilfe, was kannst du, was kann ich dich fragen, wie funktionierst du, aide, aidez-moi, que
    peux-tu faire, que puis-je te demander, que puis-je vous demander, que pouvez-vous faire, ayuda, qué
    puedes hacer, qué te puedo preguntar, hi, hello, hey, hallo, bonjour, salut, hola, good morning,
    guten morgen
""")
_SETTINGS = _phrases("""
    settings, einstellungen, paramètres, réglages, ajustes, configuración
""")
_GOING_ON = _phrases("""
    and, but, or, for, in, with, without, und, aber, oder, für, bei, mit, ohne, et, mais, ou, pour,
    dans, avec, sans, y, pero, o, para, en, con, sin
""")
_EXCLAIMING = {("what", "a"), ("what", "an")}
"""How a remark begins that looks like a question but for its end."""
_SHORT, _GREETING = 8, 3
"""Words."""
_LONGEST_ASKING = max(len(phrase.split()) for phrase in _ASKING)


def asks(text: str) -> bool:
    """Whether it has the form of a question or a request."""
    plain = _ADDRESS.sub(" ", text)
    if "?" in plain or "？" in plain or "¿" in plain:
        return bool(_WORDS.search(plain))
    for sentence in re.split(r"[.!;:\n]+", plain):
        greeting, _, rest = sentence.partition(",")
        words = _bare(rest if len(greeting.split()) <= _GREETING else sentence).split()
        starts = (" ".join(words[:count]) for count in range(1, _LONGEST_ASKING + 1))
        if (
            len(words) > 2
            and tuple(words[:2]) not in _EXCLAIMING
            and any(start in _ASKING for start in starts)
        ):
            return True
    return False


def goes_on(text: str) -> bool:
    """Whether it is short and takes up what was said: 'And for contractors', 'In Berlin'."""
    words = _bare(_ADDRESS.sub(" ", text)).split()
    return 1 < len(words) <= _SHORT and words[0] in _GOING_ON


def only_thanks(text: str) -> bool:
    """Whether it thanks or agrees, and says nothing else; or has no words at all."""
    bare = _bare(_EMOJI.sub(" ", text))
    if not bare:
        return True
    return "?" not in text and (bare in _THANKS or all(part in _THANKS for part in _parts(text)))


def wants_quiet(text: str) -> bool:
    return _bare(text) in _QUIET


def wants_voice(text: str) -> bool:
    return _bare(text) in _VOICE


def is_help(text: str) -> bool:
    """Whether it asks how to ask, or greets, and nothing else."""
    return text.strip() in _HELP or _bare(text) in _HELP


def is_settings(text: str) -> bool:
    return _bare(text) in _SETTINGS


def _parts(text: str) -> list[str]:
    """Of 'Thanks! Works now.' the one and the other."""
    parts = [_bare(part) for part in re.split(r"[.!,;\n]+", _EMOJI.sub(" ", text))]
    return [part for part in parts if part] or [""]


def _bare(text: str) -> str:
    """In small letters, words alone."""
    folded = unicodedata.normalize("NFC", text).casefold().replace("’", "'")
    return " ".join(re.findall(r"[\w'/-]*\w[\w'-]*", folded))
