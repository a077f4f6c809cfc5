"""Calibration: parameters of items, and of the population, from the answers of many persons.

Pure, like all of ``psychometrics``. But for ``seeding``'s choice nothing here takes part in a test
that is being run, and it uses the numerical libraries' own ``exp`` and linear algebra: results are
repeatable to rounding, not bit for bit on every machine.

What is where
-------------
responses : ``ResponseData``, ``from_matrix`` - who answered what.
calibrate : ``calibrate``, ``calibrate_bank`` - marginal maximum likelihood; ``Settings``,
    ``Calibration``. Inside: ``curves``, ``priors`` (``ItemPriors``), ``expectation``,
    ``maximisation``, ``acceleration``, ``standard_errors``.
item_fit : ``item_fit`` - score test and RMSD of each item.
dif : ``screen_dif`` - Mantel-Haenszel (``mantel_haenszel``) and logistic regression
    (``logistic_dif``) between groups of equal ability.
linking : ``link``, ``robust_z`` - one scale on another by anchors.
seeding : ``choose_seeded``, ``updated_item`` - new items inside live tests.
evidence, correlation, shrinkage : ``evidence_of``, ``correlate``, ``shrunk`` - the correlation
matrix
    of the competences.
mixture : ``strength_weights`` - weights of several priors.
report : ``calibration_report``, ``anchor_link`` - a whole run, for tables and decisions.

Vocabulary
----------
anchor : an item whose parameters stay as they are, and so hold the scale.
free : what is estimated, as opposed to held.
node : one of the abilities at which the population's distribution is represented.
group : a population of persons; group 0 is the reference.
"""
