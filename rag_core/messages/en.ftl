# What the bot says itself, in English. One message for each id; docs/languages.md says how to add a language.

no-documents = I have no documents that you may read. `answerloop ingest FOLDER` gives me some.
not-found = I could not find an answer to that in the documents I can read.
searched = I searched { $sources }.
generator-failed = The language model did not answer, so this is quoted from the documents.
sentences-removed = Sentences that the documents do not support were left out.
sentences-marked = Sentences marked [?] are not supported by the documents they cite.
standard-answer = A standard answer, approved by your team.
