"""Which trainings close the most of an agent's gap, why, and how sure that is.

Vocabulary. *Ability*: what the evidence says of one competence, theta with its standard error.
*Position*: the same ability in level units, so that 3.5 is the middle of level 3. *Target*: the
level wished for. *Gap*: how far the position is below the target, never negative. *Leap*: what a
training does for one competence, from its entry to its exit level. *Need*: a level that a training
asks for. *Gain*: the part of the gap that a training is expected to close.

Invariants. A gain is never negative and never above the gap. A competence without evidence has no
gap and earns no gain: it is reported as not assessed. A plan never costs more than its budget.
The same input gives the same plan.
"""
