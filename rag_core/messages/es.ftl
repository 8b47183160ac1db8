# Lo que dice el propio bot, en español.
#
# Tono: breve, sencillo, amable; «tú». El bot habla en primera persona. Sin «y» delante del último nombre de una lista: ante
# un nombre como «intranet» tendría que ser «e».

## Respuestas

no-documents = No tengo documentos que puedas leer. `answerloop ingest CARPETA` me da algunos.
not-found = No he encontrado una respuesta a eso en los documentos que puedo leer.
searched = Fuentes consultadas: { $sources }.
ask-person = Vota en contra con unas palabras y una persona lo mirará.
small-talk = ¡Me alegra leerte! Pregúntame cuando quieras saber algo de los documentos de tu equipo.
for-a-person = Esto es para una persona.
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

ask-empty = ¿Qué quieres saber? Mencióname con tu pregunta, o usa { $command }: así solo tú ves la respuesta.
ask-help = Respondo preguntas con los documentos de tu equipo y enlazo dónde está cada respuesta. Mencióname en un canal con tu pregunta, escríbeme directamente, o usa { $command }: así solo tú ves la respuesta.
ask-what = ¿Qué te puedo preguntar?
ask-about-file = ¿Qué quieres saber sobre esto?
asked-late = No estaba en línea cuando preguntaste esto hace { $minutes } min. ¿Respondo todavía?
asked-long-ago = No estaba en línea cuando preguntaste esto hace { $minutes } min. Pregunta de nuevo si aún quieres saberlo.
not-allowed = Aquí no puedo responderte. Pide acceso a quienes gestionan este canal.
failed-there = No pude responderte en { $channel }: no puedo escribir allí. Pregúntame aquí (referencia { $reference }).
question-gone = Ya no encuentro la pregunta. Hazla de nuevo, por favor.
answered-already = Ya respondí a este mensaje, en su hilo.
not-in-channel = No estoy en esta conversación, así que solo tú ves esta respuesta. Invítame y responderé en el hilo.
draft-not-private = En este canal una persona revisa mis respuestas antes de que las envíe. Mencióname con tu pregunta y le propondré una respuesta.
file-not-permitted = No pude leer { $name }: no puedo abrir archivos en este espacio de trabajo. Puedes pegar el texto.
file-not-given = No pude leer { $name }: no se me entrega. Súbelo de nuevo, por favor.

## Un chat: hilos y compartir

thread-silenced = Desde ahora respondo en este hilo solo cuando me mencionan. Mencióname con «continúa» y lo seguiré de nuevo.
thread-resumed = Sigo este hilo de nuevo.
shared-by = { $user } comparte una respuesta a: { $question }
share-done = Esta respuesta está ahora en el canal.
share-gone = Ya no conozco esta respuesta, así que no la puedo compartir. Pregunta de nuevo, por favor.
share-narrower = Tu respuesta usa documentos que no todos en este canal pueden leer, así que no la he compartido. Aquí tienes una respuesta con los que todos pueden leer: esta sí puedes compartirla.

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

vote-tell-more = Decir qué estaba mal
modal-too-long = Esto tiene { $length } caracteres; acórtalo a { $most } como máximo.
modal-not-opened = El formulario no se ha abierto. Haz clic otra vez.
control-unknown = Este botón ya no hace nada. Pregunta de nuevo, por favor.

## Preguntar a una persona. $name: de una persona.

escalation-asked = He preguntado a una persona. La respuesta llegará aquí.
escalation-open = Ya se ha preguntado a una persona. La respuesta llegará aquí.
escalation-resolved = Esto ya está resuelto.
escalation-nobody = Aquí no hay nadie indicado a quien pueda preguntar. Da un 👎 a la respuesta con unas palabras, y una persona la revisará.
escalation-unreachable = No he podido contactar con las personas a quienes debo preguntar. Avisa a un administrador.
escalation-asks = { $name } pide ayuda a una persona:
escalation-answered = Yo había respondido:
escalation-reply = { $name } ha respondido:
escalation-reminder = Esta pregunta sigue abierta:
escalation-reply-here = Usa «Responder» en este mensaje y transmitiré lo que escribas.
escalation-undelivered = No he podido transmitir esto a { $name }: no puedo escribir donde lo leería.
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
draft-proposed = Una persona revisa mi respuesta antes de que la envíe.
draft-nobody = Aquí una persona debe revisar mis respuestas antes de que las envíe, pero no hay nadie indicado. Avisa a un administrador.
draft-discarded = Una persona ha revisado mi respuesta y no la ha enviado. Prueba con otras palabras, o pregunta a alguien directamente.
edited-by = Editada por { $name }.

## Correcciones de quienes revisan

corrected = Se ha corregido una respuesta mía
corrected-before = Antes
corrected-after = Ahora

## La pestaña de inicio

home-part-failed = Esta parte no se puede mostrar ahora. Vuelve a mirar en un minuto.
home-sources = A partir de qué puedo responderte
home-no-sources = No tengo documentos que puedas leer.
home-documents = documentos: { $number }
home-synced = leídos por última vez:
home-more = … y { $number } más
home-recent = Tus últimas preguntas
home-nothing-asked = Todavía no me has preguntado nada.
close = Cerrar

## Los datos de una persona

data = Tus datos
data-what = Guardo tus preguntas con mis respuestas, y tus valoraciones con tus comentarios.
data-kept = Preguntas con sus respuestas: { $questions }, votos: { $votes }, preguntas a personas: { $escalations }, revisiones: { $reviews }.
data-export = Enviarme mis datos
data-download = Descargar
data-forget = Olvidarme
data-forget-sure = Olvidarlo todo
data-goes = Desaparecen todas tus preguntas con mis respuestas, las valoraciones sobre ellas, tus propias valoraciones y comentarios, y lo que preguntaste a personas por medio de mí. No se puede deshacer.
data-stays = Las respuestas que publiqué en canales se quedan ahí, salvo que borres tu pregunta: entonces borro mi respuesta.
data-yours = Esto es todo lo que guardo de ti.
data-sent = Te he enviado tus datos por mensaje directo.
data-not-sent = No he podido enviarte tus datos. Avisa a un administrador.
data-no-file = No puedo enviar archivos en este espacio: un administrador puede dar a la aplicación el permiso { $scope }. Aquí tienes tus datos en mensajes, salvo que sean demasiado largos para eso.
data-forgotten = Te he olvidado. Eliminado – preguntas con sus respuestas: { $questions }, valoraciones: { $votes }, preguntas a personas: { $escalations }, revisiones: { $reviews }.
data-forgotten-notice = Te he olvidado.

## La revisión

review-queue = Por revisar: { $number }
review-nothing = Nada espera una decisión.
review-position = { $number } de { $total }
review-by-vote = valorada como mala
review-by-escalation = respondida por una persona
review-by-draft = editada antes de enviarse
review-by-confidence = preguntada por varias personas, sin respuesta segura
review-by-disagreement = valorada de forma distinta
review-by-person = presentada por un revisor
review-approve = Correcta tal cual
review-correct = Corregir
review-reject = Nada que aprender
review-open = Mostrar todo
review-text = Cómo debería ser la respuesta
review-note = Una nota para quienes revisan
review-proposed = Alguien propone:
review-before = Anteriores
review-after = Siguientes
review-previous = Anterior
review-next = Siguiente
review-only = Solo quienes revisan pueden ver esto. Pide a quien me administra que te añada.
figures = Estos siete días
figures-questions = Preguntas: { $now } (antes: { $before })
figures-helpful = Consideradas útiles: { $now } %, intervalo del 95 % { $low }–{ $high } %, valoraciones: { $number } (antes: { $before } %)
figures-abstained = No encontradas en los documentos: { $now } %, intervalo del 95 % { $low }–{ $high } %, preguntas: { $number } (antes: { $before } %)
figures-escalated = Pasadas a personas: { $now }, abiertas: { $open }, resueltas: { $resolved } (antes: { $before })
figures-median = Tiempo mediano de una respuesta: { $now } s (antes: { $before } s)

## Los ajustes de un canal

settings-title = Ajustes del canal
settings-title-server = Ajustes de este servidor
settings-this-channel = Este canal
settings-this-server = Este servidor
settings-more = Más…
settings-type = Tono, recordatorios, número exacto
settings-save = Guardar
settings-reset = Volver al archivo de configuración
settings-reset-done = Este canal sigue de nuevo el archivo de configuración.
settings-clear = Quitar lo ajustado aquí
settings-cleared = Aquí ya no hay nada ajustado.
settings-set-here = Fijado aquí, en lugar del archivo de configuración: { $names }.
settings-set-above = Ajustado para todo el servidor: { $names }.
settings-of-file = Del archivo de configuración: { $names }.
settings-as-usual = Nada está fijado para este canal: es como todos los demás.
settings-as-usual-server = No hay nada ajustado para este servidor.
settings-scopes = Responder solo con estos ámbitos
settings-scopes-hint = Esto solo limita lo que una persona puede leer; no concede nada. Vacío: todo lo que puede leer aquí.
settings-auto-answer = Responder preguntas que nadie me dirigió
settings-auto-answer-hint = Lo seguro que debo estar, de 0 a 1: 0,3 es audaz, 0,5 equilibrado, 0,7 prudente. Vacío: nunca.
settings-never = nunca
settings-bold = con audacia ({ $level })
settings-balanced = con equilibrio ({ $level })
settings-cautious = con cautela ({ $level })
settings-how = En este canal
settings-follow-ups = Las continuaciones en un hilo no necesitan mención
settings-posts = Responder a publicaciones nuevas del foro
settings-tags = Etiquetas del foro
settings-draft = Una persona ve cada respuesta antes de enviarla
settings-allowed = Quién puede usarme aquí
settings-allowed-hint = Vacío, aquí y abajo: todo el mundo.
settings-allowed-groups = Grupos que pueden usarme aquí, por identificador
settings-groups-hint = Por ejemplo S0614TZR7.
settings-escalation = Preguntar a una persona va a este canal
settings-escalation-to = Preguntar a una persona va a
settings-escalation-people = Preguntar a una persona va a un rol o una persona
settings-escalation-channel = Preguntar a una persona va a un canal
settings-unseen = No veo ese canal: déjame leer y escribir allí.
settings-no-content = No puedo leer lo que no se dirige a mí, así que no respondo a nada de eso: a mi aplicación le falta el Message Content Intent.
settings-escalation-hint = Tengo que ser miembro. Vacío, aquí y abajo: a ninguna parte.
settings-escalation-group = … o a este grupo, por identificador
settings-remind-after = Se recuerda a las personas después de
settings-remind-hint = Por ejemplo 30m, 4h o 1d.
settings-language = Mis propias frases aquí están en
settings-any-language = el idioma de cada persona
settings-tone = Tono de las respuestas
settings-tone-hint = En palabras para el modelo de lenguaje, por ejemplo: breve y amable.
settings-everybody = todo el mundo
settings-on = sí
settings-off = no se hace
settings-saved =
    Desde la próxima pregunta, en este canal:
    { $changes }
settings-unchanged = Nada ha cambiado.
settings-changed =
    Desde la próxima pregunta:
    { $changes }
settings-managers = Solo quien creó este canal y los administradores y propietarios del espacio pueden cambiar sus ajustes.
settings-managers-named = Solo quien creó este canal, los administradores y propietarios del espacio y { $names } pueden cambiar sus ajustes.
settings-managers-server = Solo quienes tienen el permiso «Gestionar servidor» pueden cambiar los ajustes.
settings-managers-server-named = Solo quienes tienen el permiso «Gestionar servidor», además de { $names }, pueden cambiar los ajustes.
settings-not-opened = El formulario no se ha abierto. Inténtalo de nuevo.
settings-wrong-number = Escribe un número entre 0 y 1, o nada.
settings-wrong-duration = Escribe una duración como 30m, 4h o 1d.
settings-wrong-id = Escribe identificadores como los tiene Slack, por ejemplo S0614TZR7.
settings-wrong-value = Esto no es posible aquí. Cámbialo.
settings-one-target = Elige el canal de arriba o un grupo, no ambos.
settings-draft-alone = Alguien tiene que aprobar las respuestas: indica abajo adónde van las preguntas.
settings-draft-first = Alguien tiene que aprobar las respuestas: elige primero, en «Más…», adónde van las preguntas.
settings-draft-keeps = Aquí alguien tiene que aprobar las respuestas, así que las preguntas deben ir a algún sitio: desactiva eso primero.

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
page-open = Hacer una pregunta
page-close = Cerrar
page-frame = Preguntas y respuestas
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

## Commands of Discord, at most 100 characters

command-ask = Hacer una pregunta sobre nuestros documentos
command-ask-question = Lo que quieres saber
command-ask-private = Solo tú ves la respuesta
command-review = Decidir sobre las respuestas señaladas
command-mydata = Tus datos: descargarlos o hacer que se olviden
command-settings = Cómo me comporto en este canal o servidor
