"""Adaptive measurement, pure: numbers in, decisions out.

Nothing here reads a clock, a file, a database or a global random source. A step of a test is
``estimate`` (what the answers say) followed by ``select`` (stop, or which item next); both see
the whole session, so that an engine that joins competences can take the place of the present
one, which treats them one by one.

Vocabulary
----------
competence, item : non-negative indices; a bank version fixes their order.
category : score of an answer, 0 up to the item's number of steps (right/wrong: 0 or 1).
theta : ability on one competence; unit = one standard deviation of the reference population.
grid : the 201 abilities at which likelihoods are held (``scale.THETA``).
nodes : the 41 abilities at which the value of an item is worked out (``scale.NODES``).

Invariants
----------
Same bank, plan and answers give the same decisions bit for bit: see ``arithmetic``.
"""
