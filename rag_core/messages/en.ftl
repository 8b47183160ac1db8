# What the bot says itself, in English. One message for each id; docs/languages.md says how to add a language.
#
# Tone: short, plain, friendly. The bot says "I".

## Answers

no-documents = I have no documents that you may read. `answerloop ingest FOLDER` gives me some.
not-found = I could not find an answer to that in the documents I can read.
# $sources: names of document sources, from list-last or list-more.
searched = I searched { $sources }.
ask-person = Vote it down with a few words, and a person will look at it.
# To a greeting, thanks, or small talk.
small-talk = Always glad to hear from you! Ask me whenever you want to know something from your team’s documents.
# Before who may know, such as ask-person.
for-a-person = This is something for a person.
# $question: the question as the bot understood it.
taken-as = I took this as: { $question }
not-sure = Not sure: please check this against the sources.
sources = Sources
closest-documents = Closest documents
looking = Looking in the documents…
# After the bot's name: "answerloop is thinking…".
thinking = is thinking…
# $generator: a language model's name.
written-by = Written by { $generator }
# $release: a short id of the models and the index in use.
small-release = Release { $release }

## Buttons below an answer

ask-a-person = Ask a person
share-answer = Share with the channel
stop-in-thread = Stop answering in this thread
try-again = Try again

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

## Files that came with a question. $name: the file's. $most: megabytes, or characters.

file-too-large = I could not read { $name }: it is larger than { $most } MB.
file-too-long = I could not read { $name }: it holds more than { $most } characters.
file-format = I could not read { $name }: I do not know this kind of file.
file-empty = I could not find any text in { $name }.
file-unreadable = I could not read { $name }: it may be damaged, or protected by a password.

## A chat: in place of an answer

# $command: such as /ask.
ask-empty = What would you like to know? Mention me with your question, or use { $command }: then only you see the answer.
ask-help = I answer questions from your team’s documents and link to where each answer stands. Mention me in a channel with your question, write to me directly, or use { $command }: then only you see the answer.
# A suggestion where a conversation begins: the person says it.
ask-what = What can I ask you?
ask-about-file = What would you like to know about it?
# $minutes: how many.
asked-late = I was offline when you asked this { $minutes } min ago. Should I still answer?
asked-long-ago = I was offline when you asked this { $minutes } min ago. Please ask again if you would still like to know.
not-allowed = I may not answer you here. Please ask whoever manages this channel to let you in.
# $channel: where.
failed-there = I could not answer you in { $channel }: I may not write there. Please ask me here instead (reference { $reference }).
question-gone = I cannot find the question any more. Please ask it again.
answered-already = I have already answered this message, in its thread.
not-in-channel = I am not in this conversation, so only you see this answer. Invite me, and I will answer in the thread.
draft-not-private = In this channel a person checks my answers before I send them. Mention me with your question, and I will draft an answer for them to check.
file-not-permitted = I could not read { $name }: I may not open files in this workspace. You can paste the text instead.
file-not-given = I could not read { $name }: it is not handed out to me. Please upload it again.

## A chat: threads and sharing

thread-silenced = From now on I answer in this thread only when I am mentioned. Mention me with “continue” to have me follow it again.
thread-resumed = I follow this thread again.
# $user: who shares it; $question: what they asked.
shared-by = { $user } shares an answer to: { $question }
share-done = This answer is in the channel now.
share-gone = I do not know this answer any more, so I cannot share it. Please ask again.
share-narrower = Your answer uses documents that not everybody in this channel may read, so I have not shared it. Here is an answer from those that everybody may read: you can share this one.

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

## Votes, in chat

vote-tell-more = Say what was wrong
modal-too-long = This has { $length } characters; please shorten it to { $most } or fewer.
modal-not-opened = The form did not open. Please click again.
control-unknown = This button does nothing any more. Please ask again.

## Asking a person. $name: of a person.

escalation-asked = I have asked a person. The answer will come here.
escalation-open = A person has been asked already. The answer will come here.
escalation-resolved = This has been settled already.
escalation-nobody = Nobody is set up here for me to ask. Give the answer a 👎 with a few words, and a person will look at it.
escalation-unreachable = I could not reach the people I should ask. Please tell an admin.
escalation-asks = { $name } asks for a person’s help:
escalation-answered = I had answered:
escalation-reply = { $name } answered:
escalation-reminder = This question is still open:
escalation-reply-here = Use “Reply” on this message, and I will pass on what you write.
escalation-undelivered = I could not pass this on to { $name }: I cannot write where they would read it.
escalation-closed = { $name } has marked the question as settled.
escalation-resolved-by = Settled by { $name }
open-thread = Open the conversation
resolve = Resolve
resolve-what = Which text is the answer?

## Drafts, which people look at before they are sent. $name: of a person.

draft-asks = { $name } asks:
draft-answer = My draft of an answer:
draft-long = The answer goes on; “Edit” shows all of it.
draft-text = Answer to send
draft-send = Approve
draft-edit = Edit
draft-discard = Discard
draft-sent-by = Approved by { $name }
draft-sent-changed = Edited and sent by { $name }
draft-discarded-by = Discarded by { $name }
draft-decided = Somebody has decided about this already.
draft-empty = Please write an answer.
draft-proposed = A person checks my answer before I send it.
draft-nobody = A person has to check my answers here before I send them, but nobody is named for that. Please tell an admin.
draft-discarded = A person checked my answer and decided not to send it. Please try other words, or ask somebody directly.
edited-by = Edited by { $name }.

## Corrections by reviewers

corrected = A reviewer corrected an answer of mine
corrected-before = Before
corrected-after = Now

## The Home tab

home-part-failed = This part cannot be shown now. Please look again in a minute.
home-sources = What I can answer you from
home-no-sources = I have no documents that you may read.
# $number: how many.
home-documents = documents: { $number }
# Before a date.
home-synced = last read:
home-more = … and { $number } more
home-recent = Your recent questions
home-nothing-asked = You have not asked me anything yet.
close = Close

## A person’s own data

data = Your data
data-what = I keep your questions with my answers, and your votes with your comments.
# $questions, $votes, $escalations, $reviews: how many of each.
data-kept = Questions with their answers: { $questions }, votes: { $votes }, questions to people: { $escalations }, reviews: { $reviews }.
data-export = Send me my data
data-download = Download
data-forget = Forget me
data-forget-sure = Forget all of it
data-goes = All your questions go with my answers to them, the votes on these, your own votes and comments, and what you asked people through me. This cannot be undone.
data-stays = Answers that I posted in channels stay there, unless you delete your question: then I delete my answer.
data-yours = This is all that I keep of you.
data-sent = I have sent you your data as a direct message.
data-not-sent = I could not send you your data. Please tell an admin.
# $scope: what the app lacks, such as files:write.
data-no-file = I may not send files in this workspace: an admin can give the app the permission { $scope }. Here is your data as messages, unless it is too long for that.
# $questions, $votes, $escalations, $reviews: how many of each.
data-forgotten = I have forgotten you. Removed – questions with their answers: { $questions }, votes: { $votes }, questions to people: { $escalations }, reviews: { $reviews }.
data-forgotten-notice = I have forgotten you.

## Reviewing

review-queue = To review: { $number }
review-nothing = Nothing waits for a decision.
# $number: which of the $total that wait.
review-position = { $number } of { $total }
review-by-vote = voted down
review-by-escalation = answered by a person
review-by-draft = edited before it was sent
review-by-confidence = asked by several without a sure answer
review-by-disagreement = people judge it differently
review-by-person = put here by a reviewer
review-approve = Right as it is
review-correct = Correct it
review-reject = Nothing to learn
review-open = Show all of it
review-text = What the answer should be
review-note = A note for other reviewers
review-proposed = Somebody proposes:
review-before = Earlier ones
review-after = Later ones
review-previous = Previous
review-next = Next
review-only = Only reviewers can look at this. Please ask whoever runs me to name you as one.
# Figures: $now is of these seven days, $before of those before; $low and $high bound the 95% interval; $number: votes, or questions.
figures = These seven days
figures-questions = Questions: { $now } (before: { $before })
figures-helpful = Found helpful: { $now }%, 95% interval { $low }–{ $high }%, votes: { $number } (before: { $before }%)
figures-abstained = Not found in the documents: { $now }%, 95% interval { $low }–{ $high }%, questions: { $number } (before: { $before }%)
figures-escalated = Passed on to people: { $now }, open: { $open }, settled: { $resolved } (before: { $before })
figures-median = Median time of an answer: { $now } s (before: { $before } s)

## Settings of a channel

settings-title = Settings of this channel
settings-title-server = Settings of this server
settings-this-channel = This channel
settings-this-server = This server
settings-more = More…
settings-type = Tone, reminders, exact number
settings-save = Save
settings-reset = Back to the settings file
settings-reset-done = This channel follows the settings file again.
settings-clear = Remove what is set here
settings-cleared = Nothing is set here any more.
# $names: of settings.
settings-set-here = Set here, in place of the settings file: { $names }.
settings-set-above = Set for the whole server: { $names }.
settings-of-file = From the settings file: { $names }.
settings-as-usual = Nothing is set for this channel: it works like all others.
settings-as-usual-server = Nothing is set for this server.
settings-scopes = Answer from these scopes only
settings-scopes-hint = This only narrows what a person may read; it grants nothing. Empty: all that they may read here.
settings-auto-answer = Answer questions that nobody addressed to me
settings-auto-answer-hint = How sure I must be, from 0 to 1: 0.3 is bold, 0.5 balanced, 0.7 cautious. Empty: never.
settings-never = never
# How sure I must be; $level: from 0 to 1.
settings-bold = boldly ({ $level })
settings-balanced = balanced ({ $level })
settings-cautious = cautiously ({ $level })
settings-how = In this channel
settings-follow-ups = Follow-ups in a thread need no mention
settings-posts = Answer new forum posts
settings-tags = Forum tags
settings-draft = A person sees each answer before it is sent
settings-allowed = Who may use me here
settings-allowed-hint = Empty, here and below: everybody.
settings-allowed-groups = User groups that may use me here, by id
settings-groups-hint = Such as S0614TZR7.
settings-escalation = “Ask a person” goes to this channel
settings-escalation-to = “Ask a person” goes to
settings-escalation-people = “Ask a person” goes to a role or a person
settings-escalation-channel = “Ask a person” goes to a channel
settings-unseen = I cannot see that channel: please let me read and write there.
settings-no-content = I cannot read what is not addressed to me, so I answer none of it: my application lacks the message content intent.
settings-escalation-hint = I must be a member of it. Empty, here and below: nowhere.
settings-escalation-group = … or to this user group, by id
settings-remind-after = People are reminded after
settings-remind-hint = Such as 30m, 4h or 1d.
settings-language = My own sentences here are in
settings-any-language = each person’s own language
settings-tone = Tone of answers
settings-tone-hint = In words for the language model, such as: brief and friendly.
settings-everybody = everybody
settings-on = yes
settings-off = no
# $changes: settings with their new values, each in a line of its own.
settings-saved =
    From the next question on, in this channel:
    { $changes }
settings-unchanged = Nothing has changed.
# $changes: settings with their new values, each in a line of its own.
settings-changed =
    From the next question on:
    { $changes }
settings-managers = Only the person who created this channel and the workspace’s admins and owners can change its settings.
# $names: of people.
settings-managers-named = Only the person who created this channel, the workspace’s admins and owners, and { $names } can change its settings.
settings-managers-server = Only people with the permission “Manage Server” can change settings.
# $names: of people and roles.
settings-managers-server-named = Only people with the permission “Manage Server”, and { $names }, can change settings.
settings-not-opened = The form did not open. Please try again.
settings-wrong-number = Please enter a number between 0 and 1, or nothing.
settings-wrong-duration = Please enter a duration such as 30m, 4h or 1d.
settings-wrong-id = Please enter ids as Slack has them, such as S0614TZR7.
settings-wrong-value = This is not possible here. Please change it.
settings-one-target = Please choose the channel above or a user group, not both.
settings-draft-alone = Somebody has to approve the answers: please choose below where questions go.
settings-draft-first = Somebody has to approve the answers: please choose first where questions go, under “More…”.
settings-draft-keeps = Somebody has to approve the answers here, so that questions must go somewhere: turn that off first.

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
page-open = Ask a question
page-close = Close
page-frame = Questions and answers
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

## Commands of Discord, at most 100 characters

command-ask = Ask a question about our documents
command-ask-question = What you want to know
command-ask-private = Only you see the answer
command-review = Decide about answers that people reported
command-mydata = Your data: download it, or have it forgotten
command-settings = How I behave in this channel or server
