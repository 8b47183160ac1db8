# Was der Bot selbst sagt, auf Deutsch.
#
# Ton: kurz, schlicht, freundlich; „du“. Der Bot sagt „ich“. Anführungszeichen „…“.

## Antworten

no-documents = Ich habe keine Dokumente, die du lesen darfst. `answerloop ingest ORDNER` gibt mir welche.
not-found = In den Dokumenten, die ich lesen kann, habe ich darauf keine Antwort gefunden.
searched = Durchsucht habe ich { $sources }.
ask-person = Bewerte das schlecht und schreib ein paar Worte dazu, dann sieht es sich ein Mensch an.
taken-as = So habe ich das verstanden: { $question }
not-sure = Nicht sicher: Bitte prüfe das anhand der Quellen.
sources = Quellen
closest-documents = Am ehesten passende Dokumente
looking = Ich sehe in den Dokumenten nach …
written-by = Verfasst von { $generator }

## Hinweise: klein gedruckt unter einer Antwort

generator-failed = Das Sprachmodell hat nicht geantwortet, deshalb ist dies aus den Dokumenten zitiert.
answer-unsupported = Was das Sprachmodell geschrieben hat, ist durch die Dokumente nicht belegt; deshalb werden sie stattdessen zitiert.
sentences-removed = Sätze, die sich nicht auf die Dokumente stützen, wurden weggelassen.
sentences-marked = Mit [?] markierte Sätze sind durch die angegebenen Dokumente nicht belegt.
answered-in-part = Laut dem Sprachmodell beantworten die Dokumente das nur zum Teil.
other-language = Die Dokumente sind in einer anderen Sprache: Nur Zahlen und Namen dieser Antwort ließen sich mit ihnen vergleichen.
standard-answer = Eine Standardantwort, von deinem Team freigegeben.

## Wo etwas in einem Dokument steht

place-page = Seite { $number }
place-line = Zeile { $number }

## Aufzählungen von Namen

list-last = { $names } und { $last }
list-more =
    { $number ->
        [one] { $names } und eine weitere
       *[other] { $names } und { $number } weitere
    }

## Fragen, mit denen sich nicht suchen lässt

no-words = Bitte stell deine Frage in Worten; in deiner Nachricht habe ich keine gefunden.
too-long = Deine Frage hat { $length } Zeichen; bitte kürze sie auf höchstens { $most }.

## Fehler

failed = Bei mir ist etwas schiefgegangen (Referenz { $reference }). Bitte versuch es in einer Minute noch einmal.
vote-failed = Das konnte ich nicht speichern (Referenz { $reference }). Bitte versuch es in einer Minute noch einmal.
vote-unknown = Das konnte ich nicht speichern: Diese Antwort kenne ich nicht mehr.

## Dank für eine Bewertung

vote-taken-back = Zurückgenommen.
vote-good = Danke, gut zu wissen.
vote-explained = Danke. Ein Mensch wird sich das ansehen.
vote-bad = Danke. Was war daran falsch?

## Was an einer Antwort falsch sein kann

reason-wrong-sources = Falsche Quellen
reason-wrong-answer = Richtige Quellen, aber falsche Antwort
reason-out-of-date = Veraltet
reason-not-answered = Beantwortet meine Frage nicht
reason-other = Etwas anderes

## Das Gespräch im Terminal

console-begin = Stell eine Frage. /help zeigt die Befehle.
console-help =
    /up                die letzte Antwort war gut
    /down [Kommentar]  sie war es nicht; sag, was daran falsch war
    /sources           was die letzte Antwort zitiert, in voller Länge
    /quit              beenden (wie Strg-D)
    Alles andere ist eine Frage.
console-unknown = { $command } gibt es nicht. /help zeigt die Befehle.
console-nothing-to-vote-on = Es gibt noch keine Antwort, die du bewerten könntest.
console-no-answer = Es gibt noch keine Antwort.
console-tell-me = Sag es mir mit /down und einem Kommentar.

## Die Chatseite

page-description = Frag die Dokumente deines Teams; jede Antwort zeigt ihre Quellen.
page-new = Neues Gespräch
page-welcome = Was möchtest du wissen?
page-promise = Ich antworte aus den Dokumenten deines Teams und zeige, wo die Antwort steht.
page-honesty = Wenn ich nichts finde, sage ich das.
page-suggestions = Fragen für den Anfang
page-script = Diese Seite braucht JavaScript.
page-conversation = Gespräch
page-question = Deine Frage
page-placeholder = Stell eine Frage …
page-send = Senden
page-hint = Enter sendet, Umschalt + Enter beginnt eine neue Zeile.
page-asked = Du hast gefragt
page-error = Fehler
page-answer = Antwort
page-good = Gute Antwort
page-bad = Schlechte Antwort
page-copy = Antwort kopieren
page-wrong = Was war falsch?
page-comment = Möchtest du etwas ergänzen?
page-correction = Wie hätte die Antwort lauten sollen?
page-cancel = Jetzt nicht

## Die Chatseite, während sie benutzt wird

script-not-found = In den Dokumenten nicht gefunden
script-untitled = Ohne Titel
script-table = Tabelle
script-source = Quelle { $number }: { $title }
script-spoken = Antwort: { $text } Quellen: { $number }.
script-spoken-not-found = Nicht gefunden. { $text }
script-release = Release { $release }
script-milliseconds = { $number } ms
script-seconds = { $number } s
script-count = { $length } von { $most }
script-copied = Kopiert.
script-not-copied = Der Browser hat das Kopieren nicht erlaubt.
script-edit = Frage bearbeiten
script-again = Noch einmal versuchen
script-late = Das hat zu lange gedauert. Bitte versuch es noch einmal.
script-unreachable = Der Server ist nicht erreichbar. Bitte versuch es gleich noch einmal.
script-broken = Die Verbindung ist abgebrochen. Bitte versuch es gleich noch einmal.
script-failed = Etwas ist schiefgegangen. Bitte versuch es in einer Minute noch einmal.
