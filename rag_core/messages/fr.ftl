# Ce que le bot dit lui-même, en français.
#
# Ton : bref, simple, aimable ; « vous ». Le bot dit « je ». Espaces insécables : U+202F devant ; ! ?, U+00A0 devant :
# et à l’intérieur de « ».

## Réponses

no-documents = Je n’ai aucun document que vous puissiez lire. `answerloop ingest DOSSIER` m’en donne.
not-found = Je n’ai pas trouvé de réponse à cette question dans les documents que je peux lire.
searched = J’ai cherché dans { $sources }.
ask-person = Donnez un avis négatif avec quelques mots, et une personne s’en occupera.
small-talk = Ravi de vous lire ! Posez-moi vos questions sur les documents de votre équipe quand vous voulez.
for-a-person = Cela demande une personne.
taken-as = J’ai compris ceci : { $question }
not-sure = Je n’en suis pas sûr : veuillez vérifier cette réponse dans les sources.
sources = Sources
closest-documents = Documents les plus proches
looking = Je cherche dans les documents…
thinking = réfléchit…
written-by = Rédigé par { $generator }
small-release = Version { $release }

## Boutons sous une réponse

ask-a-person = Demander à quelqu’un
share-answer = Partager avec le canal
stop-in-thread = Ne plus répondre dans ce fil
try-again = Réessayer

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

## Fichiers joints à une question

file-too-large = Je n’ai pas pu lire { $name } : le fichier dépasse { $most } Mo.
file-too-long = Je n’ai pas pu lire { $name } : le fichier contient plus de { $most } caractères.
file-format = Je n’ai pas pu lire { $name } : je ne connais pas ce type de fichier.
file-empty = Je n’ai trouvé aucun texte dans { $name }.
file-unreadable = Je n’ai pas pu lire { $name } : le fichier est peut-être endommagé ou protégé par un mot de passe.

## Une discussion : à la place d’une réponse

ask-empty = Que voulez-vous savoir ? Mentionnez-moi avec votre question, ou utilisez { $command } : vous seul verrez alors la réponse.
ask-help = Je réponds aux questions à partir des documents de votre équipe, avec un lien vers chaque source. Mentionnez-moi dans un canal avec votre question, écrivez-moi directement, ou utilisez { $command } : vous seul verrez alors la réponse.
ask-what = Que puis-je vous demander ?
ask-about-file = Que voulez-vous savoir à ce sujet ?
asked-late = J’étais hors ligne quand vous avez posé cette question il y a { $minutes } min. Dois-je encore répondre ?
asked-long-ago = J’étais hors ligne quand vous avez posé cette question il y a { $minutes } min. Posez-la de nouveau si la réponse vous intéresse encore.
not-allowed = Je n’ai pas le droit de vous répondre ici. Demandez l’accès aux personnes qui gèrent ce canal.
failed-there = Je n’ai pas pu vous répondre dans { $channel } : je n’ai pas le droit d’y écrire. Posez-moi la question ici (référence { $reference }).
question-gone = Je ne trouve plus la question. Veuillez la poser de nouveau.
answered-already = J’ai déjà répondu à ce message, dans son fil.
not-in-channel = Je ne suis pas dans cette conversation ; vous seul voyez donc cette réponse. Invitez-moi, et je répondrai dans le fil.
draft-not-private = Dans ce canal, une personne vérifie mes réponses avant leur envoi. Mentionnez-moi avec votre question, et je lui proposerai une réponse.
file-not-permitted = Je n’ai pas pu lire { $name } : je n’ai pas le droit d’ouvrir de fichiers dans cet espace de travail. Vous pouvez coller le texte à la place.
file-not-given = Je n’ai pas pu lire { $name } : il ne m’est pas remis. Veuillez le charger de nouveau.

## Une discussion : fils et partage

thread-silenced = Désormais, je ne réponds dans ce fil que si l’on me mentionne. Mentionnez-moi avec « reprends », et je le suivrai de nouveau.
thread-resumed = Je suis de nouveau ce fil.
shared-by = { $user } partage une réponse à : { $question }
share-done = Cette réponse est maintenant dans le canal.
share-gone = Je ne connais plus cette réponse et ne peux donc pas la partager. Veuillez poser la question de nouveau.
share-narrower = Votre réponse s’appuie sur des documents que tous dans ce canal n’ont pas le droit de lire ; je ne l’ai donc pas partagée. Voici une réponse tirée de ceux que tous peuvent lire : celle-ci, vous pouvez la partager.

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

## Avis, dans la messagerie

vote-tell-more = Dire ce qui n’allait pas
modal-too-long = Ce texte a { $length } caractères ; raccourcissez-le à { $most } au plus.
modal-not-opened = Le formulaire ne s’est pas ouvert. Cliquez à nouveau.
control-unknown = Ce bouton ne fait plus rien. Veuillez reposer la question.

## Demander à une personne. $name : d’une personne.

escalation-asked = J’ai demandé à une personne. La réponse viendra ici.
escalation-open = Une personne a déjà été sollicitée. La réponse viendra ici.
escalation-resolved = C’est déjà réglé.
escalation-nobody = Personne n’est indiqué ici à qui je pourrais demander. Donnez un 👎 à la réponse avec quelques mots, et une personne la regardera.
escalation-unreachable = Je n’ai pas pu joindre les personnes à qui je dois demander. Prévenez un administrateur.
escalation-asks = { $name } demande l’aide d’une personne :
escalation-answered = J’avais répondu :
escalation-reply = { $name } a répondu :
escalation-reminder = Cette question est toujours ouverte :
escalation-reply-here = Utilisez « Répondre » sur ce message, et je transmettrai votre réponse.
escalation-undelivered = Je n’ai pas pu transmettre ceci à { $name } : je ne peux pas écrire là où cela serait lu.
escalation-closed = { $name } a marqué la question comme réglée.
escalation-resolved-by = Réglé par { $name }
open-thread = Ouvrir la conversation
resolve = Marquer comme réglé
resolve-what = Quel texte est la réponse ?

## Brouillons, que des personnes regardent avant l’envoi. $name : d’une personne.

draft-asks = { $name } demande :
draft-answer = Mon brouillon de réponse :
draft-long = La réponse continue ; « Modifier » la montre en entier.
draft-text = Réponse à envoyer
draft-send = Approuver
draft-edit = Modifier
draft-discard = Écarter
draft-sent-by = Approuvé par { $name }
draft-sent-changed = Modifié et envoyé par { $name }
draft-discarded-by = Écarté par { $name }
draft-decided = Quelqu’un en a déjà décidé.
draft-empty = Écrivez une réponse.
draft-proposed = Une personne vérifie ma réponse avant que je l’envoie.
draft-nobody = Ici, une personne doit vérifier mes réponses avant leur envoi, mais personne n’est indiqué pour cela. Prévenez un administrateur.
draft-discarded = Une personne a vérifié ma réponse et ne l’a pas envoyée. Essayez d’autres mots, ou demandez directement à quelqu’un.
edited-by = Modifié par { $name }.

## Corrections par les relecteurs

corrected = Une de mes réponses a été corrigée
corrected-before = Avant
corrected-after = Maintenant

## L’onglet d’accueil

home-part-failed = Cette partie ne peut pas être affichée pour le moment. Revenez dans une minute.
home-sources = Ce à partir de quoi je peux vous répondre
home-no-sources = Je n’ai aucun document que vous puissiez lire.
home-documents = documents : { $number }
home-synced = lus pour la dernière fois :
home-more = … et { $number } de plus
home-recent = Vos dernières questions
home-nothing-asked = Vous ne m’avez encore rien demandé.
close = Fermer

## Les données d’une personne

data = Vos données
data-what = Je conserve vos questions avec mes réponses, et vos avis avec vos commentaires.
data-kept = Questions avec leurs réponses : { $questions }, votes : { $votes }, questions à des personnes : { $escalations }, révisions : { $reviews }.
data-export = M’envoyer mes données
data-download = Télécharger
data-forget = M’oublier
data-forget-sure = Tout oublier
data-goes = Toutes vos questions disparaissent avec mes réponses, les avis sur celles-ci, vos propres avis et commentaires, et ce que vous avez demandé à des personnes par mon intermédiaire. C’est irréversible.
data-stays = Les réponses que j’ai publiées dans des canaux y restent, sauf si vous supprimez votre question : je supprime alors ma réponse.
data-yours = Voici tout ce que je conserve de vous.
data-sent = Je vous ai envoyé vos données par message direct.
data-not-sent = Je n’ai pas pu vous envoyer vos données. Prévenez un administrateur.
data-no-file = Je n’ai pas le droit d’envoyer de fichiers dans cet espace : un administrateur peut donner à l’application l’autorisation { $scope }. Voici vos données en messages, sauf si elles sont trop longues pour cela.
data-forgotten = Je vous ai oublié. Supprimés – questions avec leurs réponses : { $questions }, avis : { $votes }, questions à des personnes : { $escalations }, relectures : { $reviews }.
data-forgotten-notice = Je vous ai oublié.

## La relecture

review-queue = À relire : { $number }
review-nothing = Rien n’attend de décision.
review-position = { $number } sur { $total }
review-by-vote = jugée mauvaise
review-by-escalation = répondue par une personne
review-by-draft = modifiée avant l’envoi
review-by-confidence = posée par plusieurs personnes, sans réponse sûre
review-by-disagreement = jugée différemment
review-by-person = soumise par un relecteur
review-approve = Juste telle quelle
review-correct = Corriger
review-reject = Rien à retenir
review-open = Tout afficher
review-text = Ce que la réponse devrait être
review-note = Une note pour les autres relecteurs
review-proposed = Quelqu’un propose :
review-before = Précédentes
review-after = Suivantes
review-previous = Précédente
review-next = Suivante
review-only = Seules les personnes chargées de la révision peuvent voir ceci. Demandez à qui m’administre de vous y ajouter.
figures = Ces sept jours
figures-questions = Questions : { $now } (avant : { $before })
figures-helpful = Jugées utiles : { $now } %, intervalle à 95 % { $low }–{ $high } %, avis : { $number } (avant : { $before } %)
figures-abstained = Introuvables dans les documents : { $now } %, intervalle à 95 % { $low }–{ $high } %, questions : { $number } (avant : { $before } %)
figures-escalated = Transmises à des personnes : { $now }, ouvertes : { $open }, réglées : { $resolved } (avant : { $before })
figures-median = Temps médian d’une réponse : { $now } s (avant : { $before } s)

## Les réglages d’un canal

settings-title = Réglages du canal
settings-title-server = Réglages de ce serveur
settings-this-channel = Ce canal
settings-this-server = Ce serveur
settings-more = Plus…
settings-type = Ton, rappels, nombre exact
settings-save = Enregistrer
settings-reset = Revenir au fichier de configuration
settings-reset-done = Ce canal suit de nouveau le fichier de configuration.
settings-clear = Supprimer ce qui est réglé ici
settings-cleared = Plus rien n’est réglé ici.
settings-set-here = Réglé ici, à la place du fichier de configuration : { $names }.
settings-set-above = Réglé pour tout le serveur : { $names }.
settings-of-file = Du fichier de configuration : { $names }.
settings-as-usual = Rien n’est réglé pour ce canal : il est comme tous les autres.
settings-as-usual-server = Rien n’est réglé pour ce serveur.
settings-scopes = Répondre seulement à partir de ces portées
settings-scopes-hint = Cela ne fait que restreindre ce qu’une personne peut lire et n’accorde rien. Vide : tout ce qu’elle peut lire ici.
settings-auto-answer = Répondre aux questions qui ne me sont pas adressées
settings-auto-answer-hint = À quel point je dois être sûr, de 0 à 1 : 0,3 est hardi, 0,5 équilibré, 0,7 prudent. Vide : jamais.
settings-never = jamais
settings-bold = avec audace ({ $level })
settings-balanced = avec mesure ({ $level })
settings-cautious = avec prudence ({ $level })
settings-how = Dans ce canal
settings-follow-ups = Les suites dans un fil se passent de mention
settings-posts = Répondre aux nouveaux messages de forum
settings-tags = Étiquettes du forum
settings-draft = Une personne voit chaque réponse avant l’envoi
settings-allowed = Qui peut m’utiliser ici
settings-allowed-hint = Vide, ici et ci-dessous : tout le monde.
settings-allowed-groups = Groupes qui peuvent m’utiliser ici, par identifiant
settings-groups-hint = Par exemple S0614TZR7.
settings-escalation = La question à une personne va dans ce canal
settings-escalation-to = La question à une personne va à
settings-escalation-people = La question à une personne va à un rôle ou une personne
settings-escalation-channel = La question à une personne va dans un canal
settings-unseen = Je ne vois pas ce canal : permettez-moi d’y lire et d’y écrire.
settings-no-content = Je ne peux pas lire ce qui ne m’est pas adressé, et n’y réponds donc pas : il manque à mon application le Message Content Intent.
settings-escalation-hint = J’en dois être membre. Vide, ici et ci-dessous : nulle part.
settings-escalation-group = … ou à ce groupe, par identifiant
settings-remind-after = Les personnes reçoivent un rappel après
settings-remind-hint = Par exemple 30m, 4h ou 1d.
settings-language = Mes propres phrases sont ici en
settings-any-language = la langue de chaque personne
settings-tone = Ton des réponses
settings-tone-hint = En mots pour le modèle de langage, par exemple : bref et amical.
settings-everybody = tout le monde
settings-on = oui
settings-off = non
settings-saved =
    À partir de la prochaine question, dans ce canal :
    { $changes }
settings-unchanged = Rien n’a changé.
settings-changed =
    Dès la prochaine question :
    { $changes }
settings-managers = Seuls la personne qui a créé ce canal et les administrateurs et propriétaires de l’espace peuvent changer ses réglages.
settings-managers-named = Seuls la personne qui a créé ce canal, les administrateurs et propriétaires de l’espace et { $names } peuvent changer ses réglages.
settings-managers-server = Seules les personnes ayant la permission « Gérer le serveur » peuvent changer les réglages.
settings-managers-server-named = Seules les personnes ayant la permission « Gérer le serveur », et { $names }, peuvent changer les réglages.
settings-not-opened = Le formulaire ne s’est pas ouvert. Réessayez.
settings-wrong-number = Indiquez un nombre entre 0 et 1, ou rien.
settings-wrong-duration = Indiquez une durée telle que 30m, 4h ou 1d.
settings-wrong-id = Indiquez des identifiants tels que Slack les donne, par exemple S0614TZR7.
settings-wrong-value = Ce n’est pas possible ici. Modifiez-le.
settings-one-target = Choisissez le canal ci-dessus ou un groupe, pas les deux.
settings-draft-alone = Quelqu’un doit approuver les réponses : indiquez ci-dessous où vont les questions.
settings-draft-first = Quelqu’un doit approuver les réponses : choisissez d’abord, sous « Plus… », où vont les questions.
settings-draft-keeps = Ici, quelqu’un doit approuver les réponses, et les questions doivent donc aller quelque part : désactivez d’abord cela.

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
page-open = Poser une question
page-close = Fermer
page-frame = Questions et réponses
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

## Commands of Discord, at most 100 characters

command-ask = Poser une question sur nos documents
command-ask-question = Ce que tu veux savoir
command-ask-private = Toi seul vois la réponse
command-review = Décider des réponses signalées
command-mydata = Vos données : les télécharger ou les faire oublier
command-settings = Comment je me comporte dans ce salon ou ce serveur
