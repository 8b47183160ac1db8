# Ce que le bot dit lui-même, en français.
#
# Ton : bref, simple, aimable ; « vous ». Le bot dit « je ». Espaces insécables : U+202F devant ; ! ?, U+00A0 devant :
# et à l’intérieur de « ».

## Réponses

no-documents = Je n’ai aucun document que vous puissiez lire. `answerloop ingest DOSSIER` m’en donne.
not-found = Je n’ai pas trouvé de réponse à cette question dans les documents que je peux lire.
searched = J’ai cherché dans { $sources }.
ask-person = Donnez un avis négatif avec quelques mots, et une personne s’en occupera.
taken-as = J’ai compris ceci : { $question }
not-sure = Je n’en suis pas sûr : veuillez vérifier cette réponse dans les sources.
sources = Sources
closest-documents = Documents les plus proches
looking = Je cherche dans les documents…
written-by = Rédigé par { $generator }

## Remarques : en petits caractères sous une réponse

generator-failed = Le modèle de langue n’a pas répondu ; ceci est donc une citation des documents.
answer-unsupported = Les documents ne confirment pas ce que le modèle de langue a écrit ; ils sont donc cités à la place.
sentences-removed = Les phrases que les documents ne confirment pas ont été retirées.
sentences-marked = Les phrases marquées [?] ne sont pas confirmées par les documents qu’elles citent.
answered-in-part = Selon le modèle de langage, les documents n’y répondent qu’en partie.
other-language = Les documents sont dans une autre langue : seuls les nombres et les noms de cette réponse ont pu être comparés avec eux.
standard-answer = Une réponse type, approuvée par votre équipe.

## Où se trouve un passage dans un document

place-page = page { $number }
place-line = ligne { $number }

## Listes de noms

list-last = { $names } et { $last }
list-more =
    { $number ->
        [one] { $names } et { $number } autre
       *[other] { $names } et { $number } autres
    }

## Questions avec lesquelles on ne peut pas chercher

no-words = Veuillez poser une question avec des mots ; je n’en ai pas trouvé dans votre message.
too-long = Votre question compte { $length } caractères ; veuillez la réduire à { $most } au plus.

## Erreurs

failed = Un problème est survenu de mon côté (référence { $reference }). Veuillez réessayer dans une minute.
vote-failed = Je n’ai pas pu enregistrer cela (référence { $reference }). Veuillez réessayer dans une minute.
vote-unknown = Je n’ai pas pu enregistrer cela : je ne connais plus cette réponse.

## Merci pour un avis

vote-taken-back = C’est retiré.
vote-good = Merci, c’est bon à savoir.
vote-explained = Merci. Une personne va regarder cela.
vote-bad = Merci. Qu’est-ce qui n’allait pas ?

## Ce qui peut ne pas aller dans une réponse

reason-wrong-sources = Mauvaises sources
reason-wrong-answer = Bonnes sources, mais mauvaise réponse
reason-out-of-date = Obsolète
reason-not-answered = Ne répond pas à ma question
reason-other = Autre chose

## La conversation dans un terminal

console-begin = Posez une question. /help affiche les commandes.
console-help =
    /up                  la dernière réponse était bonne
    /down [commentaire]  elle ne l’était pas ; dites ce qui n’allait pas
    /sources             ce que cite la dernière réponse, en entier
    /quit                quitter (comme Ctrl-D)
    Tout le reste est une question.
console-unknown = La commande { $command } n’existe pas. /help affiche les commandes.
console-nothing-to-vote-on = Il n’y a pas encore de réponse à évaluer.
console-no-answer = Il n’y a pas encore de réponse.
console-tell-me = Dites-le-moi avec /down et un commentaire.

## La page de discussion

page-description = Interrogez les documents de votre équipe ; chaque réponse montre ses sources.
page-new = Nouvelle conversation
page-welcome = Que voulez-vous savoir ?
page-promise = Je réponds à partir des documents de votre équipe et je montre où se trouve chaque réponse.
page-honesty = Quand je ne trouve pas, je le dis.
page-suggestions = Questions pour commencer
page-script = Cette page a besoin de JavaScript.
page-conversation = Conversation
page-question = Votre question
page-placeholder = Posez une question…
page-send = Envoyer
page-hint = Entrée envoie, Maj + Entrée commence une nouvelle ligne.
page-asked = Vous avez demandé
page-error = Erreur
page-answer = Réponse
page-good = Bonne réponse
page-bad = Mauvaise réponse
page-copy = Copier la réponse
page-wrong = Qu’est-ce qui n’allait pas ?
page-comment = Quelque chose à ajouter ?
page-correction = Quelle aurait dû être la réponse ?
page-cancel = Pas maintenant

## La page de discussion, pendant qu’on s’en sert

script-not-found = Introuvable dans les documents
script-untitled = Sans titre
script-table = Tableau
script-source = Source { $number } : { $title }
script-spoken = Réponse : { $text } Sources : { $number }.
script-spoken-not-found = Introuvable. { $text }
script-release = version { $release }
script-milliseconds = { $number } ms
script-seconds = { $number } s
script-count = { $length } sur { $most }
script-copied = Copié.
script-not-copied = Le navigateur n’a pas permis la copie.
script-edit = Modifier la question
script-again = Réessayer
script-late = Cela a pris trop de temps. Veuillez réessayer.
script-unreachable = Le serveur est injoignable. Veuillez réessayer dans un instant.
script-broken = La connexion a été interrompue. Veuillez réessayer dans un instant.
script-failed = Un problème est survenu. Veuillez réessayer dans une minute.
