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
written-by = Redactado por { $generator }

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
