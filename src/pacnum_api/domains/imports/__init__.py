"""Files of agents that a partner sends over HTTP, carried out in the background.

Vocabulary: an *import* is one file, received whole and then carried out by a worker; its *pieces*
are the file as it is kept until then; a *fault* is one thing wrong in one of its lines; a *claim*
is one worker's turn at an import, good for as long as it is renewed (its *lease*).

Invariants: an import changes everything that its file says, or nothing. Imports of one tenant are
carried out one after another, in the order in which they came. What an import has changed and that
it has ended become true in one transaction, so a worker that is killed has changed nothing, and the
next one begins anew. The file is dropped when the import has ended.
"""
