"""Adaptive measurement, pure: numbers in, decisions out.

Nothing here reads a clock, a file, a database or a global random source.

Data flow of a step: answers → likelihood of each competence (``tables``) → joint posterior
(``population``, ``propagation``, ``joint_estimation``) → values of all items and the choice
(``joint_selection``, ``within_blueprint``, ``exposure``) or the end (``stopping``). ``algorithm``
keeps every version of it: 1.0.0 treats competences one by one (``estimation``, ``selection``).
``calibration`` goes from answers to parameters, ``simulation`` from abilities to answers.

Vocabulary
----------
competence, item : non-negative indices; a bank version fixes their order.
category : score of an answer, 0 up to the item's number of steps (right/wrong: 0 or 1).
theta : ability on one competence; unit = one standard deviation of the reference population.
strength : how much of the assumed correlation holds for a person, 0 to 1.
site : the Gaussian that stands for the answers to one competence.
grid : the 201 abilities at which likelihoods are held (``scale.THETA``).
nodes : the 41 abilities at which sites and values of items are worked out (``scale.NODES``).
group : items that are one for exposure: those made from one template.

Invariants
----------
Same bank, plan, prior and answers give the same decisions bit for bit: see ``arithmetic``.
"""
