"""The small words by which a question leans on what was said before: English, German, French, Spanish."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["ENGLISH", "GROUPS", "SMALL", "VERBS", "Lexicon", "language_of"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SMALL = _words(
    # English
    "a an the and or but if so because as while of at by for with about against between into through "
    "during before "
    "after above below to from up down in out on off over under again further then once here there "
    "when where why how "
    "all any both each few more most other some such no nor not only own same than too very s t can "
    "will just don "
    "should now i me my myself we us our ours you your yours yourself he him his himself she her "
    "hers herself it its "
    "itself they them their theirs themselves what which who whom whose this that these those am is "
    "are was were be been "
    "being have has had having do does did doing would could ought shall may might must also else "
    "another one ones "
    "many much per via without within across yes please thanks thank hello hi hey ok okay sure well "
    "actually really "
    "maybe besides apart instead however though although despite since until upon whether either "
    "neither every "
    "anything something nothing everything anyone someone nobody everyone don't doesn't didn't isn't "
    "aren't wasn't "
    "weren't can't couldn't won't wouldn't shouldn't haven't hasn't hadn't i'm i've i'd i'll you're "
    "it's that's there's "
    "what's who's where's how's he's she's they're we're let's ever never always often still yet "
    "already back away "
    "lot lots kind kinds type types sort thing things way ways bit ll re ve d m "
    # German
    "der die das den dem des ein eine einen einem einer eines und oder aber wenn weil wie wo wer wen "
    "wem wessen was wann "
    "warum wieso welche welcher welches welchen ist sind waren wird werden wurde wurden haben hatte "
    "kann kannst "
    "können muss müssen soll sollte darf dürfen ich du er sie es wir ihr mich dich ihn ihm uns euch "
    "ihnen mein meine "
    "meinen dein deine sein seine seinen ihre ihren unser unsere in im an am auf aus bei beim mit "
    "nach von vom zu zum zur "
    "für über unter vor durch gegen ohne um nicht kein keine auch noch schon nur sehr dann dort da "
    "hier gibt viel viele "
    "wieviel sich dafür damit davon daran dazu darüber dies diese dieser dieses diesem diesen ja "
    "nein danke bitte "
    # French
    "le la les l un une des du de d et ou mais si que qui quoi dont où quand comment pourquoi "
    "combien quel quelle quels "
    "quelles est sont était étaient sera ai as a avons avez ont je j tu il elle on nous vous ils "
    "elles me te se lui leur "
    "leurs mon ma mes ta tes sa ses notre nos votre vos ce c cet cette ces ça cela ceci y en dans "
    "sur sous avec "
    "sans par vers chez ne n pas plus moins aussi très qu est-ce peut peux dois doit faut fait oui non merci "
    # Spanish
    "el los las lo uno una unos unas del al y o pero si porque quién quien quiénes cuál cuáles "
    "cuándo cuando dónde donde "
    "cómo como cuánto cuánta cuántos cuántas qué es son era eran fue fueron ser estar está están hay "
    "ha han he tengo tiene "
    "tienen puedo puede pueden debo debe yo tú él ella ello nosotros ustedes ellos ellas mi mis tu "
    "tus su sus nuestro "
    "nuestra este esta esto estos estas ese esa eso esos esas aquel aquello se le les con para por "
    "sobre entre hasta "
    "desde no sí muy más menos también ya gracias"
)
"""Words that are no part of what a text is about."""
VERBS = _words(
    "get gets got getting give gives gave given make makes made making take takes took taken taking "
    "use uses used using "
    "work works worked working go goes went gone going come comes came know knows knew known think "
    "thinks thought say "
    "says said tell tells told ask asks asked want wants wanted need needs needed find finds found "
    "see sees saw seen look "
    "looks looked like likes liked become becomes became begin began begun start started starts end "
    "ended happen happens "
    "happened mean means meant keep keeps kept let lets put puts set sets call called calls name "
    "named names win won lose "
    "lost play played plays perform performed write wrote written read release released record "
    "recorded meet met marry "
    "married die died born live lived move moved leave left join joined leaving feel felt show shows "
    "showed include "
    "includes included involve involved involves receive received create creates created build "
    "builds built explain "
    "explains describe help helps change changes changed cause causes caused add adds added apply "
    "applies applied install "
    "configure run runs ran try tries tried cost costs pay pays paid buy bought sell sold lead led "
    "hold held describe "
    "described consider considered believe believed decide decided continue continued appear "
    "appeared return returned "
    "serve served provide provides provided require requires required allow allows allowed affect "
    "affects expect send sent "
    "share speak spoke talk talked visit visited stay stayed turn turned bring brought remain "
    "remained report reported "
    "follow followed publish published produce produced direct directed sing sang sung tour toured "
    "star starred do done "
    "talking speaking thinking wondering asking regarding concerning considering assuming "
    "interesting important famous known notable popular successful different good bad best better "
    "new old big long"
)
"""Common ones and a few adjectives: they end a noun phrase that is written in small letters."""
GROUPS = _words(
    "band group team company family couple duo trio staff crew committee government army police "
    "people members parents "
    "children employees users customers students teachers scientists women men kids brothers sisters"
)
"""What a plural pronoun may stand for though it looks like one thing."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What marks a follow-up in one language. Patterns are matched against the question in lower case."""

    words: frozenset[str]
    """By which the language is told from the others."""
    addition: re.Pattern[str]
    """'and …?', 'what about …?': group 1 is what is new."""
    bare: re.Pattern[str]
    """A whole question that only makes sense after another: 'why?', 'tell me more'."""
    pronoun: re.Pattern[str]
    """A word in the place of something that was named before."""
    social: re.Pattern[str]
    """A whole message that asks nothing: 'thanks!'."""
    prepositions: frozenset[str]


def _whole(*parts: str) -> re.Pattern[str]:
    return re.compile(r"^\W*(?:" + "|".join(parts) + r")\W*$")


_HELLO = r"(?:hi|hello|hey|hallo|salut|bonjour|hola|moin|servus)(?: (?:there|all|team|bot|zusammen|à tous|a todos))?"

ENGLISH = Lexicon(
    words=_words(
        "the and what how is are does did do can for of with when where who why which it they he she "
        "this that about my i "
        "you your to on or from have has was were"
    ),
    addition=re.compile(
        r"^(?:ok(?:ay)?,? |so,? |thanks[.!,]? |well,? )*(?:(?:and|but|or|also)?,? ?(?:what|how) about|"
        r"and(?: what)?(?: if it is|'s)?|"
        r"same (?:question )?(?:for|with)|also|or|but)\b[ ,:]+(.+?)\W*$"
    ),
    bare=_whole(
        r"(?:and |but |so )?(?:why|how|how so|how come|why not|why so|when|where|who|since when|until "
        r"when|how long|how much|"
        r"how many|how often|what else|who else|anything else|is that all|what then|then what|what "
        r"next|how exactly)(?: is that)?",
        r"(?:can|could|would) you (?:please )?(?:explain|elaborate|say more|be more specific|clarify|"
        r"give (?:me )?(?:an|some) examples?|"
        r"tell me more|give (?:me )?more details?)(?: on (?:that|this|it)| about (?:that|this|it)| "
        r"(?:that|this|it)| further| more)*(?: please)?",
        r"(?:please )?(?:tell me more|more details?|more info(?:rmation)?|go on|explain|elaborate|"
        r"details|for example|"
        r"example|an example|such as|like what|really|are you sure|is that so|is that true|what do "
        r"you mean|meaning|"
        r"what does (?:that|this|it) mean)(?: about (?:that|this|it))?(?: please)?",
    ),
    pronoun=re.compile(
        r"\b(?:he|him|his|she|her|hers|they|them|their|theirs|it|its|this|that|these|those|there|then)\b"
    ),
    social=_whole(
        rf"{_HELLO}|good (?:morning|afternoon|evening|night|bye)|bye|goodbye|see you|cheers|"
        r"(?:ok|okay|great|cool|perfect|nice|wow|alright|awesome|good|fine|right|sure|yes|yep|yeah|no|"
        r"nope|got it|i see|understood|"
        r"that helps|that helped|thanks|thank you|thx|ty|many thanks|much appreciated|never mind|lol)"
        r"(?:[ ,.!]+(?:ok|okay|great|cool|perfect|thanks|thank you|thx|so much|very much|a lot|again|"
        r"got it|for (?:your|the) help|"
        r"for (?:that|this|clarifying|the info|the information)|everyone|all|bot|job|that helps|that "
        r"helped|to know))*"
    ),
    prepositions=_words("in on at for from with to of by under over during after before without within"),
)
_GERMAN = Lexicon(
    words=_words(
        "der das und ist wie ich für wird wann wo wer warum nicht mit von zu den dem ein eine welche "
        "gibt kann auf bei auch sind "
        "habe viele viel lange wir man wieso"
    ),
    addition=re.compile(
        r"^(?:ok(?:ay)?,? |danke[.!,]? )*(?:und|aber|oder|auch)?(?: ?was ist mit| ?wie (?:ist|sieht) "
        r"es(?: aus)? mit)?\b[ ,:]+(.+?)(?: aus)?\W*$"
    ),
    bare=_whole(
        r"(?:und |aber )?(?:warum|wieso|weshalb|wie|wann|wo|wer|was noch|wie lange|wie viel|wie viele|"
        r"seit wann|bis wann|warum nicht|wie genau|wie oft|"
        r"sonst noch etwas|mehr dazu|zum beispiel|wirklich|was heißt das|was bedeutet das|was meinst "
        r"du|erzähl mehr|genauer)"
    ),
    pronoun=re.compile(
        r"\b(?:er|ihn|ihm|sie|ihr|ihnen|es|dies|diese[rsnm]?|das|davon|dafür|damit|daran|dazu|darüber|"
        r"darin|dort|deren|dessen|sein|"
        r"seine[rsnm]?|ihre[rsnm]?)\b(?! [A-ZÄÖÜ])"
    ),
    social=_whole(
        rf"{_HELLO}|guten (?:morgen|tag|abend)|tschüss|bis bald|(?:danke|vielen dank|dankeschön|super|"
        rf"alles klar|verstanden|ja|nein|gut|prima|ok)"
        r"(?:[ ,.!]+(?:danke|schön|sehr|dir|euch|ihnen|super|ok))*"
    ),
    prepositions=_words("in im an am auf aus bei beim mit nach von vom für über unter vor durch ohne"),
)
_FRENCH = Lexicon(
    words=_words(
        "le les et est quel quelle quels quelles combien comment pourquoi pour dans je vous des du "
        "une avec sur où quand qui est-ce peut "
        "on il elle nous au aux"
    ),
    addition=re.compile(
        r"^(?:ok,? |merci[.!,]? |mais |alors )*(?:et|ou|qu'en est-il|quid)\b[ ,:]+(?:qu'en est-il )?(.+?)\W*$"
    ),
    bare=_whole(
        r"(?:et |mais )?(?:pourquoi|comment|quand|où|qui|combien|combien de temps|depuis quand|"
        r"jusqu'à quand|quoi d'autre|par exemple|"
        r"pourquoi pas|vraiment|plus de détails|c'est-à-dire|que veux-tu dire|dis-m'en plus|qu'est-ce "
        r"que ça veut dire)"
    ),
    pronoun=re.compile(
        r"(?<![\w])(?:il|elle|ils|elles|lui|leur|leurs|ça|cela|ceci|celui-ci|celle-ci|ceux-ci|"
        r"celui-là|celle-là|son|sa|ses|y|là-bas)\b"
        r"(?! y a\b| faut\b)"
    ),
    social=_whole(
        rf"{_HELLO}|bonsoir|au revoir|à bientôt|(?:merci|d'accord|ok|super|parfait|oui|non|compris|très bien)"
        r"(?:[ ,.!]+(?:merci|beaucoup|bien|à vous|à toi|super))*"
    ),
    prepositions=_words("en à au aux dans sur sous avec sans pour par de chez"),
)
_SPANISH = Lexicon(
    words=_words(
        "el los y qué cómo cuándo dónde cuánto cuántos cuántas cuál por para es son con del una "
        "tengo puedo hay está quién tiene al mi"
    ),
    addition=re.compile(
        r"^[¿¡]?(?:ok,? |vale,? |gracias[.!,]? |pero )*[¿¡]?(?:y|o|qué (?:pasa|hay) con|qué tal)\b[ "
        r",:]+(?:qué (?:pasa|hay) (?:con|de) )?(.+?)\W*$"
    ),
    bare=_whole(
        r"(?:y |pero )?(?:por qué|cómo|cuándo|dónde|quién|cuánto|cuántos|cuánto tiempo|desde cuándo|"
        r"hasta cuándo|qué más|algo más|por ejemplo|"
        r"por qué no|de verdad|más detalles|cuéntame más|qué significa eso|qué quieres decir)"
    ),
    pronoun=re.compile(
        r"\b(?:él|ella|ellos|ellas|ello|eso|esto|este|ese|aquello|allí|allá|ahí|su|sus|lo|le|les)\b(?! que\b)"
    ),
    social=_whole(
        rf"{_HELLO}|buenos días|buenas(?: tardes| noches)?|adiós|hasta luego|(?:gracias|muchas gracias|"
        rf"vale|ok|genial|perfecto|sí|no|entendido)"
        r"(?:[ ,.!]+(?:gracias|muchas|genial|por la ayuda))*"
    ),
    prepositions=_words("en a al con sin para por de del sobre desde hasta"),
)
_OTHERS = (_GERMAN, _FRENCH, _SPANISH)


def language_of(text: str) -> Lexicon:
    """The lexicon of the language whose words a text has most of; English where none is ahead of it."""
    words = set(re.findall(r"[^\W\d_]+(?:[-'][^\W\d_]+)*", text.lower()))
    best = max(_OTHERS, key=lambda lexicon: len(words & lexicon.words))
    return best if len(words & best.words) > len(words & ENGLISH.words) else ENGLISH
