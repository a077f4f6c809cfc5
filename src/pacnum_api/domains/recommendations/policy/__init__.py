"""Pure decisions: from abilities, targets and courses to a plan with its reasons.

``position`` puts an ability on the scale of levels, ``gain`` says what a course does to it,
``plan`` chooses courses under a budget, ``reasons`` states why, and ``wording`` says it in French
or English.
"""
