"""Adaptive tests: what the service exists for.

Vocabulary: a *test session* puts *items* to one agent, one *position* after another; the item put
and not yet answered is *pending*; an *answer* is accepted once for each position and never changes;
a session ends *finished*, *abandoned* or *expired*.

Invariants: exactly one answer a position, whatever arrives in parallel; a session finishes on the
framework, bank version and algorithm version that it began with; seed, algorithm, bank and answers
give the same items and estimates again, bit for bit; times are the server's.
"""
