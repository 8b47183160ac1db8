# What the bot says itself, in English. One message for each id; docs/languages.md says how to add a language.
#
# Tone: short, plain, friendly. The bot says "I".

## Answers

no-documents = I have no documents that you may read. `answerloop ingest FOLDER` gives me some.
not-found = I could not find an answer to that in the documents I can read.
# $sources: names of document sources, from list-last or list-more.
searched = I searched { $sources }.
ask-person = Vote it down with a few words, and a person will look at it.
# $question: the question as the bot understood it.
taken-as = I took this as: { $question }
not-sure = Not sure: please check this against the sources.
sources = Sources
closest-documents = Closest documents
looking = Looking in the documents…
# $generator: a language model's name.
written-by = Written by { $generator }

## Notices: small print below an answer

generator-failed = The language model did not answer, so this is quoted from the documents.
answer-unsupported = The documents do not support what the language model wrote, so they are quoted instead.
sentences-removed = Sentences that the documents do not support were left out.
sentences-marked = Sentences marked [?] are not supported by the documents they cite.
answered-in-part = The language model says that the documents answer this only in part.
other-language = The documents are in another language: only numbers and names of this answer could be compared with them.
standard-answer = A standard answer, approved by your team.

## Where something stands in a document

place-page = page { $number }
place-line = line { $number }

## Lists of names

# $names: all but the last, with commas between them.
list-last = { $names } and { $last }
# $number: how many there are besides $names.
list-more = { $names } and { $number } more

## Questions that cannot be searched

no-words = Please ask a question in words; I could not find any in your message.
too-long = Your question has { $length } characters; please shorten it to { $most } or fewer.

## Failures. $reference names the failure in the log.

failed = Something went wrong on my side (reference { $reference }). Please try again in a minute.
vote-failed = I could not record that (reference { $reference }). Please try again in a minute.
vote-unknown = I could not record that: I do not know this answer any more.

## Thanks for a vote

vote-taken-back = Taken back.
vote-good = Thank you, good to know.
vote-explained = Thank you. A person will look at this.
vote-bad = Thank you. What was wrong with it?

## What can be wrong with an answer

reason-wrong-sources = Wrong sources
reason-wrong-answer = Right sources, but wrong answer
reason-out-of-date = Out of date
reason-not-answered = Does not answer my question
reason-other = Something else

## The conversation in a terminal. What begins with / is typed as it stands.

console-begin = Ask a question. /help lists the commands.
console-help =
    /up              the last answer was good
    /down [comment]  it was not; say what was wrong with it
    /sources         what the last answer quotes, in full
    /quit            leave (so does Ctrl-D)
    Anything else is a question.
console-unknown = There is no { $command }. /help lists the commands.
console-nothing-to-vote-on = There is no answer yet to vote on.
console-no-answer = There is no answer yet.
console-tell-me = Tell me with /down and a comment.

## The chat page

page-description = Ask your team’s documents; every answer shows its sources.
page-new = New conversation
page-welcome = What would you like to know?
page-promise = I answer from your team’s documents and show where each answer stands.
page-honesty = When I cannot find it, I say so.
page-suggestions = Questions to begin with
page-script = This page needs JavaScript.
page-conversation = Conversation
page-question = Your question
page-placeholder = Ask a question…
page-send = Send
page-hint = Enter sends, Shift + Enter begins a new line.
page-asked = You asked
page-error = Error
page-answer = Answer
page-good = Good answer
page-bad = Bad answer
page-copy = Copy the answer
page-wrong = What was wrong?
page-comment = Anything to add?
page-correction = What should it have said?
page-cancel = Not now

## The chat page, while it is used

script-not-found = Not found in the documents
script-untitled = Untitled
script-table = Table
# $title: of a document. Read out by screen readers.
script-source = Source { $number }: { $title }
script-spoken = Answer: { $text } Sources: { $number }.
script-spoken-not-found = Not found. { $text }
script-release = release { $release }
script-milliseconds = { $number } ms
script-seconds = { $number } s
script-count = { $length } of { $most }
script-copied = Copied.
script-not-copied = The browser did not allow copying.
script-edit = Edit the question
script-again = Try again
script-late = This took too long. Please try again.
script-unreachable = The server cannot be reached. Please try again in a moment.
script-broken = The connection broke off. Please try again in a moment.
script-failed = Something went wrong. Please try again in a minute.
