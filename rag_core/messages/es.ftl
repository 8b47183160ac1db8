# Lo que dice el propio bot, en español.
#
# Tono: breve, sencillo, amable; «tú». El bot habla en primera persona. Sin «y» delante del último nombre de una lista: ante
# un nombre como «intranet» tendría que ser «e».

## Respuestas

no-documents = No tengo documentos que puedas leer. `answerloop ingest CARPETA` me da algunos.
not-found = No he encontrado una respuesta a eso en los documentos que puedo leer.
searched = Fuentes consultadas: { $sources }.
ask-person = Vota en contra con unas palabras y una persona lo mirará.
taken-as = Lo he entendido así: { $question }
not-sure = No estoy seguro: compruébalo en las fuentes.
sources = Fuentes
closest-documents = Documentos más cercanos
looking = Buscando en los documentos…
thinking = está pensando…
written-by = Redactado por { $generator }
small-release = Versión { $release }

## Botones debajo de una respuesta

ask-a-person = Preguntar a una persona
share-answer = Compartir con el canal
stop-in-thread = No responder más en este hilo
try-again = Intentar de nuevo

## Avisos: en letra pequeña debajo de una respuesta

generator-failed = El modelo de lenguaje no ha respondido, así que esto es una cita de los documentos.
answer-unsupported = Los documentos no respaldan lo que ha escrito el modelo de lenguaje, así que se citan en su lugar.
sentences-removed = Se han omitido frases que los documentos no respaldan.
sentences-marked = Las frases marcadas con [?] no están respaldadas por los documentos que citan.
answered-in-part = Según el modelo de lenguaje, los documentos solo responden a esto en parte.
other-language = Los documentos están en otro idioma: solo se pudieron comparar con ellos los números y los nombres de esta respuesta.
standard-answer = Una respuesta estándar, aprobada por tu equipo.

## Dónde está algo en un documento

place-page = página { $number }
place-line = línea { $number }

## Listas de nombres

list-last = { $names }, { $last }
list-more = { $names } y { $number } más

## Preguntas con las que no se puede buscar

no-words = Haz una pregunta con palabras, por favor; no he encontrado ninguna en tu mensaje.
too-long = Tu pregunta tiene { $length } caracteres; acórtala a { $most } como máximo, por favor.

## Archivos que acompañan a una pregunta

file-too-large = No he podido leer { $name }: ocupa más de { $most } MB.
file-too-long = No he podido leer { $name }: tiene más de { $most } caracteres.
file-format = No he podido leer { $name }: no conozco este tipo de archivo.
file-empty = No he encontrado ningún texto en { $name }.
file-unreadable = No he podido leer { $name }: puede que esté dañado o protegido con una contraseña.

## Un chat: en lugar de una respuesta

ask-empty = ¿Qué quieres saber? Mencióname junto con tu pregunta, o usa { $command }, y solo tú verás la respuesta.
ask-help = Respondo a partir de los documentos de tu equipo y muestro dónde está cada respuesta. Mencióname en un canal con tu pregunta, escríbeme directamente, o usa { $command }, y solo tú verás la respuesta.
ask-what = ¿Qué te puedo preguntar?
ask-about-file = ¿Qué quieres saber sobre esto?
asked-late = Preguntaste esto hace { $minutes } min, cuando yo no estaba en marcha. ¿Respondo todavía?
asked-long-ago = Preguntaste esto hace { $minutes } min, cuando yo no estaba en marcha. Pregunta de nuevo si aún quieres saberlo.
not-allowed = Aquí no te puedo responder. Quienes gestionan este canal deciden a quién respondo.
failed-there = No te pude responder en { $channel }: no puedo escribir allí (referencia { $reference }).
question-gone = Ya no encuentro la pregunta. Hazla de nuevo, por favor.
answered-already = Ya respondí a este mensaje, en su hilo.
not-in-channel = No soy miembro de esta conversación, así que solo tú ves esta respuesta. Invítame y responderé en el hilo.
draft-not-private = En este canal una persona revisa mis respuestas antes de que se envíen. Mencióname con tu pregunta y así se hará.
file-not-permitted = No pude leer { $name }: no puedo abrir archivos en este espacio de trabajo.
file-not-given = No pude leer { $name }: Slack no me lo entrega. Súbelo de nuevo, por favor.

## Un chat: hilos y compartir

thread-silenced = En este hilo, desde ahora respondo solo cuando me mencionan. Mencióname con «continúa» y lo seguiré de nuevo.
thread-resumed = Sigo este hilo de nuevo.
shared-by = { $user } comparte una respuesta a: { $question }
share-done = Esta respuesta está ahora en el canal.
share-gone = Ya no conozco esta respuesta, así que no la puedo compartir. Pregunta de nuevo, por favor.
share-narrower = Tu respuesta viene de documentos que no todos en este canal pueden leer, así que no la compartí. Esto es lo que puedo decir a partir de los que todos pueden leer; eso sí lo puedes compartir.

## Errores

failed = Algo ha fallado por mi parte (referencia { $reference }). Inténtalo de nuevo en un minuto, por favor.
vote-failed = No he podido registrar eso (referencia { $reference }). Inténtalo de nuevo en un minuto, por favor.
vote-unknown = No he podido registrar eso: ya no conozco esta respuesta.

## Gracias por una valoración

vote-taken-back = Retirado.
vote-good = Gracias, es bueno saberlo.
vote-explained = Gracias. Una persona lo revisará.
vote-bad = Gracias. ¿Qué tenía de malo?

## Lo que puede estar mal en una respuesta

reason-wrong-sources = Fuentes equivocadas
reason-wrong-answer = Fuentes correctas, pero respuesta equivocada
reason-out-of-date = Desactualizada
reason-not-answered = No responde a mi pregunta
reason-other = Otra cosa

## Valoraciones, en el chat

vote-tell-more = Contar más
modal-too-long = Esto tiene { $length } caracteres; acórtalo a { $most } como máximo.
modal-not-opened = El formulario no se ha abierto. Haz clic otra vez.

## Preguntar a una persona. $name: de una persona.

escalation-asked = He preguntado a una persona. La respuesta llegará aquí.
escalation-open = Ya se ha preguntado a una persona. La respuesta llegará aquí.
escalation-resolved = Esto ya está resuelto.
escalation-nobody = Aquí no hay nadie designado a quien pueda preguntar. Valora mal la respuesta con unas palabras, y una persona la revisará.
escalation-unreachable = No he podido contactar con las personas a quienes debo preguntar. Consulta a quien me administra.
escalation-asks = { $name } pide ayuda a una persona:
escalation-answered = Yo había respondido:
escalation-reply = { $name } ha respondido:
escalation-reminder = Esta pregunta sigue abierta:
escalation-closed = { $name } ha marcado la pregunta como resuelta.
escalation-resolved-by = Resuelta por { $name }
open-thread = Abrir la conversación
resolve = Marcar como resuelta
resolve-what = ¿Qué texto es la respuesta?

## Borradores, que alguien revisa antes de enviarlos. $name: de una persona.

draft-asks = { $name } pregunta:
draft-answer = Mi borrador de respuesta:
draft-long = La respuesta continúa; «Editar» la muestra entera.
draft-text = Respuesta que se envía
draft-send = Aprobar
draft-edit = Editar
draft-discard = Descartar
draft-sent-by = Aprobada por { $name }
draft-sent-changed = Editada y enviada por { $name }
draft-discarded-by = Descartada por { $name }
draft-decided = Alguien ya ha decidido sobre esto.
draft-empty = Escribe una respuesta.
draft-proposed = Una persona revisa mi respuesta antes de que se envíe.
draft-nobody = Aquí una persona revisa las respuestas antes de enviarlas, pero no hay nadie designado. Consulta a quien me administra.
draft-discarded = Una persona ha revisado mi respuesta y no la ha enviado.
edited-by = Editada por { $name }.

## Correcciones de quienes revisan

corrected = Se ha corregido una respuesta mía
corrected-before = Antes
corrected-after = Ahora

## La conversación en una terminal

console-begin = Haz una pregunta. /help muestra los comandos.
console-help =
    /up                 la última respuesta era buena
    /down [comentario]  no lo era; di qué tenía de malo
    /sources            lo que cita la última respuesta, completo
    /quit               salir (igual que Ctrl-D)
    Todo lo demás es una pregunta.
console-unknown = No existe { $command }. /help muestra los comandos.
console-nothing-to-vote-on = Todavía no hay ninguna respuesta que valorar.
console-no-answer = Todavía no hay ninguna respuesta.
console-tell-me = Dímelo con /down y un comentario.

## La página de chat

page-description = Pregunta a los documentos de tu equipo; cada respuesta muestra sus fuentes.
page-new = Nueva conversación
page-welcome = ¿Qué te gustaría saber?
page-promise = Respondo a partir de los documentos de tu equipo y muestro dónde está cada respuesta.
page-honesty = Cuando no la encuentro, lo digo.
page-suggestions = Preguntas para empezar
page-script = Esta página necesita JavaScript.
page-conversation = Conversación
page-question = Tu pregunta
page-placeholder = Haz una pregunta…
page-send = Enviar
page-hint = Intro envía, Mayús + Intro empieza una línea nueva.
page-asked = Has preguntado
page-error = Error
page-answer = Respuesta
page-good = Buena respuesta
page-bad = Mala respuesta
page-copy = Copiar la respuesta
page-wrong = ¿Qué estaba mal?
page-comment = ¿Quieres añadir algo?
page-correction = ¿Qué debería haber dicho?
page-cancel = Ahora no

## La página de chat, mientras se usa

script-not-found = No se ha encontrado en los documentos
script-untitled = Sin título
script-table = Tabla
script-source = Fuente { $number }: { $title }
script-spoken = Respuesta: { $text } Fuentes: { $number }.
script-spoken-not-found = No se ha encontrado. { $text }
script-release = versión { $release }
script-milliseconds = { $number } ms
script-seconds = { $number } s
script-count = { $length } de { $most }
script-copied = Copiado.
script-not-copied = El navegador no ha permitido copiar.
script-edit = Editar la pregunta
script-again = Intentar de nuevo
script-late = Esto ha tardado demasiado. Inténtalo de nuevo, por favor.
script-unreachable = No se puede contactar con el servidor. Inténtalo de nuevo en un momento, por favor.
script-broken = Se ha cortado la conexión. Inténtalo de nuevo en un momento, por favor.
script-failed = Algo ha fallado. Inténtalo de nuevo en un minuto, por favor.
