# Was der Bot selbst sagt, auf Deutsch.
#
# Ton: kurz, schlicht, freundlich; „du“. Der Bot sagt „ich“. Anführungszeichen „…“.

## Antworten

no-documents = Ich habe keine Dokumente, die du lesen darfst. `answerloop ingest ORDNER` gibt mir welche.
not-found = In den Dokumenten, die ich lesen kann, habe ich darauf keine Antwort gefunden.
searched = Durchsucht habe ich { $sources }.
ask-person = Bewerte das schlecht und schreib ein paar Worte dazu, dann sieht es sich ein Mensch an.
small-talk = Schön, von dir zu hören! Frag mich jederzeit, wenn du etwas aus den Dokumenten deines Teams wissen willst.
for-a-person = Das ist etwas für einen Menschen.
taken-as = So habe ich das verstanden: { $question }
not-sure = Nicht sicher: Bitte prüfe das anhand der Quellen.
sources = Quellen
closest-documents = Am ehesten passende Dokumente
looking = Ich sehe in den Dokumenten nach …
thinking = denkt nach …
written-by = Verfasst von { $generator }
small-release = Version { $release }

## Knöpfe unter einer Antwort

ask-a-person = Einen Menschen fragen
share-answer = Im Kanal teilen
stop-in-thread = In diesem Thread nicht mehr antworten
try-again = Noch einmal versuchen

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

## Dateien zu einer Frage

file-too-large = Ich konnte { $name } nicht lesen: Die Datei ist größer als { $most } MB.
file-too-long = Ich konnte { $name } nicht lesen: Die Datei enthält mehr als { $most } Zeichen.
file-format = Ich konnte { $name } nicht lesen: Diese Art von Datei kenne ich nicht.
file-empty = In { $name } habe ich keinen Text gefunden.
file-unreadable = Ich konnte { $name } nicht lesen: Die Datei ist vielleicht beschädigt oder mit einem Passwort geschützt.

## Ein Chat: anstelle einer Antwort

ask-empty = Was möchtest du wissen? Erwähne mich mit deiner Frage, oder nimm { $command }: Dann siehst nur du die Antwort.
ask-help = Ich beantworte Fragen aus den Dokumenten deines Teams und verlinke, wo die Antwort steht. Erwähne mich in einem Kanal mit deiner Frage, schreib mir direkt, oder nimm { $command }: Dann siehst nur du die Antwort.
ask-what = Was kann ich dich fragen?
ask-about-file = Was möchtest du darüber wissen?
asked-late = Ich war offline, als du das vor { $minutes } Min. gefragt hast. Soll ich noch antworten?
asked-long-ago = Ich war offline, als du das vor { $minutes } Min. gefragt hast. Bitte frag noch einmal, wenn du es noch wissen möchtest.
not-allowed = Hier darf ich dir nicht antworten. Bitte die Leute, die diesen Kanal verwalten, dich freizuschalten.
failed-there = Ich konnte dir in { $channel } nicht antworten: Dort darf ich nicht schreiben. Bitte frag mich hier (Referenz { $reference }).
question-gone = Ich finde die Frage nicht mehr. Bitte stell sie noch einmal.
answered-already = Auf diese Nachricht habe ich schon geantwortet, in ihrem Thread.
not-in-channel = Ich bin nicht in dieser Unterhaltung, deshalb siehst nur du diese Antwort. Lade mich ein, dann antworte ich im Thread.
draft-not-private = In diesem Kanal prüft ein Mensch meine Antworten, bevor ich sie sende. Erwähne mich mit deiner Frage, dann lege ich ihm einen Entwurf vor.
file-not-permitted = Ich konnte { $name } nicht lesen: In diesem Workspace darf ich keine Dateien öffnen. Du kannst den Text stattdessen einfügen.
file-not-given = Ich konnte { $name } nicht lesen: Die Datei wird mir nicht herausgegeben. Bitte lade sie noch einmal hoch.

## Ein Chat: Threads und Teilen

thread-silenced = Ab jetzt antworte ich in diesem Thread nur noch, wenn ich erwähnt werde. Erwähne mich mit „weiter“, dann folge ich ihm wieder.
thread-resumed = Ich folge diesem Thread wieder.
shared-by = { $user } teilt eine Antwort auf: { $question }
share-done = Diese Antwort steht jetzt im Kanal.
share-gone = Ich kenne diese Antwort nicht mehr und kann sie deshalb nicht teilen. Bitte frag noch einmal.
share-narrower = Deine Antwort stützt sich auf Dokumente, die nicht alle in diesem Kanal lesen dürfen, deshalb habe ich sie nicht geteilt. Hier ist eine Antwort aus denen, die alle lesen dürfen: Diese kannst du teilen.

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

## Bewertungen im Chat

vote-tell-more = Sagen, was falsch war
modal-too-long = Das sind { $length } Zeichen; bitte kürze auf höchstens { $most }.
modal-not-opened = Das Formular hat sich nicht geöffnet. Bitte klicke noch einmal.
control-unknown = Diese Schaltfläche tut nichts mehr. Bitte stell die Frage noch einmal.

## Einen Menschen fragen. $name: einer Person.

escalation-asked = Ich habe einen Menschen gefragt. Die Antwort kommt hierher.
escalation-open = Ein Mensch ist schon gefragt worden. Die Antwort kommt hierher.
escalation-resolved = Das ist schon geklärt.
escalation-nobody = Hier ist niemand eingetragen, den ich fragen könnte. Gib der Antwort ein 👎 mit ein paar Worten, dann sieht sie sich ein Mensch an.
escalation-unreachable = Ich konnte die Leute nicht erreichen, die ich fragen soll. Bitte sag einem Admin Bescheid.
escalation-asks = { $name } bittet einen Menschen um Hilfe:
escalation-answered = Ich hatte geantwortet:
escalation-reply = { $name } hat geantwortet:
escalation-reminder = Diese Frage ist noch offen:
escalation-reply-here = Benutze „Antworten“ bei dieser Nachricht, dann gebe ich weiter, was du schreibst.
escalation-undelivered = Ich konnte das { $name } nicht weitergeben: Wo es zu lesen wäre, kann ich nicht schreiben.
escalation-closed = { $name } hat die Frage als geklärt markiert.
escalation-resolved-by = Geklärt von { $name }
open-thread = Gespräch öffnen
resolve = Als geklärt markieren
resolve-what = Welcher Text ist die Antwort?

## Entwürfe, die Menschen ansehen, bevor sie gesendet werden. $name: einer Person.

draft-asks = { $name } fragt:
draft-answer = Mein Entwurf einer Antwort:
draft-long = Die Antwort geht weiter; „Bearbeiten“ zeigt sie ganz.
draft-text = Antwort, die gesendet wird
draft-send = Freigeben
draft-edit = Bearbeiten
draft-discard = Verwerfen
draft-sent-by = Freigegeben von { $name }
draft-sent-changed = Bearbeitet und gesendet von { $name }
draft-discarded-by = Verworfen von { $name }
draft-decided = Darüber hat schon jemand entschieden.
draft-empty = Bitte schreibe eine Antwort.
draft-proposed = Ein Mensch prüft meine Antwort, bevor ich sie sende.
draft-nobody = Hier muss ein Mensch meine Antworten prüfen, bevor ich sie sende, aber niemand ist dafür eingetragen. Bitte sag einem Admin Bescheid.
draft-discarded = Ein Mensch hat meine Antwort geprüft und nicht gesendet. Bitte versuch es mit anderen Worten, oder frag jemanden direkt.
edited-by = Bearbeitet von { $name }.

## Korrekturen durch Prüfende

corrected = Eine Antwort von mir wurde korrigiert
corrected-before = Vorher
corrected-after = Jetzt

## Die Startseite

home-part-failed = Dieser Teil lässt sich gerade nicht zeigen. Bitte sieh in einer Minute noch einmal nach.
home-sources = Woraus ich dir antworten kann
home-no-sources = Ich habe keine Dokumente, die du lesen darfst.
home-documents = Dokumente: { $number }
home-synced = zuletzt gelesen:
home-more = … und { $number } weitere
home-recent = Deine letzten Fragen
home-nothing-asked = Du hast mich noch nichts gefragt.
close = Schließen

## Die eigenen Daten

data = Deine Daten
data-what = Ich bewahre deine Fragen mit meinen Antworten auf, und deine Bewertungen mit deinen Kommentaren.
data-kept = Fragen mit ihren Antworten: { $questions }, Bewertungen: { $votes }, Fragen an Menschen: { $escalations }, Prüfungen: { $reviews }.
data-export = Schick mir meine Daten
data-download = Herunterladen
data-forget = Vergiss mich
data-forget-sure = Alles vergessen
data-goes = Es gehen alle deine Fragen mit meinen Antworten darauf, den Bewertungen dazu, deinen eigenen Bewertungen und Kommentaren und dem, was du durch mich Menschen gefragt hast. Das lässt sich nicht rückgängig machen.
data-stays = Antworten, die ich in Kanälen geschrieben habe, bleiben dort, es sei denn, du löschst deine Frage: Dann lösche ich meine Antwort.
data-yours = Das ist alles, was ich von dir aufbewahre.
data-sent = Ich habe dir deine Daten als Direktnachricht geschickt.
data-not-sent = Ich konnte dir deine Daten nicht schicken. Bitte sag einem Admin Bescheid.
data-no-file = Ich darf in diesem Workspace keine Dateien senden: Ein Admin kann der App die Berechtigung { $scope } geben. Hier sind deine Daten als Nachrichten, falls sie dafür nicht zu lang sind.
data-forgotten = Ich habe dich vergessen. Entfernt – Fragen mit ihren Antworten: { $questions }, Bewertungen: { $votes }, Fragen an Menschen: { $escalations }, Prüfungen: { $reviews }.
data-forgotten-notice = Ich habe dich vergessen.

## Prüfen

review-queue = Zu prüfen: { $number }
review-nothing = Es wartet nichts auf eine Entscheidung.
review-position = { $number } von { $total }
review-by-vote = abgewertet
review-by-escalation = von einem Menschen beantwortet
review-by-draft = vor dem Senden geändert
review-by-confidence = von mehreren gefragt, ohne sichere Antwort
review-by-disagreement = verschieden beurteilt
review-by-person = von einem Prüfer vorgelegt
review-approve = So richtig
review-correct = Berichtigen
review-reject = Nichts zu lernen
review-open = Alles zeigen
review-text = Wie die Antwort lauten soll
review-note = Eine Notiz für andere, die prüfen
review-proposed = Jemand schlägt vor:
review-before = Frühere
review-after = Spätere
review-previous = Vorige
review-next = Nächste
review-only = Das können nur Prüfende ansehen. Bitte wende dich an die, die mich betreiben, damit sie dich dazu machen.
figures = Diese sieben Tage
figures-questions = Fragen: { $now } (davor: { $before })
figures-helpful = Als hilfreich bewertet: { $now } %, 95-%-Intervall { $low }–{ $high } %, Bewertungen: { $number } (davor: { $before } %)
figures-abstained = In den Dokumenten nicht gefunden: { $now } %, 95-%-Intervall { $low }–{ $high } %, Fragen: { $number } (davor: { $before } %)
figures-escalated = An Menschen weitergegeben: { $now }, offen: { $open }, erledigt: { $resolved } (davor: { $before })
figures-median = Mittlere Dauer einer Antwort: { $now } s (davor: { $before } s)

## Einstellungen eines Kanals

settings-title = Dieser Kanal
settings-title-server = Einstellungen dieses Servers
settings-this-channel = Dieser Kanal
settings-this-server = Dieser Server
settings-more = Mehr…
settings-type = Ton, Erinnerungen, genaue Zahl
settings-save = Speichern
settings-reset = Zurück zur Einstellungsdatei
settings-reset-done = Dieser Kanal richtet sich wieder nach der Einstellungsdatei.
settings-clear = Hier Eingestelltes entfernen
settings-cleared = Hier ist nichts mehr eingestellt.
settings-set-here = Hier festgelegt, statt in der Einstellungsdatei: { $names }.
settings-set-above = Für den ganzen Server eingestellt: { $names }.
settings-of-file = Aus der Einstellungsdatei: { $names }.
settings-as-usual = Für diesen Kanal ist nichts festgelegt: Er ist wie alle anderen.
settings-as-usual-server = Für diesen Server ist nichts eingestellt.
settings-scopes = Nur aus diesen Bereichen antworten
settings-scopes-hint = Das engt nur ein, was jemand lesen darf; es erlaubt nichts. Leer: alles, was sie hier lesen dürfen.
settings-auto-answer = Fragen beantworten, die niemand an mich gerichtet hat
settings-auto-answer-hint = Wie sicher ich sein muss, von 0 bis 1: 0,3 ist mutig, 0,5 ausgewogen, 0,7 vorsichtig. Leer: nie.
settings-never = nie
settings-bold = mutig ({ $level })
settings-balanced = ausgewogen ({ $level })
settings-cautious = vorsichtig ({ $level })
settings-how = In diesem Kanal
settings-follow-ups = Nachfragen in einem Thread brauchen keine Erwähnung
settings-posts = Neue Forenbeiträge beantworten
settings-tags = Tags im Forum
settings-draft = Ein Mensch sieht jede Antwort, bevor sie gesendet wird
settings-allowed = Wer mich hier benutzen darf
settings-allowed-hint = Leer, hier und darunter: alle.
settings-allowed-groups = Nutzergruppen, die mich hier benutzen dürfen, mit ihrer ID
settings-groups-hint = Zum Beispiel S0614TZR7.
settings-escalation = „Einen Menschen fragen“ geht an diesen Kanal
settings-escalation-to = „Einen Menschen fragen“ geht an
settings-escalation-people = „Einen Menschen fragen“ geht an eine Rolle oder Person
settings-escalation-channel = „Einen Menschen fragen“ geht in einen Kanal
settings-unseen = Ich sehe diesen Kanal nicht: Bitte lass mich dort lesen und schreiben.
settings-no-content = Ich kann nicht lesen, was nicht an mich gerichtet ist, und beantworte nichts davon: Meiner Anwendung fehlt der Message Content Intent.
settings-escalation-hint = Ich muss Mitglied darin sein. Leer, hier und darunter: nirgendwohin.
settings-escalation-group = … oder an diese Nutzergruppe, mit ihrer ID
settings-remind-after = Menschen werden erinnert nach
settings-remind-hint = Zum Beispiel 30m, 4h oder 1d.
settings-language = Meine eigenen Sätze sind hier auf
settings-any-language = der Sprache jeder Person
settings-tone = Ton der Antworten
settings-tone-hint = In Worten für das Sprachmodell, zum Beispiel: kurz und freundlich.
settings-everybody = alle
settings-on = ja
settings-off = nein
settings-saved =
    Ab der nächsten Frage, in diesem Kanal:
    { $changes }
settings-unchanged = Es hat sich nichts geändert.
settings-changed =
    Ab der nächsten Frage:
    { $changes }
settings-managers = Nur wer diesen Kanal angelegt hat und die Admins und Inhaber des Workspace können seine Einstellungen ändern.
settings-managers-named = Nur wer diesen Kanal angelegt hat, die Admins und Inhaber des Workspace und { $names } können seine Einstellungen ändern.
settings-managers-server = Nur wer das Recht „Server verwalten“ hat, kann Einstellungen ändern.
settings-managers-server-named = Nur wer das Recht „Server verwalten“ hat, und { $names } können Einstellungen ändern.
settings-not-opened = Das Formular hat sich nicht geöffnet. Bitte versuch es noch einmal.
settings-wrong-number = Bitte gib eine Zahl zwischen 0 und 1 ein oder nichts.
settings-wrong-duration = Bitte gib eine Dauer wie 30m, 4h oder 1d ein.
settings-wrong-id = Bitte gib IDs ein, wie Slack sie hat, zum Beispiel S0614TZR7.
settings-wrong-value = Das ist hier nicht möglich. Bitte ändere es.
settings-one-target = Bitte wähle den Kanal oben oder eine Nutzergruppe, nicht beides.
settings-draft-alone = Jemand muss die Antworten freigeben: Bitte wähle unten, wohin Fragen gehen.
settings-draft-first = Jemand muss die Antworten freigeben: Bitte wähle zuerst unter „Mehr…“, wohin Fragen gehen.
settings-draft-keeps = Hier muss jemand die Antworten freigeben, darum müssen Fragen irgendwohin gehen: Schalte das zuerst aus.

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
page-open = Eine Frage stellen
page-close = Schließen
page-frame = Fragen und Antworten
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

## Commands of Discord, at most 100 characters

command-ask = Eine Frage zu unseren Dokumenten stellen
command-ask-question = Was du wissen möchtest
command-ask-private = Nur du siehst die Antwort
command-review = Über gemeldete Antworten entscheiden
command-mydata = Deine Daten: herunterladen oder vergessen lassen
command-settings = Wie ich mich in diesem Kanal oder Server verhalte
